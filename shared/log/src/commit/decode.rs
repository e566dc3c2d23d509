//! From stored bytes to a commit that holds together in itself. How it follows on the commit
//! before it is `Position::advance`'s to judge.

use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::event::Event;
use leviathan_core::ids::Digest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Commit, FORMAT, Fault, Header, MAX_BYTES, MAX_EVENTS, Nonce, StoredCommit};
use crate::position::check_hash;

/// The commit number `seq` in these bytes.
pub fn decode(seq: u64, bytes: Bytes) -> Result<StoredCommit, Fault> {
    if bytes.len() > MAX_BYTES {
        return Err(Fault::Limit { what: "bytes", found: bytes.len(), limit: MAX_BYTES });
    }
    let text = bytes.strip_suffix(b"\n").ok_or(Fault::CutOff)?;
    let mut lines = text.split(|byte| *byte == b'\n');
    let header = header(seq, lines.next().unwrap_or_default())?;
    let events = lines
        .enumerate()
        .map(|(index, line)| event(&header, index, line))
        .collect::<Result<Vec<Event>, Fault>>()?;
    check_count(&header, events.len())?;
    check_parts(&header)?;
    for pair in events.windows(2) {
        if let [before, event] = pair {
            check_hash(event, Some(&before.hash))?;
        }
    }
    let digest = Digest::of(&bytes);
    Ok(StoredCommit { commit: Arc::new(Commit { header, events }), bytes, digest })
}

/// The nonce in these bytes, whatever else is right or wrong with them.
pub fn nonce_of(bytes: &[u8]) -> Option<Nonce> {
    #[derive(Deserialize)]
    struct Named {
        nonce: Nonce,
    }
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    serde_json::from_slice::<Named>(line).ok().map(|named| named.nonce)
}

fn header(seq: u64, line: &[u8]) -> Result<Header, Fault> {
    // A later format may have other fields: its number is looked at before anything else.
    #[derive(Deserialize)]
    struct AnyFormat {
        format: u64,
    }
    let AnyFormat { format } = parse(line, 1)?;
    if format != u64::from(FORMAT) {
        return Err(Fault::Format { found: format });
    }
    let header: Header = parse_exact(line, 1)?;
    number("the header's seq", header.seq, seq)?;
    Ok(header)
}

fn event(header: &Header, index: usize, line: &[u8]) -> Result<Event, Fault> {
    let event: Event = parse_exact(line, index.saturating_add(2))?;
    let offset = header.first_offset.checked_add(index as u64).ok_or(Fault::Parts { part: 0 })?;
    number("an event's offset", event.offset, offset)?;
    number("an event's seq", event.seq, header.seq)?;
    if event.recorded_at != header.recorded_at {
        return Err(Fault::Time {
            what: "an event's recorded_at",
            found: event.recorded_at,
            expected: header.recorded_at.to_string(),
        });
    }
    Ok(event)
}

fn check_count(header: &Header, events: usize) -> Result<(), Fault> {
    if events > MAX_EVENTS {
        return Err(Fault::Limit { what: "events", found: events, limit: MAX_EVENTS });
    }
    number("the header's count", header.count, events as u64)
}

/// The parts cover the events one after the other, and none is empty; so the commit isn't either.
fn check_parts(header: &Header) -> Result<(), Fault> {
    let mut next = header.first_offset;
    for (index, part) in header.parts.iter().enumerate() {
        let wrong = Fault::Parts { part: index };
        if part.first_offset != next || part.count == 0 {
            return Err(wrong);
        }
        next = next.checked_add(part.count).ok_or(wrong)?;
        if part.decided_at > header.recorded_at {
            return Err(Fault::Time {
                what: "a part's decided_at",
                found: part.decided_at,
                expected: format!("{} or earlier", header.recorded_at),
            });
        }
    }
    let end = header.first_offset.checked_add(header.count);
    if header.parts.is_empty() || end != Some(next) {
        return Err(Fault::Parts { part: header.parts.len() });
    }
    Ok(())
}

fn number(what: &'static str, found: u64, expected: u64) -> Result<(), Fault> {
    if found == expected { Ok(()) } else { Err(Fault::Number { what, found, expected }) }
}

fn parse<T: DeserializeOwned>(line: &[u8], number: usize) -> Result<T, Fault> {
    let text = std::str::from_utf8(line).map_err(|_| Fault::NotText { line: number })?;
    serde_json::from_str(text)
        .map_err(|problem| Fault::Line { line: number, reason: problem.to_string() })
}

/// Reads a line, and demands that writing it again gives the same bytes.
fn parse_exact<T: DeserializeOwned + Serialize>(line: &[u8], number: usize) -> Result<T, Fault> {
    let value: T = parse(line, number)?;
    let again = serde_json::to_vec(&value)
        .map_err(|problem| Fault::Line { line: number, reason: problem.to_string() })?;
    if again == line { Ok(value) } else { Err(Fault::Spelling { line: number }) }
}
