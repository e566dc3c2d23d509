//! Is there room for one more attempt?

use super::{Answer, Candidate, wait};

pub(super) const NAME: &str = "running_attempts";

pub(super) fn ask(candidate: &Candidate<'_>) -> Answer {
    let most = candidate.policy.guardrails.max_running_attempts;
    let live = candidate.tally.live_attempts(candidate.target_id);
    if live < most {
        return Answer::Pass;
    }
    let text = format!(
        "{live} attempts are under way; the policy allows {most} (guardrails.max_running_attempts)",
    );
    wait(NAME, "running_attempts", text)
}
