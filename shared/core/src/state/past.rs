//! What ended, and leaves the state by a rule of the log's own (DECISIONS 4).
//!
//! Three kinds of things end: attempts, pull requests, tasks that left their backlog. Each keeps its
//! place in the state while a decision may still read it, and the newest of each kind beyond that,
//! because people look at those. What leaves is numbered: 0 for the first that ever left. The
//! newest of these departures stay in the state until they are views (`leviathan_log::views`).
//!
//! The rule looks at counts and at `recorded_at`, never at a clock, so every fold of one log agrees.
//! It is asked at each event whose offset is a multiple of [`Ageing::every`].

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Attempt, PullRequest, PullRequestState, State, Task};
use crate::fact::TaskStatus;
use crate::ids::{AttemptId, TargetId, TaskId};

/// The numbers of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ageing {
    /// Asked once in so many events: a look costs as much as there is that ended.
    pub every: u64,
    /// Ended attempts that stay whatever their age, over all targets.
    pub attempts: usize,
    /// Ended pull requests, likewise.
    pub pull_requests: usize,
    /// Removed tasks, likewise.
    pub tasks: usize,
    /// A removed task stays at least so long: a backlog that was emptied by mistake is mended by then.
    pub removed_for: SignedDuration,
    /// Departures that stay until they are views.
    pub departures: usize,
}

impl Ageing {
    /// The numbers that every program uses. Changing one changes what the same log folds to:
    /// `STATE_FORMAT` has to rise with it.
    pub const STANDARD: Self = Self {
        every: 64,
        attempts: 512,
        pull_requests: 512,
        tasks: 4_096,
        removed_for: SignedDuration::from_hours(30 * 24),
        departures: 512,
    };
}

/// An attempt's token may be used until so long after its `not_after`: clocks differ, and a writer
/// that is more than 5 minutes off appends nothing (DECISIONS 10).
const TOKEN_SLACK: SignedDuration = SignedDuration::from_mins(15);

/// Something that left the state, as it was then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Departure {
    /// An attempt.
    Attempt {
        /// Its id.
        attempt_id: AttemptId,
        /// Its summary, and the commits that hold its events.
        attempt: Attempt,
    },
    /// A pull request.
    PullRequest {
        /// Its target.
        target_id: TargetId,
        /// Its number.
        number: u64,
        /// Its summary.
        pull_request: PullRequest,
    },
    /// A task that is no longer in its backlog.
    Task {
        /// Its target.
        target_id: TargetId,
        /// Its id.
        task_id: TaskId,
        /// As it was.
        task: Task,
    },
    /// A fact about an attempt that had left before. It changed nothing.
    Later {
        /// The attempt.
        attempt_id: AttemptId,
        /// The target that its event names.
        target_id: Option<TargetId>,
        /// The commit that holds it.
        seq: u64,
    },
}

/// What ended, in the order in which it did, and what left.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Past {
    /// By the offset of the event that ended it.
    attempts: BTreeMap<u64, AttemptId>,
    pull_requests: BTreeMap<u64, (TargetId, u64)>,
    /// And when.
    tasks: BTreeMap<u64, (TargetId, TaskId, Timestamp)>,
    /// Departures ever.
    departed: u64,
    /// The newest of them, oldest first.
    newest: VecDeque<Departure>,
}

impl Past {
    /// How many departures there ever were: the number of the next one.
    pub fn departed(&self) -> u64 {
        self.departed
    }

    /// The number of the oldest departure that is still here.
    pub fn first_kept(&self) -> u64 {
        self.departed.saturating_sub(self.newest.len() as u64)
    }

    /// The departures that are still here, with their numbers, oldest first.
    pub fn newest(&self) -> impl DoubleEndedIterator<Item = (u64, &Departure)> {
        let first = self.first_kept();
        let numbered = self.newest.iter().enumerate();
        numbered.map(move |(index, departure)| (first.saturating_add(index as u64), departure))
    }

    pub(super) fn attempt_ended(&mut self, offset: u64, id: &AttemptId) {
        self.attempts.insert(offset, id.clone());
    }

    pub(super) fn pull_request_ended(&mut self, offset: u64, target: &TargetId, number: u64) {
        self.pull_requests.insert(offset, (target.clone(), number));
    }

    pub(super) fn task_removed(
        &mut self,
        offset: u64,
        target: &TargetId,
        id: &TaskId,
        at: Timestamp,
    ) {
        self.task_returned(target, id);
        self.tasks.insert(offset, (target.clone(), id.clone(), at));
    }

    /// It is in its backlog again.
    pub(super) fn task_returned(&mut self, target: &TargetId, id: &TaskId) {
        self.tasks.retain(|_, (its_target, its_id, _)| (&*its_target, &*its_id) != (target, id));
    }

