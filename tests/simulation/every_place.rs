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

fn small(seed: u64, weather: Weather) -> Ended {
    let scene = Scene {
        processes: 2,
        clients: 2,
        operations: 1,
        reads: 1,
        cold_starts: 1,
        tickers: 1,
        ticks: 2,
        snapshot_every: 2,
        closes: false,
    };
    play(Steps::new(seed), scene, weather, Rules::default())
}

/// Plays each of them on all cores.
fn play_all(runs: &[(u64, Weather, &'static str)]) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((seed, weather, what)) =
                    runs.get(next.fetch_add(1, Ordering::SeqCst))
                {
                    let ended = small(*seed, weather.clone());
                    let trace = || ended.trace.join("\n");
                    assert!(
                        ended.problems.is_empty(),
                        "{what} ({weather:?}), order {seed}: {}\n{}",
                        ended.problems.join("\n"),
                        trace()
                    );
                    if weather.at_request.is_some() {
                        assert!(ended.figures.of(what) > 0, "it did not happen: {weather:?}");
                    }
                }
            });
        }
    });
}

#[test]
fn every_fault_at_every_request() {
    let mut runs = Vec::new();
    for seed in 0..ORDERS {
        let calm = small(seed, Weather::default());
        assert!(calm.problems.is_empty(), "{:?}", calm.problems);
        for (at, request) in (0..).zip(calm.requests) {
            for fault in Fault::ALL.into_iter().filter(|fault| fault.befalls(request)) {
                let weather = Weather { at_request: Some((at, fault)), ..Weather::default() };
                runs.push((seed, weather, fault.name()));
            }
        }
    }
    println!("{} runs", runs.len());
    assert!(runs.len() > 400, "{} runs are too few", runs.len());
    play_all(&runs);
}

/// A write of which the sender knows nothing, and then one thing more, while it finds out.
#[test]
fn every_fault_after_every_unclear_write() {
    let unclear =
        [Fault::AnswerLost, Fault::StoredLate, Fault::StoredAfterNotFound, Fault::SentTwice];
    let mut runs = Vec::new();
    let calm = small(0, Weather::default());
    let creates = (0..).zip(calm.requests).filter(|(_, request)| *request == Request::Create);
    for (at, _) in creates {
        for first in unclear {
            for then in Fault::ALL.iter().flat_map(|fault| (1..=4).map(|later| (later, *fault))) {
                let (at_request, then) = (Some((at, first)), Some(then));
                runs.push((0, Weather { at_request, then, ..Weather::default() }, first.name()));
            }
        }
    }
    println!("{} runs", runs.len());
    assert!(runs.len() > 500, "{} runs are too few", runs.len());
    play_all(&runs);
}

#[test]
fn every_disturbance_at_every_step() {
    let mut runs = Vec::new();
    for seed in 0..ORDERS {
        for turn in 1..small(seed, Weather::default()).turns {
            for disturbance in Disturbance::ALL {
                let weather = Weather { at_turn: Some((turn, disturbance)), ..Weather::default() };
                runs.push((seed, weather, disturbance.name()));
            }
        }
    }
    println!("{} runs", runs.len());
    assert!(runs.len() > 400, "{} runs are too few", runs.len());
    play_all(&runs);
}
