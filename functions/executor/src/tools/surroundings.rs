//! What a command of the target finds around it: which files it can read, which variables it sees,
//! how long it may take. The machine's toolchains are there; a person's home and keys are not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use leviathan_confine::{
    ConfineError, ConfinedCommand, Confinement, Ended, Limits, SystemFolders, TOOLCHAIN_VARIABLES,
    system_folders,
};
use leviathan_core::policy::Command;

use crate::run::say;

/// Variables that every command sees if the executor has them, beside those of toolchains that a
/// cluster has put elsewhere than in HOME: how to speak.
const HARMLESS: &[&str] = &["LC_ALL", "LC_CTYPE", "TZ"];

/// PATH where the executor has none.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The longest task that fits into a variable: Linux refuses longer texts.
const MAX_VARIABLE_BYTES: usize = 120 * 1024;

/// One command with everything around it.
#[derive(Debug)]
pub struct Surroundings<'a> {
    /// What is to be run, from the policy.
    pub command: &'a Command,
    /// Where: the work tree, which it may change.
    pub directory: &'a Path,
    /// Its HOME and temporary folder, which it may change.
    pub home: &'a Path,
    /// Where its output goes.
    pub log: &'a Path,
    /// The task as JSON, for the work itself.
    pub task: Option<&'a str>,
    /// Until the phases' time is over.
    pub time_left: Duration,
}

impl Surroundings<'_> {
    /// Runs it; when this returns, nothing that it started is alive.
    pub fn run(&self) -> Result<Ended, ConfineError> {
        let mut argv = self.command.argv.iter().cloned();
        let program = argv.next().unwrap_or_default();
        let temporary = self.home.join("tmp");
        std::fs::create_dir_all(&temporary).map_err(|error| ConfineError::Setup {
            program: program.clone(),
            step: format!("make {}", temporary.display()),
            reason: error.to_string(),
        })?;
        let path = std::env::var("PATH").unwrap_or_else(|_| DEFAULT_PATH.to_owned());
        let person = std::env::var_os("HOME").map(PathBuf::from);
        let folders = system_folders(&path, person.as_deref());
        let environment = self.environment(&folders);
        let own_limit = Duration::from_secs(u64::from(self.command.time_limit_seconds));
        let confinement = Confinement {
            readable: self.readable(&folders, &environment, person.as_deref()),
            writable: vec![self.directory.to_owned(), self.home.to_owned()],
            hidden: folders.hidden,
            network: true,
            limits: Limits { time: own_limit.min(self.time_left), ..Limits::default() },
            helper: None,
        };
        let confined = ConfinedCommand {
            program,
            args: argv.collect(),
            directory: self.directory.to_owned(),
            environment,
            stdin: self.task.unwrap_or_default().as_bytes().to_vec(),
            output: self.log.to_owned(),
        };
        leviathan_confine::run(&confined, &confinement)
    }

    /// The harmless few, what policy names, and what we say ourselves. Values are never printed.
    fn environment(&self, folders: &SystemFolders) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for name in HARMLESS.iter().chain(TOOLCHAIN_VARIABLES) {
            if let Ok(value) = std::env::var(name) {
                all.insert((*name).to_owned(), value);
            }
        }
        for name in &self.command.env {
            match std::env::var(name) {
                // The executor's own settings are nobody else's, whatever a policy says.
                Ok(_) if name.starts_with("LEVIATHAN_") => {
                    say(format!("variable {name} is Leviathan's own: not passed on"));
                }
                Ok(value) => {
                    all.insert(name.clone(), value);
                }
                Err(_) => say(format!("variable {name}, which the policy names, is not set here")),
            }
        }
        all.extend(folders.environment_in(self.home));
        all.insert("GIT_TERMINAL_PROMPT".to_owned(), "0".to_owned());
        // A tool may commit in its workspace, as generators do; only the files count in the end.
        for who in ["AUTHOR", "COMMITTER"] {
            all.insert(format!("GIT_{who}_NAME"), "Leviathan".to_owned());
            all.insert(format!("GIT_{who}_EMAIL"), "leviathan@localhost".to_owned());
        }
        match self.task {
            Some(task) if task.len() <= MAX_VARIABLE_BYTES => {
                all.insert("LEVIATHAN_TASK".to_owned(), task.to_owned());
            }
            Some(_) => say("the task is too long for $LEVIATHAN_TASK; it is on standard input"),
            None => {}
        }
        all
    }

    /// The system, the toolchains, and the files that policy names.
    fn readable(
        &self,
        folders: &SystemFolders,
        environment: &BTreeMap<String, String>,
        person: Option<&Path>,
    ) -> Vec<PathBuf> {
        let mut all = folders.readable.clone();
        let toolchains = TOOLCHAIN_VARIABLES.iter().filter_map(|name| environment.get(*name));
        all.extend(toolchains.map(PathBuf::from).filter(|place| place.is_absolute()));
        for file in &self.command.files {
            let file = match (file.strip_prefix("~/"), person) {
                (Some(rest), Some(person)) => person.join(rest),
                _ => PathBuf::from(file),
            };
            if !file.exists() {
                say(format!("{}, which the policy names, does not exist here", file.display()));
            }
            all.push(file);
        }
        all
    }
}
