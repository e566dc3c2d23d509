//! One commit: a header line, then one line an event, each ended by a newline (DECISIONS 3).
//!
//! Format 1 is exactly the bytes that `encode` writes. `decode` accepts nothing else: it writes
//! again what it read and compares, so no two different byte strings mean the same commit, and a
//! flipped byte can't hide in a blank, a repeated key or another spelling of a number.

mod decode;
mod encode;
mod fault;
mod header;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::event::Event;
use leviathan_core::ids::Digest;

pub use decode::{decode, nonce_of};
pub(crate) use encode::{Added, Encoder};
pub use encode::{Draft, DraftPart, EncodeError, encode};
pub use fault::Fault;
pub use header::{Header, Nonce, Part, Writer};

/// The format of a commit's bytes that this program writes and reads.
pub const FORMAT: u32 = 1;

/// The most events of one commit (DECISIONS 3).
pub const MAX_EVENTS: usize = 1_024;

/// The most bytes of one commit (DECISIONS 3).
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The most bytes of an event line that a client sent, its newline with it. Without that 65,535: an
/// entry of c2sp.org/tlog-tiles has its length in two bytes, and one that is longer could not be
/// sealed. Our own lines are held to `core::event::MAX_EVENT_LINE_BYTES`, which is the same.
pub const MAX_SENT_LINE_BYTES: usize = 64 * 1024;

/// One commit, as facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// What holds for all of its events.
    pub header: Header,
    /// In the order of their offsets; never empty.
    pub events: Vec<Event>,
}

impl Commit {
    /// The events of this part; none where there is no such part.
    pub fn part_events(&self, part: usize) -> &[Event] {
        let Some(part) = self.header.parts.get(part) else { return &[] };
        let first = part.first_offset.saturating_sub(self.header.first_offset);
        let end = first.saturating_add(part.count);
        let index = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
        self.events.get(index(first)..index(end)).unwrap_or_default()
    }
}

/// One commit and the exact bytes that it is stored as.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredCommit {
    /// What the bytes say.
    pub commit: Arc<Commit>,
    /// The object's content.
    pub bytes: Bytes,
    /// Of `bytes`: the `prev` of the next commit.
    pub digest: Digest,
}

impl StoredCommit {
    /// The lines of its events as they are stored, without their newlines.
    pub fn event_lines(&self) -> impl Iterator<Item = &[u8]> {
        let text = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        text.split(|byte| *byte == b'\n').skip(1)
    }
}
