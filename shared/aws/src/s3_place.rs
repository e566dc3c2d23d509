//! Where an S3 store lies: a bucket, and a prefix inside it, written `s3://bucket/prefix`.
//!
//! Endpoint, region and credentials are no part of it: they come from the surroundings, as for
//! every AWS tool, and so no secret can stand in a place.

use std::fmt;
use std::str::FromStr;

use leviathan_core::ports::object_key::check_key;

/// How a place begins.
const SCHEME: &str = "s3://";

/// The longest prefix, in bytes: leaves most of S3's 1,024 to the keys.
const MAX_PREFIX_BYTES: usize = 512;

/// The name of an S3 Express directory bucket ends so.
const DIRECTORY_BUCKET: &str = "--x-s3";

/// A bucket and a prefix in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Place {
    bucket: String,
    /// Empty, or ending in `/`.
    prefix: String,
}

/// Why a text is no place in S3.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum S3PlaceError {
    /// Another scheme.
    #[error("{0:?} is no place in S3: write s3://bucket or s3://bucket/prefix")]
    Form(String),
    /// No bucket can have this name.
    #[error(
        "{0:?} can't be the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens, \
         a letter or digit first and last"
    )]
    Bucket(String),
    /// A kind of bucket that can't hold a log.
    #[error(
        "{0:?} is a directory bucket (S3 Express): it lists its keys in no order, and the log needs \
         them in order; use a general purpose bucket"
    )]
    DirectoryBucket(String),
    /// Keys can't begin so.
    #[error(
        "{0:?} can't be a prefix: at most 512 bytes of printable ASCII, the parts between slashes \
         neither empty nor beginning with a dot"
    )]
    Prefix(String),
}

impl S3Place {
    /// This bucket, with all keys under this prefix; an empty one means the bucket's root. A slash
    /// at the prefix' end changes nothing.
    pub fn new(bucket: &str, prefix: &str) -> Result<Self, S3PlaceError> {
        let name = bucket.as_bytes();
        let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let good = (3..=63).contains(&name.len())
            && name.iter().all(|byte| plain(byte) || matches!(byte, b'-' | b'.'))
            && name.first().is_some_and(plain)
            && name.last().is_some_and(plain)
            && !bucket.contains("..");
        if !good {
            return Err(S3PlaceError::Bucket(shown(bucket)));
        }
        if bucket.ends_with(DIRECTORY_BUCKET) {
            return Err(S3PlaceError::DirectoryBucket(bucket.to_owned()));
        }
        let bucket = bucket.to_owned();
        let whole = prefix.strip_suffix('/').unwrap_or(prefix);
        if whole.is_empty() && prefix.is_empty() {
            return Ok(Self { bucket, prefix: String::new() });
        }
        if whole.len() > MAX_PREFIX_BYTES || check_key(whole).is_err() {
            return Err(S3PlaceError::Prefix(shown(prefix)));
        }
        Ok(Self { bucket, prefix: format!("{whole}/") })
    }

    /// The bucket's name.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What stands before every key: empty, or ending in `/`.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

/// For an error message: short, and without control characters.
fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

impl FromStr for S3Place {
    type Err = S3PlaceError;

    fn from_str(text: &str) -> Result<Self, S3PlaceError> {
        let rest = text.strip_prefix(SCHEME).ok_or_else(|| S3PlaceError::Form(shown(text)))?;
        match rest.split_once('/') {
            Some((bucket, prefix)) => Self::new(bucket, prefix),
            None => Self::new(rest, ""),
        }
    }
}

impl fmt::Display for S3Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SCHEME}{}", self.bucket)?;
        match self.prefix.strip_suffix('/') {
            Some(prefix) => write!(formatter, "/{prefix}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_bucket_and_a_prefix() {
        for (text, bucket, prefix, again) in [
            ("s3://logs", "logs", "", "s3://logs"),
            ("s3://logs/", "logs", "", "s3://logs"),
            ("s3://my.logs-1/team", "my.logs-1", "team/", "s3://my.logs-1/team"),
            ("s3://logs/a b/c/", "logs", "a b/c/", "s3://logs/a b/c"),
        ] {
            let place: S3Place = text.parse().unwrap();
            assert_eq!((place.bucket(), place.prefix()), (bucket, prefix), "{text}");
            assert_eq!(place.to_string(), again);
            assert_eq!(again.parse(), Ok(place));
        }
    }

    #[test]
    fn what_can_be_no_place_is_refused_with_its_reason() {
        let long = format!("s3://logs/{}", "p".repeat(MAX_PREFIX_BYTES + 1));
        for (text, words) in [
            ("", "write s3://bucket"),
            ("logs", "write s3://bucket"),
            ("https://logs/x", "write s3://bucket"),
            ("s3://", "name of a bucket"),
            ("s3:///x", "name of a bucket"),
            ("s3://ab", "name of a bucket"),
            ("s3://Logs", "name of a bucket"),
            ("s3://lo_gs", "name of a bucket"),
            ("s3://-logs", "name of a bucket"),
            ("s3://lo..gs", "name of a bucket"),
            ("s3://user:key@logs", "name of a bucket"),
            ("s3://logs--use1-az4--x-s3", "directory bucket"),
            ("s3://logs//", "can't be a prefix"),
            ("s3://logs//a", "can't be a prefix"),
            ("s3://logs/../a", "can't be a prefix"),
            ("s3://logs/ä", "can't be a prefix"),
            ("s3://logs/a\n", "can't be a prefix"),
            (&long, "can't be a prefix"),
        ] {
            let problem = text.parse::<S3Place>().unwrap_err().to_string();
            assert!(problem.contains(words), "{text:?}: {problem}");
            assert!(!problem.contains('\n'), "{problem}");
        }
    }
}
