//! Writing a snapshot, and the hint that names it. Create-only: whoever else writes the same one
//! writes the same bytes, and other bytes mean that two programs fold differently.

use bytes::Bytes;
use leviathan_core::state::STATE_FORMAT;

use super::bytes::{decode, encode};
use super::kept::Due;
use crate::access::{Access, Created};
use crate::error::LogError;
use crate::hint::{Hint, HintedSnapshot};
use crate::keys;
use crate::replay::first_difference;
use crate::tail::View;
use crate::views::graph::write_at;

/// A snapshot that stands in the data store now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Its key.
    pub key: String,
    /// Its commit.
    pub seq: u64,
    /// Its size in bytes.
    pub bytes: usize,
    /// Whether another process had written the same before.
    pub was_there: bool,
    /// The size of the graph beside it; `None`: it could not be begun, which was told then.
    pub graph_bytes: Option<usize>,
}

/// Writes the snapshot that is due, the graph, then the hint; `end` is what this process knows of
/// the end.
pub(crate) async fn write(access: &Access, due: &Due, end: &View) -> Result<Written, LogError> {
    let view = due.view.as_ref();
    let seq = view.position.seq.unwrap_or_default();
    let key = keys::snapshot(STATE_FORMAT, seq);
    let fault = |why: String| LogError::Snapshot { key: key.clone(), why };
    let bytes = encode(view).map_err(|problem| fault(problem.to_string()))?;
    let was_there = match access.create_data(&key, Bytes::clone(&bytes)).await? {
        Created::New => false,
        Created::Was(there) if there == bytes => true,
        Created::Was(there) => return Err(fault(compare(seq, &there, view))),
    };
    let graph_bytes = match &due.shown {
        Some(shown) => Some(write_at(access, &view.position, &shown.graph).await?),
        None => None,
    };
    let snapshot = Some(HintedSnapshot { state_format: STATE_FORMAT, seq });
    let head = end.position.seq.unwrap_or(seq);
    access.replace_data(keys::HINT, Hint::new(end.position.epoch, head, snapshot).encode()).await?;
    Ok(Written { key, seq, bytes: bytes.len(), was_there, graph_bytes })
}

/// In what the snapshot that stands there differs from ours.
fn compare(seq: u64, there: &[u8], ours: &View) -> String {
    match decode(seq, there) {
        Err(fault) => format!("{fault}, and an object is never replaced"),
        Ok(theirs) if theirs.position != ours.position => {
            let digest = |view: &View| view.position.digest.as_ref().map(ToString::to_string);
            format!(
                "it is of another log: its commit {seq} has the digest {}, ours {}",
                digest(&theirs).unwrap_or_default(),
                digest(ours).unwrap_or_default()
            )
        }
        Ok(theirs) => first_difference(&theirs.state, &ours.state).map_or_else(
            || "it is the same state in other bytes".to_owned(),
            |difference| {
                format!(
                    "two programs fold the same commits differently; the first difference \
                     (there / here) is {difference}"
                )
            },
        ),
    }
}
