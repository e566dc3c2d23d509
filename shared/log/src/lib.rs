//! The append-only log's protocol over the object-store port.
//!
//! The log is a row of objects `events/<seq>`, dense from 0, each created once and never changed.
//! Each names the digest of the one before it. State is a fold over their events.
//!
//! An append is one create-only PUT at the next number. What the store may answer, and what it
//! means:
//!
//! | answer | meaning | what follows |
//! |---|---|---|
//! | 200 | committed | |
//! | 412, own nonce there | committed: an earlier try was stored and its answer lost | |
//! | 412, another nonce | lost: another writer was first | catch up, decide again |
//! | 409 | another request is under way, its outcome open | same bytes, same key, again |
//! | time-out, 5xx | stored or not, or still to come | same bytes, same key, again; then reads |
//! | still unclear | unknown, never "failed" | the caller repeats with the same ids |
//! | refused | nothing was stored | an error that says why |
//!
//! And what a reader may find at the next number:
//!
//! | answer | meaning |
//! |---|---|
//! | a commit whose `prev` is ours | go on |
//! | 404 | the end; at a cold start only if a LIST knows nothing behind it |
//! | 404 with a delete marker, or a later commit in the LIST | a hole: stop loudly |
//! | anything else | damaged or replaced: stop loudly |
//!
//! So, with the view at the end, an append is 1 PUT and a read 1 GET; k commits behind are k+1
//! GETs; a lost race costs 1 PUT and a GET for what landed; a lost answer 1 PUT and 1 GET.

mod access;
mod append;
pub mod artifacts;
mod backup;
mod checksummed;
mod close;
mod cold_start;
pub mod commit;
mod copy;
mod error;
mod group;
pub mod hint;
pub mod keys;
mod listing;
mod log;
mod pace;
mod position;
mod replay;
mod restore;
mod round;
mod rules;
pub mod seal;

mod shown;
pub mod snapshot;
mod tail;
mod time;
mod transact;
mod verify;
pub mod views;
mod waiting;
mod walk;

pub use backup::{BackupError, BackupReport};
pub use cold_start::ColdStart;
pub use commit::{Commit, Header, Nonce, Part, StoredCommit, Writer};
pub use copy::CopyError;
pub use error::LogError;
pub use log::Log;
pub use position::Position;
pub use replay::{Difference, Replayed, first_difference};
pub use restore::{Found, Plan, Restore, RestoreError, RestoreReport};
pub use rules::Rules;
pub use shown::Shown;
pub use tail::{View, fold};
pub use transact::{Committed, Outcome, Transaction};
pub use verify::{Head, Known, Report};
pub use walk::Until;
