//! `leviathanctl log verify`: reads the whole log and checks everything that can be checked.

use std::path::Path;
use std::str::FromStr;

use leviathan_core::ids::Digest;
use leviathan_log::seal::{Checkpoint, VerifierKey};
use leviathan_log::{Difference, Head, Known, Replayed, Report};
use serde::Serialize;

use super::bar::bar;
use super::stores::{Stores, key};
use super::verified::{self, CheckpointRow};
use crate::cli::{Global, KnownHead, LogArgs, VerifyArgs};
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
    /// Checkpoints that are right; with `--since`, of those after it.
    checkpoints: u64,
    /// The newest of them.
    sealed: Option<CheckpointRow<'a>>,
    /// The key that their signatures were checked with; null: they were not looked at.
    key: Option<String>,
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
    log: &LogArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    if let (Some(file), Some(key)) = (&arguments.proof, &arguments.key) {
        return verified::proof(file, key, output);
    }
    let (stores, key) = opened(arguments, log, global, output)?;
    let since_key = arguments.since_key.as_ref().or(key.as_ref());
    let since = arguments.since.as_deref().map(|file| since(file, since_key)).transpose()?;
    let head = arguments.head.as_ref().map(|known| known.0.clone());
    let known = Known { head, key, since };
    let bar = bar("commits checked");
    let report = stores.wait(stores.log().verify_with(&known, |commits| bar.set_position(commits)));
    bar.finish_and_clear();
    let report = report?;
    let replayed = match report.fault {
        None if arguments.replay => Some(replay(&stores)?),
        _ => None,
    };
    tell(&report, &known, replayed.as_ref(), output);
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

/// The stores, and the key that the checkpoints must be signed with.
fn opened(
    arguments: &VerifyArgs,
    log: &LogArgs,
    global: &Global,
    output: Output,
) -> Result<(Stores, Option<VerifierKey>), CommandError> {
    let Some(folder) = &arguments.offline else {
        let stores = Stores::to_read(log, global, output)?;
        return Ok((stores, key(arguments.key.as_ref(), log, global, output)?));
    };
    if log.log.is_some() || log.data.is_some() {
        return Err(CommandError::new(
            Exit::Usage,
            "--offline names the folder that is verified, and --log or --data name another one",
            "leave one of the two out",
        ));
    }
    Ok((Stores::offline(folder)?, arguments.key.clone()))
}

/// A checkpoint that somebody kept. It is believed because of its signature.
fn since(file: &Path, key: Option<&VerifierKey>) -> Result<Checkpoint, CommandError> {
    let Some(key) = key else {
        return Err(CommandError::new(
            Exit::Usage,
            "--since needs the public key that the checkpoint is signed with",
            "name it with --key, as `leviathanctl log key` prints it where the log is sealed",
        ));
    };
    let note = verified::read(file, "a copy of the object `checkpoint` or `checkpoints/SIZE`")?;
    Checkpoint::open(&note, key).map_err(|problem| {
        CommandError::failed(
            format!("the checkpoint in {} is not believed: {problem}", file.display()),
            "check that the file is an unchanged checkpoint of this log, and that --key, or \
             --since-key, is the key that signed it",
        )
    })
}

fn replay(stores: &Stores) -> Result<Replayed, CommandError> {
    let bar = bar("commits folded");
    let replayed = stores.wait(stores.log().replay(|commits| bar.set_position(commits)));
    bar.finish_and_clear();
    Ok(replayed?)
}

fn tell(report: &Report, known: &Known, replayed: Option<&Replayed>, output: Output) {
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
        output.json(&Answer {
            sound: fault.is_none(),
            commits,
            events,
            head,
            checkpoints: report.checkpoints,
            sealed: report.sealed.as_ref().map(CheckpointRow::of),
            key: known.key.as_ref().map(ToString::to_string),
            fault,
            replay,
        });
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
    tell_seal(report, known, output);
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

fn tell_seal(report: &Report, known: &Known, output: Output) {
    if let (Some(since), None) = (&known.since, &report.fault) {
        output.line(format!(
            "It goes on from the checkpoint over {}; what that one covers was not read again.",
            count(since.size, "event", "events")
        ));
    }
    let Some(newest) = &report.sealed else { return };
    output.line(format!(
        "Sealed: the newest checkpoint is over {} up to commit {}; {} checked.",
        count(newest.size, "event", "events"),
        newest.head.seq,
        count(report.checkpoints, "checkpoint was", "checkpoints were"),
    ));
    match &known.key {
        Some(key) => output.line(format!("signed by {key}")),
        None => output
            .note("Signatures were not looked at: name the log's public key with --key for that."),
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
