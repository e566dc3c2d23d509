//! What our own events say, typed: the payloads that the state is folded from.
//!
//! Names and keys are those of the original (CONTRACT 2.3) where it had them, so that its clients
//! can read our events; what is new stands beside them. A payload that does not fit its type is
//! foreign: it is stored and shown, and changes nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::{NewEvent, Payload};
use crate::ids::{AttemptId, Digest, GitCommit, TargetId, TaskId};
use crate::policy::Policy;
use crate::reason::Reason;
use crate::task::Priority;

macro_rules! facts {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// One of our own facts. The name in the log is stable for ever.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Fact {
            $($(#[$doc])* $variant($variant)),+
        }

        impl Fact {
            /// Every event type of ours.
            pub const TYPES: &'static [&'static str] = &[$($name),+];

            /// The event type in the log.
            pub fn event_type(&self) -> &'static str {
                match self { $(Fact::$variant(_) => $name),+ }
            }

            /// Reads a payload by its event type; `None` for what is foreign.
            pub fn read(event_type: &str, payload: &Payload) -> Option<Fact> {
                let value = Value::Object(payload.clone());
                match event_type {
                    $($name => serde_json::from_value(value).ok().map(Fact::$variant),)+
                    _ => None,
                }
            }

            /// The payload as it goes into the log.
            pub fn payload(&self) -> Payload {
                let value = match self { $(Fact::$variant(fact) => serde_json::to_value(fact)),+ };
                match value {
                    Ok(Value::Object(payload)) => payload,
                    // Structs of plain data always serialise to an object.
                    Ok(_) | Err(_) => Payload::new(),
                }
            }
        }

        $(impl From<$variant> for Fact {
            fn from(fact: $variant) -> Fact { Fact::$variant(fact) }
        })+
    };
}

facts! {
    /// A repository is worked for from now on.
    TargetRegistered = "target.registered",
    /// The files of a target were read at a new git commit.
    BacklogSynced = "backlog.synced",
    /// The files of a target could not be used; what was known stays.
    BacklogRefused = "backlog.refused",
    /// A task is new in the backlog.
    TaskCreated = "task.created",
    /// A task of the backlog changed.
    TaskUpdated = "task.updated",
    /// A task is no longer in the backlog.
    TaskRemoved = "task.removed",
    /// Why a task does not run now; appended when the answer changes.
    TaskRefused = "task.refused",
    /// A task is done.
    TaskCompleted = "task.completed",
    /// A task waits for a person.
    TaskBlocked = "task.blocked",
    /// A person wants a blocked task tried again.
    TaskUnblocked = "task.unblocked",
    /// An attempt was decided.
    AttemptCreated = "attempt.created",
    /// Its Job may be created.
    AttemptSubmitted = "attempt.submitted",
    /// A pod claimed it.
    AttemptStarted = "attempt.started",
    /// A phase began or ended.
    AttemptProgress = "attempt.progress",
    /// The change passed the gate and was checked.
    AttemptChecked = "attempt.checked",
    /// It ended with a pull request, or nothing had to change.
    AttemptSucceeded = "attempt.succeeded",
    /// It ended without result.
    AttemptFailed = "attempt.failed",
    /// Its time was over.
    AttemptTimedOut = "attempt.timed_out",
    /// It was called off.
    AttemptCancelled = "attempt.cancelled",
    /// A person does not count it.
    AttemptInvalidated = "attempt.invalidated",
    /// Bytes were stored for an attempt.
    ArtifactCreated = "artifact.created",
    /// The git commit that will be pushed is fixed.
    PublishPrepared = "publish.prepared",
    /// The change may not be pushed.
    PublishRefused = "publish.refused",
    /// Pushing failed and is tried again.
    PublishFailed = "publish.failed",
    /// A pull request was opened.
    PrCreated = "pr.created",
    /// Somebody else pushed to its branch.
    PrUpdated = "pr.updated",
    /// A person merged it.
    PrMerged = "pr.merged",
    /// A person said no.
    PrClosed = "pr.closed",
    /// One element of a client's bundle was refused.
    EventRefused = "event.refused",
}

