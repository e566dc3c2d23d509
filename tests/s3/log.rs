//! The log over a bucket that misbehaves: whatever goes wrong with one request, what was
//! acknowledged stands there once, what was refused does not, and damage stops everything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use leviathan_aws::{S3Store, TimeLimits};
use leviathan_core::ports::{ObjectStore as _, StoreError};
use leviathan_log::{Log, LogError};
use leviathan_tests::clock::{HandClock, TrueClock};
use leviathan_tests::log_builders::{log_over, note, transaction};
use leviathan_tests::s3_server::{Fault, Kind, S3Server};

/// How long an answer may take where a fault stalls it.
const SHORT: TimeLimits = TimeLimits {
    connect: Duration::from_secs(3),
    answer: Duration::from_secs(2),
    bytes_a_second: 256 * 1024,
};

/// A log over the server's bucket, of a process that waits without losing time.
fn log(server: &S3Server, seed: u64) -> Log {
    let store = Arc::new(server.store_within("log", SHORT));
    log_over(store, Arc::new(HandClock::at(Timestamp::now())), seed)
}

async fn append(log: &Log, number: u64) -> Result<(), LogError> {
    log.transact(&transaction("own"), move |_, _| note(number)).await.map(|_| ())
}

/// How often each number stands in the log, as one reads it who starts from nothing.
async fn numbers(store: &S3Store) -> BTreeMap<u64, u32> {
    let mut found = BTreeMap::new();
    for key in store.list("events/", None, 1_000).await.unwrap() {
        let bytes = store.get(&key).await.unwrap().bytes;
        for line in bytes.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty()) {
            let event: serde_json::Value = serde_json::from_slice(line).unwrap();
            let number = event["payload"]["number"].as_u64().unwrap();
            *found.entry(number).or_default() += 1;
        }
    }
    found
}

/// Faults of a PUT after which the append has to be acknowledged.
const SURVIVED: &[Fault] = &[
    Fault::Error(500, "InternalError"),
    Fault::Error(503, "SlowDown"),
    Fault::Error(400, "RequestTimeout"),
    Fault::Error(409, "ConditionalRequestConflict"),
    Fault::Error(200, "ConditionalRequestConflict"),
    Fault::Error(200, "InternalError"),
    Fault::DoneThenError(500, "InternalError"),
    Fault::DoneThenError(503, "SlowDown"),
    Fault::DoneThenError(412, "PreconditionFailed"),
    Fault::DoneThenError(200, "PreconditionFailed"),
    Fault::DoneThenError(409, "ConditionalRequestConflict"),
    Fault::Page(502),
    Fault::Page(404),
    Fault::ClosedBefore,
    Fault::AnswerLost,
    Fault::AnswerLate(Duration::from_secs(6)),
    Fault::DoneLate(Duration::from_millis(20)),
    Fault::Bare,
];

#[tokio::test]
async fn an_append_survives_each_fault_and_stands_there_once() {
    let server = S3Server::start().await;
    let log = log(&server, 1);
    let mut acknowledged = 0;
    for &fault in SURVIVED {
        for faults in 1..=3 {
            (0..faults).for_each(|_| server.next(Kind::Put, fault));
            let answer = append(&log, acknowledged).await;
            assert_eq!(answer, Ok(()), "{fault:?}, {faults} times");
            acknowledged += 1;
            // What an early success did not need must not hit the next one.
            server.forget();
            append(&log, acknowledged).await.unwrap();
            acknowledged += 1;
        }
    }
    let expected: BTreeMap<u64, u32> = (0..acknowledged).map(|number| (number, 1)).collect();
    assert_eq!(numbers(&server.store("log")).await, expected);
    log.verify(None, |_| {}).await.unwrap();
}

#[tokio::test]
async fn a_refused_append_appends_nothing() {
    let server = S3Server::start().await;
    let log = log(&server, 1);
    append(&log, 0).await.unwrap();
    for fault in [
        Fault::Error(403, "AccessDenied"),
        Fault::Error(404, "NoSuchBucket"),
        Fault::Error(400, "ExpiredToken"),
    ] {
        server.next(Kind::Put, fault);
        let answer = append(&log, 1).await;
        let refused =
            matches!(&answer, Err(LogError::Store { source: StoreError::Refused { .. } }));
        assert!(refused, "{fault:?}: {answer:?}");
    }
    append(&log, 2).await.unwrap();
    assert_eq!(numbers(&server.store("log")).await, BTreeMap::from([(0, 1), (2, 1)]));
}

