//! `leviathanctl log import`: the original's journal becomes the beginning of a log.
//!
//! Its events keep their hashes, because our chain is the original's (CONTRACT 2.2) and nothing
//! stands before them; so it is imported into an empty log, or goes on where an earlier run has
//! stopped. They come from a client of the original: the state folds none of them, no effect
//! follows, whatever their types are called.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};

use leviathan_core::authority::may_append;
use leviathan_core::chain::{JournalLine, Verifier};
use leviathan_core::decide::Decision;
use leviathan_core::event::{NewEvent, Principal, Role};
use leviathan_core::fact::Fact;
use leviathan_core::ids::TargetId;
use leviathan_core::secret_scan::redact;
use leviathan_log::commit::{MAX_BYTES, MAX_EVENTS, MAX_SENT_LINE_BYTES};
use leviathan_log::{Log, Transaction, Until};
use serde::Serialize;

use super::bar::bar;
use super::stores::Stores;
use crate::cli::ImportArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::count;

/// What our own texts around a sent event take at most, in an event line: offset, numbers, time,
/// principal, target, and the hash.
const AROUND: usize = 1_024;

/// Line numbers named in an error.
const NAMED: usize = 10;

#[derive(Debug, Default, Serialize)]
struct Answer {
    dry_run: bool,
    /// Events of the journal; how many of them were in the log already, and how many came to it.
    events: usize,
    already: usize,
    imported: usize,
    /// Stored and shown, but not used in any decision, by reason.
    not_used: BTreeMap<&'static str, usize>,
    /// The last hash: the same in the journal and in the log.
    last_hash: Option<String>,
}

pub(crate) fn run(
    arguments: &ImportArgs,
    stores: &Stores,
    output: Output,
) -> Result<Exit, CommandError> {
    let lines = read(arguments)?;
    refuse_what_does_not_fit(&lines, arguments)?;
    let already = stores.wait(already(stores.log(), &lines))?;
    let mut answer = Answer {
        dry_run: arguments.dry_run,
        events: lines.len(),
        already,
        imported: lines.len().saturating_sub(already),
        not_used: not_used(&lines),
        last_hash: lines.last().map(|line| line.hash.clone()),
    };
    if !arguments.dry_run {
        let bar = bar("events imported");
        let rest = lines.get(already..).unwrap_or_default();
        let imported =
            stores.wait(append(stores.log(), rest, already, |done| bar.set_position(done)));
        bar.finish_and_clear();
        answer.imported = imported?;
    }
    tell(&answer, output);
    Ok(Exit::Done)
}

/// The whole journal, verified before anything is appended.
fn read(arguments: &ImportArgs) -> Result<Vec<JournalLine>, CommandError> {
    let file = arguments.file.display();
    let unreadable = |problem: std::io::Error| {
        CommandError::failed(format!("{file} can't be read: {problem}"), "check the path")
    };
    let reader = BufReader::new(File::open(&arguments.file).map_err(unreadable)?);
    let mut verifier = Verifier::default();
    let mut lines = Vec::new();
    for (index, line) in reader.lines().enumerate() {
        let line = line.map_err(unreadable)?;
        if line.trim().is_empty() {
            continue;
        }
        let line = verifier.next(&line).map_err(|problem| {
            CommandError::new(
                Exit::LogDamaged,
                format!("{file}, line {}: {problem}", index + 1),
                "nothing was imported; the journal was changed or cut: bring back a whole one",
            )
        })?;
        lines.push(line);
    }
    Ok(lines)
}

/// What can't be appended as it is would change every hash after it; so nothing is appended then.
fn refuse_what_does_not_fit(
    lines: &[JournalLine],
    arguments: &ImportArgs,
) -> Result<(), CommandError> {
    let too_long = numbers(lines, |line| size(line) > MAX_SENT_LINE_BYTES);
    if !too_long.is_empty() {
        return Err(CommandError::failed(
            format!(
                "{} longer than the {MAX_SENT_LINE_BYTES} bytes that a log's line holds: {}",
                count(too_long.len() as u64, "event is", "events are"),
                named(&too_long)
            ),
            "nothing was imported; keep that journal beside the log instead",
        ));
    }
    let secret = numbers(lines, |line| {
        let text = serde_json::to_string(&line.payload).unwrap_or_default();
        redact(&text) != text
    });
    if !secret.is_empty() && !arguments.accept_secrets {
        return Err(CommandError::new(
            Exit::PersonNeeded,
            format!(
                "{} like they hold a secret: {}",
                count(secret.len() as u64, "event looks", "events look"),
                named(&secret)
            ),
            "nothing was imported, because nothing can be taken out of a log again. Look at those \
             lines; revoke what is real, then say --accept-secrets",
        ));
    }
    Ok(())
}

