//! Opening and writing files in places where untrusted code may have been: no link is followed,
//! nothing but a regular file is read, and never more than was asked for.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::io::Errno;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    /// There is nothing.
    #[error("{} does not exist", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A link, folder, FIFO, socket or device stands there.
    #[error("{} is not a regular file", path.display())]
    NotRegular {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// It is larger than what its reader takes.
    #[error("{} is larger than {limit} bytes", path.display())]
    TooLarge {
        /// Where it stands.
        path: PathBuf,
        /// The most that its reader takes.
        limit: u64,
    },
    /// The system said no.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// Where it stands.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

/// Opens without following a link at the end and without waiting for a FIFO's other side.
const READ_FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

/// The whole content of the regular file at `path`, at most `limit` bytes.
pub fn read_regular(path: &Path, limit: u64) -> Result<Vec<u8>, FileFault> {
    let (mut file, size) = open_regular(path)?;
    if size > limit {
        return Err(FileFault::TooLarge { path: path.to_owned(), limit });
    }
    read_at_most(&mut file, limit)
        .map_err(|source| FileFault::Unreadable { path: path.to_owned(), source })?
        .ok_or_else(|| FileFault::TooLarge { path: path.to_owned(), limit })
}

/// The regular file at `path`, opened, and its size in bytes.
pub fn open_regular(path: &Path) -> Result<(File, u64), FileFault> {
    let unreadable =
        |errno: Errno| FileFault::Unreadable { path: path.to_owned(), source: errno.into() };
    let opened = rustix::fs::openat(CWD, path, READ_FLAGS, Mode::empty());
    let handle = match opened {
        Ok(handle) => handle,
        Err(Errno::NOENT) => return Err(FileFault::Missing { path: path.to_owned() }),
        // A link, or a socket.
        Err(Errno::LOOP | Errno::NXIO) => {
            return Err(FileFault::NotRegular { path: path.to_owned() });
        }
        Err(errno) => return Err(unreadable(errno)),
    };
    let stat = rustix::fs::fstat(&handle).map_err(unreadable)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(FileFault::NotRegular { path: path.to_owned() });
    }
    Ok((File::from(handle), u64::try_from(stat.st_size).unwrap_or(0)))
}

/// Everything that is left in `file`; `None` when that is more than `limit` bytes: the file grew.
pub fn read_at_most(file: &mut impl Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((u64::try_from(bytes.len()).unwrap_or(u64::MAX) <= limit).then_some(bytes))
}

/// Writes a file of our own whole or not at all: a reader never sees half of it.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(name);
    let mut file = File::options().write(true).create_new(true).open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&part, path)
}

/// Why a path inside a tree was not touched.
#[derive(Debug, thiserror::Error)]
pub enum TreeFault {
    /// The path has an empty, `.`, `..` or `.git` part.
    #[error("{path:?} is no path that a work tree may hold")]
    BadPath {
        /// The path in the tree, bytes that are not UTF-8 replaced.
        path: String,
    },
    /// A part of the path on the way is a link or not a folder.
    #[error("{path:?} leads through something that is not a folder")]
    NotAFolder {
        /// The path in the tree.
        path: String,
    },
    /// The system said no.
    #[error("{path:?} could not be {action}")]
    Failed {
        /// The path in the tree.
        path: String,
        /// What was tried: written, deleted …
        action: &'static str,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
}

impl TreeFault {
    /// Nothing stands at the path.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Failed { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// A folder, below which files are read and written without following any link.
#[derive(Debug)]
pub struct Tree {
    root: OwnedFd,
}

const FOLDER_FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

impl Tree {
    /// The tree at `root`, which must be a folder and no link.
    pub fn open(root: &Path) -> io::Result<Self> {
        Ok(Self { root: rustix::fs::openat(CWD, root, FOLDER_FLAGS, Mode::empty())? })
    }

    /// Its handle.
    pub fn handle(&self) -> &OwnedFd {
        &self.root
    }

