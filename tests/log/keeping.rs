//! What tests of backup and restore share: stores, a log that grows, and whole stores compared.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::ports::ObjectStore;
use leviathan_local::MemoryStore;
use leviathan_log::{Log, LogError};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::{log_over, note, transaction};

pub(crate) fn store() -> Arc<dyn ObjectStore> {
    Arc::new(MemoryStore::new())
}

pub(crate) fn clock() -> Arc<HandClock> {
    Arc::new(HandClock::at("2026-03-01T12:00:00Z".parse().unwrap()))
}

/// A process of its own on this store.
pub(crate) fn process(store: &Arc<dyn ObjectStore>, clock: &Arc<HandClock>, seed: u64) -> Log {
    log_over(Arc::clone(store), clock.clone(), seed)
}

pub(crate) async fn append(log: &Log, number: u64) -> Result<u64, LogError> {
    let outcome = log.transact(&transaction("test"), move |_, _| note(number)).await?;
    Ok(outcome.commit.unwrap().seq())
}

/// A store with a log of so many commits, a second apart.
pub(crate) async fn log_of(commits: u64, clock: &Arc<HandClock>) -> Arc<dyn ObjectStore> {
    let store = store();
    let log = process(&store, clock, 77);
    for number in 0..commits {
        append(&log, number).await.unwrap();
        clock.advance(jiff::SignedDuration::from_secs(1));
    }
    store
}

/// Every object of a store.
pub(crate) async fn objects(store: &Arc<dyn ObjectStore>) -> BTreeMap<String, Bytes> {
    let mut objects = BTreeMap::new();
    for key in store.list("", None, 100_000).await.unwrap() {
        let bytes = store.get(&key).await.unwrap().bytes;
        objects.insert(key, bytes);
    }
    objects
}

/// A store that holds these objects.
pub(crate) async fn store_of(objects: &BTreeMap<String, Bytes>) -> Arc<dyn ObjectStore> {
    let store = store();
    for (key, bytes) in objects {
        store.create(key, bytes.clone()).await.unwrap();
    }
    store
}
