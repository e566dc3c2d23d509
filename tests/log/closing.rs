//! A closed log: nobody appends to it any more, however far behind or ahead he was.

use std::sync::Arc;

use leviathan_core::event::Principal;
use leviathan_core::fact::LogClosed;
use leviathan_core::ports::ObjectStore;
use leviathan_local::MemoryStore;
use leviathan_log::{Log, LogError, Rules};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::{log_over, note, transaction};

fn closed_for(successor: &str) -> LogClosed {
    let (successor, place) = (successor.to_owned(), "/new".to_owned());
    LogClosed { successor, place, epoch: 2 }
}

fn clock() -> Arc<HandClock> {
    Arc::new(HandClock::at("2026-03-01T12:00:00Z".parse().unwrap()))
}

async fn append(log: &Log, number: u64) -> Result<(), LogError> {
    log.transact(&transaction("test"), move |_, _| note(number)).await.map(|_| ())
}

#[tokio::test]
async fn no_writer_appends_to_a_closed_log_whatever_it_had_read() {
    let store: Arc<dyn ObjectStore> = Arc::new(MemoryStore::new());
    let clock = clock();
    let [warm, stale, keeper] = [1, 2, 3].map(|seed| log_over(store.clone(), clock.clone(), seed));
    append(&stale, 0).await.unwrap();
    append(&warm, 1).await.unwrap();
    let by = Principal::keeper("ada");
    assert_eq!(keeper.close(&by, closed_for("next")).await, Ok(2));
    let cold = log_over(store.clone(), clock, 4);
    for log in [&warm, &stale, &keeper, &cold] {
        let problem = append(log, 9).await.unwrap_err();
        assert!(
            matches!(&problem, LogError::Closed { successor, epoch: 2, .. } if successor == "next"),
            "{problem:?}"
        );
        assert!(problem.to_string().contains("/new"), "it says where to go on: {problem}");
        assert_eq!(log.view().await.unwrap().position.seq, Some(2), "reading goes on");
    }
    // Again for the same successor is done already; another one comes too late.
    assert_eq!(cold.close(&by, closed_for("next")).await, Ok(2));
    assert!(matches!(cold.close(&by, closed_for("other")).await, Err(LogError::Closed { .. })));
    // Programs that don't know the fact decide nothing on it.
    assert_eq!(cold.read(2).await.unwrap().header.min_reader, 2);
}

#[tokio::test]
async fn without_the_rule_a_closed_log_goes_on() {
    let store: Arc<dyn ObjectStore> = Arc::new(MemoryStore::new());
    let broken = Rules { closed_log_refuses: false, ..Rules::default() };
    let log = log_over(store, clock(), 1).with_rules(broken);
    log.close(&Principal::keeper("ada"), closed_for("next")).await.unwrap();
    append(&log, 1).await.unwrap();
}

#[tokio::test]
async fn a_client_that_names_its_event_log_closed_closes_nothing_and_locks_nobody_out() {
    use leviathan_core::decide::Decision;
    use leviathan_core::fact::Fact;

    let store: Arc<dyn ObjectStore> = Arc::new(MemoryStore::new());
    let log = log_over(store, clock(), 1);
    let event = Fact::from(closed_for("mine")).event_about_no_target();
    log.transact(&transaction("ingest"), move |_, _| Decision::new(vec![event.clone()], ()))
        .await
        .unwrap();
    append(&log, 1).await.unwrap();
    assert_eq!(log.view().await.unwrap().position.min_reader, 1);
}
