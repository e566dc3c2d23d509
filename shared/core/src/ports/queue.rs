//! Work on its way. The log is the truth; the queue only carries, at least once, in any order.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::ids::AttemptId;

/// One piece of work. Idempotent by attempt: a second copy finds the work done and does nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Message {
    /// For dispatch: start this attempt's Job.
    Dispatch {
        /// The log's epoch in which it was decided.
        epoch: u64,
        /// The attempt.
        attempt: AttemptId,
    },
    /// For dispatch: end this attempt's Job.
    Stop {
        /// The log's epoch in which it was decided.
        epoch: u64,
        /// The attempt.
        attempt: AttemptId,
    },
    /// For publish: push this attempt's branch and open its pull request.
    Publish {
        /// The log's epoch in which it was decided.
        epoch: u64,
        /// The attempt.
        attempt: AttemptId,
    },
}

/// The message could not be handed over; the next tick repeats it.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not take a message: {reason}")]
pub struct QueueError {
    /// The cause, for a person.
    pub reason: String,
}

/// The sending side of the queue.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Hands one message over.
    async fn send(&self, message: &Message) -> Result<(), QueueError>;
}
