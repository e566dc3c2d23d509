//! `too_many_files`, `file_too_large`, `diff_too_large`: a change that a person can still read.

use super::{Change, violation};
use crate::fact::Violation;

pub(super) fn judge(change: &Change<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let limits = &change.policy.limits;

    let of_scope = change.policy.scopes.get(&change.task.scope).and_then(|scope| scope.max_files);
    let most = limits.max_files.min(of_scope.unwrap_or(u32::MAX));
    let files = u32::try_from(change.diff.files.len()).unwrap_or(u32::MAX);
    if files > most {
        let detail = format!("the change touches {files} files; the policy allows {most}");
        violations.push(violation("too_many_files", "", detail));
    }

    let mut total = 0_u64;
    for file in change.files() {
        let Some(new) = &file.new else { continue };
        let bytes = u64::try_from(new.content.len()).unwrap_or(u64::MAX);
        total = total.saturating_add(bytes);
        if bytes > limits.max_file_bytes {
            let most = limits.max_file_bytes;
            let detail = format!("it would have {bytes} bytes; the policy allows {most}");
            violations.push(violation("file_too_large", &file.path, detail));
        }
    }
    if total > limits.max_diff_bytes {
        let most = limits.max_diff_bytes;
        let detail = format!("the changed files have {total} bytes; the policy allows {most}");
        violations.push(violation("diff_too_large", "", detail));
    }
    violations
}
