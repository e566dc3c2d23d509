//! Processes as `/proc` shows them: who descends from whom, and how much memory they use.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a process and all that descend from it use together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) processes: u32,
    /// Resident memory that is not shared with files or other programs, in bytes.
    pub(crate) memory_bytes: u64,
}

/// All processes that descend from this one, without itself. Empty where there is no `/proc`.
pub(crate) fn descendants(root: i32) -> Vec<i32> {
    descend(root, &parents())
}

/// What the descendants of this process use.
pub(crate) fn usage(root: i32) -> Usage {
    let page = page_size();
    let descendants = descendants(root);
    let memory = descendants.iter().filter_map(|pid| {
        let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
        private_pages(&statm)
    });
    Usage {
        processes: u32::try_from(descendants.len()).unwrap_or(u32::MAX),
        memory_bytes: memory.fold(0_u64, u64::saturating_add).saturating_mul(page),
    }
}

/// How many processes `/proc` shows.
pub(crate) fn alive() -> u32 {
    u32::try_from(parents().len()).unwrap_or(u32::MAX)
}

/// One process for ever: an id is used again, but not with the same start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its id.
    pub pid: u32,
    /// See `start_time`; 0 where the system does not tell.
    pub start: u64,
}

impl Process {
    /// The process that has this id now.
    pub fn of(pid: u32) -> Self {
        Self { pid, start: start_time(pid).unwrap_or(0) }
    }
    /// Whether it is still there. Never for one whose start is not known: better to let a
    /// survivor live than to end a stranger.
    pub fn is_alive(self) -> bool {
        self.start != 0 && start_time(self.pid) == Some(self.start)
    }
    /// Kills it if it is still there.
    pub fn kill(self) {
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid.filter(|_| self.is_alive()) {
            let _gone_meanwhile = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

/// When the process with this id was started, in clock ticks since the machine's start; `None`
/// when there is none, or it is dead and only waits to be reaped. Together with the id it names
/// one process for ever.
pub(crate) fn start_time(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = after_name(&stat)?;
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn parents() -> BTreeMap<i32, i32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return BTreeMap::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some((pid, parent(&stat)?))
    })
    .collect()
}

fn descend(root: i32, parents: &BTreeMap<i32, i32>) -> Vec<i32> {
    let mut children: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for (pid, parent) in parents {
        children.entry(*parent).or_default().push(*pid);
    }
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        for child in children.remove(&pid).unwrap_or_default() {
            found.push(child);
            open.push(child);
        }
    }
    found
}

/// The fields of `/proc/PID/stat` from the state on. The name before may hold blanks and brackets.
fn after_name(stat: &str) -> Option<impl Iterator<Item = &str>> {
    Some(stat.rsplit_once(')')?.1.split_ascii_whitespace())
}

fn parent(stat: &str) -> Option<i32> {
    after_name(stat)?.nth(1)?.parse().ok()
}

fn private_pages(statm: &str) -> Option<u64> {
    let mut fields = statm.split_ascii_whitespace().skip(1).map(str::parse::<u64>);
    let (resident, shared) = (fields.next()?.ok()?, fields.next()?.ok()?);
    Some(resident.saturating_sub(shared))
}

#[cfg(target_os = "linux")]
fn page_size() -> u64 {
    u64::try_from(rustix::param::page_size()).unwrap_or(4096)
}

#[cfg(not(target_os = "linux"))]
fn page_size() -> u64 {
    4096
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_brackets_does_not_shift_the_fields() {
        let cases = [
            ("7 (sh) S 3 7 7 0", Some(3)),
            ("7 (a) b) S 99) R 4 1", Some(4)),
            ("7 () Z 5", Some(5)),
            ("7 (sh", None),
            ("", None),
            ("7 (sh) S x", None),
        ];
        for (stat, expected) in cases {
            assert_eq!(parent(stat), expected, "{stat}");
        }
    }

    #[test]
    fn descendants_are_found_across_generations_and_a_cycle_ends() {
        let parents = BTreeMap::from([(2, 1), (3, 2), (4, 3), (5, 1), (8, 9), (9, 8), (10, 10)]);
        let mut found = descend(2, &parents);
        found.sort_unstable();
        assert_eq!(found, [3, 4]);
        assert_eq!(descend(8, &parents).len(), 2);
        assert!(descend(77, &parents).is_empty());
    }

    #[test]
    fn shared_pages_do_not_count() {
        for (statm, expected) in [("10 7 3 1 0 2 0", Some(4)), ("1 2", None), ("1 2 9", Some(0))] {
            assert_eq!(private_pages(statm), expected, "{statm}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_living_process_has_a_start_time_and_a_missing_one_has_none() {
        assert_eq!(start_time(std::process::id()), start_time(std::process::id()));
        assert!(start_time(std::process::id()).is_some());
        assert_eq!(start_time(u32::MAX), None);
    }
}
