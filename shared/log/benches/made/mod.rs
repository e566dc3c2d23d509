//! Logs that are made, not appended: commits straight from the encoder, each put into a store in
//! memory. A million events take seconds so.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::event::{NewEvent, Payload, Principal, Role};
use leviathan_core::ports::ObjectStore;
use leviathan_local::MemoryStore;
use leviathan_log::commit::{Draft, DraftPart, encode};
use leviathan_log::{Log, Nonce, Position, Transaction, Writer, keys};
use leviathan_runtime::clock::{SystemClock, SystemEntropy};
use tokio::runtime::Runtime;

/// What a bench runs its futures on.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn writer() -> Writer {
    Writer { program: "bench".to_owned(), version: "0".to_owned() }
}

/// A process that has the log of this store, and has read nothing of it yet.
pub(crate) fn log(store: Arc<dyn ObjectStore>) -> Log {
    Log::new(store, Arc::new(SystemClock), Arc::new(SystemEntropy), writer())
}

/// An event as an executor sends it, about 500 bytes as a line.
pub(crate) fn event(number: u64) -> NewEvent {
    let mut payload = Payload::new();
    payload.insert("attempt_id".to_owned(), "repair-the-test-abcdefghij".into());
    payload.insert("phase".to_owned(), "work".into());
    payload.insert("number".to_owned(), number.into());
    NewEvent {
        event_id: None,
        event_type: "attempt.noted".to_owned(),
        timestamp: None,
        actor_id: Some("executor".to_owned()),
        target: None,
        payload,
    }
}

/// A log that grows.
pub(crate) struct Made {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) position: Position,
    pub(crate) bytes: usize,
    /// Far enough back that a clock of now is after it.
    pub(crate) now: Timestamp,
}

impl Made {
    pub(crate) fn new() -> Self {
        // 2026-03-01T12:00:00Z
        let now = Timestamp::constant(1_772_366_400, 0);
        Self { store: Arc::default(), position: Position::default(), bytes: 0, now }
    }

    /// So many notes in commits of so many.
    pub(crate) fn of_notes(events: u64, a_commit: u64) -> Self {
        let mut made = Self::new();
        for first in (0..events).step_by(usize::try_from(a_commit).expect("few")) {
            let notes = (first..(first + a_commit).min(events)).map(event).collect();
            made.commit(&Principal::program(Role::Api), notes);
        }
        made
    }

    /// One commit more.
    pub(crate) fn commit(&mut self, principal: &Principal, events: Vec<NewEvent>) {
        let transaction = Transaction::of("bench", principal.clone());
        let part = DraftPart {
            transaction: &transaction,
            decided_at: self.now,
            read_seq: self.position.seq,
            events,
        };
        let draft = Draft {
            position: &self.position,
            epoch: 1,
            nonce: Nonce(u128::from(self.position.next_seq()).to_le_bytes()),
            recorded_at: self.now,
            writer: &writer(),
            parts: vec![part],
        };
        let stored = encode(draft).expect("a commit");
        let key = keys::commit(stored.commit.header.seq);
        self.bytes += stored.bytes.len();
        let put = self.store.create(&key, Bytes::clone(&stored.bytes));
        futures_util::FutureExt::now_or_never(put).expect("no wait").expect("a place");
        self.position.advance(&stored).expect("it follows");
    }
}
