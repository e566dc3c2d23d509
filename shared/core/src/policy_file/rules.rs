//! Numbers: how much at once (`guardrails`, `safety_rules`) and how large (`limits`,
//! `file_size_limits`).

use super::written::{At, Number, Reading, Written};
use crate::fact::FileProblem;
use crate::yaml::{Entry, Node};

/// A key that stands in a file, the number that it sets, and the least that it may be.
type Key = (&'static str, Number, u32);

const GUARDRAILS: &[Key] = &[
    ("max_open_prs", Number::MaxOpenPrs, 1),
    ("max_running_attempts", Number::MaxRunningAttempts, 1),
    ("max_attempts_per_task", Number::MaxAttemptsPerTask, 1),
    ("attempt_timeout_minutes", Number::AttemptTimeoutMinutes, 5),
    ("backoff_seconds", Number::BackoffSeconds, 0),
];
const SAFETY_RULES: &[Key] = &[
    ("max_attempts_per_task", Number::MaxAttemptsPerTask, 1),
    ("backoff_seconds", Number::BackoffSeconds, 0),
    ("max_concurrent_attempts", Number::MaxRunningAttempts, 1),
];
const TIMEOUT: &[Key] = &[("attempt_timeout_minutes", Number::AttemptTimeoutMinutes, 5)];
const LIMITS: &[Key] = &[
    ("max_files", Number::MaxFiles, 1),
    ("max_file_bytes", Number::MaxFileBytes, 1),
    ("max_diff_bytes", Number::MaxDiffBytes, 1),
];

const GUARDRAILS_WITHOUT_EFFECT: &[(&str, &str)] =
    &[("circuit_breaker", "`max_attempts_per_task`, which ends a task's attempts")];
const SAFETY_WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("max_tasks_per_day", "`max_open_prs`, which bounds what waits for a person"),
    ("require_passing_tests", "an invariant that runs the tests"),
    ("require_lint_pass", "an invariant that runs the linter"),
    ("require_pr_description", "nothing: every pull request has its receipt"),
    ("require_conventional_commit", "nothing: every commit is titled `<scope>: <title>`"),
    ("max_artifact_size_mb", "`limits`, for the size of a change"),
    ("max_artifacts_per_attempt", "`limits`, for the size of a change"),
];

pub(super) fn read(
    reading: &mut Reading<'_>,
    root: &Node,
    written: &mut Written,
) -> Result<(), FileProblem> {
    let (safety, guardrails) = (SAFETY_WITHOUT_EFFECT, GUARDRAILS_WITHOUT_EFFECT);
    section(reading, root, "safety_rules", &[], SAFETY_RULES, safety, written)?;
    let others = &["allowed_path_prefixes", "timeout"];
    section(reading, root, "guardrails", others, GUARDRAILS, guardrails, written)?;
    if let Some(node) = root.get("guardrails").filter(|node| !node.is_null()) {
        section(reading, node, "timeout", &[], TIMEOUT, &[], written)?;
    }
    section(reading, root, "limits", &[], LIMITS, &[], written)?;
    match root.get("file_size_limits").filter(|node| !node.is_null()) {
        Some(node) => file_sizes(reading, node, written),
        None => Ok(()),
    }
}

fn section(
    reading: &mut Reading<'_>,
    of: &Node,
    name: &str,
    others: &[&str],
    keys: &[Key],
    without_effect: &[(&str, &str)],
    written: &mut Written,
) -> Result<(), FileProblem> {
    let Some(node) = of.get(name).filter(|node| !node.is_null()) else { return Ok(()) };
    let known: Vec<&str> =
        keys.iter().map(|(key, ..)| *key).chain(others.iter().copied()).collect();
    reading.mapping(node, name, &known, without_effect)?;
    for (key, number, least) in keys {
        if let Some((value, place)) = reading.document.number(node, key, *least)? {
            written.numbers.insert(*number, At { value, line: place.line });
        }
    }
    Ok(())
}

/// `max_file_size_kb` sets a size for each glob. One size holds for all files here: the largest, so
/// that no file is refused that its author allowed.
fn file_sizes(
    reading: &mut Reading<'_>,
    node: &Node,
    written: &mut Written,
) -> Result<(), FileProblem> {
    reading.mapping(node, "file_size_limits", &["max_file_size_kb"], &[])?;
    let Some(sizes) = node.get("max_file_size_kb").filter(|node| !node.is_null()) else {
        return Ok(());
    };
    let Some(entries) = sizes.as_mapping() else {
        let expected = "a mapping from glob to kilobytes";
        return Err(reading.document.wrong(sizes, "max_file_size_kb", expected));
    };
    let kilobytes = |entry: &Entry| {
        let wrong = || reading.document.wrong(&entry.value, "max_file_size_kb", "kilobytes");
        entry.value.as_number().filter(|size| *size <= 1_000_000).ok_or_else(wrong)
    };
    let all = entries.iter().map(kilobytes).collect::<Result<Vec<_>, _>>()?;
    let Some(most) = all.iter().max().copied().filter(|most| *most > 0) else { return Ok(()) };
    let bytes = At { value: most.saturating_mul(1024), line: sizes.line };
    written.numbers.insert(Number::MaxFileBytes, bytes);
    if all.iter().any(|size| *size != most) {
        let problem = format!("`max_file_size_kb` holds for all files alike: {most} KB");
        reading.note(sizes, problem, "`limits: {max_file_bytes: …}`");
    }
    Ok(())
}
