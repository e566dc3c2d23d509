//! Writing views: every full block that is not there yet.

use ::bytes::Bytes;
use leviathan_core::state::{Departure, State};

use super::blocks::{Due, first_missing};
use super::bytes::encode;
use super::{BLOCK, PREFIX, block_key, falling, key_of, target_of, target_prefix};
use crate::access::Access;
use crate::error::LogError;
use crate::listing::Listing;
use crate::position::Position;
use crate::snapshot::Search;
use crate::tail::{View, damaged, fold_each, read_next};

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ViewsWritten {
    /// Blocks.
    pub blocks: u64,
    /// Commits that had to be folded again, because the state no longer held what was missing.
    pub folded_again: u64,
}

impl ViewsWritten {
    /// Both together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            blocks: self.blocks.saturating_add(other.blocks),
            folded_again: self.folded_again.saturating_add(other.folded_again),
        }
    }
}

/// Writes every full block from `next` on; `next` is moved on with each. Without it the store is
/// asked which block is the newest.
pub(crate) async fn write(
    access: &Access,
    view: &View,
    next: &mut Option<u64>,
) -> Result<ViewsWritten, LogError> {
    let mut written = ViewsWritten::default();
    let past = &view.state.past;
    if past.departed() < BLOCK {
        return Ok(written);
    }
    let first = match *next {
        Some(first) => first,
        None => first_missing(access, &format!("{PREFIX}block/")).await?,
    };
    *next = Some(first);
    let mut due = Due::from(first, objects);
    if due.is_forgotten(past) {
        written.folded_again = rebuild(access, view, &mut due, next).await?;
    }
    due.collect(past);
    due.write(access, next).await?;
    written.blocks = due.written;
    Ok(written)
}

fn objects(number: u64, block: &[(u64, Departure)]) -> Result<Vec<(String, Bytes)>, LogError> {
    let mut objects = Vec::new();
    for one in block.chunks(1) {
        let Some((number, departure)) = one.first() else { continue };
        let key = key_of(departure, *number);
        let bytes = encode(&key, one)?;
        if let Some(target) = target_of(departure) {
            objects.push((format!("{}{}", target_prefix(target), falling(*number)), bytes.clone()));
        }
        objects.push((key, bytes));
    }
    let key = block_key(number);
    let bytes = encode(&key, block)?;
    objects.push((key, bytes));
    Ok(objects)
}

/// Folds the log again, event by event, up to `view`, and writes the blocks that it gives. Answers
/// how many commits that were.
async fn rebuild(
    access: &Access,
    view: &View,
    due: &mut Due<Departure>,
    next: &mut Option<u64>,
) -> Result<u64, LogError> {
    let end = view.position.next_seq();
    let (mut state, mut position) = start(access, due.next, end).await?;
    let begun = position.next_seq();
    tracing::warn!(
        from = begun,
        to = end,
        "views are missing from block {} on: the log is folded again for them",
        due.next
    );
    let mut listing = Listing::default();
    while position.next_seq() < end {
        let chunk = listing.fetch(access, position.next_seq()).await?;
        if chunk.is_empty() {
            return Err(LogError::shorter(&position, end.saturating_sub(1), "it was read"));
        }
        for got in chunk {
            if position.next_seq() >= end {
                break;
            }
            let stored = read_next(&position, got.object.bytes)?;
            let seq = stored.commit.header.seq;
            position.advance(&stored).map_err(|fault| damaged(seq, fault))?;
            fold_each(&mut state, &stored.commit, |state| due.collect(&state.past));
            due.write(access, next).await?;
        }
    }
    Ok(end.saturating_sub(begun))
}

/// A point before which no missing departure is forgotten: of the newest snapshots the first that
/// still holds the first departure of this block, else the beginning.
async fn start(access: &Access, block: u64, end: u64) -> Result<(State, Position), LogError> {
    let mut search = Search::begin(access).await;
    while let Some(seq) = search.next(access).await {
        if seq >= end {
            continue;
        }
        let Ok(candidate) = Search::fetch(access, seq).await else { continue };
        let view = candidate.view;
        let holds = view.state.past.first_kept() <= block.saturating_mul(BLOCK);
        if holds && is_of_this_log(access, &view.position).await? {
            return Ok((view.state, view.position));
        }
    }
    Ok(Default::default())
}

/// Whether the commit that a snapshot was made after is the log's.
async fn is_of_this_log(access: &Access, position: &Position) -> Result<bool, LogError> {
    let Some(seq) = position.seq else { return Ok(false) };
    let found = access.get(seq).await?;
    Ok(found.map(|got| leviathan_core::ids::Digest::of(&got.object.bytes)) == position.digest)
}
