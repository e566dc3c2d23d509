//! `leviathanctl pr show`: one pull request with its receipt, and how to look at the change.

use leviathan_core::ids::Digest;
use leviathan_local::forge::is_url;
use serde::Serialize;

use super::{PullRequestRow, row, shown_status};
use crate::cli::{Global, PrArgs};
use crate::commands::select::{self, FoundPullRequest};
use crate::commands::session::Session;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::{one_line, plain, short, time};

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    row: PullRequestRow<'a>,
    /// Prints the change.
    diff_command: String,
    receipt_sha256: &'a Digest,
    /// The pull request's body: Markdown.
    receipt: String,
}

pub(super) fn run(
    arguments: &PrArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let session = Session::to_read(global, output)?;
    let view = select::with_pull_request(&session, arguments, output)?;
    let found = select::pull_request(&view.state, arguments)?;
    let digest = &found.pull_request.opened.receipt;
    let receipt = session.artifact("the receipt", digest)?;
    let shown = Shown {
        row: row(found.target_id, found.number, found.pull_request),
        diff_command: diff_command(&session, &found),
        receipt_sha256: digest,
        receipt: String::from_utf8_lossy(&receipt).into_owned(),
    };
    if output.format == Format::Json {
        output.json(&shown);
        return Ok(Exit::Done);
    }
    for (name, value) in facts(&shown) {
        output.line(format!("{name:<13} {}", one_line(&value)));
    }
    output.line("");
    output.line(plain(shown.receipt.trim_end()));
    Ok(Exit::Done)
}

fn facts(shown: &Shown<'_>) -> Vec<(&'static str, String)> {
    let row = &shown.row;
    let mut facts = vec![
        ("pull request", format!("{} of {}", row.number, row.target_id)),
        ("title", row.title.to_owned()),
        ("status", shown_status(row)),
    ];
    facts.extend(row.end.map(|end| ("because", end.to_owned())));
    facts.extend(row.foreign_head.map(|head| {
        ("pushed to", format!("the branch stands at {}: it is theirs now", short(head.as_str())))
    }));
    facts.extend([
        ("task", row.task_id.to_string()),
        ("attempt", row.attempt_id.to_string()),
        ("branch", format!("{} at {}", row.branch, short(row.git_commit.as_str()))),
        ("opened", time(row.opened_at)),
        ("look at it", shown.diff_command.clone()),
    ]);
    facts
}

/// By git commit id, so that it works after the branch is gone.
fn diff_command(session: &Session, found: &FoundPullRequest<'_>) -> String {
    let (location, opened) = (&found.target.repository, &found.pull_request.opened);
    let folder = if is_url(location) {
        session.forge().mirror(location).display().to_string()
    } else {
        location.clone()
    };
    let (base, commit) = (short(opened.base_commit.as_str()), short(opened.commit_sha.as_str()));
    shell_words::join(["git", "-C", &folder, "diff", base, commit])
}
