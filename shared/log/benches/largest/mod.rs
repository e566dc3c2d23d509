//! The largest state that the design allows (DECISIONS 4): 500 targets with 200 tasks each, 2,000
//! live attempts, and 100,000 in history.

use jiff::SignedDuration;
use leviathan_core::event::{NewEvent, Principal, Role};
use leviathan_core::fact::{
    AttemptCancelled, AttemptCreated, AttemptSubmitted, Fact, TargetRegistered, TaskCreated,
    TaskStatus,
};
use leviathan_core::ids::{AttemptId, Digest, GitCommit, TargetId, TaskId};
use leviathan_core::task::Priority;

use crate::made::Made;

const TARGETS: usize = 500;
const TASKS: usize = 200;
/// Live attempts of a target, and ended ones.
const LIVE: usize = 4;
const ENDED: u32 = 200;

pub(crate) fn made() -> Made {
    let mut made = Made::new();
    let (operator, tick) = (Principal::operator("ada"), Principal::program(Role::Tick));
    let targets: Vec<TargetId> = (0..TARGETS).map(|n| id(&format!("repository-{n}"))).collect();
    made.commit(&operator, targets.iter().map(registered).collect());
    for target in &targets {
        let tasks: Vec<TaskId> = (0..TASKS).map(|n| id(&format!("explain-option-{n}"))).collect();
        made.commit(&tick, tasks.iter().map(|task| wished(&made, target, task)).collect());
        let ended = (1..=ENDED).flat_map(|number| {
            let (id, created) = created(&made, target, &tasks[LIVE], number);
            let reason = "the task was deleted from the backlog".to_owned();
            let cancelled = AttemptCancelled { attempt_id: id, reason };
            [created, Fact::from(cancelled).event(target)]
        });
        made.commit(&tick, ended.collect());
        let live: Vec<_> =
            tasks.iter().take(LIVE).map(|task| created(&made, target, task, 1)).collect();
        let not_after = made.now + SignedDuration::from_mins(15);
        let submitted = live.iter().map(|(id, _)| {
            Fact::from(AttemptSubmitted { attempt_id: id.clone(), not_after }).event(target)
        });
        let submitted = submitted.collect();
        made.commit(&tick, live.into_iter().map(|(_, event)| event).collect());
        made.commit(&Principal::program(Role::Dispatch), submitted);
    }
    made
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("an id")
}

fn registered(target: &TargetId) -> NewEvent {
    let fact = TargetRegistered {
        target_id: target.clone(),
        name: "example/repository-of-some-size".to_owned(),
        repo_url: "https://github.com/example/repository-of-some-size".to_owned(),
        default_branch: "main".to_owned(),
    };
    Fact::from(fact).event(target)
}

fn wished(made: &Made, target: &TargetId, task: &TaskId) -> NewEvent {
    let fact = TaskCreated {
        task_id: task.clone(),
        node_id: task.to_string(),
        node_type: "Task".to_owned(),
        target_id: target.clone(),
        title: format!("Explain how {task} is configured"),
        scope: "docs".to_owned(),
        priority: Priority::Medium,
        estimated_size: "small".to_owned(),
        allowed_paths: vec![format!("docs/reference/{task}.md")],
        acceptance_criteria: vec!["Every option is named with its default.".to_owned(); 3],
        dependencies: vec![],
        ready: true,
        status: TaskStatus::Pending,
        definition: Digest::of(task.as_str().as_bytes()),
        generation: 1,
        created_at: made.now,
    };
    Fact::from(fact).event(target)
}

fn created(made: &Made, target: &TargetId, task: &TaskId, number: u32) -> (AttemptId, NewEvent) {
    let attempt_id = AttemptId::derive(1, target, task, 1, number);
    let fact = AttemptCreated {
        attempt_id: attempt_id.clone(),
        task_id: task.clone(),
        target_id: target.clone(),
        attempt_number: number,
        status: "created".to_owned(),
        created_at: made.now,
        generation: 1,
        base: GitCommit::try_from("ab".repeat(20)).expect("an id"),
        definition: Digest::of(b"definition"),
        policy_digest: Digest::of(b"policy"),
        picked: "medium priority".to_owned(),
    };
    (attempt_id, Fact::from(fact).event(target))
}
