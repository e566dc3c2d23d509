//! Small text objects that notice when their own bytes were cut or changed: their last line is the
//! SHA-256 of everything before it.
//!
//! For what is derived from the log and may be lost (snapshots, the hint). It tells an accident; it
//! is no proof against somebody who may write there, and nothing that is decided rests on it alone.

use bytes::Bytes;
use leviathan_core::ids::Digest;

/// What stands around the digest in the last line.
const BEFORE: &[u8] = b"{\"sha256\":\"";
const AFTER: &[u8] = b"\"}\n";

/// Adds the last line to these bytes, which end with a newline.
pub(crate) fn add_checksum(mut bytes: Vec<u8>) -> Bytes {
    let digest = Digest::of(&bytes);
    bytes.extend_from_slice(BEFORE);
    bytes.extend_from_slice(digest.as_str().as_bytes());
    bytes.extend_from_slice(AFTER);
    Bytes::from(bytes)
}

/// The bytes before the last line; `None` where they are not those that were whole.
pub(crate) fn checked(bytes: &[u8]) -> Option<&[u8]> {
    let line = BEFORE.len() + 64 + AFTER.len();
    let (body, last) = bytes.split_at_checked(bytes.len().checked_sub(line)?)?;
    let digest = last.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
    (Digest::of(body).as_str().as_bytes() == digest).then_some(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_found_again_and_nothing_else() {
        let whole = add_checksum(b"{\"a\":1}\n".to_vec());
        assert_eq!(checked(&whole), Some(b"{\"a\":1}\n".as_slice()));
        for length in 0..whole.len() {
            assert_eq!(checked(whole.get(..length).unwrap_or_default()), None, "cut to {length}");
        }
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut other = whole.to_vec();
                if let Some(byte) = other.get_mut(at) {
                    *byte ^= 1 << bit;
                }
                assert_eq!(checked(&other), None, "byte {at}, bit {bit}");
            }
        }
        assert_eq!(checked(&[whole.as_ref(), b"\n"].concat()), None);
    }
}
