//! What this machine can do, found out once by trying.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use crate::helper::WORD;
use crate::instructions::{Access, Mode, Status, View};
use crate::run::helper_program;

/// Set for every command that runs in namespaces of ours: it names the folders that are its own,
/// divided by colons, and tells a program like this one that it may not try to make others: under
/// Landlock no mount is possible, and the namespace around it ends with everything in it.
pub(crate) const AROUND: &str = "LEVIATHAN_CONFINED";

/// What holds on this machine for a confined command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Isolation {
    /// Namespaces for users, process ids, mounts and IPC.
    pub namespaces: bool,
    /// Landlock's version; 0: the kernel has none.
    pub landlock: u32,
    /// This program itself runs in such a confinement already.
    pub nested: bool,
}

impl Isolation {
    /// Whether a command is held back from the rest of the machine at all.
    pub fn confines_files(&self) -> bool {
        self.landlock > 0
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !cfg!(target_os = "linux") {
            return f.write_str(
                "sandbox-exec where the system has it (untried), a time limit, process groups; \
                 memory and processes are not limited",
            );
        }
        match self.landlock {
            0 => f.write_str("files: NOT confined beyond this user's permissions (no Landlock)")?,
            version => write!(f, "files: Landlock {version}")?,
        }
        if self.nested {
            f.write_str("; processes: in the namespace around this program")?;
        } else if self.namespaces {
            f.write_str("; processes: own namespaces for users, process ids, mounts, IPC")?;
        } else {
            f.write_str("; processes: swept (no user namespaces)")?;
            if self.landlock < 6 {
                f.write_str(", can send signals to others of this user")?;
            }
        }
        match (self.namespaces, self.landlock) {
            (true, _) if !self.nested => {}
            (_, 4..) => f.write_str("; without network: TCP only")?,
            _ => f.write_str("; the network can't be switched off")?,
        }
        Ok(())
    }
}

/// What this machine can do. The first call takes a few milliseconds: it tries.
pub fn available() -> Isolation {
    helper_program(None).map_or(NOTHING, |helper| of(&helper))
}

/// The same, tried with this program as the helper.
pub fn available_with(helper: &Path) -> Isolation {
    of(helper)
}

const NOTHING: Isolation = Isolation { namespaces: false, landlock: 0, nested: false };

/// How a command will be kept together.
pub(crate) fn mode(helper: &Path) -> Mode {
    let isolation = of(helper);
    if isolation.namespaces && !isolation.nested { Mode::Namespace } else { Mode::Sweep }
}

fn of(helper: &Path) -> Isolation {
    static KNOWN: Mutex<Option<Isolation>> = Mutex::new(None);
    let mut known = match KNOWN.lock() {
        Ok(known) => known,
        // Somebody panicked while trying: try again.
        Err(broken) => broken.into_inner(),
    };
    *known.get_or_insert_with(|| probe(helper))
}

fn probe(helper: &Path) -> Isolation {
    let nested = own_folders_around_us().is_some();
    let output = Command::new(helper)
        .args([WORD, "probe"])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    let said = output.map(|output| output.stderr).unwrap_or_default();
    let mut found = Isolation { nested, ..NOTHING };
    for line in said.split(|byte| *byte == b'\n') {
        match serde_json::from_slice(line) {
            Ok(Status::NamespacesWork) => found.namespaces = true,
            Ok(Status::Landlock { abi }) => found.landlock = abi,
            Ok(_) | Err(_) => {}
        }
    }
    found
}

/// The folders that a confinement around this program gave it for its own; `None` without one.
pub(crate) fn own_folders_around_us() -> Option<Vec<PathBuf>> {
    let folders = std::env::var_os(AROUND)?;
    Some(std::env::split_paths(&folders).filter(|path| path.is_absolute()).collect())
}

/// The folders that the command can use as its own, for [`AROUND`].
pub(crate) fn own_folders(view: &View) -> String {
    let own = view
        .rules
        .iter()
        .filter(|rule| rule.access == Access::Write && view.covered.contains(&rule.path));
    name_folders(&own.map(|rule| rule.path.clone()).collect::<Vec<_>>())
}

pub(crate) fn name_folders(folders: &[PathBuf]) -> String {
    let names: Vec<_> = folders.iter().map(|path| path.to_string_lossy()).collect();
    names.join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_start_line_says_plainly_what_does_not_hold() {
        let cases = [
            (true, 7, false, vec!["Landlock 7", "own namespaces"], vec!["NOT", "swept", "network"]),
            (false, 7, false, vec!["Landlock 7", "swept", "TCP only"], vec!["signals"]),
            (false, 4, false, vec!["signals to others"], vec![]),
            (true, 0, false, vec!["NOT confined", "own namespaces"], vec!["network"]),
            (false, 0, false, vec!["NOT confined", "swept", "can't be switched off"], vec![]),
            (true, 7, true, vec!["around this program", "TCP only"], vec!["swept"]),
        ];
        for (namespaces, landlock, nested, has, lacks) in cases {
            let line = Isolation { namespaces, landlock, nested }.to_string();
            for word in has {
                assert!(line.contains(word), "{line} lacks {word}");
            }
            for word in lacks {
                assert!(!line.contains(word), "{line} has {word}");
            }
        }
    }
}
