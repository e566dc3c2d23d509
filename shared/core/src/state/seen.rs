//! What came in already: the idempotency window (DECISIONS 6).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::ids::{AttemptId, Digest, TargetId};

/// Keys kept beyond those of live attempts.
pub const WINDOW: usize = 65_536;

/// Keys of bundles and events that came in from clients.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Seen {
    /// Oldest first.
    order: VecDeque<Key>,
    /// All of `order` and `live`.
    keys: BTreeSet<Key>,
    /// Keys of live attempts' events: they never leave by age.
    live: BTreeMap<AttemptId, Vec<Key>>,
}

/// As a snapshot holds it: each key once.
#[derive(Serialize, Deserialize)]
struct Stored {
    order: VecDeque<Key>,
    live: BTreeMap<AttemptId, Vec<Key>>,
}

impl From<Stored> for Seen {
    fn from(Stored { order, live }: Stored) -> Self {
        let keys = order.iter().chain(live.values().flatten()).copied().collect();
        Self { order, keys, live }
    }
}

impl From<Seen> for Stored {
    fn from(Seen { order, live, .. }: Seen) -> Self {
        Self { order, live }
    }
}

/// The first half of a digest: enough that no two keys meet by chance, and the window is most of a
/// small state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
struct Key(u128);

impl Key {
    fn of(digest: &Digest) -> Self {
        let half = digest.as_str().get(..32).unwrap_or_default();
        // A digest is 64 hex digits.
        Self(u128::from_str_radix(half, 16).unwrap_or_default())
    }
}

impl TryFrom<String> for Key {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        let bytes = bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| format!("{text:?} is no key of the idempotency window"))?;
        Ok(Self(u128::from_be_bytes(bytes)))
    }
}

impl From<Key> for String {
    fn from(key: Key) -> String {
        BASE64URL_NOPAD.encode(&key.0.to_be_bytes())
    }
}

/// What makes a bundle that bundle: target, id and content. Neither id is a key by itself
/// (CONTRACT 2.3).
pub fn bundle_key(target: &TargetId, bundle_id: &str, content: &Digest) -> Digest {
    Digest::of(format!("bundle\n{target}\n{content}\n{bundle_id}").as_bytes())
}

/// What makes a bundle of a new client known whatever is in it: target and `Idempotency-Key`.
pub fn bundle_id_key(target: &TargetId, bundle_id: &str) -> Digest {
    Digest::of(format!("bundle id\n{target}\n{bundle_id}").as_bytes())
}

/// What makes an event that event: target, id, type, timestamp text and payload.
pub fn event_key(
    target: Option<&TargetId>,
    event_id: &str,
    event_type: &str,
    timestamp: &str,
    payload: &crate::event::Payload,
) -> Digest {
    // JSON text keeps the parts apart whatever characters they hold.
    let parts = serde_json::json!(["event", target, event_id, event_type, timestamp, payload]);
    Digest::of(parts.to_string().as_bytes())
}

impl Seen {
    /// Whether this key came in within the window.
    pub fn contains(&self, key: &Digest) -> bool {
        self.keys.contains(&Key::of(key))
    }

    pub(super) fn bundle(&mut self, target: &TargetId, bundle_id: &str, content: &Digest) {
        self.insert(Key::of(&bundle_key(target, bundle_id, content)));
        self.insert(Key::of(&bundle_id_key(target, bundle_id)));
    }

    /// `live`: the attempt that the event belongs to, while it has not ended.
    pub(super) fn event(&mut self, event: &Event, live: Option<&AttemptId>) {
        let key = Key::of(&event_key(
            event.target.as_ref(),
            &event.event_id,
            &event.event_type,
            &event.timestamp,
            &event.payload,
        ));
        match live {
            Some(attempt) => {
                if self.keys.insert(key) {
                    self.live.entry(attempt.clone()).or_default().push(key);
                }
            }
            None => self.insert(key),
        }
    }

    /// The attempt ended: its keys age like all others from now on.
    pub(super) fn ended(&mut self, attempt: &AttemptId) {
        self.order.extend(self.live.remove(attempt).unwrap_or_default());
        self.trim();
    }

    fn insert(&mut self, key: Key) {
        if self.keys.insert(key) {
            self.order.push_back(key);
            self.trim();
        }
    }

    fn trim(&mut self) {
        while self.order.len() > WINDOW {
            if let Some(oldest) = self.order.pop_front() {
                self.keys.remove(&oldest);
            }
        }
    }
}
