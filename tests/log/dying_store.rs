//! A store whose process dies: after so many writes, everything it is asked is refused. All stores
//! of one process share the count, so a test can stop it before or after each single write.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::{ObjectStore, StoreError};
use leviathan_tests::wrapped::{Around, Wrapped};

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
        Arc::new(Wrapped(Self { inner: Arc::clone(inner), life: life.clone() }))
    }
}

#[async_trait]
impl Around for DyingStore {
    fn inner(&self) -> &dyn ObjectStore {
        self.inner.as_ref()
    }
    async fn before(&self, kind: &'static str, key: &str) -> Result<(), StoreError> {
        if self.life.is_over() {
            let reason = "the process is dead".to_owned();
            return Err(StoreError::Refused { key: key.to_owned(), reason });
        }
        if kind == "replace" {
            self.life.0.fetch_sub(1, Ordering::SeqCst);
        }
        Ok(())
    }
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        self.before("create", key).await?;
        let created = self.inner.create(key, bytes).await;
        if created.is_ok() {
            self.life.0.fetch_sub(1, Ordering::SeqCst);
        }
        created
    }
}
