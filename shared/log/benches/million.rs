//! A log of a million events: what its replay takes, an append at its end, the proof of one event
//! and its check; how much memory it holds; and the load of the largest state from a snapshot.
//! `cargo bench -p leviathan-log --bench million`. Printed for people, judged by nobody.

#![expect(clippy::expect_used, reason = "a bench stops at the first fault")]
#![expect(clippy::print_stdout, reason = "its figures are for people")]

mod largest;
mod made;

use std::hint::black_box;
use std::time::Instant;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use leviathan_core::decide::Decision;
use leviathan_core::event::{Principal, Role};
use leviathan_core::ports::Signer;
use leviathan_local::FileSigner;
use leviathan_log::seal::{EventName, VerifierKey};
use leviathan_log::{Log, Transaction, snapshot};
use peak_alloc::PeakAlloc;

use self::made::{Made, event, log, runtime};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MILLION: u64 = 1_000_000;

/// Mebibytes that are held more than before.
fn more_than(before: usize) -> f64 {
    MEMORY.current_usage().saturating_sub(before) as f64 / (1024.0 * 1024.0)
}

async fn append(log: &Log) {
    let transaction = Transaction::of("bench", Principal::program(Role::Api));
    let decide = |_: &_, _: &_| Decision::new(vec![event(1)], ());
    log.transact(&transaction, decide).await.expect("an append");
}

/// Replay, memory and one append, at each size.
fn sizes(criterion: &mut Criterion) {
    let runtime = runtime();
    for events in [1_000, 10_000, 100_000, MILLION] {
        let began = Instant::now();
        let made = Made::of_notes(events, 1_000);
        println!("{events} events, {} MB, made in {:.1?}", made.bytes / 1_000_000, began.elapsed());
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let reader = log(made.store.clone());
        runtime.block_on(reader.view()).expect("a view");
        println!(
            "{events} events: a process that has read them holds {:.1} MiB more, and held {:.1} MiB \
             while it read",
            more_than(before),
            MEMORY.peak_usage().saturating_sub(before) as f64 / (1024.0 * 1024.0),
        );
        let mut group = criterion.benchmark_group(format!("a log of {events} events"));
        group.sample_size(10);
        group.bench_function("append of one", |bencher| {
            bencher.iter(|| runtime.block_on(append(&reader)));
        });
        group.throughput(Throughput::Elements(events));
        group.bench_function("replay", |bencher| {
            bencher.iter_batched(
                || log(made.store.clone()),
                |log| black_box(runtime.block_on(log.view()).expect("a view").position.offset),
                BatchSize::PerIteration,
            );
        });
        group.finish();
    }
}

fn proofs(criterion: &mut Criterion) {
    let runtime = runtime();
    let made = Made::of_notes(MILLION, 1_000);
    let folder = tempfile::tempdir().expect("a folder");
    let signer = FileSigner::open_or_make(&folder.path().join("key")).expect("a key");
    let key = VerifierKey::new(signer.name(), &signer.public_key()).expect("a key");
    let log = log(made.store.clone());
    let began = Instant::now();
    runtime.block_on(async {
        log.view().await.expect("a view");
        while log.seal(&signer, None).await.expect("sealed").is_some() {}
    });
    println!("{MILLION} events sealed in {:.1?}", began.elapsed());
    let mut offset = 7;
    let mut next = || {
        offset = (offset + 618_034) % MILLION;
        EventName::Offset(offset)
    };
    let mut group = criterion.benchmark_group(format!("one event of {MILLION}"));
    group.bench_function("its proof", |bencher| {
        bencher.iter(|| runtime.block_on(log.prove(&key, &next())).expect("a proof"));
    });
    let bundle = runtime.block_on(log.prove(&key, &next())).expect("a proof");
    group.bench_function("the check of its proof", |bencher| {
        bencher.iter(|| bundle.check(&key).expect("it holds"));
    });
    group.finish();
}

fn snapshots(criterion: &mut Criterion) {
    let runtime = runtime();
    let made = largest::made();
    let before = MEMORY.current_usage();
    let reader = log(made.store.clone());
    let view = runtime.block_on(reader.view()).expect("a view");
    let (live, all) = (view.state.live_attempts().count(), made.position.offset);
    let bytes = snapshot::encode(&view).expect("a snapshot");
    println!(
        "the largest state, {live} live attempts and {} that left it, of {all} events: {:.1} MiB \
         held, {:.1} MB as a snapshot",
        view.state.past.departed(),
        more_than(before),
        bytes.len() as f64 / 1e6,
    );
    let seq = view.position.seq.expect("a commit");
    let mut group = criterion.benchmark_group("the largest state");
    group.sample_size(10).throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("load of its snapshot", |bencher| {
        bencher.iter(|| snapshot::decode(seq, &bytes).expect("a state"));
    });
    group.bench_function("its snapshot's bytes", |bencher| {
        bencher.iter(|| snapshot::encode(&view).expect("a snapshot"));
    });
    group.bench_function("append of one", |bencher| {
        let log = log(made.store.clone());
        runtime.block_on(log.view()).expect("a view");
        bencher.iter(|| runtime.block_on(append(&log)));
    });
    group.finish();
}

criterion_group!(benches, sizes, proofs, snapshots);
criterion_main!(benches);
