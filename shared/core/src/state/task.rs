//! One task: what the file wishes, and what is so.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fact::{TaskCreated, TaskStatus};
use crate::ids::AttemptId;
use crate::reason::Reason;

/// One task of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The file's wish, as last read. `wish.status` is the file's word, not the truth.
    pub wish: TaskCreated,
    /// What is so.
    pub status: TaskStatus,
    /// Why a person is needed, while blocked.
    pub blocked_reason: Option<String>,
    /// The live attempt; at most one.
    pub attempt: Option<AttemptId>,
    /// Its open pull request.
    pub pull_request: Option<u64>,
    /// Attempts created in this generation: the last one's number.
    pub attempts: u32,
    /// How they failed in this generation.
    pub failures: Failures,
    /// Before this, no further attempt.
    pub retry_at: Option<Timestamp>,
    /// When it was done.
    pub completed_at: Option<Timestamp>,
    /// The last recorded answer of the predicates.
    pub refusal: Option<Reason>,
    /// It left the file; kept because its attempts are still of interest.
    pub removed: bool,
}

/// How the attempts of a task's generation failed. Each class has its own bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// By the task's own fault: these use up its attempts.
    pub task: u32,
    /// By the machinery's.
    pub infra: u32,
    /// By a service that the tool needs.
    pub provider: u32,
    /// By the policy.
    pub policy: u32,
}

impl Failures {
    /// All of them.
    pub fn total(&self) -> u32 {
        self.task
            .saturating_add(self.infra)
            .saturating_add(self.provider)
            .saturating_add(self.policy)
    }
}

impl Task {
    /// A task as it comes out of the file for the first time.
    pub(super) fn new(wish: TaskCreated) -> Self {
        Self {
            wish,
            status: TaskStatus::Pending,
            blocked_reason: None,
            attempt: None,
            pull_request: None,
            attempts: 0,
            failures: Failures::default(),
            retry_at: None,
            completed_at: None,
            refusal: None,
            removed: false,
        }
    }

    /// A new generation: a person wants it again, attempts are counted anew.
    pub(super) fn begin_generation(&mut self) {
        self.status = TaskStatus::Pending;
        self.blocked_reason = None;
        self.attempts = 0;
        self.failures = Failures::default();
        self.retry_at = None;
        self.completed_at = None;
        self.refusal = None;
    }
}
