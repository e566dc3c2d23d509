//! Request counts are the performance contract (the design, "The log on S3"): asserted exactly.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::SignedDuration;
use leviathan_core::decide::Decision;
use leviathan_core::ports::ObjectStore as _;
use leviathan_local::MemoryStore;
use leviathan_log::views::graph::start_key;
use leviathan_log::{Log, keys};
use leviathan_tests::clock::HandClock;
use leviathan_tests::counting_store::{CountingStore, Requests};
use leviathan_tests::log_builders::{log_over, note, transaction};
use tokio::time::Instant;

struct World {
    store: Arc<MemoryStore>,
    clock: Arc<HandClock>,
    counter: Arc<CountingStore>,
    log: Log,
}

/// A log whose requests are counted, warm, after this many commits of another process.
async fn world(commits: u64) -> World {
    let store = Arc::new(MemoryStore::new());
    let clock = Arc::new(HandClock::default());
    let counter = Arc::new(CountingStore::over(store.clone()));
    let log = log_over(counter.clone(), clock.clone(), 1);
    let world = World { store, clock, counter, log };
    world.others_append(commits).await;
    world.log.view().await.unwrap();
    world.counter.take();
    world
}

impl World {
    async fn others_append(&self, commits: u64) {
        let other = log_over(self.store.clone(), self.clock.clone(), 2);
        for number in 0..commits {
            other.transact(&transaction("other"), move |_, _| note(number)).await.unwrap();
        }
    }
    async fn append(&self) {
        self.log.transact(&transaction("own"), |_, _| note(7)).await.unwrap();
    }
}

fn requests(puts: u64, gets: u64, lists: u64) -> Requests {
    Requests { puts, gets, lists }
}

#[tokio::test]
async fn an_append_with_a_fresh_view_is_one_put() {
    let world = world(3).await;
    for _ in 0..3 {
        world.append().await;
        assert_eq!(world.counter.take(), requests(1, 0, 0));
    }
}

#[tokio::test]
async fn a_writer_alone_pays_nothing_for_letting_others_in() {
    let world = world(0).await;
    for _ in 0..100 {
        world.append().await;
    }
    assert_eq!(world.counter.take(), requests(100, 0, 0));
}

#[tokio::test]
async fn who_has_waited_longer_is_let_in_and_left_out_where_it_does_not_come() {
    let world = world(0).await;
    world.append().await;
    world.others_append(1).await;
    world.append().await;
    assert_eq!(world.counter.take(), requests(3, 1, 0), "a lost race");
    world.append().await;
    assert_eq!(world.counter.take(), requests(1, 8, 0), "a look every 0.4 of three appends");
    world.append().await;
    assert_eq!(world.counter.take(), requests(1, 0, 0));
}

#[tokio::test]
async fn an_append_after_a_pause_looks_first() {
    let world = world(3).await;
    world.clock.advance(SignedDuration::from_secs(2));
    world.append().await;
    assert_eq!(world.counter.take(), requests(1, 1, 0));
}

#[tokio::test]
async fn an_idle_read_is_one_get() {
    let world = world(3).await;
    world.log.view().await.unwrap();
    assert_eq!(world.counter.take(), requests(0, 1, 0));
}

#[tokio::test]
async fn a_reader_k_commits_behind_makes_k_and_one_gets() {
    let world = world(3).await;
    for behind in [1, 2, 10] {
        world.others_append(behind).await;
        world.log.view().await.unwrap();
        assert_eq!(world.counter.take(), requests(0, behind + 1, 0));
    }
}

#[tokio::test]
async fn a_decision_for_nothing_is_one_get_and_no_put() {
    let world = world(3).await;
    let idle = |_: &_, _: &_| Decision::nothing(());
    let outcome = world.log.transact(&transaction("own"), idle).await.unwrap();
    assert_eq!(outcome.commit, None);
    assert_eq!(world.counter.take(), requests(0, 1, 0), "fresh: looked once, after deciding");
    world.clock.advance(SignedDuration::from_secs(2));
    world.log.transact(&transaction("own"), idle).await.unwrap();
    assert_eq!(world.counter.take(), requests(0, 1, 0), "stale: looked once, before deciding");
}

