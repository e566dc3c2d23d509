//! What Jobs, pods and Secrets of attempts are called and marked with.

use std::collections::BTreeMap;

use leviathan_core::ids::Digest;
use leviathan_core::ports::Job;

/// The attempt that an object belongs to.
pub const ATTEMPT_LABEL: &str = "leviathan/attempt";
/// The log's epoch in which the attempt was created.
pub const EPOCH_LABEL: &str = "leviathan/epoch";
/// The attempt's target, fit for a label; the annotation of the same name has it whole.
pub const TARGET_LABEL: &str = "leviathan/target";
/// SHA-256 of the port's Job: "already exists" is success only with the same (DECISIONS 9).
pub const DIGEST_ANNOTATION: &str = "leviathan/digest";
/// The task's id, whole.
pub(crate) const TASK_ANNOTATION: &str = "leviathan/task";
/// When the attempt is over at the latest.
pub(crate) const NOT_AFTER_ANNOTATION: &str = "leviathan/not-after";

/// The longest label value, and the longest name of a Job, which becomes one.
const MAX_LABEL: usize = 63;
/// What is left of a text that is too long, before a dash and [`HASH`] characters of its digest.
const KEPT: usize = 50;
const HASH: usize = 12;

/// The digest of everything that the Job is about. Created again, it must be the same.
pub(crate) fn digest(job: &Job) -> Result<Digest, serde_json::Error> {
    Ok(Digest::of(&serde_json::to_vec(job)?))
}

/// The name of the attempt's Secret. The digest in it makes "already exists" mean "the same":
/// dispatch may not read Secrets.
pub(crate) fn secret_name(job: &Job, digest: &Digest) -> String {
    let hash = digest.as_str().get(..HASH).unwrap_or_default();
    // A Secret's name may be much longer than a Job's.
    format!("{}-{hash}", job.attempt)
}

/// The labels of the Job, its pod and its Secret.
pub(crate) fn labels(job: &Job) -> BTreeMap<String, String> {
    [
        ("app.kubernetes.io/name", "leviathan".to_owned()),
        // NetworkPolicies select by it.
        ("app.kubernetes.io/component", "executor".to_owned()),
        ("app.kubernetes.io/managed-by", "leviathan-dispatch".to_owned()),
        (ATTEMPT_LABEL, job.attempt.to_string()),
        (EPOCH_LABEL, job.epoch.to_string()),
        (TARGET_LABEL, label_value(job.target.as_str())),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// What labels can't hold.
pub(crate) fn annotations(job: &Job, digest: &Digest) -> BTreeMap<String, String> {
    [
        (DIGEST_ANNOTATION, digest.to_string()),
        (TARGET_LABEL, job.target.to_string()),
        (TASK_ANNOTATION, job.task.id.to_string()),
        (NOT_AFTER_ANNOTATION, job.not_after.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The text where it is a label value; else its beginning and a hash of the whole.
fn label_value(text: &str) -> String {
    let ends_well = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if text.len() <= MAX_LABEL && text.chars().all(plain) && ends_well(text) {
        return text.to_owned();
    }
    let digest = Digest::of(text.as_bytes());
    let hash = digest.as_str().get(..HASH).unwrap_or_default();
    let kept: String = text.chars().filter(|c| plain(*c)).take(KEPT).collect();
    let kept = kept.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    if kept.is_empty() { hash.to_owned() } else { format!("{kept}-{hash}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_becomes_a_label_value_that_is_its_own() {
        let (long, longer) = ("t".repeat(64), "t".repeat(65));
        let cases = ["shop", "a.b_c-d", "ends-in-", "x.", "-x", "", "ä/ö", &long, &longer];
        let values: Vec<String> = cases.iter().map(|text| label_value(text)).collect();
        for value in &values {
            let plain =
                value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
            assert!(plain && !value.is_empty() && value.len() <= MAX_LABEL, "{value:?}");
            let (first, last) = (value.as_bytes()[0], value.as_bytes()[value.len() - 1]);
            assert!(first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric(), "{value:?}");
        }
        assert_eq!(values[0], "shop");
        let mut different = values.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), values.len(), "{values:?}");
    }
}
