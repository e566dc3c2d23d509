//! Writing views: every full block that is not there yet.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use leviathan_core::state::{Departure, Past, State};

use super::bytes::{encode, fault};
use super::{BLOCK, PREFIX, block_key, falling, key_of, risen, target_of, target_prefix};
use crate::access::{Access, Created};
use crate::error::LogError;
use crate::listing::Listing;
use crate::position::Position;
use crate::snapshot::Search;
use crate::tail::{View, damaged, fold_each, read_next};

/// Objects written at the same time.
const AT_ONCE: usize = 16;

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
        None => first_missing(access).await?,
    };
    *next = Some(first);
    let mut due = Due { next: first, blocks: Vec::new() };
    if first.saturating_mul(BLOCK) < past.first_kept() && full(past, first) {
        written.folded_again = rebuild(access, view, &mut due, next, &mut written.blocks).await?;
    }
    due.collect(past);
    due.write(access, next, &mut written.blocks).await?;
    Ok(written)
}

/// The block after the newest one.
async fn first_missing(access: &Access) -> Result<u64, LogError> {
    let prefix = format!("{PREFIX}block/");
    let newest = access.list_data(&prefix, None, 1).await?;
    let number = newest.first().and_then(|key| risen(key.strip_prefix(&prefix)?));
    Ok(number.map_or(0, |newest| newest.saturating_add(1)))
}

fn full(past: &Past, block: u64) -> bool {
    block.saturating_add(1).saturating_mul(BLOCK) <= past.departed()
}

/// Blocks that are full and not yet written.
struct Due {
    next: u64,
    blocks: Vec<Vec<(u64, Departure)>>,
}

impl Due {
    /// Takes what this state holds of the blocks that come next.
    fn collect(&mut self, past: &Past) {
        while full(past, self.next) && past.first_kept() <= self.next.saturating_mul(BLOCK) {
            let first = self.next.saturating_mul(BLOCK);
            let block: Vec<_> = past
                .newest()
                .skip_while(|(number, _)| *number < first)
                .take_while(|(number, _)| number.saturating_sub(first) < BLOCK)
                .map(|(number, departure)| (number, departure.clone()))
                .collect();
            self.blocks.push(block);
            self.next = self.next.saturating_add(1);
        }
    }

    async fn write(
        &mut self,
        access: &Access,
        next: &mut Option<u64>,
        written: &mut u64,
    ) -> Result<(), LogError> {
        for block in self.blocks.drain(..) {
            let number = block.first().map_or(0, |(number, _)| number / BLOCK);
            write_block(access, number, &block).await?;
            *next = Some(number.saturating_add(1));
            *written = written.saturating_add(1);
        }
        Ok(())
    }
}

/// The block's object last: where it stands, all others do.
async fn write_block(
    access: &Access,
    number: u64,
    block: &[(u64, Departure)],
) -> Result<(), LogError> {
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
    stream::iter(objects)
        .map(|(key, bytes)| create(access, key, bytes))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    let key = block_key(number);
    let bytes = encode(&key, block)?;
    create(access, key, bytes).await
}

pub(super) async fn create(
    access: &Access,
    key: String,
    bytes: ::bytes::Bytes,
) -> Result<(), LogError> {
    match access.create_data(&key, bytes.clone()).await? {
        Created::New => Ok(()),
        Created::Was(there) if there == bytes => Ok(()),
        Created::Was(_) => Err(fault(&key, "other bytes stand there than the log gives")),
    }
}

/// Folds the log again, event by event, up to `view`, and writes the blocks that it gives. Answers
/// how many commits that were.
async fn rebuild(
    access: &Access,
    view: &View,
    due: &mut Due,
    next: &mut Option<u64>,
    written: &mut u64,
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
            due.write(access, next, written).await?;
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
