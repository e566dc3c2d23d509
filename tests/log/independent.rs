//! docs/log.md is enough to write a verifier from: `verify.py` is one, and says of logs that the
//! real code made what the real code says.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::decide::Decision;
use leviathan_core::event::{NewEvent, Principal, Role};
use leviathan_local::FolderStore;
use leviathan_log::{Log, Transaction, commit, keys};
use leviathan_tests::clock::TrueClock;
use leviathan_tests::log_builders::{event, log_over, note, object, transaction};
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;

/// Payloads and times that are spelled in many ways.
const PAYLOADS: &[&str] = &[
    "{}",
    r#"{"z":1.0,"a":[1e5,-0.0,-0,18446744073709551616],"ü":"\u00e9/\u007f\u0001"}"#,
    r#"{"b":{"B":1,"a":2,"\ud83d\ude00":"😀","\uffff":"x"},"n":[1e16,1e-5,0.0001,123456789.125,5e-324,1.7976931348623157e308]}"#,
    r#"{"text":"a\"b\\c\n\t\r\b\f","none":null,"truth":[true,false],"long":1234567890123456789012345678901234567890}"#,
];
const TIMES: &[&str] = &[
    "2026-11-24 13:00:00+01:00",
    "2026-11-24T13:00:00.25Z",
    "2026-11-24",
    "2026-11-24T13:00",
    "2026-11-24T13:00:00,1234567-0930",
    "1700000000.5",
    "1700000000123",
    "-1",
];

fn sent(number: usize) -> NewEvent {
    let payload: Value = serde_json::from_str(PAYLOADS[number % PAYLOADS.len()]).unwrap();
    NewEvent {
        event_id: Some(format!("client \u{1F600} {number}")),
        timestamp: Some(TIMES[number % TIMES.len()].to_owned()),
        actor_id: (!number.is_multiple_of(3)).then(|| "wörker".to_owned()),
        target: (!number.is_multiple_of(2)).then(|| "web".parse().unwrap()),
        payload: object(&payload),
        ..event(&Value::Null)
    }
}

/// A log with our own events and ones that clients sent.
async fn sound(folder: &Path) -> Log {
    let store = Arc::new(FolderStore::open(folder).unwrap());
    let log = log_over(store, Arc::new(TrueClock), 1);
    log.transact(&transaction("own"), |_, _| note(1)).await.unwrap();
    let ingest = Transaction {
        kind: "ingest".to_owned(),
        principal: Principal { role: Role::Legacy, name: Some("worker ü".to_owned()) },
        target: Some("web".parse().unwrap()),
        bundle_id: Some("bundle-7".to_owned()),
        content_digest: None,
    };
    for count in 1..9 {
        let events = (0..count).map(|number| sent(count * 7 + number)).collect::<Vec<_>>();
        log.transact(&ingest, move |_, _| Decision::new(events.clone(), ())).await.unwrap();
    }
    log
}

/// The verifier's word: what it prints, or what it objects to.
fn verify(folder: &Path) -> Result<String, String> {
    say([folder.as_os_str()])
}

/// What it says to these arguments.
pub(crate) fn say<'a>(arguments: impl IntoIterator<Item = &'a OsStr>) -> Result<String, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("log/verify.py");
    let output = Command::new("python3").arg(script).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

fn file(folder: &Path, seq: u64) -> std::path::PathBuf {
    folder.join(keys::commit(seq))
}

#[tokio::test]
async fn an_independent_verifier_calls_a_sound_log_sound() {
    let folder = tempfile::tempdir().unwrap();
    let log = sound(folder.path()).await;
    let report = log.verify(None, |_| {}).await.unwrap();
    let head = report.head.unwrap();
    let (commits, events) = (report.commits, report.events);
    let expected =
        format!("ok: {commits} commits, {events} events, head {}:{}", head.seq, head.digest);
    assert_eq!(verify(folder.path()), Ok(expected));
}

#[tokio::test]
async fn an_independent_verifier_finds_damage() {
    let folder = tempfile::tempdir().unwrap();
    sound(folder.path()).await;
    let mut random = rand::rngs::StdRng::seed_from_u64(7);
    for _ in 0..40 {
        let path = file(folder.path(), random.random_range(0..8));
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        let at = random.random_range(0..bad.len());
        bad[at] ^= 1 << random.random_range(0..8);
        fs::write(&path, &bad).unwrap();
        let said = verify(folder.path()).expect_err("a flipped bit");
        assert!(said.starts_with("events/"), "bit at {at}: {said}");
        fs::write(&path, &good).unwrap();
    }
    verify(folder.path()).unwrap();

    let (third, fourth) = (file(folder.path(), 3), file(folder.path(), 4));
    let kept = fs::read(&third).unwrap();
    fs::remove_file(&third).unwrap();
    assert!(verify(folder.path()).unwrap_err().contains("a hole: commit 3"));
    fs::write(&third, fs::read(&fourth).unwrap()).unwrap();
    assert!(verify(folder.path()).unwrap_err().contains("seq is not the key's"));
    fs::write(&third, &kept[..kept.len() - 1]).unwrap();
    assert!(verify(folder.path()).unwrap_err().contains("cut off"));
    fs::write(&third, &kept).unwrap();
    fs::write(folder.path().join("events/note.txt"), "x").unwrap();
    assert!(verify(folder.path()).unwrap_err().contains("note.txt"));
}

/// A log whose bytes follow in themselves but were made anew from the third commit on.
#[tokio::test]
async fn an_independent_verifier_finds_a_replaced_commit() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    sound(folder.path()).await;
    let store = Arc::new(FolderStore::open(other.path()).unwrap());
    let log = log_over(store, Arc::new(TrueClock), 2);
    for number in 1..4 {
        log.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
    }
    fs::copy(file(other.path(), 1), file(folder.path(), 1)).unwrap();
    assert!(verify(folder.path()).unwrap_err().contains("prev is not"));
}

#[test]
fn the_commit_on_the_page_is_one_of_format_1_and_has_the_digest_that_it_names() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/log.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("```json commit 42\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let stored = commit::decode(42, Bytes::from(text.to_owned())).unwrap();
    assert_eq!(stored.commit.header.parts.len(), 2);
    assert!(page.contains(&format!("`{}`", stored.digest)), "{}", stored.digest);
}
