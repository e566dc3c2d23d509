//! From events to a commit's exact bytes, part by part: what a part decided can be looked at, and
//! folded, before the next part is decided.

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
        /// Which of its part's events, from 0.
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
        /// Which of its part's events, from 0.
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

/// The commit's exact bytes, of a draft whose parts are all known.
pub fn encode(draft: Draft<'_>) -> Result<StoredCommit, EncodeError> {
    let Draft { position, epoch, nonce, recorded_at, writer, parts } = draft;
    let mut encoder = Encoder::new(position, epoch, nonce, recorded_at, writer)?;
    for part in parts {
        let count = encoder.events.len().saturating_add(part.events.len());
        if encoder.add(part)? == Added::Full {
            return Err(if count > MAX_EVENTS {
                EncodeError::TooManyEvents { count }
            } else {
                EncodeError::TooManyBytes { bytes: encoder.size() }
            });
        }
    }
    encoder.finish()
}

/// Digits that the header's numbers may still gain: each is written as 0 at first.
const HEADER_GROWTH: usize = 64;

/// A commit that grows part by part.
pub(crate) struct Encoder {
    header: Header,
    events: Vec<Event>,
    body: Vec<u8>,
    last_hash: Option<String>,
    /// At least as many bytes as the header will have.
    header_bytes: usize,
}

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// It is in.
    In,
    /// It does not fit beside the parts that are in.
    Full,
}

impl Encoder {
    /// A commit without parts.
    pub(crate) fn new(
        position: &Position,
        epoch: u64,
        nonce: Nonce,
        recorded_at: Timestamp,
        writer: &Writer,
    ) -> Result<Self, EncodeError> {
        let header = Header {
            format: FORMAT,
            min_reader: 1,
            epoch,
            seq: position.next_seq(),
            prev: position.digest.clone(),
            nonce,
            recorded_at,
            writer: writer.clone(),
            first_offset: position.offset,
            count: 0,
            parts: Vec::new(),
        };
        let header_bytes = json_length(&header)?.saturating_add(HEADER_GROWTH);
        let last_hash = position.last_hash.clone();
        Ok(Self { header, events: Vec::new(), body: Vec::new(), last_hash, header_bytes })
    }

    /// The parts that are in.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.header.parts
    }

    /// The events of all parts that are in.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// The life of the log that it is written in.
    pub(crate) fn epoch(&self) -> u64 {
        self.header.epoch
    }

    /// Adds a part. Where it does not fit, or can't stand in the log, nothing changes.
    pub(crate) fn add(&mut self, part: DraftPart<'_>) -> Result<Added, EncodeError> {
        let count = part.events.len();
        if count > MAX_EVENTS {
            return Err(EncodeError::TooManyEvents { count });
        }
        if self.events.len().saturating_add(count) > MAX_EVENTS {
            return Ok(Added::Full);
        }
        let header = self.part(&part);
        let header_bytes = self.header_bytes.saturating_add(json_length(&header)?);
        let (before, body_before) = (self.events.len(), self.body.len());
        let last_hash = self.last_hash.clone();
        let added = self.add_events(part).and_then(|()| {
            let bytes = self.body.len() - body_before;
            if bytes > MAX_BYTES {
                return Err(EncodeError::TooManyBytes { bytes });
            }
            // Alone a part is measured exactly, by `finish`.
            let fits = header_bytes.saturating_add(self.body.len()) <= MAX_BYTES;
            Ok(if fits || before == 0 { Added::In } else { Added::Full })
        });
        if added == Ok(Added::In) {
            self.header_bytes = header_bytes;
            self.header.parts.push(header);
        } else {
            self.events.truncate(before);
            self.body.truncate(body_before);
            self.last_hash = last_hash;
        }
        added
    }

    fn part(&self, part: &DraftPart<'_>) -> Part {
        let transaction = part.transaction;
        Part {
            kind: transaction.kind.clone(),
            decided_at: part.decided_at,
            read_seq: part.read_seq,
            target: transaction.target.clone(),
            bundle_id: transaction.bundle_id.clone(),
            content_digest: transaction.content_digest.clone(),
            first_offset: self.header.first_offset.saturating_add(self.events.len() as u64),
            count: part.events.len() as u64,
        }
    }

    fn add_events(&mut self, part: DraftPart<'_>) -> Result<(), EncodeError> {
        let principal = &part.transaction.principal;
        for (index, new) in part.events.into_iter().enumerate() {
            let ours = new.event_id.is_none();
            let mut event = event(new, self.events.len(), principal, &self.header);
            event.hash = hash(&event, self.last_hash.as_deref(), index)?;
            write_line(&event, ours, index, &mut self.body)?;
            self.last_hash = Some(event.hash.clone());
            self.events.push(event);
        }
        Ok(())
    }

    /// At least as many bytes as the commit will have.
    fn size(&self) -> usize {
        self.header_bytes.saturating_add(self.body.len())
    }

    /// The commit's exact bytes. What comes back was decoded from them once, because a commit that
    /// can't be read would stop every reader for good.
    pub(crate) fn finish(self) -> Result<StoredCommit, EncodeError> {
        let Self { mut header, events, body, header_bytes, .. } = self;
        header.count = events.len() as u64;
        // A foreign event under one of our names binds nobody.
        let binding =
            events.iter().filter(|event| may_append(event.principal.role, &event.event_type));
        let demands = binding.map(|event| state::min_reader(&event.event_type));
        header.min_reader = demands.fold(header.min_reader, u32::max);
        let mut bytes = Vec::with_capacity(body.len().saturating_add(header_bytes));
        write_json(&header, &mut bytes)?;
        bytes.extend_from_slice(&body);
        if bytes.len() > MAX_BYTES {
            return Err(EncodeError::TooManyBytes { bytes: bytes.len() });
        }
        read_back(Commit { header, events }, Bytes::from(bytes))
    }
}

fn json_length(value: &impl Serialize) -> Result<usize, EncodeError> {
    let mut out = Vec::new();
    write_json(value, &mut out)?;
    // The newline stands for the comma between two parts.
    Ok(out.len())
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
