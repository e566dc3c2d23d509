//! The base git commit's tree, read from the bare repository that only prepare writes.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use leviathan_core::diff::FileMode;
use leviathan_core::ids::GitCommit;

use crate::git::{Blobs, Git, GitFault};
use crate::result::PhaseFailure;

/// Reading a tree from disk; a longer one means that the disk hangs.
const READ_LIMIT: Duration = Duration::from_secs(120);

/// One entry of the base's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseEntry {
    /// Git's mode.
    pub mode: FileMode,
    /// The blob's id, or the submodule's git commit.
    pub id: String,
    /// The blob's size in bytes; 0 for a submodule.
    pub size: u64,
}

/// Every entry by its path, as git stores it: bytes, `/`-separated, not always UTF-8.
pub type BaseTree = BTreeMap<Vec<u8>, BaseEntry>;

/// Reads the whole tree of `base`.
pub fn read_tree(base_git: &Path, base: &GitCommit) -> Result<BaseTree, PhaseFailure> {
    let listing = Git::new(base_git, READ_LIMIT)
        .run(&["ls-tree", "-r", "-l", "-z", "--full-tree", base.as_str()])
        .map_err(|fault| unreadable(&fault))?;
    parse_listing(&listing)
        .map_err(|line| PhaseFailure::infra("base_unreadable", format!("git listed {line:?}")))
}

/// Reads blobs of the base.
pub fn blobs(base_git: &Path) -> Result<Blobs, PhaseFailure> {
    Git::new(base_git, READ_LIMIT).blobs().map_err(|fault| unreadable(&fault))
}

/// The base cannot be read: the machinery's fault.
pub fn unreadable(fault: &GitFault) -> PhaseFailure {
    PhaseFailure::infra("base_unreadable", format!("the base could not be read: {fault}"))
}

/// `<mode> <type> <id> <size>TAB<path>NUL`, repeated. The error is the piece that does not fit.
fn parse_listing(listing: &[u8]) -> Result<BaseTree, String> {
    let mut tree = BaseTree::new();
    for piece in listing.split(|&byte| byte == 0).filter(|piece| !piece.is_empty()) {
        let unfit = || String::from_utf8_lossy(piece).into_owned();
        let tab = piece.iter().position(|&byte| byte == b'\t').ok_or_else(unfit)?;
        let (facts, path) = piece.split_at(tab);
        let facts = std::str::from_utf8(facts).map_err(|_| unfit())?;
        let mut words = facts.split_whitespace();
        let (Some(mode), Some(_), Some(id), Some(size)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(unfit());
        };
        let mode = match mode {
            // 100664 is what very old gits wrote.
            "100644" | "100664" => FileMode::Regular,
            "100755" => FileMode::Executable,
            "120000" => FileMode::Symlink,
            "160000" => FileMode::Submodule,
            _ => return Err(unfit()),
        };
        let entry = BaseEntry { mode, id: id.to_owned(), size: size.parse().unwrap_or(0) };
        tree.insert(path.get(1..).unwrap_or_default().to_vec(), entry);
    }
    Ok(tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_read_by_its_nul_bytes() {
        let listing =
            b"100644 blob aa      12\tname with\ttab\nand line\x00160000 commit bb       -\tsub\0";
        let tree = parse_listing(listing).unwrap();
        let file = tree.get(b"name with\ttab\nand line".as_slice()).unwrap();
        assert_eq!((file.mode, file.id.as_str(), file.size), (FileMode::Regular, "aa", 12));
        assert_eq!(tree.get(b"sub".as_slice()).unwrap().mode, FileMode::Submodule);
        assert!(parse_listing(b"040000 tree aa -\tfolder\0").is_err());
        assert!(parse_listing(b"100644 blob aa 1 no tab\0").is_err());
    }
}
