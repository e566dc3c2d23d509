//! A few words about an event's payload, on one line.

use leviathan_core::authority::authorised;
use leviathan_core::event::Event;
use leviathan_core::fact::{AttemptChecked, AttemptProgress, AttemptSucceeded, Fact, TaskCreated};

use crate::text::{count, cut, one_line, seconds, short};

/// The longest text about one event, in characters.
const MOST: usize = 160;

/// The event's type, harmless for a terminal whoever chose it.
pub(super) fn event_type(event: &Event) -> String {
    cut(&event.event_type, 40)
}

/// What it says. An event that does not count says who sent it, since it proves nothing.
pub(super) fn of(event: &Event) -> String {
    match authorised(event) {
        Some(fact) => cut(&say(fact), MOST),
        None => {
            let payload = serde_json::to_string(&event.payload).unwrap_or_default();
            let who = one_line(&event.principal.to_string());
            format!("(from {who}, does not count) {}", cut(&payload, MOST))
        }
    }
}

fn say(fact: Fact) -> String {
    match fact {
        Fact::TargetRegistered(fact) => {
            format!("{}, branch {}", fact.repo_url, fact.default_branch)
        }
        Fact::BacklogSynced(fact) => {
            let tasks = count(u64::from(fact.tasks), "task", "tasks");
            let refused = match fact.refused.len() {
                0 => String::new(),
                refused => format!(", {refused} refused"),
            };
            format!("{tasks}{refused} at {}", short(fact.git_commit.as_str()))
        }
        Fact::BacklogRefused(fact) => fact.problem.to_string(),
        Fact::TaskCreated(fact) => wish(&fact),
        Fact::TaskUpdated(fact) => wish(&fact.0),
        Fact::TaskRemoved(fact) => fact.task_id.to_string(),
        Fact::TaskRefused(fact) => format!("{}: {}", fact.task_id, fact.reason),
        Fact::TaskCompleted(fact) => format!("{}: {}", fact.task_id, fact.reason),
        Fact::TaskBlocked(fact) => format!("{}: {}", fact.task_id, fact.reason),
        Fact::TaskUnblocked(fact) => format!("{}: {}", fact.task_id, fact.reason),
        Fact::PrUpdated(fact) => {
            let head = short(fact.head.as_str());
            format!("pull request {}: somebody pushed {head}", fact.pr_number)
        }
        Fact::PrCreated(fact) => {
            format!("pull request {}: {} ({})", fact.pr_number, fact.title, fact.branch_name)
        }
        Fact::PrMerged(fact) => {
            let commit = short(fact.merge_commit.as_str());
            format!("pull request {} as {commit} ({})", fact.pr_number, fact.found_by)
        }
        Fact::PrClosed(fact) => format!("pull request {}: {}", fact.pr_number, fact.reason),
        Fact::LogClosed(fact) => {
            format!("closed; {} goes on in epoch {} at {}", fact.successor, fact.epoch, fact.place)
        }
        Fact::LogRestored(fact) => format!(
            "restored from {} up to commit {}; epoch {}",
            fact.from, fact.kept_seq, fact.epoch
        ),
        Fact::LogHeartbeat(_) => "nothing else happened for a quarter of an hour".to_owned(),
        Fact::EventRefused(fact) => {
            format!("event {} of bundle {}: {}", fact.index, fact.bundle_id, fact.reason)
        }
        about_attempt => of_attempt(about_attempt),
    }
}

fn wish(fact: &TaskCreated) -> String {
    format!("{}: {}", fact.task_id, fact.title)
}

fn of_attempt(fact: Fact) -> String {
    let attempt = fact.attempt().map(ToString::to_string).unwrap_or_default();
    let words = match fact {
        Fact::AttemptCreated(fact) => format!("task {}: {}", fact.task_id, fact.picked),
        Fact::AttemptSubmitted(fact) => format!("its Job may run until {}", fact.not_after),
        Fact::AttemptStarted(fact) => format!("pod {} holds it", fact.pod_uid),
        Fact::AttemptProgress(fact) => progress(&fact),
        Fact::AttemptChecked(fact) => checked(&fact),
        Fact::AttemptSucceeded(fact) => succeeded(fact),
        Fact::AttemptFailed(fact) => format!("{}: {}", fact.failure_type, fact.error_summary),
        Fact::AttemptTimedOut(fact) => fact.reason,
        Fact::AttemptCancelled(fact) => fact.reason,
        Fact::AttemptInvalidated(fact) => fact.reason,
        Fact::ArtifactCreated(fact) => {
            let size = count(fact.size_bytes, "byte", "bytes");
            format!(
                "{} ({}, {size}, {})",
                fact.name,
                fact.artifact_type,
                short(fact.sha256.as_str())
            )
        }
        Fact::PublishPrepared(fact) => {
            format!("{} at {}", fact.branch, short(fact.git_commit.as_str()))
        }
        Fact::PublishRefused(fact) => fact.reason,
        Fact::PublishFailed(fact) => fact.reason,
        _ => String::new(),
    };
    format!("{attempt}: {words}")
}

fn progress(fact: &AttemptProgress) -> String {
    let mut words = format!("{} {}", fact.phase.as_str(), fact.state);
    if let Some(milliseconds) = fact.milliseconds {
        words.push_str(&format!(" after {}", seconds(milliseconds)));
    }
    if let Some(detail) = &fact.detail {
        words.push_str(&format!(", {detail}"));
    }
    words
}

fn checked(fact: &AttemptChecked) -> String {
    let files = count(u64::from(fact.files), "file", "files");
    let passed = fact.checks.iter().filter(|check| check.passed).count();
    format!("{files} changed, {passed} of {} checks passed", fact.checks.len())
}

fn succeeded(fact: AttemptSucceeded) -> String {
    match (fact.pr_number, fact.note) {
        (Some(number), _) => format!("pull request {number}"),
        (None, Some(note)) => note,
        (None, None) => "nothing had to change".to_owned(),
    }
}
