//! A log that lies in the tree, with every type of event of ours, and the state that it folds to.
//!
//! The log's bytes are for ever: every later version must read them, and fold them to the same
//! state under the same `STATE_FORMAT`. Who changes what `apply` does, or the state's own bytes,
//! sees it here, raises `STATE_FORMAT`, and writes the state anew (while nothing is released, it is
//! only written anew): `LEVIATHAN_UPDATE_GOLDEN=1 cargo test -p leviathan-tests --test log golden`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::authority::authorised;
use leviathan_core::decide::Decision;
use leviathan_core::event::NewEvent;
use leviathan_core::fact::Fact;
use leviathan_core::ids::Digest;
use leviathan_core::ports::ObjectStore as _;
use leviathan_core::state::{STATE_FORMAT, State};
use leviathan_local::MemoryStore;
use leviathan_log::{Log, Transaction, keys, snapshot};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::{log_over, object};
use serde_json::{Value, json};

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("log/golden")
}

pub(crate) fn update() -> bool {
    std::env::var_os("LEVIATHAN_UPDATE_GOLDEN").is_some()
}

/// The log in the tree, read by this version.
async fn log_in_the_tree() -> Log {
    log_over(store_of_the_log().await, Arc::new(HandClock::default()), 1)
}

/// A store with the log's commits, and nothing else.
pub(crate) async fn store_of_the_log() -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    let mut files: Vec<_> =
        fs::read_dir(folder().join("events")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let bytes = Bytes::from(fs::read(&file).unwrap());
        store.create(&format!("{}{name}", keys::EVENTS), bytes).await.unwrap();
    }
    store
}

#[tokio::test]
async fn the_log_in_the_tree_is_sound_and_folds_to_the_same_bytes() {
    if update() {
        write_the_log().await;
    }
    let log = log_in_the_tree().await;
    assert_eq!(log.verify(None, |_| {}).await.unwrap().fault, None);
    let view = log.view().await.unwrap();
    let seq = view.position.seq.unwrap();
    let file = folder().join(keys::snapshot(STATE_FORMAT, seq));
    let bytes = snapshot::encode(&view).unwrap();
    if update() {
        let _ = fs::remove_dir_all(file.parent().unwrap());
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &bytes).unwrap();
    }
    let expected = fs::read(&file).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&bytes),
        String::from_utf8_lossy(&expected),
        "the state of an old log, or its bytes, are not what they were: see the head of this file"
    );
    assert_eq!(snapshot::decode(seq, &expected).unwrap(), *view, "it is read back as it was");
    every_type_of_ours_is_in_it_and_believed(&log).await;
}

async fn every_type_of_ours_is_in_it_and_believed(log: &Log) {
    let mut seen = BTreeSet::new();
    for seq in 0..log.view().await.unwrap().position.next_seq() {
        for event in log.read(seq).await.unwrap().events {
            if Fact::TYPES.contains(&event.event_type.as_str()) {
                assert!(authorised(&event).is_some(), "{event:?}");
                seen.insert(event.event_type);
            }
        }
    }
    let missing: Vec<_> = Fact::TYPES.iter().filter(|known| !seen.contains(**known)).collect();
    assert!(missing.is_empty(), "add a line for each to the story in this file: {missing:?}");
}

/// DECISIONS 10: time-outs, backoff, windows and rates use `recorded_at`; what an event says of its
/// own time moves nothing but its place among those that were seen.
#[tokio::test]
async fn what_an_event_says_of_its_own_time_moves_nothing() {
    let log = log_in_the_tree().await;
    let (mut as_sent, mut otherwise) = (State::default(), State::default());
    for seq in 0..log.view().await.unwrap().position.next_seq() {
        for mut event in log.read(seq).await.unwrap().events {
            as_sent.apply(&event);
            event.timestamp = "1999-01-01T00:00:00Z".to_owned();
            otherwise.apply(&event);
        }
    }
    assert_ne!(as_sent.seen, otherwise.seen);
    otherwise.seen = as_sent.seen.clone();
    assert_eq!(as_sent, otherwise);
}

