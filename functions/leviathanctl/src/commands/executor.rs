//! `leviathanctl executor`: one phase of an attempt, as the local cluster starts it.

use std::process::ExitCode;

use crate::cli::ExecutorArgs;

/// Runs the phase; its exit code is the executor's own.
pub(super) fn run(arguments: ExecutorArgs) -> ExitCode {
    leviathan_executor::run_from_args(arguments.arguments)
}
