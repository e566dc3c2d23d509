//! What has to happen outside once events are committed. Pure, and idempotent by attempt: what is
//! lost between commit and effect is found overdue in the state and repeated by the next tick.

use jiff::{SignedDuration, Timestamp};

use crate::event::Event;
use crate::fact::Fact;
use crate::ports::Message;
use crate::state::{AttemptStatus, State};

/// A queue message that has had no consequence for this long is sent again (DECISIONS 18).
pub const QUEUE_DEADLINE: SignedDuration = SignedDuration::from_mins(2);

/// Publishing that has not ended for this long is asked for again (DECISIONS 18).
pub const PUBLISH_DEADLINE: SignedDuration = SignedDuration::from_mins(5);

/// The effects of events that were just committed.
pub fn effects(epoch: u64, events: &[Event]) -> Vec<Message> {
    events.iter().filter_map(|event| effect(epoch, event)).collect()
}

fn effect(epoch: u64, event: &Event) -> Option<Message> {
    match crate::authority::authorised(event)? {
        Fact::AttemptCreated(fact) => Some(Message::Dispatch { epoch, attempt: fact.attempt_id }),
        Fact::AttemptChecked(fact) => Some(Message::Publish { epoch, attempt: fact.attempt_id }),
        Fact::AttemptTimedOut(fact) => Some(Message::Stop { epoch, attempt: fact.attempt_id }),
        Fact::AttemptCancelled(fact) => Some(Message::Stop { epoch, attempt: fact.attempt_id }),
        Fact::AttemptInvalidated(fact) => Some(Message::Stop { epoch, attempt: fact.attempt_id }),
        _ => None,
    }
}

/// What the state shows as owed since longer than its deadline. With `all`, whatever is owed: for
/// one machine's start, where nothing can still be on its way.
pub fn overdue(epoch: u64, state: &State, now: Timestamp, all: bool) -> Vec<Message> {
    let waits =
        |since: Timestamp, deadline: SignedDuration| all || now.duration_since(since) >= deadline;
    state
        .live_attempts()
        .filter(|(_, attempt)| state.is_of_this_epoch(attempt))
        .filter_map(|(id, attempt)| match attempt.status {
            AttemptStatus::Created if waits(attempt.changed_at, QUEUE_DEADLINE) => {
                Some(Message::Dispatch { epoch, attempt: id.clone() })
            }
            AttemptStatus::Publishing if waits(attempt.changed_at, PUBLISH_DEADLINE) => {
                Some(Message::Publish { epoch, attempt: id.clone() })
            }
            _ => None,
        })
        .collect()
}
