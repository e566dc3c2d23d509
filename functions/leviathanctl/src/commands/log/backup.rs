//! `leviathanctl log backup`: a second copy in another store.

use leviathan_log::{BackupError, BackupReport};
use serde::Serialize;

use super::bar::bar;
use super::stores::Stores;
use crate::cli::BackupArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::place::Access;
use crate::text::count;

#[derive(Serialize)]
struct Answer<'a> {
    dry_run: bool,
    /// Commits that were in the backup before.
    commits_before: u64,
    /// Commits, tiles and checkpoints, artifacts that came to it.
    commits: u64,
    proofs: u64,
    artifacts: u64,
    artifact_bytes: u64,
    /// The last commit in it, as `log verify --head` takes it.
    head: Option<String>,
    /// Left out: their bytes are not those that their names promise.
    damaged_artifacts: &'a [String],
}

pub(crate) fn run(
    arguments: &BackupArgs,
    stores: &Stores,
    output: Output,
) -> Result<Exit, CommandError> {
    if stores.data().is_none() {
        output.note("No data store is known, so artifacts are not copied; --data names one.");
    }
    let access = if arguments.dry_run { Access::Peek } else { Access::Write };
    let to = stores.wait(arguments.to.open(access))?;
    let bar = bar("objects copied");
    let report =
        stores.wait(stores.log().backup(to, stores.data().cloned(), arguments.dry_run, |copied| {
            bar.set_position(copied)
        }));
    bar.finish_and_clear();
    let report = report?;
    tell(&report, arguments.dry_run, output);
    if report.damaged_artifacts.is_empty() {
        return Ok(Exit::Done);
    }
    Err(CommandError::failed(
        format!(
            "{} in the data store hold other bytes than their names promise, and were left out",
            count(report.damaged_artifacts.len() as u64, "artifact", "artifacts")
        ),
        "look for them in an earlier version of the data store; everything else is in the backup",
    ))
}

fn tell(report: &BackupReport, dry_run: bool, output: Output) {
    let head = report.head.as_ref().map(|head| format!("{}:{}", head.seq, head.digest));
    if output.format == Format::Json {
        output.json(&Answer {
            dry_run,
            commits_before: report.before,
            commits: report.commits,
            proofs: report.proofs,
            artifacts: report.artifacts,
            artifact_bytes: report.artifact_bytes,
            head,
            damaged_artifacts: &report.damaged_artifacts,
        });
        return;
    }
    output.line(format!(
        "{}: {}, {}, {} ({} bytes), beside {} that were there.",
        if dry_run { "Would copy" } else { "Copied" },
        count(report.commits, "commit", "commits"),
        count(report.proofs, "proof object", "proof objects"),
        count(report.artifacts, "artifact", "artifacts"),
        report.artifact_bytes,
        count(report.before, "commit", "commits"),
    ));
    for key in &report.damaged_artifacts {
        output.line(format!("damaged, left out: {key}"));
    }
    if let Some(head) = head {
        output.line(format!("head {head}"));
    }
}

impl From<BackupError> for CommandError {
    fn from(error: BackupError) -> Self {
        let exit = match &error {
            BackupError::Log(problem) if !problem.is_fault_of_the_log() => Exit::Failed,
            BackupError::Log(_)
            | BackupError::Fork { .. }
            | BackupError::LogIsShorter { .. }
            | BackupError::Backup(_) => Exit::LogDamaged,
            BackupError::Copy(_) => Exit::Failed,
        };
        Self::new(exit, error.to_string(), "")
    }
}
