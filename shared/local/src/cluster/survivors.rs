//! After a crash: Jobs without an end. Their processes are ended before anything is decided.

use std::io;
use std::path::Path;
use std::time::Duration;

use leviathan_confine::Process;

use super::folder::{End, Folder, remove_tree};

/// A helper whose caller is gone ends what it started and then itself; it is given this many looks,
/// each of [`LOOK`], before it is killed.
const LOOKS: u32 = 100;
const LOOK: Duration = Duration::from_millis(20);

/// Ends what is left of the Jobs under `jobs`, and writes down that they were lost.
pub(super) fn end_all(jobs: &Path, keep_folders: bool) -> io::Result<()> {
    for entry in std::fs::read_dir(jobs)? {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        if path.extension().is_some_and(|extension| extension == "part") {
            // The process ended while it made the folder: the Job never began.
            remove_tree(&path)?;
            continue;
        }
        let folder = Folder::at(path);
        if folder.read_end().is_none() {
            end(&folder.processes());
            folder.write_end(&End::lost())?;
        }
        if !keep_folders {
            folder.slim()?;
        }
    }
    Ok(())
}

fn end(processes: &[Process]) {
    for _ in 0..LOOKS {
        if !processes.iter().any(|process| process.is_alive()) {
            return;
        }
        std::thread::sleep(LOOK);
    }
    // The main processes first: a helper that still works sweeps up behind them.
    processes.iter().rev().for_each(|process| process.kill());
    for _ in 0..LOOKS {
        if !processes.iter().any(|process| process.is_alive()) {
            return;
        }
        std::thread::sleep(LOOK);
    }
}
