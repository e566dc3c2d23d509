//! Which folders one must be able to read to clone a repository that is a path on this machine:
//! a work tree made by `git worktree` keeps its objects elsewhere, and objects may be borrowed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// How many borrowed object stores are followed; git itself stops at five levels.
const MOST: usize = 16;

/// The repository's folder and every other that its objects and refs lie in. Empty for a URL.
pub(super) fn folders(repository: &str) -> Vec<PathBuf> {
    let path = repository.strip_prefix("file://").unwrap_or(repository);
    let path = PathBuf::from(path);
    if !path.is_absolute() {
        return Vec::new();
    }
    let mut found = BTreeSet::from([path.clone()]);
    let mut git = path.join(".git");
    if let Some(elsewhere) = pointer(&git, Some("gitdir:")) {
        git = elsewhere;
    } else if !git.is_dir() {
        git = path;
    }
    let common = pointer(&git.join("commondir"), None).unwrap_or_else(|| git.clone());
    let mut stores = vec![common.join("objects")];
    found.extend([git, common]);
    while let Some(store) = stores.pop() {
        let borrowed = fs::read_to_string(store.join("info/alternates")).unwrap_or_default();
        for line in borrowed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let folder = store.join(line);
            if found.len() < MOST && found.insert(folder.clone()) {
                stores.push(folder);
            }
        }
    }
    found.into_iter().collect()
}

/// The path that a small file of git's names, relative to the file's folder.
fn pointer(file: &Path, prefix: Option<&str>) -> Option<PathBuf> {
    if !file.is_file() {
        return None;
    }
    let text = fs::read_to_string(file).ok()?;
    let text = prefix.map_or(Some(text.as_str()), |prefix| text.strip_prefix(prefix))?;
    Some(file.parent()?.join(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_that_a_clone_reads_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("plain/.git/HEAD", "");
        write("bare/HEAD", "");
        write("bare/objects/info/alternates", "# borrowed\n\n../../store\n");
        write("store/info/alternates", &format!("{}\n", root.join("bare/objects").display()));
        write("tree/.git", &format!("gitdir: {}\n", root.join("main/.git/worktrees/t").display()));
        write("main/.git/worktrees/t/commondir", "../..\n");
        let cases: [(&str, &[&str]); 3] = [
            ("plain", &["plain", "plain/.git"]),
            ("bare", &["bare", "bare/objects", "store"]),
            ("tree", &["main/.git", "main/.git/worktrees/t", "tree"]),
        ];
        for (repository, expected) in cases {
            let real = |path: &PathBuf| fs::canonicalize(path).unwrap();
            let mut found: Vec<_> =
                folders(root.join(repository).to_str().unwrap()).iter().map(real).collect();
            found.sort();
            let mut expected: Vec<_> = expected.iter().map(|p| real(&root.join(p))).collect();
            expected.sort();
            assert_eq!(found, expected, "{repository}");
        }
        assert!(folders("https://example.org/x.git").is_empty());
    }
}
