//! The conformance suite on a real bucket: LEVIATHAN_TEST_S3_BUCKET names it (`bucket` or
//! `s3://bucket/prefix`), keys, region and endpoint come from the surroundings. Each check writes
//! below a new prefix; the port can't delete, so a lifecycle rule has to.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is wrong"
)]

#[path = "../conformance/object_store.rs"]
mod object_store;

use std::env;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use leviathan_aws::{S3Place, S3Store};

/// A new prefix of the bucket, opened.
async fn open(check: &str) -> S3Store {
    let named = env::var("LEVIATHAN_TEST_S3_BUCKET")
        .expect("LEVIATHAN_TEST_S3_BUCKET names the bucket to test in");
    let named = if named.starts_with("s3://") { named } else { format!("s3://{named}") };
    let place: S3Place = named.parse().unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    let prefix = format!("{}leviathan-test/{now}-{check}", place.prefix());
    S3Store::open(S3Place::new(place.bucket(), &prefix).unwrap()).await.unwrap()
}

macro_rules! on_the_bucket {
    ($($check:ident),+ $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $check() {
            object_store::$check(Arc::new(open(stringify!($check)).await)).await;
        }
    )+ };
}

object_store::checks! { on_the_bucket }

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clients_of_their_own_race_as_one_store() {
    let first = open("clients").await;
    let place = first.place().clone();
    let second = S3Store::open(place).await.unwrap();
    object_store::exactly_one_wins(&[Arc::new(first), Arc::new(second)]).await;
}
