//! From a parsed command line to its command: one file for each noun.

mod attempts;
mod confirm;
mod events;
mod log;
mod pr;
mod select;
mod session;
mod targets;
mod tasks;
mod why;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;

use crate::cli::{Cli, Command, Global};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::state_folder::{self, StateFolder};

/// Runs one command line; prints its failure.
pub fn main(arguments: impl Iterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no failures; clap prints each to where it belongs.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    let output = Output { format: cli.global.output };
    run(cli, output).unwrap_or_else(|error| {
        output.error(&error);
        error.exit
    })
}

fn run(cli: Cli, output: Output) -> Result<Exit, CommandError> {
    let global = &cli.global;
    match cli.command {
        Command::Targets(command) => targets::run(&command, global, output),
        Command::Tasks(command) => tasks::run(&command, global, output),
        Command::Why(arguments) => why::run(&arguments, global, output),
        Command::Attempts(command) => attempts::run(&command, global, output),
        Command::Pr(command) => pr::run(&command, global, output),
        Command::Events(command) => events::run(&command, global, output),
        Command::Log(command) => log::run(&command, global, output),
        Command::Dev(_) | Command::Try(_) | Command::Init(_) | Command::Executor(_) => {
            Err(CommandError::failed("being written", "wait"))
        }
    }
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
