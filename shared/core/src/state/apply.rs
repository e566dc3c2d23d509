//! The effect of each fact on the state.

use jiff::{SignedDuration, Timestamp};

use super::{
    Ageing, Attempt, AttemptEnd, AttemptStatus, Departure, Prepared, Problem, PullRequest,
    PullRequestState, Refused, State, Synced, Target, Task, Wish,
};
use crate::authority::authorised;
use crate::event::{Event, Role};
use crate::fact::{self, Fact, FailureClass, TaskStatus};
use crate::ids::{AttemptId, TargetId, TaskId};

/// The longest wait between two attempts, whatever the doubling says.
const LONGEST_BACKOFF: SignedDuration = SignedDuration::from_hours(6);

/// The first wait after a fault of the machinery: it is not the task's, so it is short.
const INFRA_BACKOFF: SignedDuration = SignedDuration::from_secs(5);

impl State {
    /// Takes one event in. Total: what is foreign or not authorised changes nothing but the count
    /// and the idempotency window.
    pub fn apply(&mut self, event: &Event) {
        self.apply_by(event, &Ageing::STANDARD);
    }

    /// As [`apply`](Self::apply), with other numbers for what leaves the state: only for tests,
    /// which prove that no decision depends on them.
    pub fn apply_by(&mut self, event: &Event, ageing: &Ageing) {
        self.events = event.offset.saturating_add(1);
        let fact = authorised(event);
        if matches!(event.principal.role, Role::Attempt | Role::Legacy | Role::Operator) {
            let live = fact.as_ref().and_then(Fact::attempt).filter(|id| self.is_live(id)).cloned();
            self.seen.event(event, live.as_ref());
        }
        if let Some(fact) = fact {
            self.note_commit(&fact, event, ageing);
            self.apply_fact(fact, event);
        }
        if event.offset.checked_rem(ageing.every) == Some(0) {
            self.age(event.recorded_at, ageing);
        }
    }

    fn note_commit(&mut self, fact: &Fact, event: &Event, ageing: &Ageing) {
        let Some(id) = fact.attempt() else { return };
        let Some(attempt) = self.attempts.get_mut(id) else {
            if !matches!(fact, Fact::AttemptCreated(_)) {
                let later = Departure::Later {
                    attempt_id: id.clone(),
                    target_id: event.target.clone(),
                    seq: event.seq,
                };
                self.past.depart(later, ageing.departures);
            }
            return;
        };
        if attempt.commits.last() != Some(&event.seq) {
            attempt.commits.push(event.seq);
        }
        if event.principal.role == Role::Attempt {
            attempt.executor_events = attempt.executor_events.saturating_add(1);
        }
    }

