//! What the command line asks about a repository before and after work: which branch counts, what
//! of `.leviathan/` is not committed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use leviathan_core::ports::ForgeError;

use super::checkouts;
use super::commit::entries;
use super::discover::Located;
use super::git::Git;

/// The folder of a target's own files.
const FOLDER: &str = ".leviathan";
/// The largest file that is compared; a larger one counts as different.
const MOST_COMPARED: u64 = 8 * 1024 * 1024;
/// How many files are looked at.
const MOST_FILES: usize = 1000;

/// The branch that pull requests go into: the wanted one; else what the remote calls its HEAD, if
/// a local branch is called so; else `main` or `master`; else the branch that is checked out.
pub(crate) fn default_branch(
    git: &Git,
    located: &Located,
    wanted: Option<&str>,
) -> Result<String, ForgeError> {
    let action = "find the default branch";
    if let Some(wanted) = wanted {
        git.checked(action, wanted)?;
        if git.branch(wanted)?.is_some() {
            return Ok(wanted.to_owned());
        }
        let known: Vec<String> =
            git.branches("")?.into_iter().map(|(name, _)| name).take(20).collect();
        let reason = match known.is_empty() {
            true => format!("there is no branch {wanted}, nor any other: commit something first"),
            false => format!("there is no branch {wanted}; there are: {}", known.join(", ")),
        };
        return Err(git.refused(action, reason));
    }
    let remote = git.symbolic("refs/remotes/origin/HEAD")?;
    let remote = remote.as_deref().and_then(|name| name.strip_prefix("refs/remotes/origin/"));
    for name in remote.into_iter().chain(["main", "master"]) {
        if git.branch(name)?.is_some() {
            return Ok(name.to_owned());
        }
    }
    match checkouts::current(git, located)? {
        Some(name) => Ok(name),
        None => Err(git.refused(
            action,
            "there is no main or master and no branch is checked out; say which with --branch",
        )),
    }
}

/// Paths under `.leviathan/` that differ between the working tree and the default branch: what a
/// person may believe to be in force and is not. Empty for a bare repository.
pub(crate) fn uncommitted(
    git: &Git,
    located: &Located,
    default_branch: &str,
) -> Result<Vec<String>, ForgeError> {
    let action = "compare .leviathan/ with the default branch";
    let Some(top) = &located.top else { return Ok(Vec::new()) };
    let committed = match git.branch(default_branch)? {
        Some(tip) => {
            let listed = git
                .call(action)
                .args(["ls-tree", "-r", "-z", "--full-tree", tip.as_str(), "--"])
                .arg(format!("{FOLDER}/"))
                .ok()?;
            entries(&listed.stdout)
        }
        None => std::collections::BTreeMap::new(),
    };
    let mut different: BTreeSet<String> = BTreeSet::new();
    let mut here = Vec::new();
    walk(&top.join(FOLDER), &mut here);
    let mut seen = BTreeSet::new();
    for file in here {
        let Ok(relative) = file.strip_prefix(top) else { continue };
        let path = relative.as_os_str().as_encoded_bytes().to_vec();
        let same = match committed.get(&path) {
            Some(entry) if entry.kind == "blob" => {
                let blob = git.call(action).args(["cat-file", "blob", &entry.id]).ok()?;
                content(&file).is_some_and(|bytes| same_text(&bytes, &blob.stdout))
            }
            Some(_) | None => false,
        };
        if !same {
            different.insert(String::from_utf8_lossy(&path).into_owned());
        }
        seen.insert(path);
    }
    for path in committed.keys().filter(|path| !seen.contains(*path)) {
        different.insert(String::from_utf8_lossy(path).into_owned());
    }
    Ok(different.into_iter().collect())
}

/// A file's bytes as git would store them; a symlink's are its target.
fn content(file: &Path) -> Option<Vec<u8>> {
    let metadata = fs::symlink_metadata(file).ok()?;
    if metadata.is_symlink() {
        let target = fs::read_link(file).ok()?;
        return Some(target.as_os_str().as_encoded_bytes().to_vec());
    }
    if metadata.is_file() && metadata.len() <= MOST_COMPARED {
        return fs::read(file).ok();
    }
    None
}

/// Equal, or equal but for the line ends that a checkout may have made.
fn same_text(here: &[u8], committed: &[u8]) -> bool {
    let unix = |bytes: &[u8]| -> Vec<u8> {
        let mut kept = Vec::with_capacity(bytes.len());
        for (at, byte) in bytes.iter().enumerate() {
            if *byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
                kept.push(*byte);
            }
        }
        kept
    };
    here == committed || unix(here) == unix(committed)
}

/// Every file below a folder, following no symlink.
fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        // Never out of the working tree: a `.leviathan` that is itself a symlink is not entered.
        if !fs::symlink_metadata(&folder).is_ok_and(|metadata| metadata.is_dir()) {
            continue;
        }
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.flatten() {
            if into.len() >= MOST_FILES {
                return;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(_) => into.push(entry.path()),
                Err(_) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_alone_are_no_difference() {
        assert!(same_text(b"a\r\nb\r\n", b"a\nb\n"));
        assert!(same_text(b"a\n", b"a\n"));
        assert!(!same_text(b"a\rb\n", b"ab\n"));
        assert!(!same_text(b"a\n", b"b\n"));
    }
}