    pub(super) fn depart(&mut self, departure: Departure, most: usize) {
        self.departed = self.departed.saturating_add(1);
        self.newest.push_back(departure);
        while self.newest.len() > most {
            self.newest.pop_front();
        }
    }
}

impl State {
    /// Lets what aged leave. `at`: the log's time.
    pub(super) fn age(&mut self, at: Timestamp, ageing: &Ageing) {
        let mut past = std::mem::take(&mut self.past);
        // No more leave than can have ended since the last look: so a crowd that may leave at once
        // does not push departures out before they are views.
        let mut room = usize::try_from(ageing.every).unwrap_or(usize::MAX);
        self.age_attempts(&mut past, at, ageing, &mut room);
        self.age_pull_requests(&mut past, ageing, &mut room);
        self.age_tasks(&mut past, at, ageing, &mut room);
        self.past = past;
    }

    fn age_attempts(&mut self, past: &mut Past, at: Timestamp, ageing: &Ageing, room: &mut usize) {
        let excess = past.attempts.len().saturating_sub(ageing.attempts);
        let oldest: Vec<(u64, AttemptId)> = past
            .attempts
            .iter()
            .take(excess)
            .filter(|(_, id)| {
                self.attempts.get(id).is_none_or(|attempt| self.is_settled(attempt, at))
            })
            .map(|(offset, id)| (*offset, id.clone()))
            .take(*room)
            .collect();
        *room = room.saturating_sub(oldest.len());
        for (offset, attempt_id) in oldest {
            past.attempts.remove(&offset);
            if let Some(attempt) = self.attempts.remove(&attempt_id) {
                past.depart(Departure::Attempt { attempt_id, attempt }, ageing.departures);
            }
        }
    }

    /// Whether no decision reads this ended attempt any more: its executor's token is void, no
    /// pull request of it waits for a person, and its failure counts against nothing.
    fn is_settled(&self, attempt: &Attempt, at: Timestamp) -> bool {
        let may_speak =
            attempt.not_after.is_some_and(|not_after| at.duration_since(not_after) < TOKEN_SLACK);
        let target = self.targets.get(&attempt.target);
        let waits = attempt.pull_request.is_some_and(|number| {
            target
                .and_then(|target| target.pull_requests.get(&number))
                .is_some_and(|known| known.status == PullRequestState::Open)
        });
        let counts = attempt.end.as_ref().is_some_and(|end| end.class.is_some())
            && target.and_then(|target| target.tasks.get(&attempt.task)).is_some_and(|task| {
                task.wish.generation == attempt.generation
                    && matches!(task.status, TaskStatus::Pending | TaskStatus::InProgress)
            });
        !(may_speak || waits || counts)
    }

    fn age_pull_requests(&mut self, past: &mut Past, ageing: &Ageing, room: &mut usize) {
        while *room > 0 && past.pull_requests.len() > ageing.pull_requests {
            *room = room.saturating_sub(1);
            let Some((_, (target_id, number))) = past.pull_requests.pop_first() else { return };
            let target = self.targets.get_mut(&target_id);
            if let Some(pull_request) = target.and_then(|t| t.pull_requests.remove(&number)) {
                let departure = Departure::PullRequest { target_id, number, pull_request };
                past.depart(departure, ageing.departures);
            }
        }
    }

    fn age_tasks(&mut self, past: &mut Past, at: Timestamp, ageing: &Ageing, room: &mut usize) {
        let excess = past.tasks.len().saturating_sub(ageing.tasks);
        let oldest: Vec<(u64, TargetId, TaskId)> = past
            .tasks
            .iter()
            .take(excess)
            .filter(|(_, (_, _, removed_at))| at.duration_since(*removed_at) >= ageing.removed_for)
            .filter(|(_, (target, id, _))| self.is_forgettable(target, id))
            .map(|(offset, (target, id, _))| (*offset, target.clone(), id.clone()))
            .take(*room)
            .collect();
        *room = room.saturating_sub(oldest.len());
        for (offset, target_id, task_id) in oldest {
            past.tasks.remove(&offset);
            let Some(target) = self.targets.get_mut(&target_id) else { continue };
            let Some(task) = target.tasks.remove(&task_id) else { continue };
            // In the backlog again it is a new task, and its attempts need ids of their own.
            target.forgotten = target.forgotten.max(task.wish.generation);
            past.depart(Departure::Task { target_id, task_id, task }, ageing.departures);
        }
    }

    /// Whether nothing waits for this removed task.
    fn is_forgettable(&self, target: &TargetId, id: &TaskId) -> bool {
        let Some(target) = self.targets.get(target) else { return true };
        let Some(task) = target.tasks.get(id) else { return true };
        let needed = || {
            let others = target.tasks.values().filter(|other| !other.removed);
            others.flat_map(|other| &other.wish.dependencies).any(|needed| needed == id)
        };
        task.removed && task.attempt.is_none() && task.pull_request.is_none() && !needed()
    }
}
