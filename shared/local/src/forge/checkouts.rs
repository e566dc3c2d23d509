//! Where branches are checked out: such a branch is never moved, since the files and the index
//! beside it would silently be those of another git commit.

use std::fs;
use std::path::{Path, PathBuf};

use leviathan_core::ports::ForgeError;

use super::discover::Located;
use super::git::Git;

/// A working tree and the branch that it is busy with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The top of the working tree.
    pub path: PathBuf,
    /// Without `refs/heads/`.
    pub branch: String,
}

/// Every branch that is checked out, or in a rebase or bisection, in any working tree.
pub(crate) fn all(git: &Git, located: &Located) -> Result<Vec<Checkout>, ForgeError> {
    let mut found = Vec::new();
    let common = &located.common_dir;
    if !located.format.bare {
        let path = main_worktree(located);
        found.extend(busy(git, located, common, "HEAD")?.map(|branch| (path.clone(), branch)));
    }
    for admin in folders(&common.join("worktrees")) {
        let Some(path) = linked_worktree(&admin) else { continue };
        // One whose folder is gone is checked out nowhere, unless it was locked: then it may be
        // on a disk that is not there now.
        if !path.exists() && !admin.join("locked").exists() {
            continue;
        }
        let id = admin.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let head = format!("worktrees/{id}/HEAD");
        found.extend(busy(git, located, &admin, &head)?.map(|branch| (path.clone(), branch)));
    }
    Ok(found.into_iter().map(|(path, branch)| Checkout { path, branch }).collect())
}

/// The branch of the working tree that a person named, `None` when its HEAD is detached.
pub(crate) fn current(git: &Git, located: &Located) -> Result<Option<String>, ForgeError> {
    let head = match located.git_dir.strip_prefix(located.common_dir.join("worktrees")) {
        Ok(id) => format!("worktrees/{}/HEAD", id.to_string_lossy()),
        Err(_) => "HEAD".to_owned(),
    };
    head_branch(git, located, &located.git_dir, &head)
}

fn busy(
    git: &Git,
    located: &Located,
    admin: &Path,
    head: &str,
) -> Result<impl Iterator<Item = String> + use<>, ForgeError> {
    let current = head_branch(git, located, admin, head)?;
    let rebased = ["rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"]
        .into_iter()
        .filter_map(|file| fs::read_to_string(admin.join(file)).ok())
        .map(|line| short(line.trim_end()).to_owned())
        .collect::<Vec<_>>();
    Ok(current.into_iter().chain(rebased))
}

fn head_branch(
    git: &Git,
    located: &Located,
    admin: &Path,
    head: &str,
) -> Result<Option<String>, ForgeError> {
    let named = if located.format.refs == "reftable" {
        git.symbolic(head)?
    } else {
        match fs::read_link(admin.join("HEAD")) {
            // The oldest gits made HEAD a symlink.
            Ok(target) => Some(target.to_string_lossy().into_owned()),
            Err(_) => fs::read_to_string(admin.join("HEAD"))
                .ok()
                .and_then(|line| Some(line.strip_prefix("ref:")?.trim().to_owned())),
        }
    };
    Ok(named.map(|name| short(&name).to_owned()))
}

fn short(name: &str) -> &str {
    name.strip_prefix("refs/heads/").unwrap_or(name)
}

fn main_worktree(located: &Located) -> PathBuf {
    if let Some(worktree) = &located.format.worktree {
        return fs::canonicalize(worktree).unwrap_or_else(|_| worktree.clone());
    }
    match &located.top {
        // Its git folder may be anywhere: `git init --separate-git-dir`.
        Some(top) if located.git_dir == located.common_dir => top.clone(),
        _ => located.common_dir.parent().unwrap_or(&located.common_dir).to_owned(),
    }
}

/// `worktrees/<id>/gitdir` names the `.git` file of the working tree; newer gits may write it
/// relative.
fn linked_worktree(admin: &Path) -> Option<PathBuf> {
    let line = fs::read_to_string(admin.join("gitdir")).ok()?;
    let file = admin.join(line.trim_end());
    let path = file.parent()?;
    Some(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(of) else { return Vec::new() };
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.sort();
    folders
}
