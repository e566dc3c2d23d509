//! Payloads that are too large for the log. The whole goes into an artifact, what is short stays in
//! the event, with the artifact's digest; answers give the whole back (DECISIONS 6).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::Payload;
use crate::ids::Digest;

/// The key under which the log's part of a payload names the whole one. Clients may not send it.
pub(super) const MARK: &str = "leviathan.payload";

/// The most bytes of a payload that go into the log. Together with the longest ids and texts around
/// it, each character escaped, its line stays below the 65,535 bytes that an entry of the sealed log
/// can have.
pub const MAX_PAYLOAD_BYTES: usize = 56 * 1024;

/// The most bytes of one field, and of all together, that stay beside the mark: the ids and words
/// that are shown.
const MAX_FIELD_BYTES: usize = 1024;
const MAX_KEPT_BYTES: usize = 16 * 1024;

/// Reduces a large payload to its short fields and the mark; gives the whole one's bytes.
pub(super) fn set_aside(payload: &mut Payload) -> Option<Vec<u8>> {
    let text = Value::Object(payload.clone()).to_string();
    if text.len() <= MAX_PAYLOAD_BYTES {
        return None;
    }
    let mut kept = Payload::new();
    let mut bytes = 0_usize;
    for (key, value) in payload.iter() {
        let size = key.len().saturating_add(value.to_string().len());
        if size <= MAX_FIELD_BYTES && bytes.saturating_add(size) <= MAX_KEPT_BYTES {
            bytes = bytes.saturating_add(size);
            kept.insert(key.clone(), value.clone());
        }
    }
    let whole = Whole { sha256: Digest::of(text.as_bytes()), size_bytes: text.len() };
    kept.insert(MARK.to_owned(), json!(whole));
    *payload = kept;
    Some(text.into_bytes())
}

/// Where the whole of a large payload is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// Its artifact.
    pub sha256: Digest,
    /// How long it is.
    pub size_bytes: usize,
}

/// Where the whole payload is, if the log has only a part.
pub fn whole(payload: &Payload) -> Option<Whole> {
    serde_json::from_value(payload.get(MARK)?.clone()).ok()
}
