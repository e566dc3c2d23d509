//! One event, told to a person who watches: what was picked and why, what each phase took, what was
//! refused with file and rule, what to look at.

use leviathan_core::authority::authorised;
use leviathan_core::event::Event;
use leviathan_core::fact::{
    AttemptFailed, AttemptProgress, BacklogSynced, Fact, PrCreated, Violation,
};
use leviathan_core::state::State;

/// Waiting tasks that are told by name for one commit.
const MOST_WAITING: usize = 8;

/// The lines to print for one event; `state` is the state after it.
pub(super) fn lines(event: &Event, state: &State) -> Vec<String> {
    let Some(fact) = authorised(event) else { return Vec::new() };
    match fact {
        Fact::TargetRegistered(fact) => {
            vec![format!(
                "target     {} at {}, branch {}",
                fact.target_id, fact.repo_url, fact.default_branch
            )]
        }
        Fact::BacklogSynced(fact) => synced(&fact),
        Fact::BacklogRefused(fact) => {
            vec![format!("refused    {}: {}", fact.target_id, fact.problem)]
        }
        // A full house is no news of a task's own: its turn comes.
        Fact::TaskRefused(fact) if fact.reason.code == "running_attempts" => Vec::new(),
        Fact::TaskRefused(fact) => vec![format!("waits      {}: {}", fact.task_id, fact.reason)],
        Fact::TaskBlocked(fact) => vec![format!("blocked    {}: {}", fact.task_id, fact.reason)],
        Fact::TaskCompleted(fact) => {
            vec![format!("completed  {}: {}", fact.task_id, fact.reason)]
        }
        Fact::TaskUnblocked(fact) => {
            vec![format!("unblocked  {}: {}", fact.task_id, fact.reason)]
        }
        Fact::TaskRemoved(fact) => vec![format!("removed    {}", fact.task_id)],
        Fact::AttemptCreated(fact) => {
            let attempt = fact.attempt_id;
            vec![format!("picked     {}: {} (attempt {attempt})", fact.task_id, fact.picked)]
        }
        Fact::AttemptProgress(fact) => progress(&fact).into_iter().collect(),
        Fact::AttemptFailed(fact) => failed(&fact, state),
        Fact::AttemptTimedOut(fact) => {
            vec![format!("timed out  {}: {}", task_of(state, &fact.attempt_id), fact.reason)]
        }
        Fact::AttemptCancelled(fact) => {
            vec![format!("cancelled  {}: {}", task_of(state, &fact.attempt_id), fact.reason)]
        }
        Fact::PublishRefused(fact) => {
            let mut lines =
                vec![format!("refused    {}: {}", task_of(state, &fact.attempt_id), fact.reason)];
            lines.extend(fact.violations.iter().map(violation));
            lines
        }
        Fact::PublishFailed(fact) => {
            vec![format!("publishing {}: {}", task_of(state, &fact.attempt_id), fact.reason)]
        }
        Fact::AttemptSucceeded(fact) => fact
            .note
            .map(|note| format!("unchanged  {}: {note}", task_of(state, &fact.attempt_id)))
            .into_iter()
            .collect(),
        Fact::PrCreated(fact) => vec![opened(&fact)],
        Fact::PrUpdated(fact) => vec![format!(
            "pushed     pull request {}: somebody else pushed to its branch; hands off",
            fact.pr_number
        )],
        Fact::PrMerged(fact) => vec![format!(
            "merged     pull request {} as {} (found by {})",
            fact.pr_number,
            short(fact.merge_commit.as_str()),
            fact.found_by
        )],
        Fact::PrClosed(fact) => {
            vec![format!("closed     pull request {}: {}", fact.pr_number, fact.reason)]
        }
        Fact::LogClosed(fact) => {
            vec![format!("closed     the log: it goes on at {} ({})", fact.place, fact.successor)]
        }
        Fact::LogRestored(fact) => {
            vec![format!("restored   the log, from {}: epoch {}", fact.from, fact.epoch)]
        }
        Fact::TaskCreated(_)
        | Fact::TaskUpdated(_)
        | Fact::AttemptSubmitted(_)
        | Fact::AttemptStarted(_)
        | Fact::AttemptChecked(_)
        | Fact::AttemptInvalidated(_)
        | Fact::ArtifactCreated(_)
        | Fact::PublishPrepared(_)
        | Fact::EventRefused(_)
        | Fact::LogHeartbeat(_) => Vec::new(),
    }
}

