//! Pull requests: looked at, merged, closed, and the cases in which nothing may change.

use leviathan_core::fact::TaskStatus;
use serde_json::json;

use crate::story::task;
use crate::world::{World, target, task_id};

/// One open pull request for task a, and another for b.
fn with_two() -> World {
    let world = World::with_tasks(&[task("a"), task("b")]);
    for attempt in world.tick() {
        let title = format!("docs: Write {}", world.state().attempts[&attempt].task);
        world.start(&attempt);
        world.open_pull_request(&attempt, &title);
        world.pass(60);
    }
    world
}

fn branch(world: &World, number: u64) -> String {
    world.state().targets[&target()].pull_requests[&number].opened.branch_name.clone()
}

fn status(world: &World, task: &str) -> TaskStatus {
    world.state().task(&target(), &task_id(task)).unwrap().status
}

#[test]
fn pull_requests_are_listed_open_ones_first_then_the_newest() {
    let world = with_two();
    world.run(&["pr", "close", "2", "--yes"]).out();
    assert_eq!(
        world.run(&["pr", "list"]).out(),
        "\
TARGET  PR  STATUS       TASK  TITLE          BRANCH                OPENED
shop    1   open, draft  a     docs: Write a  agent/a-a-ibpklz3fl7  2026-03-01 12:00:00Z
shop    2   closed       b     docs: Write b  agent/b-b-up54eknflo  2026-03-01 12:01:00Z
"
    );
    let listed = world.json(&["pr", "list"]);
    let numbers: Vec<_> =
        listed["pull_requests"].as_array().unwrap().iter().map(|pr| &pr["number"]).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(listed["pull_requests"][0]["draft"], true);
}

#[test]
fn a_pull_request_is_shown_with_its_receipt_and_the_command_that_shows_the_change() {
    let world = with_two();
    let out = world.run(&["pr", "show", "#1"]).out();
    assert!(out.starts_with("pull request  1 of shop\ntitle         docs: Write a\n"), "{out}");
    assert!(out.ends_with("\n\n# Receipt\n\nTask *a*, checked.\n"), "{out}");
    let shown = world.json(&["pr", "show", &branch(&world, 1)]);
    let command = shown["diff_command"].as_str().unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    assert_eq!(words[..2], ["git", "-C"]);
    let diff = world.git(&words[3..]);
    assert!(diff.contains("+++ b/docs/a.md"), "{diff}");
}

#[test]
fn a_checked_out_branch_is_not_moved_and_the_printed_command_does_the_merge() {
    let world = with_two();
    let before = world.head();
    let refused = world.run(&["pr", "merge", "1"]);
    assert_eq!(refused.code, 3);
    assert!(refused.stderr.contains("main is checked out"), "{}", refused.stderr);
    let command = format!("git -C FOLDER/shop merge --no-ff --no-edit {}\n", branch(&world, 1));
    assert_eq!(refused.stdout, command);
    assert_eq!(world.head(), before);
    assert_eq!(status(&world, "a"), TaskStatus::PrOpen);
    let words: Vec<&str> = command.trim().split(' ').collect();
    world.git(&words[3..]);
    // What git did is news for the log even before the next tick.
    let merged = world.json(&["pr", "merge", "1"]);
    assert_eq!(merged["outcome"], "merged");
    assert_eq!(merged["merge_commit"], world.head().as_str());
    assert_eq!(status(&world, "a"), TaskStatus::Completed);
    let again = world.run(&["pr", "merge", "1"]).out();
    assert_eq!(again, "Pull request 1 is merged already.\n");
}

