//! Whole logs on emulators, and their request counts through a counting proxy.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use jiff::{SignedDuration, Timestamp};
use leviathan_core::ports::{ObjectStore as _, StoreError};
use leviathan_log::LogError;
use leviathan_tests::clock::{HandClock, TrueClock};
use leviathan_tests::counting_store::Requests;
use leviathan_tests::emulator::Emulator;
use leviathan_tests::log_builders::{log_over, note, transaction};
use leviathan_tests::s3_server::{Fault, Kind, S3Server, client};

use crate::{new_bucket, store};

fn all() -> [&'static Emulator; 2] {
    [Emulator::ministack(), Emulator::localstack()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_make_one_log_that_verifies_and_starts_cold() {
    for emulator in all() {
        let bucket = new_bucket(emulator).await;
        let log = |seed| {
            let store = Arc::new(store(&emulator.endpoint(), &bucket));
            log_over(store, Arc::new(TrueClock), seed)
        };
        let mut writers = Vec::new();
        for writer in 0..2 {
            let log = log(writer);
            writers.push(tokio::spawn(async move {
                for number in 0..15 {
                    let number = writer * 15 + number;
                    log.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
                }
            }));
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let cold = log(9);
        assert_eq!(cold.view().await.unwrap().position.seq, Some(29));
        let mut numbers = BTreeSet::new();
        for seq in 0..30 {
            for event in cold.read(seq).await.unwrap().events {
                numbers.insert(event.payload["number"].as_u64().unwrap());
            }
        }
        assert_eq!(numbers, (0..30).collect());
        cold.verify(None, |_| {}).await.unwrap();
    }
}

#[tokio::test]
async fn request_counts_on_the_wire_are_those_of_the_port() {
    for emulator in all() {
        let bucket = new_bucket(emulator).await;
        let proxy = S3Server::before(emulator.address).await;
        let clock = Arc::new(HandClock::at(Timestamp::now()));
        let log = |seed| log_over(Arc::new(store(&proxy.endpoint(), &bucket)), clock.clone(), seed);
        let (own, other) = (log(1), log(2));
        let append = async |log: &leviathan_log::Log| {
            log.transact(&transaction("own"), |_, _| note(7)).await.unwrap();
        };
        let took = |puts, gets, lists| assert_eq!(proxy.take(), Requests { puts, gets, lists });
        append(&other).await;
        own.view().await.unwrap();
        proxy.take();
        append(&own).await;
        took(1, 0, 0);
        own.view().await.unwrap();
        took(0, 1, 0);
        proxy.next(Kind::Put, Fault::AnswerLost);
        append(&own).await;
        took(2, 1, 0);
        other.view().await.unwrap();
        took(0, 2 + 1, 0);
        append(&other).await;
        proxy.take();
        append(&own).await;
        took(2, 1, 0);
        let cold = log(3);
        assert_eq!(cold.view().await.unwrap().position.seq, Some(4));
        took(0, 5 + 1, 1);
        // Last: from here on the test's clock runs ahead of the emulator's.
        clock.advance(SignedDuration::from_secs(2));
        append(&own).await;
        took(1, 1, 0);
    }
}

/// Deletes a commit in a versioned bucket, as a person with rights would.
async fn delete(client: &Client, bucket: &str, key: &str) {
    let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled);
    let set = client.put_bucket_versioning().bucket(bucket);
    set.versioning_configuration(versioned.build()).send().await.unwrap();
    client.delete_object().bucket(bucket).key(key).send().await.unwrap();
}

#[tokio::test]
async fn a_deleted_newest_commit_is_a_hole() {
    for emulator in all() {
        let bucket = new_bucket(emulator).await;
        let store = Arc::new(store(&emulator.endpoint(), &bucket));
        let log = |seed| log_over(store.clone(), Arc::new(TrueClock), seed);
        let first = log(1);
        for number in 0..2 {
            first.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
        }
        let keys = store.list("events/", None, 10).await.unwrap();
        let newest = format!("{}{}", store.place().prefix(), keys[1]);
        delete(&client(&emulator.endpoint()), &bucket, &newest).await;
        match store.get(&keys[1]).await {
            Err(StoreError::NotFound { delete_marker: true, store_time: Some(_), .. }) => {}
            other => panic!("{other:?}"),
        }
        let answer = log(2).view().await.map(|_| ());
        assert!(matches!(answer, Err(LogError::Hole { .. })), "{answer:?}");
    }
}

#[tokio::test]
async fn what_is_refused_says_what_to_do() {
    for emulator in all() {
        let store = store(&emulator.endpoint(), "no-such-bucket");
        for answer in [
            store.create("a", "x".into()).await.map(|_| ()),
            store.replace("a", "x".into()).await,
            store.get("a").await.map(|_| ()),
            store.list("", None, 1).await.map(|_| ()),
        ] {
            let problem = answer.unwrap_err();
            assert!(matches!(problem, StoreError::Refused { .. }), "{problem:?}");
            let text = problem.to_string();
            assert!(text.contains("there is no bucket no-such-bucket"), "{text}");
        }
    }
}
