//! What our own events say, typed: the payloads that the state is folded from.
//!
//! Names and keys are those of the original (CONTRACT 2.3) where it had them, so that its clients
//! can read our events; what is new stands beside them. A payload that does not fit its type is
//! foreign: it is stored and shown, and changes nothing.

mod attempt;
mod files;
mod log;
mod pull_request;
mod task;

use serde_json::Value;

pub use attempt::{
    ArtifactCreated, AttemptCancelled, AttemptChecked, AttemptCreated, AttemptFailed,
    AttemptInvalidated, AttemptProgress, AttemptStarted, AttemptSubmitted, AttemptSucceeded,
    AttemptTimedOut, CheckResult, EventRefused, FailureClass, Phase, Violation,
};
pub use files::{BacklogRefused, BacklogSynced, FileProblem, TargetRegistered};
pub use log::{LogClosed, LogHeartbeat, LogRestored};
pub use pull_request::{
    PrClosed, PrCreated, PrMerged, PrUpdated, PublishFailed, PublishPrepared, PublishRefused,
};
pub use task::{
    TaskBlocked, TaskCompleted, TaskCreated, TaskRefused, TaskRemoved, TaskStatus, TaskUnblocked,
    TaskUpdated,
};

use crate::event::{NewEvent, Payload};
use crate::ids::{AttemptId, TargetId};

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
    /// The log ends here: another one goes on.
    LogClosed = "log.closed",
    /// The log was restored, and goes on in a new epoch.
    LogRestored = "log.restored",
    /// Nothing happened for a while, and the log is there.
    LogHeartbeat = "log.heartbeat",
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
            | Fact::EventRefused(_)
            | Fact::LogClosed(_)
            | Fact::LogRestored(_)
            | Fact::LogHeartbeat(_) => None,
        }
    }

    /// The event to append for a fact that is about no target.
    pub fn event_about_no_target(self) -> NewEvent {
        NewEvent {
            event_id: None,
            event_type: self.event_type().to_owned(),
            timestamp: None,
            actor_id: None,
            target: None,
            payload: self.payload(),
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
