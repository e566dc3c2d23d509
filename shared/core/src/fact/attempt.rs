//! Facts about attempts, their phases and what they store.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{AttemptId, Digest, GitCommit, TargetId, TaskId};

/// See [`super::Fact::AttemptCreated`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptCreated {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// Its task.
    pub task_id: TaskId,
    /// Its target.
    pub target_id: TargetId,
    /// From 1 in each generation of the task.
    pub attempt_number: u32,
    /// `created`
    pub status: String,
    /// When it was decided.
    pub created_at: Timestamp,
    /// The task's generation.
    pub generation: u32,
    /// The git commit that the change is made against.
    pub base: GitCommit,
    /// The task's definition at that time.
    pub definition: Digest,
    /// The policy in force at that time.
    pub policy_digest: Digest,
    /// Why this task and not another, for a person.
    pub picked: String,
}

/// See [`super::Fact::AttemptSubmitted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptSubmitted {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// When it is over at the latest.
    pub not_after: Timestamp,
}

/// See [`super::Fact::AttemptStarted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptStarted {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// Which pod claims it: the first one holds it.
    pub pod_uid: String,
    /// `running`
    pub status: String,
}

/// The phases of an attempt, in order; `Report` runs beside the others from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Fetches the base.
    Prepare,
    /// Runs the tool.
    Work,
    /// Takes the change as data and judges it.
    Gate,
    /// Runs the invariants.
    Check,
    /// Tells the api.
    Report,
}

impl Phase {
    /// The four that run one after the other.
    pub const IN_ORDER: [Phase; 4] = [Phase::Prepare, Phase::Work, Phase::Gate, Phase::Check];

    /// The word in events, file names and arguments.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Prepare => "prepare",
            Phase::Work => "work",
            Phase::Gate => "gate",
            Phase::Check => "check",
            Phase::Report => "report",
        }
    }
}

/// See [`super::Fact::AttemptProgress`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptProgress {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// Which phase.
    pub phase: Phase,
    /// `started` or `ended`.
    pub state: String,
    /// How long it took, once ended.
    pub milliseconds: Option<u64>,
    /// One line for a person, such as `3 files changed`.
    pub detail: Option<String>,
}

/// See [`super::Fact::AttemptChecked`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptChecked {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// Name of the diff's artifact; `None`: nothing changed.
    pub diff_digest: Option<Digest>,
    /// Files in the diff.
    pub files: u32,
    /// Paths that the base's ignore rules left out of the diff.
    pub ignored_files: u32,
    /// What wrote the change is a built-in skeleton: the pull request is a draft.
    pub skeleton: bool,
    /// Each invariant's result, in order.
    pub checks: Vec<CheckResult>,
}

/// One invariant's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The invariant.
    pub name: String,
    /// Whether it exited with 0 in time.
    pub passed: bool,
    /// How long it took.
    pub milliseconds: u64,
    /// `exit code 1`, `ended after 60 s`, …
    pub detail: String,
    /// Name of its log's artifact.
    pub log: Option<Digest>,
}

/// Whose fault a failure is (DESIGN, "An attempt").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FailureClass {
    /// Checks failed, scope violated, nothing produced.
    Task,
    /// The machinery: lost Job, disk, network. Uses up no attempt of the task.
    Infra,
    /// A service that the tool needs: rate limit, auth.
    Provider,
    /// The policy does not allow it.
    Policy,
}

impl FailureClass {
    /// The word in events and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Infra => "infra",
            Self::Provider => "provider",
            Self::Policy => "policy",
        }
    }
}

/// See [`super::Fact::AttemptFailed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptFailed {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// `failed`
    pub status: String,
    /// Whose fault it was. Foreign events have none.
    pub class: FailureClass,
    /// One word for machines, such as `scope_violation`, `invariant_failed`, `command_failed`.
    pub failure_type: String,
    /// One line for a person; holds no secret.
    pub error_summary: String,
    /// Where it ended.
    pub phase: Option<Phase>,
    /// What the gate refused, at most 50.
    pub violations: Vec<Violation>,
    /// Each invariant's result, in order, as far as they ran.
    pub checks: Vec<CheckResult>,
}

/// One rule that a change breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// The rule, one word, such as `outside_allowed_paths`, `forbidden_path`, `secret`.
    pub rule: String,
    /// The path in the repository, escaped where it is not plain text.
    pub path: String,
    /// What exactly, for a person; never the secret itself.
    pub detail: String,
}

/// See [`super::Fact::AttemptTimedOut`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptTimedOut {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// What was waited for, and until when.
    pub reason: String,
    /// `Infra` when the machinery never got it running; else `Task`.
    pub class: FailureClass,
}

/// See [`super::Fact::AttemptCancelled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct AttemptCancelled {
    pub attempt_id: AttemptId,
    pub reason: String,
}

/// See [`super::Fact::AttemptInvalidated`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation: CONTRACT 1.3 A1")]
pub struct AttemptInvalidated {
    pub attempt_id: AttemptId,
    pub reason: String,
}

/// See [`super::Fact::ArtifactCreated`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactCreated {
    /// `artifact-<first 12 of the digest>-<name>`
    pub artifact_id: String,
    /// The attempt that it belongs to.
    pub attempt_id: AttemptId,
    /// Its name in the store.
    pub sha256: Digest,
    /// `diff`, `log`, `check`, `definition`, `receipt`.
    pub artifact_type: String,
    /// Its size.
    pub size_bytes: u64,
    /// Its key in the data store.
    pub storage_path: String,
    /// What it is, such as `work.log`.
    pub name: String,
}

/// See [`super::Fact::AttemptSucceeded`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptSucceeded {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// `succeeded`
    pub status: String,
    /// `None` with a `note`: nothing had to change.
    pub pr_number: Option<u64>,
    /// Where a person looks at it.
    pub pr_url: Option<String>,
    /// The pull request's branch.
    pub branch_name: Option<String>,
    /// The git commit that was pushed.
    pub commit_sha: Option<GitCommit>,
    /// Why there is no pull request.
    pub note: Option<String>,
}

/// See [`super::Fact::EventRefused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation: DECISIONS 6")]
pub struct EventRefused {
    pub bundle_id: String,
    /// Position in the bundle's `events`, from 0.
    pub index: u32,
    pub reason: String,
    /// Of the element's bytes.
    pub digest: Digest,
}
