//! What a person does with a pull request.

use super::story::{Story, git_commit, task, task_id};
use crate::fact::TaskStatus;
use crate::ports::forge::PullRequestStatus;

#[test]
fn merging_completes_the_task_and_frees_what_depends_on_it() {
    let mut story = Story::new();
    let mut second = task("second");
    second.definition.dependencies = vec![task_id("first")];
    story.sync(1, &[task("first"), second]);
    let first = story.pick("first");
    let number = story.open_pull_request(&first);
    assert!(story.tick().picked.is_empty());
    let merged = PullRequestStatus::Merged { commit: git_commit(9), found_by: "trailer" };
    assert!(story.news(number, merged.clone()));
    assert!(!story.news(number, merged), "the same news again is none");
    assert_eq!(story.task("first").status, TaskStatus::Completed);
    story.pick("second");
}

#[test]
fn closing_is_a_no_until_a_person_says_otherwise() {
    let mut story = Story::new();
    story.sync(1, &[task("one")]);
    let attempt = story.pick("one");
    let number = story.open_pull_request(&attempt);
    story.news(number, PullRequestStatus::Closed { reason: "its branch was deleted".to_owned() });
    let task = story.task("one");
    assert_eq!(task.status, TaskStatus::Blocked);
    assert!(task.blocked_reason.as_ref().unwrap().contains("its branch was deleted"));
    story.pass(1_000_000);
    assert!(story.tick().picked.is_empty());
    story.unblock("one").unwrap();
    story.pick("one");
}

#[test]
fn a_branch_that_a_person_pushed_to_is_noted_once() {
    let mut story = Story::new();
    story.sync(1, &[task("one")]);
    let attempt = story.pick("one");
    let number = story.open_pull_request(&attempt);
    assert!(!story.news(number, PullRequestStatus::Open { head: git_commit(0xcc) }));
    assert!(story.news(number, PullRequestStatus::Open { head: git_commit(0xee) }));
    assert!(!story.news(number, PullRequestStatus::Open { head: git_commit(0xee) }));
}
