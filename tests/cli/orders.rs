//! A person's orders: appended in their name, asked about first where something is lost.

use leviathan_core::fact::TaskStatus;
use leviathan_core::state::AttemptStatus;
use serde_json::Value;

use crate::story::task;
use crate::world::{World, target, task_id};

fn last_event(world: &World) -> Value {
    let out = world.run(&["events", "tail", "--limit", "1", "--output", "json"]).out();
    serde_json::from_str(out.trim()).unwrap()
}

#[test]
fn a_live_attempt_is_called_off_only_after_a_yes() {
    let world = World::with_tasks(&[task("a")]);
    let attempt = world.pick();
    let arguments = ["attempts", "cancel", attempt.as_str(), "--reason", "wrong base"];
    let asked = world.run(&arguments);
    assert_eq!(asked.code, 3);
    assert!(asked.stderr.contains("nobody is here to be asked"), "{}", asked.stderr);
    assert!(asked.stderr.contains("--yes"), "{}", asked.stderr);
    let dry = world.run(&[&arguments[..], &["--dry-run"]].concat()).out();
    assert_eq!(dry, format!("Attempt {attempt} of task a would be cancelled.\n"));
    assert_eq!(world.state().attempts[&attempt].status, AttemptStatus::Created);
    let done = world.json(&[&arguments[..], &["--yes"]].concat());
    assert_eq!(done["status"], "cancelled");
    assert_eq!(done["changed"], true);
    assert_eq!(world.state().attempts[&attempt].status, AttemptStatus::Cancelled);
    let last = world.json(&["attempts", "show", attempt.as_str()]);
    assert_eq!(last["events"].as_array().unwrap().last().unwrap()["principal"], "operator:ada");
    let again = world.run(&[&arguments[..], &["--yes"]].concat());
    assert_eq!(again.code, 1);
    assert!(again.stderr.contains("has ended (cancelled): nothing to cancel"), "{}", again.stderr);
}

#[test]
fn a_failed_attempt_that_is_invalidated_gives_its_try_back_once() {
    let world = World::with_tasks(&[task("a")]);
    let attempt = world.pick();
    world.start(&attempt);
    world.refuse(&attempt);
    let arguments =
        ["attempts", "invalidate", attempt.as_str(), "--reason", "the disk was full", "--yes"];
    let said = world.run(&arguments).out();
    assert_eq!(said, format!("Attempt {attempt} of task a is invalidated.\n"));
    assert_eq!(last_event(&world)["event_type"], "attempt.invalidated");
    assert_eq!(last_event(&world)["payload"]["reason"], "the disk was full");
    assert_eq!(world.state().task(&target(), &task_id("a")).unwrap().failures.task, 0);
    let again = world.run(&arguments).out();
    assert_eq!(again, format!("Attempt {attempt} is invalidated already: nothing to change.\n"));
}

#[test]
fn a_blocked_task_is_pending_again_and_another_one_is_refused() {
    let world = World::with_tasks(&[task("a"), task("b")]);
    let picked = world.tick();
    world.start(&picked[0]);
    world.open_pull_request(&picked[0], "docs: a");
    world.run(&["pr", "close", "1", "--yes"]).out();
    assert_eq!(world.state().task(&target(), &task_id("a")).unwrap().status, TaskStatus::Blocked);
    let said = world.run(&["tasks", "unblock", "a", "--reason", "wanted after all"]);
    assert!(said.stderr.contains("next tick"), "{}", said.stderr);
    assert_eq!(said.out(), "Task a is pending again, its attempts counted anew.\n");
    assert_eq!(world.state().task(&target(), &task_id("a")).unwrap().status, TaskStatus::Pending);
    assert_eq!(last_event(&world)["principal"], "operator:ada");
    let refused = world.run(&["tasks", "unblock", "b"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("task b is in_progress, not blocked"), "{}", refused.stderr);
}