    /// Writes a new file; whatever file or link stood there is replaced, not written through.
    pub fn write(&self, path: &[u8], bytes: &[u8], executable: bool) -> Result<(), TreeFault> {
        let (folder, name) = self.parent(path, true)?;
        let failed = |source: io::Error| failed(path, "written", source);
        remove_at(folder.as_fd(), name).map_err(failed)?;
        let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
        let flags = OFlags::WRONLY
            .union(OFlags::CREATE)
            .union(OFlags::EXCL)
            .union(OFlags::NOFOLLOW)
            .union(OFlags::CLOEXEC);
        let handle =
            rustix::fs::openat(&folder, name, flags, mode).map_err(|errno| failed(errno.into()))?;
        File::from(handle).write_all(bytes).map_err(failed)
    }

    /// Makes a symbolic link; whatever file or link stood there is replaced.
    pub fn link(&self, path: &[u8], target: &[u8]) -> Result<(), TreeFault> {
        let (folder, name) = self.parent(path, true)?;
        remove_at(folder.as_fd(), name)
            .and_then(|()| Ok(rustix::fs::symlinkat(target, &folder, name)?))
            .map_err(|source| failed(path, "linked", source))
    }

    /// Makes an empty folder.
    pub fn folder(&self, path: &[u8]) -> Result<(), TreeFault> {
        let (folder, name) = self.parent(path, true)?;
        make_folder(folder.as_fd(), name).map_err(|source| failed(path, "made", source))
    }

    /// Deletes a file or link, and the folders above that are empty then, as git does.
    pub fn remove(&self, path: &[u8]) -> Result<(), TreeFault> {
        let (folder, name) = self.parent(path, false)?;
        remove_at(folder.as_fd(), name).map_err(|source| failed(path, "deleted", source))?;
        let mut above = path;
        while let Some(cut) = above.iter().rposition(|&byte| byte == b'/') {
            above = above.get(..cut).unwrap_or_default();
            let (folder, name) = self.parent(above, false)?;
            // Not empty, or gone: either way there is nothing more to tidy.
            if rustix::fs::unlinkat(&folder, name, AtFlags::REMOVEDIR).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// The regular file at `path`, at most `limit` bytes; `None` when nothing stands there.
    pub fn read(&self, path: &[u8], limit: u64) -> Result<Option<Vec<u8>>, TreeFault> {
        let found = self.parent(path, false).and_then(|(folder, name)| {
            rustix::fs::openat(&folder, name, READ_FLAGS, Mode::empty())
                .map_err(|errno| failed(path, "read", errno.into()))
        });
        let handle = match found {
            Ok(handle) => handle,
            Err(fault) if fault.is_missing() => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let stat =
            rustix::fs::fstat(&handle).map_err(|errno| failed(path, "read", errno.into()))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            let source = io::Error::other("it is not a regular file");
            return Err(failed(path, "read", source));
        }
        let too_large = || io::Error::other(format!("it is larger than {limit} bytes"));
        read_at_most(&mut File::from(handle), limit)
            .and_then(|bytes| bytes.ok_or_else(too_large))
            .map(Some)
            .map_err(|source| failed(path, "read", source))
    }

    /// The folder that holds `path`, and the last part.
    fn parent<'a>(&self, path: &'a [u8], make: bool) -> Result<(OwnedFd, &'a [u8]), TreeFault> {
        let mut parts: Vec<&[u8]> = path.split(|&byte| byte == b'/').collect();
        let bad = |part: &&[u8]| {
            matches!(*part, b"" | b"." | b"..")
                || part.eq_ignore_ascii_case(b".git")
                || part.contains(&0)
        };
        let name = match parts.pop() {
            Some(name) if !bad(&name) && !parts.iter().any(bad) => name,
            Some(_) | None => return Err(TreeFault::BadPath { path: shown(path) }),
        };
        let mut folder = self.root.try_clone().map_err(|source| failed(path, "opened", source))?;
        for part in parts {
            if make {
                make_folder(folder.as_fd(), part).map_err(|source| failed(path, "made", source))?;
            }
            folder = match rustix::fs::openat(&folder, part, FOLDER_FLAGS, Mode::empty()) {
                Ok(folder) => folder,
                Err(Errno::LOOP | Errno::NOTDIR) => {
                    return Err(TreeFault::NotAFolder { path: shown(path) });
                }
                Err(errno) => return Err(failed(path, "opened", errno.into())),
            };
        }
        Ok((folder, name))
    }
}

/// A path as a person can read it.
fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

fn failed(path: &[u8], action: &'static str, source: io::Error) -> TreeFault {
    TreeFault::Failed { path: shown(path), action, source }
}

/// Deletes the file, link or empty folder, if there is one.
fn remove_at(folder: impl AsFd, name: &[u8]) -> io::Result<()> {
    match rustix::fs::unlinkat(&folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        // Linux says ISDIR, others PERM.
        Err(Errno::ISDIR | Errno::PERM) => {
            Ok(rustix::fs::unlinkat(&folder, name, AtFlags::REMOVEDIR)?)
        }
        Err(errno) => Err(errno.into()),
    }
}

fn make_folder(folder: impl AsFd, name: &[u8]) -> io::Result<()> {
    match rustix::fs::mkdirat(folder, name, Mode::from_raw_mode(0o755)) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_within_the_limit_are_read() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        std::fs::write(path("file"), "12345").unwrap();
        std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
        rustix::fs::mkfifoat(CWD, path("fifo"), Mode::from_raw_mode(0o600)).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(path("socket")).unwrap();

        assert_eq!(read_regular(&path("file"), 5).unwrap(), b"12345");
        assert!(matches!(read_regular(&path("file"), 4), Err(FileFault::TooLarge { .. })));
        assert!(matches!(read_regular(&path("none"), 9), Err(FileFault::Missing { .. })));
        for name in ["link", "fifo", "socket", "."] {
            let answer = read_regular(&path(name), 9);
            assert!(matches!(answer, Err(FileFault::NotRegular { .. })), "{name}: {answer:?}");
        }
    }

