//! `leviathanctl attempts show`: one attempt, from the pick to its end.

use leviathan_core::ids::{Digest, GitCommit};
use leviathan_core::state::{Attempt, Prepared};
use serde::Serialize;

use super::details::Details;
use super::{AttemptRow, row};
use crate::cli::{AttemptArgs, Global};
use crate::commands::aged::Named;
use crate::commands::select;
use crate::commands::session::Session;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::text::{cut, one_line, seconds, short, time};

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    row: AttemptRow<'a>,
    /// The git commit that the change is made against.
    base: &'a GitCommit,
    /// Name of the task definition's artifact.
    definition: &'a Digest,
    policy_digest: &'a Digest,
    pod_uid: Option<&'a str>,
    /// Name of the change's artifact.
    diff_digest: Option<&'a Digest>,
    /// The branch and git commit that are, or were, pushed.
    prepared: Option<&'a Prepared>,
    publish_failures: u32,
    #[serde(flatten)]
    details: Details,
}

pub(super) fn run(
    arguments: &AttemptArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let session = Session::to_read(global, output)?;
    let view = session.view_with(&Named::Attempt(&arguments.attempt))?;
    let (id, attempt) = select::attempt(&view.state, &arguments.attempt)?;
    let details = Details::read(&session, id, attempt)?;
    let shown = Shown {
        row: row(id, attempt),
        base: &attempt.base,
        definition: &attempt.definition,
        policy_digest: &attempt.policy_digest,
        pod_uid: attempt.pod_uid.as_deref(),
        diff_digest: attempt.checked.as_ref().and_then(|checked| checked.diff_digest.as_ref()),
        prepared: attempt.prepared.as_ref(),
        publish_failures: attempt.publish_failures,
        details,
    };
    if output.format == Format::Json {
        output.json(&shown);
        return Ok(Exit::Done);
    }
    for (name, value) in facts(&shown, attempt) {
        output.line(format!("{name:<13} {}", one_line(&value)).trim_end());
    }
    print_details(&shown.details, output);
    Ok(Exit::Done)
}

fn facts(shown: &Shown<'_>, attempt: &Attempt) -> Vec<(&'static str, String)> {
    let row = &shown.row;
    let mut facts = vec![
        ("attempt", row.attempt_id.to_string()),
        ("task", row.task_id.to_string()),
        ("target", row.target_id.to_string()),
        ("number", format!("{} of generation {}", row.attempt_number, row.generation)),
        ("status", row.status.to_owned()),
    ];
    facts.extend(row.summary.map(|summary| ("result", summary.to_owned())));
    facts.extend(failure(row).map(|failure| ("failure", failure)));
    facts.extend(row.pull_request.map(|number| ("pull request", number.to_string())));
    facts.extend(shown.details.picked.clone().map(|picked| ("picked", picked)));
    facts.extend([("created", time(row.created_at)), ("changed", time(row.changed_at))]);
    if !attempt.status.is_terminal() {
        facts.extend(row.not_after.map(|at| ("ends by", time(at))));
    }
    facts.extend([
        ("base", short(shown.base.as_str()).to_owned()),
        ("policy", short(shown.policy_digest.as_str()).to_owned()),
    ]);
    if let Some(prepared) = shown.prepared {
        let commit = short(prepared.git_commit.as_str());
        facts.push(("branch", format!("{} at {commit}", prepared.branch)));
        facts.push(("write-back", prepared.write_back.clone()));
    }
    facts
}

fn failure(row: &AttemptRow<'_>) -> Option<String> {
    match (row.failure_type, row.failure_class) {
        (Some(kind), Some(class)) => Some(format!("{kind} (class {class})")),
        (None, Some(class)) => Some(format!("class {class}")),
        (Some(kind), None) => Some(kind.to_owned()),
        (None, None) => None,
    }
}

fn print_details(details: &Details, output: Output) {
    let milliseconds = |known: Option<u64>| known.map_or_else(|| "-".to_owned(), seconds);
    let phases = details.phases.iter().map(|row| {
        let detail = row.detail.as_deref().unwrap_or_default();
        let (phase, took) = (row.phase.as_str().to_owned(), milliseconds(row.milliseconds));
        vec![phase, row.state.clone(), took, cut(detail, 80)]
    });
    section(&["phase", "state", "took", "detail"], phases, output);
    let checks = details.checks.iter().map(|check| {
        let verdict = if check.passed { "passed" } else { "failed" }.to_owned();
        let took = seconds(check.milliseconds);
        vec![cut(&check.name, 40), verdict, took, cut(&check.detail, 80)]
    });
    section(&["invariant", "verdict", "took", "detail"], checks, output);
    let violations = details.violations.iter().map(|violation| {
        vec![violation.rule.clone(), cut(&violation.path, 80), cut(&violation.detail, 80)]
    });
    section(&["rule", "path", "refused because"], violations, output);
    let artifacts = details.artifacts.iter().map(|artifact| {
        let bytes = artifact.size_bytes.to_string();
        vec![
            cut(&artifact.name, 40),
            artifact.artifact_type.clone(),
            bytes,
            artifact.sha256.to_string(),
        ]
    });
    section(&["artifact", "type", "bytes", "sha256"], artifacts, output);
    let events = details.events.iter().map(|event| {
        let at = time(event.recorded_at);
        vec![at, event.seq.to_string(), event.event_type.clone(), cut(&event.principal, 60)]
    });
    section(&["time", "commit", "event", "by"], events, output);
}

fn section(head: &[&str], rows: impl Iterator<Item = Vec<String>>, output: Output) {
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        output.line("");
        output.table(head, rows, "");
    }
}
