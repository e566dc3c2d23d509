//! What was answered last, with its ETag. Asked again with it, GitHub answers 304 where nothing
//! changed, which its hourly budget does not count. Losing it costs one full answer each.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// How many answers are kept; each is a few hundred bytes.
const MOST: usize = 8_192;

/// Answers by what was asked.
#[derive(Debug, Default)]
pub(super) struct Etags {
    kept: Mutex<BTreeMap<String, (String, Value)>>,
}

impl Etags {
    /// The ETag and what was kept of the answer.
    pub(super) fn get<T: DeserializeOwned>(&self, key: &str) -> Option<(String, T)> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (etag, value) = kept.get(key)?;
        Some((etag.clone(), serde_json::from_value(value.clone()).ok()?))
    }

    /// Keeps it; an answer without an ETag is forgotten.
    pub(super) fn put<T: Serialize>(&self, key: String, etag: Option<String>, value: &T) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match (etag, serde_json::to_value(value)) {
            (Some(etag), Ok(value)) => {
                // Rare, and cheap to recover from: better than a rule for which to drop.
                if kept.len() >= MOST && !kept.contains_key(&key) {
                    kept.clear();
                }
                kept.insert(key, (etag, value));
            }
            (None, _) | (Some(_), Err(_)) => {
                kept.remove(&key);
            }
        }
    }
}