/// Writes the story, with fixed time and nonces.
async fn write_the_log() {
    let store = Arc::new(MemoryStore::new());
    let log = log_over(store.clone(), Arc::new(HandClock::default()), 7);
    for (principal, bundle, events) in story() {
        let mut transaction = Transaction::of("story", principal.parse().unwrap());
        transaction.target = Some("shop".parse().unwrap());
        if let Some(bundle) = bundle {
            transaction.bundle_id = Some(bundle.to_owned());
            transaction.content_digest = Some(Digest::of(bundle.as_bytes()));
        }
        let decide = move |_: &_, _: &_| Decision::new(events.clone(), ());
        log.transact(&transaction, decide).await.unwrap();
    }
    let events = folder().join("events");
    let _ = fs::remove_dir_all(&events);
    fs::create_dir_all(&events).unwrap();
    for key in store.list(keys::EVENTS, None, 1_000).await.unwrap() {
        fs::write(folder().join(&key), store.get(&key).await.unwrap().bytes).unwrap();
    }
}

type Line = (&'static str, Option<&'static str>, Vec<NewEvent>);

const AT: &str = "2026-11-24T12:00:00Z";
const COMMIT: &str = "1111111111111111111111111111111111111111";
const OTHER_COMMIT: &str = "2222222222222222222222222222222222222222";

fn digest(text: &str) -> Value {
    json!(Digest::of(text.as_bytes()))
}

fn of(event_type: &str, payload: &Value) -> NewEvent {
    NewEvent {
        event_id: None,
        event_type: event_type.to_owned(),
        timestamp: None,
        actor_id: None,
        target: Some("shop".parse().unwrap()),
        payload: object(payload),
    }
}

fn wish(task: &str, priority: &str) -> Value {
    json!({
        "task_id": task, "node_id": format!("task:{task}"), "node_type": "task",
        "target_id": "shop", "title": format!("Write {task}, ü"), "scope": "docs",
        "priority": priority, "estimated_size": "small", "allowed_paths": ["docs/**"],
        "acceptance_criteria": ["It says how."], "dependencies": [], "ready": true,
        "status": "pending", "definition": digest(task), "generation": 0, "created_at": AT,
    })
}

fn created(attempt: &str, task: &str, number: u32) -> NewEvent {
    let payload = json!({
        "attempt_id": attempt, "task_id": task, "target_id": "shop", "attempt_number": number,
        "status": "created", "created_at": AT, "generation": 0, "base": COMMIT,
        "definition": digest(task), "policy_digest": digest("policy"), "picked": "the only one",
    });
    of("attempt.created", &payload)
}

fn submitted(attempt: &str) -> NewEvent {
    let not_after = "2026-11-24T13:00:00Z";
    of("attempt.submitted", &json!({ "attempt_id": attempt, "not_after": not_after }))
}

fn started(attempt: &str) -> NewEvent {
    let payload = json!({ "attempt_id": attempt, "pod_uid": "pod-1", "status": "running" });
    of("attempt.started", &payload)
}

fn check() -> Value {
    json!({
        "name": "build", "passed": true, "milliseconds": 1500, "detail": "exit code 0",
        "log": digest("log"),
    })
}

fn checked(attempt: &str) -> Vec<NewEvent> {
    let stored = json!({
        "artifact_id": "artifact-1", "attempt_id": attempt, "sha256": digest("diff"),
        "artifact_type": "diff", "size_bytes": 7, "storage_path": "artifacts/sha256/…",
        "name": "change.diff",
    });
    let progress = json!({
        "attempt_id": attempt, "phase": "work", "state": "ended", "milliseconds": 12,
        "detail": null,
    });
    let checked = json!({
        "attempt_id": attempt, "diff_digest": digest("diff"), "files": 1, "ignored_files": 0,
        "skeleton": true, "checks": [check()],
    });
    let events = [
        ("attempt.progress", progress),
        ("artifact.created", stored),
        ("attempt.checked", checked),
    ];
    events.iter().map(|(event_type, payload)| of(event_type, payload)).collect()
}

