//! Callers that go away: at each point at which one can, whoever it is, no other loses anything or
//! is told something else.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::{ObjectStore, StoreError};
use leviathan_local::MemoryStore;
use leviathan_log::{Log, LogError, Outcome};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::log_over;
use leviathan_tests::wrapped::{Around, Wrapped};

use super::{Slow, append, numbers};

type Call<'a> = Pin<Box<dyn Future<Output = Result<Outcome<u64>, LogError>> + 'a>>;

/// How many callers there are, and how often each of them may come to stand before it is done.
const CALLERS: usize = 4;
const MOST_ROUNDS: usize = 60;

/// Runs the callers in turns, and takes one away after so many turns. What they were told; `None`
/// for the one that left. The second value: whether it left before it was done.
fn run(log: &Log, leaves: usize, after: usize) -> (Vec<Option<u64>>, bool) {
    let mut calls: Vec<Option<Call<'_>>> = (0..CALLERS)
        .map(|number| Some(Box::pin(append(log, number as u64, 1)) as Call<'_>))
        .collect();
    let mut told = vec![None; CALLERS];
    let mut left = false;
    for round in 0..MOST_ROUNDS {
        if round == after && calls[leaves].take().is_some() {
            left = true;
        }
        for (call, told) in calls.iter_mut().zip(&mut told) {
            let Some(running) = call else { continue };
            let polled = running.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            if let Poll::Ready(outcome) = polled {
                *told = Some(outcome.unwrap().commit.unwrap().seq());
                *call = None;
            }
        }
    }
    let done = calls.iter().all(Option::is_none);
    assert!(done, "caller {leaves} left after {after} turns, and somebody waits for ever");
    (told, left)
}

#[test]
fn whoever_leaves_whenever_the_others_are_served_once() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut stored, mut not_stored) = (0, 0);
    for cold in [true, false] {
        for leaves in 0..CALLERS {
            for after in 0..MOST_ROUNDS {
                let store = Arc::new(MemoryStore::new());
                let clock = Arc::new(HandClock::default());
                let log = log_over(Arc::new(Wrapped(Slow(store.clone()))), clock, 1);
                if !cold {
                    runtime.block_on(log.view()).unwrap();
                }
                let (told, left) = run(&log, leaves, after);
                if !left {
                    break;
                }
                let found = runtime.block_on(numbers(&store));
                for number in 0..CALLERS {
                    let times = found.iter().filter(|found| **found == number as u64).count();
                    let expected = if number == leaves { times.min(1) } else { 1 };
                    assert_eq!(
                        times, expected,
                        "caller {leaves} left after {after} turns: {number} is stored {times} times"
                    );
                }
                for (number, seq) in told.iter().enumerate() {
                    assert_eq!(seq.is_none(), number == leaves);
                }
                if found.contains(&(leaves as u64)) {
                    stored += 1;
                } else {
                    not_stored += 1;
                }
                // The log goes on, and what it knows is what is there.
                runtime.block_on(append(&log, 9, 1)).unwrap();
                let view = runtime.block_on(log.view()).unwrap();
                assert_eq!(view.position.offset, found.len() as u64 + 1);
            }
        }
    }
    assert!(stored > 10 && not_stored > 10, "{stored} stored, {not_stored} not");
}

/// A store that takes so many commits, and refuses every other.
struct Closing {
    inner: Wrapped<Slow>,
    left: AtomicU64,
}

#[async_trait]
impl Around for Closing {
    fn inner(&self) -> &dyn ObjectStore {
        &self.inner
    }
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        let one_less = |left: u64| left.checked_sub(1);
        match self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less) {
            Ok(_) => self.inner.create(key, bytes).await,
            Err(_) => Err(StoreError::Refused { key: key.to_owned(), reason: "closed".to_owned() }),
        }
    }
}

/// The one who sent it left before the answer, and who sends it again is refused: that says nothing
/// about the first request.
#[test]
fn a_refusal_after_a_caller_left_does_not_turn_a_stored_commit_into_a_failure() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut stored = 0;
    for after in 0..MOST_ROUNDS {
        let store = Arc::new(MemoryStore::new());
        let inner = Wrapped(Slow(store.clone()));
        let closing = Arc::new(Wrapped(Closing { inner, left: AtomicU64::new(1) }));
        let log = log_over(closing, Arc::new(HandClock::default()), 1);
        let mut leaver = Some(Box::pin(append(&log, 0, 1)));
        let mut other: Call<'_> = Box::pin(append(&log, 1, 1));
        // They share a commit, because they come together while the log is read the first time.
        let mut context = Context::from_waker(Waker::noop());
        let told = (0..MOST_ROUNDS).find_map(|round| {
            if round == after {
                leaver = None;
            }
            if let Some(running) = &mut leaver
                && running.as_mut().poll(&mut context).is_ready()
            {
                leaver = None;
            }
            match other.as_mut().poll(&mut context) {
                Poll::Ready(told) => Some(told),
                Poll::Pending => None,
            }
        });
        let is_there = runtime.block_on(numbers(&store)).contains(&1);
        match told.expect("it is told something") {
            Ok(_) => assert!(is_there, "left after {after} turns"),
            Err(LogError::Unknown { .. }) => {}
            Err(problem) => assert!(!is_there, "left after {after} turns: {problem}"),
        }
        stored += usize::from(is_there);
    }
    assert!(stored > 0);
}
