//! One transaction that can't be appended, among others that can.

use std::sync::Arc;

use futures_util::future::join_all;
use leviathan_core::decide::{Decision, Moment};
use leviathan_core::event::NewEvent;
use leviathan_core::state::State;
use leviathan_log::LogError;
use leviathan_tests::log_builders::{event, transaction};
use serde_json::{Value, json};

use super::{World, append, numbers, requests, world};

/// These events among five transactions that are sound, after one that is alone.
async fn refused(world: &World, events: Vec<NewEvent>) -> LogError {
    let bad = async {
        let decide = move |_: &State, _: &Moment| Decision::new(events.clone(), ());
        world.log.transact(&transaction("bad"), decide).await.unwrap_err()
    };
    let before = join_all((0..3).map(|number| append(&world.log, number, 1)));
    let after = join_all((3..6).map(|number| append(&world.log, number, 1)));
    let (before, refused, after) = tokio::join!(before, bad, after);
    for outcome in before.into_iter().chain(after) {
        outcome.unwrap();
    }
    assert_eq!(numbers(&world.store).await, [0, 1, 2, 3, 4, 5]);
    refused
}

fn deep(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

#[tokio::test]
async fn what_no_commit_can_hold_is_refused_alone() {
    let long = event(&json!({ "x": "y".repeat(70_000) }));
    let large = || event(&json!({ "x": "y".repeat(60_000) }));
    // Its events fit, and with the header they don't: that shows when it has a commit of its own.
    let mut just_too_large: Vec<_> = (0..69).map(|_| large()).collect();
    just_too_large.push(event(&json!({ "x": "y".repeat(34_500) })));
    let cases: [(&str, Vec<NewEvent>, u64); 4] = [
        ("1025 events are more than the 1024", vec![event(&json!({})); 1_025], 2),
        ("event 1 (test.noted) is a line of", vec![event(&json!({})), long], 2),
        ("bytes of events are more than the 4194304", (0..80).map(|_| large()).collect(), 2),
        ("bytes of events are more than the 4194304", just_too_large, 3),
    ];
    for (words, events, puts) in cases {
        let world = world().await;
        let problem = refused(&world, events).await;
        assert!(problem.to_string().contains(words), "{problem}");
        assert_eq!(world.counter.take(), requests(puts, 0), "{words}");
    }
}

#[tokio::test]
async fn what_cannot_stand_in_the_log_is_refused_alone() {
    let world = world().await;
    let problem = refused(&world, vec![event(&json!({ "x": deep(125) }))]).await;
    assert!(problem.to_string().contains("nested more than 120"), "{problem}");
}

/// It shows only when the whole commit is read back, and not whose fault it is: then each of them
/// has a commit of its own.
#[tokio::test]
async fn what_would_not_be_read_back_is_refused_alone() {
    // No text is read as such an object: our reader of JSON takes it for the number 5.
    for payload in [
        json!({ "x": { "$serde_json::private::Number": "5" } }),
        json!({ "x": [{ "$serde_json::private::RawValue": "[5]" }] }),
    ] {
        let world = world().await;
        let problem = refused(&world, vec![event(&payload)]).await;
        assert!(problem.to_string().contains("would not be read back"), "{problem}");
        assert_eq!(world.counter.take(), requests(6, 0), "a commit for each of the six others");
        // They share again what comes afterwards.
        let outcomes = join_all((6..9).map(|number| append(&world.log, number, 1))).await;
        assert!(outcomes.iter().all(Result::is_ok));
        assert_eq!(world.counter.take().puts, 2, "the first, and the others together");
    }
}

#[tokio::test]
async fn a_panic_goes_on_in_its_caller_and_in_nobody_else() {
    let world = world().await;
    let log = Arc::new(world.log);
    let spawn = |number: u64| {
        let log = log.clone();
        tokio::spawn(async move {
            let decide = move |_: &State, _: &Moment| -> Decision<u64> {
                assert!(number != 2, "number two does not decide");
                Decision::new(vec![event(&json!({ "number": number }))], number)
            };
            log.transact(&transaction("own"), decide).await.unwrap().answer
        })
    };
    let tasks: Vec<_> = (0..5).map(spawn).collect();
    for (number, task) in (0..).zip(tasks) {
        match task.await {
            Ok(answer) => assert_eq!(answer, number),
            Err(problem) => {
                assert_eq!(number, 2);
                let payload = problem.into_panic();
                let words = payload.downcast_ref::<&str>().copied().unwrap_or_default();
                assert_eq!(words, "number two does not decide");
            }
        }
    }
    assert_eq!(numbers(&world.store).await, [0, 1, 3, 4]);
}
