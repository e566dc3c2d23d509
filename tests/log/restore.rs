//! Restores: what is kept, what is refused, and that the old log and the new one are never both
//! written, wherever the restore stops.

use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::event::Principal;
use leviathan_core::ports::ObjectStore;
use leviathan_local::MemoryStore;
use leviathan_log::artifacts::Artifacts;
use leviathan_log::{LogError, Restore, RestoreError, RestoreReport, Until, Writer, keys};
use leviathan_tests::clock::{HandClock, SeededEntropy};

use crate::dying_store::{DyingStore, Life};
use crate::keeping::{append, clock, log_of, objects, process, store, store_of};

type Store = Arc<dyn ObjectStore>;

pub(crate) fn restore(from: &Store, to: &Store, clock: &Arc<HandClock>, seed: u64) -> Restore {
    Restore::new(
        (Arc::clone(from), "/backup".to_owned()),
        (Arc::clone(to), "/new".to_owned()),
        clock.clone(),
        Arc::new(SeededEntropy::new(seed)),
        Writer { program: "test".to_owned(), version: "0.0.0".to_owned() },
        Principal::keeper("ada"),
    )
}

pub(crate) async fn run(restore: &Restore) -> Result<RestoreReport, RestoreError> {
    let found = restore.plan(|_| ()).await?;
    restore.run(&found, |_| ()).await
}

#[tokio::test]
async fn a_restored_log_keeps_every_byte_and_goes_on_in_a_new_epoch() {
    let clock = clock();
    let old = log_of(70, &clock).await;
    Artifacts::new(Arc::clone(&old)).put("an artifact").await.unwrap();
    let (to, data) = (store(), store());
    let report = run(&restore(&old, &to, &clock, 1)
        .closing(Arc::clone(&old))
        .with_artifacts(Arc::clone(&old), Arc::clone(&data)))
    .await
    .unwrap();
    assert_eq!((report.commits, report.epoch, report.left_behind), (70, 2, Some(0)));
    assert_eq!((report.closed_at, report.artifacts), (Some(70), 1));
    let (before, after) = (objects(&old).await, objects(&to).await);
    for seq in 0..70 {
        let key = keys::commit(seq);
        assert_eq!(before[&key], after[&key], "{key}");
    }
    let new = process(&to, &clock, 2);
    assert_eq!(append(&new, 1).await, Ok(71));
    assert_eq!(new.read(70).await.unwrap().header.epoch, 2);
    assert_eq!(new.read(71).await.unwrap().header.epoch, 2);
    let verified = new.verify(None, |_| ()).await.unwrap();
    assert_eq!((verified.commits, verified.fault), (72, None));
    let problem = append(&process(&old, &clock, 3), 1).await.unwrap_err();
    assert!(matches!(problem, LogError::Closed { .. }), "{problem:?}");
}

/// The heart of it. A restore dies after each of its writes in turn; after each death a writer of
/// the old world and one of the new world try to append, the old one with a view from before.
#[tokio::test]
async fn wherever_a_restore_dies_the_two_logs_are_never_both_written() {
    let clock = clock();
    let mut deaths = 0;
    for writes in 0.. {
        let old = log_of(5, &clock).await;
        let backup = store_of(&objects(&old).await).await;
        let to = store();
        let warm = process(&old, &clock, 11);
        append(&warm, 100).await.unwrap();

        let life = Life::of(writes);
        let dying = restore(&backup, &DyingStore::over(&to, &life), &clock, 1)
            .closing(DyingStore::over(&old, &life));
        let died = run(&dying).await.is_err();

        let old_goes_on = append(&warm, 101).await.is_ok();
        let early = process(&to, &clock, 12);
        // Nobody starts a writer on a store where nothing of a log stands yet.
        let begun = objects(&to).await.keys().any(|key| key.starts_with(keys::EVENTS));
        let new_goes_on = begun && append(&early, 102).await.is_ok();
        assert!(!(old_goes_on && new_goes_on), "both were written after {writes} writes");
        if !died {
            assert!(new_goes_on, "it is finished");
            break;
        }
        deaths += 1;
        let report = run(&restore(&backup, &to, &clock, 2).closing(Arc::clone(&old))).await;
        let report = report.unwrap_or_else(|problem| panic!("after {writes} writes: {problem}"));
        assert_eq!((report.commits, report.epoch), (5, 2));
        assert_eq!(report.left_behind, Some(1 + u64::from(old_goes_on)), "{writes}");
        assert!(matches!(append(&warm, 103).await, Err(LogError::Closed { .. })));
        let new = process(&to, &clock, 13);
        assert_eq!(append(&new, 104).await.unwrap(), 6 + u64::from(new_goes_on));
        assert_eq!(new.verify(None, |_| ()).await.unwrap().fault, None);
    }
    assert_eq!(deaths, 8, "plan, four commits, close, log.restored, first commit");
}

