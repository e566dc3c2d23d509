//! One scheduling pass: ends what is stuck, picks what may run, records why the rest may not.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};

use super::heartbeat;
use super::predicates::{Answer, Candidate, PREDICATES, PolicyPatterns, Tally, ask_all};
use super::{Decision, Moment};
use crate::event::NewEvent;
use crate::fact::{
    AttemptCreated, AttemptTimedOut, Fact, FailureClass, TaskBlocked, TaskRefused, TaskStatus,
};
use crate::ids::{AttemptId, TargetId, TaskId};
use crate::reason::Reason;
use crate::state::{Attempt, AttemptStatus, State, Synced, Target, Task};

/// Attempts that one pass may create: the next one goes on.
const MAX_PICKS: usize = 64;

/// Refusals that one pass may record: the next one goes on. Keeps a commit far below its limits.
const MAX_REFUSALS: usize = 256;

/// Stuck attempts that one pass may end: the next one goes on.
const MAX_ENDS: usize = 256;

/// A decided attempt without a Job for this long is given up (DECISIONS 12: tokens live an hour).
const UNSUBMITTED_LIMIT: SignedDuration = SignedDuration::from_mins(40);

/// What a running attempt may be late before it counts as stuck: its own supervisors end it first.
const OVERTIME: SignedDuration = SignedDuration::from_secs(30);

/// What one pass did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TickReport {
    /// Attempts created, in order.
    pub picked: Vec<AttemptId>,
    /// Attempts ended because their time was over.
    pub timed_out: Vec<AttemptId>,
    /// The earliest time at which a task's answer changes by time alone.
    pub next_change: Option<Timestamp>,
    /// Nothing was to do, and nothing was done for so long that the log got a heartbeat.
    pub heartbeat: bool,
}

/// Decides one pass over all targets.
pub fn tick(state: &State, moment: &Moment) -> Decision<TickReport> {
    let mut report = TickReport::default();
    let mut events = end_stuck(state, moment.now, &mut report);
    let mut tally = Tally::of(state);
    let patterns = PolicyPatterns::default();
    let mut refusals = 0;
    for (target_id, task_id) in in_order(state) {
        let Some((target, synced, task)) = look_up(state, target_id, task_id) else { continue };
        let policy = &synced.files.policy;
        let now = moment.now;
        let candidate = Candidate {
            target_id,
            target,
            policy,
            task_id,
            task,
            tally: &tally,
            patterns: &patterns,
            now,
        };
        match ask_all(&candidate) {
            Answer::Pass if report.picked.len() < MAX_PICKS => {
                let attempt = create(moment, target_id, task_id, task, synced);
                report.picked.push(attempt.attempt_id.clone());
                tally.add_attempt(target_id);
                events.push(Fact::from(attempt).event(target_id));
            }
            Answer::Pass => {}
            Answer::Wait(reason) => {
                report.next_change = earliest(report.next_change, reason.until);
                if refusals < MAX_REFUSALS && is_news(task, &reason) {
                    refusals += 1;
                    events.push(refuse(target_id, task_id, reason));
                }
            }
            Answer::Block(reason) => events.push(block(target_id, task_id, reason.explanation)),
        }
    }
    if events.is_empty()
        && let Some(heartbeat) = heartbeat::due(moment)
    {
        report.heartbeat = true;
        events.push(heartbeat);
    }
    Decision::new(events, report)
}

/// Every predicate's answer for one task, in order: `None` is a pass.
pub fn explain(
    state: &State,
    now: Timestamp,
    target_id: &TargetId,
    task_id: &TaskId,
) -> Option<Vec<(&'static str, Option<Reason>)>> {
    let (target, synced, task) = look_up(state, target_id, task_id)?;
    let policy = &synced.files.policy;
    let (tally, patterns) = (Tally::of(state), PolicyPatterns::default());
    let candidate = Candidate {
        target_id,
        target,
        policy,
        task_id,
        task,
        tally: &tally,
        patterns: &patterns,
        now,
    };
    let answers = PREDICATES.iter().map(|predicate| match (predicate.ask)(&candidate) {
        Answer::Pass => (predicate.name, None),
        Answer::Wait(reason) | Answer::Block(reason) => (predicate.name, Some(reason)),
    });
    Some(answers.collect())
}