fn files() -> Vec<NewEvent> {
    let problem = json!({
        "file": ".leviathan/backlog.yaml", "line": 7, "task_id": "twice",
        "problem": "the id is there twice", "expected": "one task for each id",
    });
    let registered = json!({
        "target_id": "shop", "name": "Shop", "repo_url": "/srv/shop", "default_branch": "main",
    });
    let policy = json!({
        "enabled": true,
        "scopes": { "docs": { "allowed_paths": ["docs/**"], "tool": "docs", "max_files": null } },
        "forbidden_paths": [".github/**"], "invariants": [],
        "guardrails": leviathan_core::policy::Guardrails::default(),
        "limits": leviathan_core::policy::Limits::default(), "write_back": true,
    });
    let refused = json!({ "target_id": "shop", "git_commit": OTHER_COMMIT, "problem": problem });
    let synced = json!({
        "target_id": "shop", "git_commit": COMMIT, "backlog": digest("backlog"), "policy": policy,
        "policy_digest": digest("policy"), "source": "repository", "tasks": 7,
        "refused": [problem],
    });
    vec![
        of("target.registered", &registered),
        of("backlog.refused", &refused),
        of("backlog.synced", &synced),
    ]
}

fn tasks() -> Vec<NewEvent> {
    let mut events: Vec<_> = ["a", "b", "c", "d", "e", "f", "gone"]
        .map(|task| of("task.created", &wish(task, "medium")))
        .to_vec();
    let reason = json!({
        "predicate": "ready", "code": "not_ready", "explanation": "it waits for a person",
        "until": "2026-11-25T00:00:00Z",
    });
    let refused = json!({ "target_id": "shop", "task_id": "b", "reason": reason });
    let gone = json!({ "target_id": "shop", "task_id": "gone" });
    events.push(of("task.updated", &wish("a", "high")));
    events.push(of("task.removed", &gone));
    events.push(of("task.refused", &refused));
    events
}

fn prepared(attempt: &str) -> NewEvent {
    let payload = json!({
        "attempt_id": attempt, "git_commit": OTHER_COMMIT, "branch": format!("agent/{attempt}"),
        "write_back": "written",
    });
    of("publish.prepared", &payload)
}

fn opened(attempt: &str, task: &str, number: u64) -> Vec<NewEvent> {
    let branch = format!("agent/{attempt}");
    let pull_request = json!({
        "attempt_id": attempt, "task_id": task, "target_id": "shop", "pr_number": number,
        "pr_url": format!("file:///srv/shop#{branch}"), "title": "Write it", "state": "open",
        "branch_name": branch, "commit_sha": OTHER_COMMIT, "base_commit": COMMIT, "draft": true,
        "receipt": digest("receipt"),
    });
    let succeeded = json!({
        "attempt_id": attempt, "status": "succeeded", "pr_number": number,
        "pr_url": format!("file:///srv/shop#{branch}"), "branch_name": branch,
        "commit_sha": OTHER_COMMIT, "note": null,
    });
    vec![of("pr.created", &pull_request), of("attempt.succeeded", &succeeded)]
}

fn failed(attempt: &str) -> NewEvent {
    let violation =
        json!({ "rule": "outside_allowed_paths", "path": "src/lib.rs", "detail": "docs only" });
    let payload = json!({
        "attempt_id": attempt, "status": "failed", "class": "task",
        "failure_type": "scope_violation", "error_summary": "1 file is outside", "phase": "gate",
        "violations": [violation], "checks": [check()],
    });
    of("attempt.failed", &payload)
}

fn foreign() -> NewEvent {
    NewEvent {
        event_id: Some("theirs-1".to_owned()),
        timestamp: Some("2026-11-24 12:00:00+01:00".to_owned()),
        actor_id: Some("worker-1".to_owned()),
        ..of("custom.noted", &json!({ "z": 1.50, "a": [1e5, null, "ü\n"], "big": u64::MAX }))
    }
}

fn attempt(id: &str, event_type: &str, more: &Value) -> NewEvent {
    let mut payload = object(more);
    payload.insert("attempt_id".to_owned(), json!(id));
    of(event_type, &Value::Object(payload))
}

fn about(task: &str, event_type: &str, more: &Value) -> NewEvent {
    let mut payload = object(more);
    payload.insert("target_id".to_owned(), json!("shop"));
    payload.insert("task_id".to_owned(), json!(task));
    of(event_type, &Value::Object(payload))
}