    fn apply_fact(&mut self, fact: Fact, event: &Event) {
        let at = event.recorded_at;
        match fact {
            Fact::TargetRegistered(fact) => self.target_registered(fact),
            Fact::BacklogSynced(fact) => self.with_target(&fact.target_id.clone(), |target| {
                target.problem = None;
                target.synced = Some(Synced { files: fact, at });
            }),
            Fact::BacklogRefused(fact) => self.with_target(&fact.target_id, |target| {
                target.problem =
                    Some(Problem { git_commit: fact.git_commit, problem: fact.problem });
            }),
            Fact::TaskCreated(wish) => self.task_wished(wish),
            Fact::TaskUpdated(fact::TaskUpdated(wish)) => self.task_wished(wish),
            Fact::TaskRemoved(fact) => self.task_removed(&fact.target_id, &fact.task_id, event),
            Fact::TaskRefused(fact) => self.with_task(&fact.target_id, &fact.task_id, |task| {
                task.refusal = Some(Refused { code: fact.reason.code });
            }),
            Fact::TaskCompleted(fact) => self.with_task(&fact.target_id, &fact.task_id, |task| {
                task.status = TaskStatus::Completed;
                task.completed_at = Some(at);
                task.blocked_reason = None;
                task.refusal = None;
            }),
            Fact::TaskBlocked(fact) => self.with_task(&fact.target_id, &fact.task_id, |task| {
                task.status = TaskStatus::Blocked;
                task.blocked_reason = Some(short(fact.reason));
                task.refusal = None;
            }),
            Fact::TaskUnblocked(fact) => self.with_task(&fact.target_id, &fact.task_id, |task| {
                if task.status == TaskStatus::Blocked {
                    let generation = task.wish.generation.saturating_add(1);
                    task.begin_generation();
                    task.wish.generation = generation;
                }
            }),
            Fact::PrCreated(fact) => self.pr_created(fact, at),
            Fact::PrUpdated(fact) => {
                self.with_pull_request(&fact.target_id, fact.pr_number, |pull_request| {
                    pull_request.foreign_head = Some(fact.head);
                });
            }
            Fact::PrMerged(fact) => {
                let end = format!("merged as {} ({})", fact.merge_commit, fact.found_by);
                let state = PullRequestState::Merged;
                let pull_request = (&fact.target_id, fact.pr_number);
                self.pr_ended(pull_request, &fact.task_id, state, end, event.offset);
            }
            Fact::PrClosed(fact) => {
                let state = PullRequestState::Closed;
                let pull_request = (&fact.target_id, fact.pr_number);
                self.pr_ended(pull_request, &fact.task_id, state, fact.reason, event.offset);
            }
            Fact::LogClosed(fact) => self.log.close(fact),
            Fact::LogRestored(fact) => self.log.restore(fact),
            Fact::EventRefused(_)
            | Fact::ArtifactCreated(_)
            | Fact::AttemptProgress(_)
            | Fact::LogHeartbeat(_) => {}
            Fact::AttemptCreated(fact) => self.attempt_created(fact, event),
            Fact::AttemptSubmitted(_)
            | Fact::AttemptStarted(_)
            | Fact::AttemptChecked(_)
            | Fact::AttemptSucceeded(_)
            | Fact::AttemptFailed(_)
            | Fact::AttemptTimedOut(_)
            | Fact::AttemptCancelled(_)
            | Fact::AttemptInvalidated(_)
            | Fact::PublishPrepared(_)
            | Fact::PublishRefused(_)
            | Fact::PublishFailed(_) => self.apply_attempt_fact(fact, event),
        }
    }

    fn apply_attempt_fact(&mut self, fact: Fact, event: &Event) {
        let at = event.recorded_at;
        let ended_by = (event.offset, at);
        let Some(id) = fact.attempt().cloned() else { return };
        match fact {
            Fact::AttemptSubmitted(fact) => self.with_live(&id, |attempt| {
                if attempt.status == AttemptStatus::Created {
                    attempt.status = AttemptStatus::Submitted;
                    attempt.not_after = Some(fact.not_after);
                    attempt.changed_at = at;
                }
            }),
            Fact::AttemptStarted(fact) => self.with_live(&id, |attempt| {
                if attempt.status == AttemptStatus::Submitted {
                    attempt.status = AttemptStatus::Running;
                    attempt.pod_uid = Some(fact.pod_uid);
                    attempt.changed_at = at;
                }
            }),
            Fact::AttemptChecked(fact) => self.with_live(&id, |attempt| {
                if attempt.status == AttemptStatus::Running {
                    attempt.status = AttemptStatus::Publishing;
                    attempt.checked = Some(fact);
                    attempt.checked_seq = Some(event.seq);
                    attempt.changed_at = at;
                }
            }),
            Fact::PublishPrepared(fact) => self.with_live(&id, |attempt| {
                if attempt.status == AttemptStatus::Publishing && attempt.prepared.is_none() {
                    attempt.prepared = Some(Prepared {
                        git_commit: fact.git_commit,
                        branch: fact.branch,
                        write_back: fact.write_back,
                    });
                }
            }),
            Fact::PublishFailed(_) => self.with_live(&id, |attempt| {
                attempt.publish_failures = attempt.publish_failures.saturating_add(1);
                attempt.changed_at = at;
            }),
            Fact::AttemptSucceeded(fact) => {
                if self.attempts.get(&id).is_some_and(|a| !self.is_of_this_epoch(a)) {
                    return;
                }
                let summary = match (fact.pr_number, fact.note) {
                    (Some(number), _) => format!("pull request {number}"),
                    (None, Some(note)) => note,
                    (None, None) => "nothing had to change".to_owned(),
                };
                let _ = self.end_attempt(&id, AttemptStatus::Succeeded, None, summary, ended_by);
            }
            Fact::AttemptFailed(fact) => {
                let (status, class) = (AttemptStatus::Failed, Some(fact.class));
                if self.end_attempt(&id, status, class, fact.error_summary, ended_by) {
                    self.with_end(&id, |end| end.failure_type = Some(fact.failure_type));
                }
            }
            Fact::PublishRefused(fact) => {
                let (status, class) = (AttemptStatus::Failed, Some(FailureClass::Task));
                if self.end_attempt(&id, status, class, fact.reason, ended_by) {
                    let failure_type = "publish_refused".to_owned();
                    self.with_end(&id, |end| end.failure_type = Some(failure_type));
                }
            }
            Fact::AttemptTimedOut(fact) => {
                let class = Some(fact.class);
                let _ =
                    self.end_attempt(&id, AttemptStatus::TimedOut, class, fact.reason, ended_by);
            }
            Fact::AttemptCancelled(fact) => {
                let _ =
                    self.end_attempt(&id, AttemptStatus::Cancelled, None, fact.reason, ended_by);
            }
            Fact::AttemptInvalidated(fact) => self.attempt_invalidated(&id, fact.reason, ended_by),
            _ => {}
        }
    }

