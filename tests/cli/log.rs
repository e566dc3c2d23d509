//! `log verify --replay`, and what every command says of a damaged log: exit code 5, and what to do.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use leviathan_core::state::STATE_FORMAT;
use leviathan_local::FolderStore;
use leviathan_log::{keys, snapshot};
use leviathan_tests::log_builders::{log_over, note, transaction};

use crate::story::task;
use crate::world::World;

/// A state folder with more than 64 commits, and a tick's snapshot of commit 64.
fn world() -> World {
    let world = World::with_tasks(&[task("a")]);
    let store = |name: &str| Arc::new(FolderStore::open(world.path("state").join(name)).unwrap());
    let tick = log_over(store("log"), world.clock.clone(), 2);
    let tick = tick.with_data(store("data")).keeping_snapshots();
    world.runtime.block_on(async {
        for number in 0..66 {
            tick.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
        }
        tick.snapshot().await.unwrap().unwrap();
    });
    world
}

fn commit(world: &World, seq: u64) -> PathBuf {
    world.path("state/log").join(keys::commit(seq))
}

#[test]
fn a_replay_says_that_the_state_is_the_same_and_names_the_snapshot() {
    let world = world();
    let out = world.run(&["log", "verify", "--replay"]).out();
    assert!(out.contains("the state is the same, byte for byte, and so is snapshots/1/"), "{out}");
    let answer = world.json(&["log", "verify", "--replay"]);
    assert_eq!(answer["replay"]["same"], true, "{answer}");
}

#[test]
fn a_forged_snapshot_is_found_by_a_replay() {
    let world = world();
    let path = world.path("state/data").join(keys::snapshot(STATE_FORMAT, 64));
    let mut view = snapshot::decode(64, &fs::read(&path).unwrap()).unwrap();
    let target = view.state.targets.values_mut().next().unwrap();
    target.default_branch = "other".to_owned();
    fs::write(&path, snapshot::encode(&view).unwrap()).unwrap();
    assert_eq!(world.run(&["log", "verify"]).code, 0, "nothing is wrong with the log");
    let ran = world.run(&["log", "verify", "--replay"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let at = "targets.shop.default_branch: \"main\" / \"other\"";
    assert!(ran.stderr.contains(at), "{ran:?}");
    assert!(ran.stderr.contains("delete the folder snapshots and the hint"), "{ran:?}");
}

#[test]
fn a_damaged_log_is_5_for_every_command_that_reads_it() {
    type Damage = (&'static str, fn(&World), &'static str);
    let table: [Damage; 5] = [
        ("a hole", |world| fs::remove_file(commit(world, 65)).unwrap(), "has a hole"),
        (
            "its end is gone",
            |world| (60..80).for_each(|seq| drop(fs::remove_file(commit(world, seq)))),
            "the log ends at commit 59, but commit 6",
        ),
        ("cut", |world| fs::write(commit(world, 66), "{").unwrap(), "cut off"),
        (
            "one byte",
            |world| {
                let mut bytes = fs::read(commit(world, 66)).unwrap();
                bytes[40] ^= 1;
                fs::write(commit(world, 66), bytes).unwrap();
            },
            "is damaged or was replaced",
        ),
        (
            "something else",
            |world| fs::write(world.path("state/log/events/notes.txt"), "").unwrap(),
            "is not the log's",
        ),
    ];
    for (what, damage, says) in table {
        let world = world();
        damage(&world);
        for command in [&["tasks", "list"][..], &["why", "a"], &["log", "verify"]] {
            let ran = world.run(command);
            assert_eq!(ran.code, 5, "{what}: {command:?}: {ran:?}");
            assert!(ran.stderr.contains(says), "{what}: {command:?}: {ran:?}");
            let next = ["Stop all writers", "Move it away"];
            assert!(next.iter().any(|next| ran.stderr.contains(next)), "{what}: {ran:?}");
        }
    }
}
