//! From events to a commit's exact bytes.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::authority::may_append;
use leviathan_core::chain;
use leviathan_core::event::{Event, MAX_EVENT_LINE_BYTES, NewEvent, Principal};
use leviathan_core::ids::Digest;
use leviathan_core::state;
use serde::Serialize;

use super::{
    Commit, FORMAT, Header, MAX_BYTES, MAX_EVENTS, MAX_SENT_LINE_BYTES, Nonce, Part, StoredCommit,
    Writer, decode,
};
use crate::position::Position;
use crate::transact::Transaction;

/// What is to become the next commit.
pub struct Draft<'a> {
    /// Where the log ends.
    pub position: &'a Position,
    /// The epoch to write in.
    pub epoch: u64,
    /// Random for this append.
    pub nonce: Nonce,
    /// The corrected time, in whole microseconds.
    pub recorded_at: Timestamp,
    /// Who writes.
    pub writer: &'a Writer,
    /// The transactions, in the order in which they were decided.
    pub parts: Vec<DraftPart<'a>>,
}

/// One transaction's share of a draft.
pub struct DraftPart<'a> {
    /// What it was.
    pub transaction: &'a Transaction,
    /// The `now` that it saw.
    pub decided_at: Timestamp,
    /// The last commit that it had read.
    pub read_seq: Option<u64>,
    /// What it decided; at least one.
    pub events: Vec<NewEvent>,
}

/// Why a draft can't be a commit. Nothing was appended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// More than a commit may hold.
    #[error(
        "{count} events are more than the {MAX_EVENTS} that one commit holds; send them as several \
         bundles"
    )]
    TooManyEvents {
        /// How many there are.
        count: usize,
    },
    /// More than a commit may hold.
    #[error(
        "{bytes} bytes of events are more than the {MAX_BYTES} that one commit holds; send them \
         as several bundles, and long texts as artifacts"
    )]
    TooManyBytes {
        /// How many there are.
        bytes: usize,
    },
    /// One event is too long.
    #[error(
        "event {index} ({event_type}) is a line of {bytes} bytes, the limit is {limit}; store its \
         long parts as artifacts and name their digests"
    )]
    LineTooLong {
        /// Which of the commit's events, from 0.
        index: usize,
        /// Its type.
        event_type: String,
        /// Its length.
        bytes: usize,
        /// The limit that holds for it.
        limit: usize,
    },
    /// One event can't stand in the log.
    #[error("event {index} ({event_type}) can't stand in the log: {reason}")]
    BadEvent {
        /// Which of the commit's events, from 0.
        index: usize,
        /// Its type.
        event_type: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The bytes would not be read back as what was meant: a fault of this program, found before
    /// it could stop the log for everybody.
    #[error("the commit would not be read back as it was meant ({reason}); report this as a bug")]
    Unreadable {
        /// What reading it back said.
        reason: String,
    },
}

/// The commit's exact bytes. What comes back was decoded from them once, because a commit that
/// can't be read would stop every reader for good.
pub fn encode(draft: Draft<'_>) -> Result<StoredCommit, EncodeError> {
    let count = draft.parts.iter().map(|part| part.events.len()).sum();
    if count > MAX_EVENTS {
        return Err(EncodeError::TooManyEvents { count });
    }
    let mut header = header(&draft, count);
    let mut body = Vec::new();
    let mut events = Vec::with_capacity(count);
    let mut last_hash = draft.position.last_hash.clone();
    for part in draft.parts {
        let principal = &part.transaction.principal;
        for new in part.events {
            let ours = new.event_id.is_none();
            let mut event = event(new, events.len(), principal, &header);
            event.hash = hash(&event, last_hash.as_deref(), events.len())?;
            // A foreign event under one of our names binds nobody.
            if may_append(principal.role, &event.event_type) {
                header.min_reader = header.min_reader.max(state::min_reader(&event.event_type));
            }
            write_line(&event, ours, events.len(), &mut body)?;
            last_hash = Some(event.hash.clone());
            events.push(event);
        }
    }
    let mut bytes = Vec::with_capacity(body.len() + 1024);
    write_json(&header, &mut bytes)?;
    bytes.extend_from_slice(&body);
    if bytes.len() > MAX_BYTES {
        return Err(EncodeError::TooManyBytes { bytes: bytes.len() });
    }
    read_back(Commit { header, events }, Bytes::from(bytes))
}

fn header(draft: &Draft<'_>, count: usize) -> Header {
    let mut first_offset = draft.position.offset;
    let mut parts = Vec::with_capacity(draft.parts.len());
    for part in &draft.parts {
        let count = part.events.len() as u64;
        parts.push(Part {
            kind: part.transaction.kind.clone(),
            decided_at: part.decided_at,
            read_seq: part.read_seq,
            target: part.transaction.target.clone(),
            bundle_id: part.transaction.bundle_id.clone(),
            content_digest: part.transaction.content_digest.clone(),
            first_offset,
            count,
        });
        first_offset = first_offset.saturating_add(count);
    }
    Header {
        format: FORMAT,
        min_reader: 1,
        epoch: draft.epoch,
        seq: draft.position.next_seq(),
        prev: draft.position.digest.clone(),
        nonce: draft.nonce,
        recorded_at: draft.recorded_at,
        writer: draft.writer.clone(),
        first_offset: draft.position.offset,
        count: count as u64,
        parts,
    }
}

/// The event at this index of the commit, still without its hash.
fn event(new: NewEvent, index: usize, principal: &Principal, header: &Header) -> Event {
    Event {
        offset: header.first_offset.saturating_add(index as u64),
        seq: header.seq,
        recorded_at: header.recorded_at,
        // DECISIONS 9: our own ids are fixed by the place in the log.
        event_id: new.event_id.unwrap_or_else(|| format!("{}-{index}", header.seq)),
        event_type: new.event_type,
        timestamp: new.timestamp.unwrap_or_else(|| header.recorded_at.to_string()),
        actor_id: new.actor_id,
        principal: principal.clone(),
        target: new.target,
        payload: new.payload,
        hash: String::new(),
    }
}

fn hash(event: &Event, last: Option<&str>, index: usize) -> Result<String, EncodeError> {
    chain::event_hash(
        last,
        &event.event_id,
        &event.event_type,
        &event.timestamp,
        event.actor_id.as_deref(),
        &event.payload,
    )
    .map_err(|problem| EncodeError::BadEvent {
        index,
        event_type: event.event_type.clone(),
        reason: problem.to_string(),
    })
}

fn write_line(
    event: &Event,
    ours: bool,
    index: usize,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let before = out.len();
    write_json(event, out)?;
    let bytes = out.len() - before;
    let limit = if ours { MAX_EVENT_LINE_BYTES } else { MAX_SENT_LINE_BYTES };
    if bytes > limit {
        let event_type = event.event_type.clone();
        return Err(EncodeError::LineTooLong { index, event_type, bytes, limit });
    }
    Ok(())
}

fn write_json(value: &impl Serialize, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    serde_json::to_writer(&mut *out, value)
        .map_err(|problem| EncodeError::Unreadable { reason: problem.to_string() })?;
    out.push(b'\n');
    Ok(())
}

fn read_back(meant: Commit, bytes: Bytes) -> Result<StoredCommit, EncodeError> {
    let unreadable = |reason| EncodeError::Unreadable { reason };
    let read =
        decode(meant.header.seq, bytes.clone()).map_err(|fault| unreadable(fault.to_string()))?;
    if *read.commit != meant {
        return Err(unreadable("another value came back".to_owned()));
    }
    Ok(StoredCommit { commit: Arc::new(meant), digest: Digest::of(&bytes), bytes })
}
