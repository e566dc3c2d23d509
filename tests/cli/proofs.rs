//! Proofs as a person meets them: of one event, of a log against a key, a checkpoint or a copy.

use std::fs;

use leviathan_core::ports::Signer as _;
use leviathan_local::{FileSigner, FolderStore};
use leviathan_log::keys;
use leviathan_log::seal::VerifierKey;
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::{log_over, note, transaction};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::world::World;

/// A state whose log was sealed at 3 and at 5 events, by the key of the state.
fn sealed() -> World {
    let world = World::new();
    append(&world, 3);
    seal(&world);
    append(&world, 2);
    seal(&world);
    world
}

fn append(world: &World, events: u64) {
    for number in 0..events {
        let transaction = transaction("own");
        let appended = world.log.transact(&transaction, move |_, _| note(number));
        world.runtime.block_on(appended).unwrap();
    }
}

fn signer(world: &World) -> FileSigner {
    FileSigner::open_or_make(&world.path("state/log-key")).unwrap()
}

fn seal(world: &World) {
    let signer = signer(world);
    world.runtime.block_on(world.log.seal(&signer, None)).unwrap().unwrap();
}

/// The key as `log key` prints it.
fn key(world: &World) -> String {
    world.run(&["log", "key"]).out().trim().to_owned()
}

/// A key of the same name that signed nothing here.
fn other_key(world: &World) -> String {
    let other = FileSigner::open_or_make(&world.path("other-key")).unwrap();
    VerifierKey::new(signer(world).name(), &other.public_key()).unwrap().to_string()
}

fn json_file(world: &World, name: &str) -> Value {
    serde_json::from_slice(&fs::read(world.path(name)).unwrap()).unwrap()
}

#[test]
fn an_event_is_proven_to_somebody_who_has_nothing_but_the_key() {
    let world = sealed();
    let key = key(&world);
    let ran = world.run(&["log", "prove", "2-0", "--save", "proof.json"]);
    assert!(ran.stderr.contains("log verify --key KEY --proof proof.json"), "{ran:?}");
    assert!(ran.out().contains("Proven: event 2-0 (test.noted, by legacy"));
    let by_offset = world.json(&["log", "prove", "2"]);
    assert_eq!(by_offset, json_file(&world, "proof.json"), "one proof, however it is named");
    let saved = world.json(&["log", "prove", "2", "--save", "again.json"]);
    assert_eq!((&saved["offset"], &saved["checkpoint"]["size"]), (&json!(2), &json!(5)));

    // Nothing is left of the log.
    fs::remove_dir_all(world.path("state")).unwrap();
    let check = ["log", "verify", "--key", &key, "--proof", "proof.json"];
    let out = world.run_bare(&check).out();
    assert!(out.contains("stands at offset 2") && out.contains("over 5 events"), "{out}");
    let answer = world.run_bare(&[&check[..], &["--output", "json"]].concat()).json();
    assert_eq!((&answer["proven"], &answer["event"]["event_id"]), (&json!(true), &json!("2-0")));
    let without_key = world.run_bare(&["log", "verify", "--proof", "proof.json"]);
    assert_eq!(without_key.code, 2, "{without_key:?}");
}

