//! Compares a work tree with the base, as data: git is not asked, nothing of the tree is obeyed
//! and no link is followed. What a change cannot hold is an [`Observation`], and a no.

mod content;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CStr;
use std::io;
use std::os::fd::OwnedFd;

use leviathan_core::diff::{FileChange, FileMode, OldFile};
use leviathan_core::gate::{Observation, ObservationKind};
use leviathan_core::policy::Limits;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::base::{BaseEntry, BaseTree};
use crate::files::Tree;
use crate::ignored::IgnoreRules;

/// Folders within folders; a deeper one is not looked into. Each level holds a file descriptor.
const MAX_DEPTH: usize = 200;

/// Files over the policy's limit that are still listed, so that a person sees which they are.
const LISTED_BEYOND_LIMIT: usize = 100;

/// What differs from the base.
#[derive(Debug, Default)]
pub struct Changes {
    /// In byte order of the paths.
    pub files: Vec<FileChange>,
    /// What no change can hold.
    pub observations: Vec<Observation>,
    /// Untracked paths that the base's ignore rules hide; a hidden folder counts once.
    pub ignored: u32,
}

/// Compares `workspace` with `base`. The error is that of the workspace's own folder.
pub fn compare(
    workspace: &Tree,
    base: &BaseTree,
    rules: &IgnoreRules,
    limits: &Limits,
) -> io::Result<Changes> {
    let most = usize::try_from(limits.max_files).unwrap_or(usize::MAX);
    let mut walk = Walk {
        base,
        rules,
        limits,
        most_files: most.saturating_add(LISTED_BEYOND_LIMIT),
        seen: BTreeSet::new(),
        files: BTreeMap::new(),
        observations: Vec::new(),
        ignored: 0,
        bytes: 0,
        stopped: false,
    };
    walk.folder(workspace.handle().try_clone()?, &[], false, 0)?;
    if !walk.stopped {
        walk.deletions();
    }
    let Walk { files, observations, ignored, .. } = walk;
    Ok(Changes { files: files.into_values().collect(), observations, ignored })
}

struct Walk<'a> {
    base: &'a BaseTree,
    rules: &'a IgnoreRules,
    limits: &'a Limits,
    most_files: usize,
    seen: BTreeSet<Vec<u8>>,
    files: BTreeMap<String, FileChange>,
    observations: Vec<Observation>,
    ignored: u32,
    /// Of new contents that were read.
    bytes: u64,
    /// A limit is so far exceeded that looking on would only cost.
    stopped: bool,
}

/// One thing in a folder.
struct Entry<'a> {
    folder: &'a OwnedFd,
    name: &'a CStr,
    path: Vec<u8>,
    stat: Stat,
    /// A folder above is hidden: only what the base tracks counts here.
    hidden_above: bool,
    depth: usize,
}

