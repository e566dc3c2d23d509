//! `leviathanctl log verify`: reads the whole log and checks everything that can be checked.

use std::str::FromStr;

use leviathan_core::ids::Digest;
use leviathan_log::{Head, Report};
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
    tell(&report, output);
    match report.fault {
        None => Ok(Exit::Done),
        Some(fault) => Err(fault.into()),
    }
}

fn tell(report: &Report, output: Output) {
    let head = report.head.as_ref().map(|head| HeadRow { seq: head.seq, digest: &head.digest });
    let (commits, events) = (report.commits, report.events);
    if output.format == Format::Json {
        let fault = report.fault.as_ref().map(ToString::to_string);
        output.json(&Answer { sound: fault.is_none(), commits, events, head, fault });
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
