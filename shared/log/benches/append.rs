//! Events per second into a folder and into memory, also of transactions that wait together; what an
//! append costs as the log grows; and the replay of 100,000 events. Printed for
//! people, judged by nobody: `cargo bench -p leviathan-log`.

#![expect(clippy::expect_used, reason = "a bench stops at the first fault")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use leviathan_core::decide::Decision;
use leviathan_core::event::{NewEvent, Payload, Principal, Role};
use leviathan_core::ports::ObjectStore;
use leviathan_local::{FolderStore, MemoryStore};
use leviathan_log::{Log, Transaction, Writer};
use leviathan_runtime::clock::{SystemClock, SystemEntropy};
use tokio::runtime::Runtime;

const REPLAYED: u64 = 100_000;

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn log(store: Arc<dyn ObjectStore>) -> Log {
    let writer = Writer { program: "bench".to_owned(), version: "0".to_owned() };
    Log::new(store, Arc::new(SystemClock), Arc::new(SystemEntropy), writer)
}

/// An event as an executor sends it, about 400 bytes as a line.
fn event(number: u64) -> NewEvent {
    let mut payload = Payload::new();
    payload.insert("attempt_id".to_owned(), "repair-the-test-abcdefghij".into());
    payload.insert("phase".to_owned(), "work".into());
    payload.insert("number".to_owned(), number.into());
    NewEvent {
        event_id: None,
        event_type: "attempt.noted".to_owned(),
        timestamp: None,
        actor_id: Some("executor".to_owned()),
        target: None,
        payload,
    }
}

async fn append(log: &Log, events: u64) {
    let transaction = Transaction::of("bench", Principal::program(Role::Api));
    let decide = move |_: &_, _: &_| Decision::new((0..events).map(event).collect(), ());
    log.transact(&transaction, decide).await.expect("an append");
}

fn appends(criterion: &mut Criterion) {
    let runtime = runtime();
    let folder = tempfile::tempdir().expect("a folder");
    for events in [1, 100] {
        let mut group = criterion.benchmark_group(format!("append commits of {events} events"));
        group.throughput(Throughput::Elements(events)).sample_size(20);
        let stores: [(&str, Arc<dyn ObjectStore>); 2] = [
            ("memory", Arc::new(MemoryStore::new())),
            (
                "folder",
                Arc::new(FolderStore::open(folder.path().join(events.to_string())).expect("open")),
            ),
        ];
        for (name, store) in stores {
            let log = log(store);
            group.bench_function(name, |bencher| {
                bencher.iter(|| runtime.block_on(append(&log, events)));
            });
        }
        group.finish();
    }
}

/// So many transactions of one event each that come at the same time.
fn groups(criterion: &mut Criterion) {
    let runtime = runtime();
    let folder = tempfile::tempdir().expect("a folder");
    for waiting in [1_u64, 8, 64] {
        let mut group = criterion.benchmark_group(format!("{waiting} transactions at once"));
        group.throughput(Throughput::Elements(waiting)).sample_size(20);
        let path = folder.path().join(waiting.to_string());
        let stores: [(&str, Arc<dyn ObjectStore>); 2] = [
            ("memory", Arc::new(MemoryStore::new())),
            ("folder", Arc::new(FolderStore::open(path).expect("open"))),
        ];
        for (name, store) in stores {
            let log = log(store);
            let all = || join_all((0..waiting).map(|_| append(&log, 1)));
            group.bench_function(name, |bencher| bencher.iter(|| runtime.block_on(all())));
        }
        group.finish();
    }
}

/// One append behind so many commits.
fn growth(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("append in memory");
    group.sample_size(20);
    let log = log(Arc::new(MemoryStore::new()));
    let mut behind = 0;
    for commits in [0_u64, 10_000, 100_000] {
        runtime.block_on(async {
            while behind < commits {
                append(&log, 1).await;
                behind += 1;
            }
        });
        group.bench_function(format!("behind {commits} commits"), |bencher| {
            bencher.iter(|| runtime.block_on(append(&log, 1)));
        });
    }
    group.finish();
}

fn replay(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("cold start");
    group.throughput(Throughput::Elements(REPLAYED)).sample_size(10);
    for events in [1_000, 10] {
        let store = Arc::new(MemoryStore::new());
        let writer = log(store.clone());
        runtime.block_on(async {
            for _ in 0..REPLAYED / events {
                append(&writer, events).await;
            }
        });
        group.bench_function(format!("{REPLAYED} events, {events} a commit"), |bencher| {
            bencher.iter_batched(
                || log(store.clone()),
                |log| black_box(runtime.block_on(log.view()).expect("a view").position.offset),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, appends, groups, growth, replay);
criterion_main!(benches);
