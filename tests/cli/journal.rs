//! Export and import: the original's hash chain there and back.

use std::fs;

use leviathan_core::chain::{JournalLine, event_hash};
use leviathan_core::fact::{Fact, LogClosed, TargetRegistered};
use serde_json::{Value, json};

use crate::story::task;
use crate::world::World;

/// A journal of the original with these types and payloads.
fn journal(events: &[(&str, Value)]) -> String {
    let mut text = String::new();
    let mut prev: Option<String> = None;
    for (index, (event_type, payload)) in events.iter().enumerate() {
        let payload = payload.as_object().unwrap().clone();
        let (id, time) = (format!("e-{index}"), "2026-01-24T10:00:00Z");
        let hash =
            event_hash(prev.as_deref(), &id, event_type, time, Some("worker-1"), &payload).unwrap();
        let line = JournalLine {
            event_id: id,
            event_type: (*event_type).to_owned(),
            timestamp: time.to_owned(),
            actor_id: Some("worker-1".to_owned()),
            payload,
            prev_hash: prev.replace(hash.clone()),
            hash,
        };
        text.push_str(&serde_json::to_string(&line).unwrap());
        text.push('\n');
    }
    text
}

/// More than one commit holds, with numbers and texts whose spelling the hash depends on.
fn long_journal() -> String {
    let payloads: Vec<(&str, Value)> = (0..1_500)
        .map(|n| {
            let odd: Value = serde_json::from_str(r#"{"z":1.0,"a":1e-7,"ü":"é/\n"}"#).unwrap();
            ("attempt.started", json!({ "attempt_id": format!("x-{n}"), "odd": odd, "n": n }))
        })
        .collect();
    journal(&payloads)
}

fn hashes(text: &str) -> Vec<String> {
    let hash = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["hash"].as_str().unwrap().to_owned()
    };
    text.lines().map(hash).collect()
}

#[test]
fn a_journal_keeps_its_hashes_through_import_and_export() {
    let world = World::new();
    let text = long_journal();
    fs::write(world.path("journal"), &text).unwrap();
    let import = ["log", "import", "journal", "--log", "new", "--output", "json"];
    let dry = world.run_bare(&[&import[..], &["--dry-run"]].concat()).json();
    assert_eq!((&dry["imported"], &dry["already"]), (&1_500.into(), &0.into()));
    assert!(!world.path("new").exists());
    let done = world.run_bare(&import).json();
    assert_eq!(done["imported"], 1_500);
    let exported = world.run_bare(&["log", "export", "--format", "chain", "--log", "new"]).out();
    assert_eq!(hashes(&exported), hashes(&text));
    let again = world.run_bare(&import).json();
    assert_eq!((&again["imported"], &again["already"]), (&0.into(), &1_500.into()));
    assert!(world.run_bare(&["log", "verify", "--log", "new"]).out().contains("2 commits"));
    // What was exported is a journal again, byte for byte after the first time.
    fs::write(world.path("exported"), &exported).unwrap();
    world.run_bare(&["log", "import", "exported", "--log", "newer"]).out();
    let twice = world.run_bare(&["log", "export", "--format", "chain", "--log", "newer"]).out();
    assert_eq!(twice, exported);
}

#[test]
fn an_interrupted_import_goes_on_where_it_stopped() {
    let world = World::new();
    let text = long_journal();
    let begun: String = text.split_inclusive('\n').take(700).collect();
    fs::write(world.path("begun"), begun).unwrap();
    fs::write(world.path("journal"), &text).unwrap();
    world.run_bare(&["log", "import", "begun", "--log", "new"]).out();
    let rest = ["log", "import", "journal", "--log", "new", "--output", "json"];
    let rest = world.run_bare(&rest).json();
    assert_eq!((&rest["already"], &rest["imported"]), (&700.into(), &800.into()));
}

