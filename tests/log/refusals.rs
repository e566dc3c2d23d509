//! When the log refuses, and what it then says: each error names the way out, and nothing was
//! appended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use leviathan_core::decide::Decision;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{Clock as _, ObjectStore, StoreError};
use leviathan_core::state::READER_VERSION;
use leviathan_local::MemoryStore;
use leviathan_log::{LogError, keys};
use leviathan_tests::clock::HandClock;
use leviathan_tests::counting_store::{CountingStore, Requests};
use leviathan_tests::log_builders::{event, log_over, note, transaction};
use leviathan_tests::wrapped::{Around, Wrapped};
use serde_json::json;

/// A memory store whose writes get no clear answer for so many times, stored or not, and whose
/// clock is another than ours.
struct Moody {
    store: MemoryStore,
    unclear: AtomicU64,
    stores_nevertheless: bool,
    conflict: bool,
    date: Option<Timestamp>,
}

impl Moody {
    fn new(unclear: u64, stores_nevertheless: bool) -> Self {
        let store = MemoryStore::new();
        let unclear = AtomicU64::new(unclear);
        Self { store, unclear, stores_nevertheless, conflict: false, date: None }
    }
}

#[async_trait]
impl Around for Moody {
    fn inner(&self) -> &dyn ObjectStore {
        &self.store
    }
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        let moody = self
            .unclear
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok();
        if !moody || self.stores_nevertheless {
            let stored = self.store.create(key, bytes).await;
            if !moody {
                return stored.map(|_| self.date);
            }
        }
        let key = key.to_owned();
        Err(if self.conflict {
            StoreError::Conflict { key }
        } else {
            StoreError::Unclear { key, reason: "time-out".to_owned() }
        })
    }
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        match self.store.get(key).await {
            Ok(object) => Ok(Object { store_time: self.date, ..object }),
            Err(StoreError::NotFound { key, delete_marker, .. }) => {
                Err(StoreError::NotFound { key, delete_marker, store_time: self.date })
            }
            Err(problem) => Err(problem),
        }
    }
}

fn requests(puts: u64, gets: u64) -> Requests {
    Requests { puts, gets, lists: 0 }
}

#[tokio::test]
async fn a_lost_answer_costs_one_more_put_and_one_get_and_appends_once() {
    let store = Arc::new(Wrapped(Moody::new(0, true)));
    let counter = Arc::new(CountingStore::over(store.clone()));
    let log = log_over(counter.clone(), Arc::new(HandClock::default()), 1);
    log.transact(&transaction("own"), |_, _| note(0)).await.unwrap();
    counter.take();
    store.unclear.store(1, Ordering::SeqCst);
    let outcome = log.transact(&transaction("own"), |_, _| note(1)).await.unwrap();
    assert_eq!(counter.take(), requests(1 + 1, 1));
    assert_eq!(outcome.commit.unwrap().header().seq, 1);
    assert_eq!(log.view().await.unwrap().position.offset, 2);
}

#[tokio::test]
async fn a_request_that_did_not_arrive_is_sent_again() {
    let store = Arc::new(Wrapped(Moody::new(2, false)));
    let counter = Arc::new(CountingStore::over(store));
    let log = log_over(counter.clone(), Arc::new(HandClock::default()), 1);
    log.view().await.unwrap();
    counter.take();
    log.transact(&transaction("own"), |_, _| note(1)).await.unwrap();
    assert_eq!(counter.take(), requests(3, 0));
}

#[tokio::test]
async fn what_stays_unclear_and_is_not_there_is_unknown_and_may_be_sent_again() {
    let store = Arc::new(Wrapped(Moody::new(u64::MAX, false)));
    let log = log_over(store.clone(), Arc::new(HandClock::default()), 1);
    let problem = log.transact(&transaction("own"), |_, _| note(1)).await.unwrap_err();
    assert!(matches!(problem, LogError::Unknown { seq: 0, .. }), "{problem}");
    assert!(problem.to_string().contains("try the same again"), "{problem}");
    store.unclear.store(0, Ordering::SeqCst);
    log.transact(&transaction("own"), |_, _| note(1)).await.unwrap();
    assert_eq!(log.view().await.unwrap().position.seq, Some(0));
}

#[tokio::test]
async fn what_stays_unclear_but_is_there_is_found_and_committed() {
    let store = Arc::new(Wrapped(Moody::new(u64::MAX, true)));
    let log = log_over(store.clone(), Arc::new(HandClock::default()), 1);
    let outcome = log.transact(&transaction("own"), |_, _| note(1)).await.unwrap();
    assert_eq!(outcome.commit.unwrap().header().seq, 0);
}

#[tokio::test]
async fn endless_conflicts_are_a_clear_no() {
    let store = Arc::new(Wrapped(Moody { conflict: true, ..Moody::new(u64::MAX, false) }));
    let log = log_over(store.clone(), Arc::new(HandClock::default()), 1);
    let problem = log.transact(&transaction("own"), |_, _| note(1)).await.unwrap_err();
    assert!(
        matches!(&problem, LogError::Store { source: StoreError::Conflict { .. } }),
        "{problem}"
    );
    assert!(problem.to_string().contains("nothing was appended"), "{problem}");
}

