//! The state stays small, and says the same however it was folded.

use jiff::{SignedDuration, Timestamp};

use super::{Ageing, Departure, State};
use crate::event::{Event, Principal, Role};
use crate::fact::{
    AttemptCancelled, AttemptCreated, AttemptStarted, AttemptSubmitted, Fact, TargetRegistered,
    TaskCreated, TaskRemoved, TaskStatus,
};
use crate::ids::{AttemptId, Digest, GitCommit, TargetId, TaskId};
use crate::task::Priority;

/// DECISIONS 4.
const MOST_BYTES: usize = 32 * 1024 * 1024;

struct Fold {
    state: State,
    now: Timestamp,
    offset: u64,
}

impl Fold {
    fn new() -> Self {
        let now = "2026-03-01T12:00:00.123456Z".parse().unwrap();
        Self { state: State::default(), now, offset: 0 }
    }

    fn take(&mut self, principal: Principal, target: &TargetId, fact: impl Into<Fact>) {
        let new = fact.into().event(target);
        let event = Event {
            offset: self.offset,
            seq: self.offset,
            recorded_at: self.now,
            event_id: format!("{}-0", self.offset),
            event_type: new.event_type,
            timestamp: self.now.to_string(),
            actor_id: None,
            principal,
            target: new.target,
            payload: new.payload,
            hash: String::new(),
        };
        self.state.apply(&event);
        self.offset += 1;
    }

    fn register(&mut self, target: &TargetId) {
        let fact = TargetRegistered {
            target_id: target.clone(),
            name: "example/repository-of-some-size".to_owned(),
            repo_url: "https://github.com/example/repository-of-some-size".to_owned(),
            default_branch: "main".to_owned(),
        };
        self.take(Principal::operator("ada"), target, fact);
    }

    fn wish(&mut self, target: &TargetId, task: &TaskId, dependencies: Vec<TaskId>) {
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
            acceptance_criteria: vec!["Every option is named with its default.".repeat(5); 5],
            dependencies,
            ready: true,
            status: TaskStatus::Pending,
            definition: Digest::of(task.as_str().as_bytes()),
            generation: 1,
            created_at: self.now,
        };
        self.take(Principal::program(Role::Tick), target, fact);
    }

    fn attempt(&mut self, target: &TargetId, task: &TaskId, number: u32) -> AttemptId {
        let attempt_id = AttemptId::derive(1, target, task, 1, number);
        let fact = AttemptCreated {
            attempt_id: attempt_id.clone(),
            task_id: task.clone(),
            target_id: target.clone(),
            attempt_number: number,
            status: "created".to_owned(),
            created_at: self.now,
            generation: 1,
            base: GitCommit::try_from("ab".repeat(20)).unwrap(),
            definition: Digest::of(b"definition"),
            policy_digest: Digest::of(b"policy"),
            picked: "medium priority".to_owned(),
        };
        self.take(Principal::program(Role::Tick), target, fact);
        attempt_id
    }

    fn cancel(&mut self, target: &TargetId, attempt_id: AttemptId) {
        let reason = "the task was deleted from the backlog".to_owned();
        let fact = AttemptCancelled { attempt_id, reason };
        self.take(Principal::program(Role::Tick), target, fact);
    }

    fn bytes(&self) -> usize {
        serde_json::to_vec(&self.state).unwrap().len()
    }
}

fn target(n: usize) -> TargetId {
    format!("example-repository-{n}").parse().unwrap()
}

fn task(n: usize) -> TaskId {
    format!("explain-option-{n}").parse().unwrap()
}

/// 500 targets with 200 tasks each, 2,000 live attempts, a full idempotency window.
#[test]
fn the_largest_state_stays_below_its_limit() {
    let mut fold = Fold::new();
    for n in 0..500 {
        let target = target(n);
        fold.register(&target);
        for m in 0..200 {
            let dependencies = (m % 4 == 1).then(|| task(m - 1)).into_iter().collect();
            fold.wish(&target, &task(m), dependencies);
        }
        for m in 0..4 {
            let attempt_id = fold.attempt(&target, &task(m), 1);
            let not_after = fold.now + SignedDuration::from_mins(15);
            let submitted = AttemptSubmitted { attempt_id: attempt_id.clone(), not_after };
            fold.take(Principal::program(Role::Dispatch), &target, submitted);
            let started = AttemptStarted {
                attempt_id: attempt_id.clone(),
                pod_uid: "0b9c1a52-6a3e-4f0f-8a0e-3f7c2f6c2d11".to_owned(),
                status: "running".to_owned(),
            };
            fold.take(Principal::attempt(&attempt_id), &target, started);
        }
    }
    for n in 0..40_000_u32 {
        let digest = Digest::of(&n.to_le_bytes());
        fold.state.apply_bundle(&target(0), &format!("bundle-{n}"), &digest);
    }
    assert_eq!(fold.state.live_attempts().count(), 2_000);
    let written = serde_json::to_vec(&fold.state).unwrap();
    assert!(written.len() < MOST_BYTES, "{} bytes", written.len());
    let read: State = serde_json::from_slice(&written).unwrap();
    assert!(read == fold.state, "a state reads back as it was written");
}

