//! What left the state is answered for as if it had not.

use std::sync::Arc;

use leviathan_core::ids::AttemptId;
use leviathan_core::ports::Clock as _;
use leviathan_local::FolderStore;
use leviathan_log::Log;
use leviathan_tests::log_builders::log_over;
use leviathan_tests::past;
use serde_json::Value;

use crate::world::{World, target};

/// More attempts and pull requests than the state keeps; the tick wrote views.
fn world() -> (World, Log) {
    let world = World::new();
    let store = |name: &str| Arc::new(FolderStore::open(world.path("state").join(name)).unwrap());
    let log = log_over(store("log"), world.clock.clone(), 9).with_data(store("data"));
    let log = log.keeping_snapshots();
    let repository = world.repository().location;
    world.runtime.block_on(async {
        let (target, now) = (target(), world.clock.now());
        past::begin(&log, &target, &repository, now).await;
        past::cancelled(&log, &target, 1..1_301, now).await;
        past::merged(&log, &target, 1..701).await;
        let written = log.write_views().await.unwrap();
        assert!(written.blocks > 5, "{written:?}");
        log.snapshot().await.unwrap();
    });
    (world, log)
}

fn id(n: u32) -> AttemptId {
    past::attempt_id(&target(), n)
}

#[test]
fn attempts_and_pull_requests_that_aged_are_shown_listed_and_judged() {
    let (world, log) = world();
    let state = world.runtime.block_on(log.view()).unwrap().state.clone();
    let first = id(1);
    assert!(!state.attempts.contains_key(&first), "it aged");
    assert!(!state.targets[&target()].pull_requests.contains_key(&1), "it aged");
    let aged = first.as_str();

    let shown = world.json(&["attempts", "show", aged]);
    assert_eq!(shown["status"], "cancelled");
    assert_eq!(shown["summary"], "number 1 is not wanted");
    assert_eq!(shown["events"][0]["event_type"], "attempt.created");
    assert_eq!(shown["picked"], "nothing against it");

    let list = |words: &[&str]| -> Vec<Value> {
        world.json(words)["attempts"].as_array().unwrap().clone()
    };
    assert_eq!(list(&["attempts", "list", "--limit", "5000"]).len(), 1_300);
    assert_eq!(list(&["attempts", "list", "--limit", "900", "--target", "shop"]).len(), 900);
    assert!(list(&["attempts", "list", "--task", "other"]).is_empty());

    let merged = world.json(&["pr", "list"])["pull_requests"].as_array().unwrap().len();
    assert_eq!(merged, 700);
    let again = world.json(&["pr", "merge", "1"]);
    assert_eq!(again["outcome"], "merged");
    let by_branch = world.run(&["pr", "close", "agent/old-1", "--yes"]);
    assert!(by_branch.stderr.contains("is merged, so it can't be closed"), "{by_branch:?}");

    let late = world.run(&["attempts", "cancel", aged, "--reason", "x", "--yes"]);
    assert!(late.stderr.contains("has ended (cancelled)"), "{late:?}");
    let order = ["attempts", "invalidate", aged, "--reason", "by mistake", "--yes"];
    assert_eq!(world.json(&order)["changed"], true);
    assert_eq!(world.json(&order)["changed"], false, "the same again is nothing new");
    assert_eq!(world.json(&["attempts", "show", aged])["status"], "invalidated");
    let listed = list(&["attempts", "list", "--limit", "5000"]);
    let row = listed.iter().find(|row| row["attempt_id"] == aged).unwrap();
    assert_eq!(row["status"], "invalidated");

    let none = world.run(&["attempts", "logs", aged]);
    assert!(none.stderr.contains("has no log"), "{none:?}");
    let unknown = world.run(&["attempts", "show", "never-made"]);
    assert!(unknown.stderr.contains("there is no attempt never-made"), "{unknown:?}");
}
