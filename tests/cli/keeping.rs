//! Backup, restore and drill as a person meets them: the way of docs/operations/backup-restore.md.

use std::fs;
use std::path::Path;

use leviathan_core::decide::Decision;
use leviathan_core::event::{Principal, Role};
use serde_json::Value;

use crate::story::task;
use crate::world::World;

/// Every file below a folder with its content.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// A state with some history and an artifact, and its backup.
fn backed_up() -> World {
    let world = World::with_tasks(&[task("a"), task("b")]);
    world.runtime.block_on(world.artifacts.put("an artifact")).unwrap();
    for name in ["second", "third"] {
        world.register_as(name);
    }
    let answer = world.json(&["log", "backup", "backup"]);
    assert_eq!(answer["commits_before"], 0);
    assert!(answer["commits"].as_u64().unwrap() > 2, "{answer}");
    assert!(answer["artifacts"].as_u64().unwrap() > 0, "{answer}");
    world
}

const RESTORE: [&str; 10] = [
    "log",
    "restore",
    "--from",
    "backup",
    "--to",
    "new/log",
    "--to-data",
    "new/data",
    "--old",
    "state/log",
];

#[test]
fn from_alarm_to_restored_service() {
    let world = backed_up();
    let before = world.json(&["tasks", "list"]);
    let drill = world.json(&["log", "drill", "--from", "backup"]);
    assert_eq!((&drill["same"], &drill["behind_commits"]), (&Value::Bool(true), &0.into()));

    world.register_as("other");
    let drill = world.json(&["log", "drill", "--from", "backup"]);
    assert_eq!((&drill["same"], &drill["behind_commits"]), (&Value::Bool(true), &1.into()));

    // Nobody is there to be asked: nothing happens.
    let untouched = files(&world.path("state/log"));
    let asked = world.run_bare(&RESTORE);
    assert_eq!(asked.code, 3, "{asked:?}");
    let dry = world.run_bare(&[&RESTORE[..], &["--dry-run", "--output", "json"]].concat()).json();
    assert_eq!((&dry["epoch"], &dry["left_behind"]), (&2.into(), &1.into()));
    assert!(!world.path("new/log/events").exists());
    assert_eq!(files(&world.path("state/log")), untouched);

    let done = world.run_bare(&[&RESTORE[..], &["--yes", "--output", "json"]].concat()).json();
    assert_eq!((&done["epoch"], &done["left_behind"]), (&2.into(), &1.into()));
    assert_eq!(done["artifacts"].as_u64(), Some(files(&world.path("new/data")).len() as u64));

    // The new state answers as the old one did, and goes on; the old one is over.
    let after = world.run_bare(&["tasks", "list", "--state", "new", "--output", "json"]).json();
    assert_eq!(after, before);
    let verified = world.run_bare(&["log", "verify", "--state", "new"]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let refused = world.runtime.block_on(world.log.transact(
        &leviathan_log::Transaction::of("test", Principal::program(Role::Tick)),
        |_, _| Decision::nothing(()),
    ));
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("new/log"), "{refused}");

    // What was restored is the backup's continuation; the old log is not any more.
    assert_eq!(world.run_bare(&["log", "backup", "backup", "--state", "new"]).code, 0);
    let mixed = world.run(&["log", "backup", "backup"]);
    assert_eq!(mixed.code, 5, "{mixed:?}");
    assert!(mixed.stderr.contains("two histories"), "{mixed:?}");
}

#[test]
fn a_restore_never_writes_into_a_store_that_is_in_use() {
    let world = backed_up();
    let before = files(&world.path("state"));
    let into_itself = [
        "log",
        "restore",
        "--from",
        "backup",
        "--to",
        "state/log",
        "--without-artifacts",
        "--old-unreachable",
        "--yes",
    ];
    let ran = world.run_bare(&into_itself);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("not empty"), "{ran:?}");
    assert_eq!(files(&world.path("state")), before);
}

#[test]
fn an_old_log_that_cannot_be_reached_has_to_be_named_as_such_and_what_to_revoke_is_told() {
    let world = backed_up();
    let there = ["log", "restore", "--from", "backup", "--to", "new/log", "--without-artifacts"];
    assert_eq!(world.run_bare(&there).code, 2, "neither --old nor --old-unreachable");
    let ran = world.run_bare(&[&there[..], &["--old-unreachable", "--yes"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    for word in ["write access", "queue", "tokens", "forge"] {
        assert!(ran.stderr.contains(word), "{word}: {ran:?}");
    }
}

#[test]
fn a_damaged_backup_is_found_by_the_drill_and_restored_up_to_there() {
    let world = backed_up();
    let commit = world.path("backup/events/00000000000000000002");
    let mut bytes = fs::read(&commit).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(&commit).unwrap();
    fs::write(&commit, bytes).unwrap();
    let drill = world.run(&["log", "drill", "--from", "backup"]);
    assert_eq!(drill.code, 5, "{drill:?}");
    assert!(drill.stderr.contains("damaged"), "{drill:?}");
    let done = world.run_bare(&[&RESTORE[..], &["--yes", "--output", "json"]].concat()).json();
    assert_eq!(done["commits"], 2);
    assert!(done["cut_off_because"].as_str().unwrap().contains("00000000000000000002"), "{done}");
    assert!(world.run_bare(&["log", "verify", "--state", "new"]).code == 0);
}

#[test]
fn a_drill_leaves_the_live_log_and_the_backup_as_they_are() {
    let world = backed_up();
    let before = (files(&world.path("state")), files(&world.path("backup")));
    assert_eq!(world.run(&["log", "drill", "--from", "backup"]).code, 0);
    assert_eq!((files(&world.path("state")), files(&world.path("backup"))), before);
}

#[test]
fn any_log_can_be_named_and_a_folder_that_is_missing_is_not_an_empty_log() {
    let world = backed_up();
    let ran = world.run_bare(&["log", "verify", "--log", "backup"]);
    assert!(ran.out().contains("Sound:"));
    assert_eq!(world.run_bare(&["log", "verify", "--log", "gone"]).code, 4);
    assert_eq!(world.run_bare(&["log", "drill", "--from", "gone", "--log", "backup"]).code, 4);
    assert!(!world.path("gone").exists());
}

/// The suites `s3` and `emulators` run the program with that feature.
#[test]
fn a_program_without_the_feature_says_how_to_build_one_that_opens_places_in_s3() {
    let world = backed_up();
    for command in [
        &["log", "verify", "--log", "s3://bucket/log"][..],
        &["log", "backup", "s3://bucket/backup", "--state", "state"],
        &["log", "drill", "--from", "s3://bucket/backup", "--state", "state"],
        &[
            "log",
            "restore",
            "--from",
            "s3://bucket/backup",
            "--to",
            "new/log",
            "--old-unreachable",
            "--without-artifacts",
            "--yes",
        ],
    ] {
        let ran = world.run_bare(command);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(ran.stderr.contains("built without S3, so s3://bucket/"), "{ran:?}");
        assert!(
            ran.stderr.contains("cargo build --release -p leviathanctl --features s3"),
            "{ran:?}"
        );
        assert!(!world.path("new").exists() && !world.path("s3:").exists(), "{command:?}");
    }
}
