//! The two calls to the api, sent until there is a clear answer or the attempt is over. What is
//! sent again is byte for byte what was sent before, under the same key.

use std::time::Duration;

use jiff::Timestamp;
use leviathan_core::ids::Digest;
use ureq::Agent;
use ureq::http::StatusCode;

use super::bundle::Bundle;
use crate::run::say;

/// One request, from connecting to the last byte of the answer.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// The first wait after an unclear answer; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How much of an answer's text is read, in bytes.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// What became of something that was to be delivered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The api has it.
    Accepted,
    /// The attempt is over or another pod's (409): nothing more is to be done for it.
    NotOurs(String),
    /// The api will not take it, or could not be reached until the attempt was over.
    Failed(String),
}

/// What one try says.
enum Answer {
    Clear(Delivery),
    /// It may have arrived or not: send the same again.
    Unclear(String),
}

/// The api, as one attempt sees it.
pub(super) struct Api {
    agent: Agent,
    url: String,
    token: String,
    not_after: Timestamp,
}

impl Api {
    pub(super) fn new(url: &str, token: String, not_after: Timestamp) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(REQUEST_LIMIT))
            .http_status_as_error(false)
            .max_redirects(0)
            // The token goes to the api and to nobody in between, whatever the environment says.
            .proxy(None)
            .user_agent(concat!("leviathan-executor/", env!("CARGO_PKG_VERSION")))
            .build();
        let url = url.trim_end_matches('/').to_owned();
        Self { agent: config.new_agent(), url, token, not_after }
    }

    /// Hands a bundle over.
    pub(super) fn deliver(&self, bundle: &Bundle) -> Delivery {
        let (key, body) = (bundle.key(), bundle.to_bytes());
        let url = format!("{}/v1/events/ingest", self.url);
        self.until_clear("the bundle", || {
            self.agent
                .post(&url)
                .header("Authorization", format!("Bearer {}", self.token))
                .header("Idempotency-Key", &key)
                .header("Content-Type", "application/json")
                .send(body.as_slice())
        })
    }

    /// Stores bytes under their digest.
    pub(super) fn store(&self, digest: &Digest, kind: &str, name: &str, bytes: &[u8]) -> Delivery {
        let url = format!("{}/v1/artifacts/{digest}", self.url);
        self.until_clear(name, || {
            self.agent
                .put(&url)
                .query("kind", kind)
                .query("name", name)
                .header("Authorization", format!("Bearer {}", self.token))
                .header("Content-Type", "application/octet-stream")
                .send(bytes)
        })
    }

    fn until_clear(
        &self,
        what: &str,
        send: impl Fn() -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Delivery {
        let mut wait = FIRST_WAIT;
        loop {
            let reason = match judge(send()) {
                Answer::Clear(delivery) => return delivery,
                Answer::Unclear(reason) => reason,
            };
            if Timestamp::now() >= self.not_after {
                return Delivery::Failed(format!("{reason}, and the attempt's time is over"));
            }
            say(format!(
                "no clear answer about {what}: {reason}; again in {} ms",
                wait.as_millis()
            ));
            std::thread::sleep(wait);
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
    }
}

fn judge(sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = match sent {
        Ok(response) => response,
        // ureq's errors name hosts and causes, never a header.
        Err(error) => return Answer::Unclear(error.to_string()),
    };
    let status = response.status();
    if status.is_success() {
        return Answer::Clear(Delivery::Accepted);
    }
    let text = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_string();
    let text = text.unwrap_or_default();
    let detail =
        leviathan_core::secret_scan::redact(text.trim()).chars().take(500).collect::<String>();
    let line = format!("{status}: {detail}");
    match status {
        StatusCode::CONFLICT if is_not_ours(&text) => Answer::Clear(Delivery::NotOurs(line)),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Answer::Unclear(line)
        }
        status if status.is_server_error() => Answer::Unclear(line),
        _ => Answer::Clear(Delivery::Failed(line)),
    }
}

/// Whether a 409 means that the attempt is over or another pod's. Other conflicts, such as a key
/// from a clock that is wrong, are this program's own trouble and are said aloud.
fn is_not_ours(answer: &str) -> bool {
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap_or_default();
    match answer.get("code").and_then(serde_json::Value::as_str) {
        Some(code) => {
            matches!(code, "unknown_attempt" | "held_by_another" | "ended" | "too_late")
        }
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_attempts_own_conflicts_end_the_work_quietly() {
        for (answer, quiet) in [
            (r#"{"detail":"x","code":"held_by_another"}"#, true),
            (r#"{"detail":"x","code":"ended"}"#, true),
            (r#"{"detail":"x","code":"key_from_the_future"}"#, false),
            (r#"{"detail":"x","code":"too_many_events"}"#, false),
            ("not JSON", true),
        ] {
            assert_eq!(is_not_ours(answer), quiet, "{answer}");
        }
    }
}
