//! A task's `allowed_paths` (CONTRACT 6.4): what its change may touch.

use super::{PathProblem, climbs, normalise};

/// The entries of one task. `docs/` allows the directory and what is below it; `docs/a.md` that
/// file; `docs` a file of that name and never `docs2`. Upper and lower case differ.
///
/// `docs/**` is read as `docs/`, for that is what people who write it mean. No other glob means
/// anything here: such an entry is a problem and allows nothing. Brackets and braces are plain
/// characters, since real files are called `[id].tsx`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedPaths {
    entries: Vec<Entry>,
}

/// One understood entry; paths in their one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// This path.
    File(String),
    /// This path and all below.
    Directory(String),
}

impl Entry {
    pub(super) fn read(text: &str) -> Result<Self, PathProblem> {
        let refuse = |problem: &str, fix: String| Err(PathProblem::new(text, problem, fix));
        let (path, directory) = match text.strip_suffix("/**") {
            Some(directory) => (directory, true),
            None => (text, text.ends_with('/')),
        };
        if path.contains(['*', '?']) {
            let literal: Vec<&str> =
                path.split('/').take_while(|part| !part.contains(['*', '?'])).collect();
            let fix = match normalise(&literal.join("/")) {
                Ok(directory) => {
                    format!("write `{directory}/` for the whole directory, or name each file")
                }
                Err(_) => "name each directory, ending in `/`, or each file".to_owned(),
            };
            return refuse("is a glob, which a task's entry may not be", fix);
        }
        if climbs(path) {
            return refuse("holds `..`", "name the path from the root, without `..`".to_owned());
        }
        let path = normalise(path)?;
        Ok(if directory { Self::Directory(path) } else { Self::File(path) })
    }
}

impl AllowedPaths {
    /// Reads the entries. Each that can't be used is returned as a problem and allows nothing.
    pub fn new(entries: &[String]) -> (Self, Vec<PathProblem>) {
        let mut allowed = Self::default();
        let mut problems = Vec::new();
        for text in entries {
            match Entry::read(text) {
                Ok(entry) => allowed.entries.push(entry),
                Err(problem) => problems.push(problem),
            }
        }
        (allowed, problems)
    }

    /// Whether a change may touch this path. A path with a `..` part is never allowed, wherever it
    /// leads.
    pub fn allows(&self, path: &str) -> bool {
        if climbs(path) {
            return false;
        }
        let Ok(path) = normalise(path) else { return false };
        self.entries.iter().any(|entry| match entry {
            Entry::File(file) => *file == path,
            Entry::Directory(directory) => is_at_or_below(&path, directory),
        })
    }

    /// Whether it allows nothing at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn is_at_or_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
