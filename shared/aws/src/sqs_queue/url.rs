//! A queue's URL, as SQS gives it.

use std::fmt;
use std::str::FromStr;

/// The most of a wrong URL that is shown, in characters.
const SHOWN: usize = 120;

/// `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrl(String);

/// Why a text is no queue's URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueUrlError {
    /// It looks different.
    #[error("{0:?} is no queue's URL: write https://sqs.REGION.amazonaws.com/ACCOUNT/NAME")]
    Form(String),
    /// An ARN names a queue too, but nothing can be sent to one.
    #[error("{0:?} is a queue's ARN: write its URL")]
    Arn(String),
    /// A kind of queue that holds work up.
    #[error(
        "{0:?} is a FIFO queue, in which one message holds up those behind it; use a standard one"
    )]
    Fifo(String),
}

impl QueueUrl {
    /// As SQS wants it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for QueueUrl {
    type Err = QueueUrlError;

    fn from_str(text: &str) -> Result<Self, QueueUrlError> {
        let shown = || text.chars().take(SHOWN).collect::<String>();
        if text.starts_with("arn:") {
            return Err(QueueUrlError::Arn(shown()));
        }
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let parts: Vec<&str> = rest.unwrap_or_default().split('/').collect();
        let plain = |part: &&str| {
            let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:[]".contains(&byte);
            !part.is_empty() && part.bytes().all(good)
        };
        if parts.len() < 3 || !parts.iter().all(plain) {
            return Err(QueueUrlError::Form(shown()));
        }
        if text.ends_with(".fifo") {
            return Err(QueueUrlError::Fifo(shown()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for QueueUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queues_url_is_taken_and_what_is_none_says_why() {
        for good in [
            "https://sqs.eu-central-1.amazonaws.com/123456789012/leviathan-dispatch",
            "https://vpce-0a-1.sqs.eu-central-1.vpce.amazonaws.com/123456789012/a_b",
            "http://127.0.0.1:4566/000000000000/queue",
        ] {
            assert_eq!(good.parse::<QueueUrl>().unwrap().as_str(), good);
        }
        for (bad, words) in [
            ("", "no queue's URL"),
            ("leviathan-dispatch", "no queue's URL"),
            ("https://sqs.eu-central-1.amazonaws.com", "no queue's URL"),
            ("https://sqs.eu-central-1.amazonaws.com/123456789012/", "no queue's URL"),
            ("https://user:key@host/123456789012/queue", "no queue's URL"),
            ("https://host/123456789012/a queue", "no queue's URL"),
            ("arn:aws:sqs:eu-central-1:123456789012:queue", "write its URL"),
            ("https://sqs.eu-central-1.amazonaws.com/123456789012/q.fifo", "standard one"),
        ] {
            let problem = bad.parse::<QueueUrl>().unwrap_err().to_string();
            assert!(problem.contains(words), "{bad}: {problem}");
        }
    }
}
