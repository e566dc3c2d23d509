//! Files and links: whether they are what the base holds, and what stands in them if not.

use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;
use leviathan_core::diff::{FileMode, NewFile};
use leviathan_core::gate::ObservationKind;
use rustix::fs::{Mode, OFlags};
use sha1::Sha1;
use sha2::Sha256;

use super::{Entry, Walk, became_something_else};
use crate::base::BaseEntry;
use crate::files::read_at_most;

/// What is read at once, in bytes.
const CHUNK: usize = 64 * 1024;

impl Walk<'_> {
    pub(super) fn file(&mut self, entry: &Entry<'_>, tracked: Option<&BaseEntry>) {
        // Git knows one bit, the owner's.
        let is_executable = entry.stat.st_mode & 0o100 != 0;
        let mode = if is_executable { FileMode::Executable } else { FileMode::Regular };
        let size = u64::try_from(entry.stat.st_size).unwrap_or(u64::MAX);
        if let Some(base) = tracked.filter(|base| base.mode == mode && base.size == size) {
            match open(entry).and_then(|mut file| blob_id(&mut file, size, &base.id)) {
                Ok(Some(id)) if id == base.id => return,
                Ok(_) => {}
                Err(error) => return self.unreadable(&entry.path, &error),
            }
        }
        if size > self.limits.max_file_bytes {
            return self.observe(&entry.path, ObservationKind::FileTooLarge { bytes: size });
        }
        let limit = self.limits.max_file_bytes;
        match open(entry).and_then(|mut file| read_at_most(&mut file, limit)) {
            Ok(Some(content)) => self.content(entry, tracked, mode, content),
            Ok(None) => {
                let bytes = limit.saturating_add(1);
                self.observe(&entry.path, ObservationKind::FileTooLarge { bytes });
            }
            Err(error) => self.unreadable(&entry.path, &error),
        }
    }

    pub(super) fn link(&mut self, entry: &Entry<'_>, tracked: Option<&BaseEntry>) {
        let target = match rustix::fs::readlinkat(entry.folder, entry.name, Vec::new()) {
            Ok(target) => target.into_bytes(),
            Err(errno) => return self.unreadable(&entry.path, &became_something_else(errno)),
        };
        let size = u64::try_from(target.len()).unwrap_or(u64::MAX);
        if let Some(base) = tracked.filter(|base| base.mode == FileMode::Symlink)
            && let Ok(Some(id)) = blob_id(&mut target.as_slice(), size, &base.id)
            && id == base.id
        {
            return;
        }
        self.content(entry, tracked, FileMode::Symlink, target);
    }

    /// Takes a new content into the change, as long as all of them together fit.
    fn content(
        &mut self,
        entry: &Entry<'_>,
        tracked: Option<&BaseEntry>,
        mode: FileMode,
        content: Vec<u8>,
    ) {
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(size);
        if self.bytes > self.limits.max_diff_bytes {
            self.stopped = true;
            return self.observe(b"", ObservationKind::DiffTooLarge { seen: self.bytes });
        }
        let new = NewFile { mode, content: Bytes::from(content) };
        self.change(&entry.path, tracked, Some(new));
    }
}

fn open(entry: &Entry<'_>) -> io::Result<File> {
    let flags =
        OFlags::RDONLY.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);
    rustix::fs::openat(entry.folder, entry.name, flags, Mode::empty())
        .map(File::from)
        .map_err(became_something_else)
}

/// Git's id of these bytes as a blob, by the hash function that made `like`; `None` when there are
/// not exactly `size` of them.
fn blob_id(content: &mut impl Read, size: u64, like: &str) -> io::Result<Option<String>> {
    match like.len() {
        64 => hash::<Sha256>(content, size),
        _ => hash::<Sha1>(content, size),
    }
}

fn hash<H: sha1::Digest>(content: &mut impl Read, size: u64) -> io::Result<Option<String>> {
    let mut hash = H::new();
    hash.update(format!("blob {size}\0").as_bytes());
    let mut chunk = vec![0_u8; CHUNK];
    let mut read = 0_u64;
    loop {
        let count = content.read(&mut chunk)?;
        if count == 0 {
            break;
        }
        hash.update(chunk.get(..count).unwrap_or_default());
        read = read.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        if read > size {
            return Ok(None);
        }
    }
    let id = data_encoding::HEXLOWER.encode(hash.finalize().as_ref());
    Ok((read == size).then_some(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blob_ids_are_gits() {
        let sha1 = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";
        assert_eq!(blob_id(&mut b"".as_slice(), 0, sha1).unwrap().as_deref(), Some(sha1));
        let sha256 = "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813";
        assert_eq!(blob_id(&mut b"".as_slice(), 0, sha256).unwrap().as_deref(), Some(sha256));
        let hello = blob_id(&mut b"hello\n".as_slice(), 6, sha1).unwrap();
        assert_eq!(hello.as_deref(), Some("ce013625030ba8dba906f756967f9e9ca394464a"));
        assert_eq!(blob_id(&mut b"longer".as_slice(), 3, sha1).unwrap(), None);
    }
}
