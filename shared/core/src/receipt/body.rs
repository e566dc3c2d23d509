//! The pull request's body, section by section. Each list is cut at a length that keeps the whole
//! under what GitHub takes, and says what was left out.

use super::markdown::{code, text};
use super::{ChangeKind, ReceiptFacts};
use crate::fact::CheckResult;

const MAX_CRITERIA: usize = 20;
const MAX_CHECKS: usize = 30;
const MAX_FILES: usize = 50;
const MAX_PATHS: usize = 10;

pub(super) fn render(facts: &ReceiptFacts) -> String {
    let sections =
        [opening(facts), task(facts), criteria(facts), checks(facts), gate(facts), receipt(facts)];
    sections.join("\n\n") + "\n"
}

fn opening(facts: &ReceiptFacts) -> String {
    let made = "Leviathan made this change for one task of the backlog. It trusts no output of a \
                tool or a model, and it merges nothing: a person reviews this change and decides.";
    if !facts.skeleton {
        return made.to_owned();
    }
    format!(
        "> **This is a skeleton, not finished work.** A built-in tool laid out its sections from \
         the task's criteria; a person has to fill them in. So the pull request is a draft.\n\n\
         {made}"
    )
}

fn task(facts: &ReceiptFacts) -> String {
    let ReceiptFacts { task, target, attempt, attempt_number, .. } = facts;
    let paths = task.allowed_paths.iter().take(MAX_PATHS).map(|path| code(path, 100));
    let more = task.allowed_paths.len().saturating_sub(MAX_PATHS);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!(
        "## Task\n\n{}\n\n- Task: {} of target {}\n- Attempt: {}, number {attempt_number}\n\
         - Scope: {}\n- Allowed paths: {}{more}",
        text(&task.title, 200),
        code(task.id.as_str(), 128),
        code(target.as_str(), 64),
        code(attempt.as_str(), 63),
        code(&task.scope, 60),
        paths.collect::<Vec<_>>().join(", "),
    )
}

fn criteria(facts: &ReceiptFacts) -> String {
    let all = &facts.task.acceptance_criteria;
    let lines = all.iter().map(|criterion| format!("- {}", text(criterion, 200)));
    let list = listed(lines, all.len(), MAX_CRITERIA);
    let list = if all.is_empty() { "The task names none.".to_owned() } else { list };
    format!("## Acceptance criteria\n\n{list}")
}

fn checks(facts: &ReceiptFacts) -> String {
    let all = &facts.checks;
    if all.is_empty() {
        return "## Checks\n\nThe policy names none, so none ran.".to_owned();
    }
    let rows = all.iter().map(row).take(MAX_CHECKS).collect::<Vec<_>>().join("\n");
    let more = all.len().saturating_sub(MAX_CHECKS);
    let more = if more > 0 { format!("\n\n{more} more are in the log.") } else { String::new() };
    format!(
        "## Checks\n\n| check | result | seconds | detail |\n|---|---|---|---|\n{rows}{more}\n\n\
         Checks ran on untrusted code: evidence, not proof."
    )
}

fn row(check: &CheckResult) -> String {
    let result = if check.passed { "passed" } else { "**failed**" };
    let (seconds, tenths) = (check.milliseconds / 1000, check.milliseconds % 1000 / 100);
    let (name, detail) = (text(&check.name, 60), text(&check.detail, 120));
    format!("| {name} | {result} | {seconds}.{tenths} | {detail} |")
}

fn gate(facts: &ReceiptFacts) -> String {
    let files = &facts.files;
    let count = |kind| files.iter().filter(|file| file.kind == kind).count();
    let lines =
        files.iter().map(|file| format!("- {} {}", file.kind.as_str(), code(&file.path, 150)));
    let ignored = match facts.ignored_files {
        0 => String::new(),
        1 => "\n\nOne path that the base's ignore rules leave out is not in the change.".to_owned(),
        n => format!("\n\n{n} paths that the base's ignore rules leave out are not in the change."),
    };
    format!(
        "## What the gate held\n\n\
         Every path is allowed by the task and by its scope, and none is forbidden by the policy. \
         The change is within the policy's limits; it holds no submodule, no link out of the \
         repository, and nothing that looks like a secret.\n\n\
         {} changed: {} added, {} modified, {} deleted\n\n{}{ignored}",
        counted(files.len(), "file"),
        count(ChangeKind::Added),
        count(ChangeKind::Modified),
        count(ChangeKind::Deleted),
        listed(lines, files.len(), MAX_FILES),
    )
}

fn receipt(facts: &ReceiptFacts) -> String {
    let mut lines = vec![
        format!("- Base: {}", code(facts.base.as_str(), 64)),
        format!("- Branch: {}", code(&facts.branch, 200)),
        format!("- Diff: {}", code(facts.diff_digest.as_str(), 64)),
        format!("- Policy: {}", code(facts.policy_digest.as_str(), 64)),
        format!("- Task definition: {}", code(facts.task.digest().as_str(), 64)),
        format!("- Commit of the log: {}", facts.log_commit),
        format!("- Backlog entry: {}", text(&facts.write_back, 200)),
    ];
    let optional = [("Backlog and policy from", &facts.source), ("Cost", &facts.cost)];
    for (name, value) in optional {
        lines.extend(value.as_ref().map(|value| format!("- {name}: {}", text(value, 200))));
    }
    format!(
        "## Receipt\n\n{}\n\nTo verify:\n\n```sh\nleviathanctl log verify\n\
         leviathanctl attempts show {}\n```",
        lines.join("\n"),
        facts.attempt,
    )
}

/// The first lines, and how many are left out.
fn listed(lines: impl Iterator<Item = String>, all: usize, most: usize) -> String {
    let mut shown: Vec<String> = lines.take(most).collect();
    let more = all.saturating_sub(shown.len());
    if more > 0 {
        shown.push(format!("- and {more} more"));
    }
    shown.join("\n")
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
