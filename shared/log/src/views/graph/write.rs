//! Writing the graph's views: the graph after a snapshot's commit, and every full block of what left
//! it.

use ::bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use leviathan_core::graph::{Departure, Departures, Graph, Row};

use super::super::bytes::fault;
use super::super::write::create;
use super::super::{BLOCK, ViewsWritten, bytes, falling, risen};
use super::start::{before, fetch};
use super::{attempt_prefix, block_key, blocks, encode, start_key, target_prefix};
use crate::access::{Access, Created};
use crate::error::LogError;
use crate::position::Position;
use crate::tail::damaged;
use crate::walk::{Until, Walk};

/// Objects written at the same time.
const AT_ONCE: usize = 16;

/// Writes the graph at this position. Answers its size in bytes.
pub(crate) async fn write_at(
    access: &Access,
    position: &Position,
    graph: &Graph,
) -> Result<usize, LogError> {
    let seq = position.seq.unwrap_or_default();
    let key = start_key(seq);
    let bytes = encode(position, graph).map_err(|why| fault(&key, why))?;
    match access.create_data(&key, bytes.clone()).await? {
        Created::New => Ok(bytes.len()),
        Created::Was(there) if there == bytes => Ok(bytes.len()),
        Created::Was(_) => Err(fault(&key, "other bytes stand there than the log gives")),
    }
}

/// Writes every full block from `next` on; `next` is moved on with each. Without it the store is
/// asked which block is the newest.
pub(crate) async fn write_past(
    access: &Access,
    position: &Position,
    graph: &Graph,
    next: &mut Option<u64>,
) -> Result<ViewsWritten, LogError> {
    let mut written = ViewsWritten::default();
    let past = graph.past();
    if past.departed() < BLOCK {
        return Ok(written);
    }
    let first = match *next {
        Some(first) => first,
        None => first_missing(access).await?,
    };
    *next = Some(first);
    let mut due = Due { next: first, blocks: Vec::new() };
    if full(past, first) && first.saturating_mul(BLOCK) < past.first_kept() {
        let end = position.next_seq();
        written.folded_again = rebuild(access, graph, end, &mut due, next).await?;
        written.blocks = due.next.saturating_sub(first);
    }
    due.collect(past);
    let blocks = due.blocks.len() as u64;
    due.write(access, next).await?;
    written.blocks = written.blocks.saturating_add(blocks);
    Ok(written)
}

/// The block after the newest one.
pub(super) async fn first_missing(access: &Access) -> Result<u64, LogError> {
    let newest = access.list_data(&blocks(), None, 1).await?;
    let number = newest.first().and_then(|key| risen(key.strip_prefix(&blocks())?));
    Ok(number.map_or(0, |newest| newest.saturating_add(1)))
}

fn full(past: &Departures, block: u64) -> bool {
    block.saturating_add(1).saturating_mul(BLOCK) <= past.departed()
}

/// Blocks that are full and not yet written.
struct Due {
    next: u64,
    blocks: Vec<Vec<(u64, Departure)>>,
}

impl Due {
    /// Takes what is still known of the blocks that come next.
    fn collect(&mut self, past: &Departures) {
        while full(past, self.next) && past.first_kept() <= self.next.saturating_mul(BLOCK) {
            let first = self.next.saturating_mul(BLOCK);
            let block = past
                .newest()
                .skip_while(|(number, _)| *number < first)
                .take_while(|(number, _)| number.saturating_sub(first) < BLOCK)
                .map(|(number, departure)| (number, departure.clone()));
            self.blocks.push(block.collect());
            self.next = self.next.saturating_add(1);
        }
    }

    async fn write(&mut self, access: &Access, next: &mut Option<u64>) -> Result<(), LogError> {
        for block in self.blocks.drain(..) {
            let number = block.first().map_or(0, |(number, _)| number / BLOCK);
            write_block(access, number, &block).await?;
            *next = Some(number.saturating_add(1));
        }
        Ok(())
    }
}

