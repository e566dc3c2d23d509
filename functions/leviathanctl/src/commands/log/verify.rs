//! `leviathanctl log verify`: reads the whole log and checks everything that can be checked.

use std::str::FromStr;

use leviathan_core::ids::Digest;
use leviathan_log::{Difference, Head, Replayed, Report};
use serde::Serialize;

use super::bar::bar;
use super::stores::Stores;
use crate::cli::{KnownHead, VerifyArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::count;

#[derive(Serialize)]
struct Answer<'a> {
    sound: bool,
    /// Commits that are sound and follow on each other from the first.
    commits: u64,
    /// The events in them.
    events: u64,
    /// The last sound commit.
    head: Option<HeadRow<'a>>,
    /// The first thing that is wrong.
    fault: Option<String>,
    /// What a replay found, where one was asked for and the log is sound.
    replay: Option<ReplayRow<'a>>,
}

#[derive(Serialize)]
struct ReplayRow<'a> {
    /// Whether what the programs believe is what the log says.
    same: bool,
    /// The snapshot that was compared too.
    snapshot: Option<&'a str>,
    /// What differs: `state`, or a snapshot.
    of: Option<&'a str>,
    /// The first difference: its path, what the log gives, what is believed.
    at: Option<&'a str>,
}

#[derive(Serialize)]
struct HeadRow<'a> {
    seq: u64,
    /// SHA-256 of its bytes.
    digest: &'a Digest,
}

pub(crate) fn run(
    arguments: &VerifyArgs,
    stores: &Stores,
    output: Output,
) -> Result<Exit, CommandError> {
    let known = arguments.head.as_ref().map(|known| &known.0);
    let bar = bar("commits checked");
    let report = stores.wait(stores.log().verify(known, |commits| bar.set_position(commits)));
    bar.finish_and_clear();
    let report = report?;
    let replayed = match report.fault {
        None if arguments.replay => Some(replay(stores)?),
        _ => None,
    };
    tell(&report, replayed.as_ref(), output);
    if let Some(fault) = report.fault {
        return Err(fault.into());
    }
    match replayed.and_then(|replayed| replayed.difference) {
        None => Ok(Exit::Done),
        Some(Difference { of, at }) => Err(CommandError::failed(
            format!("{of} is not what the log says; the first difference (log / believed): {at}"),
            "stop the programs, delete the folder snapshots and the hint in the data store \
             (both are made again), check that all programs have one version, start them again",
        )),
    }
}

fn replay(stores: &Stores) -> Result<Replayed, CommandError> {
    let bar = bar("commits folded");
    let replayed = stores.wait(stores.log().replay(|commits| bar.set_position(commits)));
    bar.finish_and_clear();
    Ok(replayed?)
}

fn tell(report: &Report, replayed: Option<&Replayed>, output: Output) {
    let head = report.head.as_ref().map(|head| HeadRow { seq: head.seq, digest: &head.digest });
    let (commits, events) = (report.commits, report.events);
    if output.format == Format::Json {
        let fault = report.fault.as_ref().map(ToString::to_string);
        let replay = replayed.map(|replayed| ReplayRow {
            same: replayed.difference.is_none(),
            snapshot: replayed.snapshot.as_deref(),
            of: replayed.difference.as_ref().map(|difference| difference.of.as_str()),
            at: replayed.difference.as_ref().map(|difference| difference.at.as_str()),
        });
        output.json(&Answer { sound: fault.is_none(), commits, events, head, fault, replay });
        return;
    }
    let so_far = if report.fault.is_none() { "" } else { " up to the first fault" };
    output.line(format!(
        "Sound{so_far}: {}, {}.",
        count(commits, "commit", "commits"),
        count(events, "event", "events")
    ));
    if let Some(head) = head {
        output.line(format!("head {}:{}", head.seq, head.digest));
    }
    if let Some(Replayed { commits, snapshot, difference: None }) = replayed {
        let too = snapshot.as_ref().map(|key| format!(", and so is {key}")).unwrap_or_default();
        output.line(format!(
            "Folded anew from {}: the state is the same, byte for byte{too}.",
            count(*commits, "commit", "commits")
        ));
    }
    if report.fault.is_none() && report.head.is_some() {
        output.note(
            "Note the head down in another place: with `--head` a later run then also proves that \
             nothing up to here was replaced or cut off.",
        );
    }
}

impl FromStr for KnownHead {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected COMMIT:SHA256, as an earlier `log verify` printed it";
        let (seq, digest) = text.split_once(':').ok_or_else(|| expected.to_owned())?;
        let seq = seq.parse().map_err(|_| format!("{seq:?} is no commit number; {expected}"))?;
        let digest = digest.parse().map_err(|error| format!("{error}; {expected}"))?;
        Ok(Self(Head { seq, digest }))
    }
}
