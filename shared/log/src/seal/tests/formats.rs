//! The bytes of keys, notes and checkpoints.

use ed25519_dalek::{Signer as _, SigningKey};

use super::super::Checkpoint;
use super::super::merkle::Hash;
use super::super::note::{KeyError, NoteError, VerifierKey, text_of};
use crate::verify::Head;

/// A key pair that is known to all, of RFC 8032's first test.
pub(super) fn known() -> (SigningKey, VerifierKey) {
    let secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let secret = data_encoding::HEXLOWER.decode(secret.as_bytes()).unwrap();
    let key = SigningKey::from_bytes(&secret.try_into().unwrap());
    let verifier = VerifierKey::new("example.org/log", key.verifying_key().as_bytes()).unwrap();
    (key, verifier)
}

pub(super) fn signed(text: &str) -> String {
    let (key, verifier) = known();
    verifier.note(text, &key.sign(text.as_bytes()).to_bytes())
}

pub(super) fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: "example.org/log".to_owned(),
        size: 1_003,
        root: Hash([7; 32]),
        head: Head {
            seq: 42,
            digest: "2d37c1b1083cce305e6bb256e5a0a88dbd849e19bbbde88c1482f1e6e2e4f5cf"
                .parse()
                .unwrap(),
        },
        recorded_at: "2026-11-24T12:00:01.5Z".parse().unwrap(),
    }
}

/// Golden: these bytes are what stands in logs; a change breaks every old one.
const NOTE: &str = "\
example.org/log
1003
BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=
commit 42:2d37c1b1083cce305e6bb256e5a0a88dbd849e19bbbde88c1482f1e6e2e4f5cf
recorded_at 2026-11-24T12:00:01.5Z

\u{2014} example.org/log HGa56k4KDr6pYnFuyu10pwIYWSbW/E0JfXpq6KCm05hIakgPt7fiMF0DEDLnKGLsHQEqCpuzJ5FD4hpS7WxOw6JJNQM=
";
const VKEY: &str = "example.org/log+1c66b9ea+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

#[test]
fn a_checkpoint_has_exactly_these_bytes() {
    let note = signed(&checkpoint().text());
    assert_eq!(note, NOTE);
    let (_, verifier) = known();
    assert_eq!(verifier.to_string(), VKEY);
    let text = verifier.open(NOTE.as_bytes()).unwrap();
    assert_eq!(Checkpoint::parse(text), Some(checkpoint()));
}

#[test]
fn another_spelling_of_a_checkpoint_is_none() {
    let good = checkpoint().text();
    assert_eq!(Checkpoint::parse(&good), Some(checkpoint()));
    for (from, to) in [
        ("1003", "01003"),
        ("1003", "+1003"),
        ("commit 42", "commit 042"),
        ("01.5Z", "01.50Z"),
        ("01.5Z\n", "01.5Z\nmore\n"),
        ("01.5Z\n", "01.5Z"),
        ("BwcH", "Bwc"),
        ("\n", "\r\n"),
        ("example.org/log\n", "\n"),
        ("recorded_at", "recorded"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        assert_eq!(Checkpoint::parse(&bad), None, "{bad}");
    }
}

#[test]
fn a_flipped_bit_anywhere_in_a_note_is_found() {
    let (_, verifier) = known();
    let note = signed(&checkpoint().text());
    for at in 0..note.len() {
        for bit in 0..8 {
            let mut bad = note.clone().into_bytes();
            bad[at] ^= 1 << bit;
            assert!(verifier.open(&bad).is_err(), "bit {bit} of byte {at}");
        }
        assert!(verifier.open(&note.as_bytes()[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn another_keys_signature_may_stand_beside_and_does_not_count() {
    let (_, verifier) = known();
    let text = checkpoint().text();
    let other = SigningKey::from_bytes(&[9; 32]);
    let other_key = VerifierKey::new("example.org/log", other.verifying_key().as_bytes()).unwrap();
    let note = other_key.note(&text, &other.sign(text.as_bytes()).to_bytes());
    assert!(matches!(verifier.open(note.as_bytes()), Err(NoteError::NotSigned { .. })));
    let own = signed(&text);
    let (_, own_line) = own.split_once("\n\n").unwrap();
    let both = format!("{note}{own_line}");
    assert_eq!(verifier.open(both.as_bytes()), Ok(text.as_str()));
    assert_eq!(other_key.open(both.as_bytes()), Ok(text.as_str()));
    // The right name and id, and a signature of something else.
    let wrong = verifier.note(&text, &other.sign(text.as_bytes()).to_bytes());
    assert_eq!(
        verifier.open(wrong.as_bytes()),
        Err(NoteError::Wrong { name: "example.org/log".to_owned() })
    );
}

#[test]
fn what_is_no_note_is_told_so() {
    let (_, verifier) = known();
    let long = "x".repeat(70_000);
    for bad in ["", "\n", "\n\n", "a\n\n", "a\n\n\u{2014} x\n", "a\n\n\u{2014} x !!\n", &long] {
        assert!(matches!(verifier.open(bad.as_bytes()), Err(NoteError::Form(_))), "{bad:.20}");
        assert!(text_of(bad.as_bytes()).is_err());
    }
    assert!(text_of(b"a\n\n\xff").is_err());
}

#[test]
fn a_verifier_key_is_read_back_and_a_spoilt_one_is_refused() {
    let (_, verifier) = known();
    let text = verifier.to_string();
    assert_eq!(text.parse(), Ok(verifier.clone()));
    assert_eq!(format!(" {text}\n").parse(), Ok(verifier));
    for bad in [
        "",
        "a+b",
        &text.replace("example", "exemple"),
        &text[..text.len() - 4],
        &text.replacen('+', "+0", 1),
        &text.to_uppercase(),
    ] {
        let read: Result<VerifierKey, KeyError> = bad.parse();
        assert!(read.is_err(), "{bad}");
    }
    for name in ["", "a b", "a+b", "a\u{a0}b"] {
        assert!(VerifierKey::new(name, &[0; 32]).is_err(), "{name:?}");
    }
}
