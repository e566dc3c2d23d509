//! One attempt: a summary, and where its events are.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fact::{AttemptChecked, FailureClass};
use crate::ids::{Digest, GitCommit, TargetId, TaskId};

/// Where an attempt stands (DESIGN, "An attempt").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptStatus {
    /// Decided; no Job yet.
    Created,
    /// Its Job may exist; no pod has claimed it.
    Submitted,
    /// A pod holds it.
    Running,
    /// Its change is checked and on its way to a pull request.
    Publishing,
    /// A pull request exists, or nothing had to change.
    Succeeded,
    /// It ended without result.
    Failed,
    /// Its time was over.
    TimedOut,
    /// A person does not count it.
    Invalidated,
    /// It was called off.
    Cancelled,
}

impl AttemptStatus {
    /// Whether nothing more can happen to it: at most one attempt of a task is not terminal.
    pub fn is_terminal(self) -> bool {
        match self {
            Self::Created | Self::Submitted | Self::Running | Self::Publishing => false,
            Self::Succeeded
            | Self::Failed
            | Self::TimedOut
            | Self::Invalidated
            | Self::Cancelled => true,
        }
    }

    /// The word in events and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Submitted => "submitted",
            Self::Running => "running",
            Self::Publishing => "publishing",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Invalidated => "invalidated",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What decisions read of an attempt; its events are in `commits`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Its target.
    pub target: TargetId,
    /// Its task.
    pub task: TaskId,
    /// The life of the log that it was created in.
    pub epoch: u64,
    /// From 1 in each generation.
    pub number: u32,
    /// The task's generation.
    pub generation: u32,
    /// What the change is made against.
    pub base: GitCommit,
    /// The task's definition at the start.
    pub definition: Digest,
    /// The policy in force at the start.
    pub policy_digest: Digest,
    /// Where it stands.
    pub status: AttemptStatus,
    /// `recorded_at` of its creation.
    pub created_at: Timestamp,
    /// `recorded_at` of its last change of status.
    pub changed_at: Timestamp,
    /// When it is over at the latest; set at submission.
    pub not_after: Option<Timestamp>,
    /// The pod that holds it.
    pub pod_uid: Option<String>,
    /// The checked result, while it is being published and after.
    pub checked: Option<AttemptChecked>,
    /// The commit (of the log) that holds the checked result.
    pub checked_seq: Option<u64>,
    /// The git commit and branch that will be pushed; the first one recorded wins.
    pub prepared: Option<Prepared>,
    /// How often publishing failed.
    pub publish_failures: u32,
    /// How it ended, once terminal.
    pub end: Option<AttemptEnd>,
    /// Its pull request.
    pub pull_request: Option<u64>,
    /// Events that its executor appended: bounded (DECISIONS 2).
    pub executor_events: u32,
    /// The numbers of the commits that hold its events, ascending.
    pub commits: Vec<u64>,
}

/// What publish will push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// The git commit.
    pub git_commit: GitCommit,
    /// The branch.
    pub branch: String,
    /// Whether the backlog entry is in it, and if not, why.
    pub write_back: String,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptEnd {
    /// Whose fault it was; `None` for success.
    pub class: Option<FailureClass>,
    /// One word for machines, such as `scope_violation`.
    pub failure_type: Option<String>,
    /// One line for a person. What the gate refused and how each check went is in its events.
    pub summary: String,
}
