//! A restore whose store loses answers: wherever that happens, it comes to the same end, or says that
//! it did not and does so when it is run again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, StoreError};
use leviathan_log::{LogError, RestoreReport, keys};

use crate::keeping::{append, clock, log_of, objects, process, store, store_of};
use crate::restore::{restore, run};

type Store = Arc<dyn ObjectStore>;

/// Loses the answers from one request on, so many of them. All stores of a restore share the count.
#[derive(Clone)]
struct Line(Arc<(AtomicU64, AtomicU64)>);

impl Line {
    /// `sound` requests are answered before `lost` are not.
    fn losing(sound: u64, lost: u64) -> Self {
        Self(Arc::new((AtomicU64::new(sound), AtomicU64::new(lost))))
    }

    fn over(&self, store: &Store) -> Store {
        Arc::new(Lossy { inner: Arc::clone(store), line: self.clone() })
    }

    fn answer<T>(&self, key: &str, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        let one_less = |left: u64| left.checked_sub(1);
        let (sound, lost) = &*self.0;
        if sound.fetch_update(SeqCst, SeqCst, one_less).is_ok()
            || lost.fetch_update(SeqCst, SeqCst, one_less).is_err()
        {
            return answer;
        }
        Err(StoreError::Unclear { key: key.to_owned(), reason: "the answer is lost".to_owned() })
    }

    /// How many answers it still would have lost.
    fn left(&self) -> u64 {
        self.0.1.load(SeqCst)
    }
}

/// Does everything, and tells it over that line.
struct Lossy {
    inner: Store,
    line: Line,
}

#[async_trait]
impl ObjectStore for Lossy {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        self.line.answer(key, self.inner.create(key, bytes).await)
    }
    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.line.answer(key, self.inner.replace(key, bytes).await)
    }
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        self.line.answer(key, self.inner.get(key).await)
    }
    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.line.answer(prefix, self.inner.list(prefix, start_after, limit).await)
    }
}

/// The stores of a restore: what it is of, where it goes, and the log that it closes.
struct Stores {
    backup: Store,
    to: Store,
    old: Store,
}

impl Stores {
    async fn new() -> Self {
        let old = log_of(4, &clock()).await;
        Self { backup: store_of(&objects(&old).await).await, to: store(), old }
    }

    async fn restore(&self, line: &Line, seed: u64) -> Result<RestoreReport, String> {
        let (from, to) = (line.over(&self.backup), line.over(&self.to));
        let restore = restore(&from, &to, &clock(), seed).closing(line.over(&self.old));
        run(&restore).await.map_err(|problem| problem.to_string())
    }

    /// The old log is closed once, the new one has the kept commits and one new life, and goes on.
    async fn are_as_after_any_restore(&self, what: &str) {
        let clock = clock();
        let (backup, new, old) =
            (objects(&self.backup).await, objects(&self.to).await, objects(&self.old).await);
        assert!(backup.iter().all(|(key, bytes)| new.get(key) == Some(bytes)), "{what}");
        let commits = |store: &std::collections::BTreeMap<String, Bytes>| {
            store.keys().filter(|key| key.starts_with(keys::EVENTS)).count()
        };
        assert_eq!((commits(&new), commits(&old)), (5, 5), "{what}: log.restored, log.closed");
        let closed = append(&process(&self.old, &clock, 8), 1).await;
        assert!(matches!(closed, Err(LogError::Closed { .. })), "{what}: {closed:?}");
        let log = process(&self.to, &clock, 9);
        assert_eq!(append(&log, 1).await, Ok(5), "{what}");
        let view = log.view().await.unwrap();
        assert_eq!((view.state.epoch(), view.position.epoch), (2, 2), "{what}");
        assert_eq!(log.verify(None, |_| ()).await.unwrap().fault, None, "{what}");
    }
}

#[tokio::test]
async fn whichever_answer_is_lost_a_restore_comes_to_the_same_end() {
    for lost in [1, 3] {
        let mut requests = 0;
        for sound in 0.. {
            let (stores, line) = (Stores::new().await, Line::losing(sound, lost));
            let what = format!("{lost} answers lost after {sound}");
            let report = stores.restore(&line, 1).await;
            let report = report.unwrap_or_else(|problem| panic!("{what}: {problem}"));
            assert_eq!((report.commits, report.epoch), (4, 2), "{what}");
            stores.are_as_after_any_restore(&what).await;
            if line.left() > 0 {
                break;
            }
            requests += 1;
        }
        assert!(requests > 20, "{requests} requests were tried");
    }
}

#[tokio::test]
async fn a_restore_that_gets_no_answer_any_more_is_finished_when_it_is_run_again() {
    let mut stopped = 0;
    for sound in 0.. {
        let (stores, line) = (Stores::new().await, Line::losing(sound, u64::MAX));
        let what = format!("no answer after {sound}");
        let first = stores.restore(&line, 1).await;
        if first.is_ok() {
            break;
        }
        stopped += 1;
        let report = stores.restore(&Line::losing(0, 0), 2).await;
        let report = report.unwrap_or_else(|problem| panic!("{what}: {problem}"));
        assert_eq!((report.commits, report.epoch), (4, 2), "{what}");
        stores.are_as_after_any_restore(&what).await;
    }
    assert!(stopped > 20, "it was stopped {stopped} times");
}
