//! Texts that clients send: timestamps and idempotency keys.

use leviathan_core::idempotency_key::IdempotencyKey;
use leviathan_core::timestamp;

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(time) = timestamp::parse(text) {
        let again = timestamp::parse(&time.isoformat()).unwrap();
        assert_eq!(again.instant(), time.instant());
        let _ = time.journal_format();
    }
    if let Ok(key) = text.parse::<IdempotencyKey>() {
        let _ = key.check_age(key.made());
    }
}
