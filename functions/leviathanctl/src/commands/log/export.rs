//! `leviathanctl log export`: every event, one a line, each commit verified before it is written
//! out.

use leviathan_core::chain::JournalLine;
use leviathan_core::event::Event;
use leviathan_log::{StoredCommit, Until};

use super::bar::bar;
use super::stores::Stores;
use crate::cli::{ExportArgs, ExportFormat};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(
    arguments: &ExportArgs,
    stores: &Stores,
    output: Output,
) -> Result<Exit, CommandError> {
    let bar = bar("commits exported");
    let mut last_hash = None;
    let mut failed = None;
    let exported = stores.wait(stores.log().each_commit(Until::End, |stored| {
        bar.set_position(stored.commit.header.seq.saturating_add(1));
        let goes_on = match arguments.format {
            ExportFormat::Ndjson => lines(stored).all(|line| output.try_line(line)),
            ExportFormat::Chain => stored.commit.events.iter().all(|event| {
                match chained(event, last_hash.replace(event.hash.clone())) {
                    Ok(line) => output.try_json_line(&line),
                    Err(problem) => {
                        failed = Some(problem);
                        false
                    }
                }
            }),
        };
        // Nobody reads any more: that is no failure of ours.
        goes_on
    }));
    bar.finish_and_clear();
    exported?;
    failed.map_or(Ok(Exit::Done), Err)
}

/// The event lines exactly as they are stored: whoever hashes them gets the log's own leaves.
fn lines(stored: &StoredCommit) -> impl Iterator<Item = String> {
    let text = String::from_utf8_lossy(&stored.bytes).into_owned();
    let lines: Vec<String> = text.lines().skip(1).map(str::to_owned).collect();
    lines.into_iter()
}

fn chained(event: &Event, prev_hash: Option<String>) -> Result<JournalLine, CommandError> {
    JournalLine::of(event, prev_hash).map_err(|problem| {
        CommandError::failed(
            format!("event {} has no form in the original's chain: {problem}", event.offset),
            "report this as a bug; `--format ndjson` exports it as it is",
        )
    })
}
