//! The object store as the log uses it: unclear reads are repeated here, within bounds. Writes are
//! not, because what an unclear write means is `append`'s to find out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{Clock, Entropy, ObjectStore, StoreError};

use crate::error::LogError;
use crate::keys;
use crate::rules::Rules;
use crate::seal::VerifierKey;

/// How often one unclear request is made in all.
pub(crate) const TRIES: u32 = 6;

/// The first wait between two tries; doubled each time, up to `LONGEST_PAUSE`.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The store, and what is needed to be patient with it.
pub(crate) struct Access {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// Where what is derived from the log is kept (DECISIONS 14): snapshots, hint, views. Without
    /// it the state is folded from commit 0.
    pub(crate) data: Option<Arc<dyn ObjectStore>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) rules: Rules,
    /// The version that this program understands (DECISIONS 7).
    pub(crate) understood: u32,
    /// Whoever signs with this key is believed about how far the log reaches.
    pub(crate) verifier: Option<VerifierKey>,
}

/// An object, and when it was read.
pub(crate) struct Got {
    pub(crate) object: Object,
    pub(crate) heard: Heard,
}

/// The times of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    /// This machine's, before the request.
    pub(crate) asked_at: Timestamp,
    /// This machine's, after it.
    pub(crate) answered_at: Timestamp,
    /// The store's, if it told.
    pub(crate) store_time: Option<Timestamp>,
}

/// What came of creating an object of the data store.
pub(crate) enum Created {
    /// It was not there.
    New,
    /// This was there.
    Was(Bytes),
}

/// What a GET found.
pub(crate) enum Found {
    /// An object.
    Here(Got),
    /// Nothing, and no sign that there ever was something.
    Nothing(Heard),
}

impl Access {
    /// Another store, used with the same patience.
    pub(crate) fn beside(&self, store: Arc<dyn ObjectStore>) -> Self {
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
        let (rules, understood) = (self.rules, self.understood);
        Self { store, data: None, clock, entropy, rules, understood, verifier: None }
    }

    /// The commit's object; `None` where none is. A deleted one is a hole.
    pub(crate) async fn get(&self, seq: u64) -> Result<Option<Got>, LogError> {
        Ok(match self.look(seq).await? {
            Found::Here(got) => Some(got),
            Found::Nothing(_) => None,
        })
    }

    /// As [`get`](Self::get), and where nothing is the time that the store told with that.
    pub(crate) async fn look(&self, seq: u64) -> Result<Found, LogError> {
        let key = keys::commit(seq);
        let mut tries = 0;
        loop {
            let asked_at = self.clock.now();
            let answer = self.store.get(&key).await;
            let heard = |store_time| Heard { asked_at, answered_at: self.clock.now(), store_time };
            match answer {
                Ok(object) => {
                    let heard = heard(object.store_time);
                    return Ok(Found::Here(Got { object, heard }));
                }
                Err(StoreError::NotFound { delete_marker: false, store_time, .. }) => {
                    return Ok(Found::Nothing(heard(store_time)));
                }
                Err(StoreError::NotFound { delete_marker: true, .. }) => {
                    let evidence = "somebody deleted it: a delete marker stands there".to_owned();
                    return Err(LogError::Hole { missing: key, evidence });
                }
                Err(problem) => tries = self.patience(tries, problem).await?,
            }
        }
    }

    /// The mutable checkpoint, if there is one.
    pub(crate) async fn checkpoint(&self) -> Result<Option<Bytes>, LogError> {
        Ok(self.bytes_in(self.store.as_ref(), keys::CHECKPOINT).await?)
    }

