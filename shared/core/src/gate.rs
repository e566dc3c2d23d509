//! Whether a change may become a pull request. Judged twice on the same data: by the gate phase
//! beside the workspace, and by publish on the very bytes that it pushes.
//!
//! One rule a file; each says all that is wrong, not the first thing only. What passes is a
//! [`GatePassed`], which nothing else can make: a function that pushes asks for one.

mod allowed;
mod forbidden;
mod form;
mod limits;
mod observed;
mod secret;
mod submodule;
mod symlink;
#[cfg(test)]
mod tests;

pub use self::observed::{Observation, ObservationKind};
use crate::diff::{Diff, FileChange};
use crate::fact::Violation;
use crate::policy::Policy;
use crate::secret_scan::redact;
use crate::task::TaskDefinition;

/// The most violations that are named; one more line counts the rest. What an event line holds.
const MAX_NAMED: usize = 50;

/// A change that broke no rule. Only [`judge`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatePassed(Diff);

impl GatePassed {
    /// The change: well formed, its files in order.
    pub fn diff(&self) -> &Diff {
        &self.0
    }

    /// The change, to go on with it.
    pub fn into_diff(self) -> Diff {
        self.0
    }
}

/// What the rules look at.
struct Change<'a> {
    diff: &'a Diff,
    observations: &'a [Observation],
    task: &'a TaskDefinition,
    policy: &'a Policy,
}

impl<'a> Change<'a> {
    fn files(&self) -> impl Iterator<Item = &'a FileChange> {
        self.diff.files.iter()
    }
}

/// Every rule. Those that a person must hear of first stand first: only some are named.
const RULES: [fn(&Change<'_>) -> Vec<Violation>; 8] = [
    secret::judge,
    forbidden::judge,
    form::judge,
    symlink::judge,
    submodule::judge,
    observed::judge,
    limits::judge,
    allowed::judge,
];

/// Judges a change of this task under this policy. `observations` is what stood in the workspace
/// and no change can hold; publish, which has only the change, gives none. A change of nothing
/// passes: that it is pointless is the caller's matter.
///
/// # Errors
/// Every rule that it breaks, where, and why: at most 50 entries, the last of them a count if there
/// are more.
pub fn judge(
    mut diff: Diff,
    observations: &[Observation],
    task: &TaskDefinition,
    policy: &Policy,
) -> Result<GatePassed, Vec<Violation>> {
    diff.files.sort_by(|a, b| a.path.cmp(&b.path));
    let change = Change { diff: &diff, observations, task, policy };
    let mut violations: Vec<Violation> = RULES.iter().flat_map(|rule| rule(&change)).collect();
    if violations.is_empty() {
        // Last and whole: what passes can be read back from its bytes.
        violations.extend(form::malformed(&diff));
    }
    if violations.is_empty() { Ok(GatePassed(diff)) } else { Err(named(violations)) }
}

fn named(mut violations: Vec<Violation>) -> Vec<Violation> {
    let found = violations.len();
    if found > MAX_NAMED {
        violations.truncate(MAX_NAMED.saturating_sub(1));
        let more = found.saturating_sub(violations.len());
        let detail = format!("{more} more violations are not named here");
        violations.push(Violation { rule: "more".to_owned(), path: String::new(), detail });
    }
    violations
}

fn violation(rule: &str, path: &str, detail: impl Into<String>) -> Violation {
    Violation { rule: rule.to_owned(), path: shown(path), detail: detail.into() }
}

/// A foreign text for people and logs: no control characters, no secret, not endless.
fn shown(text: &str) -> String {
    let cut: String = text.chars().take(400).collect();
    let mut out = String::new();
    for c in redact(&cut).chars() {
        if c.is_control() || crate::diff::turns_text(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}