    #[test]
    fn a_tree_is_never_left_through_a_link_or_a_path() {
        let place = tempfile::tempdir().unwrap();
        let (inside, outside) = (place.path().join("inside"), place.path().join("outside"));
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::create_dir_all(&outside).unwrap();
        std::fs::write(outside.join("file"), "theirs").unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("folder")).unwrap();
        std::os::unix::fs::symlink(outside.join("file"), inside.join("file")).unwrap();
        let tree = Tree::open(&inside).unwrap();

        for path in ["../outside/file", "/etc/x", "a//b", "a/./b", ".git/config", "x/.GIT/y", ""] {
            let answer = tree.write(path.as_bytes(), b"ours", false);
            assert!(matches!(answer, Err(TreeFault::BadPath { .. })), "{path}: {answer:?}");
        }
        let through = tree.write(b"folder/file", b"ours", false);
        assert!(matches!(through, Err(TreeFault::NotAFolder { .. })), "{through:?}");
        assert!(tree.read(b"file", 99).is_err());

        tree.write(b"file", b"ours", false).unwrap();
        assert_eq!(std::fs::read(inside.join("file")).unwrap(), b"ours");
        assert_eq!(std::fs::read(outside.join("file")).unwrap(), b"theirs");
    }

    #[test]
    fn removing_tidies_the_folders_that_are_empty_then() {
        let place = tempfile::tempdir().unwrap();
        let tree = Tree::open(place.path()).unwrap();
        tree.write(b"a/b/c", b"", true).unwrap();
        tree.write(b"a/d", b"", false).unwrap();
        tree.remove(b"a/b/c").unwrap();
        assert!(!place.path().join("a/b").exists());
        assert!(place.path().join("a/d").exists());
        assert_eq!(tree.read(b"a/b/c", 1).unwrap(), None);
    }
}
