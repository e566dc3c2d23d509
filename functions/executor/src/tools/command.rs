//! The tool that is a program of the target's or the machine's: confined, limited, and told its
//! task on standard input and in `$LEVIATHAN_TASK`.

use std::path::Path;

use leviathan_confine::{ConfineError, Ended, Ending};
use leviathan_core::policy::Command;

use crate::files;
use crate::job::JobFolder;
use crate::result::{PhaseFailure, PhasePassed};
use crate::run::say;
use crate::tools::surroundings::Surroundings;

/// What is repeated of the command's output in the phase's log, in bytes. The confinement keeps
/// less than that.
const MAX_REPEATED_BYTES: u64 = 16 * 1024 * 1024;

/// Runs the command in the workspace, to its end.
pub fn work(folder: &JobFolder, command: &Command) -> Result<PhasePassed, PhaseFailure> {
    let task = folder.job.task.to_json();
    let log = folder.phase(leviathan_core::fact::Phase::Work).join("command.log");
    let (workspace, home) = (folder.workspace(), folder.home());
    let surroundings = Surroundings {
        command,
        directory: &workspace,
        home: &home,
        log: &log,
        task: Some(&task),
        time_left: folder.time_left(),
    };
    let shown = shown(command);
    let ended = surroundings.run();
    repeat(&log);
    match ended {
        Ok(ended) => judge(&shown, &ended),
        Err(error) => Err(not_run(&error)),
    }
}

fn judge(shown: &str, ended: &Ended) -> Result<PhasePassed, PhaseFailure> {
    let seconds = ended.milliseconds / 1000;
    let line = format!("`{shown}` {} after {seconds} s", ended.ending);
    match ended.ending {
        Ending::Exited(0) => Ok(PhasePassed::saying(line)),
        Ending::Exited(_) | Ending::Signalled(_) => Err(PhaseFailure::task("command_failed", line)),
        Ending::TimedOut => Err(PhaseFailure::task("command_timed_out", line)),
        Ending::MemoryExceeded | Ending::TooManyProcesses => {
            Err(PhaseFailure::task("command_over_limit", line))
        }
        Ending::Stopped => Err(PhaseFailure::infra("command_stopped", line)),
    }
}

/// A command that never ran says nothing about the task.
pub fn not_run(error: &ConfineError) -> PhaseFailure {
    match error {
        ConfineError::NotStarted { .. } => {
            PhaseFailure::policy("command_not_started", error.to_string())
        }
        ConfineError::Setup { .. } | ConfineError::Survivors { .. } => {
            PhaseFailure::infra("confinement_failed", error.to_string())
        }
    }
}

/// The argv as a person would type it, cut to a line's length.
pub fn shown(command: &Command) -> String {
    let line = shell_words::join(&command.argv);
    match line.char_indices().nth(120) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
        None => line,
    }
}

/// The command's output into the phase's log, where a person looks for it.
fn repeat(log: &Path) {
    match files::read_regular(log, MAX_REPEATED_BYTES) {
        Ok(output) => say(String::from_utf8_lossy(&output).trim_end()),
        Err(files::FileFault::Missing { .. }) => {}
        Err(fault) => say(fault),
    }
}
