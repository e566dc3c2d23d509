//! The seeded simulation of the log: several processes on one event loop over a store that
//! misbehaves, each run judged by its whole history.
//!
//! - `LEVIATHAN_SIM_SEEDS=N`: how many seeds (500 without).
//! - `LEVIATHAN_SIM_SEED=N`: this seed alone, with its trace printed.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at the first thing that is wrong, and says what it did"
)]

mod check;
mod event_loop;
mod faulty_store;
mod history;
mod process;
mod vandal;
mod weather;
mod world;

use std::env;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use leviathan_log::Rules;

use crate::weather::{Figures, MUST_HAPPEN};
use crate::world::run;

const SEEDS: u64 = 500;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("the variable holds a number"))
}

fn replay(seed: u64) -> String {
    format!(
        "replay it: LEVIATHAN_SIM_SEED={seed} cargo test -p leviathan-tests --test simulation \
         every_seed -- --nocapture"
    )
}

/// Runs seeds on all cores until one fails; the lowest that was seen to fail, or the sum of what
/// happened.
fn search(seeds: u64, rules: Rules) -> Result<Figures, (u64, String)> {
    let next = AtomicU64::new(0);
    let worker = || {
        let mut figures = Figures::default();
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= seeds {
                return Ok(figures);
            }
            let ended = run(seed, rules);
            if let Err(problem) = ended.verdict {
                next.store(seeds, Ordering::SeqCst);
                return Err((seed, problem));
            }
            figures.add(&ended.figures);
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
    });
    let mut sum = Figures::default();
    for result in results {
        sum.add(&result?);
    }
    Ok(sum)
}

/// First of all: without this a failing seed could not be replayed.
#[test]
fn the_same_seed_gives_the_same_trace() {
    let rules = Rules::default();
    for seed in 0..20 {
        let (first, second) = (run(seed, rules), run(seed, rules));
        assert!(first.trace.len() > 100, "seed {seed} did nothing");
        assert_eq!(first.trace, second.trace, "seed {seed}");
        assert_eq!(first.figures, second.figures, "seed {seed}");
    }
    assert_ne!(run(0, rules).trace, run(1, rules).trace);
}

#[test]
fn every_seed_ends_well_and_nothing_is_left_untried() {
    let rules = Rules::default();
    if let Some(seed) = number("LEVIATHAN_SIM_SEED") {
        let ended = run(seed, rules);
        println!("{}", ended.trace.join("\n"));
        ended.verdict.unwrap_or_else(|problem| panic!("seed {seed}: {problem}"));
        return;
    }
    let seeds = number("LEVIATHAN_SIM_SEEDS").unwrap_or(SEEDS);
    let figures = search(seeds, rules)
        .unwrap_or_else(|(seed, problem)| panic!("seed {seed}: {problem}\n{}", replay(seed)));
    println!("{seeds} seeds: {figures:?}");
    if seeds >= SEEDS {
        for what in MUST_HAPPEN {
            assert!(figures.of(what) > 0, "it never happened: {what}");
        }
    }
}

/// The rules are for mutants: a program that breaks one would break its log.
#[test]
fn no_program_chooses_its_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![root.join("functions"), root.join("shared")];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of ours") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                read += 1;
                let text = fs::read_to_string(&path).expect("source is text");
                assert!(!text.contains(".with_rules("), "{} breaks rules", path.display());
            }
        }
    }
    assert!(read > 50, "it looked at {read} files only");
}

/// A mutant that is not found means that the simulation looks away.
#[track_caller]
fn found(rules: Rules, by: &[&str]) {
    match search(SEEDS, rules) {
        Err((seed, problem)) => {
            println!("found with seed {seed}: {problem}");
            let named = by.iter().any(|words| problem.contains(words));
            assert!(named, "found by something else: seed {seed}: {problem}");
        }
        Ok(_) => panic!("the mutant lives: {rules:?}"),
    }
}

#[test]
fn a_writer_that_does_not_know_its_own_nonce_is_found() {
    found(
        Rules { own_nonce_is_committed: false, ..Rules::default() },
        &["more than once", "refused, yet stored"],
    );
}

#[test]
fn a_writer_that_takes_409_for_412_is_found() {
    found(Rules { conflict_is_sent_again: false, ..Rules::default() }, &["can't give it back"]);
}

#[test]
fn a_cold_start_without_a_list_is_found() {
    found(
        Rules { cold_start_lists: false, ..Rules::default() },
        &["did not stop at Removed", "did not stop at Foreign"],
    );
}

#[test]
fn a_reader_that_does_not_check_prev_is_found() {
    found(Rules { prev_is_checked: false, ..Rules::default() }, &["did not stop at"]);
}
