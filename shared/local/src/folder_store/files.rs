//! The file calls of the folder store, each step in the order that makes it safe.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use leviathan_core::ports::StoreError;

/// Where files stand until they are whole. No key can name it, because it begins with a dot; it is
/// inside the store, so that it is on the same file system.
const WRITING: &str = ".writing";

/// A file that stands there for so long has no writer any more: writing takes moments.
const ABANDONED_AFTER: Duration = Duration::from_secs(60 * 60);

/// The folder and what makes names in it unique.
#[derive(Debug)]
pub(super) struct Files {
    root: PathBuf,
    writing: PathBuf,
    /// Random: two processes, in two containers perhaps with the same process id.
    opened: u64,
    written: AtomicU64,
    /// Nothing in the folder is made, changed or removed.
    read_only: bool,
}

impl Files {
    pub(super) fn open(root: PathBuf) -> Result<Self, StoreError> {
        let refused = |problem: io::Error| StoreError::Refused {
            key: root.display().to_string(),
            reason: format!("{problem}; the folder must be one that this program may write"),
        };
        let writing = root.join(WRITING);
        create_folders(&writing).map_err(refused)?;
        sweep(&writing).map_err(refused)?;
        Ok(Self {
            root,
            writing,
            opened: rand::random(),
            written: AtomicU64::new(0),
            read_only: false,
        })
    }

    pub(super) fn read_only(root: PathBuf) -> Self {
        let writing = root.join(WRITING);
        Self { root, writing, opened: 0, written: AtomicU64::new(0), read_only: true }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn create(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.writable(key)?;
        let path = self.root.join(key);
        if path.symlink_metadata().is_ok() {
            return self.taken(key, &path);
        }
        make_parent(&path).map_err(|problem| refused(key, &problem))?;
        let whole = self.write_whole(key, bytes)?;
        let linked = fs::hard_link(&whole, &path);
        // Whatever came of it, the other name has done its work; a sweep takes what stays.
        drop(fs::remove_file(&whole));
        match linked {
            Ok(()) => flush_parent(&path).map_err(|problem| unclear(key, &problem)),
            Err(problem) if problem.kind() == ErrorKind::AlreadyExists => self.taken(key, &path),
            // Swept away under our hands, because we stood still for an hour.
            Err(problem) if problem.kind() == ErrorKind::NotFound => Err(unclear(key, &problem)),
            Err(problem) => Err(refused(key, &problem)),
        }
    }

    /// The name is taken, perhaps by a try of ours whose flush failed: whoever reads it back and
    /// finds it his own shall be able to rely on it, so it is flushed before we say so.
    fn taken(&self, key: &str, path: &Path) -> Result<(), StoreError> {
        if path.is_dir() {
            let reason = "a folder has that name; use another key".to_owned();
            return Err(StoreError::Refused { key: key.to_owned(), reason });
        }
        flush_parent(path).map_err(|problem| unclear(key, &problem))?;
        Err(StoreError::AlreadyExists { key: key.to_owned() })
    }

    pub(super) fn replace(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.writable(key)?;
        let path = self.root.join(key);
        let whole = self.write_whole(key, bytes)?;
        if let Err(problem) = make_parent(&path).and_then(|()| fs::rename(&whole, &path)) {
            drop(fs::remove_file(&whole));
            return Err(refused(key, &problem));
        }
        flush_parent(&path).map_err(|problem| unclear(key, &problem))
    }

    /// Removes an object; gone already is removed.
    pub(super) fn remove(&self, key: &str) -> Result<(), StoreError> {
        self.writable(key)?;
        match fs::remove_file(self.root.join(key)) {
            Err(problem) if problem.kind() != ErrorKind::NotFound => Err(refused(key, &problem)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn writable(&self, key: &str) -> Result<(), StoreError> {
        if self.read_only {
            let reason = "the store was opened for reading only".to_owned();
            return Err(StoreError::Refused { key: key.to_owned(), reason });
        }
        Ok(())
    }

    pub(super) fn get(&self, key: &str) -> Result<Bytes, StoreError> {
        match fs::read(self.root.join(key)) {
            Ok(bytes) => Ok(Bytes::from(bytes)),
            Err(problem) => match problem.kind() {
                // A folder of that name holds longer keys, but is no object.
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory => {
                    let key = key.to_owned();
                    Err(StoreError::NotFound { key, delete_marker: false, store_time: None })
                }
                ErrorKind::Interrupted => Err(unclear(key, &problem)),
                _ => Err(refused(key, &problem)),
            },
        }
    }

    /// A file with these bytes, flushed, under a name that nobody else uses.
    fn write_whole(&self, key: &str, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let path = self.writing.join(format!("{:016x}-{number}", self.opened));
        let written =
            OpenOptions::new().write(true).create_new(true).open(&path).and_then(|mut file| {
                file.write_all(bytes)?;
                file.sync_all()
            });
        match written {
            Ok(()) => Ok(path),
            Err(problem) => {
                drop(fs::remove_file(&path));
                Err(refused(key, &problem))
            }
        }
    }
}

/// Removes what writers have left that died while writing.
fn sweep(writing: &Path) -> io::Result<()> {
    for entry in fs::read_dir(writing)? {
        let entry = entry?;
        let abandoned = entry.metadata().and_then(|facts| facts.modified()).is_ok_and(|at| {
            SystemTime::now().duration_since(at).is_ok_and(|age| age > ABANDONED_AFTER)
        });
        if abandoned {
            match fs::remove_file(entry.path()) {
                // Somebody else sweeps at the same time.
                Err(problem) if problem.kind() == ErrorKind::NotFound => {}
                done => done?,
            }
        }
    }
    Ok(())
}

fn make_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.is_dir() => create_folders(parent),
        _ => Ok(()),
    }
}

/// Makes a folder and those above it, each flushed into the one above, so that none is lost with
/// an object in it.
fn create_folders(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent()
        && !parent.as_os_str().is_empty()
    {
        create_folders(parent)?;
    }
    match fs::create_dir(path) {
        Err(problem) if problem.kind() == ErrorKind::AlreadyExists && path.is_dir() => {}
        done => done?,
    }
    flush_parent(path)
}

fn flush_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

fn refused(key: &str, problem: &io::Error) -> StoreError {
    let hint = match problem.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "; make room on the disk",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "; the store's folder must be one that this program may write"
        }
        ErrorKind::Unsupported => {
            "; the store needs a file system with hard links: use another folder"
        }
        _ => "",
    };
    StoreError::Refused { key: key.to_owned(), reason: format!("{problem}{hint}") }
}

fn unclear(key: &str, problem: &io::Error) -> StoreError {
    StoreError::Unclear { key: key.to_owned(), reason: problem.to_string() }
}
