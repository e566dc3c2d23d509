//! Reading: trees and files by the ids of their content. What such an id names never changes, so it
//! is read once and kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use leviathan_core::diff::FileMode;
use leviathan_core::ids::GitCommit;
use leviathan_core::ports::forge::FileAt;
use serde::Deserialize;
use sha1::{Digest as _, Sha1};

use super::GitHub;
use crate::Location;
use crate::client::{Call, Fault};

/// The largest file that is read, in bytes: as on one machine.
const MOST_FILE: u64 = 16 * 1024 * 1024;

/// How many entries of trees, and how many bytes of files, are kept in a process.
const MOST_ENTRIES: usize = 100_000;
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// One entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Entry {
    /// Name in its folder; in a recursive tree the path from the top.
    pub(super) path: String,
    /// Six octal digits.
    pub(super) mode: String,
    /// `blob`, `tree` or `commit`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The object's id.
    pub(super) sha: String,
    /// Of a blob, in bytes.
    #[serde(default)]
    size: Option<u64>,
}

/// A tree's entries by name.
pub(super) type Tree = Arc<BTreeMap<String, Entry>>;

#[derive(Deserialize)]
struct TreeAnswer {
    tree: Vec<Entry>,
    #[serde(default)]
    truncated: bool,
}

/// What was read, within bounds: what is too much is forgotten at once and read anew.
#[derive(Debug, Default)]
pub(super) struct Objects {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    trees: BTreeMap<String, Tree>,
    entries: usize,
    blobs: BTreeMap<String, Bytes>,
    bytes: usize,
}

impl Entry {
    /// What it is, if it is anything that a file of a change can be.
    pub(super) fn mode(&self) -> Option<FileMode> {
        // Old gits wrote 100664; git reads it as a plain file.
        match self.mode.as_str() {
            "100644" | "100664" => Some(FileMode::Regular),
            "100755" => Some(FileMode::Executable),
            "120000" => Some(FileMode::Symlink),
            "160000" => Some(FileMode::Submodule),
            _ => None,
        }
    }

    pub(super) fn is_folder(&self) -> bool {
        self.kind == "tree"
    }
}

impl GitHub {
    /// See `Forge::file`.
    pub(super) async fn file_at(
        &self,
        location: &Location,
        commit: &GitCommit,
        path: &str,
    ) -> Result<Option<FileAt>, Fault> {
        let Some(entry) = self.entry(location, commit, path).await? else { return Ok(None) };
        let mode = match entry.mode() {
            Some(mode @ (FileMode::Regular | FileMode::Executable)) => mode,
            Some(FileMode::Symlink | FileMode::Submodule) | None => return Ok(None),
        };
        if entry.size.is_some_and(|size| size > MOST_FILE) {
            return Err(Fault::Refused(format!("{path} is larger than {MOST_FILE} bytes")));
        }
        let bytes = self.blob(location, &entry.sha).await?;
        Ok(Some(FileAt { mode, blob: entry.sha, bytes }))
    }

    /// What stands at a path in a git commit; `None`: nothing.
    pub(super) async fn entry(
        &self,
        location: &Location,
        commit: &GitCommit,
        path: &str,
    ) -> Result<Option<Entry>, Fault> {
        let mut tree = self.tree(location, commit.as_str()).await?;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let Some(entry) = tree.get(part).cloned() else { return Ok(None) };
            if parts.peek().is_none() {
                return Ok(Some(entry));
            }
            if !entry.is_folder() {
                return Ok(None);
            }
            tree = self.tree(location, &entry.sha).await?;
        }
        Ok(None)
    }

    /// A folder, by the id of its tree or, for the top one, of the git commit.
    pub(super) async fn tree(&self, location: &Location, id: &str) -> Result<Tree, Fault> {
        let key = format!("{}@{id}", location.key());
        if let Some(tree) = self.objects.tree(&key) {
            return Ok(tree);
        }
        let entries = self.entries(location, &format!("/git/trees/{id}")).await?;
        let tree: BTreeMap<String, Entry> =
            entries.into_iter().map(|entry| (entry.path.clone(), entry)).collect();
        let tree = Arc::new(tree);
        self.objects.keep_tree(key, &tree);
        Ok(tree)
    }

    /// Every file below a folder, by its path from there.
    pub(super) async fn below(&self, location: &Location, id: &str) -> Result<Vec<Entry>, Fault> {
        let mut entries = self.entries(location, &format!("/git/trees/{id}?recursive=1")).await?;
        entries.retain(|entry| !entry.is_folder());
        Ok(entries)
    }

    async fn entries(&self, location: &Location, path: &str) -> Result<Vec<Entry>, Fault> {
        let answer: TreeAnswer = self.client.ask(location, Call::get(path)).await?;
        if answer.truncated {
            let reason = "a folder there has more entries than GitHub lists".to_owned();
            return Err(Fault::Refused(reason));
        }
        Ok(answer.tree)
    }

    async fn blob(&self, location: &Location, id: &str) -> Result<Bytes, Fault> {
        let key = format!("{}@{id}", location.key());
        if let Some(bytes) = self.objects.blob(&key) {
            return Ok(bytes);
        }
        let bytes = self.client.bytes(location, Call::get_raw(format!("/git/blobs/{id}"))).await?;
        if blob_id(&bytes) != id {
            let reason = format!("the content that GitHub sent for {id} is another's");
            return Err(Fault::Unreadable(reason));
        }
        self.objects.keep_blob(key, &bytes);
        Ok(bytes)
    }
}

impl Objects {
    fn tree(&self, key: &str) -> Option<Tree> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).trees.get(key).cloned()
    }

    fn blob(&self, key: &str) -> Option<Bytes> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).blobs.get(key).cloned()
    }

    fn keep_tree(&self, key: String, tree: &Tree) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.entries.saturating_add(tree.len()) > MOST_ENTRIES {
            (kept.trees, kept.entries) = (BTreeMap::new(), 0);
        }
        if tree.len() <= MOST_ENTRIES && kept.trees.insert(key, Arc::clone(tree)).is_none() {
            kept.entries = kept.entries.saturating_add(tree.len().max(1));
        }
    }

    fn keep_blob(&self, key: String, bytes: &Bytes) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes.saturating_add(bytes.len()) > MOST_BYTES {
            (kept.blobs, kept.bytes) = (BTreeMap::new(), 0);
        }
        if bytes.len() <= MOST_BYTES && kept.blobs.insert(key, bytes.clone()).is_none() {
            kept.bytes = kept.bytes.saturating_add(bytes.len().max(64));
        }
    }
}

/// Git's id of a blob with this content.
pub(super) fn blob_id(content: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", content.len()));
    hash.update(content);
    data_encoding::HEXLOWER.encode(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blobs_id_is_gits() {
        assert_eq!(blob_id(b""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(blob_id(b"hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
    }

    #[test]
    fn what_is_kept_stays_within_its_bounds() {
        let objects = Objects::default();
        let quarter = Bytes::from(vec![0; MOST_BYTES / 4]);
        for key in 0..20 {
            objects.keep_blob(key.to_string(), &quarter);
            let kept = objects.kept.lock().unwrap();
            assert!(kept.bytes <= MOST_BYTES && kept.blobs.len() <= 4);
        }
        assert_eq!(objects.blob("19"), Some(quarter));
        objects.keep_blob("huge".to_owned(), &Bytes::from(vec![0; MOST_BYTES + 1]));
        assert_eq!(objects.blob("huge"), None);
    }
}
