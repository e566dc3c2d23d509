//! `outside_allowed_paths`: every changed path, also a deleted one, is allowed by the task *and* by
//! its scope in the policy.

use super::{Change, violation};
use crate::fact::Violation;
use crate::paths::{AllowedPaths, Patterns};

pub(super) fn judge(change: &Change<'_>) -> Vec<Violation> {
    let scope_name = &change.task.scope;
    let Some(scope) = change.policy.scopes.get(scope_name) else {
        let detail = format!("the policy has no scope {scope_name}, so it allows nothing");
        return vec![violation("scope_not_in_policy", "", super::shown(&detail))];
    };
    let scope_allows = match Patterns::new(&scope.allowed_paths) {
        Ok(patterns) => patterns,
        Err(problem) => {
            let detail = format!("allowed_paths of scope {scope_name} can't be read: {problem}");
            return vec![violation("policy_unusable", "", super::shown(&detail))];
        }
    };
    // An entry that can't be read allows nothing; the paths that it was meant for say so.
    let (task_allows, _) = AllowedPaths::new(&change.task.allowed_paths);

    let mut violations = Vec::new();
    for file in change.files() {
        let refuse = |who: String, entries: &[String]| {
            let entries = if entries.is_empty() { "nothing".to_owned() } else { listed(entries) };
            let detail = super::shown(&format!("{who} allows only: {entries}"));
            violation("outside_allowed_paths", &file.path, detail)
        };
        if !task_allows.allows(&file.path) {
            let who = format!("task {}", change.task.id);
            violations.push(refuse(who, &change.task.allowed_paths));
        } else if scope_allows.matches(&file.path).is_none() {
            let who = format!("scope {scope_name} of the policy");
            violations.push(refuse(who, &scope.allowed_paths));
        }
    }
    violations
}

fn listed(entries: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text = entries.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if entries.len() > SHOWN {
        text.push_str(", …");
    }
    text
}
