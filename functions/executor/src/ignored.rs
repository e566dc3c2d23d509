//! Which untracked paths the base's `.gitignore` files leave out of a change. Only the base's:
//! the tool may have edited those in the workspace, and the machine's own count for nobody else.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use leviathan_core::diff::FileMode;

use crate::base::{self, BaseTree};
use crate::result::PhaseFailure;

/// A larger ignore file is not read: its rules then hide nothing, which can only refuse more.
const MAX_RULE_BYTES: u64 = 1024 * 1024;

/// The base's ignore rules, by the folder that they stand in.
#[derive(Debug, Default)]
pub struct IgnoreRules {
    by_folder: BTreeMap<Vec<u8>, Gitignore>,
}

impl IgnoreRules {
    /// Reads every `.gitignore` of the base.
    pub fn read(base_git: &Path, tree: &BaseTree) -> Result<Self, PhaseFailure> {
        let mut rules = Self::default();
        let mut blobs = base::blobs(base_git)?;
        for (path, entry) in tree {
            let (folder, name) = split(path);
            let is_file = matches!(entry.mode, FileMode::Regular | FileMode::Executable);
            if name == b".gitignore" && is_file && entry.size <= MAX_RULE_BYTES {
                let text = blobs.read(&entry.id).map_err(|fault| base::unreadable(&fault))?;
                rules.add(folder, &String::from_utf8_lossy(&text));
            }
        }
        Ok(rules)
    }

    /// Adds the rules of one file. A line that is no pattern is skipped, as git does.
    fn add(&mut self, folder: &[u8], text: &str) {
        // Paths are handed over relative to the folder, so the matcher itself needs no root.
        let mut builder = GitignoreBuilder::new("");
        for line in text.strip_prefix('\u{feff}').unwrap_or(text).lines() {
            let _skipped = builder.add_line(None, line);
        }
        if let Ok(rules) = builder.build() {
            self.by_folder.insert(folder.to_vec(), rules);
        }
    }

    /// Whether the rules hide this path itself; whether a folder above is hidden is for the walk.
    pub fn hide(&self, path: &[u8], is_folder: bool) -> bool {
        let (mut folder, _) = split(path);
        loop {
            if let Some(rules) = self.by_folder.get(folder) {
                let from = if folder.is_empty() { 0 } else { folder.len() + 1 };
                let inner = OsStr::from_bytes(path.get(from..).unwrap_or_default());
                // The deepest file that has an opinion decides.
                match rules.matched(inner, is_folder) {
                    Match::Ignore(_) => return true,
                    Match::Whitelist(_) => return false,
                    Match::None => {}
                }
            }
            if folder.is_empty() {
                return false;
            }
            folder = split(folder).0;
        }
    }
}

/// Folder and name; the folder of a path at the top is empty.
fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|&byte| byte == b'/') {
        Some(at) => {
            let (folder, name) = path.split_at(at);
            (folder, name.get(1..).unwrap_or_default())
        }
        None => (b"", path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_rule_that_has_an_opinion_decides() {
        let mut rules = IgnoreRules::default();
        rules.add(b"", "target/\n*.log\n/only-top\n# note\n[broken\n");
        rules.add(b"kept/deep", "!*.log\nb/*.tmp\n");
        for (path, is_folder, hidden) in [
            ("target", true, true),
            ("target", false, false),
            ("sub/target", true, true),
            ("a.log", false, true),
            ("kept/a.log", false, true),
            ("kept/deep/a.log", false, false),
            ("kept/deep/further/a.log", false, false),
            ("kept/deep/b/x.tmp", false, true),
            ("kept/deep/x.tmp", false, false),
            ("only-top", false, true),
            ("sub/only-top", false, false),
            (".gitignore", false, false),
        ] {
            assert_eq!(rules.hide(path.as_bytes(), is_folder), hidden, "{path}");
        }
    }
}