#[test]
fn a_changed_journal_is_refused_with_the_first_bad_line_and_nothing_is_appended() {
    let world = World::new();
    let text = journal(&[("x.a", json!({"n": 1})), ("x.b", json!({"n": 2})), ("x.c", json!({}))]);
    let lines: Vec<&str> = text.lines().collect();
    for (damaged, line, word) in [
        (text.replace(r#"{"n":2}"#, r#"{"n":3}"#), 2, "hash mismatch"),
        ([lines[0], lines[2]].join("\n"), 2, "chain broken"),
        ([lines[1], lines[2]].join("\n"), 1, "beginning is missing"),
        ([lines[0], "{"].join("\n"), 2, "can't be read"),
    ] {
        fs::write(world.path("journal"), damaged).unwrap();
        let ran = world.run_bare(&["log", "import", "journal", "--log", "new"]);
        assert_eq!(ran.code, 5, "{ran:?}");
        assert!(ran.stderr.contains(&format!("line {line}: ")), "{ran:?}");
        assert!(ran.stderr.contains(word), "{word}: {ran:?}");
        assert!(!world.path("new/events").exists());
    }
}

#[test]
fn nothing_that_is_imported_decides_anything() {
    let world = World::new();
    let registered = TargetRegistered {
        target_id: "shop".parse().unwrap(),
        name: "shop".to_owned(),
        repo_url: "/srv/shop".to_owned(),
        default_branch: "main".to_owned(),
    };
    let closed = LogClosed { successor: "x".to_owned(), place: "x".to_owned(), epoch: 9 };
    let facts: Vec<(&str, Value)> = [Fact::from(registered), Fact::from(closed)]
        .iter()
        .map(|fact| (fact.event_type(), Value::Object(fact.payload())))
        .chain([("repo.indexed", json!({"target_id": "shop"}))])
        .collect();
    fs::write(world.path("journal"), journal(&facts)).unwrap();
    let answer = world.json(&["log", "import", "journal"]);
    let reasons = answer["not_used"].as_object().unwrap();
    assert_eq!(reasons.values().filter_map(Value::as_u64).sum::<u64>(), 3, "{answer}");
    let state = world.state();
    assert!(state.targets.is_empty());
    assert_eq!((state.events, state.log.closed.is_none(), state.epoch()), (3, true, 1));
    // And the log goes on.
    world.register_as("shop");
    assert_eq!(world.state().targets.len(), 1);
}

#[test]
fn a_log_with_other_events_and_a_journal_with_a_secret_wait_for_a_person() {
    let world = World::with_tasks(&[task("a")]);
    fs::write(world.path("journal"), journal(&[("x.a", json!({}))])).unwrap();
    let before = world.state().events;
    let ran = world.run(&["log", "import", "journal"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_eq!(world.state().events, before);

    let token = format!("ghp_{}", "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8");
    let text = journal(&[("x.a", json!({})), ("x.b", json!({ "log": token }))]);
    fs::write(world.path("journal"), text).unwrap();
    let ran = world.run_bare(&["log", "import", "journal", "--log", "new"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("event 2") && !ran.stderr.contains(&token), "{ran:?}");
    let accepted = ["log", "import", "journal", "--log", "new", "--accept-secrets"];
    assert_eq!(world.run_bare(&accepted).code, 0);
}

#[test]
fn events_are_exported_as_they_are_stored() {
    let world = World::with_tasks(&[task("a")]);
    let exported = world.run(&["log", "export"]).out();
    let mut stored = String::new();
    for seq in 0.. {
        let file = world.path(&format!("state/log/events/{seq:020}"));
        let Ok(text) = fs::read_to_string(file) else { break };
        let (_, events) = text.split_once('\n').unwrap();
        stored.push_str(events);
    }
    assert!(!stored.is_empty());
    // The world's folder is written in another way in what a run gave.
    let folder = world.path("");
    let folder = folder.to_str().unwrap().trim_end_matches('/');
    assert_eq!(exported, stored.replace(folder, "FOLDER"));
}

/// What was exported once lies in the tree: it is given out in the same bytes, and the original's
/// form is read back. Written anew as everything there (`tests/log/golden.rs`).
#[test]
fn the_log_in_the_tree_is_exported_as_it_was_and_imported() {
    let world = World::new();
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("log/golden");
    let log = golden.to_str().unwrap();
    for (format, name) in [("ndjson", "export.ndjson"), ("chain", "export-chain.ndjson")] {
        let file = golden.join("given").join(name);
        let exported = world.run_bare(&["log", "export", "--format", format, "--log", log]).out();
        if std::env::var_os("LEVIATHAN_UPDATE_GOLDEN").is_some() {
            fs::write(&file, &exported).unwrap();
        }
        assert_eq!(exported, fs::read_to_string(&file).unwrap_or_default(), "{format}");
    }
    let journal = golden.join("given/export-chain.ndjson");
    world.run_bare(&["log", "import", journal.to_str().unwrap(), "--log", "new"]).out();
    let again = world.run_bare(&["log", "export", "--format", "chain", "--log", "new"]).out();
    assert_eq!(again, fs::read_to_string(journal).unwrap());
}
