//! The object-store port over S3's own protocol: a bucket of AWS, or of a store that speaks it.
//!
//! One call of the port is one HTTP request (a LIST one for each 1,000 keys): the SDK's own retries
//! are off, because an append that the SDK has sent twice would be told "exists already" about
//! itself, and because request counts are the performance contract. Who calls decides whether to
//! ask again.

mod clock;
mod fault;
mod list;
mod open;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::Config;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode};
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::object_key::check_key;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, StoreError};
use tokio::time::timeout;

use self::clock::StoreClock;
use self::fault::{Asked, Place, refused, unclear};
use crate::s3_place::S3Place;
use crate::words::causes;

pub use self::open::S3OpenError;

/// The longest key of S3, the prefix with it, in bytes.
const MAX_KEY_BYTES: usize = 1_024;

/// More than any object of ours has: a foreign one must not fill the memory.
const MAX_OBJECT_BYTES: u64 = 128 * 1024 * 1024;

/// How long a request may take. Every one ends within these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until the answer is there, for an object of no size.
    pub answer: Duration,
    /// More time is given for an object's size: as if each second carried so many bytes.
    pub bytes_a_second: u64,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(10),
            bytes_a_second: 256 * 1024,
        }
    }
}

impl TimeLimits {
    /// For a request or an answer that carries so many bytes.
    fn carrying(&self, bytes: u64) -> Duration {
        self.answer.saturating_add(Duration::from_secs(bytes / self.bytes_a_second.max(1)))
    }

    fn config(&self, bytes: u64) -> TimeoutConfig {
        let whole = self.carrying(bytes);
        TimeoutConfig::builder()
            .connect_timeout(self.connect)
            .operation_attempt_timeout(whole)
            .operation_timeout(whole)
            // It runs from the first byte sent, so it would cut long uploads; `whole` bounds it.
            .disable_read_timeout()
            .build()
    }
}

/// Objects under a prefix of a bucket.
#[derive(Debug, Clone)]
pub struct S3Store {
    client: Client,
    place: S3Place,
    limits: TimeLimits,
}

impl S3Store {
    /// Objects at this place, reached by this client: its endpoint, region and credentials count,
    /// its retries and time-outs are replaced.
    pub fn new(client: &Client, place: S3Place) -> Self {
        Self::with_limits(client, place, TimeLimits::default())
    }

    /// The same, with other time limits.
    pub fn with_limits(client: &Client, place: S3Place, limits: TimeLimits) -> Self {
        let config = client
            .config()
            .to_builder()
            .retry_config(RetryConfig::disabled())
            .timeout_config(limits.config(0))
            .stalled_stream_protection(
                StalledStreamProtectionConfig::enabled().grace_period(limits.answer).build(),
            )
            .build();
        Self { client: Client::from_conf(config), place, limits }
    }

    /// Where it lies.
    pub fn place(&self) -> &S3Place {
        &self.place
    }

    /// The key as the bucket knows it.
    fn full(&self, key: &str) -> Result<String, StoreError> {
        check_key(key)?;
        let full = format!("{}{key}", self.place.prefix());
        if full.len() > MAX_KEY_BYTES {
            let reason = "with the store's prefix the key is longer than S3's 1,024 bytes; use a \
                          shorter prefix";
            return Err(refused(key, reason));
        }
        Ok(full)
    }

    /// For one request that carries so many bytes.
    fn config(&self, bytes: u64) -> Builder {
        Config::builder().timeout_config(self.limits.config(bytes))
    }

    /// One PUT. The checksum is SHA-256, not one of the quicker ones: S3 compares it before it
    /// stores, keeps it, and sends it with each GET, where the SDK compares again. It is also the
    /// very digest that the next commit's `prev` and an artifact's name hold, so an auditor can hold
    /// the chain against S3's own word without downloading.
    async fn put(
        &self,
        key: &str,
        bytes: Bytes,
        asked: Asked,
    ) -> Result<Option<Timestamp>, StoreError> {
        let full = self.full(key)?;
        let clock = StoreClock::default();
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let answer = self
            .client
            .put_object()
            .bucket(self.place.bucket())
            .key(full)
            .set_if_none_match((asked == Asked::Create).then(|| "*".to_owned()))
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .body(bytes.into())
            .customize()
            .config_override(self.config(size))
            .interceptor(clock.clone())
            .send()
            .await;
        match answer {
            // S3 names what it has stored by a tag; whoever answers without one is something else.
            Ok(stored) if stored.e_tag().is_none() => {
                Err(unclear(key, "an answer that is not S3's: it names no entity tag"))
            }
            Ok(_) => Ok(clock.time()),
            Err(problem) => Err(Place { key, bucket: &self.place }.fault(asked, &problem)),
        }
    }

    /// The bytes behind an answer to GET, whole, and compared with their checksum where S3 sent one.
    async fn whole(&self, key: &str, answer: GetObjectOutput) -> Result<Bytes, StoreError> {
        if answer.e_tag().is_none() {
            return Err(unclear(key, "an answer that is not S3's: it names no entity tag"));
        }
        let size = answer.content_length().and_then(|length| u64::try_from(length).ok());
        let Some(size) = size else {
            return Err(unclear(key, "an answer that is not S3's: it names no length"));
        };
        if size > MAX_OBJECT_BYTES {
            let reason = format!(
                "the object has {size} bytes, and none of ours has more than {MAX_OBJECT_BYTES}: \
                 somebody else put it there"
            );
            return Err(refused(key, &reason));
        }
        match timeout(self.limits.carrying(size), answer.body.collect()).await {
            Ok(Ok(body)) => Ok(body.into_bytes()),
            Ok(Err(problem)) => Err(unclear(
                key,
                &format!("the answer broke off or was changed: {}", causes(&problem)),
            )),
            Err(_) => Err(unclear(key, "the answer did not come to its end in time")),
        }
    }
}

#[async_trait]
impl ObjectStore for S3Store {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        self.put(key, bytes, Asked::Create).await
    }

    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.put(key, bytes, Asked::Replace).await.map(|_| ())
    }

    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        let full = self.full(key)?;
        let clock = StoreClock::default();
        let answer = self
            .client
            .get_object()
            .bucket(self.place.bucket())
            .key(full)
            .checksum_mode(ChecksumMode::Enabled)
            .customize()
            .interceptor(clock.clone())
            .send()
            .await;
        match answer {
            Ok(answer) => {
                let bytes = self.whole(key, answer).await?;
                Ok(Object { bytes, store_time: clock.time() })
            }
            Err(problem) => Err(Place { key, bucket: &self.place }.fault(Asked::Get, &problem)),
        }
    }

    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        list::list(self, prefix, start_after, limit).await
    }
}
