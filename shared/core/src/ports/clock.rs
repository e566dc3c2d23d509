//! Time and randomness, so that every run can be repeated.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// The wall clock, and waiting on it.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The time now, by this machine.
    fn now(&self) -> Timestamp;
    /// Waits; used only between retries.
    async fn sleep(&self, duration: Duration);
}

/// Randomness: nonces and tokens. Never used in a decision.
pub trait Entropy: Send + Sync {
    /// 16 bytes that nobody can guess.
    fn random(&self) -> [u8; 16];
}