    fn target_registered(&mut self, fact: fact::TargetRegistered) {
        let target = self.targets.entry(fact.target_id).or_insert_with(|| Target {
            name: String::new(),
            repository: String::new(),
            default_branch: String::new(),
            synced: None,
            problem: None,
            tasks: Default::default(),
            pull_requests: Default::default(),
            last_pull_request: 0,
            forgotten: 0,
        });
        target.name = fact.name;
        target.repository = fact.repo_url;
        target.default_branch = fact.default_branch;
    }

    fn task_wished(&mut self, fact: fact::TaskCreated) {
        let (target_id, id) = (fact.target_id.clone(), fact.task_id.clone());
        let Some(target) = self.targets.get_mut(&target_id) else { return };
        let wish = Wish::from(fact);
        match target.tasks.get_mut(&id) {
            Some(task) => {
                if wish.generation > task.wish.generation {
                    task.begin_generation();
                }
                if std::mem::take(&mut task.removed) {
                    self.past.task_returned(&target_id, &id);
                }
                task.refusal = None;
                task.wish = wish;
            }
            None => {
                target.tasks.insert(id, Task::new(wish));
            }
        }
    }

    fn task_removed(&mut self, target_id: &TargetId, id: &TaskId, event: &Event) {
        let Some(target) = self.targets.get_mut(target_id) else { return };
        let Some(task) = target.tasks.get_mut(id) else { return };
        if task.attempts == 0 && task.wish.generation == 1 {
            // No attempt was ever made of it, so nothing has to be remembered.
            target.tasks.remove(id);
        } else if !task.removed {
            task.removed = true;
            task.refusal = None;
            self.past.task_removed(event.offset, target_id, id, event.recorded_at);
        }
    }

    fn attempt_created(&mut self, fact: fact::AttemptCreated, event: &Event) {
        let at = event.recorded_at;
        let Some(target) = self.targets.get_mut(&fact.target_id) else { return };
        let Some(task) = target.tasks.get_mut(&fact.task_id) else { return };
        if task.attempt.is_some() || self.attempts.contains_key(&fact.attempt_id) {
            return;
        }
        task.attempt = Some(fact.attempt_id.clone());
        task.status = TaskStatus::InProgress;
        task.attempts = fact.attempt_number;
        task.refusal = None;
        let attempt = Attempt {
            target: fact.target_id,
            task: fact.task_id,
            epoch: self.log.epoch,
            number: fact.attempt_number,
            generation: fact.generation,
            base: fact.base,
            definition: fact.definition,
            policy_digest: fact.policy_digest,
            status: AttemptStatus::Created,
            created_at: at,
            changed_at: at,
            not_after: None,
            pod_uid: None,
            checked: None,
            checked_seq: None,
            prepared: None,
            publish_failures: 0,
            end: None,
            pull_request: None,
            executor_events: 0,
            commits: vec![event.seq],
        };
        self.attempts.insert(fact.attempt_id, attempt);
    }

