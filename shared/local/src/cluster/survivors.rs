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

/// Ended Jobs whose logs are kept; the log itself knows of all of them for ever.
const KEPT_JOBS: usize = 500;

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

/// Removes the folders of the Jobs that ended the longest ago, so that the state folder does not
/// grow without limit. A Job without an end is never touched.
pub(super) fn remove_oldest(jobs: &Path) -> io::Result<()> {
    remove_all_but(jobs, KEPT_JOBS)
}

fn remove_all_but(jobs: &Path, most: usize) -> io::Result<()> {
    let folders = std::fs::read_dir(jobs)?.flatten().map(|entry| Folder::at(entry.path()));
    let mut ended: Vec<_> =
        folders.filter_map(|folder| Some((folder.read_end()?.at, folder))).collect();
    ended.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    ended.iter().skip(most).try_for_each(|(_, folder)| folder.remove())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::folder::EndStatus;

    #[test]
    fn only_the_longest_ended_are_removed_and_never_one_without_an_end() {
        let jobs = tempfile::tempdir().unwrap();
        let make = |name: &str, at: Option<&str>| {
            let path = jobs.path().join(name);
            std::fs::create_dir(&path).unwrap();
            if let Some(at) = at {
                let end = End::new(EndStatus::Completed, "done");
                Folder::at(path).write_end(&End { at: at.parse().unwrap(), ..end }).unwrap();
            }
        };
        make("old", Some("2026-01-01T00:00:00Z"));
        make("new", Some("2026-03-01T00:00:00Z"));
        make("middle", Some("2026-02-01T00:00:00Z"));
        make("running", None);
        std::fs::write(jobs.path().join("lock"), "").unwrap();
        remove_all_but(jobs.path(), 2).unwrap();
        let left = |name: &str| jobs.path().join(name).exists();
        let names = ["old", "new", "middle", "running", "lock"];
        assert_eq!(names.map(left), [false, true, true, true, true]);
    }

    #[test]
    fn a_job_that_never_began_leaves_nothing_and_one_that_did_is_lost() {
        let jobs = tempfile::tempdir().unwrap();
        for name in ["t-1.77.part", "t-2", "t-2/workspace"] {
            std::fs::create_dir(jobs.path().join(name)).unwrap();
        }
        // A process that is gone, and a line that a crash cut short.
        let lines = "{\"pid\":1,\"start\":7}\n{\"pi";
        std::fs::write(jobs.path().join("t-2/processes.jsonl"), lines).unwrap();
        end_all(jobs.path(), false).unwrap();
        assert!(!jobs.path().join("t-1.77.part").exists());
        assert!(!jobs.path().join("t-2/workspace").exists());
        let end = Folder::at(jobs.path().join("t-2")).read_end().unwrap();
        assert_eq!((end.status, end.reason), (EndStatus::Failed, End::lost().reason));
    }
}
