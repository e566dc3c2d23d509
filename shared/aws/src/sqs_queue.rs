//! The queue port over SQS: one queue for dispatch, one for publish. The log is the truth and a queue
//! only carries: what a queue loses or doubles, the next tick and the receivers make good. So these
//! are standard queues, and the SDK may send twice.

mod url;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Builder;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use leviathan_core::ports::queue::QueueError;
use leviathan_core::ports::{Message, Queue};

use crate::surroundings::{NoRegion, Surroundings};
use crate::words;

pub use self::url::{QueueUrl, QueueUrlError};

/// How often a message is sent at most, by one call.
const TRIES: u32 = 3;

/// Until the connection stands.
const CONNECT: Duration = Duration::from_secs(3);
/// Until one try is answered.
const ANSWER: Duration = Duration::from_secs(5);
/// Until all tries are over.
const WHOLE: Duration = Duration::from_secs(12);

/// Where messages go, by who they are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueUrls {
    /// For dispatch: Jobs to be started and ended.
    pub dispatch: QueueUrl,
    /// For publish: branches and pull requests to be made.
    pub publish: QueueUrl,
}

/// The sending side of both queues.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    urls: QueueUrls,
}

impl SqsQueue {
    /// These queues, reached by what the surroundings say. Asks SQS nothing.
    pub fn open_in(around: &Surroundings, urls: QueueUrls) -> Result<Self, NoRegion> {
        let around = around.config();
        if around.region().is_none() {
            return Err(NoRegion);
        }
        Ok(Self::new(&Client::from_conf(Builder::from(around).build()), urls))
    }

    /// These queues, reached by this client: its endpoint, region and credentials count, its retries
    /// and time-outs are replaced.
    pub fn new(client: &Client, urls: QueueUrls) -> Self {
        let times = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ANSWER)
            .operation_timeout(WHOLE)
            .build();
        let config = client
            .config()
            .to_builder()
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
            .timeout_config(times)
            .build();
        Self { client: Client::from_conf(config), urls }
    }

    fn url(&self, message: &Message) -> &QueueUrl {
        match message {
            Message::Dispatch { .. } | Message::Stop { .. } => &self.urls.dispatch,
            Message::Publish { .. } => &self.urls.publish,
        }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, message: &Message) -> Result<(), QueueError> {
        let url = self.url(message);
        let body = serde_json::to_string(message)
            .map_err(|problem| QueueError { reason: problem.to_string() })?;
        let sent = self.client.send_message().queue_url(url.as_str()).message_body(body);
        sent.send().await.map(|_| ()).map_err(|problem| QueueError {
            reason: words::explain("SQS", &format!("the queue {url}"), &problem, advice),
        })
    }
}

fn advice(code: &str) -> String {
    let text = match code {
        "AccessDenied" | "AccessDeniedException" => {
            "allow sqs:SendMessage on it, in the role's policy or in the queue's"
        }
        "AWS.SimpleQueueService.NonExistentQueue" | "QueueDoesNotExist" => {
            "check its URL, and AWS_REGION"
        }
        code if code.contains("Kms") || code.contains("KMS") => {
            "allow kms:GenerateDataKey and kms:Decrypt on the queue's key, and see that the key is \
             enabled"
        }
        _ => "the next tick sends it again",
    };
    text.to_owned()
}

/// A message's body is none of ours.
#[derive(Debug, thiserror::Error)]
#[error("this is no message of Leviathan's ({source}); who else writes to its queues?")]
pub struct NotAMessage {
    /// What the reader says: a place in the body, nothing of it.
    #[from]
    source: serde_json::Error,
}

/// The message in the body of a record that SQS brings.
pub fn message(body: &str) -> Result<Message, NotAMessage> {
    Ok(serde_json::from_str(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_read_back_and_nothing_else_is_a_message() {
        let attempt = || "fix-typo-abcdefghij".parse().unwrap();
        for sent in [
            Message::Dispatch { epoch: 1, attempt: attempt() },
            Message::Stop { epoch: 2, attempt: attempt() },
            Message::Publish { epoch: 3, attempt: attempt() },
        ] {
            let body = serde_json::to_string(&sent).unwrap();
            assert_eq!(message(&body).unwrap(), sent);
        }
        for body in
            ["", "null", "{}", r#"{"kind":"delete","epoch":1}"#, r#"{"kind":"stop","epoch":-1}"#]
        {
            let problem = message(body).unwrap_err().to_string();
            assert!(problem.contains("no message of Leviathan's"), "{problem}");
        }
    }

    #[test]
    fn each_refusal_says_what_to_do() {
        for (code, words) in [
            ("AccessDenied", "allow sqs:SendMessage"),
            ("AWS.SimpleQueueService.NonExistentQueue", "check its URL"),
            ("KmsAccessDenied", "kms:GenerateDataKey"),
            ("RequestThrottled", "next tick"),
        ] {
            assert!(advice(code).contains(words), "{code}");
        }
    }
}
