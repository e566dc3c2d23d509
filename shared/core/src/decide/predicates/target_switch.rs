//! Does the target's policy let anything be started?

use super::{Answer, Candidate, wait};

pub(super) const NAME: &str = "target_switch";

pub(super) fn ask(candidate: &Candidate<'_>) -> Answer {
    if candidate.policy.enabled {
        return Answer::Pass;
    }
    wait(
        NAME,
        "disabled",
        format!("the policy of target {} is switched off (enabled: false)", candidate.target_id),
    )
}
