//! Short ways to a log and to something to put into it.

use std::sync::Arc;

use leviathan_core::decide::Decision;
use leviathan_core::event::{NewEvent, Payload, Principal, Role};
use leviathan_core::ports::{Clock, ObjectStore};
use leviathan_log::{Log, Transaction, Writer};
use serde_json::{Value, json};

use crate::clock::SeededEntropy;

/// A log over this store, as one more process has it; `seed` sets it apart from the others.
pub fn log_over(store: Arc<dyn ObjectStore>, clock: Arc<dyn Clock>, seed: u64) -> Log {
    let writer = Writer { program: "test".to_owned(), version: "0.0.0".to_owned() };
    Log::new(store, clock, Arc::new(SeededEntropy::new(seed)), writer)
}

/// A transaction of this kind by a client of the original.
pub fn transaction(kind: &str) -> Transaction {
    Transaction::of(kind, Principal { role: Role::Legacy, name: None })
}

/// An event of a type that the state doesn't know.
pub fn event(payload: &Value) -> NewEvent {
    NewEvent {
        event_id: None,
        event_type: "test.noted".to_owned(),
        timestamp: None,
        actor_id: None,
        target: None,
        payload: object(payload),
    }
}

/// A decision to append one event with this number, whatever the state is.
pub fn note(number: u64) -> Decision<u64> {
    Decision::new(vec![event(&json!({ "number": number }))], number)
}

/// The object in a JSON value.
pub fn object(value: &Value) -> Payload {
    value.as_object().cloned().unwrap_or_default()
}
