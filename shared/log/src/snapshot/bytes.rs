//! A snapshot's bytes: a line with the position, a line with the state, a line with the digest of
//! both.

use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ids::Digest;
use leviathan_core::state::{STATE_FORMAT, State};
use serde::{Deserialize, Serialize};

use crate::checksummed::{add_checksum, checked};
use crate::position::Position;
use crate::tail::View;

/// The format of the lines around the state; the state's own is [`STATE_FORMAT`].
const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    state_format: u32,
    seq: u64,
    digest: Digest,
    offset: u64,
    last_hash: String,
    recorded_at: Timestamp,
    min_reader: u32,
    epoch: u64,
}

/// Why bytes are not the snapshot that should stand there, or why there is none to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotFault {
    /// Not the bytes that were written.
    #[error("its bytes are cut off or changed")]
    Damaged,
    /// A line is not the JSON that it should be.
    #[error("its {line} can't be read: {reason}")]
    Line {
        /// Which one.
        line: &'static str,
        /// The parser's word.
        reason: String,
    },
    /// Another program's format.
    #[error("its {what} is {found}, this program reads {expected}")]
    Format {
        /// Which format.
        what: &'static str,
        /// What stands there.
        found: u32,
        /// What this program reads.
        expected: u32,
    },
    /// It is of another commit than its name says.
    #[error("it is of commit {found}, not of {expected}")]
    OtherCommit {
        /// What it says.
        found: u64,
        /// What its name says.
        expected: u64,
    },
    /// Its two lines don't belong together.
    #[error("its state is after {state} events, its position after {position}")]
    Apart {
        /// By the state.
        state: u64,
        /// By the position.
        position: u64,
    },
    /// The state before any commit.
    #[error("nothing was folded yet")]
    Empty,
}

/// The exact bytes of the snapshot of this view.
pub fn encode(view: &View) -> Result<Bytes, SnapshotFault> {
    let Position { seq, digest, offset, last_hash, recorded_at, min_reader, epoch } =
        view.position.clone();
    let (Some(seq), Some(digest), Some(last_hash), Some(recorded_at)) =
        (seq, digest, last_hash, recorded_at)
    else {
        return Err(SnapshotFault::Empty);
    };
    let header = Header {
        format: FORMAT,
        state_format: STATE_FORMAT,
        seq,
        digest,
        offset,
        last_hash,
        recorded_at,
        min_reader,
        epoch,
    };
    let mut bytes = Vec::new();
    line("first line", &header, &mut bytes)?;
    line("state", &view.state, &mut bytes)?;
    Ok(add_checksum(bytes))
}

fn line(
    line: &'static str,
    value: &impl Serialize,
    bytes: &mut Vec<u8>,
) -> Result<(), SnapshotFault> {
    serde_json::to_writer(&mut *bytes, value)
        .map_err(|problem| SnapshotFault::Line { line, reason: problem.to_string() })?;
    bytes.push(b'\n');
    Ok(())
}

/// Reads the snapshot of commit `seq`. Whether that commit is the log's is not said by this.
pub fn decode(seq: u64, bytes: &[u8]) -> Result<View, SnapshotFault> {
    let body = checked(bytes).ok_or(SnapshotFault::Damaged)?;
    let end = body.iter().position(|byte| *byte == b'\n').ok_or(SnapshotFault::Damaged)?;
    let (first, state) = body.split_at_checked(end).ok_or(SnapshotFault::Damaged)?;
    let header: Header = read("first line", first)?;
    for (what, found, expected) in
        [("format", header.format, FORMAT), ("state format", header.state_format, STATE_FORMAT)]
    {
        if found != expected {
            return Err(SnapshotFault::Format { what, found, expected });
        }
    }
    if header.seq != seq {
        return Err(SnapshotFault::OtherCommit { found: header.seq, expected: seq });
    }
    let state: State = read("state", state)?;
    if state.events != header.offset {
        return Err(SnapshotFault::Apart { state: state.events, position: header.offset });
    }
    let position = Position {
        seq: Some(header.seq),
        digest: Some(header.digest),
        offset: header.offset,
        last_hash: Some(header.last_hash),
        recorded_at: Some(header.recorded_at),
        min_reader: header.min_reader,
        epoch: header.epoch,
    };
    Ok(View { state, position })
}

fn read<T: for<'de> Deserialize<'de>>(
    line: &'static str,
    bytes: &[u8],
) -> Result<T, SnapshotFault> {
    serde_json::from_slice(bytes)
        .map_err(|problem| SnapshotFault::Line { line, reason: problem.to_string() })
}
