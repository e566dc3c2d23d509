//! A memory store as one process reaches it over a bad network. Every request takes at least one
//! step to get there and one to come back, so that anything can happen in between.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, StoreError};
use leviathan_local::MemoryStore;

use crate::event_loop::{Owner, Steps};
use crate::history::History;
use crate::weather::Weather;

/// A write that is still on its way when its sender has stopped waiting for it.
pub(crate) struct Late {
    pub(crate) key: String,
    pub(crate) bytes: Bytes,
}

/// The way of one process to the store.
pub(crate) struct FaultyStore {
    pub(crate) steps: Steps,
    pub(crate) owner: Owner,
    pub(crate) weather: Arc<Weather>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) history: History,
}

/// What becomes of one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Good,
    AnswerLost,
    StoredLate,
    NotReached,
    Conflict,
    SentTwice,
}

impl FaultyStore {
    fn fate(&self) -> Fate {
        if !self.history.has_store(&self.steps, self.owner) {
            let fates = [Fate::AnswerLost, Fate::StoredLate, Fate::NotReached, Fate::NotReached];
            return fates[usize::try_from(self.steps.chance.below(4)).expect("small")];
        }
        let weather = &self.weather;
        let mut roll = self.steps.chance.below(100);
        for (chance, fate) in [
            (weather.answer_lost, Fate::AnswerLost),
            (weather.stored_late, Fate::StoredLate),
            (weather.not_reached, Fate::NotReached),
            (weather.conflict, Fate::Conflict),
            (weather.sent_twice, Fate::SentTwice),
        ] {
            if roll < chance {
                return fate;
            }
            roll -= chance;
        }
        Fate::Good
    }

    async fn step(&self, what: String) {
        self.steps.step(self.owner, what, SignedDuration::ZERO).await;
    }

    /// A read that may not reach the store.
    async fn reach(&self, what: String, key: &str) -> Result<(), StoreError> {
        self.step(what).await;
        let reached = self.history.has_store(&self.steps, self.owner);
        if !reached || self.steps.chance.chance(self.weather.not_reached / 2) {
            self.history.count("not reached");
            return Err(unclear(key, "503"));
        }
        Ok(())
    }

    /// The store's `Date`: its own time, cut to the second.
    fn date(&self) -> Option<Timestamp> {
        Timestamp::from_second(self.steps.now().as_second()).ok()
    }

    async fn store(&self, key: &str, bytes: &Bytes) -> Result<Option<Timestamp>, StoreError> {
        let stored = self.store.create(key, bytes.clone()).await;
        if stored.is_ok() {
            self.history.count("commit stored");
        }
        stored.map(|_| self.date())
    }
}

fn unclear(key: &str, reason: &str) -> StoreError {
    StoreError::Unclear { key: key.to_owned(), reason: reason.to_owned() }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        let fate = self.fate();
        self.step(format!("PUT {key}, {fate:?}")).await;
        let answer = match fate {
            Fate::Good => self.store(key, &bytes).await,
            Fate::AnswerLost => {
                self.history.count("answer lost");
                drop(self.store(key, &bytes).await);
                Err(unclear(key, "connection reset"))
            }
            Fate::StoredLate => {
                self.history.late(Late { key: key.to_owned(), bytes });
                Err(unclear(key, "time-out"))
            }
            Fate::NotReached => {
                self.history.count("not reached");
                Err(unclear(key, "503"))
            }
            Fate::Conflict => {
                self.history.count("conflict");
                Err(StoreError::Conflict { key: key.to_owned() })
            }
            Fate::SentTwice => {
                self.history.count("sent twice");
                drop(self.store(key, &bytes).await);
                self.store(key, &bytes).await
            }
        };
        self.step(format!("answer to PUT {key}: {}", spell(&answer))).await;
        answer
    }

    async fn replace(&self, key: &str, _: Bytes) -> Result<(), StoreError> {
        // The log never replaces anything.
        Err(StoreError::Refused { key: key.to_owned(), reason: "not in a log".to_owned() })
    }

    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        self.reach(format!("GET {key}"), key).await?;
        let mut answer = self.store.get(key).await;
        if let Ok(object) = &mut answer {
            object.store_time = self.date();
        }
        self.step(format!("answer to GET {key}: {}", spell(&answer))).await;
        answer
    }

    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.reach(format!("LIST {prefix}"), prefix).await?;
        let answer = self.store.list(prefix, start_after, limit).await;
        self.step(format!("answer to LIST: {}", spell(&answer))).await;
        answer
    }
}

fn spell<T>(answer: &Result<T, StoreError>) -> String {
    match answer {
        Ok(_) => "ok".to_owned(),
        Err(problem) => problem.to_string(),
    }
}
