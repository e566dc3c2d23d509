//! Why a task does not run: machine-readable, and a sentence for a person.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A predicate's no. `leviathanctl why TASK` prints it; the log keeps it when it changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The predicate that said no: the name of its file in `decide/predicates`.
    pub predicate: String,
    /// One word for machines, such as `not_ready`, `open_pull_requests`.
    pub code: String,
    /// What is so, and what would change it.
    pub explanation: String,
    /// When the answer could change by time alone; `None`: only by an event.
    pub until: Option<Timestamp>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explanation)
    }
}
