//! A backup in a bucket, as a person meets it: what it costs, and what it says when S3 says no.

use leviathan_tests::counting_store::Requests;
use leviathan_tests::s3_server::{BUCKET, Fault, Kind, S3Server};

use crate::command_line::{Machine, there_and_back};

fn place() -> String {
    format!("s3://{BUCKET}/backup")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_in_a_bucket_is_made_brought_up_to_date_tried_and_restored() {
    let server = S3Server::start().await;
    let machine = Machine::new(server.endpoint()).await;
    there_and_back(&machine, &place(), |step| {
        let took = server.take();
        match step {
            // Three commits, two tiles, the checkpoint under both its names, the artifact.
            "first" => assert_eq!(took, Requests { puts: 8, gets: 0, lists: 4 }),
            // Only what is new; the one GET is the backup's newest commit, held against the log's.
            "second" => assert_eq!(took, Requests { puts: 1, gets: 1, lists: 4 }),
            reading => assert_eq!(took.puts, 0, "{reading} changes nothing"),
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_meets_what_passes_is_whole() {
    let server = S3Server::start().await;
    let machine = Machine::new(server.endpoint()).await;
    for fault in [
        Fault::Error(503, "SlowDown"),
        Fault::AnswerLost,
        Fault::DoneThenError(500, "InternalError"),
        Fault::ClosedBefore,
    ] {
        server.next(Kind::Put, fault);
    }
    assert_eq!(machine.back_up(&place()).await["commits"], 3);
    assert_eq!(server.waiting(), 0, "all faults were met");
    let verified = machine.json(&["log", "verify", "--log", &place()]).await;
    assert_eq!(verified["commits"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_s3_refuses_is_said_with_what_to_do() {
    let server = S3Server::start().await;
    let machine = Machine::new(server.endpoint()).await;
    server.next(Kind::Put, Fault::Error(403, "AccessDenied"));
    let backup = ["log", "backup", &place(), "--log", "state/log"];
    let ran = machine.run(&backup).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("allow s3:PutObject on arn:aws:s3:::"), "{ran:?}");
    for (place, code, words) in [
        ("s3://Not-A-Bucket/x", 2, "can't be the name of a bucket"),
        ("s3://no-such-bucket/x", 1, "there is no bucket no-such-bucket"),
    ] {
        let ran = machine.run(&["log", "verify", "--log", place]).await;
        assert_eq!(ran.code, Some(code), "{ran:?}");
        assert!(ran.stderr.contains(words), "{ran:?}");
    }
}
