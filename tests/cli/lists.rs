//! Lists: tables for people, whole JSON for programs, and titles that want to deceive.

use leviathan_core::fact::{FileProblem, TaskStatus};
use serde_json::json;

use crate::story::task;
use crate::world::{World, target, task_id};

/// One task completed, one with a pull request, one refused once, one that waits.
fn busy() -> World {
    let mut waits = task("d");
    waits.definition.dependencies = vec!["b".parse().unwrap()];
    let mut done = task("a");
    done.status = TaskStatus::Completed;
    let world = World::with_tasks(&[done, task("b"), task("c"), waits]);
    let picked = world.tick();
    world.pass(60);
    world.start(&picked[0]);
    world.open_pull_request(&picked[0], "docs: Write b");
    world.start(&picked[1]);
    world.refuse(&picked[1]);
    world
}

#[test]
fn targets_are_listed_with_the_state_of_their_files() {
    let world = busy();
    let problem = FileProblem {
        file: ".leviathan/backlog.yaml".to_owned(),
        line: 7,
        task_id: Some("e".to_owned()),
        problem: "priority is a list".to_owned(),
        expected: "a word".to_owned(),
    };
    world.register_as("other");
    world.register_as("third");
    world.sync_as("other", &[task("a")], vec![problem]);
    // The columns' width hangs on where the repository lies.
    let narrow =
        |text: String| text.split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
    let id = &world.head().as_str()[..12].to_owned();
    assert_eq!(
        narrow(world.run(&["targets", "list"]).out()),
        format!(
            "\
TARGET REPOSITORY BRANCH AT READ TASKS PRS FILES
other FOLDER/shop main {id} 2026-03-01 12:01:00Z 1 pending 0 1 refused
shop FOLDER/shop main {id} 2026-03-01 12:00:00Z 1 completed, 2 pending, 1 pr_open 1 ok
third FOLDER/shop main - - none 0 not read yet
other: .leviathan/backlog.yaml:7: task e: priority is a list; expected a word
"
        )
    );
    let listed = world.json(&["targets", "list"]);
    let shop = &listed["targets"][1];
    assert_eq!(shop["tasks"], json!({"completed": 1, "pending": 2, "pr_open": 1}));
    assert_eq!(shop["synced_at"], "2026-03-01T12:00:00Z");
    assert_eq!(shop["open_pull_requests"], 1);
    assert_eq!(shop["enabled"], true);
    assert_eq!(listed["targets"][0]["refused_tasks"][0]["line"], 7);
    assert_eq!(listed["targets"][2]["git_commit"], json!(null));
}

#[test]
fn tasks_are_listed_with_status_and_what_each_waits_for() {
    let world = busy();
    world.tick();
    assert_eq!(
        world.run(&["tasks", "list"]).out(),
        "\
TARGET  TASK  STATUS     PRIORITY  ATTEMPTS  TITLE    STANDING
shop    a     completed  medium    0         Write a  2026-03-01 12:00:00Z
shop    b     pr_open    medium    1         Write b  pull request 1 waits for a person
shop    c     pending    medium    1         Write c  may run at the next tick
shop    d     pending    medium    0         Write d  it depends on b (pr_open)
"
    );
    let listed = world.json(&["tasks", "list", "--target", "shop"]);
    assert_eq!(
        listed["tasks"][3],
        json!({
            "target_id": "shop",
            "task_id": "d",
            "title": "Write d",
            "status": "pending",
            "in_backlog": true,
            "ready": true,
            "scope": "docs",
            "priority": "medium",
            "attempts": 0,
            "attempt_id": null,
            "pull_request": null,
            "reason": "it depends on b (pr_open)",
            "retry_at": null,
            "completed_at": null,
        })
    );
}

