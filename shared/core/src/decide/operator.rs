//! What a person may order.

use super::Decision;
use crate::fact::{
    AttemptCancelled, AttemptInvalidated, Fact, TargetRegistered, TaskStatus, TaskUnblocked,
};
use crate::ids::{AttemptId, TargetId, TaskId};
use crate::state::{Attempt, AttemptStatus, State};

/// Why an order changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such task.
    #[error(
        "target {target} has no task {task}: `leviathanctl tasks list` shows those that there are"
    )]
    NoTask {
        /// The target.
        target: TargetId,
        /// The task.
        task: TaskId,
    },
    /// It does not wait for a person.
    #[error("task {task} is {status}, not blocked: nothing to unblock")]
    NotBlocked {
        /// The task.
        task: TaskId,
        /// What it is.
        status: &'static str,
    },
    /// No such attempt.
    #[error("there is no attempt {0}: `leviathanctl attempts list` shows those that there are")]
    NoAttempt(AttemptId),
    /// It is over.
    #[error("attempt {attempt} has ended ({status}): nothing to cancel")]
    Ended {
        /// The attempt.
        attempt: AttemptId,
        /// How.
        status: &'static str,
    },
}

/// Works for this repository from now on; the same again is nothing new.
pub fn register(state: &State, target: &TargetRegistered) -> Decision<()> {
    let known = state.targets.get(&target.target_id).is_some_and(|known| {
        (&known.name, &known.repository, &known.default_branch)
            == (&target.name, &target.repo_url, &target.default_branch)
    });
    if known {
        return Decision::nothing(());
    }
    Decision::new(vec![Fact::from(target.clone()).event(&target.target_id)], ())
}

/// Has a blocked task tried again, attempts counted anew.
pub fn unblock(
    state: &State,
    target: &TargetId,
    task_id: &TaskId,
    reason: &str,
) -> Decision<Result<(), Refusal>> {
    let Some(task) = state.task(target, task_id) else {
        let refusal = Refusal::NoTask { target: target.clone(), task: task_id.clone() };
        return Decision::nothing(Err(refusal));
    };
    if task.status != TaskStatus::Blocked {
        let refusal = Refusal::NotBlocked { task: task_id.clone(), status: task.status.as_str() };
        return Decision::nothing(Err(refusal));
    }
    let fact = TaskUnblocked {
        target_id: target.clone(),
        task_id: task_id.clone(),
        reason: reason.to_owned(),
    };
    Decision::new(vec![Fact::from(fact).event(target)], Ok(()))
}

/// Calls a live attempt off. `aged`: the attempt as it left the state, if it did.
pub fn cancel(
    state: &State,
    aged: Option<&Attempt>,
    id: &AttemptId,
    reason: &str,
) -> Decision<Result<(), Refusal>> {
    let Some(attempt) = state.attempts.get(id).or(aged) else {
        return Decision::nothing(Err(Refusal::NoAttempt(id.clone())));
    };
    if attempt.status.is_terminal() {
        let status = attempt.status.as_str();
        return Decision::nothing(Err(Refusal::Ended { attempt: id.clone(), status }));
    }
    let fact = AttemptCancelled { attempt_id: id.clone(), reason: reason.to_owned() };
    Decision::new(vec![Fact::from(fact).event(&attempt.target)], Ok(()))
}

/// Does not count an attempt: a live one ends, a failed one gives its try back (CONTRACT 1.3 A1).
/// The same again is nothing new. `aged`: the attempt as it left the state, if it did; then its
/// failure counts no longer, and only what is shown of it changes.
pub fn invalidate(
    state: &State,
    aged: Option<&Attempt>,
    id: &AttemptId,
    reason: &str,
) -> Decision<Result<(), Refusal>> {
    let Some(attempt) = state.attempts.get(id).or(aged) else {
        return Decision::nothing(Err(Refusal::NoAttempt(id.clone())));
    };
    if attempt.status == AttemptStatus::Invalidated {
        return Decision::nothing(Ok(()));
    }
    let fact = AttemptInvalidated { attempt_id: id.clone(), reason: reason.to_owned() };
    Decision::new(vec![Fact::from(fact).event(&attempt.target)], Ok(()))
}
