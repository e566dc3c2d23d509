//! A log restored from a backup into an empty store, to go on in a new epoch (DECISIONS 9).
//!
//! The order of steps is the fence. First the plan is written down, so that an interrupted restore
//! goes on as the same one. Then come all kept commits but the first: until the very last step the
//! new log is one with a hole at its beginning, which every program refuses. Then the old log is
//! closed, then `log.restored` is put at the new log's end, and only then its first commit. So at
//! no moment can both be written; whatever step is the last before a crash, running it again goes
//! on from there.

mod old;
mod plan;
mod run;

use leviathan_core::ports::StoreError;

pub use plan::{Found, Plan, Restore};
pub use run::RestoreReport;

use crate::copy::CopyError;
use crate::error::LogError;

/// Why a restore stopped.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup can't be read, or the old log not be closed.
    #[error("{0}")]
    Log(#[from] LogError),
    /// A store did not do it.
    #[error("{0}; running the same command again goes on from there")]
    Copy(#[from] CopyError),
    /// The store is in use.
    #[error(
        "the store to restore into is not empty: {key} is there. Nothing was changed. Name an empty \
         one"
    )]
    NotEmpty {
        /// What is there.
        key: String,
    },
    /// Nothing in the backup is sound, or it is empty.
    #[error("there is nothing to restore: {reason}. Nothing was changed")]
    Nothing {
        /// Why.
        reason: String,
    },
    /// The kept part ends closed: its successor is the log.
    #[error(
        "this log was closed, and {successor} at {place} goes on in its place: restore that one's \
         backup. To go back to before, name a commit or a time with --until; that log must then be \
         closed too. Nothing was changed"
    )]
    Succeeded {
        /// The successor's id.
        successor: String,
        /// Where it lies.
        place: String,
    },
    /// An interrupted restore of something else.
    #[error(
        "a restore of commit {kept_seq} ({kept_digest}) into this store was begun, and the backup \
         named now does not hold that commit. Name the same backup again, or an empty store"
    )]
    OtherPlan {
        /// What the plan says.
        kept_seq: u64,
        /// And its digest.
        kept_digest: String,
    },
    /// The plan can't be read.
    #[error("the plan of an interrupted restore can't be read ({reason}). Name an empty store")]
    BadPlan {
        /// Why.
        reason: String,
    },
    /// What was named as the old log is another one.
    #[error(
        "what was named as the old log is not the log that this backup is of: its commit {seq} \
         differs. Nothing was closed"
    )]
    NotTheOldLog {
        /// The commit.
        seq: u64,
    },
    /// Another restore, or a writer, was in the same store.
    #[error(
        "somebody else wrote {key} into the store meanwhile. Name an empty store, and let no \
         program run on it before the restore is done"
    )]
    Disturbed {
        /// What was written.
        key: String,
    },
}

impl From<StoreError> for RestoreError {
    fn from(problem: StoreError) -> Self {
        Self::Copy(problem.into())
    }
}
