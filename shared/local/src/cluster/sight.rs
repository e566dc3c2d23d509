//! What each phase may see and change: one table, so that it can be read in one go.
//!
//! | phase | reads | writes | network |
//! |---|---|---|---|
//! | prepare | job.json, the target's repository | base.git, workspace, home | yes |
//! | work | job.json, base.git, files that policy names for the tool | workspace, home | yes, unless switched off |
//! | gate | job.json, base.git, workspace | gate | no |
//! | check | job.json, base.git, gate, files that policy names for invariants | check | yes, unless switched off |
//! | report | job.json, gate, logs, phases | report | yes |
//!
//! Each also has its own `phases/<phase>` and scratch folder to write, and reads the system, the
//! toolchains in PATH and its own program. One machine has no egress proxy, so that "yes" means
//! everything that the machine can reach.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use leviathan_confine::{Confinement, Limits, TOOLCHAIN_VARIABLES, system_folders};
use leviathan_core::fact::Phase;
use leviathan_core::policy::{Command, Tool};
use leviathan_core::ports::cluster::Job;

use super::folder::Folder;
use super::{Launcher, repository};

/// A phase's confinement and environment, without secrets.
pub(super) fn of(
    phase: Phase,
    job: &Job,
    folder: &Folder,
    launcher: &Launcher,
    limits: Limits,
) -> (Confinement, BTreeMap<String, String>) {
    let variable = |name: &str| std::env::var(name).ok();
    let person = variable("HOME").map(PathBuf::from);
    let system = system_folders(&variable("PATH").unwrap_or_default(), person.as_deref());
    let mut environment = system.environment_in(&folder.scratch(phase));
    environment.insert("TMPDIR".to_owned(), text(&folder.scratch(phase)));
    if let Some(person) = &person {
        // The phase works out from it, as we do, where the person's toolchains are. It can't read
        // it: the folder is hidden.
        environment.insert("HOME".to_owned(), text(person));
    }
    let names: &[&str] = match phase {
        Phase::Prepare => &["base.git", "workspace", "home"],
        Phase::Work => &["workspace", "home"],
        Phase::Gate => &["gate"],
        Phase::Check => &["check"],
        Phase::Report => &["report"],
    };
    let mut writable: Vec<PathBuf> = names.iter().map(|name| folder.path(name)).collect();
    writable.extend([folder.phase(phase), folder.scratch(phase)]);
    let names: &[&str] = match phase {
        Phase::Prepare => &["job.json"],
        Phase::Work => &["job.json", "base.git"],
        Phase::Gate => &["job.json", "base.git", "workspace"],
        Phase::Check => &["job.json", "base.git", "gate"],
        Phase::Report => &["job.json", "gate", "logs", "phases"],
    };
    let mut readable = system.readable;
    readable.extend(names.iter().map(|name| folder.path(name)));
    readable.push(launcher.program.clone());
    if phase == Phase::Prepare {
        readable.extend(repository::folders(&job.repository));
    }
    if matches!(phase, Phase::Work | Phase::Check) {
        for (name, place) in toolchains(person.as_deref()) {
            environment.insert(name.to_owned(), text(&place));
            readable.push(place);
        }
    }
    for command in commands(phase, job) {
        readable.extend(command.files.iter().filter_map(|file| named(file, person.as_deref())));
        for name in command.env.iter().filter(|name| !name.starts_with("LEVIATHAN_")) {
            environment.extend(variable(name).map(|value| (name.clone(), value)));
        }
    }
    let network = match phase {
        Phase::Prepare | Phase::Report => true,
        Phase::Work | Phase::Check => launcher.network,
        Phase::Gate => false,
    };
    let helper = Some(launcher.program.clone());
    let mut hidden = system.hidden;
    // Other Jobs, the log and the tokens beside them.
    hidden.push(launcher.state.clone());
    (Confinement { readable, writable, hidden, network, limits, helper }, environment)
}

/// Toolchains that this process is told of by a variable. Neither the whole disk nor a folder that
/// holds the person's home, whatever it says.
fn toolchains(person: Option<&Path>) -> Vec<(&'static str, PathBuf)> {
    let named =
        TOOLCHAIN_VARIABLES.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
    named
        .map(|(name, place)| (name, PathBuf::from(place)))
        .filter(|(_, place)| place.is_absolute() && place.components().count() > 1)
        .filter(|(_, place)| !person.is_some_and(|person| person.starts_with(place)))
        .collect()
}

/// The target's commands that a phase runs.
fn commands(phase: Phase, job: &Job) -> Vec<&Command> {
    match phase {
        Phase::Work => match job.policy.scopes.get(&job.task.scope).map(|scope| &scope.tool) {
            Some(Tool::Command(command)) => vec![command],
            Some(Tool::Docs | Tool::Tests) | None => Vec::new(),
        },
        Phase::Check => job.policy.invariants.iter().map(|one| &one.command).collect(),
        Phase::Prepare | Phase::Gate | Phase::Report => Vec::new(),
    }
}

/// A file that policy names: absolute, or in the person's home.
fn named(file: &str, person: Option<&Path>) -> Option<PathBuf> {
    match file.strip_prefix("~/") {
        Some(rest) => person.map(|person| person.join(rest)),
        None => Some(PathBuf::from(file)).filter(|path| path.is_absolute()),
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
