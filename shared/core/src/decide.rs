//! Every decision, pure: (state, moment, input) → events and an answer. Deciding again on a newer
//! state is always allowed; nothing is appended when there are no events.

pub mod attempt;
pub mod dispatch;
pub mod heartbeat;
pub mod ingest;
pub mod operator;
pub mod predicates;
pub mod publish;
pub mod pull_request;
pub mod sync;
pub mod tick;

#[cfg(test)]
pub(crate) mod tests;

use jiff::Timestamp;

use crate::event::NewEvent;

/// When, and in which life of the log, a decision is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The corrected time (DECISIONS 10), never before the last commit's `recorded_at`.
    pub now: Timestamp,
    /// The log's epoch (DECISIONS 9).
    pub epoch: u64,
    /// When the newest commit was recorded; `None`: the log is empty.
    pub newest: Option<Timestamp>,
}

/// What a decision wants appended, and what it tells its caller.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision<A> {
    /// Appended as one commit's part, all or nothing.
    pub events: Vec<NewEvent>,
    /// For the caller, once the events are committed.
    pub answer: A,
}

impl<A> Decision<A> {
    /// Nothing to append.
    pub fn nothing(answer: A) -> Self {
        Self { events: Vec::new(), answer }
    }

    /// These events, and this answer.
    pub fn new(events: Vec<NewEvent>, answer: A) -> Self {
        Self { events, answer }
    }
}
