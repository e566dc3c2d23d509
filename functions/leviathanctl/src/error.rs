//! What a command failed with: one sentence of what happened, one of what to do, an exit code.

use leviathan_log::LogError;

use crate::exit::Exit;

/// Why a command failed.
#[derive(Debug)]
pub struct CommandError {
    /// How the program ends.
    pub exit: Exit,
    /// What happened, to what, and why.
    pub what: String,
    /// What to do next; empty where `what` says it.
    pub next: String,
}

impl CommandError {
    /// A failure with a next step.
    pub fn new(exit: Exit, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { exit, what: what.into(), next: next.into() }
    }

    /// A plain failure.
    pub fn failed(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Exit::Failed, what, next)
    }

    /// What was asked for does not exist.
    pub fn not_found(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, what, next)
    }
}

impl From<LogError> for CommandError {
    fn from(error: LogError) -> Self {
        let exit = if error.is_fault_of_the_log() { Exit::LogDamaged } else { Exit::Failed };
        // The log's errors say what to do themselves.
        Self::new(exit, error.to_string(), "")
    }
}
