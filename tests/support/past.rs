//! A target with a long past: attempts by the hundred that ended long ago.

use jiff::Timestamp;
use leviathan_core::decide::{Decision, operator};
use leviathan_core::event::{NewEvent, Principal, Role};
use leviathan_core::fact::{
    AttemptCancelled, AttemptCreated, Fact, PrCreated, PrMerged, TargetRegistered, TaskCreated,
    TaskStatus,
};
use leviathan_core::ids::{AttemptId, Digest, GitCommit, TargetId, TaskId};
use leviathan_core::task::Priority;
use leviathan_log::{Log, Transaction};

/// The only task that the attempts are of.
pub fn task() -> TaskId {
    "old".parse().expect("a task id")
}

/// Attempt number `n` of a target's task, from 1.
pub fn attempt_id(target: &TargetId, n: u32) -> AttemptId {
    AttemptId::derive(1, target, &task(), 1, n)
}

fn git_commit(n: u32) -> GitCommit {
    format!("{n:040x}").parse().expect("a git commit id")
}

/// Registers a target with one task.
pub async fn begin(log: &Log, target: &TargetId, repository: &str, now: Timestamp) {
    let registered = TargetRegistered {
        target_id: target.clone(),
        name: target.to_string(),
        repo_url: repository.to_owned(),
        default_branch: "main".to_owned(),
    };
    let transaction = Transaction::of("test", Principal::operator("ada"));
    let decide = move |state: &_, _: &_| operator::register(state, &registered);
    log.transact(&transaction, decide).await.expect("registered");
    let wish = TaskCreated {
        task_id: task(),
        node_id: task().to_string(),
        node_type: "Task".to_owned(),
        target_id: target.clone(),
        title: "Write old".to_owned(),
        scope: "docs".to_owned(),
        priority: Priority::Medium,
        estimated_size: "s".to_owned(),
        allowed_paths: vec!["docs/old.md".to_owned()],
        acceptance_criteria: vec![],
        dependencies: vec![],
        ready: false,
        status: TaskStatus::Pending,
        definition: Digest::of(b"definition"),
        generation: 1,
        created_at: now,
    };
    append(log, Role::Tick, vec![Fact::from(wish).event(target)]).await;
}

/// Attempts with these numbers, each called off as soon as it was made.
pub async fn cancelled(
    log: &Log,
    target: &TargetId,
    numbers: std::ops::Range<u32>,
    now: Timestamp,
) {
    let numbers: Vec<u32> = numbers.collect();
    for some in numbers.chunks(10) {
        let events = some.iter().flat_map(|n| {
            let attempt_id = attempt_id(target, *n);
            let reason = format!("number {n} is not wanted");
            let cancelled = AttemptCancelled { attempt_id, reason };
            [Fact::from(created(target, *n, now)), cancelled.into()]
        });
        append(log, Role::Tick, events.map(|fact| fact.event(target)).collect()).await;
    }
}

fn created(target: &TargetId, n: u32, now: Timestamp) -> AttemptCreated {
    AttemptCreated {
        attempt_id: attempt_id(target, n),
        task_id: task(),
        target_id: target.clone(),
        attempt_number: n,
        status: "created".to_owned(),
        created_at: now,
        generation: 1,
        base: git_commit(1),
        definition: Digest::of(b"definition"),
        policy_digest: Digest::of(b"policy"),
        picked: "nothing against it".to_owned(),
    }
}

/// The attempts of pull requests have numbers beyond this: an attempt whose pull request is open
/// stays in the state, so none of the others can be theirs.
const OF_PULL_REQUESTS: u32 = 1_000_000;

/// Pull requests with these numbers, all merged.
pub async fn merged(log: &Log, target: &TargetId, numbers: std::ops::Range<u32>) {
    let numbers: Vec<u32> = numbers.collect();
    for some in numbers.chunks(50) {
        let opened = some.iter().map(|n| Fact::from(opened(target, *n)).event(target));
        append(log, Role::Publish, opened.collect()).await;
        let ended = some.iter().map(|n| Fact::from(ended(target, *n)).event(target));
        append(log, Role::Tick, ended.collect()).await;
    }
}

fn opened(target: &TargetId, n: u32) -> PrCreated {
    PrCreated {
        attempt_id: attempt_id(target, OF_PULL_REQUESTS + n),
        task_id: task(),
        target_id: target.clone(),
        pr_number: u64::from(n),
        pr_url: format!("agent/old-{n}"),
        title: format!("docs: Write old, try {n}"),
        state: "open".to_owned(),
        branch_name: format!("agent/old-{n}"),
        commit_sha: git_commit(n),
        base_commit: git_commit(1),
        draft: false,
        receipt: Digest::of(b"receipt"),
    }
}

fn ended(target: &TargetId, n: u32) -> PrMerged {
    PrMerged {
        target_id: target.clone(),
        pr_number: u64::from(n),
        attempt_id: attempt_id(target, OF_PULL_REQUESTS + n),
        task_id: task(),
        merge_commit: git_commit(n),
        found_by: "ancestor".to_owned(),
    }
}

async fn append(log: &Log, role: Role, events: Vec<NewEvent>) {
    let transaction = Transaction::of("test", Principal::program(role));
    let decide = move |_: &_, _: &_| Decision::new(events.clone(), ());
    log.transact(&transaction, decide).await.expect("appended");
}
