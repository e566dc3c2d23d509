//! DECISIONS 5, a row a test: the file is the wish, the log is the fact.

use super::story::{Story, target, task, task_id};
use crate::decide::sync;
use crate::fact::{FileProblem, TaskStatus};
use crate::ports::forge::PullRequestStatus;
use crate::state::AttemptStatus;

fn merged() -> PullRequestStatus {
    PullRequestStatus::Merged { commit: super::story::git_commit(0xdd), found_by: "ancestor" }
}

#[test]
fn the_same_files_again_are_no_news() {
    let mut story = Story::new();
    story.sync(1, &[task("one")]);
    let before = story.events.len();
    story.pass(60);
    story.sync(1, &[task("one")]);
    assert!(story.types_since(before).is_empty());
}

#[test]
fn completed_or_blocked_in_the_file_is_as_the_person_says() {
    for (word, expected) in
        [(TaskStatus::Completed, TaskStatus::Completed), (TaskStatus::Blocked, TaskStatus::Blocked)]
    {
        let mut said = task("one");
        said.status = word;
        let mut fresh = Story::new();
        fresh.sync(1, &[said.clone()]);
        assert_eq!(fresh.task("one").status, expected);

        let mut live = Story::new();
        live.sync(1, &[task("one")]);
        let attempt = live.pick("one");
        live.sync(2, &[said]);
        assert_eq!(live.task("one").status, expected);
        assert_eq!(live.state.attempts[&attempt].status, AttemptStatus::Cancelled);
    }
}

#[test]
fn under_way_in_the_file_does_not_run() {
    let mut said = task("one");
    said.status = TaskStatus::InProgress;
    let mut story = Story::new();
    story.sync(1, &[said]);
    assert!(story.tick().picked.is_empty());
    assert_eq!(story.task("one").refusal.as_ref().unwrap().code, "file_status");
}

#[test]
fn pending_after_the_merge_is_a_new_generation_only_when_a_person_turned_it_back() {
    let mut story = Story::new();
    story.sync(1, &[task("one")]);
    let first = story.pick("one");
    let number = story.open_pull_request(&first);
    assert!(story.news(number, merged()));
    // Write-back switched off, or lost in the merge: the file still says pending, and that is old.
    story.sync(2, &[task("one")]);
    assert_eq!(story.task("one").status, TaskStatus::Completed);
    // The merge's own entry.
    let mut written = task("one");
    (written.status, written.ready) = (TaskStatus::Completed, false);
    story.sync(3, &[written]);
    assert_eq!(story.task("one").wish.generation, 1);
    // A person wants it again.
    story.sync(4, &[task("one")]);
    assert_eq!(story.task("one").status, TaskStatus::Pending);
    assert_eq!(story.task("one").wish.generation, 2);
    let again = story.pick("one");
    assert_ne!(again, first);
}

#[test]
fn a_changed_definition_leaves_the_live_attempt_alone() {
    let mut story = Story::new();
    story.sync(1, &[task("one")]);
    let attempt = story.pick("one");
    let definition = story.state.attempts[&attempt].definition.clone();
    let mut other = task("one");
    other.definition.title = "Write it better".to_owned();
    story.sync(2, &[other]);
    assert_eq!(story.state.attempts[&attempt].status, AttemptStatus::Created);
    assert_eq!(story.state.attempts[&attempt].definition, definition);
    assert_ne!(story.task("one").wish.definition, definition);
}

#[test]
fn deleted_while_live_is_cancelled_and_may_come_back() {
    let mut story = Story::new();
    story.sync(1, &[task("one"), task("two")]);
    let picked = story.tick().picked;
    story.sync(2, &[task("two")]);
    assert_eq!(story.state.attempts[&picked[0]].status, AttemptStatus::Cancelled);
    assert!(story.task("one").removed);
    assert!(story.tick().picked.is_empty());
    story.sync(3, &[task("one"), task("two")]);
    story.pick("one");
}

#[test]
fn a_task_that_never_ran_leaves_no_trace_in_the_state() {
    let mut story = Story::new();
    story.sync(1, &[task("one"), task("two")]);
    story.sync(2, &[task("two")]);
    assert!(story.state.task(&target(), &task_id("one")).is_none());
}

#[test]
fn a_broken_file_registers_nothing_and_keeps_what_was_known() {
    let mut story = Story::new();
    story.sync(1, &[task("one")]);
    let problem = FileProblem {
        file: ".leviathan/backlog.yaml".to_owned(),
        line: 3,
        task_id: None,
        problem: "tasks is a number".to_owned(),
        expected: "a list of tasks".to_owned(),
    };
    let commit = super::story::git_commit(2);
    let tick = crate::event::Principal::program(crate::event::Role::Tick);
    for news in [1, 0] {
        let before = story.events.len();
        let decision = sync::refuse(&story.state, &target(), &commit, &problem);
        story.commit(tick.clone(), decision);
        assert_eq!(story.events.len() - before, news, "recorded once");
    }
    assert!(story.state.targets[&target()].problem.is_some());
    story.pick("one");
    story.sync(3, &[task("one")]);
    assert!(story.state.targets[&target()].problem.is_none());
}

#[test]
fn a_large_backlog_is_taken_up_in_several_commits() {
    let tasks: Vec<_> = (0..700).map(|n| task(&format!("task-{n:03}"))).collect();
    let mut story = Story::new();
    story.sync(1, &tasks);
    assert_eq!(story.state.targets[&target()].tasks.len(), 700);
    let most = story.events.chunk_by(|a, b| a.seq == b.seq).map(<[_]>::len).max();
    assert!(most <= Some(1024), "{most:?} events in one commit");
}
