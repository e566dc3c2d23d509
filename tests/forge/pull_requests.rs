//! What became of a pull request, however a person merged; and merging by our own hand.

use std::fs;

use leviathan_core::ports::forge::{MergeOutcome, PullRequestStatus, WatchedPullRequest};
use leviathan_core::ports::{Forge, ForgeError};
use leviathan_local::forge::Deleted;

use crate::repository::{ATTEMPT, BACKLOG, BRANCH, World, at, git, try_git};

async fn status(world: &World, watched: &WatchedPullRequest) -> PullRequestStatus {
    world.forge.pull_request(&world.target(), watched).await.unwrap()
}

/// Asserts that it counts as merged by the git commit at `main`, found in that way.
async fn merged(world: &World, watched: &WatchedPullRequest, found_by: &'static str) {
    let commit = world.id("main");
    assert_eq!(status(world, watched).await, PullRequestStatus::Merged { commit, found_by });
}

#[tokio::test]
async fn an_untouched_branch_is_open() {
    let world = World::new();
    let watched = world.published().await;
    let head = watched.head_commit.clone();
    assert_eq!(status(&world, &watched).await, PullRequestStatus::Open { head });
}

#[tokio::test]
async fn a_branch_with_a_persons_git_commit_is_open_at_theirs() {
    let world = World::new();
    let watched = world.published().await;
    world.git(["checkout", "--quiet", BRANCH]);
    let theirs = world.commit("mine.md", "x", "a person's");
    world.git(["checkout", "--quiet", "main"]);
    assert_eq!(status(&world, &watched).await, PullRequestStatus::Open { head: theirs.clone() });

    let target = world.target();
    let error = world.forge.close(&target, &watched).await.unwrap_err();
    assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
    let deleted = world.forge.delete_branch(&target, BRANCH, &watched.head_commit).await.unwrap();
    assert_eq!(deleted, Deleted::Moved { found: theirs.clone() });
    world.git(["checkout", "--quiet", "--detach"]);
    let error = world.forge.merge(&target, &watched, "m").await.unwrap_err();
    assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
    assert_eq!(world.id(BRANCH), theirs);
}

#[tokio::test]
async fn a_plain_merge() {
    let world = World::new();
    let watched = world.published().await;
    world.commit("other.md", "x", "meanwhile");
    world.git(["merge", "--quiet", "--no-edit", BRANCH]);
    merged(&world, &watched, "ancestor").await;
    let merge = world.id("main");
    world.commit("later.md", "x", "later");
    world.git(["branch", "-D", BRANCH]);
    let status = status(&world, &watched).await;
    assert_eq!(status, PullRequestStatus::Merged { commit: merge, found_by: "ancestor" });
}

#[tokio::test]
async fn a_fast_forward_counts_at_our_own_git_commit() {
    let world = World::new();
    let watched = world.published().await;
    world.git(["merge", "--quiet", "--ff-only", BRANCH]);
    merged(&world, &watched, "ancestor").await;
    assert_eq!(world.id("main"), watched.head_commit);
}

#[tokio::test]
async fn a_merge_by_way_of_another_branch_counts_where_it_reached_the_default_branch() {
    let world = World::new();
    let watched = world.published().await;
    world.git(["checkout", "--quiet", "-b", "release"]);
    world.git(["merge", "--quiet", "--no-ff", "--no-edit", BRANCH]);
    assert!(matches!(status(&world, &watched).await, PullRequestStatus::Open { .. }));
    world.git(["checkout", "--quiet", "main"]);
    world.git(["merge", "--quiet", "--no-ff", "--no-edit", "release"]);
    merged(&world, &watched, "ancestor").await;
}

#[tokio::test]
async fn a_merge_with_a_persons_git_commit_on_top() {
    let world = World::new();
    let watched = world.published().await;
    world.git(["checkout", "--quiet", BRANCH]);
    world.commit("mine.md", "x", "a person's");
    world.git(["checkout", "--quiet", "main"]);
    world.git(["merge", "--quiet", "--no-ff", "--no-edit", BRANCH]);
    merged(&world, &watched, "ancestor").await;
}

