//! `forbidden_path`: what no change may touch, whatever its task allows. The policy's patterns,
//! and always `.git`, in every spelling that some file system takes for it.

use super::{Change, violation};
use crate::diff::{PathFault, path_fault};
use crate::fact::Violation;
use crate::paths::Patterns;

pub(super) fn judge(change: &Change<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in change.files() {
        if path_fault(&file.path) == Some(PathFault::GitDirectory) {
            let detail = "pattern .git, which is forbidden always: the path leads into git's own \
                          directory on some systems";
            violations.push(violation("forbidden_path", &file.path, detail));
        }
    }
    match Patterns::ignoring_case(&change.policy.forbidden_paths) {
        Ok(forbidden) => violations.extend(change.files().filter_map(|file| {
            let pattern = match forbidden.matches(&file.path) {
                Some(pattern) => pattern,
                // `.github/**` does not name `.github`; a file or symlink of that name would take
                // the place of all that it does name.
                None => forbidden.matches(&format!("{}/\u{1}", file.path))?,
            };
            let detail = format!(
                "pattern {pattern} of the policy forbids it, whatever the task allows; a person \
                 has to make this change"
            );
            Some(violation("forbidden_path", &file.path, detail))
        })),
        // What is forbidden can't be known, so nothing may pass.
        Err(problem) => violations.push(violation(
            "policy_unusable",
            "",
            format!("forbidden_paths of the policy can't be read: {problem}"),
        )),
    }
    violations
}
