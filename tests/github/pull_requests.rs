//! What GitHub has and a local repository has not: ways to merge, drafts, a person's no that stays.

use leviathan_core::ports::Forge;
use leviathan_core::ports::ForgeError;
use leviathan_core::ports::forge::{MergeOutcome, PullRequestStatus};

use crate::world::{SHOP, World, request};

#[tokio::test]
async fn a_way_to_merge_that_is_allowed_is_found() {
    for (allowed, parents) in [("merge", 2), ("squash", 1), ("rebase", 1)] {
        let world = World::new().await;
        world.server.allow_merging(SHOP, &[allowed]);
        let forge = world.forge();
        let watched = world.published(&forge).await;
        let merged = forge.merge(&world.shop, &watched, "Merge it\n\nBecause.\n").await.unwrap();
        let MergeOutcome::Merged { commit } = merged else { panic!("{merged:?}") };
        let listed = world.git(["show", "-s", "--format=%P", commit.as_str()]);
        assert_eq!(listed.split(' ').count(), parents, "{allowed}");
        let status = forge.pull_request(&world.shop, &watched).await.unwrap();
        assert_eq!(status, PullRequestStatus::Merged { commit, found_by: "forge" }, "{allowed}");
    }
    let world = World::new().await;
    world.server.allow_merging(SHOP, &[]);
    let forge = world.forge();
    let watched = world.published(&forge).await;
    let error = forge.merge(&world.shop, &watched, "Merge it\n").await.unwrap_err();
    assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("not allowed"), "{error}");
}

#[tokio::test]
async fn a_merge_by_a_person_is_seen_whichever_way_it_was() {
    for method in ["merge", "squash", "rebase"] {
        let world = World::new().await;
        let forge = world.forge();
        let watched = world.published(&forge).await;
        // What is known of it as open must not be taken for the newest.
        forge.pull_request(&world.shop, &watched).await.unwrap();
        world.server.merge(SHOP, watched.number, method);
        let commit = forge.head(&world.shop).await.unwrap().unwrap();
        let status = forge.pull_request(&world.shop, &watched).await.unwrap();
        assert_eq!(status, PullRequestStatus::Merged { commit, found_by: "forge" }, "{method}");
    }
}

#[tokio::test]
async fn a_pull_request_that_a_person_closed_is_not_opened_again() {
    let world = World::new().await;
    let forge = world.forge();
    let watched = world.published(&forge).await;
    world.server.close(SHOP, watched.number);
    let opened = world.forge().open_pull_request(&world.shop, &request()).await.unwrap();
    assert_eq!(opened.number, Some(watched.number));
    assert_eq!(world.server.pull_requests(SHOP), 1);
    let status = forge.pull_request(&world.shop, &watched).await.unwrap();
    assert!(matches!(status, PullRequestStatus::Closed { .. }), "{status:?}");
}

#[tokio::test]
async fn where_there_are_no_drafts_it_is_opened_without() {
    let world = World::new().await;
    world.server.allow_drafts(SHOP, false);
    let forge = world.forge();
    let commit = world.change(&forge).await.unwrap();
    let mut request = request();
    request.draft = true;
    forge.create_branch(&world.shop, &request.head, &commit).await.unwrap();
    let opened = forge.open_pull_request(&world.shop, &request).await.unwrap();
    assert_eq!(opened.url, format!("{}/pull/1", world.shop.location));
}

#[tokio::test]
async fn the_receipt_is_the_body_as_it_was_given() {
    let world = World::new().await;
    let forge = world.forge();
    let watched = world.published(&forge).await;
    let said = world.server.pull_request(SHOP, watched.number);
    assert_eq!(said, Some((request().title, request().body)));
}
