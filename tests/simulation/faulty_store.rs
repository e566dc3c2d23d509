//! A memory store as one process reaches it over a bad network. Every request takes at least one
//! step to get there and one to come back, so that anything can happen in between.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, StoreError};
use leviathan_local::MemoryStore;

use crate::event_loop::Owner;
use crate::faults::{Fault, Request};
use crate::network::{Late, Network};

/// The way of one process to a store.
pub(crate) struct FaultyStore {
    pub(crate) network: Network,
    pub(crate) owner: Owner,
    pub(crate) store: Arc<MemoryStore>,
    /// What a trace calls it; empty for the log's own.
    pub(crate) name: &'static str,
}

impl FaultyStore {
    /// The request gets there, or not.
    async fn send(&self, request: Request, key: &str) -> Result<Option<Fault>, StoreError> {
        let fault = self.network.fault(self.owner, request);
        let wrong = fault.map_or_else(String::new, |fault| format!(": {}", fault.name()));
        self.step(format!("{}{request:?} {key}{wrong}", self.name)).await;
        let unclear =
            |reason: &str| StoreError::Unclear { key: key.to_owned(), reason: reason.to_owned() };
        match fault {
            Some(Fault::NotReached) => Err(unclear("503")),
            Some(Fault::ErrorBody) => Err(unclear("200 with an error body: InternalError")),
            Some(Fault::Refused) => {
                Err(StoreError::Refused { key: key.to_owned(), reason: "403".to_owned() })
            }
            fault => Ok(fault),
        }
    }

    async fn step(&self, what: String) {
        self.network.steps.step(self.owner, what, SignedDuration::ZERO).await;
    }

    async fn answer<T>(&self, request: &str, answer: &Result<T, StoreError>) {
        let what = match answer {
            Ok(_) => "ok".to_owned(),
            Err(problem) => problem.to_string(),
        };
        self.step(format!("{}answer to {request}: {what}", self.name)).await;
    }

    /// The store's `Date`: its own time, cut to the second, or what it takes for that.
    fn date(&self, fault: Option<Fault>) -> Option<Timestamp> {
        let off = match fault {
            Some(Fault::StoreAhead) => 3_600,
            Some(Fault::StoreBehind) => -3_600,
            _ => 0,
        };
        Timestamp::from_second(self.network.steps.now().as_second() + off).ok()
    }

    async fn store(&self, key: &str, bytes: &Bytes) -> Result<(), StoreError> {
        self.store.create(key, bytes.clone()).await?;
        self.network.tally.count("object stored");
        Ok(())
    }

    /// What becomes of a write that gets there.
    async fn create_under(
        &self,
        fault: Option<Fault>,
        key: &str,
        bytes: Bytes,
    ) -> Result<Option<Timestamp>, StoreError> {
        let key_of = || key.to_owned();
        let late = || Late { store: Arc::clone(&self.store), key: key_of(), bytes: bytes.clone() };
        let reason = match fault {
            Some(Fault::AnswerLost) => {
                drop(self.store(key, &bytes).await);
                "connection reset"
            }
            Some(Fault::StoredLate) => {
                self.network.late(late());
                "time-out"
            }
            Some(Fault::StoredAfterNotFound) => {
                self.network.after_not_found(late());
                "time-out"
            }
            Some(Fault::Conflict) => return Err(StoreError::Conflict { key: key_of() }),
            Some(Fault::SentTwice) => {
                drop(self.store(key, &bytes).await);
                return self.store(key, &bytes).await.map(|()| self.date(fault));
            }
            _ => return self.store(key, &bytes).await.map(|()| self.date(fault)),
        };
        Err(StoreError::Unclear { key: key_of(), reason: reason.to_owned() })
    }
}

#[async_trait]
impl ObjectStore for FaultyStore {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        let answer = match self.send(Request::Create, key).await {
            Ok(fault) => self.create_under(fault, key, bytes).await,
            Err(problem) => Err(problem),
        };
        self.answer(&format!("Create {key}"), &answer).await;
        answer
    }

    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        let answer = match self.send(Request::Replace, key).await {
            Ok(fault) => {
                self.store.replace(key, bytes).await?;
                match fault {
                    Some(_) => Err(StoreError::Unclear {
                        key: key.to_owned(),
                        reason: "connection reset".to_owned(),
                    }),
                    None => Ok(()),
                }
            }
            Err(problem) => Err(problem),
        };
        self.answer(&format!("Replace {key}"), &answer).await;
        answer
    }

    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        let answer = match self.send(Request::Get, key).await {
            Ok(Some(Fault::DeleteMarker)) => Err(StoreError::NotFound {
                key: key.to_owned(),
                delete_marker: true,
                store_time: self.date(None),
            }),
            Ok(fault) => {
                let mut answer = self.store.get(key).await;
                match &mut answer {
                    Ok(object) => {
                        object.store_time = self.date(fault);
                        if fault == Some(Fault::Truncated) {
                            let left = self.network.steps.chance.below(object.bytes.len() as u64);
                            object.bytes.truncate(usize::try_from(left).expect("small"));
                        }
                    }
                    Err(StoreError::NotFound { store_time, .. }) => {
                        *store_time = self.date(fault);
                        self.network.was_not_found(key).await;
                    }
                    Err(_) => {}
                }
                answer
            }
            Err(problem) => Err(problem),
        };
        self.answer(&format!("Get {key}"), &answer).await;
        answer
    }

    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let answer = match self.send(Request::List, prefix).await {
            Ok(fault) => {
                let mut answer = self.store.list(prefix, start_after, limit).await;
                if let (Some(Fault::StaleList), Ok(keys)) = (fault, &mut answer) {
                    let left = self.network.steps.chance.below(keys.len() as u64 + 1);
                    keys.truncate(usize::try_from(left).expect("small"));
                }
                answer
            }
            Err(problem) => Err(problem),
        };
        self.answer(&format!("List {prefix}"), &answer).await;
        answer
    }
}
