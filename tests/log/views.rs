//! Views: what left the state is found, whoever wrote or deleted what.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::decide::operator;
use leviathan_core::event::Principal;
use leviathan_core::ids::{AttemptId, TargetId};
use leviathan_core::ports::{Clock as _, ObjectStore};
use leviathan_core::state::{AttemptStatus, Departure};
use leviathan_local::MemoryStore;
use leviathan_log::views::{BLOCK, PREFIX, ViewsWritten};
use leviathan_log::{Log, LogError, Transaction};
use leviathan_tests::clock::HandClock;
use leviathan_tests::counting_store::{CountingStore, Requests};
use leviathan_tests::log_builders::log_over;
use leviathan_tests::past;

#[derive(Clone, Default)]
struct World {
    store: Arc<MemoryStore>,
    data: Arc<MemoryStore>,
    clock: Arc<HandClock>,
}

fn target(name: &str) -> TargetId {
    name.parse().unwrap()
}

impl World {
    fn log(&self, seed: u64) -> Log {
        log_over(self.store.clone(), self.clock.clone(), seed).with_data(self.data.clone())
    }

    /// Two targets, `old` with so many attempts, and a tick that writes views now and then.
    async fn with(attempts: u32) -> Self {
        let world = Self::default();
        let log = world.log(1);
        let now = world.clock.now();
        for name in ["new", "old"] {
            past::begin(&log, &target(name), "/srv/x", now).await;
        }
        for first in (1..=attempts).step_by(160) {
            let numbers = first..(first + 160).min(attempts + 1);
            past::cancelled(&log, &target("old"), numbers, now).await;
            log.write_views().await.unwrap();
        }
        world
    }

    /// Another data store, with what is `kept` of this one.
    async fn with_data(&self, kept: impl Fn(&str) -> bool) -> Self {
        let other = Self { data: Arc::default(), ..self.clone() };
        for (key, bytes) in self.views().await {
            if kept(&key) {
                other.data.create(&key, bytes).await.unwrap();
            }
        }
        other
    }

    async fn views(&self) -> BTreeMap<String, Bytes> {
        let mut views = BTreeMap::new();
        for key in self.data.list(PREFIX, None, 100_000).await.unwrap() {
            let bytes = self.data.get(&key).await.unwrap().bytes;
            views.insert(key, bytes);
        }
        views
    }
}

#[tokio::test]
async fn what_left_the_state_is_found_by_id_in_one_view_and_its_commits() {
    let world = World::with(1_300).await;
    let data = Arc::new(CountingStore::over(world.data.clone()));
    let log = log_over(world.store.clone(), world.clock.clone(), 2).with_data(data.clone());
    let view = log.view().await.unwrap();
    let id = past::attempt_id(&target("old"), 1);
    assert!(!view.state.attempts.contains_key(&id), "it aged");
    data.take();
    let aged = log.aged_attempt(&view, &id).await.unwrap().unwrap();
    // The view and, beside it, what was said later.
    assert_eq!(data.take(), Requests { puts: 0, gets: 1, lists: 1 });
    assert_eq!(aged.attempt.status, AttemptStatus::Cancelled);
    assert_eq!(aged.attempt.end.unwrap().summary, "number 1 is not wanted");
    assert_eq!(aged.attempt.commits.len(), 1);
    let events = log.read(aged.attempt.commits[0]).await.unwrap().events;
    let its = events.iter().filter(|event| event.payload["attempt_id"] == id.as_str());
    assert_eq!(its.count(), 2, "created and cancelled");
    let never: AttemptId = "never-made".parse().unwrap();
    assert_eq!(log.aged_attempt(&view, &never).await, Ok(None));
}

#[tokio::test]
async fn nothing_is_missing_between_the_state_and_the_views() {
    let world = World::with(1_300).await;
    let log = world.log(2);
    let view = log.view().await.unwrap();
    let all = log.aged(&view, None, usize::MAX, |_| true).await.unwrap();
    let of_old = log.aged(&view, Some(&target("old")), usize::MAX, |_| true).await.unwrap();
    assert_eq!(all, of_old, "by its own list and by the blocks");
    assert!(!all.incomplete);
    let numbers: Vec<u64> = all.departures.iter().map(|(number, _)| *number).collect();
    let expected: Vec<u64> = (0..view.state.past.departed()).rev().collect();
    assert_eq!(numbers, expected, "newest first, each once");
    let mut found: BTreeSet<AttemptId> = view.state.attempts.keys().cloned().collect();
    for (_, departure) in &all.departures {
        let Departure::Attempt { attempt_id, .. } = departure else { panic!("{departure:?}") };
        assert!(found.insert(attempt_id.clone()), "{attempt_id} twice");
    }
    let made: BTreeSet<AttemptId> =
        (1..=1_300).map(|n| past::attempt_id(&target("old"), n)).collect();
    assert_eq!(found, made);
    let of_new = log.aged(&view, Some(&target("new")), usize::MAX, |_| true).await.unwrap();
    assert!(of_new.departures.is_empty());
    let some = log.aged(&view, None, 600, |_| true).await.unwrap().departures;
    assert_eq!(some, all.departures[..600]);
}

