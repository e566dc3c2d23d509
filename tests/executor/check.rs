//! check: the invariants, on base and change and on nothing else.

use std::fs;

use leviathan_core::fact::FailureClass;

use crate::world::{World, write};

/// A world whose gate let `src/a` = `2` pass.
fn gated(world: World) -> World {
    world.pass("prepare");
    world.change("src/a", "2\n");
    world.pass("gate");
    world
}

fn sources() -> World {
    World::with(&[(".gitignore", "target/\n"), ("src/a", "1\n"), ("src/b", "1\n")])
}

#[test]
fn invariants_see_base_and_change_and_nothing_that_the_tool_left() {
    let script = "test \"$(cat src/a)\" = 2 && test \"$(cat src/b)\" = 1 && ! test -e target \
                  && ! test -e src/late && git diff --quiet && ! git diff --quiet HEAD \
                  && test -z \"$LEVIATHAN_TASK\"";
    let world = sources().invariant("all of it", &["sh", "-xc", script]);
    world.pass("prepare");
    world.change("src/a", "2\n");
    world.change("target/left", "by the tool");
    world.pass("gate");
    world.change("src/late", "after the gate");
    let ended = world.pass("check");
    let checks = ended.result.checks;
    assert_eq!(checks.len(), 1);
    assert!(checks[0].passed && checks[0].detail.contains("exit code 0"), "{checks:?}");
}

#[test]
fn every_invariant_runs_and_has_its_own_log() {
    let world = gated(
        sources()
            .invariant("first", &["sh", "-c", "echo from the first; exit 1"])
            .invariant("second", &["sh", "-c", "echo from the second"]),
    );
    let ended = world.fail("check", "invariant_failed");
    assert_eq!(ended.result.class, Some(FailureClass::Task));
    let passed: Vec<bool> = ended.result.checks.iter().map(|check| check.passed).collect();
    assert_eq!(passed, [false, true]);
    let log = |number: usize| {
        fs::read_to_string(world.path(format!("job/phases/check/{number}.log"))).unwrap()
    };
    assert_eq!((log(1).as_str(), log(2).as_str()), ("from the first\n", "from the second\n"));
    assert!(ended.result.summary.contains("1 of 2 invariants failed; first:"));
}

#[test]
fn an_invariant_ends_at_its_limit_and_one_that_cannot_start_is_not_the_tasks_fault() {
    let mut world = sources().invariant("slow", &["sleep", "600"]);
    world.job.policy.invariants[0].command.time_limit_seconds = 1;
    let ended = gated(world).fail("check", "invariant_failed");
    assert!(ended.result.checks[0].detail.contains("time was over"), "{:?}", ended.result.checks);

    let world = sources().invariant("missing", &["no-such-program-anywhere"]);
    let ended = gated(world).fail("check", "command_not_started");
    assert_eq!(ended.result.class, Some(FailureClass::Policy));
}

#[test]
fn an_invariant_cannot_write_its_verdict_or_the_change() {
    if !leviathan_confine::available_with(leviathan_tests::programs::executor()).confines_files() {
        return;
    }
    let script = "echo '{}' > ../../phases/check/result.json; echo x > ../../gate/diff; \
                  echo x > ../../gate/facts.json; exit 1";
    let world = gated(sources().invariant("forger", &["sh", "-c", script]));
    let before = fs::read(world.path("job/gate/diff")).unwrap();
    world.fail("check", "invariant_failed");
    assert_eq!(fs::read(world.path("job/gate/diff")).unwrap(), before);
}

#[test]
fn a_diff_that_is_not_gates_is_refused() {
    type Tamper = fn(&World);
    let cases: &[(&str, Tamper)] = &[
        ("other bytes", |world| {
            let place = world.path("job/gate/diff");
            let text = fs::read_to_string(&place).unwrap().replace("2\\n", "3\\n");
            write(&place, text.as_bytes());
        }),
        ("a FIFO", |world| {
            let place = world.path("job/gate/diff");
            fs::remove_file(&place).unwrap();
            rustix::fs::mkfifoat(rustix::fs::CWD, place, 0o600.into()).unwrap();
        }),
        ("a link", |world| {
            let place = world.path("job/gate/diff");
            fs::rename(&place, world.path("outside/diff")).unwrap();
            std::os::unix::fs::symlink(world.path("outside/diff"), place).unwrap();
        }),
        ("nothing", |world| fs::remove_file(world.path("job/gate/diff")).unwrap()),
        ("no facts", |world| fs::remove_file(world.path("job/gate/facts.json")).unwrap()),
    ];
    for (name, tamper) in cases {
        let world = gated(sources().invariant("any", &["true"]));
        tamper(&world);
        let ended = world.fail("check", "change_unreadable");
        assert_eq!(ended.result.class, Some(FailureClass::Infra), "{name}");
        assert!(ended.result.checks.is_empty(), "{name}");
    }
}

#[test]
fn nothing_changed_and_no_invariants_pass_at_once() {
    let world = sources().invariant("never run", &["false"]);
    world.pass("prepare");
    world.pass("gate");
    assert!(world.pass("check").result.checks.is_empty());
    gated(sources()).pass("check");
}
