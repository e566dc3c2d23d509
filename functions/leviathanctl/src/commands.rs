//! From a parsed command line to its command: one file for each noun.

pub(crate) mod aged;
mod attempts;
mod clean;
mod confirm;
pub(crate) mod dev;
mod events;
mod executor;
mod init;
mod log;
mod pr;
mod select;
pub(crate) mod session;
mod targets;
mod tasks;
mod try_task;
mod why;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use leviathan_runtime::telemetry;

use crate::cli::{Cli, Command, Global};
use crate::dev::wrapper::{AsTheyAre, PortWrapper};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::state_folder::{self, StateFolder};

/// Runs one command line; prints its failure.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    main_with(arguments, &AsTheyAre)
}

/// The same, with something between the programs of `dev` and `try` and their ports.
pub fn main_with(arguments: impl Iterator<Item = OsString>, wrapper: &dyn PortWrapper) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no failures; clap prints each to where it belongs.
            let _ = error.print();
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Done };
            return ExitCode::from(exit.code());
        }
    };
    let output = Output { format: cli.global.output };
    // The executor has a log of its own.
    if !matches!(cli.command, Command::Executor(_)) {
        telemetry::init(telemetry::Format::Text, "warn");
    }
    run(cli.command, &cli.global, output, wrapper).unwrap_or_else(|error| {
        output.error(&error);
        ExitCode::from(error.exit.code())
    })
}

fn run(
    command: Command,
    global: &Global,
    output: Output,
    wrapper: &dyn PortWrapper,
) -> Result<ExitCode, CommandError> {
    let exit = match command {
        Command::Dev(arguments) => {
            runtime()?.block_on(dev::run(arguments, global, output, wrapper))
        }
        Command::Try(arguments) => {
            runtime()?.block_on(try_task::run(arguments, global, output, wrapper))
        }
        Command::Targets(command) => targets::run(&command, global, output),
        Command::Tasks(command) => tasks::run(&command, global, output),
        Command::Why(arguments) => why::run(&arguments, global, output),
        Command::Attempts(command) => attempts::run(&command, global, output),
        Command::Pr(command) => pr::run(&command, global, output),
        Command::Events(command) => events::run(&command, global, output),
        Command::Log(command) => log::run(&command, global, output),
        Command::Init(arguments) => init::run(&arguments, output),
        // The executor has exit codes of its own.
        Command::Executor(arguments) => return Ok(executor::run(arguments)),
    }?;
    Ok(ExitCode::from(exit.code()))
}

/// A runtime for commands that read or write the log.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(
        |error| {
            CommandError::failed(format!("can't start: {error}"), "free some memory or threads")
        },
    )
}

/// The state of an earlier run: named by `--state`, else the one used last, which is then said.
pub(crate) fn existing_state(global: &Global, output: Output) -> Result<StateFolder, CommandError> {
    if let Some(state) = &global.state {
        return StateFolder::at(state).existing();
    }
    let last = states_root().ok().and_then(|root| state_folder::last(&root));
    let Some(last) = last else {
        return Err(CommandError::not_found(
            "no state was named, and none was used before",
            "run `leviathanctl dev` first, or name a state folder with --state",
        ));
    };
    output.note(format!("state: {} (used last; --state names another)", last.root().display()));
    last.existing()
}

/// Where states lie by default.
pub(crate) fn states_root() -> Result<PathBuf, CommandError> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from);
    state_folder::states_root(folder("XDG_STATE_HOME"), folder("HOME")).ok_or_else(|| {
        CommandError::failed("neither XDG_STATE_HOME nor HOME is set", "name a folder with --state")
    })
}
