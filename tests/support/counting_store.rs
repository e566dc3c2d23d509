//! A store that counts the requests made to it: request counts are the performance contract.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, StoreError};

/// How many requests of each kind were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Requests {
    /// `create` and `replace`.
    pub puts: u64,
    /// `get`.
    pub gets: u64,
    /// `list`.
    pub lists: u64,
}

/// Passes everything on, and counts it.
pub struct CountingStore {
    inner: Arc<dyn ObjectStore>,
    puts: AtomicU64,
    gets: AtomicU64,
    lists: AtomicU64,
    takes: Option<Duration>,
}

impl CountingStore {
    /// Counts what goes to this store.
    pub fn over(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, puts: 0.into(), gets: 0.into(), lists: 0.into(), takes: None }
    }

    /// Each request takes so long, on tokio's clock. Where that clock stands still but for such
    /// waits (`start_paused`), the time that passes tells how many had to wait for one another.
    #[must_use]
    pub fn with_each_taking(mut self, duration: Duration) -> Self {
        self.takes = Some(duration);
        self
    }

    async fn count(&self, kind: &AtomicU64) {
        kind.fetch_add(1, Ordering::SeqCst);
        if let Some(duration) = self.takes {
            tokio::time::sleep(duration).await;
        }
    }

    /// The counts since the last call.
    pub fn take(&self) -> Requests {
        Requests {
            puts: self.puts.swap(0, Ordering::SeqCst),
            gets: self.gets.swap(0, Ordering::SeqCst),
            lists: self.lists.swap(0, Ordering::SeqCst),
        }
    }
}

#[async_trait]
impl ObjectStore for CountingStore {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        self.count(&self.puts).await;
        self.inner.create(key, bytes).await
    }
    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.count(&self.puts).await;
        self.inner.replace(key, bytes).await
    }
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        self.count(&self.gets).await;
        self.inner.get(key).await
    }
    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.count(&self.lists).await;
        self.inner.list(prefix, start_after, limit).await
    }
}
