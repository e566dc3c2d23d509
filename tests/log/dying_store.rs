//! A store whose process dies: after so many writes, everything it is asked is refused. All stores
//! of one process share the count, so a test can stop it before or after each single write.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, StoreError};

/// How many writes are left before the process dies.
#[derive(Clone)]
pub(crate) struct Life(Arc<AtomicI64>);

impl Life {
    pub(crate) fn of(writes: i64) -> Self {
        Self(Arc::new(AtomicI64::new(writes)))
    }

    fn is_over(&self) -> bool {
        self.0.load(Ordering::SeqCst) <= 0
    }
}

pub(crate) struct DyingStore {
    inner: Arc<dyn ObjectStore>,
    life: Life,
}

impl DyingStore {
    pub(crate) fn over(inner: &Arc<dyn ObjectStore>, life: &Life) -> Arc<dyn ObjectStore> {
        Arc::new(Self { inner: Arc::clone(inner), life: life.clone() })
    }

    fn alive(&self, key: &str) -> Result<(), StoreError> {
        if self.life.is_over() {
            let reason = "the process is dead".to_owned();
            return Err(StoreError::Refused { key: key.to_owned(), reason });
        }
        Ok(())
    }
}

#[async_trait]
impl ObjectStore for DyingStore {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        self.alive(key)?;
        let created = self.inner.create(key, bytes).await;
        if created.is_ok() {
            self.life.0.fetch_sub(1, Ordering::SeqCst);
        }
        created
    }

    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.alive(key)?;
        self.life.0.fetch_sub(1, Ordering::SeqCst);
        self.inner.replace(key, bytes).await
    }

    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        self.alive(key)?;
        self.inner.get(key).await
    }

    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.alive(prefix)?;
        self.inner.list(prefix, start_after, limit).await
    }
}
