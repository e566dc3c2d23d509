//! Has it failed too often? Each class of failure has its own bound, and each bound is a person's
//! turn.

use super::{Answer, Candidate, reason};

pub(super) const NAME: &str = "attempts_left";

/// Attempts that the machinery may lose before a person has to look.
const MAX_INFRA_FAILURES: u32 = 5;

/// Attempts that an outside service may refuse before a person has to look.
const MAX_PROVIDER_FAILURES: u32 = 5;

pub(super) fn ask(candidate: &Candidate<'_>) -> Answer {
    let failures = candidate.task.failures;
    let most = candidate.policy.guardrails.max_attempts_per_task;
    let (count, code, whose) = if failures.task >= most {
        (failures.task, "task_failures", "by its own fault")
    } else if failures.infra >= MAX_INFRA_FAILURES {
        (failures.infra, "infra_failures", "by the machinery's fault")
    } else if failures.provider >= MAX_PROVIDER_FAILURES {
        (failures.provider, "provider_failures", "by an outside service's fault")
    } else if failures.policy > 0 {
        (failures.policy, "policy_failures", "by the policy")
    } else {
        return Answer::Pass;
    };
    let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
    let text = format!(
        "it failed {times} {whose}: see `leviathanctl attempts list --task {id}`, mend it, then \
         `leviathanctl tasks unblock {id}`",
        id = candidate.task_id,
    );
    Answer::Block(reason(NAME, code, text, None))
}
