//! Snapshots: the state after a commit, so that a cold reader need not fold the whole log.
//!
//! Derived: any of them may be lost. Deterministic: whoever folds the same commits writes the same
//! bytes, so two ticks may race, and a rebuilt state can be compared byte for byte. For that reason
//! they are not compressed: a later compressor would give other bytes for the same state.
//!
//! Bound to its commit: it holds the commit's digest and everything else that a reader there knows
//! ([`Position`](crate::Position)), and a reader begins from it only when the commit under that
//! number really has that digest.

mod bytes;
mod find;
mod kept;
mod write;

pub use bytes::{SnapshotFault, decode, encode};
pub use find::PassedOver;
pub(crate) use find::{Candidate, Search};
pub(crate) use kept::{Due, Kept};
pub use write::Written;
pub(crate) use write::write;

/// A snapshot is made of the state after every commit whose number is a multiple of this
/// (DECISIONS 8).
pub const SNAPSHOT_EVERY: u64 = 64;