fn synced(fact: &BacklogSynced) -> Vec<String> {
    let mut lines = vec![format!(
        "backlog    {}: {} tasks from the {} at {}, policy {}",
        fact.target_id,
        fact.tasks,
        fact.source,
        short(fact.git_commit.as_str()),
        short(fact.policy_digest.as_str()),
    )];
    lines.extend(fact.refused.iter().map(|problem| format!("refused    {problem}")));
    lines
}

fn progress(fact: &AttemptProgress) -> Option<String> {
    let milliseconds = fact.milliseconds.filter(|_| fact.state == "ended")?;
    let detail = first_of(fact.detail.as_deref().unwrap_or_default());
    let line = format!("  {:<8} {:>6}  {detail}", fact.phase.as_str(), seconds(milliseconds));
    Some(line.trim_end().to_owned())
}

fn failed(fact: &AttemptFailed, state: &State) -> Vec<String> {
    let task = task_of(state, &fact.attempt_id);
    if !fact.violations.is_empty() {
        let mut lines = vec![format!("refused    {task}: its change breaks these rules")];
        lines.extend(fact.violations.iter().map(violation));
        return lines;
    }
    let mut lines = vec![format!("failed     {task}: {}", fact.error_summary)];
    lines.extend(
        fact.checks
            .iter()
            .filter(|check| !check.passed)
            .map(|check| format!("           invariant {}: {}", check.name, check.detail)),
    );
    lines.push(format!("           its output: leviathanctl attempts logs {}", fact.attempt_id));
    lines
}

/// Of the lines of one commit, those that a person can take in: a backlog of thousands makes one
/// reason wait thousands of times.
pub(super) fn digest(lines: Vec<String>) -> Vec<String> {
    let is_waiting = |line: &String| line.starts_with("waits ");
    let waiting = lines.iter().filter(|line| is_waiting(line)).count();
    if waiting <= MOST_WAITING {
        return lines;
    }
    let mut seen = 0;
    let mut kept: Vec<String> = lines
        .into_iter()
        .filter(|line| {
            seen += usize::from(is_waiting(line));
            !is_waiting(line) || seen <= MOST_WAITING
        })
        .collect();
    let more = waiting - MOST_WAITING;
    kept.push(format!("waits      {more} more tasks: see `leviathanctl tasks list`"));
    kept
}

fn opened(fact: &PrCreated) -> String {
    let draft = if fact.draft { "draft pull request" } else { "pull request" };
    format!("opened     {draft} {}: {} (branch {})", fact.pr_number, fact.title, fact.branch_name)
}

fn violation(violation: &Violation) -> String {
    // A rule about the change as a whole names no path.
    let place = if violation.path.is_empty() { "the change" } else { &violation.path };
    format!("           {place}: {} ({})", violation.detail, violation.rule)
}

/// A phase's word in short; the whole of it follows where the attempt ends.
fn first_of(detail: &str) -> String {
    if detail.chars().count() <= 90 {
        return detail.to_owned();
    }
    detail.chars().take(89).chain(['…']).collect()
}

fn task_of(state: &State, attempt: &leviathan_core::ids::AttemptId) -> String {
    let known = state.attempts.get(attempt);
    known.map_or_else(|| attempt.to_string(), |attempt| attempt.task.to_string())
}

/// `1.2 s`
pub(super) fn seconds(milliseconds: u64) -> String {
    format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100)
}

/// The first characters of a digest or git commit id: enough to tell it apart.
pub(super) fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_of_waiting_tasks_are_a_few_lines_and_a_count() {
        let mut all: Vec<String> = (0..300).map(|n| format!("waits      t-{n}: full")).collect();
        all.insert(0, "picked     a: high priority".to_owned());
        all.push("opened     pull request 1".to_owned());
        let told = digest(all);
        assert_eq!(told.len(), 2 + MOST_WAITING + 1);
        assert_eq!(told[0], "picked     a: high priority");
        assert_eq!(told[MOST_WAITING + 1], "opened     pull request 1");
        assert_eq!(
            told.last().unwrap(),
            "waits      292 more tasks: see `leviathanctl tasks list`"
        );
        let few = vec!["waits      a: x".to_owned(), "picked     b".to_owned()];
        assert_eq!(digest(few.clone()), few);
    }

    #[test]
    fn a_rule_about_the_whole_change_says_so() {
        let found = Violation {
            path: String::new(),
            rule: "too_many_files".to_owned(),
            detail: "100 files".to_owned(),
        };
        assert_eq!(violation(&found).trim_start(), "the change: 100 files (too_many_files)");
    }
}
