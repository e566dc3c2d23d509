//! Turning a decided attempt into a Job, once (DECISIONS 1).

use jiff::{SignedDuration, Timestamp};

use super::{Decision, Moment};
use crate::fact::{AttemptFailed, AttemptSubmitted, Fact, FailureClass};
use crate::ids::AttemptId;
use crate::policy::Policy;
use crate::state::{Attempt, AttemptStatus, State};

/// What dispatch shall do with a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    /// Create the Job: this call moved it from created to submitted.
    Create {
        /// When it is over at the latest.
        not_after: Timestamp,
    },
    /// Nothing: the attempt is elsewhere already, or unknown, or of another epoch.
    Nothing,
}

/// Moves a created attempt to submitted, before its Job exists. One whose policy changed since it was
/// decided ends instead: nobody decided, or trusted, what would run now.
pub fn submit(state: &State, moment: &Moment, epoch: u64, id: &AttemptId) -> Decision<Submission> {
    let attempt = state.attempts.get(id);
    let Some(attempt) = attempt.filter(|a| a.status == AttemptStatus::Created) else {
        return Decision::nothing(Submission::Nothing);
    };
    if epoch != moment.epoch || !state.is_of_this_epoch(attempt) {
        return Decision::nothing(Submission::Nothing);
    }
    let Some(policy) = policy_of(state, attempt) else {
        let reason = "the target's policy changed since the attempt was decided";
        let ended = failed(id, FailureClass::Infra, "policy_changed", reason);
        return Decision::new(vec![ended.event(&attempt.target)], Submission::Nothing);
    };
    let minutes = policy.guardrails.attempt_timeout_minutes;
    let limit = SignedDuration::from_mins(i64::from(minutes));
    let not_after = moment.now.checked_add(limit).unwrap_or(Timestamp::MAX);
    let fact = AttemptSubmitted { attempt_id: id.clone(), not_after };
    let event = Fact::from(fact).event(&attempt.target);
    Decision::new(vec![event], Submission::Create { not_after })
}

/// Whether a Job may be created again: submitted, claimed by no pod, not over, under the policy that
/// it was decided with.
pub fn may_create_again(state: &State, now: Timestamp, id: &AttemptId) -> bool {
    state.attempts.get(id).is_some_and(|attempt| {
        attempt.status == AttemptStatus::Submitted
            && state.is_of_this_epoch(attempt)
            && attempt.pod_uid.is_none()
            && attempt.not_after.is_some_and(|not_after| now < not_after)
            && policy_of(state, attempt).is_some()
    })
}

/// The policy that the attempt was decided with, if it is still in force.
fn policy_of<'a>(state: &'a State, attempt: &Attempt) -> Option<&'a Policy> {
    let files = &state.targets.get(&attempt.target)?.synced.as_ref()?.files;
    (files.policy_digest == attempt.policy_digest).then_some(&files.policy)
}

/// Ends an attempt whose Job is gone or broken without its executor having said so. `true`: it was
/// still waiting for its Job.
pub fn lost(
    state: &State,
    id: &AttemptId,
    class: FailureClass,
    failure_type: &str,
    reason: &str,
) -> Decision<bool> {
    let waiting = |status| matches!(status, AttemptStatus::Submitted | AttemptStatus::Running);
    let Some(attempt) = state.attempts.get(id).filter(|attempt| waiting(attempt.status)) else {
        return Decision::nothing(false);
    };
    let ended = failed(id, class, failure_type, reason);
    Decision::new(vec![ended.event(&attempt.target)], true)
}

fn failed(id: &AttemptId, class: FailureClass, failure_type: &str, reason: &str) -> Fact {
    AttemptFailed {
        attempt_id: id.clone(),
        status: "failed".to_owned(),
        class,
        failure_type: failure_type.to_owned(),
        error_summary: reason.to_owned(),
        phase: None,
        violations: Vec::new(),
        checks: Vec::new(),
    }
    .into()
}
