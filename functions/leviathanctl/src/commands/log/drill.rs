//! `leviathanctl log drill`: proves a backup by restoring it. The live log is only read.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use leviathan_log::snapshot::encode;
use leviathan_log::{Restore, Until, View, first_difference};
use leviathan_runtime::clock::{SystemClock, SystemEntropy};
use serde::Serialize;

use super::bar::bar;
use super::stores::{Stores, keeper, log_in, writer};
use crate::cli::DrillArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::place::{Access, Place};
use crate::text::{count, seconds};

#[derive(Serialize)]
struct Answer {
    /// The restored state equals the live log's at the same commit, byte for byte.
    same: bool,
    /// Where they differ first: what was restored / what the live log gives.
    difference: Option<String>,
    /// Commits and events that were restored.
    commits: u64,
    events: u64,
    /// Why the backup's later commits could not be restored, if it is damaged.
    cut_off_because: Option<String>,
    /// Recovery time: from the start until the restored log could be appended to.
    recovery_milliseconds: u64,
    /// Recovery point: what the live log has and the backup has not, in commits and in seconds.
    behind_commits: u64,
    behind_seconds: u64,
}

pub(crate) fn run(
    arguments: &DrillArgs,
    stores: &Stores,
    output: Output,
) -> Result<Exit, CommandError> {
    let temporary = tempfile::tempdir().map_err(|problem| {
        CommandError::failed(
            format!("no temporary folder can be made: {problem}"),
            "name an empty store with --scratch",
        )
    })?;
    let scratch =
        arguments.scratch.clone().unwrap_or_else(|| Place::Folder(temporary.path().join("log")));
    let bar = bar("commits");
    let began = Instant::now();
    let from = stores.wait(arguments.from.open(Access::Read))?;
    let to = stores.wait(scratch.open(Access::Write))?;
    let restore = Restore::new(
        (from, arguments.from.to_string()),
        (Arc::clone(&to), scratch.to_string()),
        Arc::new(SystemClock),
        Arc::new(SystemEntropy),
        writer(),
        keeper(),
    );
    let found = stores.wait(restore.plan(|commits| bar.set_position(commits)))?;
    stores.wait(restore.run(&found, |commits| bar.set_position(commits)))?;
    let restored = log_in(to);
    stores.wait(restored.view())?;
    let took = began.elapsed();
    let kept = Until::Commit(found.plan.kept_seq);
    let there = stores.wait(restored.state_at(kept, |commits| bar.set_position(commits)))?;
    let here = stores.wait(stores.log().state_at(kept, |commits| bar.set_position(commits)))?;
    let live = stores.wait(stores.log().view())?;
    bar.finish_and_clear();
    let difference = differ(&there, &here)?;
    let answer = Answer {
        same: difference.is_none(),
        difference,
        commits: there.position.next_seq(),
        events: there.position.offset,
        cut_off_because: found.fault.as_ref().map(ToString::to_string),
        recovery_milliseconds: milliseconds(took),
        behind_commits: live.position.next_seq().saturating_sub(there.position.next_seq()),
        behind_seconds: behind(live.position.recorded_at, there.position.recorded_at),
    };
    tell(&answer, output);
    verdict(&answer, arguments)
}

fn tell(answer: &Answer, output: Output) {
    if output.format == Format::Json {
        output.json(answer);
        return;
    }
    output.line(format!(
        "Restored {} with {} in {}.",
        count(answer.commits, "commit", "commits"),
        count(answer.events, "event", "events"),
        seconds(answer.recovery_milliseconds),
    ));
    output.line(format!(
        "The backup is {} and {} behind the live log.",
        count(answer.behind_commits, "commit", "commits"),
        count(answer.behind_seconds, "second", "seconds"),
    ));
    output.line(match &answer.difference {
        None => "The restored state is the live log's at that commit, byte for byte.".to_owned(),
        Some(difference) => {
            format!("The restored state is NOT the live log's at that commit: {difference}")
        }
    });
}

fn verdict(answer: &Answer, arguments: &DrillArgs) -> Result<Exit, CommandError> {
    if let Some(fault) = &answer.cut_off_because {
        return Err(CommandError::new(
            Exit::LogDamaged,
            format!("the backup is damaged: {fault}"),
            format!("make a new one in another place than {}", arguments.from),
        ));
    }
    if answer.difference.is_some() {
        return Err(CommandError::new(
            Exit::LogDamaged,
            "the backup and the live log are two histories, or two programs fold them",
            "run `leviathanctl log verify` on both, with the head that you noted down",
        ));
    }
    Ok(Exit::Done)
}

/// Compares the exact bytes that a snapshot of each would have.
fn differ(there: &View, here: &View) -> Result<Option<String>, CommandError> {
    let bytes = |view| {
        encode(view).map_err(|problem| {
            CommandError::failed(
                format!("the state can't be written: {problem}"),
                "report this as a bug",
            )
        })
    };
    if bytes(there)? == bytes(here)? {
        return Ok(None);
    }
    let of_state = first_difference(&there.state, &here.state);
    Ok(Some(of_state.unwrap_or_else(|| "the last commit".to_owned())))
}

fn milliseconds(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

fn behind(live: Option<Timestamp>, restored: Option<Timestamp>) -> u64 {
    let both = live.zip(restored);
    both.map_or(0, |(live, restored)| {
        u64::try_from(live.duration_since(restored).as_secs()).unwrap_or(0)
    })
}
