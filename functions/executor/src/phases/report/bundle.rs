//! A bundle of events in the api's envelope (CONTRACT 1.2, 2.1), built once and sent as often as
//! needed.

use jiff::Timestamp;
use leviathan_core::fact::Fact;
use leviathan_core::ids::{AttemptId, Digest, TargetId};
use serde_json::{Value, json};
use uuid::Uuid;

/// Who says it, in the original's words; it proves nothing (DECISIONS 2).
const ACTOR: &str = "executor";

/// What is told in one go: all of it or nothing is accepted.
#[derive(Debug)]
pub(super) struct Bundle {
    id: Uuid,
    target: TargetId,
    attempt: AttemptId,
    events: Vec<Value>,
    artifacts: Vec<Value>,
}

impl Bundle {
    pub(super) fn new(target: &TargetId, attempt: &AttemptId) -> Self {
        Self {
            // Version 7: the key begins with its creation time (DECISIONS 6).
            id: Uuid::now_v7(),
            target: target.clone(),
            attempt: attempt.clone(),
            events: Vec::new(),
            artifacts: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The Idempotency-Key.
    pub(super) fn key(&self) -> String {
        self.id.to_string()
    }

    pub(super) fn add(&mut self, fact: Fact) {
        self.events.push(json!({
            "event_id": Uuid::now_v7().to_string(),
            "event_type": fact.event_type(),
            "timestamp": now(),
            "actor_id": ACTOR,
            "payload": fact.payload(),
        }));
    }

    /// Bytes that were stored before. The api has recorded them as `artifact.created` by then, so
    /// that here they are only named, as the original's envelope has it.
    pub(super) fn add_artifact(&mut self, digest: &Digest, kind: &str, name: &str, size: u64) {
        let hex = digest.as_str();
        let place = format!("artifacts/sha256/{}/{hex}", hex.get(..2).unwrap_or_default());
        self.artifacts.push(json!({
            "sha256": hex, "kind": kind, "uri": place, "size": size, "name": name,
        }));
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let body = json!({
            "target": self.target,
            "bundle_id": format!("{}-{}", self.attempt, self.id),
            "events": self.events,
            "artifacts": self.artifacts,
        });
        body.to_string().into_bytes()
    }
}

/// Now, to the millisecond: what every client of the original can read.
fn now() -> String {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now).to_string()
}
