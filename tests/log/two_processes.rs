//! Several transactions at once, in one process and in several, on a real folder.

use std::collections::BTreeSet;
use std::sync::Arc;

use leviathan_local::{FolderStore, MemoryStore};
use leviathan_log::Log;
use leviathan_tests::clock::TrueClock;
use leviathan_tests::log_builders::{log_over, note, transaction};

/// Each of these logs appends from four tasks, 10 times each; then what was acknowledged is
/// compared with what the log holds.
async fn append_from_all(logs: Vec<Arc<Log>>) {
    let mut tasks = Vec::new();
    for (process, log) in logs.iter().enumerate() {
        for task in 0..4 {
            let (log, process) = (Arc::clone(log), process as u64);
            tasks.push(tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for round in 0..10 {
                    let number = process * 1000 + task * 100 + round;
                    let outcome = log.transact(&transaction("own"), move |_, _| note(number)).await;
                    acknowledged.push(outcome.unwrap().answer);
                }
                acknowledged
            }));
        }
    }
    let mut acknowledged = BTreeSet::new();
    for task in tasks {
        acknowledged.extend(task.await.unwrap());
    }
    let log = &logs[0];
    let report = log.verify(None, |_| {}).await.unwrap();
    assert_eq!(report.fault, None);
    assert_eq!(report.events, acknowledged.len() as u64);
    let mut stored = BTreeSet::new();
    for seq in 0..report.commits {
        for event in log.read(seq).await.unwrap().events {
            assert!(stored.insert(event.payload["number"].as_u64().unwrap()), "appended twice");
        }
    }
    assert_eq!(stored, acknowledged);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_of_one_process_append_everything_once() {
    let store = Arc::new(MemoryStore::new());
    append_from_all(vec![Arc::new(log_over(store, Arc::new(TrueClock), 1))]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_share_a_folder_append_everything_once() {
    let folder = tempfile::tempdir().unwrap();
    let process = |seed| {
        let store = Arc::new(FolderStore::open(folder.path()).unwrap());
        Arc::new(log_over(store, Arc::new(TrueClock), seed))
    };
    append_from_all((0..6).map(process).collect()).await;
}
