//! `leviathanctl targets`: the repositories that are worked for, and whether their files are fine.

use std::collections::BTreeMap;

use jiff::Timestamp;
use leviathan_core::fact::FileProblem;
use leviathan_core::ids::{Digest, GitCommit, TargetId};
use leviathan_core::state::{Problem, State, Target};
use serde::Serialize;

use super::session::Session;
use crate::cli::{Global, TargetsCommand};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::{cut, one_line, short, time_or_dash};

#[derive(Serialize)]
struct Targets<'a> {
    targets: Vec<TargetRow<'a>>,
}

#[derive(Serialize)]
struct TargetRow<'a> {
    target_id: &'a TargetId,
    name: &'a str,
    repository: &'a str,
    default_branch: &'a str,
    /// Where its files were last read whole; `null` until then.
    git_commit: Option<&'a GitCommit>,
    synced_at: Option<Timestamp>,
    /// `repository`, or `state folder` for `try`.
    source: Option<&'a str>,
    policy_digest: Option<&'a Digest>,
    /// The policy's switch.
    enabled: Option<bool>,
    /// Tasks by status; only those that are in the backlog.
    tasks: BTreeMap<&'static str, u64>,
    open_pull_requests: usize,
    live_attempts: usize,
    /// Tasks of the file that are not usable.
    refused_tasks: &'a [FileProblem],
    /// Why the newest files are not used at all.
    problem: Option<&'a Problem>,
}

pub(crate) fn run(
    command: &TargetsCommand,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    match command {
        TargetsCommand::List => list(global, output),
    }
}

fn list(global: &Global, output: Output) -> Result<Exit, CommandError> {
    let view = Session::to_read(global, output)?.view()?;
    let targets = rows(&view.state);
    if output.format == Format::Json {
        output.json(&Targets { targets });
        return Ok(Exit::Done);
    }
    let cells = targets.iter().map(cells).collect();
    let head = ["target", "repository", "branch", "at", "read", "tasks", "prs", "files"];
    let empty = "No target yet: `leviathanctl dev --target PATH_OR_URL` begins with one.";
    output.table(&head, cells, empty);
    for row in &targets {
        for problem in row.problem.iter().map(|problem| &problem.problem).chain(row.refused_tasks) {
            output.line(one_line(&format!("{}: {problem}", row.target_id)));
        }
    }
    Ok(Exit::Done)
}

fn rows(state: &State) -> Vec<TargetRow<'_>> {
    let live = |id: &TargetId| state.live_attempts().filter(|(_, live)| live.target == *id).count();
    state.targets.iter().map(|(id, target)| row(id, target, live(id))).collect()
}

fn row<'a>(id: &'a TargetId, target: &'a Target, live_attempts: usize) -> TargetRow<'a> {
    let mut tasks = BTreeMap::new();
    for task in target.tasks.values().filter(|task| !task.removed) {
        let number: &mut u64 = tasks.entry(task.status.as_str()).or_default();
        *number = number.saturating_add(1);
    }
    let files = target.synced.as_ref().map(|synced| &synced.files);
    TargetRow {
        target_id: id,
        name: &target.name,
        repository: &target.repository,
        default_branch: &target.default_branch,
        git_commit: files.map(|files| &files.git_commit),
        synced_at: target.synced.as_ref().map(|synced| synced.at),
        source: files.map(|files| files.source.as_str()),
        policy_digest: files.map(|files| &files.policy_digest),
        enabled: files.map(|files| files.policy.enabled),
        tasks,
        open_pull_requests: target.open_pull_requests().count(),
        live_attempts,
        refused_tasks: files.map_or(&[], |files| files.refused.as_slice()),
        problem: target.problem.as_ref(),
    }
}

fn cells(row: &TargetRow<'_>) -> Vec<String> {
    let tasks: Vec<String> =
        row.tasks.iter().map(|(status, number)| format!("{number} {status}")).collect();
    vec![
        row.target_id.to_string(),
        cut(row.repository, 60),
        cut(row.default_branch, 40),
        row.git_commit.map_or("-", |commit| short(commit.as_str())).to_owned(),
        time_or_dash(row.synced_at),
        if tasks.is_empty() { "none".to_owned() } else { tasks.join(", ") },
        row.open_pull_requests.to_string(),
        files(row),
    ]
}

/// One word or two on the state of its files; what exactly is below the table.
fn files(row: &TargetRow<'_>) -> String {
    match (row.problem, row.refused_tasks.len(), row.enabled) {
        (Some(_), _, _) => "not usable".to_owned(),
        (None, _, None) => "not read yet".to_owned(),
        (None, 0, Some(false)) => "switched off".to_owned(),
        (None, 0, Some(true)) => "ok".to_owned(),
        (None, refused, Some(_)) => format!("{refused} refused"),
    }
}
