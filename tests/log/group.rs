//! Group commit: what waits while an append is under way shares the next one, each transaction
//! gets exactly its own answer, and none can spoil another's.

mod leaving;
mod sharing;
mod spoiling;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::decide::{Decision, Moment};
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, StoreError};
use leviathan_core::state::State;
use leviathan_local::MemoryStore;
use leviathan_log::{Log, LogError, Outcome};
use leviathan_tests::clock::HandClock;
use leviathan_tests::counting_store::{CountingStore, Requests};
use leviathan_tests::log_builders::{event, log_over, transaction};
use leviathan_tests::wrapped::{Around, Wrapped};
use serde_json::json;
use tokio::task::yield_now;

/// A store whose requests take a moment to get there and a moment to come back.
struct Slow(Arc<MemoryStore>);

#[async_trait]
impl Around for Slow {
    fn inner(&self) -> &dyn ObjectStore {
        self.0.as_ref()
    }
    async fn before(&self, _: &'static str, _: &str) -> Result<(), StoreError> {
        yield_now().await;
        Ok(())
    }
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        yield_now().await;
        let answer = self.0.create(key, bytes).await;
        yield_now().await;
        answer
    }
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        yield_now().await;
        let answer = self.0.get(key).await;
        yield_now().await;
        answer
    }
}

struct World {
    store: Arc<MemoryStore>,
    counter: Arc<CountingStore>,
    log: Log,
}

/// A log over a slow store, which has been read to its end.
async fn world() -> World {
    let store = Arc::new(MemoryStore::new());
    let counter = Arc::new(CountingStore::over(Arc::new(Wrapped(Slow(store.clone())))));
    let log = log_over(counter.clone(), Arc::new(HandClock::default()), 1);
    log.view().await.unwrap();
    counter.take();
    World { store, counter, log }
}

fn requests(puts: u64, gets: u64) -> Requests {
    Requests { puts, gets, lists: 0 }
}

/// Appends so many events, and answers with how many there were before.
async fn append(log: &Log, number: u64, count: u64) -> Result<Outcome<u64>, LogError> {
    let decide = move |state: &State, _: &Moment| {
        let payload = json!({ "number": number, "decided_after": state.events });
        let events = (0..count).map(|_| event(&payload)).collect();
        Decision::new(events, state.events)
    };
    log.transact(&transaction("own"), decide).await
}

/// Which number each event of the log has, in their order; the log is verified first.
async fn numbers(store: &Arc<MemoryStore>) -> Vec<u64> {
    let log = log_over(store.clone(), Arc::new(HandClock::default()), 99);
    assert_eq!(log.verify(None, |_| {}).await.unwrap().fault, None);
    let end = log.view().await.unwrap().position.next_seq();
    let mut numbers = Vec::new();
    for seq in 0..end {
        for event in log.read(seq).await.unwrap().events {
            numbers.extend(event.payload["number"].as_u64());
        }
    }
    numbers
}
