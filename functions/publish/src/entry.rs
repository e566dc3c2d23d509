//! The task's completion in the backlog file, in the same git commit as the change.

use jiff::Timestamp;
use leviathan_core::diff::{FileChange, NewFile, OldFile};
use leviathan_core::ports::forge::FileAt;
use leviathan_core::write_back::{Completion, complete};

use crate::Publish;
use crate::change::Verified;
use crate::stop::Stop;
use crate::work::Work;

/// The backlog's place in a target.
const BACKLOG: &str = ".leviathan/backlog.yaml";

/// The longest reason that goes into the log, in characters.
const MOST_SAID: usize = 300;

/// The entry, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// What it changes.
    pub(crate) change: Option<FileChange>,
    /// For the log and the receipt.
    pub(crate) said: String,
}

impl Entry {
    fn none(said: impl Into<String>) -> Self {
        let said: String = said.into();
        Self { change: None, said: said.chars().take(MOST_SAID).collect() }
    }
}

/// The entry as it has to be made at the base. Only the forge's own trouble is an error: a file
/// that can't be edited is no reason to hold back the change, since the log is the truth.
pub(crate) async fn entry(
    context: &Publish,
    work: &Work,
    verified: &Verified,
    completed_at: Timestamp,
) -> Result<Entry, Stop> {
    if !work.policy.write_back {
        return Ok(Entry::none("not added: the policy switches it off"));
    }
    if let Some(source) = &work.source {
        return Ok(Entry::none(format!("not added: the backlog is in {source}")));
    }
    if verified.passed.diff().files.iter().any(|file| file.path == BACKLOG) {
        return Ok(Entry::none(format!("not added: the change itself touches {BACKLOG}")));
    }
    let file = context.forge.file(&work.repository, &work.base, BACKLOG).await?;
    let Some(file) = file else {
        return Ok(Entry::none(format!("not added: there is no {BACKLOG} in the base")));
    };
    let completion = Completion {
        task: work.task.clone(),
        attempt: work.attempt.clone(),
        branch: work.branch.clone(),
        // As the original writes it: UTC without offset (CONTRACT 4.1).
        completed_at: completed_at.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
    };
    Ok(written(&file, &completion))
}

fn written(file: &FileAt, completion: &Completion) -> Entry {
    let Ok(text) = std::str::from_utf8(&file.bytes) else {
        return Entry::none(format!("not added: {BACKLOG} is not UTF-8"));
    };
    match complete(text, completion) {
        Ok(new) if new == text => Entry::none("not added: it says so already"),
        Ok(new) => Entry {
            change: Some(FileChange {
                path: BACKLOG.to_owned(),
                old: Some(OldFile { mode: file.mode, blob: file.blob.clone() }),
                new: Some(NewFile { mode: file.mode, content: new.into() }),
            }),
            said: "added".to_owned(),
        },
        Err(problem) => Entry::none(format!("not added: {problem}")),
    }
}
