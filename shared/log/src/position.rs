//! Where a reader is in the log, and the rules by which it goes one commit further.

use jiff::Timestamp;
use leviathan_core::chain;
use leviathan_core::event::Event;
use leviathan_core::ids::Digest;
use serde::{Deserialize, Serialize};

use crate::commit::{Fault, StoredCommit};

/// Where a reader is: all that it must know of what it has read to judge what comes next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The last commit; `None`: nothing was read yet.
    pub seq: Option<u64>,
    /// SHA-256 of the last commit's bytes.
    pub digest: Option<Digest>,
    /// The offset that the next event will have: how many events the log holds.
    pub offset: u64,
    /// The hash of the last event.
    pub last_hash: Option<String>,
    /// The last commit's time.
    pub recorded_at: Option<Timestamp>,
    /// The highest `min_reader` of any commit: see `core::state::READER_VERSION`.
    pub min_reader: u32,
    /// The last commit's epoch.
    pub epoch: u64,
}

impl Position {
    /// The number of the next commit.
    pub fn next_seq(&self) -> u64 {
        self.seq.map_or(0, |seq| seq.saturating_add(1))
    }

    /// Right after this commit, whatever comes before it; of earlier commits' `min_reader` it knows
    /// nothing.
    pub(crate) fn after(stored: &StoredCommit) -> Self {
        let header = &stored.commit.header;
        Self {
            seq: Some(header.seq),
            digest: Some(stored.digest.clone()),
            offset: header.first_offset.saturating_add(header.count),
            last_hash: stored.commit.events.last().map(|event| event.hash.clone()),
            recorded_at: Some(header.recorded_at),
            min_reader: header.min_reader,
            epoch: header.epoch,
        }
    }

    /// Goes one commit further, if this is the one that follows; else stays where it is.
    pub fn advance(&mut self, stored: &StoredCommit) -> Result<(), Fault> {
        self.check_prev(stored)?;
        self.advance_unlinked(stored)
    }

    /// As [`advance`](Self::advance), without the look at `prev`: for the simulation's mutant only.
    pub(crate) fn advance_unlinked(&mut self, stored: &StoredCommit) -> Result<(), Fault> {
        let header = &stored.commit.header;
        self.check_numbers(stored)?;
        if let Some(last) = self.recorded_at
            && header.recorded_at < last
        {
            return Err(Fault::Time {
                what: "its recorded_at",
                found: header.recorded_at,
                expected: format!("{last} or later"),
            });
        }
        if let Some(first) = stored.commit.events.first() {
            check_hash(first, self.last_hash.as_deref())?;
        }
        let min_reader = self.min_reader;
        *self = Self::after(stored);
        self.min_reader = self.min_reader.max(min_reader);
        Ok(())
    }

    fn check_prev(&self, stored: &StoredCommit) -> Result<(), Fault> {
        let found = &stored.commit.header.prev;
        if *found == self.digest {
            return Ok(());
        }
        let text = |digest: &Option<Digest>| {
            digest.as_ref().map_or_else(|| "null".to_owned(), Digest::to_string)
        };
        Err(Fault::Prev { found: text(found), expected: text(&self.digest) })
    }

    fn check_numbers(&self, stored: &StoredCommit) -> Result<(), Fault> {
        let header = &stored.commit.header;
        let expected = self.next_seq();
        if header.seq != expected {
            return Err(Fault::Number { what: "the header's seq", found: header.seq, expected });
        }
        if header.first_offset != self.offset {
            return Err(Fault::Number {
                what: "the header's first_offset",
                found: header.first_offset,
                expected: self.offset,
            });
        }
        if header.epoch < self.epoch {
            return Err(Fault::Epoch { found: header.epoch, expected: self.epoch });
        }
        Ok(())
    }
}

/// Whether the event's hash is the one that its content gives after this last hash.
pub(crate) fn check_hash(event: &Event, last: Option<&str>) -> Result<(), Fault> {
    let expected = chain::event_hash(
        last,
        &event.event_id,
        &event.event_type,
        &event.timestamp,
        event.actor_id.as_deref(),
        &event.payload,
    )
    .map_err(|problem| Fault::Unhashable { offset: event.offset, reason: problem.to_string() })?;
    if event.hash == expected {
        return Ok(());
    }
    Err(Fault::Hash { offset: event.offset, found: event.hash.clone(), expected })
}
