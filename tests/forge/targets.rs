//! What a person named: which branch counts, what is not committed, and targets by URL.

use std::fs;

use leviathan_core::ports::forge::{PullRequestStatus, Repository};
use leviathan_core::ports::{Forge, ForgeError};
use leviathan_local::forge::check_git;

use crate::repository::{BACKLOG, BRANCH, World, forge, git};

async fn default_branch(world: &World, wanted: Option<&str>) -> Result<String, ForgeError> {
    world.forge.default_branch(world.path.to_str().unwrap(), wanted).await
}

#[tokio::test]
async fn this_machines_git_is_new_enough() {
    assert!(check_git().is_ok());
}

#[tokio::test]
async fn the_default_branch_is_the_wanted_one_or_the_remotes_or_main_or_the_current_one() {
    let world = World::new();
    world.git(["branch", "master"]);
    world.git(["checkout", "--quiet", "-b", "topic"]);
    assert_eq!(default_branch(&world, None).await.unwrap(), "main");
    assert_eq!(default_branch(&world, Some("topic")).await.unwrap(), "topic");

    let error = default_branch(&world, Some("nowhere")).await.unwrap_err().to_string();
    assert!(error.contains("main, master, topic"), "{error}");
    assert!(default_branch(&world, Some("-x")).await.is_err());

    world.git(["update-ref", "refs/remotes/origin/develop", "HEAD"]);
    world.git(["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/develop"]);
    assert_eq!(default_branch(&world, None).await.unwrap(), "main", "no local develop");
    world.git(["branch", "develop"]);
    assert_eq!(default_branch(&world, None).await.unwrap(), "develop");

    world.git(["symbolic-ref", "--delete", "refs/remotes/origin/HEAD"]);
    world.git(["branch", "-D", "main"]);
    assert_eq!(default_branch(&world, None).await.unwrap(), "master");
    world.git(["branch", "-D", "master"]);
    assert_eq!(default_branch(&world, None).await.unwrap(), "topic");
    world.git(["checkout", "--quiet", "--detach"]);
    let error = default_branch(&world, None).await.unwrap_err().to_string();
    assert!(error.contains("--branch"), "{error}");
}

#[tokio::test]
async fn what_is_not_committed_below_the_targets_folder_is_listed() {
    let world = World::new();
    let target = world.target();
    let nothing: [&str; 0] = [];
    world.write("README.md", "elsewhere\n");
    assert_eq!(world.forge.uncommitted(&target).await.unwrap(), nothing);

    world.write(BACKLOG, "tasks:\r\n  - id: fix-parser\r\n    status: pending\r\n");
    assert_eq!(world.forge.uncommitted(&target).await.unwrap(), nothing, "line ends alone");

    world.write(BACKLOG, "tasks: []\n");
    world.write(".leviathan/policy.yaml", "new\n");
    world.commit(".leviathan/contract.yaml", "here\n", "a contract");
    world.git(["rm", "--quiet", "--cached", ".leviathan/contract.yaml"]);
    fs::remove_file(world.path.join(".leviathan/contract.yaml")).unwrap();
    std::os::unix::fs::symlink("/etc", world.path.join(".leviathan/etc")).unwrap();
    let before = world.untouched();
    assert_eq!(
        world.forge.uncommitted(&target).await.unwrap(),
        [BACKLOG, ".leviathan/contract.yaml", ".leviathan/etc", ".leviathan/policy.yaml"]
    );
    assert_eq!(before, world.untouched());
}

#[tokio::test]
async fn a_folder_that_is_a_symlink_is_not_entered() {
    let world = World::new();
    let outside = world.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "x").unwrap();
    fs::remove_dir_all(world.path.join(".leviathan")).unwrap();
    std::os::unix::fs::symlink(&outside, world.path.join(".leviathan")).unwrap();
    assert_eq!(world.forge.uncommitted(&world.target()).await.unwrap(), [BACKLOG]);
}

/// The same repository, named by URL.
fn by_url(world: &World) -> Repository {
    let location = format!("file://{}", world.path.display());
    Repository { location, default_branch: "main".to_owned() }
}

