//! The helper: this very program, started again, confines itself and becomes the command.
//!
//! Stages, each the parent of the next: *outer* (leaves the caller's session, makes namespaces,
//! waits, kills what is left) ▸ *init* (only with namespaces: process 1, mounts, waits, reaps) ▸
//! *execute* (limits, Landlock, no capabilities, then becomes the command). `pre_exec` would need
//! unsafe code, so the work is done between two execs instead.

#[cfg(target_os = "linux")]
mod execute;
#[cfg(target_os = "linux")]
mod init;
#[cfg(target_os = "linux")]
mod landlock_rules;
#[cfg(target_os = "linux")]
mod namespaces;
#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(target_os = "linux")]
mod outer;
#[cfg(target_os = "linux")]
mod probe;

use crate::instructions::Status;

/// The first argument of a helper; no command line of ours has such a word.
pub(crate) const WORD: &str = "leviathan-confine-helper";

/// What went wrong in a stage, and at which step.
#[derive(Debug)]
pub(crate) struct Failure {
    step: &'static str,
    reason: String,
}

impl Failure {
    /// For `map_err`: names the step.
    pub(crate) fn at<E: std::fmt::Display>(step: &'static str) -> impl FnOnce(E) -> Failure {
        move |error| Failure { step, reason: error.to_string() }
    }
}

/// To be called first in `main` of every program that runs commands through this crate: if this
/// process was started as the helper it does that work and does not return.
pub fn entry_point() {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_none_or(|word| word != WORD) {
        return;
    }
    let stage = args.next().unwrap_or_default();
    let ended = run_stage(&stage.to_string_lossy());
    let code = match ended {
        Ok(code) => code,
        Err(Failure { step, reason }) => {
            Status::Failed { step: step.to_owned(), reason }.say();
            70
        }
    };
    std::process::exit(code)
}

#[cfg(target_os = "linux")]
fn run_stage(stage: &str) -> Result<i32, Failure> {
    match stage {
        "outer" => outer::run(),
        "init" => init::run(),
        "execute" => execute::run(),
        "probe" => probe::outer(),
        "probe-init" => probe::init(),
        "probe-landlock" => probe::landlock(),
        other => Err(Failure { step: "choose a stage", reason: format!("no stage {other:?}") }),
    }
}

#[cfg(not(target_os = "linux"))]
fn run_stage(stage: &str) -> Result<i32, Failure> {
    other::run(stage)
}

/// The command of a stage: the program of this process, with nothing of its environment.
#[cfg(target_os = "linux")]
pub(crate) fn stage(stage: &str) -> std::process::Command {
    use std::os::unix::process::CommandExt as _;
    // The link names the running program even when its file was replaced or is covered.
    let mut command = std::process::Command::new("/proc/self/exe");
    command.arg0("leviathan-confine").args([WORD, stage]).env_clear();
    command
}

/// Reads this stage's frame from standard input, and not a byte of what follows.
pub(crate) fn instructions() -> Result<crate::instructions::Instructions, Failure> {
    use std::os::fd::AsFd as _;
    // Std's own handle reads ahead.
    let input = std::io::stdin().as_fd().try_clone_to_owned();
    let input = input.map_err(Failure::at("open the instructions"))?;
    crate::instructions::read_frame(std::fs::File::from(input))
        .map_err(Failure::at("read the instructions"))
}
