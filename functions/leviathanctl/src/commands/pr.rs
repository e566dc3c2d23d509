//! `leviathanctl pr`: what waits for a person, and a person's yes or no.

mod close;
mod merge;
mod show;

use jiff::Timestamp;
use leviathan_core::ids::{AttemptId, GitCommit, TargetId, TaskId};
use leviathan_core::ports::forge::{Repository, WatchedPullRequest};
use leviathan_core::state::{Departure, PullRequest, PullRequestState};
use serde::Serialize;

use super::select::{self, FoundPullRequest};
use super::session::Session;
use crate::cli::{Global, PrCommand, TargetFilter};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::{cut, time};

#[derive(Serialize)]
struct PullRequests<'a> {
    pull_requests: Vec<PullRequestRow<'a>>,
}

#[derive(Serialize)]
struct PullRequestRow<'a> {
    target_id: &'a TargetId,
    number: u64,
    /// `open`, `merged`, `closed`
    status: &'static str,
    title: &'a str,
    branch: &'a str,
    url: &'a str,
    /// Not ready for review: a built-in skeleton.
    draft: bool,
    task_id: &'a TaskId,
    attempt_id: &'a AttemptId,
    /// What was pushed.
    git_commit: &'a GitCommit,
    /// What the branch starts from.
    base: &'a GitCommit,
    opened_at: Timestamp,
    /// Where the branch stands since somebody else pushed to it.
    foreign_head: Option<&'a GitCommit>,
    /// How it ended.
    end: Option<&'a str>,
}

pub(crate) fn run(
    command: &PrCommand,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    match command {
        PrCommand::List(filter) => list(filter, global, output),
        PrCommand::Show(arguments) => show::run(arguments, global, output),
        PrCommand::Merge(arguments) => merge::run(arguments, global, output),
        PrCommand::Close(arguments) => close::run(arguments, global, output),
    }
}

fn list(filter: &TargetFilter, global: &Global, output: Output) -> Result<Exit, CommandError> {
    let session = Session::to_read(global, output)?;
    let is_one = |departure: &Departure| matches!(departure, Departure::PullRequest { .. });
    let view = session.view_with_aged(None, usize::MAX, is_one, output)?;
    let targets = select::targets(&view.state, filter.target.as_deref())?;
    let mut pull_requests: Vec<_> = targets
        .into_iter()
        .flat_map(|(target_id, target)| {
            target.pull_requests.iter().map(move |(number, known)| row(target_id, *number, known))
        })
        .collect();
    // Open ones first, then the newest.
    pull_requests.sort_by_key(|row| {
        (
            row.status != PullRequestState::Open.as_str(),
            std::cmp::Reverse((row.opened_at, row.number)),
        )
    });
    if output.format == Format::Json {
        output.json(&PullRequests { pull_requests });
        return Ok(Exit::Done);
    }
    let cells = pull_requests
        .iter()
        .map(|row| {
            vec![
                row.target_id.to_string(),
                row.number.to_string(),
                shown_status(row),
                row.task_id.to_string(),
                cut(row.title, 60),
                row.branch.to_owned(),
                time(row.opened_at),
            ]
        })
        .collect();
    let head = ["target", "pr", "status", "task", "title", "branch", "opened"];
    output.table(&head, cells, "No pull request yet: `leviathanctl tasks list` shows the tasks.");
    Ok(Exit::Done)
}

fn row<'a>(target_id: &'a TargetId, number: u64, known: &'a PullRequest) -> PullRequestRow<'a> {
    let opened = &known.opened;
    PullRequestRow {
        target_id,
        number,
        status: known.status.as_str(),
        title: &opened.title,
        branch: &opened.branch_name,
        url: &opened.pr_url,
        draft: opened.draft,
        task_id: &opened.task_id,
        attempt_id: &opened.attempt_id,
        git_commit: &opened.commit_sha,
        base: &opened.base_commit,
        opened_at: known.at,
        foreign_head: known.foreign_head.as_ref(),
        end: known.end.as_deref(),
    }
}

fn shown_status(row: &PullRequestRow<'_>) -> String {
    let mut text = row.status.to_owned();
    if row.status == PullRequestState::Open.as_str() {
        text.push_str(if row.draft { ", draft" } else { "" });
        text.push_str(if row.foreign_head.is_some() { ", pushed to" } else { "" });
    }
    text
}

fn repository(found: &FoundPullRequest<'_>) -> Repository {
    Repository {
        location: found.target.repository.clone(),
        default_branch: found.target.default_branch.clone(),
    }
}

fn watched(found: &FoundPullRequest<'_>) -> WatchedPullRequest {
    let opened = &found.pull_request.opened;
    WatchedPullRequest {
        number: found.number,
        head: opened.branch_name.clone(),
        head_commit: opened.commit_sha.clone(),
        base_commit: opened.base_commit.clone(),
        attempt: opened.attempt_id.to_string(),
    }
}
