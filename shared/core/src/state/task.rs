//! One task: what the file wishes, and what is so.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::wish::Wish;
use crate::fact::TaskStatus;
use crate::ids::AttemptId;

/// One task of a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The file's wish, as last read. `wish.status` is the file's word, not the truth.
    pub wish: Wish,
    /// What is so.
    pub status: TaskStatus,
    /// Why a person is needed, while blocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_reason: Option<String>,
    /// The live attempt; at most one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptId>,
    /// Its open pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
    /// Attempts created in this generation: the last one's number.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// How they failed in this generation.
    #[serde(default, skip_serializing_if = "Failures::is_none")]
    pub failures: Failures,
    /// Before this, no further attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// When it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// The last recorded answer of the predicates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refused>,
    /// It left the file; kept because its attempts are still of interest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// A recorded answer of the predicates, without its words: those change all the time, and
/// `decide::tick::explain` tells them as they are now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// One word for machines, as in `Reason`.
    pub code: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
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
    fn is_none(&self) -> bool {
        *self == Self::default()
    }

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
    pub(super) fn new(wish: Wish) -> Self {
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