    /// Up to `limit` keys of commits after this one.
    pub(crate) async fn list(
        &self,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<String>, LogError> {
        let after = after.map(keys::commit);
        Ok(self.until_clear(|| self.store.list(keys::EVENTS, after.as_deref(), limit)).await?)
    }

    /// An object of the data store; `None`: there is none, or no data store.
    pub(crate) async fn get_data(&self, key: &str) -> Result<Option<Bytes>, LogError> {
        let Some(data) = &self.data else { return Ok(None) };
        Ok(self.bytes_in(data.as_ref(), key).await?)
    }

    /// Up to `limit` keys of the data store.
    pub(crate) async fn list_data(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, LogError> {
        let Some(data) = &self.data else { return Ok(Vec::new()) };
        Ok(self.until_clear(|| data.list(prefix, after, limit)).await?)
    }

    /// Creates an object of the data store. An unclear try is repeated with the same bytes, so what
    /// "is there" may be our own.
    pub(crate) async fn create_data(&self, key: &str, bytes: Bytes) -> Result<Created, LogError> {
        let data = self.data_store(key)?;
        if self.create_in(data.as_ref(), key, &bytes).await? {
            return Ok(Created::New);
        }
        match self.get_data(key).await? {
            Some(there) => Ok(Created::Was(there)),
            None => Err(StoreError::NotFound {
                key: key.to_owned(),
                delete_marker: false,
                store_time: None,
            }
            .into()),
        }
    }

    /// Writes a mutable object of the data store.
    pub(crate) async fn replace_data(&self, key: &str, bytes: Bytes) -> Result<(), LogError> {
        let data = self.data_store(key)?;
        Ok(self.until_clear(|| data.replace(key, Bytes::clone(&bytes))).await?)
    }

    fn data_store(&self, key: &str) -> Result<&Arc<dyn ObjectStore>, StoreError> {
        self.data.as_ref().ok_or_else(|| StoreError::Refused {
            key: key.to_owned(),
            reason: "this log was opened without its data store".to_owned(),
        })
    }

    /// The object under this key of any store; `None` where none is.
    pub(crate) async fn bytes_in(
        &self,
        store: &dyn ObjectStore,
        key: &str,
    ) -> Result<Option<Bytes>, StoreError> {
        match self.until_clear(|| store.get(key)).await {
            Ok(object) => Ok(Some(object.bytes)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Creates an object of any store; `false`: something stands there, which may be our own of an
    /// earlier try.
    pub(crate) async fn create_in(
        &self,
        store: &dyn ObjectStore,
        key: &str,
        bytes: &Bytes,
    ) -> Result<bool, StoreError> {
        match self.until_clear(|| store.create(key, Bytes::clone(bytes))).await {
            Ok(_) => Ok(true),
            Err(StoreError::AlreadyExists { .. }) => Ok(false),
            Err(problem) => Err(problem),
        }
    }

    /// Makes a request that may be made again with no harm, until its answer is clear, within
    /// bounds.
    pub(crate) async fn until_clear<T, F>(&self, request: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let mut tries = 0;
        loop {
            match request().await {
                Ok(answer) => return Ok(answer),
                Err(problem) => tries = self.patience(tries, problem).await?,
            }
        }
    }

    /// Waits before the next try of a read, or gives up.
    pub(crate) async fn patience(
        &self,
        tries: u32,
        problem: StoreError,
    ) -> Result<u32, StoreError> {
        let tries = tries.saturating_add(1);
        let again = matches!(problem, StoreError::Unclear { .. } | StoreError::Conflict { .. });
        if !again || tries >= TRIES {
            return Err(problem);
        }
        self.pause(tries).await;
        Ok(tries)
    }

    /// Waits between two tries: longer each time, and never two writers in step.
    pub(crate) async fn pause(&self, tries: u32) {
        let doubled = FIRST_PAUSE.saturating_mul(1_u32 << tries.saturating_sub(1).min(16));
        let longest = doubled.min(LONGEST_PAUSE);
        self.clock.sleep(longest.mul_f64(0.5 + self.chance() / 2.0)).await;
    }

    /// A random number from 0 to below 1.
    pub(crate) fn chance(&self) -> f64 {
        let [a, b, c, d, ..] = self.entropy.random();
        f64::from(u32::from_le_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
    }
}