/// Two pull requests (one merged, one closed) and every other end of an attempt.
fn story() -> Vec<Line> {
    [begin(), ends(), pull_requests(), lives()].concat()
}

fn begin() -> Vec<Line> {
    let element = json!({
        "bundle_id": "bundle-1", "index": 1, "reason": "no event_type", "digest": digest("x"),
    });
    let all = ["a", "b", "c", "d", "e", "f"].map(|task| created(&format!("{task}-1"), task, 1));
    vec![
        ("operator:ada", None, files()[..1].to_vec()),
        ("tick", None, [&files()[1..], &tasks()[..]].concat()),
        ("legacy:old", Some("bundle-1"), vec![foreign()]),
        ("api", None, vec![of("event.refused", &element)]),
        ("tick", None, all.to_vec()),
        ("dispatch", None, ["a-1", "b-1", "c-1", "f-1"].map(submitted).to_vec()),
        ("attempt:a-1", Some("bundle-2"), [vec![started("a-1")], checked("a-1")].concat()),
        ("attempt:b-1", None, [vec![started("b-1")], checked("b-1")].concat()),
        ("attempt:c-1", None, [vec![started("c-1")], checked("c-1")].concat()),
        ("attempt:f-1", Some("bundle-3"), vec![started("f-1"), failed("f-1")]),
    ]
}

fn ends() -> Vec<Line> {
    let trouble = json!({ "class": "infra", "reason": "no answer" });
    let refused = json!({ "reason": "branch_taken", "violations": [] });
    let timed_out = json!({ "class": "infra", "reason": "no claim" });
    let cancelled = json!({ "reason": "not wanted" });
    let invalidated = json!({ "reason": "a person did it" });
    let failed = attempt("a-1", "publish.failed", &trouble);
    vec![
        ("publish", None, vec![failed, prepared("a-1"), prepared("b-1")]),
        ("publish", None, [opened("a-1", "a", 1), opened("b-1", "b", 2)].concat()),
        ("publish", None, vec![attempt("c-1", "publish.refused", &refused)]),
        ("tick", None, vec![attempt("d-1", "attempt.timed_out", &timed_out)]),
        ("operator:ada", None, vec![attempt("e-1", "attempt.cancelled", &cancelled)]),
        ("tick", None, vec![created("f-2", "f", 2)]),
        ("operator:ada", None, vec![attempt("f-2", "attempt.invalidated", &invalidated)]),
    ]
}

fn pull_requests() -> Vec<Line> {
    let pushed = json!({ "target_id": "shop", "pr_number": 2, "head": COMMIT });
    let completed =
        json!({ "status": "completed", "completed_at": AT, "reason": "pull request 1 was merged" });
    let merged = json!({
        "pr_number": 1, "attempt_id": "a-1", "merge_commit": COMMIT, "found_by": "ancestor",
    });
    let closed = json!({ "pr_number": 2, "attempt_id": "b-1", "reason": "closed without merge" });
    let merged = vec![about("a", "pr.merged", &merged), about("a", "task.completed", &completed)];
    let no = json!({ "reason": "a person said no" });
    let closed = vec![about("b", "pr.closed", &closed), about("b", "task.blocked", &no)];
    let again = about("b", "task.unblocked", &json!({ "reason": "once more" }));
    vec![
        ("tick", None, vec![of("pr.updated", &pushed)]),
        ("pr-ingest", None, merged),
        ("pr-ingest", None, closed),
        ("operator:ada", None, vec![again]),
        ("tick", None, vec![created("b-2", "b", 1)]),
    ]
}

fn lives() -> Vec<Line> {
    let ends = json!({ "successor": "log-2", "place": "s3://other/log", "epoch": 3 });
    let goes_on = json!({
        "id": "log-1", "epoch": 2, "kept_seq": 20, "kept_digest": digest("kept"),
        "from": "s3://backup/log", "old_closed": true,
    });
    let heartbeat = NewEvent { target: None, ..of("log.heartbeat", &json!({})) };
    vec![
        ("keeper:ada", None, vec![of("log.restored", &goes_on)]),
        ("tick", None, vec![heartbeat]),
        ("keeper:ada", None, vec![of("log.closed", &ends)]),
    ]
}
