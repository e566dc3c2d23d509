//! What can go wrong with the log. Each error says what happened, whether anything was appended,
//! and what to do. Three kinds: nothing was appended and the caller may try again (`Busy`,
//! `Store`); it is not known (`Unknown`, `Interrupted`); the log itself is not as it must be, and everything
//! stops until a person has looked (`Hole`, `Damaged`, `Foreign`, `Shorter`).

use leviathan_core::ports::StoreError;

use crate::commit::{EncodeError, Fault, Nonce};
use crate::position::Position;
use crate::seal::SealFault;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The store did not do a request, and nothing was appended.
    #[error("{source}; nothing was appended, so it is safe to try again")]
    Store {
        /// The store's word.
        #[from]
        source: StoreError,
    },
    /// An append may or may not have happened.
    #[error(
        "it is not known whether commit {seq} was appended (nonce {nonce}): {reason}. Don't count \
         it as failed: try the same again, with the same ids, and the log takes it once"
    )]
    Unknown {
        /// The number under which it would stand.
        seq: u64,
        /// By which it would be known again.
        nonce: Nonce,
        /// The last thing that the store said.
        reason: String,
    },
    /// A transaction was dropped before its outcome was known: a fault of this program.
    #[error(
        "a fault of this program ended the transaction before its outcome was known. Don't count \
         it as failed: try the same again, with the same ids, and the log takes it once; report \
         this as a bug"
    )]
    Interrupted,
    /// Others were faster, again and again.
    #[error(
        "other writers were first {races} times in a row, and nothing was appended; try again \
         later, or look for a writer that appends without pause"
    )]
    Busy {
        /// How many races were lost.
        races: u32,
    },
    /// What was decided can't be a commit.
    #[error("{0}; nothing was appended")]
    Encode(#[from] EncodeError),
    /// The log needs a later program.
    #[error(
        "this log needs a program that understands version {needed}, this one understands \
         {understood}: it reads on, but decides and appends nothing. Update it"
    )]
    NewerLog {
        /// What the log demands.
        needed: u32,
        /// What this program has.
        understood: u32,
    },
    /// The log is over: another one goes on in its place.
    #[error(
        "this log is closed: its restored successor {successor} goes on in epoch {epoch} at \
         {place}; nothing was appended. Point this program there"
    )]
    Closed {
        /// The successor's id.
        successor: String,
        /// Where it lies, as it was named at the restore.
        place: String,
        /// The epoch that it writes in.
        epoch: u64,
    },
    /// This machine's clock is too far from the store's.
    #[error(
        "this machine's clock is {seconds} s away from the store's clock, more than the \
         {limit} s within which appends are allowed; nothing was appended. Set the clock"
    )]
    ClockOff {
        /// How far: positive when the machine is behind.
        seconds: i64,
        /// The limit.
        limit: i64,
    },
    /// A commit is missing in the middle or was deleted.
    #[error(
        "the log has a hole: {missing} is missing, {evidence}. Nothing may be appended. Stop all \
         writers, bring the object back from a version, a replica or a backup, and run \
         `leviathanctl log verify`"
    )]
    Hole {
        /// The key that should be there.
        missing: String,
        /// How we know.
        evidence: String,
    },
    /// A commit is not what it must be.
    #[error(
        "{key} is damaged or was replaced: {fault}. Nothing may be appended. Stop all writers, \
         bring the object back from a version, a replica or a backup, and run \
         `leviathanctl log verify`"
    )]
    Damaged {
        /// The commit's key.
        key: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The log ends before a commit that was there once.
    #[error(
        "the log ends {end}, but commit {known} was there: {evidence}. Its newest commits are \
         missing, and nothing may be appended. Stop all writers, bring them back from a version, a \
         replica or a backup, and run `leviathanctl log verify`"
    )]
    Shorter {
        /// Where it ends, for a person.
        end: String,
        /// A commit that it had.
        known: u64,
        /// How we know.
        evidence: String,
    },
    /// A snapshot stands there that this program would have written otherwise.
    #[error(
        "the snapshot {key} is not what this program makes of the same commits: {why}. Nothing is \
         wrong with the log; run `leviathanctl log verify --replay` with each version of the \
         programs that run, then delete this snapshot"
    )]
    Snapshot {
        /// Its key.
        key: String,
        /// What is wrong.
        why: String,
    },
    /// A view that can't be used.
    #[error(
        "the view {key} can't be used: {why}. Nothing is wrong with the log; delete everything under \
         views/ in the data store, and the next tick writes it again"
    )]
    View {
        /// Its key.
        key: String,
        /// What is wrong.
        why: String,
    },
    /// Something lies among the commits that is no commit.
    #[error(
        "{key} is not the log's: nothing but commits may lie under {}. Move it away; nothing \
         is appended meanwhile",
        crate::keys::EVENTS
    )]
    Foreign {
        /// Its key.
        key: String,
    },
    /// A commit was asked for that isn't there.
    #[error("there is no commit {seq} in this log")]
    NoSuchCommit {
        /// Its number.
        seq: u64,
    },
    /// Something about tiles and checkpoints.
    #[error(transparent)]
    Seal(#[from] SealFault),
}

impl LogError {
    /// Whether the log itself is not as it must be, so that trying again can't help.
    pub fn is_fault_of_the_log(&self) -> bool {
        if let Self::Seal(fault) = self {
            return fault.is_fault_of_the_log();
        }
        matches!(
            self,
            Self::Hole { .. } | Self::Damaged { .. } | Self::Foreign { .. } | Self::Shorter { .. }
        )
    }

    /// The log ends here, but this commit was there.
    pub(crate) fn shorter(end: &Position, known: u64, evidence: impl Into<String>) -> Self {
        let end =
            end.seq.map_or_else(|| "before commit 0".to_owned(), |seq| format!("at commit {seq}"));
        Self::Shorter { end, known, evidence: evidence.into() }
    }
}
