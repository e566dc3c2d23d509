//! Standing between a log and its store: a test's store says what it changes, and everything else
//! passes through.

use std::ops::Deref;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, StoreError};

/// What stands around another store.
#[async_trait]
pub trait Around: Send + Sync {
    /// The store that requests go to.
    fn inner(&self) -> &dyn ObjectStore;

    /// Before a request of this kind (`create`, `replace`, `get` or `list`) goes on; an error is its
    /// answer.
    async fn before(&self, _kind: &'static str, _key: &str) -> Result<(), StoreError> {
        Ok(())
    }

    /// `ObjectStore::create`.
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        self.before("create", key).await?;
        self.inner().create(key, bytes).await
    }

    /// `ObjectStore::replace`.
    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.before("replace", key).await?;
        self.inner().replace(key, bytes).await
    }

    /// `ObjectStore::get`.
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        self.before("get", key).await?;
        self.inner().get(key).await
    }

    /// `ObjectStore::list`.
    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.before("list", prefix).await?;
        self.inner().list(prefix, start_after, limit).await
    }
}

/// The store that this makes.
pub struct Wrapped<T>(pub T);

impl<T> Deref for Wrapped<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

#[async_trait]
impl<T: Around> ObjectStore for Wrapped<T> {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        self.0.create(key, bytes).await
    }
    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.0.replace(key, bytes).await
    }
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        self.0.get(key).await
    }
    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.0.list(prefix, start_after, limit).await
    }
}
