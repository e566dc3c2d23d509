//! Facts about tasks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{Digest, TargetId, TaskId};
use crate::reason::Reason;
use crate::task::Priority;

/// See [`super::Fact::TaskCreated`] and [`super::Fact::TaskUpdated`]: everything that a decision reads of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskCreated {
    /// The task's id in its backlog.
    pub task_id: TaskId,
    /// As the original: the task's id.
    pub node_id: String,
    /// As the original: `Task`.
    pub node_type: String,
    /// The target.
    pub target_id: TargetId,
    /// One line.
    pub title: String,
    /// What kind of work.
    pub scope: String,
    /// What goes first.
    pub priority: Priority,
    /// As in the file.
    pub estimated_size: String,
    /// As in the file.
    pub allowed_paths: Vec<String>,
    /// As in the file, cut to what an event line may hold; whole in the definition's artifact.
    pub acceptance_criteria: Vec<String>,
    /// As in the file.
    pub dependencies: Vec<TaskId>,
    /// What the file says: may it run?
    pub ready: bool,
    /// What the file says of its state, reduced to our words.
    pub status: TaskStatus,
    /// Digest of the definition, and name of its artifact.
    pub definition: Digest,
    /// From 1; rises when a person wants a completed task again.
    pub generation: u32,
    /// When this generation was first seen.
    pub created_at: Timestamp,
}

/// See [`super::Fact::TaskUpdated`]: the same fields, as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskUpdated(pub TaskCreated);

/// What a backlog file may say of a task's state, in our words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// May run; also where the file says nothing.
    Pending,
    /// An attempt is live.
    InProgress,
    /// Its pull request waits for a person.
    PrOpen,
    /// Done.
    Completed,
    /// Waits for a person.
    Blocked,
}

impl TaskStatus {
    /// The word in events and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::PrOpen => "pr_open",
            Self::Completed => "completed",
            Self::Blocked => "blocked",
        }
    }
}

/// See [`super::Fact::TaskRemoved`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct TaskRemoved {
    pub target_id: TargetId,
    pub task_id: TaskId,
}

/// See [`super::Fact::TaskRefused`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct TaskRefused {
    pub target_id: TargetId,
    pub task_id: TaskId,
    pub reason: Reason,
}

/// See [`super::Fact::TaskCompleted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation: CONTRACT 2.3")]
pub struct TaskCompleted {
    pub target_id: TargetId,
    pub task_id: TaskId,
    /// `completed`
    pub status: String,
    pub completed_at: Timestamp,
    /// Why it counts as done, for a person.
    pub reason: String,
}

/// See [`super::Fact::TaskBlocked`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct TaskBlocked {
    pub target_id: TargetId,
    pub task_id: TaskId,
    /// What happened, and what a person can do.
    pub reason: String,
}

/// See [`super::Fact::TaskUnblocked`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct TaskUnblocked {
    pub target_id: TargetId,
    pub task_id: TaskId,
    pub reason: String,
}
