//! A signed checkpoint says how far the log reached: a shorter one stops every cold reader who knows
//! the key, within the same four round trips.

use std::sync::Arc;
use std::time::Duration;

use leviathan_core::ports::{ObjectStore, Signer as _};
use leviathan_local::{FileSigner, MemoryStore};
use leviathan_log::seal::VerifierKey;
use leviathan_log::{Log, LogError, keys};
use leviathan_tests::clock::HandClock;
use leviathan_tests::counting_store::{CountingStore, Requests};
use leviathan_tests::log_builders::{log_over, note, transaction};
use tokio::time::Instant;

use crate::seal::signer;

/// So many commits fill one snapshot's distance: the most that a cold start has to read.
const COMMITS: u64 = 128;

fn key_of(signer: &FileSigner) -> VerifierKey {
    VerifierKey::new(signer.name(), &signer.public_key()).unwrap()
}

/// A log with a snapshot of commit 64, sealed at its end.
async fn sealed(signer: &FileSigner) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    let log = cold(&store).keeping_snapshots();
    for number in 0..COMMITS {
        log.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
        log.snapshot().await.unwrap();
    }
    log.seal(signer, None).await.unwrap().unwrap();
    store
}

fn cold(store: &Arc<MemoryStore>) -> Log {
    log_over(store.clone(), Arc::new(HandClock::default()), 1).with_data(store.clone())
}

/// The same objects without the commits from this one on.
async fn cut_at(store: &MemoryStore, seq: u64) -> Arc<MemoryStore> {
    let left = Arc::new(MemoryStore::new());
    for key in store.list("", None, 10_000).await.unwrap() {
        if keys::commit_seq(&key).is_none_or(|at| at < seq) {
            left.create(&key, store.get(&key).await.unwrap().bytes).await.unwrap();
        }
    }
    left
}

#[tokio::test]
async fn a_log_shorter_than_its_signed_checkpoint_stops_who_knows_the_key() {
    let (signer, other) = (signer(), signer());
    let store = sealed(&signer).await;
    let whole = cold(&store).with_checkpoints_by(key_of(&signer));
    assert_eq!(whole.view().await.unwrap().position.seq, Some(COMMITS - 1));
    assert_eq!(whole.cold_start().await.passed_over, []);

    let shorter = cut_at(&store, 100).await;
    let log = cold(&shorter).with_checkpoints_by(key_of(&signer));
    for _ in 0..2 {
        let error = log.view().await.unwrap_err();
        assert!(matches!(error, LogError::Shorter { known: 127, .. }), "{error}");
        assert!(error.to_string().contains("a signed checkpoint says so"), "{error}");
    }
    let error = log.transact(&transaction("own"), |_, _| note(1)).await.unwrap_err();
    assert!(error.is_fault_of_the_log(), "{error}");

    // Who does not know the key learns nothing from it, and who knows another one says so.
    assert_eq!(cold(&shorter).view().await.unwrap().position.seq, Some(99));
    let distrustful = cold(&shorter).with_checkpoints_by(key_of(&other));
    assert_eq!(distrustful.view().await.unwrap().position.seq, Some(99));
    let passed = distrustful.cold_start().await.passed_over;
    assert_eq!(passed.len(), 1, "{passed:?}");
    assert_eq!(passed[0].key, keys::CHECKPOINT);
}

#[tokio::test(start_paused = true)]
async fn it_costs_one_get_and_no_round_trip_and_the_most_there_can_be_is_68() {
    let trip = Duration::from_millis(20);
    let signer = signer();
    let counter = CountingStore::over(sealed(&signer).await).with_each_taking(trip);
    let counter = Arc::new(counter);
    let log = log_over(counter.clone(), Arc::new(HandClock::default()), 2)
        .with_data(counter.clone())
        .with_checkpoints_by(key_of(&signer));
    let before = Instant::now();
    log.view().await.unwrap();
    assert_eq!(counter.take(), Requests { puts: 0, gets: 1 + 1 + 1 + 63 + 1, lists: 1 });
    assert_eq!(before.elapsed(), trip * 4);
}
