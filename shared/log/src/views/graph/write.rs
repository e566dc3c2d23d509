//! Writing the graph's views: the graph after a snapshot's commit, and every full block of what left
//! it.

use ::bytes::Bytes;
use leviathan_core::graph::{Departure, Graph, Row};

use super::super::blocks::{Due, create, first_missing};
use super::super::bytes::fault;
use super::super::{BLOCK, ViewsWritten, bytes, falling};
use super::start::{before, fetch};
use super::{attempt_prefix, block_key, blocks, encode, start_key, target_prefix};
use crate::access::Access;
use crate::error::LogError;
use crate::position::Position;
use crate::tail::damaged;
use crate::walk::{Until, Walk};

/// Writes the graph at this position. Answers its size in bytes.
pub(crate) async fn write_at(
    access: &Access,
    position: &Position,
    graph: &Graph,
) -> Result<usize, LogError> {
    let seq = position.seq.unwrap_or_default();
    let key = start_key(seq);
    let bytes = encode(position, graph).map_err(|why| fault(&key, why))?;
    let size = bytes.len();
    create(access, key, bytes).await?;
    Ok(size)
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
        None => first_missing(access, &blocks()).await?,
    };
    *next = Some(first);
    let mut due = Due::from(first, block_objects);
    if due.is_forgotten(past) {
        let end = position.next_seq();
        written.folded_again = rebuild(access, graph, end, &mut due, next).await?;
    }
    due.collect(past);
    due.write(access, next).await?;
    written.blocks = due.written;
    Ok(written)
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
    due: &mut Due<Departure>,
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