#[test]
fn a_task_is_shown_with_its_attempts() {
    let world = busy();
    let state = world.state();
    let definition = &state.task(&target(), &task_id("c")).unwrap().wish.definition.as_str()[..12];
    assert_eq!(
        world.run(&["tasks", "show", "c"]).out(),
        format!(
            "\
task          c
target        shop
title         Write c
status        pending
not before    2026-03-01 12:02:00Z
ready         yes
scope         docs
priority      medium
size          small
paths         docs/c.md
depends on    none
definition    {definition}
generation    1
first seen    2026-03-01 12:00:00Z
criterion     It says how.

ATTEMPT       TASK  NUMBER  STATUS  CREATED               PR  RESULT
c-vhanrkpkw7  c     1       failed  2026-03-01 12:00:00Z  -   1 file is outside the allowed paths
"
        )
    );
    let shown = world.json(&["tasks", "show", "c"]);
    assert_eq!(shown["attempt_list"][0]["failure_type"], "scope_violation");
    assert_eq!(shown["failures"]["task"], 1);
    assert_eq!(shown["wish"]["acceptance_criteria"], json!(["It says how."]));
}

#[test]
fn attempts_are_listed_newest_first_and_can_be_narrowed() {
    let world = busy();
    assert_eq!(
        world.run(&["attempts", "list"]).out(),
        "\
ATTEMPT       TASK  NUMBER  STATUS     CREATED               PR  RESULT
b-up54eknflo  b     1       succeeded  2026-03-01 12:00:00Z  1   pull request 1
c-vhanrkpkw7  c     1       failed     2026-03-01 12:00:00Z  -   1 file is outside the allowed paths
"
    );
    let listed = world.json(&["attempts", "list", "--task", "b"]);
    assert_eq!(listed["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(listed["attempts"][0]["status"], "succeeded");
    assert_eq!(listed["attempts"][0]["pull_request"], 1);
    let one = world.json(&["attempts", "list", "--limit", "1"]);
    assert_eq!(one["attempts"].as_array().unwrap().len(), 1);
}

#[test]
fn an_empty_list_is_no_failure_and_says_how_to_begin() {
    let world = World::new();
    for (arguments, said) in [
        (["targets", "list"], "No target yet"),
        (["tasks", "list"], "No task yet"),
        (["attempts", "list"], "No attempt yet"),
        (["pr", "list"], "No pull request yet"),
    ] {
        let out = world.run(&arguments).out();
        assert!(out.starts_with(said), "{out}");
        let json = world.json(&arguments);
        let list = json.as_object().unwrap().values().next().unwrap();
        assert_eq!(*list, json!([]), "{arguments:?}");
    }
}

#[test]
fn a_title_cannot_move_the_cursor_fake_a_row_or_turn_the_text() {
    let mut hostile = task("evil");
    hostile.definition.title =
        "\u{1b}[2J\u{1b}[31mred\r\nshop  fake  completed\u{9b}0m \u{202e}txt\u{7}".to_owned();
    let world = World::with_tasks(&[hostile.clone()]);
    let attempt = world.pick();
    world.start(&attempt);
    world.phase(
        &attempt,
        leviathan_core::fact::Phase::Work,
        1,
        b"\x1b]0;owned\x07\x1b[31mred\x1b[0m\n",
    );
    world.open_pull_request(&attempt, &hostile.definition.title);
    let id = attempt.as_str();
    for arguments in [
        vec!["tasks", "list"],
        vec!["tasks", "show", "evil"],
        vec!["pr", "list"],
        vec!["pr", "show", "1"],
        vec!["events", "tail", "--limit", "100"],
        vec!["attempts", "show", id],
        vec!["attempts", "logs", id],
        vec!["why", "evil"],
        vec!["pr", "close", "1"],
        vec!["why", "no\u{1b}[31mne"],
    ] {
        let ran = world.run(&arguments);
        for text in [&ran.stdout, &ran.stderr] {
            let odd: Vec<char> = text
                .chars()
                .filter(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}')
                .collect();
            assert!(odd.is_empty(), "{arguments:?} prints {odd:?}: {text}");
            assert!(!text.lines().any(|line| line.starts_with("shop  fake")), "{text}");
        }
    }
    let listed = world.json(&["tasks", "list"]);
    assert_eq!(listed["tasks"][0]["title"], *hostile.definition.title, "JSON has it whole");
}
