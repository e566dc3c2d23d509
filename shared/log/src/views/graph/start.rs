//! Where a graph begins: from a view of it, the newest that can be used, and the commits behind
//! that; without one from commit 0.

use leviathan_core::graph::{Graph, Window};

use super::bytes::decode;
use super::{start_key, start_seq, starts};
use crate::access::Access;
use crate::error::LogError;
use crate::position::Position;
use crate::snapshot::PassedOver;
use crate::walk::{Until, Walk};

/// So many are tried before the log is folded from commit 0.
const MOST_TRIED: usize = 8;

/// Keys asked for in one LIST.
const LIST_PAGE: usize = 10_000;

/// The graph under this number, if it can be read.
pub(crate) async fn fetch(access: &Access, seq: u64) -> Result<(Position, Graph), PassedOver> {
    let key = start_key(seq);
    let why = match access.get_data(&key).await {
        Ok(Some(bytes)) => match decode(seq, &bytes) {
            Ok(read) => return Ok(read),
            Err(why) => why,
        },
        Ok(None) => "it is not there".to_owned(),
        Err(LogError::Store { source }) => source.to_string(),
        Err(problem) => problem.to_string(),
    };
    Err(PassedOver { key, why })
}

/// The graph at this position, which is not at hand: from the newest view before it that leads
/// there, else from commit 0. What can't be used is noted.
pub(crate) async fn reach(
    access: &Access,
    to: &Position,
    window: Window,
    passed_over: &mut Vec<PassedOver>,
) -> Result<Graph, LogError> {
    let Some(end) = to.seq else { return Ok(Graph::new(window)) };
    for seq in before(access, end).await? {
        let why = match fetch(access, seq).await {
            Ok((position, graph)) => {
                match lead(access, position, graph.within(window), to).await {
                    Ok(Some(graph)) => return Ok(graph),
                    Ok(None) => "it is of another log".to_owned(),
                    // A commit that does not follow is this view's fault, or will be met again.
                    Err(problem) if problem.is_fault_of_the_log() => problem.to_string(),
                    Err(problem) => return Err(problem),
                }
            }
            Err(passed) => passed.why,
        };
        let key = start_key(seq);
        tracing::warn!(key, "passed over: {why}; the one before it, or the whole log, is folded");
        passed_over.push(PassedOver { key, why });
    }
    let whole = lead(access, Position::default(), Graph::new(window), to).await?;
    whole.ok_or_else(|| LogError::shorter(to, end, "this process has read it"))
}

/// The numbers of the newest ones up to this commit, the newest first.
pub(super) async fn before(access: &Access, end: u64) -> Result<Vec<u64>, LogError> {
    let mut found = Vec::new();
    loop {
        let after = found.last().map(String::as_str);
        let page = access.list_data(&starts(), after, LIST_PAGE).await?;
        let last = page.len() < LIST_PAGE;
        found.extend(page);
        if last {
            break;
        }
    }
    let seqs = found.iter().rev().filter_map(|key| start_seq(key));
    Ok(seqs.filter(|seq| *seq <= end).take(MOST_TRIED).collect())
}

/// Folds on from this position; `None`: it does not lead there.
async fn lead(
    access: &Access,
    from: Position,
    mut graph: Graph,
    to: &Position,
) -> Result<Option<Graph>, LogError> {
    if from != *to {
        let until = to.seq.map_or(Until::End, Until::Commit);
        let mut walk = Walk::new(access, from, until);
        while walk.position.seq < to.seq {
            let chunk = walk.next().await?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let events = chunk.iter().flat_map(|stored| &stored.commit.events);
            events.for_each(|event| graph.apply(event));
        }
        // Of what a reader remembers from before the point where it began, a view knows all and a
        // walk nothing; the digest vouches for the rest.
        if walk.position.digest != to.digest {
            return Ok(None);
        }
    }
    Ok(Some(graph))
}