#[tokio::test]
async fn a_lost_race_costs_one_put_and_the_commit_that_landed() {
    let world = world(3).await;
    world.others_append(1).await;
    world.counter.take();
    world.append().await;
    assert_eq!(world.counter.take(), requests(2, 1, 0));
}

#[tokio::test]
async fn a_process_that_stood_still_reads_what_landed_before_it_tries_again() {
    let world = world(3).await;
    world.others_append(9).await;
    world.counter.take();
    // Its view counts as fresh, but what it then finds is old: it was frozen in between.
    let clock = world.clock.clone();
    let mut first = true;
    let decide = move |_: &_, _: &_| {
        if std::mem::take(&mut first) {
            clock.advance(SignedDuration::from_mins(1));
        }
        note(7)
    };
    world.log.transact(&transaction("own"), decide).await.unwrap();
    assert_eq!(world.counter.take(), requests(2, 9 + 1, 0));
}

#[tokio::test]
async fn a_cold_start_is_one_list_each_commit_and_the_get_that_finds_the_end() {
    let world = world(70).await;
    let cold = log_over(world.counter.clone(), world.clock.clone(), 3);
    assert_eq!(cold.view().await.unwrap().position.seq, Some(69));
    assert_eq!(world.counter.take(), requests(0, 70 + 1, 1));
}

/// Each request takes so long, on a clock that stands still otherwise.
const TRIP: Duration = Duration::from_millis(20);

/// A store for the log and one for its data, both counted together and each request taking a trip.
struct Slow {
    counter: Arc<CountingStore>,
    clock: Arc<HandClock>,
}

impl Slow {
    /// With so many commits and the snapshots of a tick.
    async fn with(commits: u64) -> Self {
        let counter = CountingStore::over(Arc::new(MemoryStore::new())).with_each_taking(TRIP);
        let slow = Self { counter: Arc::new(counter), clock: Arc::default() };
        let tick = slow.log(1).keeping_snapshots();
        for number in 0..commits {
            tick.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
            tick.snapshot().await.unwrap();
        }
        slow.counter.take();
        slow
    }

    fn log(&self, seed: u64) -> Log {
        log_over(self.counter.clone(), self.clock.clone(), seed).with_data(self.counter.clone())
    }

    /// The requests of a cold start, and how many had to wait for one another.
    async fn cold_start(&self) -> (Requests, u128) {
        let cold = self.log(3);
        let before = Instant::now();
        cold.view().await.unwrap();
        (self.counter.take(), before.elapsed().as_millis() / TRIP.as_millis())
    }
}

#[tokio::test(start_paused = true)]
async fn a_cold_start_with_snapshots_is_four_round_trips_and_at_most_68_requests() {
    let table = [
        // Commits; GET: hint, snapshot, commits after it, end; LIST: of what follows it.
        (65, requests(0, 1 + 1 + 1 + 1, 1)),
        (66, requests(0, 1 + 1 + 1 + 1, 1)),
        (67, requests(0, 1 + 1 + 2 + 1, 1)),
        (128, requests(0, 1 + 1 + 63 + 1, 1)),
        (129, requests(0, 1 + 1 + 1 + 1, 1)),
    ];
    for (commits, expected) in table {
        let slow = Slow::with(commits).await;
        let (requests, trips) = slow.cold_start().await;
        assert_eq!((requests, trips), (expected, 4), "{commits} commits");
        assert!(requests.puts + requests.gets + requests.lists <= 68);
    }
}

#[tokio::test(start_paused = true)]
async fn a_young_log_has_no_snapshot_and_is_cold_started_in_four_round_trips_too() {
    let slow = Slow::with(64).await;
    // The hint that is not there; the LISTs of snapshots and of commits together; commits; the end.
    assert_eq!(slow.cold_start().await, (requests(0, 1 + 64 + 1, 2), 4));
    let slow = Slow::with(0).await;
    assert_eq!(slow.cold_start().await, (requests(0, 1 + 1, 2), 3));
}

