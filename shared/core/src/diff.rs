//! The change of an attempt, as data: whole new contents of each changed file against a base git
//! commit. Not a text patch: what is verified is byte for byte what is pushed, and nothing has to
//! be applied. A rename is a deletion and an addition, so both paths are judged.
//!
//! `codec` turns it into bytes and back, `rules` says what a well-formed change is, `path` what a
//! path may look like.

mod codec;
mod path;
mod rules;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use self::path::{PathFault, path_fault};
pub(crate) use self::path::{is_git_directory, turns_text};
pub use self::rules::DiffProblem;
pub(crate) use self::rules::symlink_target;
use crate::ids::GitCommit;

/// A whole change. Its canonical bytes are an artifact; its digest is what publish verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diff {
    /// What it is against.
    pub base: GitCommit,
    /// In byte order of the paths, each path once.
    pub files: Vec<FileChange>,
}

/// One changed path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// In the repository: `/`-separated, relative, no `.` or `..` part, valid UTF-8.
    pub path: String,
    /// What stands there in the base; `None`: added.
    pub old: Option<OldFile>,
    /// What stands there after; `None`: deleted.
    pub new: Option<NewFile>,
}

/// A file in the base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldFile {
    /// Git's mode.
    pub mode: FileMode,
    /// Git's id of the blob.
    pub blob: String,
}

/// A file after the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Git's mode.
    pub mode: FileMode,
    /// The whole content; of a symlink, its target.
    pub content: Bytes,
}

/// Git's modes of what a tree may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileMode {
    /// A plain file.
    #[serde(rename = "100644")]
    Regular,
    /// A file that can be executed.
    #[serde(rename = "100755")]
    Executable,
    /// A symbolic link.
    #[serde(rename = "120000")]
    Symlink,
    /// A submodule: never in a change's `new`.
    #[serde(rename = "160000")]
    Submodule,
}

impl FileMode {
    /// The mode as git writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regular => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Submodule => "160000",
        }
    }
}
