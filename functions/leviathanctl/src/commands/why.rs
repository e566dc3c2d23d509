//! `leviathanctl why`: every predicate's answer for one task, and what it comes to.

use jiff::Timestamp;
use leviathan_core::decide::tick;
use leviathan_core::fact::TaskStatus;
use leviathan_core::ids::{TargetId, TaskId};
use leviathan_core::reason::Reason;
use leviathan_core::state::{State, Task};
use serde::Serialize;

use super::aged::Named;
use super::select::{self, FoundTask};
use super::session::Session;
use crate::cli::{Global, WhyArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::{one_line, time};

#[derive(Serialize)]
struct Why<'a> {
    target_id: &'a TargetId,
    task_id: &'a TaskId,
    status: &'static str,
    /// Whether the next tick may create an attempt.
    may_run: bool,
    /// One sentence for a person.
    summary: String,
    /// In the order in which they are asked; empty until the target's files were read.
    predicates: Vec<PredicateRow>,
}

#[derive(Serialize)]
struct PredicateRow {
    predicate: &'static str,
    passed: bool,
    /// One word for machines.
    code: Option<String>,
    explanation: Option<String>,
    /// When the answer could change by time alone.
    until: Option<Timestamp>,
}

pub(crate) fn run(
    arguments: &WhyArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let session = Session::to_read(global, output)?;
    let view = session.view_with(&Named::Task(&arguments.task.task))?;
    let found = select::task(&view.state, &arguments.task)?;
    let why = why(&view.state, &found, Timestamp::now());
    if output.format == Format::Json {
        output.json(&why);
        return Ok(Exit::Done);
    }
    output.line(one_line(&why.summary));
    for row in &why.predicates {
        output.line(line(row));
    }
    Ok(Exit::Done)
}

fn why<'a>(state: &'a State, found: &FoundTask<'a>, now: Timestamp) -> Why<'a> {
    let (target_id, task_id) = (found.target_id, found.task_id);
    let answers = tick::explain(state, now, target_id, task_id).unwrap_or_default();
    let first = answers.iter().find_map(|(_, reason)| reason.as_ref());
    let may_run = !answers.is_empty() && first.is_none() && !found.task.removed;
    let summary = summary(task_id, found.task, may_run, first);
    let predicates = answers.into_iter().map(|(predicate, reason)| row(predicate, reason));
    Why {
        target_id,
        task_id,
        status: found.task.status.as_str(),
        may_run,
        summary,
        predicates: predicates.collect(),
    }
}

fn row(predicate: &'static str, reason: Option<Reason>) -> PredicateRow {
    let passed = reason.is_none();
    let until = reason.as_ref().and_then(|reason| reason.until);
    let (code, explanation) = reason.map(|reason| (reason.code, reason.explanation)).unzip();
    PredicateRow { predicate, passed, code, explanation, until }
}

fn line(row: &PredicateRow) -> String {
    let mark = if row.passed { "✓" } else { "✗" };
    let mut line = format!("  {mark} {:<20}", row.predicate);
    if let Some(explanation) = &row.explanation {
        line.push_str(&format!(" {}", one_line(explanation)));
    }
    if let Some(until) = row.until {
        line.push_str(&format!(" (until {})", time(until)));
    }
    line.trim_end().to_owned()
}

/// What the answers come to, and what a person can do.
fn summary(task_id: &TaskId, task: &Task, may_run: bool, first: Option<&Reason>) -> String {
    if task.removed {
        return format!("Task {task_id} is no longer in the backlog, so it never runs.");
    }
    match task.status {
        TaskStatus::Completed => format!(
            "Task {task_id} is completed. To have it done again, set its status to pending in the \
             backlog."
        ),
        TaskStatus::InProgress => {
            let attempt = task.attempt.as_ref().map_or("-", |id| id.as_str());
            format!(
                "Task {task_id} is being worked on; `leviathanctl attempts show {attempt}` shows \
                 how far it is."
            )
        }
        TaskStatus::PrOpen => {
            let number = task.pull_request.unwrap_or_default();
            format!(
                "Task {task_id} waits for a person: look at pull request {number} with \
                 `leviathanctl pr show {number}`, then merge or close it."
            )
        }
        TaskStatus::Blocked => format!(
            "Task {task_id} waits for a person: {}.",
            task.blocked_reason.as_deref().unwrap_or("it is blocked").trim_end_matches('.')
        ),
        TaskStatus::Pending => match first {
            Some(reason) => {
                format!("Task {task_id} does not run now: {}.", reason.explanation)
            }
            None if may_run => {
                format!("Nothing is against task {task_id}: the next tick may pick it.")
            }
            None => format!(
                "Task {task_id} is not judged yet: its target's files were not read so far."
            ),
        },
    }
}
