//! What a well-formed change is. Whether it is also *allowed* is for `crate::gate` to say.

use super::{Diff, FileChange, FileMode, NewFile, PathFault, path_fault};
use crate::ids::{Digest, GitCommit};

/// Why something is not a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DiffProblem {
    /// More bytes than a change may have, before anything of it is read.
    #[error("the change has {bytes} bytes; at most {} are read", Diff::MAX_BYTES)]
    TooLarge {
        /// How many there are.
        bytes: usize,
    },
    /// More files than a change may have.
    #[error("the change has {files} files; at most {} are read", Diff::MAX_FILES)]
    TooManyFiles {
        /// How many there are.
        files: usize,
    },
    /// The bytes are not the JSON of a change.
    #[error("the bytes are not a change of format {}: {reason}", Diff::FORMAT)]
    Unreadable {
        /// What the parser says.
        reason: String,
    },
    /// A format that this program does not know.
    #[error("the change has format {found}; this program reads {}", Diff::FORMAT)]
    UnknownFormat {
        /// What it says that it is.
        found: u32,
    },
    /// Another spelling than the one that `to_bytes` gives: two digests for one change.
    #[error("the change is not in its canonical spelling")]
    NotCanonical,
    /// A path that may not be in a change.
    #[error("path {path:?} {fault}")]
    Path {
        /// The path.
        path: String,
        /// What is wrong with it.
        fault: PathFault,
    },
    /// Not in byte order, or twice.
    #[error("path {path:?} does not come after {before:?}; paths stand in byte order, each once")]
    Order {
        /// The path.
        path: String,
        /// The one before it.
        before: String,
    },
    /// A file that another new file needs as a directory.
    #[error("path {path:?} is a file, and {inside:?} needs it as a directory")]
    FileIsDirectory {
        /// The file.
        path: String,
        /// The one in it.
        inside: String,
    },
    /// Neither a file before nor one after.
    #[error("path {path:?} has neither an old nor a new file")]
    NothingChanges {
        /// The path.
        path: String,
    },
    /// What stood there before is not named by a git id.
    #[error("path {path:?}: the old blob's id is not 40 or 64 lower-case hex digits")]
    OldBlob {
        /// The path.
        path: String,
    },
    /// A change cannot bring a submodule.
    #[error("path {path:?} would become a submodule")]
    NewSubmodule {
        /// The path.
        path: String,
    },
    /// A symlink without a target that every system can read.
    #[error("path {path:?}: the symlink's target is empty, too long, or not plain UTF-8 text")]
    SymlinkTarget {
        /// The path.
        path: String,
    },
}

/// The longest target of a symlink, in bytes.
const MAX_SYMLINK_BYTES: usize = 4096;

impl Diff {
    /// The format that this program writes.
    pub const FORMAT: u32 = 1;
    /// Bytes of a whole change as an artifact, at most. The policy's limits are far below; this is
    /// what a program reads at all.
    pub const MAX_BYTES: usize = 64 * 1024 * 1024;
    /// Files of a change, at most; see [`Diff::MAX_BYTES`].
    pub const MAX_FILES: usize = 10_000;

    /// A change of these files, brought into order.
    ///
    /// # Errors
    /// The first rule that it breaks: see [`Diff::check`].
    pub fn new(base: GitCommit, mut files: Vec<FileChange>) -> Result<Diff, DiffProblem> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let diff = Diff { base, files };
        diff.check()?;
        Ok(diff)
    }

    /// Whether it is well formed: order, path form, modes, symlink targets. Does not look at sizes
    /// but for the number of files.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self) -> Result<(), DiffProblem> {
        if self.files.len() > Self::MAX_FILES {
            return Err(DiffProblem::TooManyFiles { files: self.files.len() });
        }
        self.files.iter().try_for_each(check_file)?;
        check_order(&self.files)?;
        check_directories(&self.files)
    }

    /// What makes it that change and no other: the name of its artifact.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }
}

fn check_file(file: &FileChange) -> Result<(), DiffProblem> {
    let path = || shown(&file.path);
    if let Some(fault) = path_fault(&file.path) {
        return Err(DiffProblem::Path { path: path(), fault });
    }
    if file.old.is_none() && file.new.is_none() {
        return Err(DiffProblem::NothingChanges { path: path() });
    }
    if file.old.as_ref().is_some_and(|old| old.blob.parse::<GitCommit>().is_err()) {
        return Err(DiffProblem::OldBlob { path: path() });
    }
    match &file.new {
        Some(NewFile { mode: FileMode::Submodule, .. }) => {
            Err(DiffProblem::NewSubmodule { path: path() })
        }
        Some(NewFile { mode: FileMode::Symlink, content }) if symlink_target(content).is_none() => {
            Err(DiffProblem::SymlinkTarget { path: path() })
        }
        Some(_) | None => Ok(()),
    }
}

/// As much of a path as an error needs.
fn shown(path: &str) -> String {
    path.chars().take(200).collect()
}

/// The target that a symlink's content names; `None` where no system could follow it as text.
pub(crate) fn symlink_target(content: &[u8]) -> Option<&str> {
    let target = std::str::from_utf8(content).ok()?;
    let is_plain = !target.is_empty()
        && target.len() <= MAX_SYMLINK_BYTES
        && !target.chars().any(char::is_control);
    is_plain.then_some(target)
}

fn check_order(files: &[FileChange]) -> Result<(), DiffProblem> {
    for pair in files.windows(2) {
        if let [before, file] = pair
            && before.path >= file.path
        {
            let (path, before) = (shown(&file.path), shown(&before.path));
            return Err(DiffProblem::Order { path, before });
        }
    }
    Ok(())
}

/// Git would write such a tree, and each system would check out something else.
fn check_directories(files: &[FileChange]) -> Result<(), DiffProblem> {
    let is_new = |path: &str| {
        let found = files.binary_search_by(|file| file.path.as_str().cmp(path)).ok();
        found.and_then(|at| files.get(at)).is_some_and(|file| file.new.is_some())
    };
    for file in files.iter().filter(|file| file.new.is_some()) {
        let above = file.path.match_indices('/').filter_map(|(at, _)| file.path.get(..at));
        for directory in above {
            if is_new(directory) {
                let (path, inside) = (shown(directory), shown(&file.path));
                return Err(DiffProblem::FileIsDirectory { path, inside });
            }
        }
    }
    Ok(())
}
