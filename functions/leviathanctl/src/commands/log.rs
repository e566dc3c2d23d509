//! `leviathanctl log …`: one file for each command, and what they share: the stores that they work
//! on, and the progress bar.

mod bar;
mod stores;
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
        LogCommand::Verify(command) => {
            verify::run(command, &Stores::to_read(arguments, global, output)?, output)
        }
    }
}
