//! Git commits out of data: blobs, trees and the git commit are written as objects. No index, no
//! working tree, no filter.

use std::collections::BTreeMap;

use bytes::Bytes;
use leviathan_core::diff::{FileChange, FileMode, NewFile};
use leviathan_core::ids::GitCommit;
use leviathan_core::ports::ForgeError;
use leviathan_core::ports::forge::{FileAt, NewGitCommit};

use super::git::Git;

/// The largest file that is read out of a repository, in bytes.
const MOST_FILE: u64 = 16 * 1024 * 1024;
/// How deep a change's path may go.
const MOST_DEPTH: usize = 256;

/// One entry of a tree, as git lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Six octal digits.
    pub(crate) mode: String,
    /// `blob`, `tree` or `commit`.
    pub(crate) kind: String,
    /// The object's id.
    pub(crate) id: String,
}

/// What shall be different below one folder: names on to a file's change or to a deeper folder.
#[derive(Debug, Default)]
struct Changes<'a> {
    files: BTreeMap<&'a str, &'a FileChange>,
    folders: BTreeMap<&'a str, Changes<'a>>,
}

impl Git {
    /// The entry at a path in a git commit's tree; `None` when nothing is there.
    pub(crate) fn entry(
        &self,
        commit: &GitCommit,
        path: &str,
    ) -> Result<Option<Entry>, ForgeError> {
        let answer = self
            .call("read the file")
            .args(["ls-tree", "-z", "--full-tree", commit.as_str(), "--", path])
            .ok()?;
        Ok(entries(&answer.stdout).remove(path.as_bytes()))
    }

    /// The regular file at a path in a git commit.
    pub(crate) fn file(
        &self,
        commit: &GitCommit,
        path: &str,
    ) -> Result<Option<FileAt>, ForgeError> {
        let action = "read the file";
        let Some(entry) = self.entry(commit, path)? else { return Ok(None) };
        let mode = match mode(&entry) {
            Some(mode @ (FileMode::Regular | FileMode::Executable)) => mode,
            Some(FileMode::Symlink | FileMode::Submodule) | None => return Ok(None),
        };
        let size = self.call(action).args(["cat-file", "-s", &entry.id]).answer()?;
        if size.code != Some(0) {
            let reason = format!(
                "the content of {path} is not here; in a partial clone, `git show {commit}:{path}` \
                 fetches it"
            );
            return Err(self.refused(action, reason));
        }
        if size.line().parse::<u64>().is_ok_and(|size| size > MOST_FILE) {
            let reason = format!("{path} is larger than {MOST_FILE} bytes");
            return Err(self.refused(action, reason));
        }
        let blob = self.call(action).args(["cat-file", "blob", &entry.id]).ok()?;
        Ok(Some(FileAt { mode, blob: entry.id, bytes: Bytes::from(blob.stdout) }))
    }

    /// Writes the git commit; the same input gives the same id.
    pub(crate) fn create_commit(&self, new: &NewGitCommit) -> Result<GitCommit, ForgeError> {
        let action = "write the git commit";
        if !self.has_commit(&new.base)? {
            return Err(self.refused(action, format!("its base {} is not there", new.base)));
        }
        let changes = self.arranged(&new.changes)?;
        let base = format!("{}^{{tree}}", new.base);
        let tree = self.tree(Some(&base), &changes, "", MOST_DEPTH)?;
        let tree = match tree {
            Some(tree) => tree,
            None => self.make_tree(&BTreeMap::new())?,
        };
        self.commit_tree(action, &tree, &[&new.base], &new.message, new.unix_seconds)
    }

    /// Writes a git commit of a tree that is there.
    pub(crate) fn commit_tree(
        &self,
        action: &'static str,
        tree: &str,
        parents: &[&GitCommit],
        message: &str,
        unix_seconds: i64,
    ) -> Result<GitCommit, ForgeError> {
        let date = format!("@{unix_seconds} +0000");
        let mut call = self.call(action).args(["commit-tree", "--no-gpg-sign", "-F", "-"]);
        for parent in parents {
            call = call.args(["-p", parent.as_str()]);
        }
        let answer = call
            .arg(tree)
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .input(message)
            .ok()?;
        self.id(action, &answer.line())
    }

