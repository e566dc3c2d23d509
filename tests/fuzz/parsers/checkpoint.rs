//! A checkpoint's note, its text, and the verifier's key: whatever is accepted is spelled in the one
//! way that we write, and is believed once it is signed.

use leviathan_log::seal::note::text_of;
use leviathan_log::seal::{Checkpoint, VerifierKey};

use super::signing;

/// Panics where something is accepted that should not be.
pub(crate) fn check(data: &[u8]) {
    let key = signing::key();
    if let Ok(text) = key.open(data) {
        assert_eq!(text_of(data), Ok(text));
        assert_eq!(key.open(signing::note(text).as_bytes()), Ok(text));
    }
    if let Ok(text) = text_of(data)
        && let Some(checkpoint) = Checkpoint::parse(text)
    {
        let note = signing::note(&checkpoint.text());
        assert_eq!(key.open(note.as_bytes()), Ok(text));
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.text(), text);
    }
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text.trim());
    }
}
