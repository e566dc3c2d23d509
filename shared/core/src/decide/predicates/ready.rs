//! Does the backlog say that it is ready?

use super::{Answer, Candidate, wait};

pub(super) const NAME: &str = "ready";

pub(super) fn ask(candidate: &Candidate<'_>) -> Answer {
    if candidate.task.removed {
        return wait(NAME, "removed", "it is no longer in the backlog".to_owned());
    }
    if candidate.task.wish.ready {
        return Answer::Pass;
    }
    wait(NAME, "not_ready", "the backlog does not say ready: true".to_owned())
}
