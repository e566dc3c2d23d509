//! An object store in a folder: one file an object, its key the path.
//!
//! Create-once on a file system: the bytes are written to a file of their own, flushed to the disk,
//! and only then linked to their final name; `link` fails where the name is taken. So a reader sees
//! the whole object or none, of any number of writers exactly one wins, and a writer that dies at
//! any moment leaves at most a file in `.writing` that nobody reads. The folder is flushed before
//! an object is acknowledged. (Renaming would be one call less, but replaces what is there.)
//!
//! File calls block, and flushing can take seconds on a busy disk: they run on tokio's threads for
//! blocking work, so that one slow disk does not stop everything else in the process. And a call
//! whose caller has gone away is finished all the same, as a request on the network would be.

mod files;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::object_key::check_key;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, StoreError};

use self::files::Files;

/// Objects in a folder.
#[derive(Debug, Clone)]
pub struct FolderStore {
    files: Arc<Files>,
}

impl FolderStore {
    /// The store in this folder, which is made where it is missing. Removes what writers that died
    /// have left half-written.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Ok(Self { files: Arc::new(Files::open(root.into())?) })
    }

    /// The store in this folder, for reading only: nothing is made, changed or removed, writes are
    /// refused, and a folder that is missing is a store without objects.
    pub fn read_only(root: impl Into<PathBuf>) -> Self {
        Self { files: Arc::new(Files::read_only(root.into())) }
    }

    /// Removes all objects under `prefix` but the `keep` whose keys come last, and says how many
    /// went. For what is derived and can be made again, where no lifecycle rule does it; not part
    /// of the port, because no program may delete from a log.
    pub async fn keep_newest(&self, prefix: &str, keep: usize) -> Result<usize, StoreError> {
        let (files, wanted) = (Arc::clone(&self.files), prefix.to_owned());
        blocking(prefix, move || {
            let mut keys = walk::list(files.root(), &wanted, None, usize::MAX)?;
            keys.truncate(keys.len().saturating_sub(keep));
            for key in &keys {
                files.remove(key)?;
            }
            Ok(keys.len())
        })
        .await
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        self.files.root()
    }
}

#[async_trait]
impl ObjectStore for FolderStore {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        check_key(key)?;
        let (files, owned) = (Arc::clone(&self.files), key.to_owned());
        blocking(key, move || files.create(&owned, &bytes)).await?;
        Ok(None)
    }

    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        check_key(key)?;
        let (files, owned) = (Arc::clone(&self.files), key.to_owned());
        blocking(key, move || files.replace(&owned, &bytes)).await
    }

    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        check_key(key)?;
        let (files, owned) = (Arc::clone(&self.files), key.to_owned());
        let bytes = blocking(key, move || files.get(&owned)).await?;
        Ok(Object { bytes, store_time: None })
    }

    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let files = Arc::clone(&self.files);
        let (wanted, after) = (prefix.to_owned(), start_after.map(str::to_owned));
        blocking(prefix, move || walk::list(files.root(), &wanted, after.as_deref(), limit)).await
    }
}

async fn blocking<T: Send + 'static>(
    key: &str,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|stopped| {
        // The process is ending, or the work panicked half-way.
        Err(StoreError::Unclear { key: key.to_owned(), reason: stopped.to_string() })
    })
}
