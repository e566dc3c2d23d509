//! One task of the file.

use std::borrow::Cow;

use super::BacklogTask;
use crate::fact::{FileProblem, TaskStatus};
use crate::ids::TaskId;
use crate::paths::AllowedPaths;
use crate::secret_scan::redact;
use crate::task::{Priority, TaskDefinition};
use crate::yaml::{Document, Node};

/// Reads a task; fields that are not ours are no fault.
pub(super) fn read(
    document: &Document<'_>,
    id: &Node,
    node: &Node,
) -> Result<BacklogTask, FileProblem> {
    document.no_repeated_key(node)?;
    let task_id = task_id(document, id, "id")?;
    let text = |key| document.text(node, key);
    let (status, unknown) = status(&document.text(node, "status")?.unwrap_or_default());
    let blocked_reason = text("blocked_reason")?.or(unknown);
    let priority = text("priority")?.map_or(Priority::Medium, |word| Priority::from_word(&word));
    let dependencies = document.texts(node, "dependencies")?;
    let dependencies = dependencies
        .iter()
        .map(|(_, item)| self::task_id(document, item, "dependencies (one entry)"))
        .collect::<Result<Vec<_>, _>>()?;
    let definition = TaskDefinition {
        id: task_id,
        title: text("title")?
            .as_deref()
            .map_or_else(|| "Untitled".to_owned(), |title| without_secrets(one_line(title))),
        description: text("description")?.map(without_secrets),
        scope: text("scope")?.map_or_else(|| "unknown".to_owned(), |scope| scope.trim().to_owned()),
        priority,
        allowed_paths: allowed_paths(document, node, status)?,
        acceptance_criteria: document
            .sentences(node, "acceptance_criteria")?
            .into_iter()
            .map(without_secrets)
            .collect(),
        dependencies,
        estimated_size: text("estimated_size")?.unwrap_or_else(|| "unknown".to_owned()),
        labels: document.sentences(node, "labels")?,
    };
    Ok(BacklogTask {
        definition,
        ready: document.truth(node, "ready")?.unwrap_or(false),
        status,
        blocked_reason,
        last_attempt_id: text("last_attempt_id")?,
        line: node.line,
    })
}

/// What people write freely goes into events, artifacts and pull requests: a key that slipped into it
/// goes no further.
fn without_secrets(text: String) -> String {
    match redact(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(redacted) => redacted,
    }
}

fn task_id(document: &Document<'_>, node: &Node, key: &str) -> Result<TaskId, FileProblem> {
    let Some(text) = node.as_text() else { return Err(document.wrong(node, key, "a task's id")) };
    text.parse::<TaskId>()
        .map_err(|error| document.problem(node, format!("`{key}`: {error}"), error.rule))
}

/// The entries as in the file. One that can't be understood refuses the task, for it would end in
/// a refused change after all the work; a completed task may keep what it once had.
fn allowed_paths(
    document: &Document<'_>,
    node: &Node,
    status: TaskStatus,
) -> Result<Vec<String>, FileProblem> {
    let entries = document.texts(node, "allowed_paths")?;
    if status != TaskStatus::Completed {
        for (entry, place) in &entries {
            let (_, problems) = AllowedPaths::new(std::slice::from_ref(entry));
            if let Some(problem) = problems.into_iter().next() {
                let said = format!("`allowed_paths`: {:?} {}", problem.path, problem.problem);
                return Err(document.problem(place, said, problem.fix));
            }
        }
    }
    Ok(entries.into_iter().map(|(entry, _)| entry).collect())
}

/// Blanks and line breaks become one blank each.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a status word means to us, and why it blocks where it is none that we know. A word that we
/// don't know never lets a task run.
fn status(word: &str) -> (TaskStatus, Option<String>) {
    let plain = word.trim().to_lowercase().replace(['-', ' '], "_");
    match plain.as_str() {
        "" | "pending" | "todo" | "to_do" | "open" | "new" | "ready" | "planned" | "queued"
        | "not_started" | "backlog" => (TaskStatus::Pending, None),
        "in_progress" | "wip" | "started" | "doing" | "running" | "active" => {
            (TaskStatus::InProgress, None)
        }
        "pr_open" | "pr_opened" | "pr_created" | "ready_to_merge" | "in_review" | "review" => {
            (TaskStatus::PrOpen, None)
        }
        "completed" | "complete" | "done" | "merged" | "closed" | "finished" | "succeeded" => {
            (TaskStatus::Completed, None)
        }
        "blocked" => (TaskStatus::Blocked, None),
        _ => {
            let word: String = word.chars().take(60).collect();
            (TaskStatus::Blocked, Some(format!("the backlog says `status: {word}`")))
        }
    }
}
