//! Marks a task as completed in the text of its backlog (CONTRACT 4.1), in place: comments, order,
//! quoting and line ends stay as people left them.
//!
//! The edit is proved, not trusted: the old and the new text are parsed, and all but the written
//! fields of the one task must say the same. What can't be proved is a problem, never a file.

mod edit;
mod proof;
#[cfg(test)]
mod tests;

use crate::backlog::{id_in, tasks_of};
use crate::fact::FileProblem;
use crate::ids::{AttemptId, TaskId};
use crate::yaml::{Document, Node};

/// What is written into the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The task that is done.
    pub task: TaskId,
    /// The attempt that did it.
    pub attempt: AttemptId,
    /// The branch of its pull request.
    pub branch: String,
    /// When, as text: ISO 8601 in UTC, without offset in the original's files.
    pub completed_at: String,
}

/// Why the entry can't be written; the file stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteBackProblem {
    /// The file is no backlog.
    #[error("the backlog can't be read: {0}")]
    Unreadable(FileProblem),
    /// The task is not in it.
    #[error("task {task} is not in the backlog")]
    Missing {
        /// Which.
        task: TaskId,
    },
    /// Several tasks have its id.
    #[error("task {task} stands at lines {first} and {second} of the backlog; keep one of them")]
    Ambiguous {
        /// Which.
        task: TaskId,
        /// Where it stands first.
        first: u32,
        /// Where it stands again.
        second: u32,
    },
    /// It is written so that its fields can't be set without rewriting more.
    #[error("line {line} of the backlog: task {task} can't be edited in place: {reason}")]
    Layout {
        /// Which.
        task: TaskId,
        /// Where.
        line: u32,
        /// What stands in the way, and what to write instead.
        reason: String,
    },
}

/// The value that a field gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NewValue<'a> {
    Text(&'a str),
    False,
    Null,
}

impl Completion {
    /// The fields, in the order in which missing ones are added.
    fn fields(&self) -> [(&'static str, NewValue<'_>); 6] {
        [
            ("status", NewValue::Text("completed")),
            ("ready", NewValue::False),
            ("last_attempt_id", NewValue::Text(self.attempt.as_str())),
            ("branch_name", NewValue::Text(&self.branch)),
            ("pr_number", NewValue::Null),
            ("completed_at", NewValue::Text(&self.completed_at)),
        ]
    }
}

/// The backlog's text with the task completed.
pub fn complete(text: &str, completion: &Completion) -> Result<String, WriteBackProblem> {
    let before = read(text)?;
    let index = find(&before, &completion.task)?;
    let Some(task) = tasks_of(&before).ok().and_then(|tasks| tasks.get(index)) else {
        return Err(WriteBackProblem::Missing { task: completion.task.clone() });
    };
    let layout = |reason: String| WriteBackProblem::Layout {
        task: completion.task.clone(),
        line: task.line,
        reason,
    };
    let texts = edit::candidates(text, task, &completion.fields()).map_err(layout)?;
    texts
        .into_iter()
        .find(|text| {
            read(text).is_ok_and(|after| proof::holds(&before, &after, index, &completion.fields()))
        })
        .ok_or_else(|| {
            layout("nothing that could be written there keeps all else as it is".to_owned())
        })
}

fn read(text: &str) -> Result<Document<'static>, WriteBackProblem> {
    Document::parse("backlog", text).map_err(WriteBackProblem::Unreadable)
}

/// The task's position in the list.
fn find(document: &Document<'_>, task: &TaskId) -> Result<usize, WriteBackProblem> {
    let items = tasks_of(document).map_err(WriteBackProblem::Unreadable)?;
    let is_it = |item: &Node| id_in(item).and_then(Node::as_text) == Some(task.as_str());
    let mut found = items.iter().enumerate().filter(|(_, item)| is_it(item));
    let Some((index, first)) = found.next() else {
        return Err(WriteBackProblem::Missing { task: task.clone() });
    };
    match found.next() {
        Some((_, second)) => Err(WriteBackProblem::Ambiguous {
            task: task.clone(),
            first: first.line,
            second: second.line,
        }),
        None => Ok(index),
    }
}
