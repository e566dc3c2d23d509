//! A view, whose checksum fits, so that what stands before it is reached: whatever is accepted can
//! be written again and is then read as the same.

use leviathan_core::ids::Digest;
use leviathan_log::views::{decode, encode};

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    let _ = decode("a key", data);
    let last = format!("{{\"sha256\":\"{}\"}}\n", Digest::of(data));
    if let Ok(departures) = decode("a key", &[data, last.as_bytes()].concat()) {
        let again = encode("a key", &departures).unwrap();
        assert_eq!(decode("a key", &again), Ok(departures));
    }
}
