//! Is it neither done nor under way, by the log and by the file?

use super::{Answer, Candidate, wait};
use crate::fact::TaskStatus;

pub(super) const NAME: &str = "status";

pub(super) fn ask(candidate: &Candidate<'_>) -> Answer {
    let task = candidate.task;
    match task.status {
        TaskStatus::Completed => return wait(NAME, "completed", "it is completed".to_owned()),
        TaskStatus::InProgress => {
            let attempt = task.attempt.as_ref().map_or("an attempt", |id| id.as_str());
            return wait(NAME, "in_progress", format!("{attempt} is under way"));
        }
        TaskStatus::PrOpen => {
            let number = task.pull_request.unwrap_or_default();
            return wait(NAME, "pr_open", format!("pull request {number} waits for a person"));
        }
        TaskStatus::Blocked => {
            let why = task.blocked_reason.as_deref().unwrap_or("a person has to look");
            return wait(NAME, "blocked", format!("it is blocked: {why}"));
        }
        TaskStatus::Pending => {}
    }
    match task.wish.status {
        TaskStatus::Pending => Answer::Pass,
        word => wait(
            NAME,
            "file_status",
            format!("the backlog says status: {}; only pending tasks run", word.as_str()),
        ),
    }
}
