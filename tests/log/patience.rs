//! A request without a clear answer is made again, six times in all and no more, whatever kind of
//! request it is; then whoever asked is told that the store did not answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use async_trait::async_trait;
use bytes::Bytes;
use leviathan_core::ports::{ObjectStore, StoreError};
use leviathan_local::MemoryStore;
use leviathan_log::{LogError, keys};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::{log_over, note, transaction};
use leviathan_tests::wrapped::{Around, Wrapped};

/// How often one request is made in all.
const TRIES: u32 = 6;

/// Gives no clear answer to the first requests of one kind.
struct Unclear {
    store: Arc<MemoryStore>,
    kind: &'static str,
    left: AtomicU32,
    /// And to so many after each clear answer.
    then: u32,
}

#[async_trait]
impl Around for Unclear {
    fn inner(&self) -> &dyn ObjectStore {
        self.store.as_ref()
    }
    async fn before(&self, kind: &'static str, key: &str) -> Result<(), StoreError> {
        let silent = |left: u32| left.checked_sub(1);
        if kind != self.kind {
            return Ok(());
        }
        if self.left.fetch_update(SeqCst, SeqCst, silent).is_err() {
            self.left.store(self.then, SeqCst);
            return Ok(());
        }
        Err(StoreError::Unclear { key: key.to_owned(), reason: "503".to_owned() })
    }
}

/// A log of two commits is read from the beginning, and its snapshot and hint are written, while one
/// of the two stores is unclear `times` times about this kind of request.
async fn read_and_snapshot(
    in_data: bool,
    kind: &'static str,
    times: u32,
) -> Result<bool, LogError> {
    let (events, data) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
    let clock = Arc::new(HandClock::default());
    let writer = log_over(events.clone(), clock.clone(), 1);
    for number in 1..=2 {
        writer.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
    }
    let over = |store: Arc<MemoryStore>, unclear: bool| -> Arc<dyn ObjectStore> {
        let left = AtomicU32::new(if unclear { times } else { 0 });
        Arc::new(Wrapped(Unclear { store, kind, left, then: 0 }))
    };
    let log = log_over(over(events, !in_data), clock, 2)
        .with_data(over(data, in_data))
        .keeping_snapshots_every(1);
    log.view().await?;
    Ok(log.snapshot().await?.is_some())
}

#[tokio::test]
async fn an_unclear_request_is_made_again_six_times_in_all_and_no_more() {
    for (in_data, kind) in
        [(false, "get"), (false, "list"), (true, "get"), (true, "create"), (true, "replace")]
    {
        let answer = read_and_snapshot(in_data, kind, TRIES - 1).await;
        assert_eq!(answer, Ok(true), "{kind}, data store: {in_data}");
        let problem = read_and_snapshot(in_data, kind, TRIES).await;
        if (in_data, kind) == (true, "get") {
            // The hint is never needed: who can't read it reads the log.
            assert_eq!(problem, Ok(true));
            continue;
        }
        let Err(LogError::Store { source: StoreError::Unclear { .. } }) = problem else {
            panic!("{kind}, data store: {in_data}: {problem:?}");
        };
    }
}

/// The bound is each page's, so that a long list is no harder to read than a short one.
#[tokio::test]
async fn each_page_of_a_long_list_has_all_its_tries() {
    let store = Arc::new(MemoryStore::new());
    for size in 1..=2_500 {
        store.create(&keys::checkpoint(size), Bytes::from("none")).await.unwrap();
    }
    let unclear = |times: u32| {
        let (kind, left) = ("list", AtomicU32::new(times));
        let store = Arc::new(Wrapped(Unclear { store: store.clone(), kind, left, then: times }));
        log_over(store, Arc::new(HandClock::default()), 1)
    };
    let report = unclear(TRIES - 1).verify(None, |_| ()).await.unwrap();
    let fault = report.fault.unwrap().to_string();
    assert!(fault.contains("checkpoints/00000000000000002500"), "the last of all pages: {fault}");
    assert!(unclear(TRIES).verify(None, |_| ()).await.is_err());
}
