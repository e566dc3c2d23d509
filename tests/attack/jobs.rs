//! Attacks from within a whole Job: what the tool of a task, or the checked change, tries.

mod change;
mod host;
mod later_phases;

use std::fs;
use std::path::{Path, PathBuf};

use leviathan_core::fact::Phase;
use leviathan_core::ports::cluster::JobStatus;

use crate::job_world::{Done, run};
use crate::world::World;

const SOURCE: &[(&str, &str)] =
    &[("src/lib.txt", "one\n"), ("src/b.txt", "b\n"), ("README", "read me\n")];

/// A world whose task's tool is this shell script, run in the workspace.
fn tool(script: &str) -> World {
    World::with(SOURCE).tool(&["sh", "-c", script])
}

/// A world whose task's tool is this Python program.
fn python(program: &str) -> World {
    World::with(SOURCE).tool(&["python3", "-c", program])
}

/// What the tool wrote down of its findings.
fn seen(done: &Done) -> String {
    let seen = fs::read(done.folder.join("workspace/src/seen")).unwrap_or_default();
    String::from_utf8_lossy(&seen).into_owned()
}

/// Every file with this name in the Job's folder, wherever a phase could have made it.
fn marks(folder: &Path, name: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.file_name().is_some_and(|found| found == name) {
            found.push(path);
        } else if fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_dir()) {
            found.extend(marks(&path, name));
        }
    }
    found
}

#[test]
fn an_honest_tool_s_change_arrives_whole() {
    let world =
        tool("echo two >> src/lib.txt").invariant("has two", &["grep", "-q", "two", "src/lib.txt"]);
    let done = run(world);
    assert_eq!(done.status, JobStatus::Completed, "{}", done.logs());
    assert!(done.checked().is_some(), "{}", done.logs());
    assert_eq!(done.paths(), ["src/lib.txt"], "{}", done.logs());
    assert!(done.result(Phase::Check).is_some());
    done.assert_token_is_nowhere();
}
