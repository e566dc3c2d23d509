//! A bundle as a client sends it: whatever is taken in can be a commit, and is read back as it was
//! meant, whatever else was sent with it.

use leviathan_core::decide::Moment;
use leviathan_core::decide::ingest::{Sent, decide, read};
use leviathan_core::event::{Principal, Role};
use leviathan_core::state::State;
use leviathan_log::commit::{Draft, DraftPart, EncodeError, Nonce, Writer, decode, encode};
use leviathan_log::{Position, Transaction};

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(bundle) = read(text) else { return };
    let principal = Principal { role: Role::Legacy, name: None };
    let now = "2026-11-24T12:00:00Z".parse().unwrap();
    let sent = Sent { bundle: &bundle, principal: &principal, key: None };
    let decision = decide(&State::default(), &Moment { now, epoch: 1, newest: None }, &sent);
    if decision.events.is_empty() {
        return;
    }
    let mut transaction = Transaction::of("ingest", principal.clone());
    transaction.target = bundle.target_id();
    transaction.bundle_id = Some(bundle.bundle_id.clone());
    transaction.content_digest = Some(bundle.content());
    let events = decision.events;
    let part = DraftPart { transaction: &transaction, decided_at: now, read_seq: None, events };
    let draft = Draft {
        position: &Position::default(),
        epoch: 1,
        nonce: Nonce([7; 16]),
        recorded_at: now,
        writer: &Writer { program: "fuzz".to_owned(), version: "0".to_owned() },
        parts: vec![part],
    };
    match encode(draft) {
        Ok(stored) => assert_eq!(decode(0, stored.bytes.clone()).unwrap().commit, stored.commit),
        Err(problem) => {
            use EncodeError::{TooManyBytes, TooManyEvents};
            let beyond = matches!(problem, TooManyEvents { .. } | TooManyBytes { .. });
            assert!(beyond, "taken in, and can't stand in the log: {problem}");
        }
    }
}
