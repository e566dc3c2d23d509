//! Backups: what they hold, going on where they stopped, and what they refuse.

use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::ports::ObjectStore;
use leviathan_log::artifacts::Artifacts;
use leviathan_log::{BackupError, BackupReport, LogError, keys};

use crate::dying_store::{DyingStore, Life};
use crate::keeping::{append, clock, log_of, objects, process, store, store_of};
use crate::seal::signer;

async fn back_up(
    from: &Arc<dyn ObjectStore>,
    to: &Arc<dyn ObjectStore>,
) -> Result<BackupReport, BackupError> {
    process(from, &clock(), 5).backup(Arc::clone(to), Some(Arc::clone(from)), false, |_| ()).await
}

#[tokio::test]
async fn a_backup_holds_the_logs_objects_byte_for_byte_and_grows_by_what_is_new() {
    let clock = clock();
    let (from, to) = (log_of(70, &clock).await, store());
    let artifacts = Artifacts::new(Arc::clone(&from));
    artifacts.put("an artifact").await.unwrap();
    process(&from, &clock, 9).seal(&signer(), None).await.unwrap().unwrap();
    let first = back_up(&from, &to).await.unwrap();
    assert_eq!((first.before, first.commits, first.proofs, first.artifacts), (0, 70, 3, 1));
    assert_eq!(objects(&to).await, objects(&from).await);
    assert_eq!(back_up(&from, &to).await.unwrap().commits, 0, "nothing is new");

    append(&process(&from, &clock, 1), 70).await.unwrap();
    let second = back_up(&from, &to).await.unwrap();
    assert_eq!((second.before, second.commits, second.proofs), (70, 1, 0));
    let report = process(&to, &clock, 2).verify(second.head.as_ref(), |_| ()).await.unwrap();
    assert_eq!((report.commits, report.checkpoints, report.fault), (71, 1, None));
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_writes_nothing() {
    let (from, to) = (log_of(5, &clock()).await, store());
    Artifacts::new(Arc::clone(&from)).put("x").await.unwrap();
    let log = process(&from, &clock(), 5);
    let dry = log.backup(Arc::clone(&to), Some(Arc::clone(&from)), true, |_| ()).await.unwrap();
    assert_eq!(objects(&to).await.len(), 0);
    assert_eq!(dry, back_up(&from, &to).await.unwrap());
}

#[tokio::test]
async fn a_backup_that_dies_after_any_write_is_finished_by_the_next_one() {
    let clock = clock();
    let from = log_of(40, &clock).await;
    Artifacts::new(Arc::clone(&from)).put("x").await.unwrap();
    let whole = store();
    back_up(&from, &whole).await.unwrap();
    let expected = objects(&whole).await;
    for writes in 0..expected.len() {
        let to = store();
        let life = Life::of(i64::try_from(writes).unwrap());
        assert!(back_up(&from, &DyingStore::over(&to, &life)).await.is_err(), "{writes}");
        back_up(&from, &to).await.unwrap();
        assert_eq!(objects(&to).await, expected, "after {writes} writes");
    }
}

#[tokio::test]
async fn another_history_is_refused_with_the_commit_where_they_part() {
    let clock = clock();
    let from = log_of(20, &clock).await;
    for part in [0, 1, 7, 19] {
        // The same up to `part`, then another history, as long or longer.
        let mut kept = objects(&from).await;
        kept.retain(|key, _| keys::commit_seq(key).is_some_and(|seq| seq < part));
        let other = store_of(&kept).await;
        let writer = process(&other, &clock, 900);
        for number in part..25 {
            append(&writer, 1_000 + number).await.unwrap();
        }
        let (before, longer) = (objects(&other).await, objects(&from).await);
        let back = back_up(&other, &from).await.unwrap_err();
        assert!(matches!(back, BackupError::Fork { seq } if seq == part), "{part}: {back}");
        assert_eq!((objects(&other).await, objects(&from).await), (before, longer));
    }
}

#[tokio::test]
async fn a_log_that_lost_its_newest_commits_is_told_and_the_backup_stays() {
    let from = log_of(9, &clock()).await;
    let to = store();
    back_up(&from, &to).await.unwrap();
    let mut shorter = objects(&from).await;
    shorter.retain(|key, _| keys::commit_seq(key).is_some_and(|seq| seq < 6));
    let problem = back_up(&store_of(&shorter).await, &to).await.unwrap_err();
    assert!(matches!(problem, BackupError::LogIsShorter { log: 6, backup: 9 }), "{problem}");
}

#[tokio::test]
async fn nothing_damaged_arrives_in_a_backup() {
    let from = log_of(30, &clock()).await;
    Artifacts::new(Arc::clone(&from)).put("sound").await.unwrap();
    let name = keys::artifact(&leviathan_core::ids::Digest::of(b"other"));
    from.create(&name, Bytes::from("changed")).await.unwrap();
    let to = store();
    let report = back_up(&from, &to).await.unwrap();
    assert_eq!((report.artifacts, report.damaged_artifacts), (1, vec![name]));

    let mut damaged = objects(&from).await;
    let key = keys::commit(17);
    let mut bytes = damaged[&key].to_vec();
    bytes[40] ^= 1;
    damaged.insert(key.clone(), Bytes::from(bytes));
    let to = store();
    let problem = back_up(&store_of(&damaged).await, &to).await.unwrap_err();
    assert!(
        matches!(&problem, BackupError::Log(LogError::Damaged { key: named, .. }) if *named == key),
        "{problem}"
    );
    let copied = objects(&to).await;
    assert_eq!(copied.len(), 17, "what comes before is safe: {:?}", copied.keys());
}

#[tokio::test]
async fn a_commit_that_vanished_from_the_backup_comes_back() {
    let from = log_of(12, &clock()).await;
    let to = store();
    back_up(&from, &to).await.unwrap();
    let mut holed = objects(&to).await;
    holed.remove(&keys::commit(4));
    let to = store_of(&holed).await;
    back_up(&from, &to).await.unwrap();
    assert!(objects(&to).await.contains_key(&keys::commit(4)));
}

#[tokio::test]
async fn a_backup_ends_while_the_log_goes_on() {
    let clock = clock();
    let (from, to) = (log_of(3, &clock).await, store());
    let (writer, reader) = (process(&from, &clock, 1), process(&from, &clock, 2));
    // Each object that arrives is answered by one more append.
    let mut appended = 3;
    let (writer, runtime) = (&writer, tokio::runtime::Handle::current());
    let report = tokio::task::unconstrained(async {
        let mut wanted = Vec::new();
        let report =
            reader.backup(Arc::clone(&to), None, false, |copied| wanted.push(copied)).await;
        for number in wanted {
            append(writer, number).await.unwrap();
            appended += 1;
        }
        report
    })
    .await
    .unwrap();
    drop(runtime);
    assert_eq!(report.commits, 3);
    assert_eq!(back_up(&from, &to).await.unwrap().commits, appended - 3);
}
