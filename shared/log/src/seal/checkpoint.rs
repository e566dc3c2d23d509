//! Checkpoints (c2sp.org/tlog-checkpoint): the tree at one size, in a few lines, to be signed.
//!
//! Two extension lines bind a checkpoint to the commits as well: `commit <seq>:<digest>` names the
//! last commit whose events the tree has, and with it, through `prev`, every byte of all commits
//! before; `recorded_at <time>` is that commit's time. Both follow from the size, so sealers that
//! race write the same bytes. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::merkle::Hash;
use super::note::{NoteError, VerifierKey};
use crate::verify::Head;

/// The tree over the first `size` events, and where in the commits that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// How many events.
    pub size: u64,
    /// The root of the tree over their lines.
    pub root: Hash,
    /// The commit that ends with the last of them.
    pub head: Head,
    /// That commit's time.
    pub recorded_at: Timestamp,
}

/// Why a checkpoint is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Its text is another one.
    #[error("its text is not that of a checkpoint")]
    Text,
    /// It is one of another log.
    #[error("it is one of another log: its first line is not the key's name")]
    Origin,
}

impl Checkpoint {
    /// The checkpoint in a signed note, if this key signed it and it is one of this key's log.
    pub fn open(note: &[u8], key: &VerifierKey) -> Result<Self, CheckpointError> {
        let checkpoint = Self::parse(key.open(note)?).ok_or(CheckpointError::Text)?;
        if checkpoint.origin != key.name() {
            return Err(CheckpointError::Origin);
        }
        Ok(checkpoint)
    }

    /// The note's text, byte for byte.
    pub fn text(&self) -> String {
        let Self { origin, size, root, head, recorded_at } = self;
        let root = STANDARD.encode(root.0);
        format!(
            "{origin}\n{size}\n{root}\ncommit {}:{}\nrecorded_at {recorded_at}\n",
            head.seq, head.digest
        )
    }

    /// Reads a note's text; only what [`text`](Self::text) writes is read.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = lines.next()?.to_owned();
        let size = lines.next()?.parse().ok()?;
        let root = STANDARD.decode(lines.next()?).ok()?;
        let (seq, digest) = lines.next()?.strip_prefix("commit ")?.split_once(':')?;
        let head = Head { seq: seq.parse().ok()?, digest: digest.parse().ok()? };
        let recorded_at = lines.next()?.strip_prefix("recorded_at ")?.parse().ok()?;
        let root = Hash(root.try_into().ok()?);
        let checkpoint = Self { origin, size, root, head, recorded_at };
        (!checkpoint.origin.is_empty() && checkpoint.text() == text).then_some(checkpoint)
    }
}