fn numbers(lines: &[JournalLine], wrong: impl Fn(&JournalLine) -> bool) -> Vec<usize> {
    lines.iter().enumerate().filter(|(_, line)| wrong(line)).map(|(index, _)| index + 1).collect()
}

fn named(numbers: &[usize]) -> String {
    let first: Vec<String> = numbers.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if numbers.len() > NAMED { " …" } else { "" };
    format!("event {}{more}", first.join(", "))
}

fn size(line: &JournalLine) -> usize {
    serde_json::to_vec(line).map_or(usize::MAX, |bytes| bytes.len()).saturating_add(AROUND)
}

/// How many of the journal's events the log begins with.
async fn already(log: &Log, lines: &[JournalLine]) -> Result<usize, CommandError> {
    let (mut same, mut other) = (0, false);
    log.each_commit(Until::End, |stored| {
        for event in &stored.commit.events {
            match lines.get(same) {
                // The whole journal is there: what came after it is the log's own.
                None => return false,
                Some(line) if line.hash == event.hash => same += 1,
                Some(_) => {
                    other = true;
                    return false;
                }
            }
        }
        true
    })
    .await?;
    if other {
        return Err(CommandError::new(
            Exit::PersonNeeded,
            "the log has other events than this journal",
            "nothing was imported; a journal keeps its hashes only at the beginning of a log: \
             import it into an empty one, before anything runs on that",
        ));
    }
    Ok(same)
}

async fn append(
    log: &Log,
    mut rest: &[JournalLine],
    already: usize,
    mut progress: impl FnMut(u64),
) -> Result<usize, CommandError> {
    let mut expected = already as u64;
    let mut imported = 0;
    while !rest.is_empty() {
        let (bundle, later) = rest.split_at(fitting(rest));
        let events: Vec<NewEvent> = bundle.iter().map(event).collect();
        let principal = Principal { role: Role::Legacy, name: Some("import".to_owned()) };
        let transaction = Transaction::of("import", principal);
        let at = expected;
        let outcome = log.transact(&transaction, move |state, _| {
            let ours = state.events == at;
            if ours { Decision::new(events.clone(), true) } else { Decision::nothing(false) }
        });
        if !outcome.await?.answer {
            return Err(CommandError::failed(
                "somebody else appends to this log; the journal's events up to here are in it",
                "stop the other programs. Once their events stand between the journal's, import it \
                 into another, empty log",
            ));
        }
        expected = expected.saturating_add(bundle.len() as u64);
        imported += bundle.len();
        rest = later;
        progress(expected);
    }
    Ok(imported)
}

/// How many of these fit into one commit; at least one.
fn fitting(lines: &[JournalLine]) -> usize {
    let mut bytes = AROUND;
    let most = lines.iter().take(MAX_EVENTS).take_while(|line| {
        bytes = bytes.saturating_add(size(line));
        bytes <= MAX_BYTES
    });
    most.count().max(1)
}

fn event(line: &JournalLine) -> NewEvent {
    let named = line.payload.get("target_id").or_else(|| line.payload.get("target"));
    NewEvent {
        event_id: Some(line.event_id.clone()),
        event_type: line.event_type.clone(),
        timestamp: Some(line.timestamp.clone()),
        actor_id: line.actor_id.clone(),
        target: named.and_then(|name| name.as_str()).and_then(|name| name.parse::<TargetId>().ok()),
        payload: line.payload.clone(),
    }
}

/// Nothing that is imported decides anything; but it is worth knowing why.
fn not_used(lines: &[JournalLine]) -> BTreeMap<&'static str, usize> {
    let mut reasons = BTreeMap::new();
    for line in lines {
        let ours = Role::ALL.into_iter().any(|role| may_append(role, &line.event_type));
        let reason = match (ours, Fact::read(&line.event_type, &line.payload)) {
            (true, Some(_)) => "a fact of this program's, said by nobody who may say it",
            (true, None) => "a type of this program's in the original's form: shown only",
            (false, _) => "a type that only the original knows: shown only",
        };
        *reasons.entry(reason).or_default() += 1;
    }
    reasons
}

fn tell(answer: &Answer, output: Output) {
    if output.format == Format::Json {
        output.json(answer);
        return;
    }
    output.line(format!(
        "{} {} of {}; {} there already.",
        if answer.dry_run { "Would import" } else { "Imported" },
        answer.imported,
        count(answer.events as u64, "event", "events"),
        answer.already,
    ));
    for (reason, number) in &answer.not_used {
        output.line(format!("not used in decisions: {number} ({reason})"));
    }
    if let Some(hash) = &answer.last_hash {
        output.line(format!("last hash {hash}"));
    }
}
