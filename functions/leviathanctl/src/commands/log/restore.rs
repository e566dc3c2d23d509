//! `leviathanctl log restore`: a new log from a backup, and the old one closed.

use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use leviathan_log::{Found, Restore, RestoreError, RestoreReport, Until};
use leviathan_runtime::clock::{SystemClock, SystemEntropy};
use serde::Serialize;

use super::bar::bar;
use super::stores::{keeper, writer};
use crate::cli::{KeepUntil, RestoreArgs};
use crate::commands::confirm::confirm;
use crate::commands::runtime;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::place::{Access, Place};
use crate::text::count;

#[derive(Serialize)]
struct Answer<'a> {
    dry_run: bool,
    /// Of the new log.
    id: &'a str,
    epoch: u64,
    /// Commits and events that are kept.
    commits: u64,
    events: u64,
    /// Why the backup's later commits were not kept, if it is damaged.
    cut_off_because: Option<String>,
    /// Commits of the old log that are not in the new one; null: it could not be asked.
    left_behind: Option<u64>,
    /// The commit that closed the old log.
    closed_at: Option<u64>,
    artifacts: u64,
    damaged_artifacts: &'a [String],
}

pub(crate) fn run(arguments: &RestoreArgs, output: Output) -> Result<Exit, CommandError> {
    let runtime = runtime()?;
    let restore = runtime.block_on(open(arguments))?;
    let verified = bar("commits verified");
    let found = runtime.block_on(restore.plan(|commits| verified.set_position(commits)));
    verified.finish_and_clear();
    let found = found?;
    tell_plan(&found, arguments, output);
    if arguments.dry_run {
        tell_json(&found, None, output);
        return Ok(Exit::Done);
    }
    confirm(&question(&found, arguments), arguments.yes)?;
    let copied = bar("commits copied");
    let report = runtime.block_on(restore.run(&found, |commits| copied.set_position(commits)));
    copied.finish_and_clear();
    let report = report?;
    tell_json(&found, Some(&report), output);
    tell(&report, arguments, output);
    Ok(Exit::Done)
}

async fn open(arguments: &RestoreArgs) -> Result<Restore, CommandError> {
    let from = arguments.from.open(Access::Read).await?;
    let to_access = if arguments.dry_run { Access::Peek } else { Access::Write };
    let to = arguments.to.open(to_access).await?;
    let mut restore = Restore::new(
        (Arc::clone(&from), arguments.from.to_string()),
        (to, arguments.to.to_string()),
        Arc::new(SystemClock),
        Arc::new(SystemEntropy),
        writer(),
        keeper(),
    );
    if let Some(KeepUntil(until)) = arguments.until {
        restore = restore.until(until);
    }
    if let Some(data) = &arguments.to_data {
        restore = restore.with_artifacts(from, data.open(to_access).await?);
    }
    if let Some(old) = &arguments.old {
        // Only the one commit that closes it is ever written there.
        let access = if arguments.dry_run { Access::Read } else { Access::Append };
        restore = restore.closing(old.open(access).await?);
    }
    Ok(restore)
}

fn tell_plan(found: &Found, arguments: &RestoreArgs, output: Output) {
    if let Some(fault) = &found.fault {
        output.note(format!(
            "The backup is sound only up to commit {}; what comes after is cut off: {fault}",
            found.plan.kept_seq
        ));
    }
    output.note(format!(
        "{} {} with {} from {} into {}, epoch {}.",
        if found.begun { "Goes on restoring" } else { "Restores" },
        count(found.kept.next_seq(), "commit", "commits"),
        count(found.kept.offset, "event", "events"),
        arguments.from,
        arguments.to,
        found.plan.epoch,
    ));
    match (&arguments.old, found.left_behind) {
        (Some(old), Some(left_behind)) => output.note(format!(
            "Closes {old}, which has {} that the new log will not have.",
            count(left_behind, "commit", "commits")
        )),
        _ => tell_what_to_revoke(output),
    }
}

fn tell_what_to_revoke(output: Output) {
    output.note(
        "The old log is not closed. Before any program runs on the new one, take away from the \
         programs of the old one:\n\
         \x20 1. write access to the old store (the bucket's policy, or the folder's permissions);\n\
         \x20 2. the queue: delete it, or empty it and take away the right to send to it;\n\
         \x20 3. the key that signs attempts' tokens: make a new one, so that no running Job of the \
         old world is heard;\n\
         \x20 4. the credentials for the forge that publish uses.",
    );
}

fn question(found: &Found, arguments: &RestoreArgs) -> String {
    match &arguments.old {
        Some(old) => format!("Close {old} for good, and restore into {}?", arguments.to),
        None => format!(
            "Has everything above been revoked, and shall the log go on at {} in epoch {}?",
            arguments.to, found.plan.epoch
        ),
    }
}

fn tell_json(found: &Found, report: Option<&RestoreReport>, output: Output) {
    if output.format != Format::Json {
        return;
    }
    output.json(&Answer {
        dry_run: report.is_none(),
        id: &found.plan.id,
        epoch: found.plan.epoch,
        commits: found.kept.next_seq(),
        events: found.kept.offset,
        cut_off_because: found.fault.as_ref().map(ToString::to_string),
        left_behind: report.map_or(found.left_behind, |report| report.left_behind),
        closed_at: report.and_then(|report| report.closed_at),
        artifacts: report.map_or(0, |report| report.artifacts),
        damaged_artifacts: report.map_or(&[], |report| report.damaged_artifacts.as_slice()),
    });
}

fn tell(report: &RestoreReport, arguments: &RestoreArgs, output: Output) {
    for key in &report.damaged_artifacts {
        output.note(format!("damaged in the backup, left out: {key}"));
    }
    if output.format == Format::Json {
        return;
    }
    output.line(format!(
        "Restored {} and {} into {}: log {}, epoch {}.",
        count(report.commits, "commit", "commits"),
        count(report.artifacts, "artifact", "artifacts"),
        arguments.to,
        report.id,
        report.epoch,
    ));
    if let Some(seq) = report.closed_at {
        output.line(format!("The old log is closed by its commit {seq}."));
    }
    if let (Place::Folder(_), Some(_)) = (&arguments.to, &arguments.to_data) {
        output.note("Now point the programs at it, and make its first backup.");
    }
}

impl From<RestoreError> for CommandError {
    fn from(error: RestoreError) -> Self {
        let exit = match &error {
            RestoreError::Log(problem) if problem.is_fault_of_the_log() => Exit::LogDamaged,
            RestoreError::NotEmpty { .. }
            | RestoreError::Succeeded { .. }
            | RestoreError::NotTheOldLog { .. } => Exit::PersonNeeded,
            _ => Exit::Failed,
        };
        let next = match &error {
            RestoreError::Log(problem) if problem.is_fault_of_the_log() => {
                "if this is the old log: its end can't be written any more. Name --old-unreachable"
            }
            _ => "",
        };
        Self::new(exit, error.to_string(), next)
    }
}

impl FromStr for KeepUntil {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(seq) = text.parse() {
            return Ok(Self(Until::Commit(seq)));
        }
        let time: Timestamp = text.parse().map_err(|problem| {
            format!("expected a commit's number, or a time such as 2026-11-24T12:00:00Z: {problem}")
        })?;
        Ok(Self(Until::Time(time)))
    }
}
