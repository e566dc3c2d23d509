//! `leviathanctl log …`: one file for each command, and what they share: the stores that they work
//! on, and the progress bar.

mod backup;
mod bar;
mod drill;
mod export;
mod import;
mod key;
mod prove;
mod restore;
mod stores;
mod verified;
mod verify;

use self::stores::Stores;
use crate::cli::{Global, LogArgs, LogCommand};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(
    arguments: &LogArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    match &arguments.command {
        LogCommand::Verify(command) => verify::run(command, arguments, global, output),
        LogCommand::Prove(command) => prove::run(command, arguments, global, output),
        LogCommand::Key => key::run(global, output),
        LogCommand::Backup(command) => {
            backup::run(command, &Stores::to_read(arguments, global, output)?, output)
        }
        LogCommand::Export(command) => {
            export::run(command, &Stores::to_read(arguments, global, output)?, output)
        }
        LogCommand::Import(command) => {
            let stores = if command.dry_run {
                Stores::to_read_if_there(arguments, global, output)?
            } else {
                Stores::to_make(arguments, global, output)?
            };
            import::run(command, &stores, output)
        }
        LogCommand::Restore(command) => restore::run(command, output),
        LogCommand::Drill(command) => {
            drill::run(command, &Stores::to_read(arguments, global, output)?, output)
        }
    }
}
