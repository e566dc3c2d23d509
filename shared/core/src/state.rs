//! What we know: a fold over the log, pure, total and deterministic.
//!
//! It holds what a decision reads. Who may change it is `crate::authority`; which facts there are is
//! `crate::fact`. Each fact's effect is one arm of [`State::apply`]; whatever does not fit (an
//! unknown attempt, a late result, a second claim) changes nothing.

mod apply;
mod attempt;
mod log;
mod past;
mod seen;
mod target;
mod task;
#[cfg(test)]
mod tests;
mod version;
mod wish;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use attempt::{Attempt, AttemptEnd, AttemptStatus, Prepared};
pub use log::{Closed, LogLife};
pub use past::{Ageing, Departure, Past};
pub use seen::{Seen, WINDOW, bundle_id_key, bundle_key, event_key};
pub use target::{Problem, PullRequest, PullRequestState, Synced, Target};
pub use task::{Failures, Refused, Task};
pub use version::{READER_VERSION, min_reader};
pub use wish::Wish;

use crate::ids::{AttemptId, Digest, TargetId, TaskId};

/// The format of a snapshot of the state: raised whenever `apply` folds something otherwise or the
/// state's own bytes change, so that no program starts from a state that it would not have folded
/// itself (DECISIONS 7). Snapshots of another format lie in another folder.
pub const STATE_FORMAT: u32 = 1;

/// What we know.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Events folded so far.
    pub events: u64,
    /// The repositories that are worked for.
    pub targets: BTreeMap<TargetId, Target>,
    /// Attempts: the live ones, and those that ended and have not aged (see [`Ageing`]).
    pub attempts: BTreeMap<AttemptId, Attempt>,
    /// What ended, and what left.
    pub past: Past,
    /// What came in from clients already.
    pub seen: Seen,
    /// Which life of the log this is, and whether it is over.
    pub log: LogLife,
}

impl State {
    /// The epoch that new commits are written in (DECISIONS 9): 1 until a log is restored.
    pub fn epoch(&self) -> u64 {
        self.log.epoch
    }

    /// Whether the attempt was created in this life of the log. One of an earlier epoch can only
    /// end: its executor, its Job and its messages belong to a world that this log has left.
    pub fn is_of_this_epoch(&self, attempt: &Attempt) -> bool {
        attempt.epoch == self.log.epoch
    }

    /// One task.
    pub fn task(&self, target: &TargetId, task: &TaskId) -> Option<&Task> {
        self.targets.get(target)?.tasks.get(task)
    }

    /// Attempts that have not ended.
    pub fn live_attempts(&self) -> impl Iterator<Item = (&AttemptId, &Attempt)> {
        self.attempts.iter().filter(|(_, attempt)| !attempt.status.is_terminal())
    }

    /// Remembers a client's bundle, from its part's header (DECISIONS 6).
    pub fn apply_bundle(&mut self, target: &TargetId, bundle_id: &str, content: &Digest) {
        self.seen.bundle(target, bundle_id, content);
    }
}
