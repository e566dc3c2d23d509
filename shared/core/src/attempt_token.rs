//! The token of one attempt's executor: signed, so that it needs no look-up, and good for that
//! attempt, in that life of the log, until its time is over (DECISIONS 2).
//!
//! `leviathan-attempt.<attempt>.<epoch>.<not after, unix seconds>.<HMAC-SHA256, base64url>`: the
//! first word lets secret scanners find one that got out.

use std::str::FromStr as _;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

use crate::ids::AttemptId;

const PREFIX: &str = "leviathan-attempt";

/// The fewest bytes of a key. Shorter ones can be guessed.
pub const MIN_KEY_BYTES: usize = 32;

/// What signs and checks attempts' tokens. Never printed.
#[derive(Clone)]
pub struct TokenKey(Hmac<Sha256>);

/// The key is too short.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the key that signs attempts' tokens has {bytes} bytes, and needs {MIN_KEY_BYTES} or more")]
pub struct KeyTooShort {
    /// How many it has.
    pub bytes: usize,
}

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The attempt that it speaks for.
    pub attempt: AttemptId,
    /// The life of the log that it was made in.
    pub epoch: u64,
}

impl TokenKey {
    /// A key of these bytes, which nobody else may know.
    pub fn new(bytes: &[u8]) -> Result<Self, KeyTooShort> {
        let short = KeyTooShort { bytes: bytes.len() };
        if bytes.len() < MIN_KEY_BYTES {
            return Err(short);
        }
        Hmac::new_from_slice(bytes).map(Self).map_err(|_| short)
    }

    /// The token of this attempt's executor.
    pub fn mint(&self, attempt: &AttemptId, epoch: u64, not_after: Timestamp) -> String {
        let claim = format!("{PREFIX}.{attempt}.{epoch}.{}", not_after.as_second());
        let mut mac = self.0.clone();
        mac.update(claim.as_bytes());
        let signature = BASE64URL_NOPAD.encode(&mac.finalize().into_bytes());
        format!("{claim}.{signature}")
    }

    /// Whose token this is; `None` for one that is not ours, was changed, or is over.
    pub fn read(&self, token: &str, now: Timestamp) -> Option<Bearer> {
        let (claim, signature) = token.rsplit_once('.')?;
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        let mut mac = self.0.clone();
        mac.update(claim.as_bytes());
        // In constant time, and before anything of the claim is looked at.
        mac.verify_slice(&signature).ok()?;
        let mut parts = claim.split('.');
        let _prefix = parts.next().filter(|prefix| *prefix == PREFIX)?;
        let attempt = AttemptId::from_str(parts.next()?).ok()?;
        let epoch = parts.next()?.parse().ok()?;
        let not_after: i64 = parts.next()?.parse().ok()?;
        let good = parts.next().is_none() && now.as_second() <= not_after;
        good.then_some(Bearer { attempt, epoch })
    }

    /// A fixed-size stand-in for a secret text, by which it can be compared in constant time
    /// without being kept.
    pub fn seal(&self, secret: &str) -> Sealed {
        let mut mac = self.0.clone();
        mac.update(b"sealed\n");
        mac.update(secret.as_bytes());
        Sealed(mac.finalize().into_bytes().into())
    }

    /// Whether this is the sealed text.
    pub fn is(&self, sealed: &Sealed, text: &str) -> bool {
        let mut mac = self.0.clone();
        mac.update(b"sealed\n");
        mac.update(text.as_bytes());
        mac.verify_slice(&sealed.0).is_ok()
    }
}

/// What stands in for a secret text.
#[derive(Clone)]
pub struct Sealed([u8; 32]);

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> TokenKey {
        TokenKey::new(&[7; 32]).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_token_names_its_attempt_until_its_time_is_over() {
        let attempt: AttemptId = "fix-abc".parse().unwrap();
        let token = key().mint(&attempt, 3, at(1_000));
        let bearer = Bearer { attempt, epoch: 3 };
        assert_eq!(key().read(&token, at(999)), Some(bearer.clone()));
        assert_eq!(key().read(&token, at(1_000)), Some(bearer));
        assert_eq!(key().read(&token, at(1_001)), None);
    }

    #[test]
    fn no_byte_of_a_token_can_be_changed() {
        let token = key().mint(&"fix-abc".parse().unwrap(), 3, at(1_000));
        for at_byte in 0..token.len() {
            for other in [b'0', b'a', b'.', b'_'] {
                let mut bytes = token.clone().into_bytes();
                if bytes[at_byte] == other {
                    continue;
                }
                bytes[at_byte] = other;
                let changed = String::from_utf8(bytes).unwrap();
                assert_eq!(key().read(&changed, at(0)), None, "{changed}");
            }
        }
        for cut in 0..token.len() {
            assert_eq!(key().read(&token[..cut], at(0)), None);
        }
    }

    #[test]
    fn another_key_signs_other_tokens() {
        let token = TokenKey::new(&[8; 32]).unwrap().mint(&"a".parse().unwrap(), 1, at(1_000));
        assert_eq!(key().read(&token, at(0)), None);
        assert!(TokenKey::new(&[7; 31]).is_err());
    }

    #[test]
    fn a_sealed_text_is_known_again_and_is_no_token() {
        let sealed = key().seal("open sesame");
        assert!(key().is(&sealed, "open sesame"));
        assert!(!key().is(&sealed, "open sesam"));
        assert!(!key().is(&sealed, ""));
        let claim = "leviathan-attempt.a.1.1000";
        let forged = format!("{claim}.{}", BASE64URL_NOPAD.encode(&key().seal(claim).0));
        assert_eq!(key().read(&forged, at(0)), None);
    }
}