impl<'a> Walk<'a> {
    fn folder(
        &mut self,
        folder: OwnedFd,
        prefix: &[u8],
        hidden_above: bool,
        depth: usize,
    ) -> io::Result<()> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&folder)? {
            let name = entry?.file_name().to_owned();
            if !matches!(name.to_bytes(), b"." | b"..") {
                names.push(name);
            }
        }
        names.sort();
        for name in &names {
            if self.stopped {
                return Ok(());
            }
            if prefix.is_empty() && name.as_bytes() == b".git" {
                continue;
            }
            let mut path = prefix.to_vec();
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name.as_bytes());
            match rustix::fs::statat(&folder, name.as_c_str(), AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => {
                    let folder = &folder;
                    self.entry(&Entry { folder, name, path, stat, hidden_above, depth });
                }
                Err(errno) => self.unreadable(&path, &errno.into()),
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Entry<'_>) {
        let tracked = self.base.get(&entry.path);
        let kind = FileType::from_raw_mode(entry.stat.st_mode);
        if kind == FileType::Directory {
            return self.inner_folder(entry, tracked);
        }
        let hidden =
            tracked.is_none() && (entry.hidden_above || self.rules.hide(&entry.path, false));
        if hidden {
            self.ignored = self.ignored.saturating_add(1);
            return;
        }
        if entry.name.to_bytes().eq_ignore_ascii_case(b".git") {
            let cut = entry.path.len().saturating_sub(5);
            self.observe(
                entry.path.get(..cut).unwrap_or_default(),
                ObservationKind::NestedRepository,
            );
            return;
        }
        self.seen.insert(entry.path.clone());
        match kind {
            FileType::RegularFile => self.file(entry, tracked),
            FileType::Symlink => self.link(entry, tracked),
            other => {
                let what = special(other).to_owned();
                self.observe(&entry.path, ObservationKind::SpecialFile { what });
            }
        }
    }

    fn inner_folder(&mut self, entry: &Entry<'_>, tracked: Option<&BaseEntry>) {
        let path = &entry.path;
        let mut inside = path.clone();
        inside.push(b'/');
        let holds_tracked = self
            .base
            .range(inside.clone()..)
            .next()
            .is_some_and(|(next, _)| next.starts_with(&inside));
        let hidden = entry.hidden_above || self.rules.hide(path, true);
        let is_submodule = tracked.is_some_and(|base| base.mode == FileMode::Submodule);
        if hidden && !holds_tracked && !is_submodule {
            self.ignored = self.ignored.saturating_add(1);
            return;
        }
        if entry.name.to_bytes().eq_ignore_ascii_case(b".git") {
            let cut = path.len().saturating_sub(5);
            self.observe(path.get(..cut).unwrap_or_default(), ObservationKind::NestedRepository);
            return;
        }
        let flags =
            OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
        let opened = rustix::fs::openat(entry.folder, entry.name, flags, Mode::empty());
        let opened = match opened {
            Ok(opened) => opened,
            Err(errno) => return self.unreadable(path, &errno.into()),
        };
        if is_submodule {
            self.seen.insert(path.clone());
            match is_empty(&opened) {
                Ok(true) => {}
                // Its content is no part of this repository, so no change could hold it.
                Ok(false) => self.observe(path, ObservationKind::Submodule),
                Err(error) => self.unreadable(path, &error),
            }
            return;
        }
        if entry.depth >= MAX_DEPTH {
            let error = io::Error::other(format!("it lies more than {MAX_DEPTH} folders deep"));
            return self.unreadable(path, &error);
        }
        if let Err(error) = self.folder(opened, path, hidden, entry.depth.saturating_add(1)) {
            self.unreadable(path, &error);
        }
    }

    /// What the base holds and the walk did not meet.
    fn deletions(&mut self) {
        let gone: Vec<(Vec<u8>, &BaseEntry)> = self
            .base
            .iter()
            .filter(|(path, _)| !self.seen.contains(path.as_slice()))
            .map(|(path, base)| (path.clone(), base))
            .collect();
        for (path, base) in gone {
            // What could not be looked at is not known to be gone.
            let unread = self.observations.iter().any(|seen| {
                matches!(seen.kind, ObservationKind::UnreadableFile { .. })
                    && path.starts_with(seen.path.as_bytes())
            });
            if !unread {
                self.change(&path, Some(base), None);
            }
        }
    }

    fn change(
        &mut self,
        path: &[u8],
        base: Option<&BaseEntry>,
        new: Option<leviathan_core::diff::NewFile>,
    ) {
        if self.files.len() >= self.most_files {
            if !self.stopped {
                self.stopped = true;
                let seen = u64::try_from(self.files.len()).unwrap_or(u64::MAX).saturating_add(1);
                self.observe(b"", ObservationKind::TooManyFiles { seen });
            }
            return;
        }
        let Ok(path) = std::str::from_utf8(path) else {
            return self.observe(path, ObservationKind::UnreadableName);
        };
        let old = base.map(|base| OldFile { mode: base.mode, blob: base.id.clone() });
        self.files.insert(path.to_owned(), FileChange { path: path.to_owned(), old, new });
    }

    fn observe(&mut self, path: &[u8], kind: ObservationKind) {
        // More of them than a person reads, or an event holds, add nothing to the no.
        if self.observations.len() < self.most_files {
            let path = String::from_utf8_lossy(path).into_owned();
            self.observations.push(Observation { path, kind });
        }
    }

    fn unreadable(&mut self, path: &[u8], error: &io::Error) {
        self.seen.insert(path.to_vec());
        self.observe(path, ObservationKind::UnreadableFile { reason: error.to_string() });
    }
}

fn is_empty(folder: &OwnedFd) -> io::Result<bool> {
    for entry in rustix::fs::Dir::read_from(folder)? {
        if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a person calls it.
fn special(kind: FileType) -> &'static str {
    match kind {
        FileType::Fifo => "FIFO",
        FileType::Socket => "socket",
        FileType::CharacterDevice | FileType::BlockDevice => "device",
        FileType::RegularFile | FileType::Directory | FileType::Symlink | FileType::Unknown => {
            "special file"
        }
    }
}

/// The system's answer when a file has become something else since it was looked at.
fn became_something_else(errno: Errno) -> io::Error {
    match errno {
        Errno::LOOP | Errno::NOTDIR | Errno::NXIO => {
            io::Error::other("it changed while it was read")
        }
        errno => errno.into(),
    }
}
