//! What a writer makes of what it reads where its own commit may stand: an answer that was cut
//! short, or a delete marker, never turns an append into a refusal.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, StoreError};
use leviathan_local::MemoryStore;
use leviathan_log::{Log, LogError};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::{log_over, note, transaction};
use leviathan_tests::wrapped::{Around, Wrapped};

/// What the next GET answers instead of the truth.
enum Lie {
    CutTo(usize),
    DeleteMarker,
}

/// A memory store that says of each write that it exists already, as it does when a request was
/// sent twice on the way; and that lies to readers.
#[derive(Default)]
struct Liar {
    store: MemoryStore,
    lies: Mutex<VecDeque<Lie>>,
}

#[async_trait]
impl Around for Liar {
    fn inner(&self) -> &dyn ObjectStore {
        &self.store
    }
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        self.store.create(key, bytes.clone()).await?;
        self.store.create(key, bytes).await
    }
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        let mut object = self.store.get(key).await?;
        match self.lies.lock().unwrap().pop_front() {
            Some(Lie::CutTo(bytes)) => object.bytes.truncate(bytes),
            Some(Lie::DeleteMarker) => {
                let (key, store_time) = (key.to_owned(), None);
                return Err(StoreError::NotFound { key, delete_marker: true, store_time });
            }
            None => {}
        }
        Ok(object)
    }
}

fn log_of(lies: impl IntoIterator<Item = Lie>) -> Log {
    let lies = Mutex::new(lies.into_iter().collect());
    let store = Arc::new(Wrapped(Liar { lies, ..Liar::default() }));
    log_over(store, Arc::new(HandClock::default()), 1)
}

#[tokio::test]
async fn an_answer_that_was_cut_short_is_asked_for_again() {
    // Nothing at all; not even the nonce; the nonce, but not the rest.
    for bytes in [0, 40, 400] {
        let log = log_of([Lie::CutTo(bytes), Lie::CutTo(bytes)]);
        let outcome = log.transact(&transaction("own"), |_, _| note(1)).await.unwrap();
        assert_eq!(outcome.commit.unwrap().seq(), 0, "{bytes}");
        assert_eq!(log.view().await.unwrap().position.offset, 1, "{bytes}");
    }
}

#[tokio::test]
async fn what_is_cut_short_again_and_again_is_damage() {
    for bytes in [0, 40, 400] {
        let log = log_of((0..100).map(|_| Lie::CutTo(bytes)));
        let problem = log.transact(&transaction("own"), |_, _| note(1)).await.unwrap_err();
        assert!(matches!(problem, LogError::Damaged { .. }), "{bytes}: {problem}");
    }
}

#[tokio::test]
async fn a_delete_marker_where_the_own_commit_may_stand_is_unknown_and_then_a_hole() {
    let log = log_of([Lie::DeleteMarker]);
    let problem = log.transact(&transaction("own"), |_, _| note(1)).await.unwrap_err();
    assert!(matches!(problem, LogError::Unknown { .. }), "{problem}");
    assert!(problem.to_string().contains("a delete marker stands there"), "{problem}");
    let log = log_of([Lie::DeleteMarker, Lie::DeleteMarker]);
    drop(log.transact(&transaction("own"), |_, _| note(1)).await.unwrap_err());
    let problem = log.view().await.unwrap_err();
    assert!(matches!(problem, LogError::Hole { .. }), "{problem}");
}