#[tokio::test]
async fn a_squash_with_gits_own_message() {
    let world = World::new();
    let watched = world.published().await;
    world.commit("other.md", "x", "meanwhile");
    world.git(["merge", "--quiet", "--squash", BRANCH]);
    world.git(["commit", "--quiet", "--no-edit"]);
    merged(&world, &watched, "trailer").await;
    world.git(["branch", "-D", BRANCH]);
    merged(&world, &watched, "trailer").await;
}

#[tokio::test]
async fn a_squash_with_a_message_of_the_persons_own() {
    let world = World::new();
    let watched = world.published().await;
    world.commit("other.md", "x", "meanwhile");
    world.git(["merge", "--quiet", "--squash", BRANCH]);
    world.git(["commit", "--quiet", "-m", "the parser, mended"]);
    merged(&world, &watched, "same change").await;
}

#[tokio::test]
async fn a_rebase() {
    let world = World::new();
    let watched = world.published().await;
    world.commit("other.md", "x", "meanwhile");
    world.git(["checkout", "--quiet", "-b", "rebased", BRANCH]);
    world.git(["rebase", "--quiet", "main"]);
    world.git(["checkout", "--quiet", "main"]);
    world.git(["merge", "--quiet", "--ff-only", "rebased"]);
    merged(&world, &watched, "trailer").await;
}

#[tokio::test]
async fn a_cherry_pick_over_other_changes_of_the_same_file() {
    let world = World::new();
    let watched = world.published().await;
    let lines = "// new\n// lines\nfn a() {}\nfn b() {}\nfn c() {}\nfn d() {}\nfn E() {}\n";
    world.commit("src/parser.rs", lines, "meanwhile, elsewhere in it");
    world.git(["cherry-pick", BRANCH]);
    merged(&world, &watched, "trailer").await;
}

#[tokio::test]
async fn a_message_that_was_amended_but_kept_its_trailer() {
    let world = World::new();
    let watched = world.published().await;
    world.git(["cherry-pick", BRANCH]);
    let message = format!("My own words\n\nLeviathan-Attempt: {ATTEMPT}\nReviewed-by: Me");
    world.git(["commit", "--quiet", "--amend", "-m", &message]);
    merged(&world, &watched, "trailer").await;
}

#[tokio::test]
async fn a_backlog_that_was_settled_by_hand_is_no_obstacle() {
    let world = World::new();
    let watched = world.published().await;
    world.git(["cherry-pick", "--no-commit", BRANCH]);
    world.write(BACKLOG, "tasks:\n  - id: fix-parser\n    status: completed # by hand\n");
    world.git(["add", BACKLOG]);
    world.git(["commit", "--quiet", "-m", &format!("x\n\nLeviathan-Attempt: {ATTEMPT}")]);
    merged(&world, &watched, "trailer").await;
}

#[tokio::test]
async fn a_git_commit_with_the_trailer_and_another_change_is_no_merge() {
    let world = World::new();
    let watched = world.published().await;
    let message = format!("x\n\nLeviathan-Attempt: {ATTEMPT}");
    let lookalike = world.commit("change.md", "something else\n", &message);
    assert!(matches!(status(&world, &watched).await, PullRequestStatus::Open { .. }));
    world.git(["branch", "-D", BRANCH]);
    let PullRequestStatus::Closed { reason } = status(&world, &watched).await else { panic!() };
    assert!(reason.contains(lookalike.as_str()), "{reason}");
}

