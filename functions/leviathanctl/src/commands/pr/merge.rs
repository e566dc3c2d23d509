//! `leviathanctl pr merge`: a person's yes. The default branch moves only where nobody has it
//! checked out; else nothing changes and the git command is printed (DECISIONS 17).

use leviathan_core::decide::pull_request::news;
use leviathan_core::ids::{GitCommit, TargetId, TaskId};
use leviathan_core::ports::Forge as _;
use leviathan_core::ports::forge::{MergeOutcome, PullRequestStatus};
use leviathan_core::state::PullRequestState;
use serde::Serialize;

use super::{repository, watched};
use crate::cli::{Global, PrArgs};
use crate::commands::select::{self, FoundPullRequest};
use crate::commands::session::Session;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::{one_line, short};

/// How the log says that a merge came about by this command.
const FOUND_BY: &str = "operator";

#[derive(Serialize)]
struct Answer<'a> {
    target_id: &'a TargetId,
    number: u64,
    task_id: &'a TaskId,
    /// `merged`, `checked_out`, `conflict`
    outcome: &'static str,
    /// The git commit on the default branch that holds the change.
    merge_commit: Option<GitCommit>,
    /// For a person to run, where the default branch is checked out.
    command: Option<String>,
    /// The files that conflict.
    files: Vec<String>,
}

pub(super) fn run(
    arguments: &PrArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let session = Session::to_order(global, output)?;
    let view = select::with_pull_request(&session, arguments, output)?;
    let found = select::pull_request(&view.state, arguments)?;
    match found.pull_request.status {
        PullRequestState::Open => {}
        PullRequestState::Merged => {
            let answer = answer(&found, "merged");
            say(&answer, &format!("Pull request {} is merged already.", found.number), output);
            return Ok(Exit::Done);
        }
        PullRequestState::Closed => return Err(closed(&found)),
    }
    let (forge, repository, watched) = (session.forge(), repository(&found), watched(&found));
    let fail = |error: leviathan_core::ports::ForgeError| {
        CommandError::failed(error.to_string(), "nothing was changed")
    };
    // A merge by plain git, or a deleted branch, may not be in the log yet.
    let seen = session.wait(forge.pull_request(&repository, &watched)).map_err(fail)?;
    match seen {
        PullRequestStatus::Open { .. } => {}
        PullRequestStatus::Merged { ref commit, .. } => {
            let commit = commit.clone();
            record(&session, &found, &seen)?;
            return Ok(merged(&found, commit, output));
        }
        PullRequestStatus::Closed { .. } => {
            record(&session, &found, &seen)?;
            return Err(closed(&found));
        }
    }
    let message = message(&found);
    let outcome = session.wait(forge.merge(&repository, &watched, &message)).map_err(fail)?;
    match outcome {
        MergeOutcome::Merged { commit } => {
            let status = PullRequestStatus::Merged { commit: commit.clone(), found_by: FOUND_BY };
            record(&session, &found, &status)?;
            Ok(merged(&found, commit, output))
        }
        MergeOutcome::CheckedOut { command } => Ok(checked_out(&found, command, output)),
        MergeOutcome::Conflict { files } => Ok(conflict(&found, files, output)),
    }
}

fn record(
    session: &Session,
    found: &FoundPullRequest<'_>,
    status: &PullRequestStatus,
) -> Result<(), CommandError> {
    let (target, number, status) = (found.target_id.clone(), found.number, status.clone());
    session.order("pr.merge", found.target_id, move |state, moment| {
        news(state, moment, &target, number, &status)
    })?;
    Ok(())
}

/// The merge's git commit: what it is, and trailers by which it is found again.
fn message(found: &FoundPullRequest<'_>) -> String {
    let opened = &found.pull_request.opened;
    format!(
        "Merge pull request {}: {}\n\nLeviathan-Task: {}\nLeviathan-Attempt: {}\n",
        found.number,
        one_line(&opened.title),
        opened.task_id,
        opened.attempt_id,
    )
}

fn answer<'a>(found: &FoundPullRequest<'a>, outcome: &'static str) -> Answer<'a> {
    Answer {
        target_id: found.target_id,
        number: found.number,
        task_id: &found.pull_request.opened.task_id,
        outcome,
        merge_commit: None,
        command: None,
        files: Vec::new(),
    }
}

fn say(answer: &Answer<'_>, text: &str, output: Output) {
    if output.format == Format::Json { output.json(answer) } else { output.line(text) }
}

fn merged(found: &FoundPullRequest<'_>, commit: GitCommit, output: Output) -> Exit {
    let mut answer = answer(found, "merged");
    let text = format!(
        "Pull request {} is merged: {} holds it at {}. Task {} is completed.",
        found.number,
        one_line(&found.target.default_branch),
        short(commit.as_str()),
        answer.task_id,
    );
    answer.merge_commit = Some(commit);
    say(&answer, &text, output);
    Exit::Done
}

fn checked_out(found: &FoundPullRequest<'_>, command: String, output: Output) -> Exit {
    let mut answer = answer(found, "checked_out");
    let command_line = command.clone();
    answer.command = Some(command);
    say(&answer, &command_line, output);
    output.note(format!(
        "Nothing was changed: {} is checked out, and a checked-out branch is never moved. Run the \
         command above; the next tick of `leviathanctl dev` sees the merge.",
        one_line(&found.target.default_branch)
    ));
    Exit::PersonNeeded
}

fn conflict(found: &FoundPullRequest<'_>, files: Vec<String>, output: Output) -> Exit {
    let mut answer = answer(found, "conflict");
    let text = files.iter().map(|file| one_line(file)).collect::<Vec<_>>().join("\n");
    answer.files = files;
    say(&answer, &text, output);
    output.note(format!(
        "Nothing was changed: pull request {} and {} conflict in the files above. Merge it with \
         git and settle them, or close it with `leviathanctl pr close {}`.",
        found.number,
        one_line(&found.target.default_branch),
        found.number
    ));
    Exit::PersonNeeded
}

fn closed(found: &FoundPullRequest<'_>) -> CommandError {
    let task = &found.pull_request.opened.task_id;
    CommandError::failed(
        format!("pull request {} was closed without merge: its branch is gone", found.number),
        format!("to have the task tried again: `leviathanctl tasks unblock {task}`"),
    )
}