impl Fact {
    /// The attempt that it is about, if it is about one.
    pub fn attempt(&self) -> Option<&AttemptId> {
        match self {
            Fact::AttemptCreated(fact) => Some(&fact.attempt_id),
            Fact::AttemptSubmitted(fact) => Some(&fact.attempt_id),
            Fact::AttemptStarted(fact) => Some(&fact.attempt_id),
            Fact::AttemptProgress(fact) => Some(&fact.attempt_id),
            Fact::AttemptChecked(fact) => Some(&fact.attempt_id),
            Fact::AttemptSucceeded(fact) => Some(&fact.attempt_id),
            Fact::AttemptFailed(fact) => Some(&fact.attempt_id),
            Fact::AttemptTimedOut(fact) => Some(&fact.attempt_id),
            Fact::AttemptCancelled(fact) => Some(&fact.attempt_id),
            Fact::AttemptInvalidated(fact) => Some(&fact.attempt_id),
            Fact::ArtifactCreated(fact) => Some(&fact.attempt_id),
            Fact::PublishPrepared(fact) => Some(&fact.attempt_id),
            Fact::PublishRefused(fact) => Some(&fact.attempt_id),
            Fact::PublishFailed(fact) => Some(&fact.attempt_id),
            Fact::PrCreated(fact) => Some(&fact.attempt_id),
            Fact::PrMerged(fact) => Some(&fact.attempt_id),
            Fact::PrClosed(fact) => Some(&fact.attempt_id),
            Fact::TargetRegistered(_)
            | Fact::BacklogSynced(_)
            | Fact::BacklogRefused(_)
            | Fact::TaskCreated(_)
            | Fact::TaskUpdated(_)
            | Fact::TaskRemoved(_)
            | Fact::TaskRefused(_)
            | Fact::TaskCompleted(_)
            | Fact::TaskBlocked(_)
            | Fact::TaskUnblocked(_)
            | Fact::PrUpdated(_)
            | Fact::EventRefused(_) => None,
        }
    }

    /// The event to append, without the id and times that the log gives it.
    pub fn event(self, target: &TargetId) -> NewEvent {
        NewEvent {
            event_id: None,
            event_type: self.event_type().to_owned(),
            timestamp: None,
            actor_id: None,
            target: Some(target.clone()),
            payload: self.payload(),
        }
    }
}

/// See [`Fact::TargetRegistered`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation: CONTRACT 2.3")]
pub struct TargetRegistered {
    pub target_id: TargetId,
    pub name: String,
    /// A URL, or a path on this machine. Holds no credential.
    pub repo_url: String,
    pub default_branch: String,
}

/// See [`Fact::BacklogSynced`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacklogSynced {
    /// The target.
    pub target_id: TargetId,
    /// Where the files were read: the default branch's git commit.
    pub git_commit: GitCommit,
    /// SHA-256 of the backlog file.
    pub backlog: Digest,
    /// The effective policy, whole: decisions read it.
    pub policy: Policy,
    /// Its digest.
    pub policy_digest: Digest,
    /// `repository`, or `state folder` for `leviathanctl try`.
    pub source: String,
    /// Tasks in the file that are usable.
    pub tasks: u32,
    /// Tasks in the file that are not, each with line and reason.
    pub refused: Vec<FileProblem>,
}

/// See [`Fact::BacklogRefused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BacklogRefused {
    /// The target.
    pub target_id: TargetId,
    /// The default branch's git commit.
    pub git_commit: GitCommit,
    /// What is wrong with which file.
    pub problem: FileProblem,
}

/// What is wrong in one of a target's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProblem {
    /// Path in the repository, such as `.leviathan/backlog.yaml`.
    pub file: String,
    /// From 1; 0 where no line can be named.
    pub line: u32,
    /// The task that it concerns, as the file names it.
    pub task_id: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What is expected there.
    pub expected: String,
}

