//! `leviathanctl tasks show`: one task with everything that is known of it.

use jiff::Timestamp;
use leviathan_core::fact::TaskStatus;
use leviathan_core::ids::{Digest, TaskId};
use leviathan_core::state::{Departure, Failures, State};
use leviathan_core::task::{Priority, TaskDefinition};
use serde::Serialize;

use super::{Rows, TaskRow, shown_status};
use crate::cli::{Global, TaskArgs};
use crate::commands::attempts::{self, AttemptRow};
use crate::commands::select::{self, FoundTask};
use crate::commands::session::Session;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::{one_line, short, time};

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    row: TaskRow<'a>,
    /// What the file says, as last read.
    wish: Wish<'a>,
    /// Failed attempts of this generation, by whose fault.
    failures: Failures,
    /// Newest first.
    attempt_list: Vec<AttemptRow<'a>>,
}

/// What the file says: the state's part and, from the definition's artifact, the long texts.
#[derive(Serialize)]
struct Wish<'a> {
    title: &'a str,
    scope: &'a str,
    priority: Priority,
    estimated_size: String,
    allowed_paths: &'a [String],
    acceptance_criteria: Vec<String>,
    dependencies: &'a [TaskId],
    ready: bool,
    status: TaskStatus,
    definition: &'a Digest,
    generation: u32,
    created_at: Timestamp,
}

pub(super) fn run(
    arguments: &TaskArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let session = Session::to_read(global, output)?;
    let its = |departure: &Departure| match departure {
        Departure::Attempt { attempt, .. } => attempt.task.as_str() == arguments.task,
        Departure::Task { task_id, .. } => task_id.as_str() == arguments.task,
        _ => false,
    };
    let view = session.view_with_aged(None, usize::MAX, its, output)?;
    let found = select::task(&view.state, arguments)?;
    let definition = definition(&session, &found, output);
    let shown = shown(&view.state, &found, definition);
    if output.format == Format::Json {
        output.json(&shown);
        return Ok(Exit::Done);
    }
    for (name, value) in facts(&shown) {
        output.line(format!("{name:<13} {}", one_line(&value)).trim_end());
    }
    for criterion in &shown.wish.acceptance_criteria {
        output.line(format!("{:<13} {}", "criterion", one_line(criterion)));
    }
    output.line("");
    attempts::table(&shown.attempt_list, output);
    Ok(Exit::Done)
}

/// The definition's artifact; without it, which is said, the state's part is shown.
fn definition(session: &Session, found: &FoundTask<'_>, output: Output) -> Option<TaskDefinition> {
    let digest = &found.task.wish.definition;
    let read = session.artifact("the task's definition", digest).and_then(|bytes| {
        serde_json::from_slice(&bytes).map_err(|problem| {
            let what = format!("artifact {digest} holds no task definition: {problem}");
            CommandError::failed(what, "")
        })
    });
    read.inspect_err(|error| output.note(&error.what)).ok()
}

fn wish<'a>(found: &FoundTask<'a>, definition: Option<TaskDefinition>) -> Wish<'a> {
    let wish = &found.task.wish;
    let (estimated_size, acceptance_criteria) = definition
        .map(|definition| (definition.estimated_size, definition.acceptance_criteria))
        .unwrap_or_default();
    Wish {
        title: &wish.title,
        scope: &wish.scope,
        priority: wish.priority,
        estimated_size,
        allowed_paths: &wish.allowed_paths,
        acceptance_criteria,
        dependencies: &wish.dependencies,
        ready: wish.ready,
        status: wish.status,
        definition: &wish.definition,
        generation: wish.generation,
        created_at: wish.created_at,
    }
}

fn shown<'a>(
    state: &'a State,
    found: &FoundTask<'a>,
    definition: Option<TaskDefinition>,
) -> Shown<'a> {
    let attempt_list = select::newest_first(state)
        .into_iter()
        .filter(|(_, attempt)| attempt.target == *found.target_id && attempt.task == *found.task_id)
        .map(|(id, attempt)| attempts::row(id, attempt))
        .collect();
    let rows = Rows::of(state, Timestamp::now());
    Shown {
        row: rows.row(found),
        wish: wish(found, definition),
        failures: found.task.failures,
        attempt_list,
    }
}

fn facts(shown: &Shown<'_>) -> Vec<(&'static str, String)> {
    let (row, wish) = (&shown.row, &shown.wish);
    let dependencies: Vec<&str> = wish.dependencies.iter().map(|id| id.as_str()).collect();
    let mut facts = vec![
        ("task", row.task_id.to_string()),
        ("target", row.target_id.to_string()),
        ("title", row.title.to_owned()),
        ("status", shown_status(row)),
    ];
    facts.extend(row.reason.clone().map(|reason| ("because", reason.into_owned())));
    facts.extend(row.attempt_id.map(|attempt| ("live attempt", attempt.to_string())));
    facts.extend(row.pull_request.map(|number| ("pull request", number.to_string())));
    facts.extend(row.retry_at.map(|at| ("not before", time(at))));
    facts.extend(row.completed_at.map(|at| ("completed", time(at))));
    facts.extend([
        ("ready", if row.ready { "yes" } else { "no" }.to_owned()),
        ("scope", row.scope.to_owned()),
        ("priority", row.priority.to_owned()),
        ("size", wish.estimated_size.clone()),
        ("paths", none_or(&wish.allowed_paths.join(", "))),
        ("depends on", none_or(&dependencies.join(", "))),
        ("definition", short(wish.definition.as_str()).to_owned()),
        ("generation", wish.generation.to_string()),
        ("first seen", time(wish.created_at)),
    ]);
    facts
}

fn none_or(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { text.to_owned() }
}
