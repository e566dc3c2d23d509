//! `kill -9` at any moment of an append: the log stays sound, what was acknowledged is there once,
//! and what was not is there at most once.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use leviathan_core::ports::ObjectStore as _;
use leviathan_local::FolderStore;
use leviathan_tests::clock::{SeededEntropy, TrueClock};
use leviathan_tests::log_builders::{log_over, note, transaction};

/// Kills in all; each time two processes die, at different moments of their appends.
const ROUNDS: u64 = 12;

fn program(folder: &Path, first: u64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_append-until-killed"));
    command.arg(folder).arg(first.to_string()).stdout(Stdio::piped());
    command
}

fn start(folder: &Path, first: u64) -> Child {
    program(folder, first).spawn().unwrap()
}

/// Kills it, and gives what it had acknowledged: the whole lines that it wrote.
fn kill(mut child: Child) -> Vec<u64> {
    assert_eq!(child.try_wait().unwrap(), None, "it ended by itself");
    child.kill().unwrap();
    child.wait().unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    let whole = said.rfind('\n').map_or("", |end| &said[..end]);
    whole.lines().map(|line| line.parse().unwrap()).collect()
}

#[tokio::test]
async fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let chance = SeededEntropy::new(std::process::id().into());
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        let first = start(folder.path(), round * 1_000_000);
        let second = start(folder.path(), round * 1_000_000 + 500_000);
        thread::sleep(Duration::from_micros(60_000 + chance.below(60_000)));
        acknowledged.extend(kill(first));
        thread::sleep(Duration::from_micros(chance.below(20_000)));
        acknowledged.extend(kill(second));
    }
    assert!(acknowledged.len() > 20, "they did nothing: {}", acknowledged.len());

    let store = Arc::new(FolderStore::open(folder.path()).unwrap());
    let log = log_over(store, Arc::new(TrueClock), u64::MAX);
    let report = log.verify(None, |_| {}).await.unwrap();
    assert_eq!(report.fault, None);
    let mut stored = BTreeSet::new();
    for seq in 0..report.commits {
        for event in log.read(seq).await.unwrap().events {
            assert!(stored.insert(event.payload["number"].as_u64().unwrap()), "stored twice");
        }
    }
    let lost: Vec<_> = acknowledged.difference(&stored).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    // Each kill may have caught one append between its last write and its word.
    assert!(stored.len() <= acknowledged.len() + 2 * usize::try_from(ROUNDS).unwrap());
    // And the log goes on.
    log.transact(&transaction("after"), |_, _| note(1)).await.unwrap();
    assert_eq!(log.view().await.unwrap().position.seq, Some(report.commits));
}

/// The number whose commit is appended: it makes one of about 1,700 bytes.
const NUMBER: u64 = 1;

#[tokio::test]
async fn a_process_killed_at_any_byte_of_a_commit_leaves_no_part_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(FolderStore::open(folder.path()).unwrap());
    let log = log_over(store.clone(), Arc::new(TrueClock), 1);
    log.transact(&transaction("before"), |_, _| note(0)).await.unwrap();
    let mut killed = 0;
    for bytes in (0..1_650).step_by(66) {
        let output = program(folder.path(), NUMBER).arg(bytes.to_string()).output().unwrap();
        assert!(output.status.signal().is_some(), "{bytes}: {}", output.status);
        assert!(output.stdout.is_empty(), "{bytes}: it acknowledged what it did not finish");
        killed += 1;
        assert_eq!(store.list("", None, 9).await.unwrap().len(), 1, "killed at byte {bytes}");
    }
    let writing = std::fs::read_dir(folder.path().join(".writing")).unwrap();
    assert_eq!(writing.count(), killed, "each died while it wrote");
    let report = log.verify(None, |_| {}).await.unwrap();
    assert_eq!((report.commits, report.fault), (1, None));
    log.transact(&transaction("after"), |_, _| note(1)).await.unwrap();
    assert_eq!(log.view().await.unwrap().position.seq, Some(1));
}
