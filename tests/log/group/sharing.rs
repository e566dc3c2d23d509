//! Who shares a commit, in which order, and at which price.

use futures_util::future::join_all;
use leviathan_core::decide::Decision;
use leviathan_tests::log_builders::{log_over, note, transaction};

use super::{append, numbers, requests, world};
use std::sync::Arc;

use leviathan_tests::clock::HandClock;

#[tokio::test]
async fn what_waits_while_an_append_is_under_way_shares_the_next_commit() {
    for waiting in [1_u64, 2, 8, 64] {
        let world = world().await;
        let all = (0..=waiting).map(|number| append(&world.log, number, 2));
        let outcomes = join_all(all).await;
        assert_eq!(world.counter.take(), requests(2, 0), "{waiting} waiting");
        for (number, outcome) in (0..).zip(outcomes) {
            let outcome = outcome.unwrap();
            let commit = outcome.commit.unwrap();
            assert_eq!(commit.seq(), u64::from(number > 0));
            assert_eq!(outcome.answer, number * 2, "decided after those before it");
            assert_eq!(commit.part().unwrap().first_offset, number * 2);
            assert_eq!(commit.part().unwrap().read_seq, commit.seq().checked_sub(1));
            let own: Vec<_> = commit.events().iter().map(|e| e.payload["number"].clone()).collect();
            assert_eq!(own, [number, number], "its own events, and no others");
        }
        let expected: Vec<u64> = (0..=waiting).flat_map(|number| [number, number]).collect();
        assert_eq!(numbers(&world.store).await, expected);
        let view = world.log.view().await.unwrap();
        let cold = log_over(world.store.clone(), Arc::new(HandClock::default()), 7);
        assert_eq!(*view, *cold.view().await.unwrap(), "the state is that of a rebuild");
    }
}

#[tokio::test]
async fn a_client_that_comes_back_at_once_shares_with_those_that_were_served_with_it() {
    let world = world().await;
    let client = |number: u64| {
        let log = &world.log;
        async move {
            for _ in 0..10 {
                append(log, number, 1).await.unwrap();
            }
        }
    };
    join_all((0..8).map(client)).await;
    // The first comes alone, and its second with the last of the others.
    assert_eq!(world.counter.take(), requests(11, 0));
}

#[tokio::test]
async fn what_does_not_fit_goes_into_the_next_commit_and_is_never_split() {
    let world = world().await;
    let counts = [1, 500, 500, 500, 24, 1];
    let all = (0..).zip(counts).map(|(number, count)| append(&world.log, number, count));
    let outcomes = join_all(all).await;
    let seqs = outcomes.into_iter().map(|outcome| outcome.unwrap().commit.unwrap().seq());
    // 1,024 events would have room for the last two: but nobody goes before who came earlier.
    assert_eq!(seqs.collect::<Vec<_>>(), [0, 1, 1, 2, 2, 2]);
    assert_eq!(world.counter.take(), requests(3, 0));
}

#[tokio::test]
async fn a_decision_for_nothing_is_proved_by_the_append_of_its_group() {
    let world = world().await;
    let idle = || async {
        let idle = |state: &leviathan_core::state::State, _: &_| Decision::nothing(state.events);
        world.log.transact(&transaction("idle"), idle).await.unwrap()
    };
    let (first, before, appended, after) =
        tokio::join!(append(&world.log, 0, 3), idle(), append(&world.log, 1, 1), idle());
    assert_eq!(world.counter.take(), requests(2, 0));
    assert_eq!((first.unwrap().answer, appended.unwrap().answer), (0, 3));
    assert_eq!((before.answer, before.commit), (3, None));
    assert_eq!((after.answer, after.commit), (4, None));
}

#[tokio::test]
async fn decisions_for_nothing_share_one_look() {
    let world = world().await;
    let idle = |_: &_, _: &_| Decision::nothing(());
    let waiting = transaction("idle");
    let first = append(&world.log, 0, 1);
    let (_, others) =
        tokio::join!(first, join_all((0..8).map(|_| world.log.transact(&waiting, idle))));
    others.into_iter().for_each(|outcome| assert_eq!(outcome.unwrap().commit, None));
    assert_eq!(world.counter.take(), requests(1, 1));
}

#[tokio::test]
async fn a_lost_race_decides_all_of_them_again() {
    let world = world().await;
    let other = log_over(world.store.clone(), Arc::new(HandClock::default()), 2);
    for number in 0..2 {
        other.transact(&transaction("other"), move |_, _| note(90 + number)).await.unwrap();
    }
    let outcomes = join_all((0..4).map(|number| append(&world.log, number, 1))).await;
    // The first loses twice, and looks before it tries a third time; while it does, the others come too.
    assert_eq!(world.counter.take(), requests(3, 2 + 1));
    let mut answers: Vec<u64> = outcomes.into_iter().map(|it| it.unwrap().answer).collect();
    answers.sort_unstable();
    assert_eq!(answers, [2, 3, 4, 5]);
    assert_eq!(numbers(&world.store).await, [90, 91, 0, 1, 2, 3]);
}
