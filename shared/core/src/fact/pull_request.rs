//! Facts about publishing and pull requests.

use serde::{Deserialize, Serialize};

use super::{FailureClass, Violation};
use crate::ids::{AttemptId, Digest, GitCommit, TargetId, TaskId};

/// See [`super::Fact::PublishPrepared`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishPrepared {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// The git commit that will be pushed; the first one recorded wins.
    pub git_commit: GitCommit,
    /// The branch that it goes to.
    pub branch: String,
    /// Whether the backlog entry is in it, and if not, why.
    pub write_back: String,
}

/// See [`super::Fact::PublishRefused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishRefused {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// What happened, for a person.
    pub reason: String,
    /// What the gate refused on the bytes.
    pub violations: Vec<Violation>,
}

/// See [`super::Fact::PublishFailed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct PublishFailed {
    pub attempt_id: AttemptId,
    pub class: FailureClass,
    /// What happened, for a person; holds no secret.
    pub reason: String,
}

/// See [`super::Fact::PrCreated`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrCreated {
    /// The attempt that made it.
    pub attempt_id: AttemptId,
    /// Its task.
    pub task_id: TaskId,
    /// Its target.
    pub target_id: TargetId,
    /// The forge's number.
    pub pr_number: u64,
    /// Where a person looks at it.
    pub pr_url: String,
    /// One line.
    pub title: String,
    /// `open`
    pub state: String,
    /// Its branch.
    pub branch_name: String,
    /// What we pushed.
    pub commit_sha: GitCommit,
    /// What the branch starts from.
    pub base_commit: GitCommit,
    /// Not ready for review.
    pub draft: bool,
    /// Name of the body's artifact: the receipt.
    pub receipt: Digest,
}

/// See [`super::Fact::PrUpdated`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct PrUpdated {
    pub target_id: TargetId,
    pub pr_number: u64,
    /// Where the branch stands now: a person's work, hands off.
    pub head: GitCommit,
}

/// See [`super::Fact::PrMerged`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct PrMerged {
    pub target_id: TargetId,
    pub pr_number: u64,
    pub attempt_id: AttemptId,
    pub task_id: TaskId,
    /// The git commit on the default branch that holds the change.
    pub merge_commit: GitCommit,
    /// `ancestor`, `trailer`, `same change`, `forge`, `operator`.
    pub found_by: String,
}

/// See [`super::Fact::PrClosed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct PrClosed {
    pub target_id: TargetId,
    pub pr_number: u64,
    pub attempt_id: AttemptId,
    pub task_id: TaskId,
    pub reason: String,
}