#[test]
fn a_proof_that_was_tampered_with_or_is_anothers_proves_nothing_and_says_what_to_do() {
    let world = sealed();
    let key = key(&world);
    let _ = world.run(&["log", "prove", "2-0", "--save", "proof.json"]).out();
    let good = json_file(&world, "proof.json");
    let changed = |field: &str, from: &str, to: &str| {
        let mut bundle = good.clone();
        let text = bundle[field].as_str().unwrap();
        assert!(text.contains(from), "{field} has no {from}");
        bundle[field] = json!(text.replacen(from, to, 1));
        bundle
    };
    let table = [
        ("event", changed("event", r#""number":2"#, r#""number":3"#), "not in the tree"),
        ("another event's proof", changed("proof", "index 2\n", "index 1\n"), "another offset"),
        ("size", changed("proof", "\n5\n", "\n6\n"), "its text was changed"),
        ("time", changed("proof", "recorded_at 2026", "recorded_at 2025"), "its text was changed"),
        ("magic", changed("proof", "@v1", "@v2"), "can't be read"),
        ("no bundle", json!({"format": 1}), "no bundle"),
        (
            "format",
            json!({ "format": 2, "event": "", "header": "", "proof": "", "key": "" }),
            "a later program",
        ),
    ];
    for (what, bundle, says) in table {
        fs::write(world.path("bad.json"), bundle.to_string()).unwrap();
        let ran = world.run_bare(&["log", "verify", "--key", &key, "--proof", "bad.json"]);
        assert_eq!(ran.code, 1, "{what}: {ran:?}");
        assert!(ran.stderr.contains("this proves nothing"), "{what}: {ran:?}");
        assert!(ran.stderr.contains(says), "{what}: {ran:?}");
        assert!(ran.stderr.contains("leviathanctl log prove"), "{what}: {ran:?}");
    }
    let other = other_key(&world);
    let ran = world.run_bare(&["log", "verify", "--key", &other, "--proof", "proof.json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("Check that the key is the one"), "{ran:?}");
    let ran = world.run_bare(&["log", "verify", "--key", "nonsense", "--proof", "proof.json"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("NAME+ID+BASE64"), "{ran:?}");
    let ran = world.run_bare(&["log", "verify", "--key", &key, "--proof", "nowhere.json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("log prove --save"), "{ran:?}");
}

#[test]
fn what_can_not_be_proven_says_why_and_changes_nothing() {
    let world = sealed();
    append(&world, 1);
    let before = world.state_files();
    let table = [
        (&["5"][..], 1, "is not sealed yet"),
        (&["nobody"], 4, "there is no event"),
        (&["2", "--key", "nonsense"], 2, "log key"),
    ];
    for (arguments, code, says) in table {
        let ran = world.run(&[&["log", "prove"], arguments].concat());
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains(says), "{arguments:?}: {ran:?}");
    }
    fs::write(world.path("kept.json"), "an older proof").unwrap();
    let ran = world.run(&["log", "prove", "2", "--save", "kept.json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("name a new file"), "{ran:?}");
    assert_eq!(fs::read(world.path("kept.json")).unwrap(), b"an older proof");
    let other = other_key(&world);
    let ran = world.run(&["log", "prove", "2", "--key", &other]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("log key"), "{ran:?}");
    let ran = world.run_bare(&["log", "prove", "2", "--log", "state/log"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("--key"), "{ran:?}");
    assert_eq!(world.state_files(), before);
}

#[test]
fn a_verification_checks_signatures_with_the_states_key_or_the_named_one() {
    let world = sealed();
    let key = key(&world);
    for named in [None, Some(key.as_str())] {
        let mut arguments = vec!["log", "verify"];
        arguments.extend(named.map(|_| "--key").into_iter().chain(named));
        let answer = world.json(&arguments);
        assert_eq!((&answer["sound"], &answer["checkpoints"]), (&json!(true), &json!(2)));
        assert_eq!((&answer["key"], &answer["sealed"]["size"]), (&json!(key), &json!(5)));
        let out = world.run(&arguments).out();
        assert!(out.contains(&format!("signed by {key}")), "{out}");
    }
    let blind = world.run_bare(&["log", "verify", "--log", "state/log"]);
    assert!(blind.stderr.contains("name the log's public key with --key"), "{blind:?}");
    let ran = world.run(&["log", "verify", "--key", &other_key(&world)]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("is not believed") && ran.stderr.contains("log key"), "{ran:?}");
}

/// A checkpoint of a log that then took another course, with the same beginning.
#[test]
fn a_kept_checkpoint_proves_that_the_log_goes_on_from_it_or_that_it_does_not() {
    let world = sealed();
    let kept = |size: u64| format!("state/log/{}", keys::checkpoint(size));
    fs::copy(world.path(&kept(3)), world.path("kept")).unwrap();
    let since = ["log", "verify", "--since", "kept"];
    let answer = world.json(&since);
    assert_eq!((&answer["sound"], &answer["checkpoints"]), (&json!(true), &json!(1)));
    let out = world.run(&since).out();
    assert!(out.contains("goes on from the checkpoint over 3 events"), "{out}");

    // Other commits from the third on, sealed by the same key: sound in itself.
    let key = key(&world);
    let fork = Arc::new(FolderStore::open(world.path("fork")).unwrap());
    for seq in 0..2 {
        let commit = keys::commit(seq);
        fs::create_dir_all(world.path("fork/events")).unwrap();
        fs::copy(world.path("state/log").join(&commit), world.path("fork").join(&commit)).unwrap();
    }
    let log = log_over(fork, Arc::new(HandClock::at("2026-03-02T00:00:00Z".parse().unwrap())), 8);
    world.runtime.block_on(async {
        for number in 0..4 {
            log.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
        }
        log.seal(&signer(&world), None).await.unwrap().unwrap();
    });
    let fork = ["log", "verify", "--key", &key, "--log", "fork"];
    assert_eq!(world.run_bare(&fork).code, 0);
    let ran = world.run_bare(&[&fork[..], &["--since", "kept"]].concat());
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("Its history was rewritten"), "{ran:?}");
    assert!(ran.stderr.contains("Stop all writers"), "{ran:?}");

    // Cut off before it.
    fs::remove_file(world.path("state/log").join(keys::commit(2))).unwrap();
    for seq in 3..5 {
        fs::remove_file(world.path("state/log").join(keys::commit(seq))).unwrap();
    }
    let ran = world.run(&since);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("Commits were cut off"), "{ran:?}");
}

#[test]
fn a_checkpoint_that_is_not_believed_is_no_beginning() {
    let world = sealed();
    let note = fs::read_to_string(world.path("state/log").join(keys::checkpoint(3))).unwrap();
    fs::write(world.path("kept"), note.replacen("\n3\n", "\n2\n", 1)).unwrap();
    let ran = world.run(&["log", "verify", "--since", "kept"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("its text was changed"), "{ran:?}");
    assert!(ran.stderr.contains("check that the file"), "{ran:?}");
    fs::write(world.path("kept"), &note).unwrap();
    let other = other_key(&world);
    let ran = world.run(&["log", "verify", "--since", "kept", "--key", &other]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let ran = world.run(&["log", "verify", "--since", "nowhere"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("checkpoints/SIZE"), "{ran:?}");
    let ran = world.run_bare(&["log", "verify", "--since", "kept", "--log", "state/log"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("--key"), "{ran:?}");
}

#[test]
fn a_copy_of_a_log_is_verified_offline() {
    let world = sealed();
    let key = key(&world);
    let _ = world.run(&["log", "backup", "copy"]).out();
    fs::remove_dir_all(world.path("state")).unwrap();
    let offline = ["log", "verify", "--offline", "copy", "--key", &key];
    let answer = world.run_bare(&[&offline[..], &["--output", "json"]].concat()).json();
    assert_eq!((&answer["sound"], &answer["checkpoints"]), (&json!(true), &json!(2)));
    let tile = world.path("copy/tile/0/000.p/5");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[70] ^= 1;
    fs::write(&tile, bytes).unwrap();
    let ran = world.run_bare(&offline);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("tile/0/000.p/5 is damaged"), "{ran:?}");
    for (more, code) in [(&["--log", "copy"][..], 2), (&["--replay"], 2)] {
        let ran = world.run_bare(&[&offline[..], more].concat());
        assert_eq!(ran.code, code, "{ran:?}");
    }
    let ran = world.run_bare(&["log", "verify", "--offline", "nowhere"]);
    assert_eq!(ran.code, 4, "{ran:?}");
}

/// The way of "A new key" in docs/operations/backup-restore.md.
#[test]
fn a_key_is_changed_with_a_restore_and_the_old_keys_checkpoint_proves_the_passage() {
    let world = sealed();
    let old_key = key(&world);
    fs::copy(world.path("state/log").join(keys::checkpoint(5)), world.path("kept")).unwrap();
    let _ = world.run(&["log", "backup", "backup"]).out();
    let restore =
        ["log", "restore", "--from", "backup", "--to", "new/log", "--to-data", "new/data"];
    let _ = world.run_bare(&[&restore[..], &["--old", "state/log", "--yes"]].concat()).out();
    let new = Arc::new(FolderStore::open(world.path("new/log")).unwrap());
    let log = log_over(new, world.clock.clone(), 8);
    let new_signer = FileSigner::open_or_make(&world.path("new/log-key")).unwrap();
    world.runtime.block_on(log.seal(&new_signer, None)).unwrap().unwrap();
    let new_key = world.run_bare(&["log", "key", "--state", "new"]).out().trim().to_owned();
    assert_ne!(new_key, old_key);

    let since = ["log", "verify", "--state", "new", "--key", &new_key, "--since", "kept"];
    let passage = [&since[..], &["--since-key", &old_key]].concat();
    let out = world.run_bare(&passage).out();
    assert!(out.contains("goes on from the checkpoint over 5 events"), "{out}");
    let ran = world.run_bare(&since);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("--since-key"), "{ran:?}");
    // The old key has sealed nothing of the new log.
    let ran = world.run_bare(&["log", "verify", "--state", "new", "--key", &old_key]);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(ran.stderr.contains("a new key needs a log of its own"), "{ran:?}");
}
