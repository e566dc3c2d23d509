//! `nested_repository`, `special_file`, and what else stands in a workspace that a change cannot
//! hold: the walk that made the change reports it, and each report is a no.

use serde::{Deserialize, Serialize};

use super::{Change, violation};
use crate::fact::Violation;

/// One thing in the workspace that is part of what the tool did and not of the change as data. The
/// walk reports what git would track: not what the base's ignore rules leave out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// In the repository; bytes that are not text replaced. Empty: the change as a whole.
    pub path: String,
    /// What is there.
    pub kind: ObservationKind,
}

/// What the walk saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObservationKind {
    /// A directory with a `.git` of its own.
    NestedRepository,
    /// Neither a file nor a directory nor a symlink.
    SpecialFile {
        /// `FIFO`, `socket`, `device`.
        what: String,
    },
    /// A name that is not UTF-8.
    UnreadableName,
    /// A file that could not be read.
    UnreadableFile {
        /// What the system says.
        reason: String,
    },
    /// A file over the limit; its content was not read.
    FileTooLarge {
        /// Its size.
        bytes: u64,
    },
    /// More files than the limit; the walk stopped.
    TooManyFiles {
        /// So many were seen.
        seen: u64,
    },
    /// More bytes than the limit; the walk stopped.
    DiffTooLarge {
        /// So many were seen.
        seen: u64,
    },
    /// A submodule that was added or moved.
    Submodule,
    /// A symlink that leaves the tree, or whose target is not text.
    SymlinkLeavesTree {
        /// Where it leads, as far as it can be read.
        target: String,
    },
}

pub(super) fn judge(change: &Change<'_>) -> Vec<Violation> {
    change.observations.iter().map(of).collect()
}

fn of(observation: &Observation) -> Violation {
    use ObservationKind as Kind;
    let (rule, detail) = match &observation.kind {
        Kind::NestedRepository => {
            ("nested_repository", "a repository in the repository; remove its .git".to_owned())
        }
        Kind::SpecialFile { what } => {
            ("special_file", format!("a {what}, which no git commit can hold"))
        }
        Kind::UnreadableName => ("unreadable_name", "the name is not valid UTF-8".to_owned()),
        Kind::UnreadableFile { reason } => {
            ("unreadable_file", format!("it could not be read: {reason}"))
        }
        Kind::FileTooLarge { bytes } => (
            "file_too_large",
            format!("it has {bytes} bytes, more than limits.max_file_bytes, and was not read"),
        ),
        Kind::TooManyFiles { seen } => {
            ("too_many_files", format!("the change touches {seen} files or more"))
        }
        Kind::DiffTooLarge { seen } => {
            ("diff_too_large", format!("the changed files have {seen} bytes or more"))
        }
        Kind::Submodule => {
            ("submodule", "a submodule; only a person may add or move one".to_owned())
        }
        Kind::SymlinkLeavesTree { target } => {
            ("symlink_leaves_tree", format!("it leads to {target}"))
        }
    };
    violation(rule, &observation.path, super::shown(&detail))
}
