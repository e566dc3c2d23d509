//! Is there room for one more pull request? Attempts under way count: each may become one.

use super::{Answer, Candidate, wait};

pub(super) const NAME: &str = "open_pull_requests";

pub(super) fn ask(candidate: &Candidate<'_>) -> Answer {
    let most = candidate.policy.guardrails.max_open_prs;
    let open = candidate.tally.open_pull_requests(candidate.target_id);
    let live = candidate.tally.live_attempts(candidate.target_id);
    if open.saturating_add(live) < most {
        return Answer::Pass;
    }
    let text = format!(
        "{open} pull requests are open and {live} attempts under way; the policy allows {most} \
         together (guardrails.max_open_prs): merge or close one",
    );
    wait(NAME, "open_pull_requests", text)
}
