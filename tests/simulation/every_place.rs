//! Every fault at every request, and every disturbance at every step, of a small scene: one thing
//! goes wrong in a run, and nothing else. What chance may miss is here.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use leviathan_log::Rules;

use crate::event_loop::Steps;
use crate::faults::{Disturbance, Fault, Request};
use crate::weather::Weather;
use crate::world::{Ended, Scene, play};

/// The orders of steps that are tried.
const ORDERS: u64 = 2;

/// Who takes part.
#[derive(Debug, Clone, Copy)]
enum Small {
    /// Who reads and writes.
    Writers,
    /// Two who seal what one writes, where a tile fills.
    Sealers,
}

fn small(small: Small, seed: u64, weather: Weather) -> Ended {
    let writers = Scene {
        processes: 2,
        clients: 2,
        operations: 1,
        reads: 1,
        cold_starts: 1,
        tickers: 1,
        ticks: 2,
        sealers: 0,
        seals: 0,
        copiers: 0,
        backups: 0,
        before: 0,
        snapshot_every: 2,
        closes: false,
    };
    let scene = match small {
        Small::Writers => writers,
        Small::Sealers => Scene {
            processes: 1,
            clients: 1,
            reads: 0,
            cold_starts: 0,
            tickers: 0,
            sealers: 2,
            seals: 1,
            before: 254,
            ..writers
        },
    };
    play(Steps::new(seed), scene, weather, Rules::default())
}

/// One of the runs, in which one thing goes wrong.
struct Run {
    scene: Small,
    seed: u64,
    weather: Weather,
    what: &'static str,
}

impl Run {
    fn play(&self) {
        let ended = small(self.scene, self.seed, self.weather.clone());
        let (what, scene, seed, weather) = (self.what, self.scene, self.seed, &self.weather);
        assert!(
            ended.problems.is_empty(),
            "{what} ({weather:?}), {scene:?}, order {seed}: {}\n{}",
            ended.problems.join("\n"),
            ended.trace.join("\n")
        );
        if weather.at_request.is_some() {
            assert!(ended.figures.of(what) > 0, "it did not happen: {scene:?}, {weather:?}");
        }
    }
}

/// Plays each of them on all cores.
fn play_all(runs: &[Run], at_least: usize) {
    println!("{} runs", runs.len());
    assert!(runs.len() > at_least, "{} runs are too few", runs.len());
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(run) = runs.get(next.fetch_add(1, Ordering::SeqCst)) {
                    run.play();
                }
            });
        }
    });
}

fn calm(scene: Small, seed: u64) -> Ended {
    let calm = small(scene, seed, Weather::default());
    assert!(calm.problems.is_empty(), "{scene:?}: {:?}", calm.problems);
    calm
}

fn faults_at_requests(scene: Small, seed: u64) -> Vec<Run> {
    let mut runs = Vec::new();
    for (at, request) in (0..).zip(calm(scene, seed).requests) {
        for fault in Fault::ALL.into_iter().filter(|fault| fault.befalls(request)) {
            let weather = Weather { at_request: Some((at, fault)), ..Weather::default() };
            runs.push(Run { scene, seed, weather, what: fault.name() });
        }
    }
    runs
}

fn disturbances_at_steps(scene: Small, seed: u64, of: &[Disturbance]) -> Vec<Run> {
    let mut runs = Vec::new();
    for turn in 1..calm(scene, seed).turns {
        for disturbance in of {
            let at_turn = Some((turn, *disturbance));
            let weather = Weather { at_turn, ..Weather::default() };
            runs.push(Run { scene, seed, weather, what: disturbance.name() });
        }
    }
    runs
}

#[test]
fn every_fault_at_every_request() {
    let runs: Vec<Run> =
        (0..ORDERS).flat_map(|seed| faults_at_requests(Small::Writers, seed)).collect();
    play_all(&runs, 400);
}

/// A write of which the sender knows nothing, and then one thing more, while it finds out.
#[test]
fn every_fault_after_every_unclear_write() {
    let unclear =
        [Fault::AnswerLost, Fault::StoredLate, Fault::StoredAfterNotFound, Fault::SentTwice];
    let mut runs = Vec::new();
    let (scene, seed) = (Small::Writers, 0);
    let creates =
        (0..).zip(calm(scene, seed).requests).filter(|(_, request)| *request == Request::Create);
    for (at, _) in creates {
        for first in unclear {
            for then in Fault::ALL.iter().flat_map(|fault| (1..=4).map(|later| (later, *fault))) {
                let (at_request, then) = (Some((at, first)), Some(then));
                let weather = Weather { at_request, then, ..Weather::default() };
                runs.push(Run { scene, seed, weather, what: first.name() });
            }
        }
    }
    play_all(&runs, 500);
}

#[test]
fn every_disturbance_at_every_step() {
    let all = &Disturbance::ALL;
    let runs: Vec<Run> =
        (0..ORDERS).flat_map(|seed| disturbances_at_steps(Small::Writers, seed, all)).collect();
    play_all(&runs, 400);
}

#[test]
fn every_fault_at_every_request_of_two_sealers() {
    play_all(&faults_at_requests(Small::Sealers, 0), 100);
}

/// Between tile, checkpoint, mutable checkpoint and the second place's copy too.
#[test]
fn two_sealers_killed_and_frozen_at_every_step() {
    let of = [Disturbance::Killed, Disturbance::Frozen];
    play_all(&disturbances_at_steps(Small::Sealers, 0, &of), 100);
}
