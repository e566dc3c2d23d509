//! Views of the graph (`core::graph`), so that the api need not fold the whole log and holds no more
//! than a window of it.
//!
//! | key under `views/graph/<format>/` | content |
//! |---|---|
//! | `at/<seq>` | the graph after commit `<seq>`, written beside the snapshot of that commit |
//! | `attempt/<digest of its id>/<n>` | what left of an attempt: its node, what it produced, where its events stand |
//! | `target/<digest of its id>/<block>` | those of a block that concern this target, as a list names them |
//! | `block/<block>` | 64 departures, as a list names them |
//!
//! `<n>` and `<block>` fall, so that a LIST names the newest first. As with the other views a
//! block's own object comes last and blocks come in order; and what is missing is made again by the
//! next tick, from the newest graph that still knows it or from commit 0.

mod bytes;
mod find;
mod list;
mod start;
mod write;

use leviathan_core::graph::GRAPH_FORMAT;
use leviathan_core::ids::Digest;

use super::falling;
use crate::keys;

pub use bytes::{decode, encode};
pub use find::ShownAttempt;
pub use write::block_objects;

pub(crate) use find::Finder;
pub(crate) use start::{fetch, reach};
pub(crate) use write::{write_at, write_past};

/// Where they lie.
pub fn prefix() -> String {
    format!("{}{GRAPH_FORMAT}/", keys::GRAPH_VIEWS)
}

/// Where the graphs lie that a reader may begin from.
pub fn starts() -> String {
    format!("{}at/", prefix())
}

/// The graph after this commit.
pub fn start_key(seq: u64) -> String {
    format!("{}{seq:020}", starts())
}

/// The commit of the graph under this key; `None` where it names none.
pub fn start_seq(key: &str) -> Option<u64> {
    let seq = key.strip_prefix(&starts())?.parse().ok()?;
    // Another spelling of the number names nothing.
    (start_key(seq) == key).then_some(seq)
}

fn blocks() -> String {
    format!("{}block/", prefix())
}

fn block_key(block: u64) -> String {
    format!("{}{}", blocks(), falling(block))
}

/// An id of the original's workers may hold any character, a key may not.
fn attempt_prefix(attempt_id: &str) -> String {
    format!("{}attempt/{}/", prefix(), Digest::of(attempt_id.as_bytes()))
}

fn target_prefix(target: &str) -> String {
    format!("{}target/{}/", prefix(), Digest::of(target.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_spelling_names_a_graph() {
        assert_eq!(start_key(64), "views/graph/1/at/00000000000000000064");
        for seq in [0, 64, u64::MAX] {
            assert_eq!(start_seq(&start_key(seq)), Some(seq));
        }
        for key in ["views/graph/1/at/64", "views/graph/2/at/00000000000000000064", "", "at/64"] {
            assert_eq!(start_seq(key), None, "{key}");
        }
    }
}