#[tokio::test]
async fn a_damaged_tail_is_cut_off_and_the_rest_is_kept() {
    let clock = clock();
    let whole = objects(&log_of(100, &clock).await).await;
    for damaged_at in [1, 63, 64, 65, 99] {
        let key = keys::commit(damaged_at);
        let mut flipped = whole.clone();
        let mut bytes = flipped[&key].to_vec();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        flipped.insert(key.clone(), Bytes::from(bytes));
        let mut holed = whole.clone();
        holed.remove(&key);
        for backup in [flipped, holed] {
            let hole_at_the_end = damaged_at == 99 && backup.len() == 99;
            let (backup, to) = (store_of(&backup).await, store());
            let restore = restore(&backup, &to, &clock, 1);
            let found = restore.plan(|_| ()).await.unwrap();
            assert_eq!(found.plan.kept_seq, damaged_at - 1);
            assert_eq!(found.fault.is_some(), !hole_at_the_end, "{damaged_at}");
            restore.run(&found, |_| ()).await.unwrap();
            let new = process(&to, &clock, 2);
            assert_eq!(append(&new, 1).await.unwrap(), damaged_at + 1);
        }
    }
}

#[tokio::test]
async fn a_point_in_time_is_kept_up_to_there() {
    let clock = clock();
    let backup = log_of(10, &clock).await;
    let at = |seconds| {
        let start: jiff::Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        start + jiff::SignedDuration::from_secs(seconds)
    };
    for (until, kept) in [
        (Until::Commit(0), 0),
        (Until::Commit(6), 6),
        (Until::Commit(500), 9),
        (Until::Time(at(0)), 0),
        (Until::Time(at(3)), 3),
        (Until::Time(at(4) - jiff::SignedDuration::from_millis(1)), 3),
        (Until::End, 9),
    ] {
        let to = store();
        let restore = restore(&backup, &to, &clock, 1).until(until);
        assert_eq!(run(&restore).await.unwrap().commits, kept + 1, "{until:?}");
        let view = process(&to, &clock, 2).view().await.unwrap();
        assert_eq!((view.position.seq, view.state.epoch()), (Some(kept + 1), 2), "{until:?}");
    }
    let problem = run(&restore(&backup, &store(), &clock, 1).until(Until::Time(at(-1)))).await;
    assert!(matches!(problem, Err(RestoreError::Nothing { .. })), "{problem:?}");
}

#[tokio::test]
async fn a_store_that_is_in_use_is_refused_and_left_as_it_is() {
    let clock = clock();
    let backup = log_of(3, &clock).await;
    for key in ["events/00000000000000000000", "hint", "odd/thing"] {
        let to = store();
        to.create(key, Bytes::from("x")).await.unwrap();
        let before = objects(&to).await;
        let problem = run(&restore(&backup, &to, &clock, 1)).await.unwrap_err();
        assert!(matches!(problem, RestoreError::NotEmpty { .. }), "{problem}");
        assert_eq!(objects(&to).await, before);
    }
}

