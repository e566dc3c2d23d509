//! Each thing that can go wrong with one request: what the port says of it, that it was one HTTP
//! request and no more, and whether it had its effect.

use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use leviathan_aws::{S3Store, TimeLimits};
use leviathan_core::ports::{ObjectStore as _, StoreError};
use leviathan_tests::counting_store::Requests;
use leviathan_tests::s3_server::{Fault, Kind, S3Server};

const KEY: &str = "events/00000000000000000007";
const BYTES: &[u8] = b"{\"seven\":7}\n";

/// Short, for faults that stall; an answer that is no fault comes within it on a slow machine too.
const SHORT: TimeLimits = TimeLimits {
    connect: Duration::from_secs(3),
    answer: Duration::from_secs(2),
    bytes_a_second: 256 * 1024,
};
const BEYOND: Duration = Duration::from_secs(6);

/// A word for a result.
fn word<T>(answer: &Result<T, StoreError>) -> &'static str {
    match answer {
        Ok(_) => "ok",
        Err(StoreError::AlreadyExists { .. }) => "exists",
        Err(StoreError::Conflict { .. }) => "conflict",
        Err(StoreError::NotFound { delete_marker: false, .. }) => "missing",
        Err(StoreError::NotFound { delete_marker: true, .. }) => "deleted",
        Err(StoreError::Unclear { .. }) => "unclear",
        Err(StoreError::Refused { .. }) => "refused",
    }
}

/// A fault, what the port then says, and for a PUT whether the object stands there afterwards.
const PUTS: &[(Fault, &str, bool)] = &[
    (Fault::Error(500, "InternalError"), "unclear", false),
    (Fault::Error(503, "SlowDown"), "unclear", false),
    (Fault::Error(503, "ServiceUnavailable"), "unclear", false),
    (Fault::Error(400, "RequestTimeout"), "unclear", false),
    (Fault::Error(400, "BadDigest"), "unclear", false),
    (Fault::Error(409, "ConditionalRequestConflict"), "conflict", false),
    (Fault::Error(409, "OperationAborted"), "conflict", false),
    (Fault::Error(412, "PreconditionFailed"), "exists", false),
    (Fault::Error(200, "PreconditionFailed"), "exists", false),
    (Fault::Error(200, "ConditionalRequestConflict"), "conflict", false),
    (Fault::Error(200, "InternalError"), "unclear", false),
    (Fault::Error(403, "AccessDenied"), "refused", false),
    (Fault::Error(403, "SignatureDoesNotMatch"), "refused", false),
    (Fault::Error(403, "RequestTimeTooSkewed"), "refused", false),
    (Fault::Error(404, "NoSuchBucket"), "refused", false),
    (Fault::Error(301, "PermanentRedirect"), "refused", false),
    (Fault::Error(400, "InvalidRequest"), "refused", false),
    (Fault::DoneThenError(500, "InternalError"), "unclear", true),
    (Fault::DoneThenError(503, "SlowDown"), "unclear", true),
    (Fault::DoneThenError(200, "InternalError"), "unclear", true),
    (Fault::Page(404), "unclear", false),
    (Fault::Page(409), "unclear", false),
    (Fault::Page(412), "unclear", false),
    (Fault::Page(502), "unclear", false),
    (Fault::Page(200), "unclear", false),
    (Fault::ClosedBefore, "unclear", false),
    (Fault::AnswerLost, "unclear", true),
    (Fault::AnswerLate(BEYOND), "unclear", true),
    (Fault::Bare, "unclear", true),
];

const GETS: &[(Fault, &str)] = &[
    (Fault::Error(500, "InternalError"), "unclear"),
    (Fault::Error(503, "SlowDown"), "unclear"),
    (Fault::Error(200, "InternalError"), "unclear"),
    (Fault::Error(404, "NoSuchKey"), "missing"),
    (Fault::Error(404, "NoSuchBucket"), "refused"),
    (Fault::Error(403, "AccessDenied"), "refused"),
    (Fault::Error(403, "InvalidObjectState"), "refused"),
    (Fault::DeleteMarker, "deleted"),
    (Fault::Page(404), "unclear"),
    (Fault::Page(403), "unclear"),
    (Fault::Page(200), "unclear"),
    (Fault::ClosedBefore, "unclear"),
    (Fault::AnswerLost, "unclear"),
    (Fault::AnswerLate(BEYOND), "unclear"),
    (Fault::Truncated, "unclear"),
    (Fault::FlippedByte, "unclear"),
    (Fault::Bare, "unclear"),
];

const LISTS: &[(Fault, &str)] = &[
    (Fault::Error(500, "InternalError"), "unclear"),
    (Fault::Error(503, "SlowDown"), "unclear"),
    (Fault::Error(200, "InternalError"), "unclear"),
    (Fault::Error(403, "AccessDenied"), "refused"),
    (Fault::Error(404, "NoSuchBucket"), "refused"),
    (Fault::Page(404), "unclear"),
    (Fault::Page(200), "unclear"),
    (Fault::ClosedBefore, "unclear"),
    (Fault::AnswerLate(BEYOND), "unclear"),
    (Fault::Truncated, "unclear"),
];

