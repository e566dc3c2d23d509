//! The S3 store and the log over it, on emulators of AWS: other people's idea of S3, and where it
//! differs from ours one of us is wrong. No judges of races at scale and none of rights; what only
//! AWS can judge is in `docs/operations/s3.md`.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test stops at the first thing that is wrong"
)]

#[path = "../s3/command_line.rs"]
mod command_line;
mod keeping;
mod kms;
mod log;
#[path = "../conformance/object_store.rs"]
mod object_store;
#[path = "../conformance/queue.rs"]
mod queue;
mod secrets;
mod sqs;

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use leviathan_aws::{S3Place, S3Store, TimeLimits};
use leviathan_tests::emulator::Emulator;
use leviathan_tests::s3_server::client;

/// They are slow, and sixteen requests at once wait for each other.
const LIMITS: TimeLimits = TimeLimits {
    connect: Duration::from_secs(30),
    answer: Duration::from_secs(60),
    bytes_a_second: 256 * 1024,
};

/// A store in this bucket, under a prefix.
fn store(endpoint: &str, bucket: &str) -> S3Store {
    S3Store::with_limits(&client(endpoint), S3Place::new(bucket, "a/prefix").unwrap(), LIMITS)
}

/// A bucket of one test's own.
async fn new_bucket(emulator: &Emulator) -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let bucket = format!("leviathan-{}", MADE.fetch_add(1, Ordering::Relaxed));
    client(&emulator.endpoint()).create_bucket().bucket(&bucket).send().await.unwrap();
    bucket
}

/// Runs a check of the suite on an emulator.
macro_rules! on_every_emulator {
    ($($check:ident),+ $(,)?) => {
        on_every_emulator! { ministack: $($check),+ }
        on_every_emulator! { localstack: $($check),+ }
    };
    ($emulator:ident: $($check:ident),+) => {
        mod $emulator { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $check() {
                let emulator = leviathan_tests::emulator::Emulator::$emulator();
                let bucket = crate::new_bucket(emulator).await;
                let store = crate::store(&emulator.endpoint(), &bucket);
                crate::object_store::$check(std::sync::Arc::new(store)).await;
            }
        )+ }
    };
}

object_store::checks! { on_every_emulator }

/// The same for the queue.
macro_rules! on_every_queue {
    ($($check:ident),+ $(,)?) => {
        on_every_queue! { sqs_of_ministack, ministack: $($check),+ }
        on_every_queue! { sqs_of_localstack, localstack: $($check),+ }
    };
    ($module:ident, $emulator:ident: $($check:ident),+) => {
        mod $module { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                let emulator = leviathan_tests::emulator::Emulator::$emulator();
                crate::queue::$check(crate::sqs::Sqs::new(emulator).await).await;
            }
        )+ }
    };
}

queue::checks! { on_every_queue }

/// Several clients are one store.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clients_of_their_own_race_as_one_store() {
    for emulator in [Emulator::ministack(), Emulator::localstack()] {
        let bucket = new_bucket(emulator).await;
        let open = || Arc::new(store(&emulator.endpoint(), &bucket));
        object_store::exactly_one_wins(&[open(), open(), open(), open()]).await;
    }
}

/// However a test process ends, its emulators end with it and leave nothing.
#[test]
fn an_emulator_ends_with_the_process_that_started_it() {
    let folder = tempfile::tempdir().unwrap().keep();
    let mut guard = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/emulators/guard.py"))
        .arg(&folder)
        .args(["sh", "-c", "echo $$; exec sleep 600"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(guard.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let process = PathBuf::from("/proc").join(line.trim());
    assert!(process.exists(), "it runs");
    // As when a process is killed: the system closes its end of the pipe.
    drop(guard.stdin.take());
    guard.wait().unwrap();
    assert!(!process.exists() && !folder.exists());
}