#[tokio::test]
async fn an_interrupted_restore_is_finished_only_from_the_same_history() {
    let clock = clock();
    let (backup, other) = (log_of(5, &clock).await, log_of(5, &clock).await);
    let to = store();
    let dying = restore(&backup, &DyingStore::over(&to, &Life::of(3)), &clock, 1);
    assert!(run(&dying).await.is_err());
    let before = objects(&to).await;
    let problem = run(&restore(&other, &to, &clock, 2)).await.unwrap_err();
    assert!(matches!(problem, RestoreError::OtherPlan { .. }), "{problem}");
    assert_eq!(objects(&to).await, before);
    // The backup has grown since: the restore stays the one that was planned.
    append(&process(&backup, &clock, 9), 1).await.unwrap();
    assert_eq!(run(&restore(&backup, &to, &clock, 3)).await.unwrap().commits, 5);
    // And once more changes nothing.
    let done = objects(&to).await;
    run(&restore(&backup, &to, &clock, 4)).await.unwrap();
    assert_eq!(objects(&to).await, done);
}

#[tokio::test]
async fn a_log_has_one_successor() {
    let clock = clock();
    let old = log_of(4, &clock).await;
    let backup = store_of(&objects(&old).await).await;
    let (first, second) = (store(), store());
    run(&restore(&backup, &first, &clock, 1).closing(Arc::clone(&old))).await.unwrap();
    let problem = run(&restore(&backup, &second, &clock, 2).closing(Arc::clone(&old))).await;
    assert!(matches!(problem, Err(RestoreError::Log(LogError::Closed { .. }))), "{problem:?}");
    assert_eq!(objects(&second).await.len(), 0, "nothing was changed");
    // A backup that holds the closing commit is not where the log goes on.
    let problem = run(&restore(&old, &second, &clock, 3)).await.unwrap_err();
    assert!(matches!(problem, RestoreError::Succeeded { .. }), "{problem}");
    // The successor can be replaced in its turn, in an epoch that is higher again.
    let report =
        run(&restore(&first, &second, &clock, 4).closing(Arc::clone(&first))).await.unwrap();
    assert_eq!((report.epoch, report.commits), (3, 5));
}

#[tokio::test]
async fn a_damaged_log_is_closed_all_the_same_and_a_writer_that_missed_the_damage_stops() {
    let clock = clock();
    let sound = log_of(6, &clock).await;
    let backup = store_of(&objects(&sound).await).await;
    // The middle is damaged after a writer has read it.
    let damaged = Arc::new(MemoryStore::new());
    for (key, bytes) in objects(&sound).await {
        damaged.create(&key, bytes).await.unwrap();
    }
    let old: Store = damaged.clone();
    let warm = process(&old, &clock, 1);
    append(&warm, 1).await.unwrap();
    old.replace(&keys::commit(2), Bytes::from("broken\n")).await.unwrap();
    let to = store();
    run(&restore(&backup, &to, &clock, 2).closing(Arc::clone(&old))).await.unwrap();
    assert!(matches!(append(&warm, 2).await, Err(LogError::Closed { .. })));
}

#[tokio::test]
async fn another_log_is_not_closed_by_mistake() {
    let clock = clock();
    let (backup, other) = (log_of(4, &clock).await, log_of(4, &clock).await);
    append(&process(&other, &clock, 1), 9).await.unwrap();
    let before = objects(&other).await;
    // Not the same entropy: another nonce in its first commit.
    let foreign = store();
    let log = process(&foreign, &clock, 500);
    for number in 0..6 {
        append(&log, number).await.unwrap();
    }
    let foreign_before = objects(&foreign).await;
    let problem = run(&restore(&backup, &store(), &clock, 1).closing(Arc::clone(&foreign))).await;
    assert!(matches!(problem, Err(RestoreError::NotTheOldLog { .. })), "{problem:?}");
    assert_eq!((objects(&other).await, objects(&foreign).await), (before, foreign_before));
}
