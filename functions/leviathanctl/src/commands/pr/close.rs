//! `leviathanctl pr close`: a person's no. The branch goes and the task is blocked until a person
//! says otherwise; a branch that somebody pushed to stays, and nothing changes.

use leviathan_core::decide::pull_request::news;
use leviathan_core::ids::{TargetId, TaskId};
use leviathan_core::ports::Forge as _;
use leviathan_core::ports::forge::PullRequestStatus;
use leviathan_core::state::PullRequestState;
use serde::Serialize;

use super::{repository, watched};
use crate::cli::{Global, PrCloseArgs};
use crate::commands::confirm::confirm;
use crate::commands::select::{self, FoundPullRequest};
use crate::commands::session::Session;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::one_line;

#[derive(Serialize)]
struct Answer<'a> {
    target_id: &'a TargetId,
    number: u64,
    task_id: &'a TaskId,
    branch: &'a str,
    /// `closed`, `merged`: what it is, or would be with `dry_run`.
    status: &'static str,
    /// `false`: it was so already.
    changed: bool,
    dry_run: bool,
}

pub(super) fn run(
    arguments: &PrCloseArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let session = Session::to_order_unless(arguments.dry_run, global, output)?;
    let view = select::with_pull_request(&session, &arguments.pull_request, output)?;
    let found = select::pull_request(&view.state, &arguments.pull_request)?;
    let dry_run = arguments.dry_run;
    match found.pull_request.status {
        PullRequestState::Open => {}
        PullRequestState::Closed => {
            tell(&answer(&found, "closed", false, dry_run), output);
            return Ok(Exit::Done);
        }
        PullRequestState::Merged => return Err(merged(&found)),
    }
    if dry_run {
        tell(&answer(&found, "closed", true, true), output);
        return Ok(Exit::Done);
    }
    let opened = &found.pull_request.opened;
    let question = format!(
        "Pull request {} ({}) is closed: branch {} is deleted and task {} is blocked. Go ahead?",
        found.number,
        one_line(&opened.title),
        one_line(&opened.branch_name),
        opened.task_id
    );
    confirm(&question, arguments.yes)?;
    close(&session, &found, &arguments.reason)?;
    tell(&answer(&found, "closed", true, false), output);
    Ok(Exit::Done)
}

fn close(
    session: &Session,
    found: &FoundPullRequest<'_>,
    reason: &str,
) -> Result<(), CommandError> {
    let (forge, repository, watched) = (session.forge(), repository(found), watched(found));
    let fail = |error: leviathan_core::ports::ForgeError| {
        CommandError::failed(error.to_string(), "nothing was changed")
    };
    // A merge by plain git may not be in the log yet, and a merged change can't be refused.
    let seen = session.wait(forge.pull_request(&repository, &watched)).map_err(fail)?;
    let status = match seen {
        PullRequestStatus::Merged { .. } => {
            record(session, found, &seen)?;
            return Err(merged(found));
        }
        PullRequestStatus::Open { .. } => {
            session.wait(forge.close(&repository, &watched)).map_err(fail)?;
            PullRequestStatus::Closed { reason: reason.to_owned() }
        }
        PullRequestStatus::Closed { .. } => PullRequestStatus::Closed { reason: reason.to_owned() },
    };
    record(session, found, &status)
}

fn record(
    session: &Session,
    found: &FoundPullRequest<'_>,
    status: &PullRequestStatus,
) -> Result<(), CommandError> {
    let (target, number, status) = (found.target_id.clone(), found.number, status.clone());
    session.order("pr.close", found.target_id, move |state, moment| {
        news(state, moment, &target, number, &status)
    })?;
    Ok(())
}

fn answer<'a>(
    found: &FoundPullRequest<'a>,
    status: &'static str,
    changed: bool,
    dry_run: bool,
) -> Answer<'a> {
    let opened = &found.pull_request.opened;
    Answer {
        target_id: found.target_id,
        number: found.number,
        task_id: &opened.task_id,
        branch: &opened.branch_name,
        status,
        changed,
        dry_run,
    }
}

fn tell(answer: &Answer<'_>, output: Output) {
    if output.format == Format::Json {
        output.json(answer);
        return;
    }
    let (number, task) = (answer.number, answer.task_id);
    output.line(match (answer.changed, answer.dry_run) {
        (false, _) => format!("Pull request {number} is closed already: nothing to change."),
        (true, true) => format!(
            "Pull request {number} would be closed: branch {} deleted, task {task} blocked.",
            one_line(answer.branch)
        ),
        (true, false) => format!(
            "Pull request {number} is closed. Task {task} is blocked until \
             `leviathanctl tasks unblock {task}`."
        ),
    });
}

fn merged(found: &FoundPullRequest<'_>) -> CommandError {
    CommandError::failed(
        format!("pull request {} is merged, so it can't be closed", found.number),
        "to take the change back, use `git revert`",
    )
}
