//! A store in memory that takes its time, as tokio's clock has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{Clock, Entropy, ObjectStore, StoreError};
use leviathan_local::MemoryStore;
use tokio::time::{Instant, sleep};

/// There, and as long back.
const HALF_A_PUT: Duration = Duration::from_millis(30);
const HALF_A_GET: Duration = Duration::from_millis(10);

/// Takes 60 ms to write, 20 ms to read or to list; or so much more or less.
pub(crate) struct SlowStore {
    inner: Arc<MemoryStore>,
    /// The largest part of each time that is added or taken away.
    spread: f64,
    dice: Seeded,
    stored: AtomicU64,
    lost: AtomicU64,
    gets: AtomicU64,
}

/// Requests since the last `forget`.
pub(crate) struct Counts {
    /// Commits stored.
    pub(crate) stored: f64,
    /// PUTs that found another commit.
    pub(crate) lost: f64,
    /// GETs, of all processes.
    pub(crate) gets: f64,
}

impl SlowStore {
    /// Whose times differ by up to this part.
    pub(crate) fn with_spread(spread: f64) -> Self {
        let [stored, lost, gets] = [0; 3].map(AtomicU64::new);
        Self { inner: Arc::default(), spread, dice: Seeded::new(7), stored, lost, gets }
    }

    pub(crate) fn counts(&self) -> Counts {
        let [stored, lost, gets] =
            [&self.stored, &self.lost, &self.gets].map(|of| of.load(Ordering::SeqCst) as f64);
        Counts { stored, lost, gets }
    }

    /// Counts from 0.
    pub(crate) fn forget(&self) {
        [&self.stored, &self.lost, &self.gets].iter().for_each(|of| of.store(0, Ordering::SeqCst));
    }

    async fn takes(&self, time: Duration) {
        let chance = self.dice.next() as f64 / u64::MAX as f64;
        sleep(time.mul_f64(1.0 + self.spread * (2.0 * chance - 1.0))).await;
    }
}

#[async_trait]
impl ObjectStore for SlowStore {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        self.takes(HALF_A_PUT).await;
        let answer = self.inner.create(key, bytes).await;
        let count = if answer.is_ok() { &self.stored } else { &self.lost };
        count.fetch_add(1, Ordering::SeqCst);
        self.takes(HALF_A_PUT).await;
        answer
    }
    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.takes(HALF_A_PUT * 2).await;
        self.inner.replace(key, bytes).await
    }
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        self.gets.fetch_add(1, Ordering::SeqCst);
        self.takes(HALF_A_GET).await;
        let answer = self.inner.get(key).await;
        self.takes(HALF_A_GET).await;
        answer
    }
    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.takes(HALF_A_GET * 2).await;
        self.inner.list(prefix, start_after, limit).await
    }
}

/// tokio's clock as the wall clock.
pub(crate) struct PausedClock {
    base: Timestamp,
    began: Instant,
}

impl Default for PausedClock {
    fn default() -> Self {
        // 2026-11-24T12:00:00Z
        Self { base: Timestamp::constant(1_795_521_600, 0), began: Instant::now() }
    }
}

#[async_trait]
impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        self.base.saturating_add(self.began.elapsed()).unwrap_or(self.base)
    }
    async fn sleep(&self, duration: Duration) {
        sleep(duration).await;
    }
}

/// Numbers from a seed. (splitmix64)
pub(crate) struct Seeded(AtomicU64);

impl Seeded {
    /// From this seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed.wrapping_mul(0x1234_5678_9abc_def1)))
    }

    pub(crate) fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

impl Entropy for Seeded {
    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_le_bytes());
        bytes[8..].copy_from_slice(&self.next().to_le_bytes());
        bytes
    }
}
