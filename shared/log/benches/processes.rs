//! Eight processes on one log, over a store that takes 60 ms to write and 20 ms to read: how many
//! commits one chain carries, how long an append takes, who loses, and whether anybody starves.
//! Time is tokio's paused clock, so a minute takes seconds, every run gives the same figures, and
//! what a program computes costs nothing: it is the store that is measured.
//!
//! `cargo bench -p leviathan-log --bench processes`. Printed for people, judged by nobody.

#![expect(clippy::expect_used, reason = "a bench stops at the first fault")]
#![expect(clippy::print_stdout, reason = "its figures are for people")]

mod slow_store;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use leviathan_core::decide::{Decision, Moment};
use leviathan_core::event::{NewEvent, Payload, Principal, Role};
use leviathan_core::state::State;
use leviathan_log::{Log, Transaction, Writer};
use tokio::time::Instant;

use self::slow_store::{Counts, PausedClock, Seeded, SlowStore};

const PROCESSES: usize = 8;
const MINUTE: Duration = Duration::from_secs(60);

/// An event as an executor sends it, about 400 bytes as a line.
fn event() -> NewEvent {
    let mut payload = Payload::new();
    payload.insert("attempt_id".to_owned(), "repair-the-test-abcdefghij".into());
    payload.insert("phase".to_owned(), "work".into());
    NewEvent {
        event_id: None,
        event_type: "attempt.noted".to_owned(),
        timestamp: None,
        actor_id: Some("executor".to_owned()),
        target: None,
        payload,
    }
}

fn processes(store: &Arc<SlowStore>, many: usize) -> Vec<Arc<Log>> {
    let log = |seed| {
        let writer = Writer { program: "bench".to_owned(), version: "0".to_owned() };
        let clock = Arc::new(PausedClock::default());
        Arc::new(Log::new(store.clone(), clock, Arc::new(Seeded::new(seed)), writer))
    };
    (0..many as u64).map(log).collect()
}

/// One transaction of so many events; how long it took.
async fn append(log: &Log, events: usize) -> Duration {
    let began = Instant::now();
    let decide = move |_: &State, _: &Moment| Decision::new(vec![event(); events], ());
    let transaction = Transaction::of("bench", Principal::program(Role::Api));
    log.transact(&transaction, decide).await.expect("an append");
    began.elapsed()
}

/// The one in so many hundred, in milliseconds.
fn percentile(sorted: &[Duration], hundredth: usize) -> u128 {
    let index = (sorted.len() * hundredth / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).map_or(0, Duration::as_millis)
}

/// What is done for a minute.
#[derive(Default)]
struct Load {
    processes: usize,
    /// Tasks of a process that append at once.
    tasks: usize,
    /// The longest pause of a task between two appends, which are random, in milliseconds.
    pause: u64,
    /// How much the store's times differ.
    spread: f64,
}

/// For a minute each process appends from so many tasks at once, one event a time.
async fn for_a_minute(Load { processes: many, tasks, pause, spread }: Load) {
    let store = Arc::new(SlowStore::with_spread(spread));
    let logs = processes(&store, many);
    join_all(logs.iter().map(|log| log.view())).await;
    store.forget();
    let end = Instant::now() + MINUTE;
    let dice = Seeded::new(11);
    let task = async |log: Arc<Log>| {
        let mut took = Vec::new();
        while Instant::now() < end {
            took.push(append(&log, 1).await);
            if pause > 0 {
                tokio::time::sleep(Duration::from_millis(dice.next() % pause)).await;
            }
        }
        took
    };
    let process = |log: &Arc<Log>| join_all((0..tasks).map(|_| task(log.clone())));
    let took: Vec<Vec<Vec<Duration>>> = join_all(logs.iter().map(process)).await;
    let of_each: Vec<usize> = took.iter().map(|of| of.iter().map(Vec::len).sum()).collect();
    let mut all: Vec<Duration> = took.into_iter().flatten().flatten().collect();
    all.sort_unstable();
    let Counts { stored, lost, gets } = store.counts();
    println!(
        "{many:>2} processes x {tasks:>2} tasks, pauses up to {pause:>4} ms, times +- {:>2.0} %: {:>4.1} \
         commits/s, {:>5.1} events/s, append p50 {:>4} ms, p99 {:>4} ms, longest {:>4} ms, lost \
         races {:>2.0} % of PUTs, {:>4.1} GETs a commit, appends of a process {} to {}",
        spread * 100.0,
        stored / 60.0,
        all.len() as f64 / 60.0,
        percentile(&all, 50),
        percentile(&all, 99),
        percentile(&all, 100),
        lost * 100.0 / (stored + lost),
        gets / stored,
        of_each.iter().min().unwrap_or(&0),
        of_each.iter().max().unwrap_or(&0),
    );
}

/// Which processes do an attempt's steps after the tick has created it, and how many events each
/// appends: submitted by dispatch; started and checked by way of the api; prepared, and created
/// with succeeded, by publish.
const STEPS: [(&[usize], usize); 5] =
    [(&[1, 2], 1), (&[3, 4, 5], 1), (&[3, 4, 5], 1), (&[6, 7], 1), (&[6, 7], 2)];

/// So many attempts that are due at once, through all of their transactions. `together`: a
/// process works on all that it has at once; else on one after the other, as a function does.
async fn attempts(count: usize, together: bool) {
    let store = Arc::new(SlowStore::with_spread(0.0));
    let logs = processes(&store, PROCESSES);
    join_all(logs.iter().map(|log| log.view())).await;
    store.forget();
    let began = Instant::now();
    let turn: Vec<tokio::sync::Mutex<()>> = (0..PROCESSES).map(|_| Default::default()).collect();
    append(&logs[0], count).await;
    let attempt = |number: usize| {
        let (logs, turn) = (&logs, &turn);
        async move {
            for (places, events) in STEPS {
                let place = places[number % places.len()];
                let _alone = if together { None } else { Some(turn[place].lock().await) };
                append(&logs[place], events).await;
            }
        }
    };
    join_all((0..count).map(attempt)).await;
    let Counts { stored, lost, .. } = store.counts();
    println!(
        "{count} attempts, {}: {:.1} s, {stored:.0} commits of {} transactions, {:.0} % of PUTs lost",
        if together { "each process all at once" } else { "each process one by one   " },
        began.elapsed().as_secs_f64(),
        1 + count * STEPS.len(),
        lost * 100.0 / (stored + lost),
    );
}

fn main() {
    let run = |work: std::pin::Pin<Box<dyn Future<Output = ()>>>| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(work);
    };
    for tasks in [1, 8, 64] {
        run(Box::pin(for_a_minute(Load { processes: PROCESSES, tasks, ..Load::default() })));
    }
    for processes in [1, 2, PROCESSES, 24] {
        let load = Load { processes, tasks: 1, spread: 0.3, ..Load::default() };
        run(Box::pin(for_a_minute(load)));
    }
    for pause in [1_000, 2_000, 10_000] {
        let load = Load { processes: PROCESSES, tasks: 1, pause, spread: 0.3 };
        run(Box::pin(for_a_minute(load)));
    }
    for together in [true, false] {
        run(Box::pin(attempts(200, together)));
    }
}
