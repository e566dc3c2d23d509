//! A phase's log in a pod: what it says goes to the container's log and, for report, into a file.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// What is kept at most, in bytes: a volume that is full ends its pod.
const MAX_KEPT: u64 = 32 * 1024 * 1024;

/// How long it may take until the last line is in the file.
const LAST_LINE: Duration = Duration::from_secs(2);

/// Standard error, copied into a file.
pub(super) struct KeptLog {
    console: OwnedFd,
    copied: Receiver<()>,
}

impl KeptLog {
    /// From now on.
    pub(super) fn begin(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        let console = rustix::io::fcntl_dupfd_cloexec(io::stderr(), 3)?;
        let to_console = File::from(console.try_clone()?);
        let (reader, writer) = io::pipe()?;
        rustix::stdio::dup2_stderr(&writer)?;
        drop(writer);
        let (sender, copied) = channel();
        std::thread::Builder::new().name("log".to_owned()).spawn(move || {
            copy(reader, to_console, file);
            drop(sender);
        })?;
        Ok(Self { console, copied })
    }

    /// Until now; everything that was said is in the file then.
    pub(super) fn end(self) {
        // The copy ends when nobody has the pipe's other side any more.
        if rustix::stdio::dup2_stderr(&self.console).is_ok() {
            let _too_long = self.copied.recv_timeout(LAST_LINE);
        }
    }
}

fn copy(mut from: impl Read, mut console: File, mut file: File) {
    let mut left = MAX_KEPT;
    let mut buffer = vec![0; 8 * 1024];
    while let Ok(count) = from.read(&mut buffer) {
        let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { return };
        // A console that is gone is no reason not to keep the log, nor the other way round.
        let _gone = console.write_all(bytes);
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if size <= left && file.write_all(bytes).is_ok() {
            left = left.saturating_sub(size);
        } else {
            left = 0;
        }
    }
}
