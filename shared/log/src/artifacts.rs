//! Content-addressed bytes beside the log: definitions, diffs, logs, receipts (DECISIONS 14).

use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::ids::Digest;
use leviathan_core::ports::{ObjectStore, StoreError};

/// The largest artifact, in bytes.
pub const MAX_ARTIFACT_BYTES: usize = 64 * 1024 * 1024;

/// How often an unclear answer is asked again; creating by digest twice is harmless.
const TRIES: u32 = 4;

/// Artifacts over an object store. Cheap to clone.
#[derive(Clone)]
pub struct Artifacts {
    store: Arc<dyn ObjectStore>,
}

/// What went wrong with an artifact.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    /// The store did not do it.
    #[error("artifact {digest}: {source}")]
    Store {
        /// Its name.
        digest: Digest,
        /// The store's answer.
        source: StoreError,
    },
    /// The stored bytes are not those that the name promises.
    #[error(
        "artifact {digest} holds other bytes ({found}): somebody changed it, or the disk did; \
         restore it from a backup of the data store"
    )]
    Corrupt {
        /// Its name.
        digest: Digest,
        /// What the bytes hash to.
        found: Digest,
    },
    /// More than an artifact may hold.
    #[error("an artifact of {bytes} bytes is too large: at most {MAX_ARTIFACT_BYTES} bytes")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

/// The key of an artifact: `artifacts/sha256/ab/abcd…`.
pub fn key(digest: &Digest) -> String {
    crate::keys::artifact(digest)
}

impl Artifacts {
    /// Artifacts in this store.
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self { store }
    }

    /// Stores the bytes under their digest; there already is success.
    pub async fn put(&self, bytes: impl Into<Bytes>) -> Result<Digest, ArtifactError> {
        let bytes = bytes.into();
        if bytes.len() > MAX_ARTIFACT_BYTES {
            return Err(ArtifactError::TooLarge { bytes: bytes.len() });
        }
        let digest = Digest::of(&bytes);
        let key = key(&digest);
        let mut tries = 0;
        loop {
            tries += 1;
            match self.store.create(&key, bytes.clone()).await {
                Ok(_) | Err(StoreError::AlreadyExists { .. }) => return Ok(digest),
                Err(StoreError::Conflict { .. } | StoreError::Unclear { .. }) if tries < TRIES => {}
                Err(source) => return Err(ArtifactError::Store { digest, source }),
            }
        }
    }

    /// The bytes under this digest, proved to be those.
    pub async fn get(&self, digest: &Digest) -> Result<Bytes, ArtifactError> {
        let object = self.store.get(&key(digest)).await;
        let object =
            object.map_err(|source| ArtifactError::Store { digest: digest.clone(), source })?;
        let found = Digest::of(&object.bytes);
        if found == *digest {
            Ok(object.bytes)
        } else {
            Err(ArtifactError::Corrupt { digest: digest.clone(), found })
        }
    }
}