impl std::fmt::Display for FileProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { file, line, task_id, problem, expected } = self;
        write!(f, "{file}")?;
        if *line > 0 {
            write!(f, ":{line}")?;
        }
        if let Some(task_id) = task_id {
            write!(f, ": task {task_id}")?;
        }
        write!(f, ": {problem}; expected {expected}")
    }
}

/// See [`Fact::TaskCreated`] and [`Fact::TaskUpdated`]: everything that a decision reads of a task.
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

/// See [`Fact::TaskUpdated`]: the same fields, as they are now.
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

/// See [`Fact::TaskRemoved`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct TaskRemoved {
    pub target_id: TargetId,
    pub task_id: TaskId,
}

/// See [`Fact::TaskRefused`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct TaskRefused {
    pub target_id: TargetId,
    pub task_id: TaskId,
    pub reason: Reason,
}

/// See [`Fact::TaskCompleted`].
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

/// See [`Fact::TaskBlocked`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct TaskBlocked {
    pub target_id: TargetId,
    pub task_id: TaskId,
    /// What happened, and what a person can do.
    pub reason: String,
}

/// See [`Fact::TaskUnblocked`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct TaskUnblocked {
    pub target_id: TargetId,
    pub task_id: TaskId,
    pub reason: String,
}

/// See [`Fact::AttemptCreated`].
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

/// See [`Fact::AttemptSubmitted`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptSubmitted {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// When it is over at the latest.
    pub not_after: Timestamp,
}

/// See [`Fact::AttemptStarted`].
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

/// See [`Fact::AttemptProgress`].
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

/// See [`Fact::AttemptChecked`].
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

/// See [`Fact::AttemptFailed`].
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

/// See [`Fact::AttemptTimedOut`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptTimedOut {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// What was waited for, and until when.
    pub reason: String,
    /// `Infra` when the machinery never got it running; else `Task`.
    pub class: FailureClass,
}

/// See [`Fact::AttemptCancelled`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct AttemptCancelled {
    pub attempt_id: AttemptId,
    pub reason: String,
}

/// See [`Fact::AttemptInvalidated`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation: CONTRACT 1.3 A1")]
pub struct AttemptInvalidated {
    pub attempt_id: AttemptId,
    pub reason: String,
}

/// See [`Fact::ArtifactCreated`].
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

/// See [`Fact::PublishPrepared`].
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

/// See [`Fact::PublishRefused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishRefused {
    /// The attempt.
    pub attempt_id: AttemptId,
    /// What happened, for a person.
    pub reason: String,
    /// What the gate refused on the bytes.
    pub violations: Vec<Violation>,
}

/// See [`Fact::PublishFailed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct PublishFailed {
    pub attempt_id: AttemptId,
    pub class: FailureClass,
    /// What happened, for a person; holds no secret.
    pub reason: String,
}

/// See [`Fact::AttemptSucceeded`].
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

/// See [`Fact::PrCreated`].
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

/// See [`Fact::PrUpdated`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct PrUpdated {
    pub target_id: TargetId,
    pub pr_number: u64,
    /// Where the branch stands now: a person's work, hands off.
    pub head: GitCommit,
}

/// See [`Fact::PrMerged`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct PrMerged {
    pub target_id: TargetId,
    pub pr_number: u64,
    pub attempt_id: AttemptId,
    pub task_id: TaskId,
    /// The git commit on the default branch that holds the change.
    pub merge_commit: GitCommit,
    /// `ancestor`, `trailer`, `same change`, `operator`.
    pub found_by: String,
}

/// See [`Fact::PrClosed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation")]
pub struct PrClosed {
    pub target_id: TargetId,
    pub pr_number: u64,
    pub attempt_id: AttemptId,
    pub task_id: TaskId,
    pub reason: String,
}

/// See [`Fact::EventRefused`].
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
