//! `leviathanctl attempts`: what was tried, how it went, and a person's word against it.

mod details;
mod logs;
mod orders;
mod show;

use jiff::Timestamp;
use leviathan_core::fact::FailureClass;
use leviathan_core::ids::{AttemptId, TargetId, TaskId};
use leviathan_core::state::{Attempt, Departure};
use serde::Serialize;

use super::select;
use super::session::Session;
use crate::cli::{AttemptsCommand, AttemptsListArgs, Global};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::{cut, time};

#[derive(Serialize)]
struct Attempts<'a> {
    attempts: Vec<AttemptRow<'a>>,
}

#[derive(Serialize)]
pub(super) struct AttemptRow<'a> {
    attempt_id: &'a AttemptId,
    target_id: &'a TargetId,
    task_id: &'a TaskId,
    /// From 1 in each generation.
    attempt_number: u32,
    generation: u32,
    status: &'static str,
    created_at: Timestamp,
    changed_at: Timestamp,
    /// When it is over at the latest.
    not_after: Option<Timestamp>,
    /// Whose fault: `task`, `infra`, `provider`, `policy`.
    failure_class: Option<&'static str>,
    /// One word for machines.
    failure_type: Option<&'a str>,
    /// How it ended, in one line.
    summary: Option<&'a str>,
    pull_request: Option<u64>,
}

pub(crate) fn run(
    command: &AttemptsCommand,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    match command {
        AttemptsCommand::List(arguments) => list(arguments, global, output),
        AttemptsCommand::Show(arguments) => show::run(arguments, global, output),
        AttemptsCommand::Logs(arguments) => logs::run(arguments, global, output),
        AttemptsCommand::Cancel(arguments) => orders::cancel(arguments, global, output),
        AttemptsCommand::Invalidate(arguments) => orders::invalidate(arguments, global, output),
    }
}

fn list(
    arguments: &AttemptsListArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let session = Session::to_read(global, output)?;
    let first = session.view()?;
    let targets = select::targets(&first.state, arguments.target.as_deref())?;
    let only = match (&arguments.target, targets.as_slice()) {
        (Some(_), [(id, _)]) => Some(*id),
        _ => None,
    };
    let aged = |departure: &Departure| match departure {
        Departure::Attempt { attempt, .. } => {
            arguments.task.as_ref().is_none_or(|task| attempt.task.as_str() == task)
        }
        _ => false,
    };
    let view = session.view_with_aged(only, arguments.limit, aged, output)?;
    let wanted = |attempt: &Attempt| {
        targets.iter().any(|(id, _)| **id == attempt.target)
            && arguments.task.as_ref().is_none_or(|task| attempt.task.as_str() == task)
    };
    let attempts: Vec<_> = select::newest_first(&view.state)
        .into_iter()
        .filter(|(_, attempt)| wanted(attempt))
        .take(arguments.limit)
        .map(|(id, attempt)| row(id, attempt))
        .collect();
    if output.format == Format::Json {
        output.json(&Attempts { attempts });
    } else {
        table(&attempts, output);
    }
    Ok(Exit::Done)
}

pub(super) fn row<'a>(attempt_id: &'a AttemptId, attempt: &'a Attempt) -> AttemptRow<'a> {
    let end = attempt.end.as_ref();
    AttemptRow {
        attempt_id,
        target_id: &attempt.target,
        task_id: &attempt.task,
        attempt_number: attempt.number,
        generation: attempt.generation,
        status: attempt.status.as_str(),
        created_at: attempt.created_at,
        changed_at: attempt.changed_at,
        not_after: attempt.not_after,
        failure_class: end.and_then(|end| end.class).map(FailureClass::as_str),
        failure_type: end.and_then(|end| end.failure_type.as_deref()),
        summary: end.map(|end| end.summary.as_str()),
        pull_request: attempt.pull_request,
    }
}

pub(super) fn table(attempts: &[AttemptRow<'_>], output: Output) {
    let cells = attempts
        .iter()
        .map(|row| {
            vec![
                row.attempt_id.to_string(),
                row.task_id.to_string(),
                row.attempt_number.to_string(),
                row.status.to_owned(),
                time(row.created_at),
                row.pull_request.map_or_else(|| "-".to_owned(), |number| number.to_string()),
                row.summary.map_or_else(|| "-".to_owned(), |summary| cut(summary, 60)),
            ]
        })
        .collect();
    let head = ["attempt", "task", "number", "status", "created", "pr", "result"];
    output.table(&head, cells, "No attempt yet: `leviathanctl why TASK` says what it waits for.");
}
