//! `why`: a sentence on top, a line for each predicate.

use serde_json::json;

use crate::story::task;
use crate::world::World;

#[test]
fn a_task_that_waits_gets_every_predicates_answer() {
    let mut waits = task("b");
    waits.definition.dependencies = vec!["a".parse().unwrap()];
    waits.ready = false;
    let world = World::with_tasks(&[task("a"), waits]);
    assert_eq!(
        world.run(&["why", "b"]).out(),
        "\
Task b does not run now: the backlog does not say ready: true.
  ✓ target_switch
  ✗ ready                the backlog does not say ready: true
  ✓ status
  ✗ dependencies         it depends on a (pending)
  ✓ policy_scope
  ✓ attempts_left
  ✓ retry_backoff
  ✓ open_pull_requests
  ✓ running_attempts
"
    );
    let why = world.json(&["why", "b"]);
    assert_eq!(why["may_run"], false);
    let no =
        why["predicates"].as_array().unwrap().iter().find(|row| row["predicate"] == "dependencies");
    assert_eq!(
        *no.unwrap(),
        json!({
            "predicate": "dependencies",
            "passed": false,
            "code": "dependencies",
            "explanation": "it depends on a (pending)",
            "until": null,
        })
    );
}

#[test]
fn the_sentence_on_top_says_what_a_person_can_do() {
    let world = World::with_tasks(&[task("a")]);
    let top = |id: &str| world.run(&["why", id]).out().lines().next().unwrap().to_owned();
    assert_eq!(top("a"), "Nothing is against task a: the next tick may pick it.");
    let attempt = world.pick();
    assert!(top("a").contains(&format!("`leviathanctl attempts show {attempt}`")), "{}", top("a"));
    world.start(&attempt);
    world.open_pull_request(&attempt, "docs: a");
    assert!(top("a").contains("look at pull request 1"), "{}", top("a"));
    world.run(&["pr", "close", "1", "--yes", "--reason", "not wanted"]).out();
    assert!(top("a").contains("closed without merge (not wanted)"), "{}", top("a"));
    assert!(top("a").contains("leviathanctl tasks unblock a"), "{}", top("a"));
    world.sync(&[]);
    assert_eq!(top("a"), "Task a is no longer in the backlog, so it never runs.");
}

#[test]
fn a_wait_that_ends_by_time_says_when() {
    let world = World::with_tasks(&[task("a")]);
    let attempt = world.pick();
    world.start(&attempt);
    world.refuse(&attempt);
    // The program's clock is the real one, long after the wait.
    let why = world.json(&["why", "a"]);
    assert_eq!(why["may_run"], true);
    assert_eq!(world.json(&["tasks", "show", "a"])["retry_at"], "2026-03-01T12:01:00Z");
}
