//! Exit codes, each for what it is documented for; and reading, which leaves no trace.

use std::fs;

use leviathan_core::fact::Phase;

use crate::story::task;
use crate::world::World;

#[test]
fn a_wrong_command_line_is_2_and_help_is_0() {
    let world = World::new();
    assert_eq!(world.run_bare(&["tasks", "lsit"]).code, 2);
    assert_eq!(world.run_bare(&["attempts", "cancel", "x"]).code, 2, "--reason is missing");
    assert_eq!(world.run_bare(&["log", "verify", "--head", "12"]).code, 2);
    assert_eq!(world.run_bare(&["--help"]).code, 0);
    assert!(world.run_bare(&["--version"]).out().starts_with("leviathanctl "));
}

#[test]
fn a_task_that_two_targets_have_has_to_be_told_apart() {
    let world = World::with_tasks(&[task("a")]);
    world.register_as("other");
    world.sync_as("other", &[task("a")], vec![]);
    let ran = world.run(&["why", "a"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("more than one target has a task a: other, shop"), "{ran:?}");
    assert!(ran.stderr.contains("--target"), "{ran:?}");
    assert_eq!(world.run(&["why", "a", "--target", "other"]).code, 0);
}

#[test]
fn what_does_not_exist_is_4_and_the_error_lists_what_does() {
    let world = World::with_tasks(&[task("a"), task("b")]);
    let ran = world.run(&["why", "c"]);
    assert_eq!(ran.code, 4);
    assert_eq!(
        ran.stderr,
        "error: there is no task c\n next: there is a, b; see `leviathanctl tasks list`\n"
    );
    assert_eq!(ran.stdout, "");
    for arguments in [
        vec!["tasks", "show", "c"],
        vec!["tasks", "unblock", "c"],
        vec!["attempts", "show", "c-1"],
        vec!["attempts", "cancel", "c-1", "--reason", "x", "--yes"],
        vec!["pr", "show", "7"],
        vec!["pr", "merge", "7"],
        vec!["tasks", "list", "--target", "c"],
    ] {
        assert_eq!(world.run(&arguments).code, 4, "{arguments:?}");
    }
}

#[test]
fn without_a_state_every_command_says_how_to_get_one() {
    let world = World::new();
    let ran = world.run_bare(&["tasks", "list"]);
    assert_eq!(ran.code, 4);
    assert!(ran.stderr.contains("`leviathanctl dev` first"), "{ran:?}");
    let named = world.run_bare(&["tasks", "list", "--state", "nowhere"]);
    assert_eq!(named.code, 4);
    assert!(named.stderr.contains("there is no state in"), "{named:?}");
    assert!(!world.path("nowhere").exists(), "looking made nothing");
    // The one used last is found by itself.
    let states = world.path("home/.local/state/leviathan");
    fs::create_dir_all(&states).unwrap();
    fs::write(states.join("last"), world.path("state").to_str().unwrap()).unwrap();
    let found = world.run_bare(&["tasks", "list"]);
    assert!(found.stderr.contains("state: FOLDER/state (used last"), "{found:?}");
    assert_eq!(found.code, 0);
}

#[test]
fn reading_makes_changes_and_removes_nothing() {
    let world = World::with_tasks(&[task("a")]);
    let attempt = world.pick();
    world.start(&attempt);
    world.phase(&attempt, Phase::Work, 5, b"x\n");
    world.open_pull_request(&attempt, "docs: a");
    // A writer's half-written file: the owner's to sweep, not a reader's.
    let half = world.path("state/log/.writing/half");
    fs::write(&half, "x").unwrap();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(7200);
    fs::File::options().write(true).open(&half).unwrap().set_modified(old).unwrap();
    let before = world.state_files();
    let id = attempt.as_str();
    for arguments in [
        vec!["targets", "list"],
        vec!["tasks", "list"],
        vec!["tasks", "show", "a"],
        vec!["why", "a"],
        vec!["attempts", "list"],
        vec!["attempts", "show", id],
        vec!["attempts", "logs", id],
        vec!["attempts", "invalidate", id, "--reason", "x", "--dry-run"],
        vec!["pr", "list"],
        vec!["pr", "show", "1"],
        vec!["pr", "close", "1", "--dry-run"],
        vec!["events", "tail"],
        vec!["log", "verify"],
    ] {
        assert_eq!(world.run(&arguments).code, 0, "{arguments:?}");
    }
    assert_eq!(world.state_files(), before);
}

#[test]
fn a_sound_log_is_verified_and_its_head_proves_it_again() {
    let world = World::with_tasks(&[task("a")]);
    let answer = world.json(&["log", "verify"]);
    assert_eq!((answer["sound"].as_bool(), answer["commits"].as_u64()), (Some(true), Some(2)));
    let head = format!("{}:{}", answer["head"]["seq"], answer["head"]["digest"].as_str().unwrap());
    let out = world.run(&["log", "verify"]).out();
    assert_eq!(out, format!("Sound: 2 commits, 3 events.\nhead {head}\n"));
    assert_eq!(world.run(&["log", "verify", "--head", &head]).code, 0);
    fs::remove_file(world.path("state/log/events/00000000000000000001")).unwrap();
    assert_eq!(world.run(&["log", "verify"]).code, 0, "a shorter log looks sound by itself");
    assert_eq!(world.run(&["log", "verify", "--head", &head]).code, 5);
}

#[test]
fn a_damaged_log_is_5_for_everything_and_says_what_to_do() {
    let world = World::with_tasks(&[task("a")]);
    world.pick();
    let commit = world.path("state/log/events/00000000000000000001");
    let text = fs::read_to_string(&commit).unwrap().replace("Write a", "Write b");
    fs::remove_file(&commit).unwrap();
    fs::write(&commit, text).unwrap();
    let ran = world.run(&["log", "verify", "--output", "json"]);
    assert_eq!(ran.code, 5);
    assert!(ran.stderr.contains("events/00000000000000000001"), "{ran:?}");
    assert!(ran.stderr.contains("Stop all writers"), "{ran:?}");
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((answer["sound"].as_bool(), answer["commits"].as_u64()), (Some(false), Some(1)));
    for arguments in [vec!["tasks", "list"], vec!["tasks", "unblock", "a"], vec!["events", "tail"]]
    {
        assert_eq!(world.run(&arguments).code, 5, "{arguments:?}");
    }
}
