//! The replay check: fold the log from commit 0, without any snapshot, and compare with what is
//! believed now, byte for byte. It finds what no digest can: a state that was folded by other
//! rules, or one that somebody wrote.

mod difference;

use std::sync::Arc;

use leviathan_core::state::STATE_FORMAT;

use crate::access::Access;
use crate::error::LogError;
use crate::keys;
use crate::listing::Listing;
use crate::snapshot::{Search, encode};
use crate::tail::{Tail, View};

pub use difference::first_difference;

/// What a replay check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// Commits that were folded.
    pub commits: u64,
    /// The newest snapshot that was compared too, by its key.
    pub snapshot: Option<String>,
    /// The first place at which what is believed differs from what the log says.
    pub difference: Option<Difference>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What differs from the log: `state`, the live one, or a snapshot's key.
    pub of: String,
    /// Where, and what stands there: `path: what the log gives / what is believed`.
    pub at: String,
}

/// Folds everything up to `live` and compares; `progress` hears the number of commits now and then.
pub(crate) async fn replay(
    access: &Access,
    live: &View,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Replayed, LogError> {
    let end = live.position.next_seq();
    let newest = newest_snapshot(access, end).await;
    let mut rebuilt = Tail::default();
    let mut listing = Listing::default();
    let mut at_snapshot = None;
    while rebuilt.view().position.next_seq() < end {
        let chunk = listing.fetch(access, rebuilt.view().position.next_seq()).await?;
        if chunk.is_empty() {
            return Err(LogError::shorter(
                &rebuilt.view().position,
                end.saturating_sub(1),
                "it was read",
            ));
        }
        for got in chunk {
            if rebuilt.view().position.next_seq() < end {
                rebuilt.take_object(&access.rules, got)?;
            }
            if newest.as_ref().is_some_and(|view| view.position.seq == rebuilt.view().position.seq)
            {
                at_snapshot = Some(Arc::clone(rebuilt.view()));
            }
        }
        progress(rebuilt.view().position.next_seq());
    }
    let key = newest.as_ref().and_then(|view| view.position.seq);
    let key = key.map(|seq| keys::snapshot(STATE_FORMAT, seq));
    let of_snapshot = match (&newest, &at_snapshot, &key) {
        (Some(there), Some(rebuilt), Some(key)) => compare(key, rebuilt, there),
        _ => None,
    };
    let of_state = || compare("state", rebuilt.view(), live);
    Ok(Replayed { commits: end, snapshot: key, difference: of_snapshot.or_else(of_state) })
}

/// The newest snapshot that can be read and is not behind the end.
async fn newest_snapshot(access: &Access, end: u64) -> Option<View> {
    let mut search = Search::default();
    while let Some(seq) = search.next(access).await {
        match Search::fetch(access, seq).await {
            Ok(candidate) if candidate.seq < end => return Some(candidate.view),
            Ok(_) => {}
            Err(passed) => search.pass_over(passed.key, passed.why),
        }
    }
    None
}

/// Byte for byte; only where the bytes differ, field by field.
fn compare(of: &str, rebuilt: &View, believed: &View) -> Option<Difference> {
    if rebuilt == believed && encode(rebuilt).ok() == encode(believed).ok() {
        return None;
    }
    let at = first_difference(&rebuilt.state, &believed.state).unwrap_or_else(|| {
        format!("the position: {:?} / {:?}", rebuilt.position, believed.position)
    });
    Some(Difference { of: of.to_owned(), at })
}