#[tokio::test(start_paused = true)]
async fn a_lost_hint_costs_two_lists_and_one_round_trip() {
    let slow = Slow::with(70).await;
    slow.counter.replace(keys::HINT, Bytes::from_static(b"lost")).await.unwrap();
    slow.counter.take();
    assert_eq!(slow.cold_start().await, (requests(0, 1 + 1 + 5 + 1, 3), 5));
}

/// The api's: the state and what is only shown, from the views beside the snapshot.
#[tokio::test(start_paused = true)]
async fn a_cold_start_of_the_api_is_one_get_more_and_no_round_trip() {
    let table = [
        // Commits; GET: as above, and the graph.
        (65, requests(0, 1 + 2 + 1 + 1, 1)),
        (67, requests(0, 1 + 2 + 2 + 1, 1)),
        (128, requests(0, 1 + 2 + 63 + 1, 1)),
    ];
    for (commits, expected) in table {
        let slow = Slow::with(commits).await;
        let cold = slow.log(3).showing();
        let before = Instant::now();
        let shown = cold.shown().await.unwrap();
        let trips = before.elapsed().as_millis() / TRIP.as_millis();
        assert_eq!((slow.counter.take(), trips), (expected, 4), "{commits} commits");
        assert!(expected.puts + expected.gets + expected.lists <= 68);
        assert_eq!(shown.graph.events(), commits);
        cold.shown().await.unwrap();
        assert_eq!(slow.counter.take(), requests(0, 1, 0), "an idle read");
        slow.log(1).transact(&transaction("own"), |_, _| note(1)).await.unwrap();
        slow.counter.take();
        let shown = cold.shown().await.unwrap();
        cold.newest_events(&shown, 1).await.unwrap();
        assert_eq!(slow.counter.take(), requests(0, 2, 0), "each commit is read once");
    }
    // Young: as above.
    let slow = Slow::with(10).await;
    let cold = slow.log(3).showing();
    cold.shown().await.unwrap();
    assert_eq!(slow.counter.take(), requests(0, 1 + 10 + 1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_lost_graph_costs_a_list_the_one_before_it_and_the_commits_between() {
    let slow = Slow::with(140).await;
    slow.counter.replace(&start_key(128), Bytes::from_static(b"lost")).await.unwrap();
    slow.counter.take();
    let cold = slow.log(3).showing();
    let before = Instant::now();
    cold.shown().await.unwrap();
    let trips = before.elapsed().as_millis() / TRIP.as_millis();
    // Hint; snapshot, graph, LIST; LIST of graphs; both graphs; LIST and the 64 commits; 11; end.
    let gets = 1 + 2 + 2 + 64 + 11 + 1;
    assert_eq!((slow.counter.take(), trips), (requests(0, gets, 3), 9));
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_one_list_and_three_puts_and_nothing_when_none_is_due() {
    let slow = Slow::with(60).await;
    let (one, two) = (slow.log(4).keeping_snapshots(), slow.log(5).keeping_snapshots());
    for number in 0..5 {
        one.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
    }
    two.view().await.unwrap();
    slow.counter.take();
    assert!(one.snapshot().await.unwrap().is_some());
    assert_eq!(slow.counter.take(), requests(3, 0, 1), "itself, the graph, the hint");
    assert!(one.snapshot().await.unwrap().is_none());
    assert_eq!(slow.counter.take(), requests(0, 0, 0));
    assert!(two.snapshot().await.unwrap().unwrap().was_there);
    assert_eq!(slow.counter.take(), requests(3, 2, 1), "it compared what was there");
}

#[tokio::test]
async fn a_cold_start_on_an_empty_store_is_one_list_and_one_get() {
    let world = world(0).await;
    let cold = log_over(world.counter.clone(), world.clock.clone(), 3);
    assert_eq!(cold.view().await.unwrap().position.seq, None);
    assert_eq!(world.counter.take(), requests(0, 1, 1));
}
