//! Are the tasks that it depends on completed?

use super::{Answer, Candidate, wait};
use crate::fact::TaskStatus;

pub(super) const NAME: &str = "dependencies";

pub(super) fn ask(candidate: &Candidate<'_>) -> Answer {
    let waiting: Vec<String> = candidate
        .task
        .wish
        .dependencies
        .iter()
        .filter_map(|id| match candidate.target.tasks.get(id) {
            Some(task) if task.status == TaskStatus::Completed => None,
            Some(task) => Some(format!("{id} ({})", task.status.as_str())),
            None => Some(format!("{id} (not in the backlog)")),
        })
        .collect();
    if waiting.is_empty() {
        return Answer::Pass;
    }
    wait(NAME, "dependencies", format!("it depends on {}", waiting.join(", ")))
}
