//! Pull requests: opened once, merged or closed on a person's word, and what is seen of it.

use leviathan_core::ports::ForgeError;
use leviathan_core::ports::forge::{MergeOutcome, PullRequestStatus, WatchedPullRequest};

use super::Place;
use super::place::{BRANCH, request};

const MESSAGE: &str = "Merge the parser's mending\n\nLeviathan-Attempt: fix-parser-abc1234567\n";

async fn status(place: &Place, watched: &WatchedPullRequest) -> PullRequestStatus {
    place.forge.pull_request(&place.repository, watched).await.unwrap()
}

pub(crate) async fn a_pull_request_is_opened_once(place: Place) {
    place.filled();
    let watched = place.published().await;
    let open = async || place.forge.open_pull_request(&place.repository, &request()).await.unwrap();
    let (one, two) = (open().await, open().await);
    assert_eq!(one, two);
    assert!(!one.url.is_empty());
    let head = watched.head_commit.clone();
    assert_eq!(status(&place, &watched).await, PullRequestStatus::Open { head });
}

pub(crate) async fn a_pull_request_without_a_branch_is_refused(place: Place) {
    place.filled();
    let error = place.forge.open_pull_request(&place.repository, &request()).await.unwrap_err();
    assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
    assert!(error.to_string().contains(BRANCH), "{error}");
}

pub(crate) async fn a_merge_is_seen_and_holds_the_change(place: Place) {
    place.filled();
    let watched = place.published().await;
    let other = place.commit(&[("other.md", "a person's\n")]);
    let merge = async || place.forge.merge(&place.repository, &watched, MESSAGE).await.unwrap();
    let MergeOutcome::Merged { commit } = merge().await else { panic!("it can be merged") };
    let head = place.forge.head(&place.repository).await.unwrap();
    assert_eq!(head, Some(commit.clone()));
    for path in ["change.md", "other.md"] {
        assert!(place.forge.file(&place.repository, &commit, path).await.unwrap().is_some());
    }
    let parents = place.git(["show", "-s", "--format=%P", commit.as_str()]);
    assert_eq!(parents, format!("{other} {}", watched.head_commit));
    let message = place.git(["show", "-s", "--format=%B", commit.as_str()]);
    assert_eq!(message, MESSAGE.trim_end());
    match status(&place, &watched).await {
        PullRequestStatus::Merged { commit: found, .. } => assert_eq!(found, commit),
        status => panic!("{status:?}"),
    }
    assert_eq!(merge().await, MergeOutcome::Merged { commit }, "again, it is merged already");
}

pub(crate) async fn a_conflict_names_the_files_and_changes_nothing(place: Place) {
    place.filled();
    let watched = place.published().await;
    place.commit(&[("src/parser.rs", "fn a() {}\nfn other() {}\nfn c() {}\n"), ("o.md", "x")]);
    let before = place.refs();
    let outcome = place.forge.merge(&place.repository, &watched, MESSAGE).await.unwrap();
    assert_eq!(outcome, MergeOutcome::Conflict { files: vec!["src/parser.rs".to_owned()] });
    assert_eq!(before, place.refs());
    let head = watched.head_commit.clone();
    assert_eq!(status(&place, &watched).await, PullRequestStatus::Open { head });
}

pub(crate) async fn a_branch_that_was_pushed_to_is_neither_merged_nor_deleted(place: Place) {
    place.filled();
    let watched = place.published().await;
    place.clone.write("mine.md", "a person's\n");
    place.clone.git(["add", "--all"]);
    let tree = place.clone.git(["write-tree"]);
    // On top of ours, as a person does who fetched the branch.
    let ours = watched.head_commit.as_str();
    let from = place.git(["rev-parse", "--absolute-git-dir"]);
    place.clone.git(["fetch", "--quiet", &from, BRANCH]);
    let theirs = place.clone.git(["commit-tree", "-p", ours, "-m", "mine", &tree]);
    place.clone.git(["reset", "--quiet", "--hard", &theirs]);
    let theirs = place.push(BRANCH);
    let before = place.refs();
    let merged = place.forge.merge(&place.repository, &watched, MESSAGE).await.unwrap_err();
    let closed = place.forge.close(&place.repository, &watched).await.unwrap_err();
    for error in [merged, closed] {
        assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
        assert!(error.to_string().contains("pushed"), "{error}");
    }
    assert_eq!(before, place.refs());
    assert_eq!(status(&place, &watched).await, PullRequestStatus::Open { head: theirs });
}

pub(crate) async fn closing_deletes_the_branch_and_is_seen(place: Place) {
    let base = place.filled();
    let watched = place.published().await;
    for _ in 0..2 {
        place.forge.close(&place.repository, &watched).await.unwrap();
        assert_eq!(place.refs(), format!("refs/heads/main {base}"));
        let status = status(&place, &watched).await;
        assert!(matches!(status, PullRequestStatus::Closed { .. }), "{status:?}");
    }
}
