//! A command's output in a file, up to a limit. What comes after is counted and thrown away, so
//! that a flood neither fills the disk nor blocks the command.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

pub(crate) struct CappedFile<W = File> {
    file: W,
    left: u64,
    thrown_away: u64,
}

impl CappedFile {
    /// Creates or empties the file; refuses to follow a symbolic link there.
    pub(crate) fn create(path: &Path, most: u64) -> io::Result<Self> {
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .custom_flags(flags)
            .open(path)?;
        Ok(Self::new(file, most))
    }
}

impl<W: Write> CappedFile<W> {
    fn new(file: W, most: u64) -> Self {
        Self { file, left: most, thrown_away: 0 }
    }

    pub(crate) fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fit = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        let (kept, thrown) = bytes.split_at(fit);
        self.file.write_all(kept)?;
        self.left = self.left.saturating_sub(kept.len() as u64);
        self.thrown_away = self.thrown_away.saturating_add(thrown.len() as u64);
        Ok(())
    }

    /// Notes at the end what is missing. Returns whether anything is.
    pub(crate) fn finish(mut self) -> io::Result<bool> {
        if self.thrown_away > 0 {
            writeln!(self.file, "\n[output cut here: {} more bytes]", self.thrown_away)?;
        }
        self.file.flush()?;
        Ok(self.thrown_away > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_kept_up_to_the_limit_and_the_rest_is_counted() {
        let cases: [(u64, &[&str], &str, bool); 4] = [
            (5, &["abc", "de"], "abcde", false),
            (5, &["abc", "def", "g"], "abcde\n[output cut here: 2 more bytes]\n", true),
            (0, &["a"], "\n[output cut here: 1 more bytes]\n", true),
            (0, &[""], "", false),
        ];
        for (most, pieces, expected, cut) in cases {
            let mut bytes = Vec::new();
            let mut file = CappedFile::new(&mut bytes, most);
            for piece in pieces {
                file.take(piece.as_bytes()).unwrap();
            }
            assert_eq!(file.finish().unwrap(), cut);
            assert_eq!(String::from_utf8(bytes).unwrap(), expected);
        }
    }

    #[test]
    fn a_symbolic_link_in_place_of_the_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let aim = folder.path().join("aim");
        std::fs::write(&aim, "mine").unwrap();
        std::os::unix::fs::symlink(&aim, folder.path().join("log")).unwrap();
        assert!(CappedFile::create(&folder.path().join("log"), 9).is_err());
        assert_eq!(std::fs::read_to_string(aim).unwrap(), "mine");
    }
}