    /// The one way out of being live: whatever comes later changes nothing. Whether it was live.
    fn end_attempt(
        &mut self,
        id: &AttemptId,
        status: AttemptStatus,
        class: Option<FailureClass>,
        summary: String,
        (offset, at): (u64, Timestamp),
    ) -> bool {
        let Some(attempt) = self.attempts.get_mut(id) else { return false };
        if attempt.status.is_terminal() {
            return false;
        }
        attempt.status = status;
        attempt.changed_at = at;
        attempt.end =
            Some(AttemptEnd { class, failure_type: None, summary: short(summary.clone()) });
        if let Some(checked) = &mut attempt.checked {
            checked.checks.clear();
        }
        self.seen.ended(id);
        self.past.attempt_ended(offset, id);
        let freed = Freed {
            target: attempt.target.clone(),
            task: attempt.task.clone(),
            generation: attempt.generation,
            has_pull_request: attempt.pull_request.is_some(),
        };
        self.free_task(id, &freed, status, class, summary, at);
        true
    }

    /// The task of an attempt that just ended may move on.
    fn free_task(
        &mut self,
        id: &AttemptId,
        freed: &Freed,
        status: AttemptStatus,
        class: Option<FailureClass>,
        summary: String,
        at: Timestamp,
    ) {
        let Some(target) = self.targets.get_mut(&freed.target) else { return };
        let backoff =
            target.synced.as_ref().map_or(60, |s| s.files.policy.guardrails.backoff_seconds);
        let Some(task) = target.tasks.get_mut(&freed.task) else { return };
        if task.attempt.as_ref() != Some(id) {
            return;
        }
        task.attempt = None;
        if task.status != TaskStatus::InProgress {
            return;
        }
        match (status, freed.has_pull_request) {
            (AttemptStatus::Succeeded, true) => task.status = TaskStatus::PrOpen,
            (AttemptStatus::Succeeded, false) => {
                // Nobody confirmed that the work is done, and the same tool would change nothing
                // again: a person has to look.
                task.status = TaskStatus::Blocked;
                task.blocked_reason = Some(short(summary));
            }
            _ => {
                task.status = TaskStatus::Pending;
                if let Some(class) = class.filter(|_| task.wish.generation == freed.generation) {
                    count_failure(task, class, backoff, at);
                }
            }
        }
    }

    /// A person does not count it: it ends if it was live, and its failure is taken back.
    fn attempt_invalidated(&mut self, id: &AttemptId, reason: String, ended_by: (u64, Timestamp)) {
        if self.end_attempt(id, AttemptStatus::Invalidated, None, reason.clone(), ended_by) {
            return;
        }
        let Some(attempt) = self.attempts.get_mut(id) else { return };
        if attempt.status == AttemptStatus::Invalidated {
            return;
        }
        attempt.status = AttemptStatus::Invalidated;
        let class = attempt.end.as_mut().and_then(|end| {
            end.summary = short(reason);
            end.class.take()
        });
        let (target, task, generation) =
            (attempt.target.clone(), attempt.task.clone(), attempt.generation);
        self.with_task(&target, &task, |task| {
            if task.wish.generation != generation {
                return;
            }
            let count = match class {
                Some(FailureClass::Task) => &mut task.failures.task,
                Some(FailureClass::Infra) => &mut task.failures.infra,
                Some(FailureClass::Provider) => &mut task.failures.provider,
                Some(FailureClass::Policy) => &mut task.failures.policy,
                None => return,
            };
            *count = count.saturating_sub(1);
            task.retry_at = None;
        });
    }

