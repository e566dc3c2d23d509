//! `secret`: what looks like one is not pushed. Names rule, file and line, never the secret.

use super::{Change, violation};
use crate::fact::Violation;
use crate::secret_scan::scan;

pub(super) fn judge(change: &Change<'_>) -> Vec<Violation> {
    let most = change.policy.limits.max_file_bytes;
    let mut violations = Vec::new();
    for file in change.files() {
        let Some(new) = &file.new else { continue };
        // A larger one is refused by its size.
        if u64::try_from(new.content.len()).unwrap_or(u64::MAX) > most {
            continue;
        }
        for finding in scan(&file.path, &new.content) {
            let place = match finding.line {
                0 => "the name".to_owned(),
                line => format!("line {line}"),
            };
            let detail = format!(
                "{place} holds what looks like a secret ({}); take it out, and revoke it if it \
                 was real",
                finding.rule
            );
            violations.push(violation("secret", &file.path, detail));
        }
    }
    violations
}