async fn world() -> (S3Server, S3Store) {
    let server = S3Server::start().await;
    let store = server.store_within("", SHORT);
    (server, store)
}

#[tokio::test]
async fn each_fault_of_a_create_is_one_request_and_has_its_own_answer() {
    for &(fault, expected, stored) in PUTS {
        let (server, store) = world().await;
        server.next(Kind::Put, fault);
        let answer = store.create(KEY, Bytes::from_static(BYTES)).await;
        assert_eq!(word(&answer), expected, "{fault:?}: {answer:?}");
        assert_eq!(server.take(), Requests { puts: 1, gets: 0, lists: 0 }, "{fault:?}");
        assert_eq!(server.object(KEY).is_some(), stored, "{fault:?}");
        // The same bytes again: there already, or now.
        let again = store.create(KEY, Bytes::from_static(BYTES)).await;
        assert_eq!(word(&again), if stored { "exists" } else { "ok" }, "{fault:?}");
        assert_eq!(store.get(KEY).await.unwrap().bytes, BYTES, "{fault:?}");
    }
}

#[tokio::test]
async fn each_fault_of_a_get_is_one_request_and_has_its_own_answer() {
    for &(fault, expected) in GETS {
        let (server, store) = world().await;
        server.put(KEY, BYTES);
        server.next(Kind::Get, fault);
        let answer = store.get(KEY).await;
        assert_eq!(word(&answer), expected, "{fault:?}: {answer:?}");
        assert_eq!(server.take(), Requests { puts: 0, gets: 1, lists: 0 }, "{fault:?}");
        assert_eq!(store.get(KEY).await.unwrap().bytes, BYTES, "{fault:?}");
    }
}

#[tokio::test]
async fn each_fault_of_a_list_is_one_request_and_has_its_own_answer() {
    for &(fault, expected) in LISTS {
        let (server, store) = world().await;
        server.put(KEY, BYTES);
        server.next(Kind::List, fault);
        let answer = store.list("events/", None, 10).await;
        assert_eq!(word(&answer), expected, "{fault:?}: {answer:?}");
        assert_eq!(server.take(), Requests { puts: 0, gets: 0, lists: 1 }, "{fault:?}");
        assert_eq!(store.list("events/", None, 10).await.unwrap(), [KEY], "{fault:?}");
    }
}

#[tokio::test]
async fn a_request_that_nobody_takes_is_unclear() {
    let (server, store) = world().await;
    drop(server);
    let answers = [
        word(&store.create(KEY, Bytes::from_static(BYTES)).await),
        word(&store.get(KEY).await),
        word(&store.list("", None, 1).await),
    ];
    assert_eq!(answers, ["unclear"; 3]);
}

#[tokio::test]
async fn the_stores_time_comes_with_every_clear_answer() {
    let (server, store) = world().await;
    let near = |time: Option<Timestamp>| {
        let age = Timestamp::now().duration_since(time.expect("the store tells its time"));
        assert!(age.abs() < SignedDuration::from_secs(60), "{age:?}");
    };
    near(store.create("a", Bytes::new()).await.unwrap());
    near(store.get("a").await.unwrap().store_time);
    server.delete("a");
    for (key, deleted) in [("a", true), ("b", false)] {
        match store.get(key).await {
            Err(StoreError::NotFound { delete_marker, store_time, .. }) => {
                assert_eq!(delete_marker, deleted, "{key}");
                near(store_time);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_long_list_takes_a_request_for_each_page_and_stops_at_its_limit() {
    let (server, store) = world().await;
    server.page(3);
    let keys: Vec<String> = (0..10).map(|number| format!("n/{number:02}")).collect();
    keys.iter().for_each(|key| server.put(key, Bytes::new()));
    for (after, limit, expected, lists) in [
        (None, 100, &keys[..], 4),
        (None, 6, &keys[..6], 2),
        (None, 7, &keys[..7], 3),
        (Some("n/03"), 100, &keys[4..], 2),
        (Some("n/09"), 100, &[], 1),
        (None, 0, &[], 0),
    ] {
        assert_eq!(store.list("n/", after, limit).await.unwrap(), expected, "{after:?} {limit}");
        assert_eq!(server.take().lists, lists, "{after:?} {limit}");
    }
}

#[tokio::test]
async fn two_prefixes_in_a_bucket_are_two_stores() {
    let server = S3Server::start().await;
    let (one, two) = (server.store("one"), server.store("on"));
    one.create("e/1", Bytes::from_static(b"1")).await.unwrap();
    two.create("e/1", Bytes::from_static(b"2")).await.unwrap();
    two.create("e/2", Bytes::from_static(b"2")).await.unwrap();
    assert_eq!(one.list("", None, 10).await.unwrap(), ["e/1"]);
    assert_eq!(two.list("e/", Some("e/1"), 10).await.unwrap(), ["e/2"]);
    assert_eq!(one.get("e/1").await.unwrap().bytes, "1");
    assert_eq!(server.object("on/e/2").unwrap(), "2");
    for (length, expected) in [(1_021, "ok"), (1_022, "refused")] {
        let key = "k".repeat(length);
        let answer = two.create(&key, Bytes::new()).await;
        assert_eq!(word(&answer), expected, "{length} and the prefix's 3 bytes");
    }
}
