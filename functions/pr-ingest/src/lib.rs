//! Takes GitHub's webhooks and records what became of pull requests.
//!
//! Woken by an HTTP request. Reads the log; writes the log and nothing else: no queue, no forge
//! (DECISIONS 11). A delivery is GitHub's if its signature fits the raw body; then it is told to the
//! same decision that tick asks about what it reads at the forge. So a delivery that comes twice,
//! late, or after tick has seen the same finds nothing to do, and one that is lost is made good by
//! the next tick. Each ends as done, ignored or refused, with its reason.

mod answer;
#[cfg(feature = "lambda")]
pub mod config;
mod record;

use std::sync::Arc;

use leviathan_github::Secret;
use leviathan_github::webhook::{self, SignatureError, Told};
use leviathan_log::Log;

pub use answer::{Answer, Outcome};

/// The longest body, in bytes: GitHub sends none that is longer.
const MOST_BODY: usize = 25 * 1024 * 1024;

/// What receiving may touch.
pub struct PrIngest {
    /// The log.
    pub log: Arc<Log>,
    /// The webhook's secrets: one, or two while a new one is brought in. Without one every delivery
    /// is refused.
    pub secrets: Vec<Secret>,
}

/// One request's parts, as they came.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// `X-GitHub-Event`.
    pub event: Option<&'a str>,
    /// `X-Hub-Signature-256`.
    pub signature: Option<&'a str>,
    /// `X-GitHub-Delivery`: GitHub's name for it, for people.
    pub id: Option<&'a str>,
    /// The body's bytes as they came over the wire.
    pub body: &'a [u8],
}

impl PrIngest {
    /// Takes one delivery to its end.
    pub async fn handle(&self, delivery: Delivery<'_>) -> Answer {
        let answer = self.end(delivery).await.named(delivery.id);
        let (outcome, reason) = (answer.outcome.as_str(), answer.reason.as_str());
        tracing::info!(
            delivery = answer.delivery.as_deref(),
            event = delivery.event,
            status = answer.status,
            outcome,
            "{reason}"
        );
        answer
    }

    async fn end(&self, delivery: Delivery<'_>) -> Answer {
        if delivery.body.len() > MOST_BODY {
            return Answer::refused(413, format!("its body is longer than {MOST_BODY} bytes"));
        }
        if let Err(error) = self.verify(delivery) {
            return Answer::refused(401, error.to_string());
        }
        let Some(event) = delivery.event else {
            return Answer::refused(400, "it has no X-GitHub-Event".to_owned());
        };
        match webhook::parse(event, delivery.body) {
            Ok(Told::PullRequest { repository, number, news }) => {
                self.pull_request(&repository, number, news).await
            }
            Ok(Told::Pushed { repository, branch, head }) => {
                self.pushed(&repository, &branch, &head).await
            }
            Ok(Told::Ping) => Answer::done("the webhook reaches this receiver and its secret fits"),
            Ok(Told::Ignored { reason }) => Answer::ignored(reason),
            Err(error) => Answer::refused(400, error.to_string()),
        }
    }

    fn verify(&self, delivery: Delivery<'_>) -> Result<(), SignatureError> {
        let mut last = match delivery.signature {
            Some(_) => SignatureError::Wrong,
            None => SignatureError::Missing,
        };
        for secret in &self.secrets {
            match webhook::verify(secret, delivery.body, delivery.signature) {
                Ok(()) => return Ok(()),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}
