//! Webhooks: what GitHub would send, signed over the bytes that it would send.

use leviathan_github::{Secret, webhook};
use serde_json::{Value, json};

use super::{Shared, WEBHOOK_SECRET};

/// One delivery, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// `X-GitHub-Event`.
    pub event: String,
    /// `X-GitHub-Delivery`.
    pub id: String,
    /// `X-Hub-Signature-256`.
    pub signature: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Shared {
    /// Notes a delivery.
    pub(super) fn send(&self, name: &str, event: &str, mut payload: Value) {
        payload["repository"] = self.repository_json(name);
        payload["sender"] = json!({"login": "ada", "type": "User"});
        payload["installation"] = json!({"id": 99});
        let body = payload.to_string().into_bytes();
        let signature = webhook::sign(&Secret::from(WEBHOOK_SECRET), &body);
        let mut world = self.world();
        let id = format!("00000000-0000-4000-8000-{:012x}", world.count());
        world.sent.push(Sent { event: event.to_owned(), id, signature, body });
    }
}
