//! `events tail`: the newest, and those to come.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::story::task;
use crate::world::World;

#[test]
fn the_newest_events_are_told_in_a_line_each() {
    let world = World::with_tasks(&[task("a")]);
    world.pick();
    world.foreign_event("worker.mood", json!({"mood": "fine", "nested": {"b": 1, "a": 1.50}}));
    let head = &world.head().as_str()[..12].to_owned();
    assert_eq!(
        world.run(&["events", "tail"]).out(),
        format!(
            "\
2026-03-01 12:00:00Z  target.registered    shop  FOLDER/shop, branch main
2026-03-01 12:00:00Z  task.created         shop  a: Write a
2026-03-01 12:00:00Z  backlog.synced       shop  1 task at {head}
2026-03-01 12:00:00Z  attempt.created      shop  a-ibpklz3fl7: task a: medium priority, waiting \
             since 2026-03-01T12:00:00Z, nothing against it
2026-03-01 12:00:00Z  worker.mood          shop  (from legacy, does not count) \
             {{\"mood\":\"fine\",\"nested\":{{\"b\":1,\"a\":1.5}}}}
"
        )
    );
    let out = world.run(&["events", "tail", "--limit", "2", "--output", "json"]).out();
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["event_type"], "attempt.created");
    assert_eq!(lines[0]["counts"], true);
    assert_eq!(lines[1]["counts"], false);
    assert_eq!(lines[1]["principal"], "legacy");
    assert_eq!(lines[1]["timestamp"], "2026-03-01T11:59:00");
    assert!(out.contains(r#""payload":{"mood":"fine","nested":{"b":1,"a":1.5"#), "{out}");
    let none = world.run(&["events", "tail", "--limit", "0"]).out();
    assert_eq!(none, "");
}

#[test]
fn another_targets_events_are_left_out() {
    let world = World::with_tasks(&[task("a")]);
    world.register_as("other");
    let out = world.run(&["events", "tail", "--target", "other"]).out();
    assert_eq!(out.lines().count(), 1, "{out}");
    assert_eq!(world.run(&["events", "tail", "--target", "none"]).code, 4);
}

#[test]
fn following_goes_on_with_what_comes_and_ends_with_0_when_interrupted() {
    let world = World::with_tasks(&[task("a")]);
    let state = world.path("state");
    let arguments = ["events", "tail", "--limit", "1", "-f", "--output", "json", "--state"];
    let mut command = world.command(&[&arguments[..], &[state.to_str().unwrap()]].concat());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["event_type"], "backlog.synced");
    world.pick();
    assert_eq!(next()["event_type"], "attempt.created");
    world.foreign_event("worker.mood", json!({}));
    assert_eq!(next()["event_type"], "worker.mood");
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn following_ends_when_nobody_reads_any_more() {
    let world = World::with_tasks(&[task("a")]);
    let state = world.path("state");
    let mut command = world.command(&["events", "tail", "-f", "--state", state.to_str().unwrap()]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    drop(lines);
    world.pick();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