    fn arranged<'a>(&self, changes: &'a [FileChange]) -> Result<Changes<'a>, ForgeError> {
        let mut arranged = Changes::default();
        for change in changes {
            let parts: Vec<&str> = change.path.split('/').collect();
            let unfit = |part: &&str| {
                part.is_empty()
                    || matches!(*part, "." | "..")
                    || part.contains('\0')
                    || part.eq_ignore_ascii_case(".git")
            };
            let Some((name, folders)) = parts.split_last() else { continue };
            if parts.iter().any(unfit) || parts.len() > MOST_DEPTH {
                let reason = format!("{:?} is not a path of a repository", change.path);
                return Err(self.refused("write the git commit", reason));
            }
            let mut at = &mut arranged;
            for folder in folders {
                at = at.folders.entry(folder).or_default();
            }
            if at.files.insert(name, change).is_some() {
                let reason = format!("{:?} is changed twice", change.path);
                return Err(self.refused("write the git commit", reason));
            }
        }
        Ok(arranged)
    }

    /// The tree with the changes; `None` when nothing is left in it. What is not changed keeps its
    /// mode and id.
    fn tree(
        &self,
        base: Option<&str>,
        changes: &Changes<'_>,
        at: &str,
        depth: usize,
    ) -> Result<Option<String>, ForgeError> {
        let action = "write the git commit";
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.refused(action, format!("{at} is too deep")));
        };
        let mut found = match base {
            Some(base) => {
                let listed = self.call(action).args(["ls-tree", "-z", "--full-tree", base]).ok()?;
                entries(&listed.stdout)
            }
            None => BTreeMap::new(),
        };
        for (name, change) in &changes.files {
            self.expected(change, found.get(name.as_bytes()))?;
            if change.old.is_some() {
                found.remove(name.as_bytes());
            }
        }
        for (name, below) in &changes.folders {
            let base = match found.get(name.as_bytes()) {
                Some(entry) if entry.kind == "tree" => Some(entry.id.clone()),
                Some(_) => return Err(self.in_the_way(&format!("{at}{name}"))),
                None => None,
            };
            found.remove(name.as_bytes());
            let path = format!("{at}{name}/");
            if let Some(id) = self.tree(base.as_deref(), below, &path, depth)? {
                let tree = Entry { mode: "040000".to_owned(), kind: "tree".to_owned(), id };
                found.insert(name.as_bytes().to_vec(), tree);
            }
        }
        for (name, change) in &changes.files {
            let Some(new) = &change.new else { continue };
            let blob = self.blob(&change.path, new)?;
            if found.insert(name.as_bytes().to_vec(), blob).is_some() {
                return Err(self.in_the_way(&change.path));
            }
        }
        if found.is_empty() { Ok(None) } else { self.make_tree(&found).map(Some) }
    }

    fn in_the_way(&self, path: &str) -> ForgeError {
        let reason = format!("{path:?} would be a file and a folder at once");
        self.refused("write the git commit", reason)
    }

    /// The change must be against what really stands in the base.
    fn expected(&self, change: &FileChange, found: Option<&Entry>) -> Result<(), ForgeError> {
        let same = match (&change.old, found) {
            (Some(old), Some(entry)) => entry.id == old.blob && mode(entry) == Some(old.mode),
            // A folder gives way when all that is in it is deleted by the same change.
            (None, Some(entry)) => entry.kind == "tree",
            (None, None) => true,
            (Some(_), None) => false,
        };
        if same {
            return Ok(());
        }
        let reason = format!("the change of {:?} is not against what the base has", change.path);
        Err(self.refused("write the git commit", reason))
    }

    fn blob(&self, path: &str, file: &NewFile) -> Result<Entry, ForgeError> {
        let action = "write the file";
        if file.mode == FileMode::Submodule {
            return Err(self.refused(action, format!("{path:?} would be a submodule")));
        }
        let answer = self
            .call(action)
            .args(["hash-object", "-w", "-t", "blob", "--no-filters", "--stdin"])
            .input(file.content.to_vec())
            .ok()?;
        let id = self.id(action, &answer.line())?;
        Ok(Entry {
            mode: file.mode.as_str().to_owned(),
            kind: "blob".to_owned(),
            id: id.to_string(),
        })
    }

    fn make_tree(&self, entries: &BTreeMap<Vec<u8>, Entry>) -> Result<String, ForgeError> {
        let mut input = Vec::new();
        for (name, Entry { mode, kind, id }) in entries {
            input.extend_from_slice(format!("{mode} {kind} {id}\t").as_bytes());
            input.extend_from_slice(name);
            input.push(0);
        }
        // `--missing`: what a partial or shallow repository lacks is not asked for.
        let answer =
            self.call("write the tree").args(["mktree", "-z", "--missing"]).input(input).ok()?;
        Ok(answer.line())
    }
}

fn mode(entry: &Entry) -> Option<FileMode> {
    // Old gits wrote 100664; git reads it as a plain file.
    match entry.mode.as_str() {
        "100644" | "100664" => Some(FileMode::Regular),
        "100755" => Some(FileMode::Executable),
        "120000" => Some(FileMode::Symlink),
        "160000" => Some(FileMode::Submodule),
        _ => None,
    }
}

/// `git ls-tree -z`: `mode SP kind SP id TAB name NUL` for each entry; names are bytes.
pub(crate) fn entries(listed: &[u8]) -> BTreeMap<Vec<u8>, Entry> {
    let mut entries = BTreeMap::new();
    for line in listed.split(|b| *b == 0) {
        let Some(tab) = line.iter().position(|b| *b == b'\t') else { continue };
        let (facts, name) = line.split_at(tab);
        let facts = String::from_utf8_lossy(facts).into_owned();
        let mut facts = facts.split(' ').map(str::to_owned);
        if let (Some(mode), Some(kind), Some(id)) = (facts.next(), facts.next(), facts.next()) {
            entries.insert(name.iter().skip(1).copied().collect(), Entry { mode, kind, id });
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_keep_names_that_are_no_text() {
        let listed = b"100644 blob aa\tna\nme\x00040000 tree bb\t\xff\x00120000 blob cc\tl k\0";
        let entries = entries(listed);
        assert_eq!(entries.len(), 3);
        assert_eq!(entries[&b"na\nme".to_vec()].id, "aa");
        assert_eq!(entries[&vec![0xff]].kind, "tree");
        assert_eq!(entries[&b"l k".to_vec()].mode, "120000");
    }
}
