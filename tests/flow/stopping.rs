//! Ctrl-C, kill -9, and two at once.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use leviathan_tests::clock::SeededEntropy;
use leviathan_tests::machine::Running;
use leviathan_tests::story::Outcome;

use crate::shop::{DOCS_TASK, POLICY, RULES, TASKS, World};

/// A command that never ends by itself.
fn endless() -> World {
    let policy = RULES.replace("echo 'apple 2' > prices.txt", "sleep 1000; exit 1");
    World::with(TASKS, &policy)
}

fn start(world: &World) -> Running {
    let target = world.target.typed();
    let mut running =
        world.machine.start(world.machine.command(["dev", "--target", &target, "--trust"]));
    // Printed when prepare has ended and work begins.
    running.wait_for("  prepare ");
    running
}

#[test]
fn ctrl_c_ends_everything_and_the_same_command_goes_on() {
    let world = endless();
    for _ in 0..2 {
        let running = start(&world);
        running.interrupt();
        let ran = running.wait();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert_eq!(world.machine.processes_left(), Vec::<String>::new());
    }
    // A person's word is nobody's fault: it brings no task nearer to being given up.
    assert_eq!(world.story().task("prices").failures.total(), 0);

    world.target.commit(&[(POLICY, RULES)], "a command that ends");
    world.dev();
    assert_eq!(world.status("prices"), "PrOpen");
    let story = world.story();
    assert_eq!((story.fault.clone(), story.doubles()), (None, Vec::new()));
}

#[test]
fn a_second_run_on_the_same_state_is_refused_and_harms_nothing() {
    let world = endless();
    let mut first = start(&world);
    let second = world.ran_dev(&["--trust"]);
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains("another process"), "{second:?}");
    assert!(second.stderr.contains("--state"), "what to do: {second:?}");
    // Looking is allowed.
    let tasks = world.machine.done(["tasks", "list"]);
    assert!(tasks.contains("in_progress"), "{tasks}");
    // And the first one lives.
    first.kill();
    assert_eq!(first.wait().signal, Some(9));
    assert_eq!(world.machine.processes_left(), Vec::<String>::new());
}

/// Deaths at random moments.
const DEATHS: usize = 20;

/// Worlds at a time: they wait more than they work.
const AT_A_TIME: usize = 4;

#[test]
fn kill_9_at_any_moment_then_the_same_command_goes_on() {
    let new = || World::with(&format!("{TASKS}{DOCS_TASK}"), RULES);
    let undisturbed = new();
    let began = Instant::now();
    undisturbed.dev();
    let took = began.elapsed();
    let expected = undisturbed.story().outcome(&undisturbed.target);
    assert_eq!(expected.branches.len(), 2, "{expected:?}");

    let chance = SeededEntropy::new(std::process::id().into());
    let took = u64::try_from(took.as_millis()).unwrap();
    let moments: VecDeque<u64> = (0..DEATHS).map(|_| chance.below(took)).collect();
    let (moments, faults) = (Mutex::new(moments), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let Some(moment) = moments.lock().unwrap().pop_front() else { break };
                    let found = die_and_go_on(&new(), moment, &expected);
                    faults.lock().unwrap().extend(found);
                }
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn die_and_go_on(world: &World, moment: u64, expected: &Outcome) -> Vec<String> {
    let persons = world.target.all_that_is_the_persons();
    let target = world.target.typed();
    let arguments = ["dev", "--target", &target, "--until-idle", "--trust"];
    let mut running = world.machine.start(world.machine.command(arguments));
    thread::sleep(Duration::from_millis(moment));
    running.kill();
    running.wait();
    let before = world.story();
    let again = world.machine.run(arguments);
    let after = world.story();
    let mut faults = after.doubles();
    faults.extend(before.fault.into_iter().chain(after.fault.clone()));
    if again.code != Some(0) {
        faults.push(format!("the same command again: {again:?}"));
    }
    if !after.commits.starts_with(&before.commits) {
        faults.push("commits of before are gone or changed".to_owned());
    }
    let outcome = after.outcome(&world.target);
    if outcome != *expected {
        faults.push(format!("{outcome:#?} instead of {expected:#?}"));
    }
    faults.extend(world.target.changed_since(&persons));
    faults.extend(world.machine.processes_left());
    faults.into_iter().map(|fault| format!("killed after {moment} ms: {fault}")).collect()
}
