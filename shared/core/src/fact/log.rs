//! Facts about the log itself: where one life of it ends and the next begins (DECISIONS 9), and
//! that it lives (DECISIONS 15).

use serde::{Deserialize, Serialize};

use crate::ids::Digest;

/// See [`super::Fact::LogClosed`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogClosed {
    /// The id of the restored log that goes on from here on, as its `log.restored` names it.
    pub successor: String,
    /// Where that one lies, as it was named; for a person.
    pub place: String,
    /// The epoch that it writes in.
    pub epoch: u64,
}

/// See [`super::Fact::LogRestored`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRestored {
    /// The restored log's own id: random, the `successor` of the log that it replaces.
    pub id: String,
    /// The new epoch, higher than any before.
    pub epoch: u64,
    /// The last commit that was kept; whatever the old log had after it is not in this one.
    pub kept_seq: u64,
    /// SHA-256 of that commit's bytes.
    pub kept_digest: Digest,
    /// Where the kept commits were read, as it was named; for a person.
    pub from: String,
    /// Whether the old log was closed, or a person said that it can't be reached.
    pub old_closed: bool,
}

/// See [`super::Fact::LogHeartbeat`]. Its place and time in the log say everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHeartbeat {}
