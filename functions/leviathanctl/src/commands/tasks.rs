//! `leviathanctl tasks`: what the backlogs hold, and how far each task is.

mod show;
mod unblock;

use std::borrow::Cow;

use jiff::Timestamp;
use leviathan_core::decide::predicates::{Answer, Candidate, PolicyPatterns, Tally, ask_all};
use leviathan_core::fact::TaskStatus;
use leviathan_core::ids::{AttemptId, TargetId, TaskId};
use leviathan_core::state::State;
use serde::Serialize;
pub(super) use unblock::refused;

use super::select::{self, FoundTask};
use super::session::Session;
use crate::cli::{Global, TargetFilter, TasksCommand};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::{cut, time_or_dash};

#[derive(Serialize)]
struct Tasks<'a> {
    tasks: Vec<TaskRow<'a>>,
}

#[derive(Serialize)]
pub(super) struct TaskRow<'a> {
    pub(super) target_id: &'a TargetId,
    pub(super) task_id: &'a TaskId,
    pub(super) title: &'a str,
    /// What is so: `pending`, `in_progress`, `pr_open`, `completed`, `blocked`.
    pub(super) status: &'static str,
    /// `false`: it left the backlog.
    pub(super) in_backlog: bool,
    /// The file's word: may it run?
    pub(super) ready: bool,
    pub(super) scope: &'a str,
    pub(super) priority: &'static str,
    /// Attempts of this generation.
    pub(super) attempts: u32,
    /// The live attempt.
    pub(super) attempt_id: Option<&'a AttemptId>,
    /// The open pull request.
    pub(super) pull_request: Option<u64>,
    /// Why it does not go on by itself, if anything is known.
    pub(super) reason: Option<Cow<'a, str>>,
    /// Before this, no further attempt.
    pub(super) retry_at: Option<Timestamp>,
    pub(super) completed_at: Option<Timestamp>,
}

pub(crate) fn run(
    command: &TasksCommand,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    match command {
        TasksCommand::List(filter) => list(filter, global, output),
        TasksCommand::Show(arguments) => show::run(arguments, global, output),
        TasksCommand::Unblock(arguments) => unblock::run(arguments, global, output),
    }
}

fn list(filter: &TargetFilter, global: &Global, output: Output) -> Result<Exit, CommandError> {
    let view = Session::to_read(global, output)?.view()?;
    let targets = select::targets(&view.state, filter.target.as_deref())?;
    let rows = Rows::of(&view.state, Timestamp::now());
    let tasks: Vec<_> = targets
        .into_iter()
        .flat_map(|(target_id, target)| {
            let tasks = target.tasks.iter();
            tasks.map(move |(task_id, task)| FoundTask { target_id, target, task_id, task })
        })
        .map(|found| rows.row(&found))
        .collect();
    if output.format == Format::Json {
        output.json(&Tasks { tasks });
        return Ok(Exit::Done);
    }
    let cells = tasks
        .iter()
        .map(|row| {
            vec![
                row.target_id.to_string(),
                row.task_id.to_string(),
                shown_status(row),
                row.priority.to_owned(),
                row.attempts.to_string(),
                cut(row.title, 50),
                cut(&standing(row), 70),
            ]
        })
        .collect();
    let head = ["target", "task", "status", "priority", "attempts", "title", "standing"];
    output.table(&head, cells, "No task yet: `leviathanctl targets list` shows the backlogs.");
    Ok(Exit::Done)
}

/// Makes rows; the predicates are asked anew, because the log keeps only their first answer.
pub(super) struct Rows {
    tally: Tally,
    patterns: PolicyPatterns,
    now: Timestamp,
}

impl Rows {
    pub(super) fn of(state: &State, now: Timestamp) -> Self {
        Self { tally: Tally::of(state), patterns: PolicyPatterns::default(), now }
    }

    pub(super) fn row<'a>(&self, found: &FoundTask<'a>) -> TaskRow<'a> {
        let FoundTask { target_id, task_id, task, .. } = *found;
        let reason = match task.status {
            TaskStatus::Blocked => task.blocked_reason.as_deref().map(Cow::Borrowed),
            TaskStatus::Pending if task.removed => None,
            TaskStatus::Pending => self.refusal(found).map(Cow::Owned),
            TaskStatus::InProgress | TaskStatus::PrOpen | TaskStatus::Completed => None,
        };
        TaskRow {
            target_id,
            task_id,
            title: &task.wish.title,
            status: task.status.as_str(),
            in_backlog: !task.removed,
            ready: task.wish.ready,
            scope: &task.wish.scope,
            priority: task.wish.priority.as_str(),
            attempts: task.attempts,
            attempt_id: task.attempt.as_ref(),
            pull_request: task.pull_request,
            reason,
            retry_at: task.retry_at,
            completed_at: task.completed_at,
        }
    }

    fn refusal(&self, found: &FoundTask<'_>) -> Option<String> {
        let FoundTask { target_id, target, task_id, task } = *found;
        let policy = &target.synced.as_ref()?.files.policy;
        let (tally, patterns, now) = (&self.tally, &self.patterns, self.now);
        let candidate =
            Candidate { target_id, target, policy, task_id, task, tally, patterns, now };
        match ask_all(&candidate) {
            Answer::Pass => None,
            Answer::Wait(reason) | Answer::Block(reason) => Some(reason.explanation),
        }
    }
}

pub(super) fn shown_status(row: &TaskRow<'_>) -> String {
    let gone = if row.in_backlog { "" } else { " (removed)" };
    format!("{}{gone}", row.status)
}

/// What is going on with it, in a few words.
fn standing(row: &TaskRow<'_>) -> String {
    match (row.attempt_id, row.pull_request, &row.reason) {
        (Some(attempt), _, _) => format!("attempt {attempt}"),
        (None, Some(number), _) => format!("pull request {number} waits for a person"),
        (None, None, Some(reason)) => reason.clone().into_owned(),
        (None, None, None) if row.completed_at.is_some() => time_or_dash(row.completed_at),
        (None, None, None) if row.status == TaskStatus::Pending.as_str() && row.in_backlog => {
            "may run at the next tick".to_owned()
        }
        (None, None, None) => "-".to_owned(),
    }
}