/// Pending tasks, in the order in which they are offered: priority, then age, then id.
fn in_order(state: &State) -> Vec<(&TargetId, &TaskId)> {
    let mut tasks: Vec<_> = state
        .targets
        .iter()
        .flat_map(|(target_id, target)| {
            target.tasks.iter().map(move |(task_id, task)| (target_id, task_id, task))
        })
        .filter(|(_, _, task)| task.status == TaskStatus::Pending && !task.removed)
        .collect();
    tasks.sort_by_key(|(target_id, task_id, task)| {
        (Reverse(task.wish.priority), task.wish.created_at, *task_id, *target_id)
    });
    tasks.into_iter().map(|(target_id, task_id, _)| (target_id, task_id)).collect()
}

fn look_up<'a>(
    state: &'a State,
    target_id: &TargetId,
    task_id: &TaskId,
) -> Option<(&'a Target, &'a Synced, &'a Task)> {
    let target = state.targets.get(target_id)?;
    Some((target, target.synced.as_ref()?, target.tasks.get(task_id)?))
}

fn create(
    moment: &Moment,
    target_id: &TargetId,
    task_id: &TaskId,
    task: &Task,
    synced: &Synced,
) -> AttemptCreated {
    let number = task.attempts.saturating_add(1);
    let generation = task.wish.generation;
    AttemptCreated {
        attempt_id: AttemptId::derive(moment.epoch, target_id, task_id, generation, number),
        task_id: task_id.clone(),
        target_id: target_id.clone(),
        attempt_number: number,
        status: "created".to_owned(),
        created_at: moment.now,
        generation,
        base: synced.files.git_commit.clone(),
        definition: task.wish.definition.clone(),
        policy_digest: synced.files.policy_digest.clone(),
        picked: format!(
            "{} priority, waiting since {}, nothing against it",
            task.wish.priority.as_str(),
            task.wish.created_at,
        ),
    }
}

/// Whether the recorded answer differs in kind. Numbers in an explanation, such as how many attempts
/// are under way, change too often to be news; `explain` always tells them as they are.
fn is_news(task: &Task, reason: &Reason) -> bool {
    task.refusal.as_ref().is_none_or(|recorded| recorded.code != reason.code)
}

fn refuse(target_id: &TargetId, task_id: &TaskId, reason: Reason) -> NewEvent {
    let fact = TaskRefused { target_id: target_id.clone(), task_id: task_id.clone(), reason };
    Fact::from(fact).event(target_id)
}

fn block(target_id: &TargetId, task_id: &TaskId, reason: String) -> NewEvent {
    let fact = TaskBlocked { target_id: target_id.clone(), task_id: task_id.clone(), reason };
    Fact::from(fact).event(target_id)
}

fn end_stuck(state: &State, now: Timestamp, report: &mut TickReport) -> Vec<NewEvent> {
    let mut events = Vec::new();
    for (id, attempt) in state.live_attempts() {
        if report.timed_out.len() >= MAX_ENDS {
            break;
        }
        let left_behind = (!state.is_of_this_epoch(attempt)).then(|| {
            // DECISIONS 9: nobody knows how far its Job came in the life of before.
            let reason = format!(
                "the log was restored: it belongs to epoch {}, this is epoch {}",
                attempt.epoch,
                state.epoch()
            );
            (reason, FailureClass::Infra)
        });
        if let Some((reason, class)) = left_behind.or_else(|| stuck(attempt, now)) {
            report.timed_out.push(id.clone());
            let fact = AttemptTimedOut { attempt_id: id.clone(), reason, class };
            events.push(Fact::from(fact).event(&attempt.target));
        }
    }
    events
}

fn stuck(attempt: &Attempt, now: Timestamp) -> Option<(String, FailureClass)> {
    let over = |limit: Timestamp, by: SignedDuration| now.duration_since(limit) >= by;
    match attempt.status {
        AttemptStatus::Created if over(attempt.created_at, UNSUBMITTED_LIMIT) => {
            Some((format!("no Job was created since {}", attempt.created_at), FailureClass::Infra))
        }
        AttemptStatus::Submitted | AttemptStatus::Running => {
            let not_after = attempt.not_after.filter(|not_after| over(*not_after, OVERTIME))?;
            let class = match attempt.status {
                AttemptStatus::Submitted => FailureClass::Infra,
                _ => FailureClass::Task,
            };
            Some((format!("it was to be over by {not_after}"), class))
        }
        _ => None,
    }
}

fn earliest(known: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (known, other) {
        (Some(known), Some(other)) => Some(known.min(other)),
        (known, other) => known.or(other),
    }
}
