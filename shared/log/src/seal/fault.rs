//! What can be wrong with what seals a log. Each says what is not as it must be, and what to do.

use leviathan_core::ids::Digest;
use leviathan_core::ports::signer::SignerError;

use super::checkpoint::CheckpointError;

/// What is wrong with tiles or checkpoints, or with the log as they have it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// A checkpoint is not one of this log.
    #[error(
        "the checkpoint {key} is not believed: {reason}. Nothing is sealed. Is the key the one \
         that this log was sealed with (`leviathanctl log key`)? If not, use that one: a new key \
         needs a log of its own. If it is, bring the object back from a version, a replica or the \
         second place"
    )]
    Checkpoint {
        /// Its key, or the file's name.
        key: String,
        /// Why not.
        reason: String,
    },
    /// The log has less than was sealed before.
    #[error(
        "the log is shorter than its checkpoint {checkpoint}: that was made of {sealed} events up \
         to commit {sealed_seq}, and {found}. Commits were cut off. Nothing is sealed, and nothing \
         may be appended. Stop all writers, bring the commits back from a version, a replica or a \
         backup, and run `leviathanctl log verify`"
    )]
    Shorter {
        /// The checkpoint's key.
        checkpoint: String,
        /// The events that it covers.
        sealed: u64,
        /// Its commit.
        sealed_seq: u64,
        /// Where the log ends instead.
        found: String,
    },
    /// The log has another history than was sealed before.
    #[error(
        "the log is not the one of its checkpoint {checkpoint}: {what} is {found} there, and \
         {expected} in the checkpoint. Its history was rewritten. Nothing is sealed, and nothing \
         may be appended. Stop all writers, bring the commits back from a version, a replica or a \
         backup, and run `leviathanctl log verify`"
    )]
    Forked {
        /// The checkpoint's key.
        checkpoint: String,
        /// What differs.
        what: String,
        /// In the log as it is.
        found: String,
        /// In the checkpoint.
        expected: String,
    },
    /// A tile or a bundle of entries is not what the log's events give.
    #[error(
        "{key} is damaged or was replaced: {reason}. It can be made again from the events: bring \
         it back from a version or a replica"
    )]
    Tile {
        /// Its key.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// Something stands there already, and it is something else.
    #[error(
        "{key} exists with other bytes (SHA-256 {found}) than this sealer computed ({computed}): \
         another log was sealed here, or the object was replaced. Nothing was overwritten. Run \
         `leviathanctl log verify`"
    )]
    Other {
        /// Its key.
        key: String,
        /// Of what stands there.
        found: Digest,
        /// Of what should.
        computed: Digest,
    },
    /// Something lies there that is none of ours.
    #[error("{key} is not the log's: nothing but its tiles and checkpoints may lie there")]
    Foreign {
        /// Its key.
        key: String,
    },
    /// The signer did not sign, or signed something else.
    #[error("{0}")]
    Signer(#[from] SignerError),
    /// The signer has a name that no signed note can carry.
    #[error("the signer can't be used: {0}")]
    BadKey(String),
    /// The second place of trust did not take its copy.
    #[error(
        "the checkpoint stands in the log's store, but its copy in the second place does not: \
         {reason}. The next checkpoint is copied as usual, and one copy vouches for all before it"
    )]
    SecondPlace {
        /// The store's word, or what stands there instead.
        reason: String,
    },
    /// An event has more bytes than a bundle of entries can hold.
    #[error("the event at offset {offset} has {bytes} bytes; an entry has at most 65535")]
    TooLong {
        /// Which event.
        offset: u64,
        /// Its line's length.
        bytes: usize,
    },
    /// What was asked about is not sealed yet.
    #[error(
        "{what} is not sealed yet: the newest checkpoint covers {sealed} events. If the log has \
         it, the next tick seals it: try again then"
    )]
    NotSealed {
        /// What was asked about.
        what: String,
        /// The events that are sealed.
        sealed: u64,
    },
    /// A proof does not prove what it should.
    #[error("this proves nothing: {reason}")]
    NotProven {
        /// Why.
        reason: String,
    },
    /// There is no such event, or more than one.
    #[error("{0}")]
    NoEvent(String),
}

impl SealFault {
    /// Whether the log or its seal is not as it must be, so that trying again can't help.
    pub fn is_fault_of_the_log(&self) -> bool {
        match self {
            Self::Checkpoint { .. }
            | Self::Shorter { .. }
            | Self::Forked { .. }
            | Self::Tile { .. }
            | Self::Other { .. }
            | Self::Foreign { .. }
            | Self::NotProven { .. }
            | Self::TooLong { .. } => true,
            Self::Signer(_)
            | Self::BadKey(_)
            | Self::SecondPlace { .. }
            | Self::NotSealed { .. }
            | Self::NoEvent(_) => false,
        }
    }

    pub(super) fn checkpoint(key: &str, reason: &CheckpointError) -> Self {
        Self::Checkpoint { key: key.to_owned(), reason: reason.to_string() }
    }
}
