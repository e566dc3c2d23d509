//! What signed checkpoints prove, as `log prove` and `log verify` tell it.

use std::fs;
use std::path::Path;

use leviathan_core::event::Event;
use leviathan_core::ids::Digest;
use leviathan_log::seal::{Bundle, Checkpoint, Proven, VerifierKey};
use serde::Serialize;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::{count, one_line, time};

/// A checkpoint.
#[derive(Serialize)]
pub(super) struct CheckpointRow<'a> {
    /// The log's name.
    origin: &'a str,
    /// How many events it covers.
    size: u64,
    /// The last commit that it covers, and the SHA-256 of its bytes.
    seq: u64,
    digest: &'a Digest,
    recorded_at: jiff::Timestamp,
}

impl<'a> CheckpointRow<'a> {
    pub(super) fn of(checkpoint: &'a Checkpoint) -> Self {
        let Checkpoint { origin, size, head, recorded_at, .. } = checkpoint;
        let (seq, digest) = (head.seq, &head.digest);
        Self { origin, size: *size, seq, digest, recorded_at: *recorded_at }
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    proven: bool,
    event: &'a Event,
    checkpoint: CheckpointRow<'a>,
}

/// `log verify --proof`: the bundle and the key, nothing else.
pub(super) fn proof(file: &Path, key: &VerifierKey, output: Output) -> Result<Exit, CommandError> {
    let bytes = read(file, "the file that `leviathanctl log prove --save` wrote")?;
    // Whatever is wrong with the file: it is not the log that is damaged.
    let proven = Bundle::read(&bytes).and_then(|bundle| bundle.check(key));
    let proven = proven
        .map_err(|problem| CommandError::failed(format!("{}: {problem}", file.display()), ""))?;
    if output.format == Format::Json {
        output.json(&Answer {
            proven: true,
            event: &proven.event,
            checkpoint: CheckpointRow::of(&proven.checkpoint),
        });
    } else {
        output.line(told(&proven));
    }
    Ok(Exit::Done)
}

/// A file that the command line named.
pub(super) fn read(file: &Path, expected: &str) -> Result<Vec<u8>, CommandError> {
    fs::read(file).map_err(|problem| {
        CommandError::failed(
            format!("{} can't be read: {problem}", file.display()),
            format!("name {expected}"),
        )
    })
}

/// One sentence. The event's own words are foreign.
pub(super) fn told(proven: &Proven) -> String {
    let Proven { event, checkpoint } = proven;
    format!(
        "Proven: event {} ({}, by {}, recorded {}) stands at offset {} of {}, under the checkpoint \
         over {} up to commit {}.",
        one_line(&event.event_id),
        one_line(&event.event_type),
        one_line(&event.principal.to_string()),
        time(event.recorded_at),
        event.offset,
        one_line(&checkpoint.origin),
        count(checkpoint.size, "event", "events"),
        checkpoint.head.seq,
    )
}