#[tokio::test]
async fn a_second_look_begins_where_the_first_one_ended_and_misses_nothing() {
    let world = World::new();
    let watched = world.published().await;
    let message = format!("x\n\nLeviathan-Attempt: {ATTEMPT}");
    let lookalike = world.commit("change.md", "something else\n", &message);
    assert!(matches!(status(&world, &watched).await, PullRequestStatus::Open { .. }));
    world.commit("other.md", "x", "meanwhile");
    assert!(matches!(status(&world, &watched).await, PullRequestStatus::Open { .. }));
    world.git(["branch", "kept", BRANCH]);
    world.git(["branch", "-D", BRANCH]);
    let PullRequestStatus::Closed { reason } = status(&world, &watched).await else { panic!() };
    assert!(reason.contains(lookalike.as_str()), "{reason}");

    world.git(["branch", BRANCH, "kept"]);
    assert!(matches!(status(&world, &watched).await, PullRequestStatus::Open { .. }));
    world.git(["revert", "--no-edit", lookalike.as_str()]);
    world.git(["cherry-pick", "kept"]);
    merged(&world, &watched, "trailer").await;
    // History made anew: what was searched before is not there any more.
    world.git(["reset", "--quiet", "--hard", "HEAD~2"]);
    assert!(matches!(status(&world, &watched).await, PullRequestStatus::Open { .. }));
    world.git(["reset", "--quiet", "--hard", watched.base_commit.as_str()]);
    world.git(["cherry-pick", "--ff", "kept"]);
    merged(&world, &watched, "ancestor").await;
}

#[tokio::test]
async fn a_part_of_the_change_without_the_trailer_is_no_merge() {
    let world = World::new();
    let watched = world.published().await;
    world.git(["cherry-pick", "--no-commit", BRANCH]);
    world.git(["checkout", "HEAD", "--", BACKLOG]);
    world.git(["commit", "--quiet", "-m", "without the trailer and the backlog"]);
    assert!(matches!(status(&world, &watched).await, PullRequestStatus::Open { .. }));
}

#[tokio::test]
async fn a_deleted_branch_is_closed() {
    let world = World::new();
    let watched = world.published().await;
    world.git(["branch", "-D", BRANCH]);
    world.git(["reflog", "expire", "--expire=now", "--all"]);
    world.git(["gc", "--quiet", "--prune=now"]);
    let PullRequestStatus::Closed { reason } = status(&world, &watched).await else { panic!() };
    assert!(reason.contains(BRANCH), "{reason}");
}

#[tokio::test]
async fn close_deletes_the_branch_once() {
    let world = World::new();
    let watched = world.published().await;
    world.git(["checkout", "--quiet", BRANCH]);
    let error = world.forge.close(&world.target(), &watched).await.unwrap_err();
    assert!(error.to_string().contains("checked out"), "{error}");
    world.git(["checkout", "--quiet", "main"]);
    world.forge.close(&world.target(), &watched).await.unwrap();
    world.forge.close(&world.target(), &watched).await.unwrap();
    assert!(matches!(status(&world, &watched).await, PullRequestStatus::Closed { .. }));
}

#[tokio::test]
async fn where_the_default_branch_is_checked_out_merge_prints_a_command_that_works() {
    let world = World::new();
    let moved = world.folder.path().join("it's a repo");
    fs::rename(&world.path, &moved).unwrap();
    let world = World { path: moved, ..world };
    let watched = world.published().await;
    let before = (world.untouched(), world.id("main"));
    let outcome = world.forge.merge(&world.target(), &watched, "Merge it").await.unwrap();
    let MergeOutcome::CheckedOut { command } = outcome else { panic!("{outcome:?}") };
    assert_eq!(before, (world.untouched(), world.id("main")));

    let person = std::process::Command::new("sh")
        .args(["-c", &command])
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_NAME", "A Person")
        .env("GIT_AUTHOR_EMAIL", "person@example.com")
        .env("GIT_COMMITTER_NAME", "A Person")
        .env("GIT_COMMITTER_EMAIL", "person@example.com")
        .output()
        .unwrap();
    assert!(person.status.success(), "{command}: {}", String::from_utf8_lossy(&person.stderr));
    merged(&world, &watched, "ancestor").await;
    let again = world.forge.merge(&world.target(), &watched, "Merge it").await.unwrap();
    assert_eq!(again, MergeOutcome::Merged { commit: world.id("main") });
}

