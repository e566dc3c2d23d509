//! Random weather, seed by seed.

use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use leviathan_log::Rules;

use crate::check::{CALLS, REFUSED};
use crate::event_loop::Steps;
use crate::faults::{Disturbance, Fault};
use crate::figures::Figures;
use crate::world::{Scene, run};

/// So many seeds in the test command.
pub(crate) const SEEDS: u64 = 500;

/// What must happen somewhere in the seeds besides each fault and each disturbance, or the
/// simulation tries less than it says.
const MUST_HAPPEN: [&str; 35] = [
    "object stored",
    "late, and stored",
    "late, and another was there",
    "late, and never came",
    "committed",
    "commit shared by transactions",
    "a caller left a shared commit",
    "nothing to do",
    "unknown",
    "unknown, yet stored",
    "never told",
    "bundle sent again",
    "clock refused",
    "store refused",
    "stopped at a hole",
    "stopped at damage",
    "cold start",
    "cold start from a snapshot",
    "snapshot written",
    "snapshot was there",
    "views written",
    "log closed",
    "refused by a closed log",
    "vandalised",
    "spoiled",
    "stopped at a shorter log",
    "not sealed after a roll-back",
    "sealed",
    "sealed by two",
    "nothing new to seal",
    "checkpoint without its copy",
    "tile filled",
    "backed up",
    "backup went on",
    "backup judged before it was completed",
];

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().expect("the variable holds a number"))
}

/// The command that runs this seed alone.
pub(crate) fn replay(seed: u64) -> String {
    format!(
        "LEVIATHAN_SIM_SEED={seed} cargo test -p leviathan-tests --test simulation every_seed -- \
         --nocapture"
    )
}

/// Runs seeds on all cores until one fails in the way that is looked for; the lowest that was seen
/// to fail and what is wrong with it, or the sum of what happened.
pub(crate) fn search(
    seeds: u64,
    rules: Rules,
    looked_for: impl Fn(&[String]) -> bool + Sync,
) -> Result<Figures, (u64, Vec<String>)> {
    let next = AtomicU64::new(0);
    let looked_for = &looked_for;
    let worker = || {
        let mut figures = Figures::default();
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= seeds {
                return Ok(figures);
            }
            let ended = run(seed, rules);
            if !ended.problems.is_empty() && looked_for(&ended.problems) {
                next.store(seeds, Ordering::SeqCst);
                return Err((seed, ended.problems));
            }
            figures.add(&ended.figures);
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut results: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).collect()
    });
    results.sort_by_key(|result| result.as_ref().err().map(|(seed, _)| *seed).unwrap_or(u64::MAX));
    let mut sum = Figures::default();
    for result in results {
        sum.add(&result?);
    }
    Ok(sum)
}

#[test]
fn every_seed_ends_well_and_nothing_is_left_untried() {
    let rules = Rules::default();
    if let Some(seed) = number("LEVIATHAN_SIM_SEED") {
        let ended = run(seed, rules);
        println!("{}", ended.trace.join("\n"));
        assert!(ended.problems.is_empty(), "seed {seed}: {}", ended.problems.join("\n"));
        return;
    }
    let seeds = number("LEVIATHAN_SIM_SEEDS").unwrap_or(SEEDS);
    let figures = search(seeds, rules, |_| true).unwrap_or_else(|(seed, problems)| {
        panic!("seed {seed}: {}\nreplay it: {}", problems.join("\n"), replay(seed))
    });
    println!("{seeds} seeds: {figures:#?}");
    if seeds >= SEEDS {
        let faults = Fault::ALL.map(Fault::name);
        let disturbances = Disturbance::ALL.map(Disturbance::name);
        for what in MUST_HAPPEN.iter().chain(&faults).chain(&disturbances) {
            assert!(figures.of(what) > 0, "it never happened: {what}");
        }
    }
}

/// What the checker of linearizability is given, at the least.
#[test]
fn each_seed_has_three_writers_two_readers_and_forty_calls() {
    for seed in 0..50 {
        let ended = run(seed, Rules::default());
        let judged = ended.figures.of(CALLS);
        // What was refused has neither changed nor seen anything.
        let refused = ended.figures.of(REFUSED);
        assert!(judged + refused >= 40, "seed {seed}: {judged} calls, {refused} refused");
        let scene = Scene::draw(&Steps::new(seed));
        assert!(scene.clients * scene.processes as u64 >= 3 && scene.processes >= 2);
    }
}