    fn pr_created(&mut self, fact: fact::PrCreated, at: Timestamp) {
        let Some(target) = self.targets.get_mut(&fact.target_id) else { return };
        let number = fact.pr_number;
        if target.pull_requests.contains_key(&number) {
            return;
        }
        if let Some(task) = target.tasks.get_mut(&fact.task_id) {
            task.pull_request = Some(number);
        }
        if let Some(attempt) = self.attempts.get_mut(&fact.attempt_id) {
            attempt.pull_request = Some(number);
        }
        let pull_request = PullRequest {
            opened: fact,
            at,
            status: PullRequestState::Open,
            foreign_head: None,
            end: None,
        };
        target.last_pull_request = target.last_pull_request.max(number);
        target.pull_requests.insert(number, pull_request);
    }

    fn pr_ended(
        &mut self,
        (target, number): (&TargetId, u64),
        task: &TaskId,
        status: PullRequestState,
        end: String,
        offset: u64,
    ) {
        let mut ended = false;
        self.with_pull_request(target, number, |pull_request| {
            if pull_request.status == PullRequestState::Open {
                pull_request.status = status;
                pull_request.end = Some(short(end));
                ended = true;
            }
        });
        if ended {
            self.past.pull_request_ended(offset, target, number);
        }
        self.with_task(target, task, |task| {
            if task.pull_request == Some(number) {
                task.pull_request = None;
            }
        });
    }

    fn is_live(&self, id: &AttemptId) -> bool {
        self.attempts.get(id).is_some_and(|attempt| !attempt.status.is_terminal())
    }

    fn with_target(&mut self, target: &TargetId, change: impl FnOnce(&mut Target)) {
        if let Some(target) = self.targets.get_mut(target) {
            change(target);
        }
    }

    fn with_task(&mut self, target: &TargetId, task: &TaskId, change: impl FnOnce(&mut Task)) {
        if let Some(task) = self.targets.get_mut(target).and_then(|t| t.tasks.get_mut(task)) {
            change(task);
        }
    }

    fn with_pull_request(
        &mut self,
        target: &TargetId,
        number: u64,
        change: impl FnOnce(&mut PullRequest),
    ) {
        let target = self.targets.get_mut(target);
        if let Some(pull_request) = target.and_then(|t| t.pull_requests.get_mut(&number)) {
            change(pull_request);
        }
    }

    /// Live, and of this epoch: an attempt of an earlier one goes nowhere any more, it only ends.
    fn with_live(&mut self, id: &AttemptId, change: impl FnOnce(&mut Attempt)) {
        let epoch = self.log.epoch;
        let live = |a: &&mut Attempt| !a.status.is_terminal() && a.epoch == epoch;
        if let Some(attempt) = self.attempts.get_mut(id).filter(live) {
            change(attempt);
        }
    }

    fn with_end(&mut self, id: &AttemptId, change: impl FnOnce(&mut AttemptEnd)) {
        if let Some(end) = self.attempts.get_mut(id).and_then(|a| a.end.as_mut()) {
            change(end);
        }
    }
}

/// Whose task an ended attempt frees.
struct Freed {
    target: TargetId,
    task: TaskId,
    generation: u32,
    has_pull_request: bool,
}

/// The longest text for a person that the state keeps, in characters; the whole of it is in the event.
const MAX_TEXT: usize = 400;

fn short(text: String) -> String {
    match text.char_indices().nth(MAX_TEXT) {
        None => text,
        Some((at, _)) => {
            let mut text = text;
            text.truncate(at);
            text.push('…');
            text
        }
    }
}

/// Exponential backoff, each class counted by itself.
fn count_failure(task: &mut Task, class: FailureClass, backoff_seconds: u32, at: Timestamp) {
    let (count, first) = match class {
        FailureClass::Task => {
            (&mut task.failures.task, SignedDuration::from_secs(i64::from(backoff_seconds)))
        }
        FailureClass::Infra => (&mut task.failures.infra, INFRA_BACKOFF),
        FailureClass::Provider => {
            (&mut task.failures.provider, SignedDuration::from_secs(i64::from(backoff_seconds)))
        }
        FailureClass::Policy => (&mut task.failures.policy, SignedDuration::ZERO),
    };
    *count = count.saturating_add(1);
    let doublings = count.saturating_sub(1).min(16);
    let wait = first.checked_mul(1 << doublings).unwrap_or(LONGEST_BACKOFF).min(LONGEST_BACKOFF);
    task.retry_at = at.checked_add(wait).ok();
}