#[tokio::test]
async fn views_that_were_deleted_or_half_written_come_back_byte_for_byte() {
    let world = World::with(1_300).await;
    let whole = world.views().await;
    let blocks = whole.keys().filter(|key| key.contains("/block/")).cloned();
    let blocks: Vec<String> = blocks.collect();
    assert!(blocks.len() >= 11, "{}", blocks.len());
    let newest_eight: BTreeSet<&String> = blocks.iter().take(8).collect();
    let mut half = true;
    let mut every_second = |_: &str| {
        half = !half;
        half
    };
    let cases: Vec<(&str, BTreeSet<&String>)> = vec![
        ("all of it", BTreeSet::new()),
        ("the newest blocks", whole.keys().filter(|key| !newest_eight.contains(key)).collect()),
        (
            "killed in the middle of a block",
            whole
                .keys()
                .filter(|key| !newest_eight.contains(key) && every_second(key))
                .chain(&blocks[8..])
                .collect(),
        ),
    ];
    for (case, kept) in cases {
        // What a complete block's object vouches for is there in the last case too.
        let vouched = case != "killed in the middle of a block";
        let other = world.with_data(|key| kept.contains(&key.to_owned())).await;
        let again = other.log(3).write_views().await.unwrap();
        assert!(again.blocks > 0 && again.folded_again > 0, "{case}: {again:?}");
        let views = other.views().await;
        if vouched {
            assert!(views == whole, "{case}: {} of {} views", views.len(), whole.len());
        } else {
            assert!(views.iter().all(|(key, bytes)| whole[key] == *bytes), "{case}");
            assert!(newest_eight.iter().all(|key| views.contains_key(*key)), "{case}");
        }
        assert_eq!(other.log(4).write_views().await.unwrap(), ViewsWritten::default(), "{case}");
    }
}

#[tokio::test]
async fn a_rebuild_begins_at_a_snapshot_that_still_knows_what_is_missing() {
    let world = World::default();
    let tick = world.log(1).keeping_snapshots();
    let now = world.clock.now();
    past::begin(&tick, &target("old"), "/srv/x", now).await;
    // One attempt a commit for most of it, so that there are snapshots on the way.
    for n in 1..=1_400 {
        past::cancelled(&tick, &target("old"), n..n + 1, now).await;
        if n % 64 == 0 {
            tick.snapshot().await.unwrap();
        }
        if n == 800 {
            tick.write_views().await.unwrap();
        }
    }
    let before = world.views().await.len();
    let later = world.log(2);
    let commits = later.view().await.unwrap().position.next_seq();
    // 600 left since: more than the state keeps.
    let written = later.write_views().await.unwrap();
    assert!(written.folded_again > 0 && written.folded_again < commits / 2, "{written:?}");
    assert!(world.views().await.len() > before);
    let scratch = world.with_data(|_| false).await;
    scratch.log(3).write_views().await.unwrap();
    assert!(scratch.views().await == world.views().await);
}

#[tokio::test]
async fn a_word_that_comes_after_an_attempt_left_is_heard_and_changes_no_state() {
    let world = World::with(1_300).await;
    let log = world.log(2);
    let view = log.view().await.unwrap();
    let id = past::attempt_id(&target("old"), 7);
    let aged = log.aged_attempt(&view, &id).await.unwrap().unwrap().attempt;
    let transaction = Transaction::of("invalidate", Principal::operator("ada"));
    let called_off = id.clone();
    let decide =
        move |state: &_, _: &_| operator::invalidate(state, Some(&aged), &called_off, "by mistake");
    let outcome = log.transact(&transaction, decide).await.unwrap();
    assert_eq!(outcome.answer, Ok(()));
    let seq = outcome.commit.unwrap().seq();
    let after = log.view().await.unwrap();
    assert_eq!(after.state.targets, view.state.targets);
    assert_eq!(after.state.attempts, view.state.attempts);
    let heard = |attempt: &leviathan_core::state::Attempt| {
        assert_eq!(attempt.status, AttemptStatus::Invalidated);
        assert_eq!(attempt.end.as_ref().unwrap().summary, "by mistake");
        assert_eq!(attempt.commits.last(), Some(&seq));
    };
    heard(&log.aged_attempt(&after, &id).await.unwrap().unwrap().attempt);
    // Also once it is a view.
    let now = world.clock.now();
    past::cancelled(&log, &target("old"), 1_301..2_200, now).await;
    log.write_views().await.unwrap();
    let view = log.view().await.unwrap();
    heard(&log.aged_attempt(&view, &id).await.unwrap().unwrap().attempt);
}

#[tokio::test]
async fn a_view_with_other_bytes_stops_the_writer_and_the_reader_of_it() {
    let world = World::with(1_300).await;
    let id = past::attempt_id(&target("old"), 1);
    let key = format!("{PREFIX}attempt/{id}");
    let other = world.with_data(|_| false).await;
    other.data.create(&key, Bytes::from_static(b"{}\n")).await.unwrap();
    let log = other.log(2);
    let is_it = |error: &LogError| matches!(error, LogError::View { key: its, .. } if *its == key);
    let error = log.write_views().await.unwrap_err();
    assert!(is_it(&error), "{error}");
    let view = log.view().await.unwrap();
    let error = log.aged_attempt(&view, &id).await.unwrap_err();
    assert!(is_it(&error), "{error}");
    assert!(view.state.past.departed() > BLOCK);
}
