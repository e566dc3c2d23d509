//! Does the policy let this scope touch these paths?

use super::{Answer, Candidate, wait};
use crate::paths::AllowedPaths;

pub(super) const NAME: &str = "policy_scope";

pub(super) fn ask(candidate: &Candidate<'_>) -> Answer {
    let wish = &candidate.task.wish;
    let Some(scope) = candidate.policy.scopes.get(&wish.scope) else {
        let known: Vec<&str> = candidate.policy.scopes.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let text = format!("the policy has no scope {:?}; it has: {known}", wish.scope);
        return wait(NAME, "unknown_scope", text);
    };
    let (allowed, problems) = AllowedPaths::new(&wish.allowed_paths);
    if let Some(problem) = problems.first() {
        return wait(NAME, "bad_allowed_path", format!("an allowed path is unusable: {problem}"));
    }
    if allowed.is_empty() {
        return wait(
            NAME,
            "no_allowed_paths",
            "it allows no path (allowed_paths is empty)".to_owned(),
        );
    }
    let patterns =
        candidate.patterns.allowed(candidate.target_id, &wish.scope, &scope.allowed_paths);
    let forbidden = candidate.patterns.forbidden(candidate.target_id, candidate.policy);
    let (patterns, forbidden) = match (patterns.as_ref(), forbidden.as_ref()) {
        (Ok(patterns), Ok(forbidden)) => (patterns, forbidden),
        (Err(problem), _) | (_, Err(problem)) => {
            return wait(
                NAME,
                "bad_policy",
                format!("a pattern of the policy is unusable: {problem}"),
            );
        }
    };
    for entry in &wish.allowed_paths {
        if !patterns.covers(entry) {
            let text = format!(
                "allowed path {entry:?} is outside what the policy allows scope {}: {}",
                wish.scope,
                scope.allowed_paths.join(", "),
            );
            return wait(NAME, "outside_policy", text);
        }
        if let Some(pattern) = forbidden.matches(entry) {
            let text = format!("allowed path {entry:?} is forbidden by the policy's {pattern:?}");
            return wait(NAME, "forbidden_path", text);
        }
    }
    Answer::Pass
}
