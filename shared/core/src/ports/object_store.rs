//! A store of whole objects under keys: S3, a folder, memory.

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

/// What went wrong with one request. Ambiguity is a variant: `Unclear` means that the request may
/// have taken effect, and every other variant means that it did not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// `create` found an object under the key (S3: 412). The object may be this very request's,
    /// stored by an earlier try whose answer was lost: read it back and compare.
    #[error("{key} exists already")]
    AlreadyExists {
        /// The key that was to be created.
        key: String,
    },
    /// Another request for the same key was under way (S3: 409). Send the same bytes again.
    #[error("another write to {key} was under way")]
    Conflict {
        /// The key that was to be created.
        key: String,
    },
    /// No object under the key (404).
    #[error("{key} does not exist{}", if *delete_marker { " (it was deleted: a delete marker stands there)" } else { "" })]
    NotFound {
        /// The key that was asked for.
        key: String,
        /// A delete marker stands in its place: somebody deleted it.
        delete_marker: bool,
        /// The store's own clock when it answered, if it tells (S3's `Date`).
        store_time: Option<Timestamp>,
    },
    /// Time-out, broken connection, 5xx: the request may or may not have taken effect.
    #[error("no clear answer about {key}: {reason}")]
    Unclear {
        /// The key of the request.
        key: String,
        /// The cause, for a person; holds no secret.
        reason: String,
    },
    /// The store refused: permissions, an unusable path, a full disk. Repeating won't help.
    #[error("the store refused {key}: {reason}")]
    Refused {
        /// The key of the request.
        key: String,
        /// The cause and what to do, for a person; holds no secret.
        reason: String,
    },
}

/// An object as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The stored bytes, whole.
    pub bytes: Bytes,
    /// The store's own clock when it answered, if it tells (S3's `Date`).
    pub store_time: Option<Timestamp>,
}

/// A store of whole objects. Keys are `/`-separated, at most 1,024 bytes of printable ASCII; no part
/// is empty or begins with a dot. Another key is refused.
///
/// Guarantees that every implementation gives, and the conformance suite checks:
/// - `create` is atomic: of any number of concurrent calls for one key, at most one succeeds, and
///   a reader sees the whole object or none. When it returns `Ok`, the bytes survive a crash of
///   this process and of the machine.
/// - `get` after an acknowledged `create` finds the object.
/// - `list` names every object that was acknowledged before the call, in byte order of the keys.
#[async_trait]
pub trait ObjectStore: Send + Sync {
    /// Stores `bytes` under `key` unless something is there (S3: PUT with `If-None-Match: *`).
    /// Returns the store's own clock, if it tells.
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError>;

    /// Stores `bytes` under `key`, whatever is there. Only for objects that are never trusted:
    /// the hint, the mutable checkpoint copy.
    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError>;

    /// The object under `key`.
    async fn get(&self, key: &str) -> Result<Object, StoreError>;

    /// Up to `limit` keys that begin with `prefix` and come after `start_after` in byte order.
    /// Fewer than `limit` means that there are no more.
    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError>;
}
