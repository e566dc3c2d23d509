//! The log's request counts as they are on the wire: the same numbers as `tests/log/requests.rs`
//! finds at the port, so the SDK adds none.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use leviathan_log::Log;
use leviathan_tests::clock::HandClock;
use leviathan_tests::counting_store::Requests;
use leviathan_tests::log_builders::{log_over, note, transaction};
use leviathan_tests::s3_server::{Fault, Kind, S3Server};

struct World {
    server: S3Server,
    clock: Arc<HandClock>,
    log: Log,
}

impl World {
    /// A warm log after three commits of another process.
    async fn new() -> Self {
        let server = S3Server::start().await;
        // The server tells its time, so the test's has to be near it.
        let clock = Arc::new(HandClock::at(Timestamp::now()));
        let log = log_over(Arc::new(server.store("log")), clock.clone(), 1);
        let world = Self { server, clock, log };
        world.others_append(3).await;
        world.log.view().await.unwrap();
        world.server.take();
        world
    }

    async fn others_append(&self, commits: u64) {
        let other = log_over(Arc::new(self.server.store("log")), self.clock.clone(), 2);
        for number in 0..commits {
            other.transact(&transaction("other"), move |_, _| note(number)).await.unwrap();
        }
        self.server.take();
    }

    async fn append(&self) {
        self.log.transact(&transaction("own"), |_, _| note(7)).await.unwrap();
    }

    fn took(&self, puts: u64, gets: u64, lists: u64) {
        assert_eq!(self.server.take(), Requests { puts, gets, lists });
    }
}

#[tokio::test]
async fn a_fresh_append_is_one_put_and_one_after_a_pause_looks_first() {
    let world = World::new().await;
    world.append().await;
    world.took(1, 0, 0);
    world.clock.advance(SignedDuration::from_secs(2));
    world.append().await;
    world.took(1, 1, 0);
}

#[tokio::test]
async fn an_idle_read_is_one_get_and_one_k_behind_k_and_one() {
    let world = World::new().await;
    world.log.view().await.unwrap();
    world.took(0, 1, 0);
    for behind in [1, 10] {
        world.others_append(behind).await;
        world.log.view().await.unwrap();
        world.took(0, behind + 1, 0);
    }
}

#[tokio::test]
async fn a_lost_race_is_one_put_and_the_commit_that_landed() {
    let world = World::new().await;
    world.others_append(1).await;
    world.append().await;
    world.took(2, 1, 0);
}

#[tokio::test]
async fn a_lost_answer_is_one_put_and_one_get() {
    let world = World::new().await;
    world.server.next(Kind::Put, Fault::AnswerLost);
    world.append().await;
    world.took(2, 1, 0);
}

#[tokio::test]
async fn a_cold_start_is_one_list_each_commit_and_the_get_that_finds_the_end() {
    let world = World::new().await;
    let cold = log_over(Arc::new(world.server.store("log")), world.clock.clone(), 3);
    assert_eq!(cold.view().await.unwrap().position.seq, Some(2));
    world.took(0, 3 + 1, 1);
}