#[tokio::test]
async fn a_clock_that_is_minutes_off_appends_nothing() {
    let clock = Arc::new(HandClock::default());
    let far = clock.now().saturating_add(SignedDuration::from_mins(6)).unwrap();
    let store = Arc::new(Wrapped(Moody { date: Some(far), ..Moody::new(0, false) }));
    let log = log_over(store.clone(), clock.clone(), 1);
    let right = log_over(store.clone(), Arc::new(HandClock::at(far)), 2);
    right.transact(&transaction("other"), |_, _| note(1)).await.unwrap();
    let problem = log.transact(&transaction("own"), |_, _| note(2)).await.unwrap_err();
    assert_eq!(problem, LogError::ClockOff { seconds: 360, limit: 300 });
    assert!(problem.to_string().contains("Set the clock"), "{problem}");
    assert_eq!(log.view().await.unwrap().position.seq, Some(0), "reads go on");
    clock.advance(SignedDuration::from_mins(6));
    log.transact(&transaction("own"), |_, _| note(2)).await.unwrap();
}

/// The answer that finds the end tells the store's time, so the first append is refused already.
#[tokio::test]
async fn a_clock_that_is_minutes_off_is_known_before_the_first_append() {
    let clock = Arc::new(HandClock::default());
    for minutes in [6, -6] {
        let far = clock.now().saturating_add(SignedDuration::from_mins(minutes)).unwrap();
        let store = Arc::new(Wrapped(Moody { date: Some(far), ..Moody::new(0, false) }));
        let counter = Arc::new(CountingStore::over(store));
        let log = log_over(counter.clone(), clock.clone(), 1);
        let problem = log.transact(&transaction("own"), |_, _| note(1)).await.unwrap_err();
        assert!(matches!(problem, LogError::ClockOff { .. }), "{problem}");
        assert_eq!(counter.take().puts, 0);
        assert_eq!(log.view().await.unwrap().position.seq, None, "it can still be read");
    }
}

#[tokio::test]
async fn a_clock_that_is_a_minute_off_is_corrected() {
    let clock = Arc::new(HandClock::default());
    let ahead = clock.now().saturating_add(SignedDuration::from_mins(1)).unwrap();
    let store = Arc::new(Wrapped(Moody { date: Some(ahead), ..Moody::new(0, false) }));
    let log = log_over(store.clone(), clock.clone(), 1);
    log.transact(&transaction("own"), |_, _| note(1)).await.unwrap();
    let decide = |_: &_, moment: &leviathan_core::decide::Moment| {
        Decision::new(vec![event(&json!({}))], moment.now)
    };
    let outcome = log.transact(&transaction("own"), decide).await.unwrap();
    assert_eq!(outcome.answer, ahead);
    assert_eq!(outcome.commit.unwrap().header().recorded_at, ahead);
}

/// A log whose last commit demands a later program.
async fn newer_log(store: &Arc<MemoryStore>) {
    let log = log_over(store.clone(), Arc::new(HandClock::default()), 9);
    log.transact(&transaction("own"), |_, _| note(1)).await.unwrap();
    let key = keys::commit(0);
    let text = String::from_utf8(store.get(&key).await.unwrap().bytes.to_vec()).unwrap();
    let needed = READER_VERSION + 1;
    let newer = text.replacen("\"min_reader\":1", &format!("\"min_reader\":{needed}"), 1);
    assert_ne!(newer, text);
    store.replace(&key, Bytes::from(newer)).await.unwrap();
}

#[tokio::test]
async fn a_log_that_needs_a_later_program_is_read_but_not_decided_on() {
    let store = Arc::new(MemoryStore::new());
    newer_log(&store).await;
    let log = log_over(store, Arc::new(HandClock::default()), 1);
    let decided = Arc::new(AtomicU64::new(0));
    let times = decided.clone();
    let decide = move |_: &_, _: &_| {
        times.fetch_add(1, Ordering::SeqCst);
        note(2)
    };
    let problem = log.transact(&transaction("own"), decide).await.unwrap_err();
    let needed = READER_VERSION + 1;
    assert_eq!(problem, LogError::NewerLog { needed, understood: READER_VERSION });
    assert_eq!(decided.load(Ordering::SeqCst), 0);
    let view = log.view().await.unwrap();
    assert_eq!((view.position.seq, view.position.min_reader), (Some(0), needed));
    assert_eq!(log.verify(None, |_| {}).await.unwrap().fault, None);
}

#[tokio::test]
async fn a_bundle_over_the_limit_is_refused_with_the_limit_named() {
    let log = log_over(Arc::new(MemoryStore::new()), Arc::new(HandClock::default()), 1);
    let many = |_: &_, _: &_| Decision::new(vec![event(&json!({})); 1_025], ());
    let problem = log.transact(&transaction("own"), many).await.unwrap_err();
    assert!(problem.to_string().contains("1025 events are more than the 1024"), "{problem}");
    let long = |_: &_, _: &_| Decision::new(vec![event(&json!({ "x": "y".repeat(70_000) }))], ());
    let problem = log.transact(&transaction("own"), long).await.unwrap_err();
    assert!(problem.to_string().contains("the limit is 65536"), "{problem}");
    assert_eq!(log.view().await.unwrap().position.seq, None, "nothing was appended");
}

#[tokio::test]
async fn a_commit_that_is_not_there_is_said_to_be_missing() {
    let log = log_over(Arc::new(MemoryStore::new()), Arc::new(HandClock::default()), 1);
    assert_eq!(log.read(7).await, Err(LogError::NoSuchCommit { seq: 7 }));
}
