//! The name that a new client gives to one request, so that sending it again does it once
//! (DECISIONS 6). A UUIDv7, because it begins with its creation time: a key that is older than what
//! is remembered is refused, never done a second time.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use uuid::{Builder, Uuid, Version};

/// A key older than this is refused as expired. What came in within this time is still in the
/// state's window, as long as at most `state::WINDOW` bundles and events come in meanwhile.
pub const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// How far a client's clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// One request's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyKey(Uuid);

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Idempotency-Key must be a UUID of version 7, which begins with its creation time")]
pub struct KeyProblem;

/// Why a key can't be used now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyAge {
    /// What it did may be forgotten.
    #[error(
        "Idempotency-Key was made at {made}, more than 24 hours ago: whether it was used is no \
         longer known. Look whether its events are there, and send what is missing under a new key"
    )]
    Expired {
        /// When it was made.
        made: Timestamp,
    },
    /// It would be accepted for longer than it is remembered.
    #[error("Idempotency-Key was made at {made}, in the future: set the client's clock")]
    FromTheFuture {
        /// When it says that it was made.
        made: Timestamp,
    },
}

impl IdempotencyKey {
    /// A new key: the time, and 16 bytes that nobody can guess.
    pub fn new(now: Timestamp, random: [u8; 16]) -> Self {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let [bytes @ .., _, _, _, _, _, _] = random;
        Self(Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }

    /// When it was made, in whole milliseconds, by its maker's clock.
    pub fn made(&self) -> Timestamp {
        let [a, b, c, d, e, f, ..] = *self.0.as_bytes();
        let millis = i64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        // 48 bits of milliseconds end in the year 10889, a little after the last timestamp.
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }

    /// Whether it can be used now.
    pub fn check_age(&self, now: Timestamp) -> Result<(), KeyAge> {
        let made = self.made();
        let age = now.duration_since(made);
        if age > LIFE {
            return Err(KeyAge::Expired { made });
        }
        if age < -AHEAD {
            return Err(KeyAge::FromTheFuture { made });
        }
        Ok(())
    }
}

impl FromStr for IdempotencyKey {
    type Err = KeyProblem;
    fn from_str(text: &str) -> Result<Self, KeyProblem> {
        let uuid = Uuid::try_parse(text).map_err(|_| KeyProblem)?;
        if uuid.get_version() == Some(Version::SortRand) { Ok(Self(uuid)) } else { Err(KeyProblem) }
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_key_reads_back_and_tells_when_it_was_made() {
        let now = at("2026-05-01T10:00:00.123Z");
        let key = IdempotencyKey::new(now, [0xff; 16]);
        assert_eq!(key.to_string().parse(), Ok(key));
        assert_eq!(key.made(), now);
        assert_ne!(key, IdempotencyKey::new(now, [0; 16]));
    }

    #[test]
    fn only_a_uuid_of_version_7_is_a_key() {
        for text in [
            "",
            "bundle-1",
            "2b1c3f5e-8d4a-4c6b-9e0f-1a2b3c4d5e6f",
            "00000000-0000-0000-0000-000000000000",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
        ] {
            assert_eq!(text.parse::<IdempotencyKey>(), Err(KeyProblem), "{text:?}");
        }
    }

    #[test]
    fn a_key_lives_for_a_day() {
        let key = IdempotencyKey::new(at("2026-05-01T10:00:00Z"), [7; 16]);
        assert_eq!(key.check_age(at("2026-05-01T10:00:00Z")), Ok(()));
        assert_eq!(key.check_age(at("2026-05-02T10:00:00Z")), Ok(()));
        assert!(matches!(key.check_age(at("2026-05-02T10:00:01Z")), Err(KeyAge::Expired { .. })));
        assert!(matches!(
            key.check_age(at("2026-05-01T09:50:00Z")),
            Err(KeyAge::FromTheFuture { .. })
        ));
        let last: IdempotencyKey = "ffffffff-ffff-7fff-bfff-ffffffffffff".parse().unwrap();
        assert_eq!(last.made(), Timestamp::MAX);
    }
}