#[tokio::test]
async fn an_append_that_is_never_answered_is_unknown_and_not_failed() {
    let server = S3Server::start().await;
    let log = log(&server, 1);
    append(&log, 0).await.unwrap();
    for _ in 0..6 {
        server.next(Kind::Put, Fault::Error(503, "SlowDown"));
    }
    let answer = append(&log, 1).await;
    assert!(matches!(answer, Err(LogError::Unknown { .. })), "{answer:?}");
    append(&log, 1).await.unwrap();
    assert_eq!(numbers(&server.store("log")).await, BTreeMap::from([(0, 1), (1, 1)]));
}

#[tokio::test]
async fn a_read_survives_what_passes() {
    let server = S3Server::start().await;
    append(&log(&server, 1), 0).await.unwrap();
    for fault in [
        Fault::Error(503, "SlowDown"),
        Fault::Error(200, "InternalError"),
        Fault::Page(404),
        Fault::ClosedBefore,
        Fault::Truncated,
        Fault::FlippedByte,
        Fault::Bare,
    ] {
        for kind in [Kind::Get, Kind::List] {
            if kind == Kind::List && matches!(fault, Fault::FlippedByte | Fault::Bare) {
                // A LIST carries no checksum and no tag: its faults are `answers`' to judge.
                continue;
            }
            let cold = log(&server, 2);
            server.next(kind, fault);
            let view = cold.view().await;
            let seq = view.map(|view| view.position.seq);
            assert_eq!(seq, Ok(Some(0)), "{kind:?} {fault:?}");
            assert_eq!(server.waiting(), 0, "{kind:?} {fault:?} was met");
        }
    }
}

#[tokio::test]
async fn a_deleted_commit_is_a_hole_and_the_end_is_no_place_to_go_on() {
    let server = S3Server::start().await;
    let (warm, store) = (log(&server, 1), server.store("log"));
    for number in 0..3 {
        append(&warm, number).await.unwrap();
    }
    let keys = store.list("events/", None, 10).await.unwrap();
    // After a delete marker a create-only PUT succeeds again: nobody may come to that.
    server.delete(&format!("log/{}", keys[2]));
    let cold = log(&server, 2);
    for answer in [cold.view().await.map(|_| ()), append(&cold, 9).await] {
        assert!(matches!(answer, Err(LogError::Hole { .. })), "{answer:?}");
    }
    assert_eq!(store.list("events/", None, 10).await.unwrap(), keys[..2]);
}

#[tokio::test]
async fn a_commit_changed_at_rest_stops_a_reader() {
    let server = S3Server::start().await;
    append(&log(&server, 1), 0).await.unwrap();
    let key = format!("log/{}", server.store("log").list("", None, 1).await.unwrap()[0]);
    let mut bytes = server.object(&key).unwrap().to_vec();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    server.put(&key, bytes);
    let answer = log(&server, 2).view().await.map(|_| ());
    assert!(matches!(answer, Err(LogError::Damaged { .. })), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_that_race_over_faults_make_one_log() {
    const WRITERS: u64 = 4;
    const APPENDS: u64 = 12;
    let server = S3Server::start().await;
    for round in 0..6 {
        let faults = [
            Fault::AnswerLost,
            Fault::Error(409, "ConditionalRequestConflict"),
            Fault::DoneThenError(500, "InternalError"),
            Fault::ClosedBefore,
            Fault::DoneLate(Duration::from_millis(5)),
        ];
        server.next(Kind::Put, faults[round % faults.len()]);
        server.next(Kind::Get, Fault::Truncated);
    }
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let log = log_over(Arc::new(server.store("log")), Arc::new(TrueClock), writer);
        writers.push(tokio::spawn(async move {
            for number in 0..APPENDS {
                append(&log, writer * APPENDS + number).await.unwrap();
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(server.waiting(), 0, "every fault was met");
    let expected: BTreeMap<u64, u32> = (0..WRITERS * APPENDS).map(|number| (number, 1)).collect();
    assert_eq!(numbers(&server.store("log")).await, expected);
    log(&server, 99).verify(None, |_| {}).await.unwrap();
}
