//! `leviathanctl log prove`: one event, with the proof that it stands in the log.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use leviathan_log::seal::{Bundle, EventName, Proven, SealFault};
use serde::Serialize;

use super::stores::{Stores, key};
use super::verified::{CheckpointRow, told};
use crate::cli::{Global, LogArgs, ProveArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};

#[derive(Serialize)]
struct Answer<'a> {
    event_id: &'a str,
    offset: u64,
    /// The checkpoint that covers it.
    checkpoint: CheckpointRow<'a>,
    /// The file that the proof was written to.
    file: &'a Path,
}

pub(crate) fn run(
    arguments: &ProveArgs,
    log: &LogArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let stores = Stores::to_read(log, global, output)?;
    let Some(key) = key(arguments.key.as_ref(), log, global, output)? else {
        return Err(CommandError::failed(
            "a proof hangs on a signed checkpoint, and no public key is known to check it with",
            "name the log's key with --key, as `leviathanctl log key` prints it where the log is \
             sealed; a state's log is sealed by `leviathanctl dev`",
        ));
    };
    let name = EventName::from(arguments.event.as_str());
    let bundle = stores.wait(stores.log().prove(&key, &name));
    let bundle = bundle.map_err(|problem| match problem {
        leviathan_log::LogError::Seal(SealFault::NoEvent(what)) => {
            CommandError::not_found(what, "`leviathanctl events tail` lists events")
        }
        problem => problem.into(),
    })?;
    // What is handed out was checked as its receiver will check it.
    let proven = bundle.check(&key).map_err(leviathan_log::LogError::from)?;
    hand_out(&bundle, &proven, arguments.save.as_deref(), output)?;
    Ok(Exit::Done)
}

fn hand_out(
    bundle: &Bundle,
    proven: &Proven,
    save: Option<&Path>,
    output: Output,
) -> Result<(), CommandError> {
    let Some(file) = save else {
        output.json(bundle);
        output.note(told(proven));
        return Ok(());
    };
    write(bundle, file).map_err(|problem| {
        CommandError::failed(
            format!("the proof can't be written to {}: {problem}", file.display()),
            "name a new file in a folder that can be written to",
        )
    })?;
    if output.format == Format::Json {
        output.json(&Answer {
            event_id: &proven.event.event_id,
            offset: proven.event.offset,
            checkpoint: CheckpointRow::of(&proven.checkpoint),
            file,
        });
    } else {
        output.line(told(proven));
        output.line(format!("The proof is in {}.", file.display()));
    }
    output.note(format!(
        "Who has the log's public key checks it with `leviathanctl log verify --key KEY --proof {}`.",
        file.display()
    ));
    Ok(())
}

/// Never over another file: an older proof may be the only one of its time.
fn write(bundle: &Bundle, file: &Path) -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(bundle)?;
    text.push('\n');
    File::create_new(file)?.write_all(text.as_bytes())
}
