//! A stored commit: whatever is accepted is exactly what would have been written.

use bytes::Bytes;
use leviathan_log::commit::{decode, nonce_of};

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    let bytes = Bytes::copy_from_slice(data);
    // Its number is looked for in the bytes, so that the rest of the rules is reached.
    let text = String::from_utf8_lossy(data);
    let seq = text.split("\"seq\":").nth(1).and_then(|rest| {
        rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok())
    });
    if let Ok(stored) = decode(seq.unwrap_or_default(), bytes.clone()) {
        assert_eq!(stored.bytes, bytes);
        assert_eq!(nonce_of(data), Some(stored.commit.header.nonce));
        assert_eq!(stored.commit.events.len() as u64, stored.commit.header.count);
    }
    let _ = nonce_of(data);
}