#[test]
fn a_history_of_any_length_leaves_the_state_as_small_as_it_was() {
    let mut fold = Fold::new();
    let (target, task) = (target(0), task(0));
    fold.register(&target);
    fold.wish(&target, &task, vec![]);
    let mut sizes = Vec::new();
    for number in 1..=100_000 {
        let id = fold.attempt(&target, &task, number);
        fold.cancel(&target, id);
        if number % 25_000 == 0 {
            sizes.push(fold.bytes());
        }
    }
    let standard = Ageing::STANDARD;
    let kept = standard.attempts + usize::try_from(standard.every).unwrap();
    assert!(fold.state.attempts.len() <= kept, "{} attempts", fold.state.attempts.len());
    // Numbers and times grow by a digit here and there, and by nothing else.
    assert!(sizes.iter().all(|size| size.abs_diff(sizes[0]) < sizes[0] / 50), "{sizes:?}");
    let left = fold.state.past.departed();
    assert!(left + kept as u64 >= 100_000, "{left} left");
    assert_eq!(left - fold.state.past.first_kept(), standard.departures as u64);
}

#[test]
fn an_attempt_stays_while_its_token_is_good() {
    let mut fold = Fold::new();
    let (target, task) = (target(0), task(0));
    fold.register(&target);
    fold.wish(&target, &task, vec![]);
    let first = fold.attempt(&target, &task, 1);
    let not_after = fold.now + SignedDuration::from_mins(15);
    let submitted = AttemptSubmitted { attempt_id: first.clone(), not_after };
    fold.take(Principal::program(Role::Dispatch), &target, submitted);
    fold.cancel(&target, first.clone());
    let mut number = 1;
    let mut many_more = |fold: &mut Fold| {
        for _ in 0..1_200 {
            number += 1;
            let id = fold.attempt(&target, &task, number);
            fold.cancel(&target, id);
        }
    };
    many_more(&mut fold);
    assert!(fold.state.attempts.contains_key(&first), "its executor may still speak");
    fold.now += SignedDuration::from_mins(30);
    many_more(&mut fold);
    assert!(!fold.state.attempts.contains_key(&first));
}

#[test]
fn a_removed_task_is_forgotten_late_and_comes_back_beyond_its_old_attempts() {
    let mut fold = Fold::new();
    let target = target(0);
    fold.register(&target);
    let removed = |fold: &mut Fold, n: usize| {
        let task_id = task(n);
        fold.wish(&target, &task_id, vec![]);
        let id = fold.attempt(&target, &task_id, 1);
        fold.cancel(&target, id);
        let fact = TaskRemoved { target_id: target.clone(), task_id };
        fold.take(Principal::program(Role::Tick), &target, fact);
    };
    let tasks = Ageing::STANDARD.tasks;
    for n in 0..tasks + 100 {
        removed(&mut fold, n);
    }
    assert!(fold.state.targets[&target].tasks.contains_key(&task(0)), "not within 30 days");
    assert_eq!(fold.state.targets[&target].first_generation(), 1);
    fold.now += SignedDuration::from_hours(31 * 24);
    for n in tasks + 100..tasks + 200 {
        removed(&mut fold, n);
    }
    let known = &fold.state.targets[&target];
    assert!(!known.tasks.contains_key(&task(0)));
    assert!(known.tasks.len() < tasks + 64, "{} tasks", known.tasks.len());
    assert_eq!(known.first_generation(), 2);
    let left = fold.state.past.newest().map(|(_, departure)| departure);
    let is_first = |departure: &Departure| matches!(departure, Departure::Task { task_id, .. } if *task_id == task(0));
    assert!(left.into_iter().any(is_first));
}
