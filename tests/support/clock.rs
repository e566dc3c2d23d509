//! Time and randomness that a test holds in its hand.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use leviathan_core::ports::{Clock, Entropy};

/// A clock that moves only when it is told to, or when somebody sleeps: then by that much, at once.
#[derive(Debug)]
pub struct HandClock {
    now: Mutex<Timestamp>,
}

impl HandClock {
    /// At this time.
    pub fn at(now: Timestamp) -> Self {
        Self { now: Mutex::new(now) }
    }

    /// Moves it; backwards too.
    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        // A duration without calendar units can always be added.
        *now = now.saturating_add(by).unwrap_or(*now);
    }
}

impl Default for HandClock {
    fn default() -> Self {
        // 2026-11-24T12:00:00Z
        Self::at(Timestamp::constant(1_795_521_600, 0))
    }
}

#[async_trait]
impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
    async fn sleep(&self, duration: Duration) {
        self.advance(SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX));
    }
}

/// The machine's clock, for tests in which several tasks really wait for each other.
#[derive(Debug)]
pub struct TrueClock;

#[async_trait]
impl Clock for TrueClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Randomness from a seed: the same seed, the same numbers. (splitmix64)
#[derive(Debug)]
pub struct SeededEntropy {
    state: AtomicU64,
}

impl SeededEntropy {
    /// From this seed.
    pub fn new(seed: u64) -> Self {
        Self { state: AtomicU64::new(seed) }
    }

    /// The next number.
    pub fn next(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.state.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// True in `of_hundred` of 100 cases.
    pub fn chance(&self, of_hundred: u64) -> bool {
        self.below(100) < of_hundred
    }
}

impl Entropy for SeededEntropy {
    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.next().to_le_bytes());
        bytes[8..].copy_from_slice(&self.next().to_le_bytes());
        bytes
    }
}
