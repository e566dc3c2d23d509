//! Every id, checked once where it is parsed, so that an illegal one cannot travel.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Why a text is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind}: {rule}")]
pub struct IdError {
    /// What it should have been.
    pub kind: &'static str,
    /// The text, cut to 80 characters.
    pub text: String,
    /// The rule that it breaks.
    pub rule: &'static str,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    let text = text.chars().take(80).collect();
                    Err(IdError { kind: $kind, text, rule: $rule })
                }
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// One repository that Leviathan works for.
    TargetId,
    "target id",
    "1 to 64 characters from a-z 0-9 . _ -, the first a letter or digit",
    |text| {
        (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && text.bytes().all(|b| {
                b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'_' | b'-')
            })
    }
);

text_id!(
    /// One task of one target's backlog, as its file names it.
    TaskId,
    "task id",
    "1 to 128 characters, none of them a control character, no blank at either end",
    |text| {
        (1..=128).contains(&text.chars().count())
            && text.trim() == text
            && !text.chars().any(char::is_control)
    }
);

text_id!(
    /// One run of one task. Fit for a branch, a Job name and a label: at most 63 of a-z 0-9 -.
    AttemptId,
    "attempt id",
    "1 to 63 characters from a-z 0-9 -, the first and last a letter or digit",
    |text| {
        (1..=63).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
    }
);

text_id!(
    /// The id of a git commit (git's, not the log's): 40 or 64 lower-case hex digits.
    GitCommit,
    "git commit id",
    "40 or 64 lower-case hex digits",
    |text| {
        matches!(text.len(), 40 | 64)
            && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    }
);

text_id!(
    /// SHA-256 of some bytes: 64 lower-case hex digits. The name of an artifact.
    Digest,
    "SHA-256 digest",
    "64 lower-case hex digits",
    |text| {
        text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    }
);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(data_encoding::HEXLOWER.encode(&Sha256::digest(bytes)))
    }
}

impl AttemptId {
    /// DECISIONS 9: `<task slug, at most 20>-<10 base32 of SHA-256(epoch, target, task, generation,
    /// number)>`. Deciding again after a lost race gives the same id.
    pub fn derive(
        epoch: u64,
        target: &TargetId,
        task: &TaskId,
        generation: u32,
        number: u32,
    ) -> Self {
        let named = format!("{epoch}\n{target}\n{task}\n{generation}\n{number}");
        let hash = data_encoding::BASE32_NOPAD.encode(&Sha256::digest(named.as_bytes()));
        let hash = hash[..10].to_ascii_lowercase();
        Self(format!("{}-{hash}", slug(task.as_str(), 20)))
    }
}

/// A text reduced to a-z 0-9 and single inner dashes, at most `most` characters; `task` when
/// nothing is left. For branch names, labels and ids; not reversible.
pub fn slug(text: &str, most: usize) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= most {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "task".to_owned() } else { slug.to_owned() }
}

/// The branch of an attempt's pull request: `agent/<task>-<attempt>`.
pub fn branch_name(task: &TaskId, attempt: &AttemptId) -> String {
    format!("agent/{}-{attempt}", slug(task.as_str(), 60))
}