#[tokio::test]
async fn a_url_is_mirrored_and_nothing_is_pushed() {
    let world = World::new();
    let target = by_url(&world);
    let found = world.forge.find(&target.location, None).await.unwrap();
    assert_eq!((found.location, found.default_branch), (target.location.clone(), "main".into()));
    for wanted in ["nowhere", "-x"] {
        let error = world.forge.find(&target.location, Some(wanted)).await.unwrap_err();
        assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
    }
    let before = (world.untouched(), world.git(["for-each-ref"]));

    let watched = world.published_at(&target).await;
    let head = watched.head_commit.clone();
    let status = world.forge.pull_request(&target, &watched).await.unwrap();
    assert_eq!(status, PullRequestStatus::Open { head });
    assert_eq!(before, (world.untouched(), world.git(["for-each-ref"])));

    let error = world.forge.merge(&target, &watched, "m").await.unwrap_err().to_string();
    let command = error.split_once(": git ").map(|(_, rest)| format!("git {rest}")).unwrap();
    assert!(std::process::Command::new("sh").args(["-c", &command]).status().unwrap().success());
    world.git(["merge", "--quiet", "--no-edit", BRANCH]);
    let status = world.forge.pull_request(&target, &watched).await.unwrap();
    let commit = world.id("main");
    assert_eq!(status, PullRequestStatus::Merged { commit, found_by: "ancestor" });
}

#[tokio::test]
async fn a_mirror_follows_its_default_branch_and_keeps_our_branches() {
    let world = World::new();
    let target = by_url(&world);
    let watched = world.published_at(&target).await;
    let second = world.commit("two.md", "2", "second");
    assert_eq!(world.forge.head(&target).await.unwrap(), Some(second));
    world.git(["reset", "--quiet", "--hard", "HEAD~1"]);
    let other = world.commit("other.md", "x", "history made anew");
    assert_eq!(world.forge.head(&target).await.unwrap(), Some(other));
    let branches = world.forge.agent_branches(&target).await.unwrap();
    assert_eq!(branches, [(BRANCH.to_owned(), watched.head_commit.clone())]);
    world.git(["branch", "-m", "main", "trunk"]);
    assert_eq!(world.forge.head(&target).await.unwrap(), None, "the branch is gone there");
}

#[tokio::test]
async fn a_mirror_keeps_the_kind_of_ids() {
    let world = World::with(&["--initial-branch=main", "--object-format=sha256"]);
    let head = world.forge.head(&by_url(&world)).await.unwrap();
    assert_eq!(head, Some(world.id("main")));
}

#[tokio::test]
async fn a_mirror_that_cannot_be_reached_is_an_error_that_may_pass() {
    let world = World::new();
    let target = by_url(&world);
    world.forge.head(&target).await.unwrap();
    let away = world.folder.path().join("away");
    fs::rename(&world.path, &away).unwrap();
    let error = world.forge.head(&target).await.unwrap_err();
    assert!(matches!(error, ForgeError::Unavailable { .. }), "{error}");
    fs::rename(&away, &world.path).unwrap();
    assert!(world.forge.head(&target).await.unwrap().is_some());
}

#[tokio::test]
async fn a_fresh_mirror_is_not_fetched_again() {
    let world = World::new();
    let target = by_url(&world);
    let patient = crate::repository::patient_forge(world.folder.path());
    let first = patient.head(&target).await.unwrap();
    world.commit("two.md", "2", "second");
    assert_eq!(patient.head(&target).await.unwrap(), first);
    let restarted = forge(world.folder.path());
    assert_eq!(restarted.head(&target).await.unwrap(), Some(world.id("main")));
}

#[tokio::test]
async fn prepares_source_can_be_fetched_from() {
    let world = World::new();
    let tip = world.id("main");
    for target in [world.target(), by_url(&world)] {
        let source = world.forge.source(&target).await.unwrap();
        let copy = tempfile::TempDir::new().unwrap();
        git(copy.path(), ["init", "--quiet", "--bare", "."]);
        git(copy.path(), ["fetch", "--quiet", source.to_str().unwrap(), tip.as_str()]);
        git(copy.path(), ["cat-file", "-e", tip.as_str()]);
    }
}
