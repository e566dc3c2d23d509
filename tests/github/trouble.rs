//! GitHub does not answer, answers too late, or says to wait: nothing is done twice, and what comes
//! of it says what to do.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use leviathan_core::ports::{Clock, Forge, ForgeError};
use leviathan_github::{Access, GitHub};
use leviathan_tests::github_server::{Fault, GitHubServer};

use crate::world::{BRANCH, SHOP, World, request};

fn unavailable(error: &ForgeError) -> bool {
    matches!(error, ForgeError::Unavailable { .. })
}

#[tokio::test]
async fn a_read_is_made_three_times_and_no_more() {
    let world = World::new().await;
    let forge = world.forge();
    forge.head(&world.shop).await.unwrap();
    for broken in [1, 2] {
        for _ in 0..broken {
            world.server.next("GET", "/git/ref", Fault::BadGateway);
        }
        forge.head(&world.shop).await.unwrap();
    }
    for _ in 0..3 {
        world.server.next("GET", "/git/ref", Fault::BadGateway);
    }
    world.asked();
    let error = forge.head(&world.shop).await.unwrap_err();
    assert!(unavailable(&error), "{error}");
    assert!(!error.to_string().contains("ghs_"), "{error}");
    assert_eq!(world.asked().len(), 3);
    assert_eq!(world.server.waiting(), 0);
}

#[tokio::test]
async fn githubs_word_to_wait_is_obeyed_for_that_account_alone() {
    let world = World::new().await;
    world.server.create("other/shop");
    let other = world.server.repository("other/shop");
    let forge = world.forge();
    forge.head(&world.shop).await.unwrap();
    for (fault, seconds) in [
        (Fault::BudgetUsedUp(900), 900),
        (Fault::SecondaryLimit(Some(30)), 30),
        (Fault::SecondaryLimit(None), 60),
        (Fault::TooMany(7), 7),
    ] {
        world.server.next("GET", "/git/ref", fault);
        world.asked();
        let error = forge.head(&world.shop).await.unwrap_err();
        assert!(unavailable(&error), "{error}");
        let until = world.clock.now() + SignedDuration::from_secs(seconds);
        assert!(error.to_string().contains(&until.to_string()), "{fault:?}: {error}");
        world.clock.advance(SignedDuration::from_secs(seconds - 1));
        let error = world.change(&forge).await.unwrap_err();
        assert!(unavailable(&error), "{error}");
        assert_eq!(world.asked().len(), 1, "{fault:?}: it was asked on");
        assert_eq!(forge.head(&other).await.unwrap(), None, "{fault:?}");
        world.clock.advance(SignedDuration::from_secs(1));
        forge.head(&world.shop).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_not_waited_for() {
    let world = World::new().await;
    let mut options = world.server.options(GitHubServer::app(), Access::Read);
    options.time_limits.request = Duration::from_millis(300);
    let forge = GitHub::new(options).unwrap();
    for _ in 0..3 {
        world.server.next("GET", "/git/ref", Fault::Slow(Duration::from_secs(60)));
    }
    let began = Instant::now();
    let error = forge.head(&world.shop).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(30));
    assert!(unavailable(&error) && error.to_string().contains("no answer"), "{error}");
    forge.head(&world.shop).await.unwrap();
}

#[tokio::test]
async fn where_nobody_listens_it_is_said_whom_we_talked_to_and_why_not() {
    let world = World::new().await;
    let mut options = world.server.options(GitHubServer::app(), Access::Read);
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    options.api_url = format!("http://127.0.0.1:{port}");
    let forge = GitHub::new(options).unwrap();
    let mut shop = world.shop.clone();
    shop.location = format!("http://127.0.0.1:{port}/acme/shop");
    let error = forge.head(&shop).await.unwrap_err();
    assert!(unavailable(&error), "{error}");
    assert!(error.to_string().contains(&shop.location), "{error}");
    assert!(error.to_string().to_lowercase().contains("refused"), "{error}");
}

/// Each write's answer is lost after it was done, and each is refused before: one branch, one pull
/// request, whatever comes.
#[tokio::test]
async fn a_write_whose_answer_is_lost_is_not_made_twice() {
    for fault in [Fault::LostAnswer, Fault::BadGateway] {
        for path in ["/git/blobs", "/git/trees", "/git/commits", "/git/refs", "/pulls"] {
            let world = World::new().await;
            let forge = world.forge();
            world.server.next("POST", path, fault);
            let watched = world.published(&forge).await;
            assert_eq!(world.server.waiting(), 0, "{path} was met");
            assert_eq!(watched.number, 1, "{fault:?} {path}");
            assert_eq!(world.server.pull_requests(SHOP), 1, "{fault:?} {path}");
            assert_eq!(world.git(["rev-parse", BRANCH]), watched.head_commit.as_str());
        }
    }
}

#[tokio::test]
async fn a_merge_and_a_close_whose_answer_is_lost_are_seen_to_be_done() {
    let world = World::new().await;
    let forge = world.forge();
    let watched = world.published(&forge).await;
    world.server.next("PUT", "/merge", Fault::LostAnswer);
    let merged = forge.merge(&world.shop, &watched, "Merge it\n").await.unwrap();
    let head = forge.head(&world.shop).await.unwrap().unwrap();
    assert_eq!(merged, leviathan_core::ports::forge::MergeOutcome::Merged { commit: head });
    world.server.next("DELETE", "/git/refs", Fault::LostAnswer);
    forge.close(&world.shop, &watched).await.unwrap();
    assert_eq!(world.git(["for-each-ref", "refs/heads/agent"]), "");
}

#[tokio::test]
async fn a_publisher_that_comes_second_finds_the_firsts_pull_request() {
    let world = World::new().await;
    let (one, two) = (world.forge(), world.forge());
    let commit = world.change(&one).await.unwrap();
    one.create_branch(&world.shop, BRANCH, &commit).await.unwrap();
    let request = request();
    let (first, second) = tokio::join!(
        one.open_pull_request(&world.shop, &request),
        two.open_pull_request(&world.shop, &request)
    );
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(world.server.pull_requests(SHOP), 1);
}

#[tokio::test]
async fn answers_that_make_no_sense_are_refused_and_not_quoted() {
    let world = World::new().await;
    let forge = world.forge();
    forge.head(&world.shop).await.unwrap();
    world.commit(&[("README.md", "# Other\n")]);
    for (fault, word) in [(Fault::Nonsense, "documentation"), (Fault::Renamed, "new address")] {
        world.server.next("GET", "/git/ref", fault);
        let error = forge.head(&world.shop).await.unwrap_err();
        assert!(!unavailable(&error) && error.to_string().contains(word), "{error}");
        assert!(!error.to_string().contains("<html>"), "{error}");
    }
}
