//! `leviathanctl log key`: the public key that proves the log's checkpoints.

use serde::Serialize;

use crate::cli::Global;
use crate::commands::existing_state;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};

#[derive(Serialize)]
struct Answer {
    /// NAME+ID+BASE64, as in signed notes.
    key: String,
}

pub(super) fn run(global: &Global, output: Output) -> Result<Exit, CommandError> {
    let folder = existing_state(global, output)?;
    let Some(key) = folder.checkpoint_key()? else {
        return Err(CommandError::not_found(
            format!("nothing was sealed in {} yet", folder.root().display()),
            "`leviathanctl dev` makes the key with its first checkpoint",
        ));
    };
    let key = key.to_string();
    if output.format == Format::Json {
        output.json(&Answer { key });
    } else {
        output.line(&key);
    }
    Ok(Exit::Done)
}
