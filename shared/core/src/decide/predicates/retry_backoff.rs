//! Is the wait after the last failure over?

use super::{Answer, Candidate, reason};

pub(super) const NAME: &str = "retry_backoff";

pub(super) fn ask(candidate: &Candidate<'_>) -> Answer {
    let Some(until) = candidate.task.retry_at.filter(|until| candidate.now < *until) else {
        return Answer::Pass;
    };
    let text = format!("the last attempt failed; the next one may start at {until}");
    Answer::Wait(reason(NAME, "retry_backoff", text, Some(until)))
}