#[test]
fn a_merge_moves_a_branch_that_is_checked_out_nowhere_and_names_task_and_attempt() {
    let world = with_two();
    world.git(&["checkout", "--quiet", "--detach"]);
    let out = world.run(&["pr", "merge", "1"]).out();
    assert!(out.starts_with("Pull request 1 is merged: main holds it at "), "{out}");
    assert!(out.ends_with("Task a is completed.\n"), "{out}");
    let attempt = &world.state().targets[&target()].pull_requests[&1].opened.attempt_id;
    assert_eq!(
        world.git(&["log", "-1", "--format=%B", "main"]),
        format!(
            "Merge pull request 1: docs: Write a\n\nLeviathan-Task: a\nLeviathan-Attempt: {attempt}"
        )
    );
    assert_eq!(world.git(&["show", "main:docs/a.md"]), format!("by {attempt}"));
    let last = world.run(&["events", "tail", "--limit", "2", "--output", "json"]).out();
    assert!(last.contains(r#""found_by":"operator""#), "{last}");
    assert_eq!(status(&world, "a"), TaskStatus::Completed);
    let closed = world.run(&["pr", "close", "1", "--yes"]);
    assert_eq!(closed.code, 1);
    assert!(closed.stderr.contains("is merged, so it can't be closed"), "{}", closed.stderr);
}

#[test]
fn a_conflict_names_the_files_and_changes_nothing() {
    let world = with_two();
    std::fs::create_dir(world.path("shop/docs")).unwrap();
    std::fs::write(world.path("shop/docs/a.md"), "a person's\n").unwrap();
    world.git(&["add", "."]);
    world.git(&["commit", "--quiet", "-m", "by hand"]);
    world.git(&["checkout", "--quiet", "--detach"]);
    let before = world.head();
    let refused = world.run(&["pr", "merge", "1", "--output", "json"]);
    assert_eq!(refused.code, 3);
    assert!(refused.stderr.contains("conflict"), "{}", refused.stderr);
    let answer: serde_json::Value = serde_json::from_str(&refused.stdout).unwrap();
    assert_eq!(answer["outcome"], "conflict");
    assert_eq!(answer["files"], json!(["docs/a.md"]));
    assert_eq!(world.head(), before);
    assert_eq!(status(&world, "a"), TaskStatus::PrOpen);
}

#[test]
fn closing_deletes_the_branch_and_blocks_the_task_with_the_reason() {
    let world = with_two();
    let branch = branch(&world, 1);
    let asked = world.run(&["pr", "close", "1"]);
    assert_eq!(asked.code, 3);
    let dry = world.run(&["pr", "close", "1", "--dry-run"]).out();
    assert_eq!(
        dry,
        format!("Pull request 1 would be closed: branch {branch} deleted, task a blocked.\n")
    );
    assert_eq!(status(&world, "a"), TaskStatus::PrOpen);
    let done = world.json(&["pr", "close", &branch, "--yes", "--reason", "not wanted"]);
    assert_eq!((&done["status"], &done["changed"]), (&json!("closed"), &json!(true)));
    assert_eq!(world.git(&["branch", "--list", &branch]), "");
    let task = world.json(&["tasks", "show", "a"]);
    assert_eq!(task["status"], "blocked");
    assert!(task["reason"].as_str().unwrap().contains("(not wanted)"), "{task}");
    let again = world.run(&["pr", "close", "1", "--yes"]).out();
    assert_eq!(again, "Pull request 1 is closed already: nothing to change.\n");
    let merge = world.run(&["pr", "merge", "1"]);
    assert_eq!(merge.code, 1);
    assert!(merge.stderr.contains("tasks unblock a"), "{}", merge.stderr);
}

#[test]
fn a_branch_that_somebody_pushed_to_stays_theirs() {
    let world = with_two();
    let branch = branch(&world, 1);
    world.git(&["checkout", "--quiet", &branch]);
    world.git(&["commit", "--quiet", "--allow-empty", "-m", "mine"]);
    world.git(&["checkout", "--quiet", "--detach", "main"]);
    let theirs = world.git(&["rev-parse", &branch]);
    for arguments in [vec!["pr", "close", "1", "--yes"], vec!["pr", "merge", "1"]] {
        let refused = world.run(&arguments);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.stderr.contains("somebody pushed to it"), "{}", refused.stderr);
    }
    assert_eq!(world.git(&["rev-parse", &branch]), theirs);
    assert_eq!(status(&world, "a"), TaskStatus::PrOpen);
}

#[test]
fn a_branch_that_a_person_deleted_counts_as_closed() {
    let world = with_two();
    let branch = branch(&world, 1);
    world.git(&["branch", "--quiet", "-D", &branch]);
    let refused = world.run(&["pr", "merge", "1"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("was closed without merge"), "{}", refused.stderr);
    assert_eq!(status(&world, "a"), TaskStatus::Blocked);
}
