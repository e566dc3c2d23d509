//! Sealing: a Merkle tree over the event lines, and signed checkpoints of it (DECISIONS 15).
//!
//! The tree is that of RFC 6962, stored as c2sp.org/tlog-tiles; checkpoints are those of
//! c2sp.org/tlog-checkpoint, so tools that know these formats can read them. The leaf at an event's
//! offset is the event's line, byte for byte as it is stored, without its newline.
//!
//! `merkle`, `tile`, `edge`, `note` and `checkpoint` are pure; `sealer` writes; `objects` and
//! `newest` are what both it and the readers need.

pub(crate) mod check;
pub mod checkpoint;
mod edge;
mod elsewhere;
mod fault;
pub mod merkle;
pub(crate) mod newest;
pub mod note;
mod objects;
pub(crate) mod proof;
pub(crate) mod sealer;
pub mod tile;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use edge::{Edge, Grown};
pub use fault::SealFault;
pub use merkle::Hash;
pub use note::{KeyError, NoteError, VerifierKey};
pub use proof::{Bundle, EventName, Proven};
#[cfg(test)]
mod tests;