/// The objects that a block is written as; its own is the last.
pub fn block_objects(
    number: u64,
    block: &[(u64, Departure)],
) -> Result<Vec<(String, Bytes)>, LogError> {
    let mut objects = Vec::new();
    for one in block.chunks(1) {
        if let [(number, Departure::Attempt(aged))] = one {
            let key = format!("{}{}", attempt_prefix(aged.attempt_id()), falling(*number));
            let bytes = bytes::encode(&key, one)?;
            objects.push((key, bytes));
        }
    }
    let mut targets: Vec<&str> = block.iter().filter_map(|(_, left)| left.target()).collect();
    targets.sort_unstable();
    targets.dedup();
    for target in targets {
        let key = format!("{}{}", target_prefix(target), falling(number));
        let bytes = bytes::encode(&key, &rows(block, |left| left.target() == Some(target)))?;
        objects.push((key, bytes));
    }
    let key = block_key(number);
    let bytes = bytes::encode(&key, &rows(block, |_| true))?;
    objects.push((key, bytes));
    Ok(objects)
}

/// The block's own object last: where it stands, all others do.
async fn write_block(
    access: &Access,
    number: u64,
    block: &[(u64, Departure)],
) -> Result<(), LogError> {
    let mut objects = block_objects(number, block)?;
    let own = objects.pop();
    stream::iter(objects)
        .map(|(key, bytes)| create(access, key, bytes))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    match own {
        Some((key, bytes)) => create(access, key, bytes).await,
        None => Ok(()),
    }
}

fn rows(block: &[(u64, Departure)], wanted: impl Fn(&Departure) -> bool) -> Vec<(u64, Row)> {
    let wanted = block.iter().filter(|(_, departure)| wanted(departure));
    wanted.map(|(number, departure)| (*number, departure.row())).collect()
}

/// Folds the log again, event by event, up to `end`, and writes the blocks that it gives. Answers
/// how many commits that were.
async fn rebuild(
    access: &Access,
    graph: &Graph,
    end: u64,
    due: &mut Due,
    next: &mut Option<u64>,
) -> Result<u64, LogError> {
    let (position, mut rebuilt) = start(access, graph, due.next, end).await?;
    let begun = position.next_seq();
    tracing::warn!(
        from = begun,
        to = end,
        "views of the graph are missing from block {} on: the log is folded again for them",
        due.next
    );
    let until = Until::Commit(end.saturating_sub(1));
    let mut walk = Walk::new(access, position, until);
    while walk.position.next_seq() < end {
        let chunk = walk.next().await?;
        if chunk.is_empty() {
            let known = end.saturating_sub(1);
            return Err(LogError::shorter(&walk.position, known, "it was read"));
        }
        for event in chunk.iter().flat_map(|stored| &stored.commit.events) {
            rebuilt.apply(event);
            due.collect(rebuilt.past());
        }
        due.write(access, next).await?;
    }
    Ok(end.saturating_sub(begun))
}

/// A point before which no missing departure is forgotten: of the newest graphs the first that
/// still holds the first departure of this block, else the beginning.
async fn start(
    access: &Access,
    graph: &Graph,
    block: u64,
    end: u64,
) -> Result<(Position, Graph), LogError> {
    for seq in before(access, end.saturating_sub(1)).await? {
        let Ok((position, graph_there)) = fetch(access, seq).await else { continue };
        let holds = graph_there.past().first_kept() <= block.saturating_mul(BLOCK);
        if holds && is_of_this_log(access, seq, &position).await? {
            return Ok((position, graph_there.within(graph.window())));
        }
    }
    Ok((Position::default(), Graph::new(graph.window())))
}

/// Whether the commit that it was made after is the log's.
async fn is_of_this_log(access: &Access, seq: u64, position: &Position) -> Result<bool, LogError> {
    let Some(got) = access.get(seq).await? else { return Ok(false) };
    let stored = crate::commit::decode(seq, got.object.bytes).map_err(|f| damaged(seq, f))?;
    Ok(position.digest.as_ref() == Some(&stored.digest))
}
