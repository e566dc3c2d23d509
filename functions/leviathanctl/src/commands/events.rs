//! `leviathanctl events tail`: the newest events, and with `--follow` those to come.

mod words;

use std::time::Duration;

use jiff::Timestamp;
use leviathan_core::authority::authorised;
use leviathan_core::event::{Event, Payload};
use leviathan_core::ids::TargetId;
use leviathan_log::LogError;
use serde::Serialize;

use super::select;
use super::session::Session;
use crate::cli::{EventsCommand, Global, TailArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::time;

/// How long `--follow` waits between two looks at the end of the log.
const PAUSE: Duration = Duration::from_millis(500);

/// One event as JSON, one object a line.
#[derive(Serialize)]
struct Line<'a> {
    offset: u64,
    seq: u64,
    recorded_at: Timestamp,
    event_id: &'a str,
    event_type: &'a str,
    /// As sent; proves nothing.
    timestamp: &'a str,
    /// As sent; proves nothing.
    actor_id: Option<&'a str>,
    /// Who appended it.
    principal: String,
    target: Option<&'a TargetId>,
    /// `false`: foreign, or not this principal's to say. It is stored and changes nothing.
    counts: bool,
    payload: &'a Payload,
    hash: &'a str,
}

pub(crate) fn run(
    command: &EventsCommand,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    match command {
        EventsCommand::Tail(arguments) => tail(arguments, global, output),
    }
}

fn tail(arguments: &TailArgs, global: &Global, output: Output) -> Result<Exit, CommandError> {
    let session = Session::to_read(global, output)?;
    let view = session.view()?;
    let targets = match arguments.target.as_deref() {
        Some(named) => {
            let found = select::targets(&view.state, Some(named))?;
            Some(found.into_iter().map(|(id, _)| id.clone()).collect::<Vec<_>>())
        }
        None => None,
    };
    let wanted = |event: &Event| match &targets {
        Some(targets) => event.target.as_ref().is_some_and(|target| targets.contains(target)),
        None => true,
    };
    let newest = newest(&session, view.position.seq, arguments.limit, wanted)?;
    let all_printed = newest.iter().all(|event| print(event, output));
    if !arguments.follow || !all_printed {
        return Ok(Exit::Done);
    }
    session.wait(async {
        tokio::select! {
            // Listens from the start: an interrupt in the middle of a read counts too.
            biased;
            _ = tokio::signal::ctrl_c() => Ok(Exit::Done),
            ended = follow(&session, view.position.next_seq(), wanted, output) => ended,
        }
    })
}

/// The newest events, oldest first, read backwards from the last commit.
fn newest(
    session: &Session,
    last: Option<u64>,
    limit: usize,
    wanted: impl Fn(&Event) -> bool,
) -> Result<Vec<Event>, CommandError> {
    let mut found = Vec::new();
    let mut next = last;
    while let Some(seq) = next
        && found.len() < limit
    {
        let events = session.commit(seq)?.events;
        let missing = limit.saturating_sub(found.len());
        found.extend(events.into_iter().rev().filter(&wanted).take(missing));
        next = seq.checked_sub(1);
    }
    found.reverse();
    Ok(found)
}

/// One GET each half second, until nobody reads any more.
async fn follow(
    session: &Session,
    mut seq: u64,
    wanted: impl Fn(&Event) -> bool,
    output: Output,
) -> Result<Exit, CommandError> {
    loop {
        match session.log().read(seq).await {
            Ok(commit) => {
                seq = seq.saturating_add(1);
                if !commit.events.iter().filter(|event| wanted(event)).all(|e| print(e, output)) {
                    return Ok(Exit::Done);
                }
            }
            Err(LogError::NoSuchCommit { .. }) => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Prints one event; `false` when nobody reads any more.
fn print(event: &Event, output: Output) -> bool {
    if output.format == Format::Json {
        return output.try_json_line(&Line::of(event));
    }
    let target = event.target.as_ref().map_or("-", |target| target.as_str());
    let words = words::of(event);
    let at = time(event.recorded_at);
    let line = format!("{at}  {:<19}  {target}  {words}", words::event_type(event));
    output.try_line(line.trim_end())
}

impl<'a> Line<'a> {
    fn of(event: &'a Event) -> Self {
        Self {
            offset: event.offset,
            seq: event.seq,
            recorded_at: event.recorded_at,
            event_id: &event.event_id,
            event_type: &event.event_type,
            timestamp: &event.timestamp,
            actor_id: event.actor_id.as_deref(),
            principal: event.principal.to_string(),
            target: event.target.as_ref(),
            counts: authorised(event).is_some(),
            payload: &event.payload,
            hash: &event.hash,
        }
    }
}