#[tokio::test]
async fn a_linked_working_tree_on_the_default_branch_is_in_the_way_too() {
    let world = World::new();
    let watched = world.published().await;
    world.git(["checkout", "--quiet", "-b", "side"]);
    let linked = world.folder.path().join("linked");
    world.git(["worktree", "add", "--quiet", linked.to_str().unwrap(), "main"]);
    let outcome = world.forge.merge(&world.target(), &watched, "m").await.unwrap();
    let MergeOutcome::CheckedOut { command } = outcome else { panic!("{outcome:?}") };
    assert!(command.contains("/linked "), "{command}");
    // In a rebase its HEAD is detached, and the branch moves when the rebase ends.
    let linked_git = |args: &[&str]| git(&linked, args);
    world.commit("src/lib.rs", "conflict\n", "on side");
    fs::write(linked.join("src/lib.rs"), "another\n").unwrap();
    linked_git(&["commit", "--quiet", "-am", "on main"]);
    assert!(!try_git(&linked, ["rebase", "side"]).status.success());
    assert_eq!(linked_git(&["branch", "--show-current"]), "");
    let outcome = world.forge.merge(&world.target(), &watched, "m").await.unwrap();
    assert!(matches!(outcome, MergeOutcome::CheckedOut { .. }), "{outcome:?}");
}

#[tokio::test]
async fn merge_moves_a_default_branch_that_nobody_has_checked_out() {
    let world = World::new();
    let watched = world.published().await;
    let tip = world.commit("other.md", "x", "meanwhile");
    world.git(["checkout", "--quiet", "-b", "side"]);
    let before = world.git(["status", "--porcelain=v2", "--branch"]);
    let outcome = world.forge.merge(&world.target(), &watched, "Merge it\n").await.unwrap();
    let commit = world.id("main");
    assert_eq!(outcome, MergeOutcome::Merged { commit: commit.clone() });
    assert_eq!(
        world.git(["show", "-s", "--format=%P", commit.as_str()]),
        format!("{tip} {}", watched.head_commit)
    );
    assert_eq!(before, world.git(["status", "--porcelain=v2", "--branch"]));
    assert_eq!(world.git(["show", "main:change.md"]), "what changed");
    assert_eq!(world.git(["show", "main:other.md"]), "x");
    merged(&world, &watched, "ancestor").await;
    world.git(["fsck", "--strict"]);
    let log = world.git(["reflog", "-1", "main"]);
    assert!(log.ends_with(&format!("leviathan: merge {BRANCH}")), "{log}");
}

#[tokio::test]
async fn a_conflict_names_the_files_and_changes_nothing() {
    let world = World::new();
    let watched = world.published().await;
    world.commit("src/parser.rs", "fn other() {}\n", "another way");
    world.commit("change.md", "another\n", "another");
    world.git(["checkout", "--quiet", "-b", "side"]);
    let state = || {
        let objects = world.git(["count-objects", "-v"]);
        (world.untouched(), world.git(["for-each-ref"]), objects)
    };
    let before = state();
    let outcome = world.forge.merge(&world.target(), &watched, "m").await.unwrap();
    let files = vec!["change.md".to_owned(), "src/parser.rs".to_owned()];
    assert_eq!(outcome, MergeOutcome::Conflict { files });
    assert_eq!(before, state());
}

#[tokio::test]
async fn merge_works_in_a_bare_repository() {
    let world = World::new();
    let bare = world.folder.path().join("bare.git");
    world.git(["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    let world = World { path: bare, ..world };
    let watched = world.published().await;
    let outcome = world.forge.merge(&world.target(), &watched, "Merge it").await.unwrap();
    assert_eq!(outcome, MergeOutcome::Merged { commit: world.id("main") });
    assert_eq!(at(&world.path), world.target());
}
