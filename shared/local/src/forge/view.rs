//! A view of a repository: a git folder of our own, in the state folder, whose objects and refs are
//! the repository's, by symlink, and whose configuration, hooks, attributes and HEAD are ours.
//!
//! Why not simply `git --git-dir REPOSITORY -c core.hooksPath=/dev/null`? Because a setting that we
//! do not know of cannot be switched off one by one: newer gits define hooks in configuration, for
//! instance. In a view the repository's configuration is not read at all.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use leviathan_core::ids::{Digest, slug};
use leviathan_core::ports::ForgeError;

use super::discover::{Format, Located};
use super::git::{Git, text, unavailable};

/// What of a repository is shown. `info/` (grafts, attributes, excludes), `hooks/`, `config` and
/// `HEAD` stay out.
const SHOWN: [&str; 6] = ["objects", "refs", "packed-refs", "logs", "shallow", "worktrees"];

/// A HEAD that names no branch of the repository: moving a branch moves no HEAD of a view.
const HEAD: &str = "ref: refs/heads/.leviathan-none\n";

/// The view of a repository under `folder`; made, or brought up to date, when it is not there.
pub(crate) fn open(folder: &Path, location: &str, located: &Located) -> Result<Git, ForgeError> {
    let dir = folder.join(name(&located.common_dir));
    build(&dir, located).map_err(|error| {
        let reason = format!("the view {} could not be made: {error}", text(&dir));
        unavailable("open the repository", location, reason)
    })?;
    Ok(Git { dir, location: location.to_owned() })
}

fn name(common_dir: &Path) -> String {
    let digest = Digest::of(common_dir.as_os_str().as_encoded_bytes());
    let kept: String = digest.as_str().chars().take(16).collect();
    format!("{}-{kept}", slug(&text(common_dir), 40))
}

fn build(dir: &Path, located: &Located) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    let reftable = (located.format.refs == "reftable").then_some("reftable");
    for shown in SHOWN.into_iter().chain(reftable) {
        link(&located.common_dir.join(shown), &dir.join(shown))?;
    }
    write(&dir.join("config"), &config(&located.format))?;
    write(&dir.join("HEAD"), HEAD)
}

/// What of the configuration must be the same to read and write its files rightly, and that what
/// was answered survives a crash of the machine.
fn config(format: &Format) -> String {
    let Format { objects, refs, shared, bare: _, worktree: _ } = format;
    let mut text = format!(
        "[core]\n\trepositoryformatversion = 1\n\tbare = true\n\tfsync = all\n\
         [extensions]\n\tobjectformat = {objects}\n"
    );
    // Gits before 2.45 do not know the extension, and know only this one format.
    if refs != "files" {
        text.push_str(&format!("\trefstorage = {refs}\n"));
    }
    if let Some(shared) = shared {
        text.push_str(&format!("[core]\n\tsharedRepository = {shared}\n"));
    }
    text
}

/// A symlink to `target`, which need not exist.
fn link(target: &Path, at: &Path) -> io::Result<()> {
    if fs::read_link(at).is_ok_and(|found| found == target) {
        return Ok(());
    }
    let made = beside(at);
    drop(fs::remove_file(&made));
    symlink(target, &made)?;
    fs::rename(&made, at)
}

fn write(at: &Path, content: &str) -> io::Result<()> {
    if fs::read_to_string(at).is_ok_and(|found| found == content) {
        return Ok(());
    }
    let made = beside(at);
    fs::write(&made, content)?;
    fs::rename(&made, at)
}

/// A name for the file while it is made: two processes, or two threads, must not share it.
fn beside(at: &Path) -> PathBuf {
    let thread = format!("{:?}", std::thread::current().id());
    let thread: String = thread.chars().filter(char::is_ascii_digit).collect();
    let mut name = at.as_os_str().to_owned();
    name.push(format!(".{}-{thread}.new", std::process::id()));
    PathBuf::from(name)
}
