//! Whatever is written in one of the stored forms is read back as the same, with any content.

use bytes::Bytes;
use ed25519_dalek::{Signer as _, SigningKey};
use jiff::Timestamp;
use leviathan_core::chain::{JournalLine, Verifier, event_hash};
use leviathan_core::event::{NewEvent, Payload, Principal, Role};
use leviathan_core::ids::Digest;
use leviathan_core::state::Departure;
use leviathan_log::commit::{Draft, DraftPart, Nonce, Writer, decode, encode};
use leviathan_log::hint::{Hint, HintedSnapshot};
use leviathan_log::seal::tile::{Named, Tile, bytes_of, entries_in, hashes_in};
use leviathan_log::seal::{Checkpoint, Hash, VerifierKey};
use leviathan_log::{Head, Plan, Position, Transaction, keys, views};
use proptest::prelude::*;
use serde_json::{Number, Value};

/// Any moment in whole microseconds, as all times of ours are.
fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000_000_000).prop_map(|micros| Timestamp::from_microsecond(micros).unwrap())
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(|bytes| Digest::of(&bytes))
}

/// Any JSON: odd numbers, every character, nested.
fn json() -> impl Strategy<Value = Value> {
    let number = prop_oneof!["-?(0|[1-9][0-9]{0,30})", "-?[1-9]\\.[0-9]{1,20}(e[+-]?[0-9]{1,2})?"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number.prop_map(|text| Value::Number(text.parse::<Number>().unwrap())),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn payload() -> impl Strategy<Value = Payload> {
    prop::collection::vec((any::<String>(), json()), 0..5)
        .prop_map(|fields| fields.into_iter().collect())
}

prop_compose! {
    /// Ours, or one that a client sent.
    fn event()(
        sent in any::<Option<String>>(), event_type in any::<String>(), at in time(),
        actor_id in any::<Option<String>>(), payload in payload(),
    ) -> NewEvent {
        let timestamp = sent.as_ref().map(|_| at.to_string());
        NewEvent { event_id: sent, event_type, timestamp, actor_id, target: None, payload }
    }
}

prop_compose! {
    fn transaction()(
        kind in any::<String>(), bundle_id in any::<Option<String>>(),
        content_digest in prop::option::of(digest()), target in prop::option::of("[a-z][a-z0-9]{0,9}"),
    ) -> Transaction {
        let target = target.map(|target| target.parse().unwrap());
        let principal = Principal { role: Role::Legacy, name: None };
        Transaction { bundle_id, content_digest, target, ..Transaction::of(&kind, principal) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_commit(
        parts in prop::collection::vec((transaction(), prop::collection::vec(event(), 1..4)), 1..4),
        nonce in any::<[u8; 16]>(), recorded_at in time(), epoch in 1_u64..9, offset in 0..u64::MAX / 2,
        before in prop::option::of((0..u64::MAX / 2, digest())),
    ) {
        let (seq, digest) = before.unzip();
        let last_hash = digest.as_ref().map(|digest| digest.as_str().to_owned());
        let position = Position { seq, digest, offset, last_hash, ..Position::default() };
        let parts = parts.iter().map(|(transaction, events)| DraftPart {
            transaction, decided_at: recorded_at, read_seq: seq, events: events.clone(),
        });
        let writer = &Writer { program: "test".to_owned(), version: "0".to_owned() };
        let parts = parts.collect();
        let draft =
            Draft { position: &position, epoch, nonce: Nonce(nonce), recorded_at, writer, parts };
        let stored = encode(draft).unwrap();
        let read = decode(position.next_seq(), stored.bytes.clone()).unwrap();
        prop_assert_eq!(&read.commit, &stored.commit);
        prop_assert_eq!(&read.digest, &Digest::of(&stored.bytes));
    }

    #[test]
    fn a_line_of_a_journal(
        event_id in any::<String>(), event_type in any::<String>(), at in time(),
        actor_id in any::<Option<String>>(), payload in payload(),
    ) {
        let timestamp = at.to_string();
        let hash =
            event_hash(None, &event_id, &event_type, &timestamp, actor_id.as_deref(), &payload);
        let (prev_hash, hash) = (None, hash.unwrap());
        let line =
            JournalLine { event_id, event_type, timestamp, actor_id, payload, prev_hash, hash };
        let text = serde_json::to_string(&line).unwrap();
        prop_assert_eq!(Verifier::default().next(&text), Ok(line));
    }

    #[test]
    fn a_hint(epoch: u64, head: u64, snapshot in any::<Option<(u32, u64)>>()) {
        let named = snapshot.map(|(state_format, seq)| HintedSnapshot { state_format, seq });
        let hint = Hint::new(epoch, head, named);
        prop_assert_eq!(Hint::decode(&hint.encode()), Ok(hint));
    }

    #[test]
    fn a_plan(id in "[0-9a-f]{32}", epoch: u64, kept_seq: u64, kept in digest()) {
        let text = serde_json::json!({
            "format": 1, "id": id, "epoch": epoch, "kept_seq": kept_seq, "kept_digest": kept,
        });
        let plan = Plan::decode(text.to_string().as_bytes()).unwrap();
        prop_assert_eq!((&plan.id, plan.epoch, plan.kept_seq), (&id, epoch, kept_seq));
        prop_assert_eq!(plan.encode().unwrap(), text.to_string());
    }

    #[test]
    fn a_view(seq: u64, number: u64, attempt in "[a-z]{1,9}-[a-z0-9]{10}", target in "[a-z]{1,9}") {
        let attempt_id = attempt.parse().unwrap();
        let target_id = Some(target.parse().unwrap());
        let departures = vec![(number, Departure::Later { attempt_id, target_id, seq })];
        let bytes = views::encode("a key", &departures).unwrap();
        prop_assert_eq!(views::decode("a key", &bytes), Ok(departures));
        let cut = bytes.slice(..bytes.len() - 1);
        prop_assert!(views::decode::<Departure>("a key", &cut).is_err());
    }

    #[test]
    fn a_checkpoint_its_note_and_the_key(
        secret: [u8; 32], name in "[^\\s\\p{C}+]{1,40}", size: u64, root: [u8; 32],
        seq: u64, digest in digest(), recorded_at in time(),
    ) {
        let signer = SigningKey::from_bytes(&secret);
        let key = VerifierKey::new(&name, signer.verifying_key().as_bytes()).unwrap();
        prop_assert_eq!(key.to_string().parse(), Ok(key.clone()));
        let (origin, head) = (name, Head { seq, digest });
        let checkpoint = Checkpoint { origin, size, root: Hash(root), head, recorded_at };
        let text = checkpoint.text();
        let note = key.note(&text, &signer.sign(text.as_bytes()).to_bytes());
        prop_assert_eq!(key.open(note.as_bytes()), Ok(text.as_str()));
        prop_assert_eq!(Checkpoint::parse(&text), Some(checkpoint));
    }

    #[test]
    fn a_tile_of_hashes(hashes in prop::collection::vec(any::<[u8; 32]>().prop_map(Hash), 1..=256)) {
        let (bytes, width) = (bytes_of(&hashes), hashes.len() as u64);
        prop_assert_eq!(hashes_in(&bytes, width), Some(hashes));
        prop_assert_eq!(hashes_in(&bytes, width + 1), None);
        prop_assert_eq!(hashes_in(&bytes[1..], width), None);
    }

    #[test]
    fn a_bundle_of_entries(
        entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 1..=256),
    ) {
        // As docs/log.md gives it.
        let mut bytes = Vec::new();
        for entry in &entries {
            bytes.extend(u16::try_from(entry.len()).unwrap().to_be_bytes());
            bytes.extend(entry);
        }
        let (bytes, width) = (Bytes::from(bytes), entries.len() as u64);
        let entries = entries.iter().map(Vec::as_slice).collect();
        prop_assert_eq!(entries_in(&bytes, width), Some(entries));
        prop_assert_eq!(entries_in(&bytes, width + 1), None);
        prop_assert_eq!(entries_in(&bytes[..bytes.len() - 1], width), None);
    }

    #[test]
    fn the_name_of_each_object(number: u64, format: u32, level in 0_u32..8, width in 1_u64..=256) {
        prop_assert_eq!(keys::commit_seq(&keys::commit(number)), Some(number));
        prop_assert_eq!(keys::checkpoint_size(&keys::checkpoint(number)), Some(number));
        let snapshot = keys::snapshot(format, number);
        prop_assert_eq!(keys::snapshot_seq(&snapshot), Some((format, number)));
        let tile = Tile { level, index: number, width };
        prop_assert_eq!(keys::tile_named(&keys::tile(tile)), Some(Named::Hashes(tile)));
        let entries = Named::Entries { index: number, width };
        prop_assert_eq!(keys::tile_named(&keys::entries(number, width)), Some(entries));
    }
}
