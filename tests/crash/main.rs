//! The crash suite: the real program is killed before and after its calls through a port, and the
//! same command again has to end as if nothing had happened (DECISIONS 18).
//!
//! A step is the nth call of its kind (`log.create 17`), as one recorded run of the very scenario
//! names them: reads that wait for news come in other numbers in each run, writes hardly do. A
//! seeded sample is taken by default; `LEVIATHAN_CRASH_ALL=1` takes every write and more reads, and
//! `LEVIATHAN_CRASH_SEED` another sample.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is wrong")]
#![expect(clippy::print_stdout, reason = "how many deaths were tried is part of the result")]

mod plan;
mod scenario;

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use leviathan_tests::story::Outcome;

use plan::{Death, FIRST_RUN, Plan, SECOND_RUN};
use scenario::Scenario;

const SIGKILL: i32 = 9;

/// Worlds at a time: they wait more than they work.
const AT_A_TIME: usize = 4;

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_leviathanctl-stepped"))
}

/// One death and what came of it.
enum Tried {
    /// The run made fewer calls of that kind.
    NotReached,
    Died(Vec<String>),
}

/// What comes before the run that is killed.
type Prepare = fn(&mut Scenario);

#[test]
fn a_run_that_is_killed_at_any_step_ends_as_the_undisturbed_one() {
    let statuses = [
        ("prices", "PrOpen"),
        ("describe", "PrOpen"),
        ("more-prices", "Pending: dependencies"),
        ("stray", "Blocked"),
        ("broken", "Blocked"),
        ("idle", "Blocked"),
    ];
    let (expected, record) = undisturbed(|_| (), &statuses);
    kill_and_compare(|_| (), &expected, &Plan::of(&record, FIRST_RUN));
}

#[test]
fn so_does_a_run_that_is_killed_while_it_follows_a_persons_merge_and_no() {
    let statuses = [
        ("prices", "Completed"),
        ("describe", "Blocked"),
        ("more-prices", "PrOpen"),
        ("stray", "Blocked"),
    ];
    let (expected, record) = undisturbed(Scenario::a_person_decides, &statuses);
    kill_and_compare(Scenario::a_person_decides, &expected, &Plan::of(&record, SECOND_RUN));
}

/// Tries every death of the plan.
fn kill_and_compare(prepare: Prepare, expected: &Outcome, plan: &Plan) {
    println!("{plan}");
    let deaths: Mutex<VecDeque<Death>> = Mutex::new(plan.deaths.iter().cloned().collect());
    let tried = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(death) = next(&deaths) {
                    let came = die_and_go_on(prepare, &death, expected);
                    tried.lock().unwrap_or_else(PoisonError::into_inner).push((death, came));
                }
            });
        }
    });
    let tried = tried.into_inner().unwrap();
    let died = tried.iter().filter(|(_, came)| matches!(came, Tried::Died(_))).count();
    let faults: Vec<String> = tried
        .iter()
        .filter_map(|(death, came)| match came {
            Tried::Died(faults) if !faults.is_empty() => {
                Some(format!("killed {death}:\n{}", faults.join("\n")))
            }
            _ => None,
        })
        .collect();
    println!("killed and resumed: {died} of {} chosen", tried.len());
    assert!(faults.is_empty(), "{} of {died}:\n{}", faults.len(), faults.join("\n\n"));
    assert_eq!(tried.len(), plan.deaths.len(), "a thread ended early");
    assert!(died * 10 >= tried.len() * 8, "too few were reached: {died} of {}", tried.len());
}

fn next(deaths: &Mutex<VecDeque<Death>>) -> Option<Death> {
    deaths.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

/// One run to its end: how all has to end, and the calls that it made.
fn undisturbed(prepare: Prepare, statuses: &[(&str, &str)]) -> (Outcome, String) {
    let mut scenario = Scenario::new(program());
    prepare(&mut scenario);
    let record = scenario.machine.folder().join("steps");
    let ran = scenario.run(&[("LEVIATHAN_STEPS", &record.display().to_string())]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let story = scenario.story();
    let expected = story.outcome(&scenario.target);
    let steps = std::fs::read_to_string(record).unwrap();
    // The scenario is what it says it is.
    for (task, status) in statuses {
        assert!(expected.tasks[*task].starts_with(status), "{task}: {:?}", expected.tasks);
    }
    // Once more without a death: nothing is left to do.
    assert_eq!(scenario.run(&[]).code, Some(0));
    let again = scenario.story();
    assert_eq!(again.commits, story.commits, "a run with nothing to do appended something");
    assert_eq!(scenario.faults(&again, &expected), Vec::<String>::new());
    (expected, steps)
}

fn die_and_go_on(prepare: Prepare, death: &Death, expected: &Outcome) -> Tried {
    let mut scenario = Scenario::new(program());
    prepare(&mut scenario);
    let ran = scenario.run(&[("LEVIATHAN_KILL", &death.to_string())]);
    if ran.signal != Some(SIGKILL) {
        return match ran.code {
            Some(0) => Tried::NotReached,
            _ => Tried::Died(vec![format!("it failed by itself: {ran:?}")]),
        };
    }
    let before = scenario.story();
    let mut faults: Vec<String> = before.fault.iter().cloned().collect();
    let again = scenario.run(&[]);
    let after = scenario.story();
    if !after.commits.starts_with(&before.commits) {
        faults.push("commits of before the death are gone or changed".to_owned());
    }
    if again.code == Some(0) {
        faults.extend(scenario.faults(&after, expected));
    } else {
        faults.push(format!("the same command again: {again:?}"));
    }
    Tried::Died(faults)
}
