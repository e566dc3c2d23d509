//! Golden bytes, limits, and what decoding refuses.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use leviathan_core::event::{MAX_EVENT_LINE_BYTES, NewEvent, Payload, Principal, Role};
use leviathan_core::ids::Digest;

use super::*;
use crate::position::Position;
use crate::transact::Transaction;

fn payload(json: &str) -> Payload {
    serde_json::from_str(json).unwrap()
}

fn event(event_type: &str, json: &str) -> NewEvent {
    NewEvent {
        event_id: None,
        event_type: event_type.to_owned(),
        timestamp: None,
        actor_id: None,
        target: None,
        payload: payload(json),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn position() -> Position {
    Position {
        seq: Some(41),
        digest: Some(Digest::of(b"commit 41")),
        offset: 1_000,
        last_hash: Some("ab".repeat(32)),
        recorded_at: Some(at("2026-11-24T12:00:00Z")),
        min_reader: 1,
        epoch: 3,
    }
}

fn writer() -> Writer {
    Writer { program: "tick".to_owned(), version: "0.1.0".to_owned() }
}

fn tick() -> Transaction {
    Transaction::of("tick", Principal::program(Role::Tick))
}

fn ingest() -> Transaction {
    Transaction {
        kind: "ingest".to_owned(),
        principal: Principal { role: Role::Legacy, name: Some("worker ü".to_owned()) },
        target: Some("web".parse().unwrap()),
        bundle_id: Some("bundle-7".to_owned()),
        content_digest: Some(Digest::of(b"content")),
    }
}

fn encode_parts(
    parts: Vec<(&Transaction, Vec<NewEvent>)>,
    position: &Position,
) -> Result<StoredCommit, EncodeError> {
    let recorded_at = at("2026-11-24T12:00:01.5Z");
    let writer = writer();
    let parts = parts
        .into_iter()
        .map(|(transaction, events)| DraftPart {
            transaction,
            decided_at: recorded_at - SignedDuration::from_millis(250),
            read_seq: position.seq,
            events,
        })
        .collect();
    let nonce = Nonce(*b"0123456789abcdef");
    encode(Draft { position, epoch: 3, nonce, recorded_at, writer: &writer, parts })
}

fn two_parts() -> StoredCommit {
    let sent = NewEvent {
        event_id: Some("9b2f".to_owned()),
        timestamp: Some("2026-11-24 13:00:00+01:00".to_owned()),
        actor_id: Some("worker-1".to_owned()),
        target: Some("web".parse().unwrap()),
        // Number spelling and key order are the sender's.
        ..event(
            "attempt.started",
            r#"{"z":1.0,"a":[1e+5,-0.0,18446744073709551616],"ü":"\u00e9/"}"#,
        )
    };
    let decided = vec![event("test.noted", "{}"), event("test.noted", r#"{"n":2}"#)];
    encode_parts(vec![(&tick(), decided), (&ingest(), vec![sent])], &position()).unwrap()
}

/// The bytes of format 1. If this fails, the change breaks every log that exists: raise FORMAT.
const GOLDEN: &str = concat!(
    r#"{"format":1,"min_reader":1,"epoch":3,"seq":42,"prev":"994f2107399f783ea808d307ea71fd81a32b8237a18b7ceea06e0834b532eda5","nonce":"30313233343536373839616263646566","recorded_at":"2026-11-24T12:00:01.5Z","writer":{"program":"tick","version":"0.1.0"},"first_offset":1000,"count":3,"parts":[{"kind":"tick","decided_at":"2026-11-24T12:00:01.25Z","read_seq":41,"target":null,"bundle_id":null,"content_digest":null,"first_offset":1000,"count":2},{"kind":"ingest","decided_at":"2026-11-24T12:00:01.25Z","read_seq":41,"target":"web","bundle_id":"bundle-7","content_digest":"ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73","first_offset":1002,"count":1}]}"#,
    "\n",
    r#"{"offset":1000,"seq":42,"recorded_at":"2026-11-24T12:00:01.5Z","event_id":"42-0","event_type":"test.noted","timestamp":"2026-11-24T12:00:01.5Z","actor_id":null,"principal":"tick","target":null,"payload":{},"hash":"3df461e6c2f7b67e2233532d8878b4f26df3d52b10dd8d8318742cae41471377"}"#,
    "\n",
    r#"{"offset":1001,"seq":42,"recorded_at":"2026-11-24T12:00:01.5Z","event_id":"42-1","event_type":"test.noted","timestamp":"2026-11-24T12:00:01.5Z","actor_id":null,"principal":"tick","target":null,"payload":{"n":2},"hash":"78839fc4d7215b982be32d4333674e11b613783e3309bb4414fedc75225502fa"}"#,
    "\n",
    r#"{"offset":1002,"seq":42,"recorded_at":"2026-11-24T12:00:01.5Z","event_id":"9b2f","event_type":"attempt.started","timestamp":"2026-11-24 13:00:00+01:00","actor_id":"worker-1","principal":"legacy:worker ü","target":"web","payload":{"z":1.0,"a":[1e+5,-0.0,18446744073709551616],"ü":"é/"},"hash":"70f4b047a04dce01b681d24e00760a86555e7b7e0a2434d74c95b2ca770c037c"}"#,
    "\n",
);

#[test]
fn the_bytes_of_a_commit_with_two_parts_are_these() {
    let stored = two_parts();
    assert_eq!(String::from_utf8(stored.bytes.to_vec()).unwrap(), GOLDEN);
    assert_eq!(stored.digest, Digest::of(GOLDEN.as_bytes()));
}

#[test]
fn the_golden_bytes_are_read_and_follow_on_their_position() {
    let stored = decode(42, Bytes::from_static(GOLDEN.as_bytes())).unwrap();
    assert_eq!(stored, two_parts());
    let mut position = position();
    position.advance(&stored).unwrap();
    assert_eq!(position.seq, Some(42));
    assert_eq!(position.offset, 1_003);
    assert_eq!(position.digest, Some(stored.digest));
    assert_eq!(position.last_hash.as_deref(), Some(stored.commit.events[2].hash.as_str()));
    assert_eq!(position.epoch, 3);
}

/// serde_json keeps digits as they were sent; only an exponent it spells its own way (`1E5` becomes
/// `1e+5`). The hash does not see the difference, and what is stored is stable.
#[test]
fn numbers_keep_their_digits() {
    let numbers = "[0,-0,-0.0,1.0,1.50,18446744073709551616,0.10000000000000000001,1e+5]";
    for (sent, stored) in [(numbers, numbers), ("[1E5,1e5,1e05]", "[1e+5,1e+5,1e+05]")] {
        let event = event("test.noted", &format!(r#"{{"n":{sent}}}"#));
        let commit = encode_parts(vec![(&tick(), vec![event])], &position()).unwrap();
        let text = String::from_utf8(commit.bytes.to_vec()).unwrap();
        assert!(text.contains(&format!(r#""payload":{{"n":{stored}}}"#)), "{text}");
    }
}

#[test]
fn the_first_commit_follows_on_nothing() {
    let start = Position::default();
    let stored = encode_parts(vec![(&tick(), vec![event("test.noted", "{}")])], &start).unwrap();
    let header = &stored.commit.header;
    assert_eq!((header.seq, header.first_offset, header.prev.as_ref()), (0, 0, None));
    assert_eq!(header.parts[0].read_seq, None);
    assert_eq!(stored.commit.events[0].event_id, "0-0");
    Position::default().advance(&stored).unwrap();
}

#[test]
fn a_commit_is_refused_above_each_limit_and_taken_at_it() {
    let start = Position::default();
    let many = |count| vec![event("test.noted", "{}"); count];
    let tick = tick();
    assert!(encode_parts(vec![(&tick, many(MAX_EVENTS))], &start).is_ok());
    let too_many = encode_parts(vec![(&tick, many(MAX_EVENTS)), (&tick, many(1))], &start);
    assert_eq!(too_many, Err(EncodeError::TooManyEvents { count: MAX_EVENTS + 1 }));

    let long = |bytes: usize| event("test.noted", &format!(r#"{{"x":"{}"}}"#, "y".repeat(bytes)));
    let around = {
        let stored = encode_parts(vec![(&tick, vec![long(0)])], &start).unwrap();
        let lines: Vec<&[u8]> = stored.bytes.split_inclusive(|byte| *byte == b'\n').collect();
        lines[1].len()
    };
    let most = MAX_EVENT_LINE_BYTES - around;
    assert!(encode_parts(vec![(&tick, vec![long(most)])], &start).is_ok());
    let answer = encode_parts(vec![(&tick, vec![long(most + 1)])], &start);
    let bytes = MAX_EVENT_LINE_BYTES + 1;
    assert!(
        matches!(&answer, Err(EncodeError::LineTooLong { bytes: b, limit, .. })
            if *b == bytes && *limit == MAX_EVENT_LINE_BYTES),
        "{answer:?}"
    );
    let sent = |bytes| NewEvent { event_id: Some("sent".to_owned()), ..long(bytes) };
    assert!(encode_parts(vec![(&tick, vec![sent(most - 64)])], &start).is_ok());
    let answer = encode_parts(vec![(&tick, vec![sent(most + 64)])], &start);
    assert!(
        matches!(answer, Err(EncodeError::LineTooLong { limit: MAX_SENT_LINE_BYTES, .. })),
        "{answer:?}"
    );

    let bulk = vec![long(60_000); MAX_BYTES / 60_000 + 1];
    let answer = encode_parts(vec![(&tick, bulk)], &start);
    assert!(matches!(answer, Err(EncodeError::TooManyBytes { .. })), "{answer:?}");
    assert!(answer.unwrap_err().to_string().contains("4194304"), "the limit is named");
}

#[test]
fn an_event_that_could_not_be_read_back_is_refused_before_it_is_appended() {
    let bad_time = NewEvent { timestamp: Some("yesterday".to_owned()), ..event("a.b", "{}") };
    let mut nested = serde_json::Value::Null;
    for _ in 0..200 {
        nested = serde_json::Value::Array(vec![nested]);
    }
    let mut too_deep = event("a.b", "{}");
    too_deep.payload.insert("x".to_owned(), nested);
    for (event, said) in [(bad_time, "event 0 (a.b)"), (too_deep, "nested more than")] {
        let problem = encode_parts(vec![(&tick(), vec![event])], &position()).unwrap_err();
        assert!(problem.to_string().contains(said), "{problem}");
    }
}

/// The golden text with one thing changed, and the fault that it must be.
#[test]
fn decoding_names_what_is_wrong() {
    let table: [(&str, &str, &str); 16] = [
        (r#"{"format":1"#, r#"{"format":2"#, "it has format 2"),
        (r#""seq":42,"prev"#, r#""seq":43,"prev"#, "the header's seq is 43, it must be 42"),
        (r#""count":3"#, r#""count":4"#, "the header's count is 4, it must be 3"),
        (r#""count":2"#, r#""count":1"#, "part 1 of the header"),
        (r#""count":1"#, r#""count":2"#, "part 2 of the header"),
        (r#""count":1}]"#, r#""count":1},{}]"#, "line 1 can't be read"),
        (r#""offset":1001"#, r#""offset":1002"#, "an event's offset is 1002, it must be 1001"),
        (r#"{"offset":1000,"seq":42"#, r#"{"offset":1000,"seq":41"#, "an event's seq is 41"),
        (
            r#"1000,"seq":42,"recorded_at":"2026-11-24T12:00:01.5Z""#,
            r#"1000,"seq":42,"recorded_at":"2026-11-24T12:00:02.5Z""#,
            "an event's recorded_at",
        ),
        (
            r#""decided_at":"2026-11-24T12:00:01.25Z""#,
            r#""decided_at":"2026-11-24T13:00:00Z""#,
            "a part's decided_at",
        ),
        (r#""n":2"#, r#""n":3"#, "the event at offset 1001 has the hash"),
        (r#""z":1.0"#, r#""z":1.1"#, "the event at offset 1002 has the hash"),
        (r#""principal":"tick""#, r#""principal":"tack""#, "names no role"),
        (r#"{"n":2}"#, r#"{"n": 2}"#, "line 3 is not spelled"),
        (r#"{"n":2}"#, r#"{"n":1,"n":2}"#, "line 3 is not spelled"),
        (r#""actor_id":null,"#, "", "line 2 is not spelled"),
    ];
    for (from, to, said) in table {
        assert!(GOLDEN.contains(from), "{from}");
        let text = GOLDEN.replacen(from, to, 1);
        match decode(42, Bytes::from(text)) {
            Err(fault) => assert!(fault.to_string().contains(said), "{from}: {fault}"),
            Ok(_) => panic!("{from} → {to} was accepted"),
        }
    }
}

#[test]
fn bytes_that_are_no_commit_are_refused() {
    let whole = GOLDEN.as_bytes();
    assert_eq!(decode(42, Bytes::new()), Err(Fault::CutOff));
    assert_eq!(decode(42, Bytes::copy_from_slice(&whole[..whole.len() - 1])), Err(Fault::CutOff));
    let more = [whole, b"\n"].concat();
    assert!(matches!(decode(42, Bytes::from(more)), Err(Fault::Line { line: 5, .. })));
    let not_text = [b"\xff".as_slice(), whole].concat();
    assert_eq!(decode(42, Bytes::from(not_text)), Err(Fault::NotText { line: 1 }));
    let huge = vec![b'\n'; MAX_BYTES + 1];
    assert!(matches!(decode(42, Bytes::from(huge)), Err(Fault::Limit { what: "bytes", .. })));
}

#[test]
fn a_commit_that_does_not_follow_leaves_the_position_where_it_is() {
    let stored = two_parts();
    let other = |change: fn(&mut Position)| {
        let mut position = position();
        change(&mut position);
        position
    };
    for (mut position, said) in [
        (other(|at| at.digest = None), "its prev is"),
        (other(|at| at.seq = Some(7)), "the header's seq is 42, it must be 8"),
        (other(|at| at.offset = 999), "the header's first_offset is 1000, it must be 999"),
        (other(|at| at.epoch = 4), "it is of epoch 3, the log is in epoch 4"),
        (other(|at| at.recorded_at = Some(Timestamp::MAX)), "its recorded_at"),
        (other(|at| at.last_hash = None), "the event at offset 1000 has the hash"),
    ] {
        let before = position.clone();
        let fault = position.advance(&stored).unwrap_err();
        assert!(fault.to_string().contains(said), "{fault}");
        assert_eq!(position, before);
    }
}

#[test]
fn a_nonce_is_found_whatever_else_is_wrong() {
    assert_eq!(nonce_of(GOLDEN.as_bytes()), Some(Nonce(*b"0123456789abcdef")));
    assert_eq!(
        nonce_of(br#"{"nonce":"30313233343536373839616263646566"}"#).map(|nonce| nonce.0),
        Some(*b"0123456789abcdef")
    );
    for text in ["", "{}", r#"{"nonce":"30"}"#, r#"{"nonce":7}"#, "\u{0}"] {
        assert_eq!(nonce_of(text.as_bytes()), None, "{text}");
    }
}
