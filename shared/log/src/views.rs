//! Views: what left the state, kept findable (DECISIONS 4). Small immutable objects in the data
//! store, derived from the log alone; any of them may be deleted and is written again.
//!
//! The state numbers what leaves it (`core::state::Past`) and keeps the newest departures until they
//! are here. Sixty-four of them make a block, written by the tick:
//!
//! | key under `views/1/` | content |
//! |---|---|
//! | `attempt/<id>` | the attempt: its summary, and the commits that hold its events |
//! | `pull-request/<target>/<number>` | the pull request |
//! | `task/<target>/<digest of its id>` | the task that is no longer in its backlog |
//! | `later/<attempt>/<seq>` | a commit with a fact about an attempt that had left before |
//! | `target/<target>/<n>` | each of these once more; `<n>` falls, so that a LIST names the newest first |
//! | `block/<n>` | the whole block, likewise |
//!
//! A block's own object comes last, and blocks come in order: the newest one says up to where views
//! are complete. So a tick that dies in between, or a store from which somebody deleted views, is
//! mended by the next tick: it folds the log again from a snapshot that still knows the missing
//! departures, or from commit 0.
//!
//! What the api shows has views of its own: [`graph`].

mod blocks;
mod bytes;
mod find;
pub mod graph;
mod write;

use leviathan_core::ids::{AttemptId, Digest, TargetId, TaskId};
use leviathan_core::state::Departure;

pub use bytes::{decode, encode};
pub use find::{Aged, Listed};
pub use write::ViewsWritten;

pub(crate) use find::Finder;
pub(crate) use write::write;

pub use crate::keys::VIEWS as PREFIX;

/// Departures in one block.
pub const BLOCK: u64 = 64;

/// A number whose texts sort the highest first.
fn falling(number: u64) -> String {
    format!("{:020}", u64::MAX.saturating_sub(number))
}

fn risen(text: &str) -> Option<u64> {
    text.parse().ok().map(|fallen: u64| u64::MAX.saturating_sub(fallen))
}

fn block_key(block: u64) -> String {
    format!("{PREFIX}block/{}", falling(block))
}

fn attempt_key(id: &AttemptId) -> String {
    format!("{PREFIX}attempt/{id}")
}

fn later_prefix(id: &AttemptId) -> String {
    format!("{PREFIX}later/{id}/")
}

fn pull_request_key(target: &TargetId, number: u64) -> String {
    format!("{PREFIX}pull-request/{target}/{number:020}")
}

/// A task's id may hold any character, a key may not.
fn task_key(target: &TargetId, id: &TaskId) -> String {
    format!("{PREFIX}task/{target}/{}", Digest::of(id.as_str().as_bytes()))
}

fn target_prefix(target: &TargetId) -> String {
    format!("{PREFIX}target/{target}/")
}

/// The key by which it is found; `number`: which departure it is.
fn key_of(departure: &Departure, number: u64) -> String {
    match departure {
        Departure::Attempt { attempt_id, .. } => attempt_key(attempt_id),
        Departure::PullRequest { target_id, number, .. } => pull_request_key(target_id, *number),
        Departure::Task { target_id, task_id, .. } => {
            // A task can be removed, forgotten, put back and forgotten again: the newest is shown.
            format!("{}/{}", task_key(target_id, task_id), falling(number))
        }
        Departure::Later { attempt_id, seq, .. } => {
            format!("{}{seq:020}", later_prefix(attempt_id))
        }
    }
}

fn target_of(departure: &Departure) -> Option<&TargetId> {
    match departure {
        Departure::Attempt { attempt, .. } => Some(&attempt.target),
        Departure::PullRequest { target_id, .. } | Departure::Task { target_id, .. } => {
            Some(target_id)
        }
        Departure::Later { target_id, .. } => target_id.as_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_sorts_first() {
        assert!(falling(2) < falling(1) && falling(10) < falling(9) && falling(1) < falling(0));
        for number in [0, 1, 64, u64::MAX] {
            assert_eq!(risen(&falling(number)), Some(number));
            assert_eq!(falling(number).len(), 20);
        }
        assert_eq!(block_key(1), "views/1/block/18446744073709551614");
    }
}
