//! Whether a task may run now: one predicate a file, asked in order. Together they are both the
//! decision and its explanation (`leviathanctl why TASK`).

mod attempts_left;
mod dependencies;
mod open_pull_requests;
mod policy_patterns;
mod policy_scope;
mod ready;
mod retry_backoff;
mod running_attempts;
mod status;
mod target_switch;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub use policy_patterns::PolicyPatterns;

use crate::ids::{TargetId, TaskId};
use crate::policy::Policy;
use crate::reason::Reason;
use crate::state::{State, Target, Task};

/// Everything that a predicate may look at.
pub struct Candidate<'a> {
    /// The target's id.
    pub target_id: &'a TargetId,
    /// The target.
    pub target: &'a Target,
    /// Its policy in force.
    pub policy: &'a Policy,
    /// The task's id.
    pub task_id: &'a TaskId,
    /// The task.
    pub task: &'a Task,
    /// What is taken up already, this tick's earlier picks included.
    pub tally: &'a Tally,
    /// The policies' globs, made ready to match once for all candidates of a pass.
    pub patterns: &'a PolicyPatterns,
    /// The moment of the decision.
    pub now: Timestamp,
}

/// A predicate's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It has nothing against it.
    Pass,
    /// Not now.
    Wait(Reason),
    /// Not before a person says so: the task is to be blocked with this reason.
    Block(Reason),
}

/// One predicate.
pub struct Predicate {
    /// The name of its file; the `predicate` of its reasons.
    pub name: &'static str,
    /// The question.
    pub ask: fn(&Candidate<'_>) -> Answer,
}

/// All of them, in the order in which they are asked; the first no is the recorded one.
pub const PREDICATES: &[Predicate] = &[
    Predicate { name: target_switch::NAME, ask: target_switch::ask },
    Predicate { name: ready::NAME, ask: ready::ask },
    Predicate { name: status::NAME, ask: status::ask },
    Predicate { name: dependencies::NAME, ask: dependencies::ask },
    Predicate { name: policy_scope::NAME, ask: policy_scope::ask },
    Predicate { name: attempts_left::NAME, ask: attempts_left::ask },
    Predicate { name: retry_backoff::NAME, ask: retry_backoff::ask },
    Predicate { name: open_pull_requests::NAME, ask: open_pull_requests::ask },
    Predicate { name: running_attempts::NAME, ask: running_attempts::ask },
];

/// The first no, or a pass.
pub fn ask_all(candidate: &Candidate<'_>) -> Answer {
    PREDICATES
        .iter()
        .map(|predicate| (predicate.ask)(candidate))
        .find(|answer| *answer != Answer::Pass)
        .unwrap_or(Answer::Pass)
}

/// What is taken up already, per target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    live: BTreeMap<TargetId, u32>,
    open: BTreeMap<TargetId, u32>,
}

impl Tally {
    /// As the state has it.
    pub fn of(state: &State) -> Self {
        let mut tally = Self::default();
        for (_, attempt) in state.live_attempts() {
            tally.add_attempt(&attempt.target);
        }
        for (id, target) in &state.targets {
            let open = u32::try_from(target.open_pull_requests().count()).unwrap_or(u32::MAX);
            tally.open.insert(id.clone(), open);
        }
        tally
    }

    /// One more attempt was decided.
    pub fn add_attempt(&mut self, target: &TargetId) {
        let live = self.live.entry(target.clone()).or_default();
        *live = live.saturating_add(1);
    }

    /// Attempts of the target that have not ended.
    pub fn live_attempts(&self, target: &TargetId) -> u32 {
        self.live.get(target).copied().unwrap_or(0)
    }

    /// Pull requests of the target that wait for a person.
    pub fn open_pull_requests(&self, target: &TargetId) -> u32 {
        self.open.get(target).copied().unwrap_or(0)
    }
}

fn wait(predicate: &str, code: &str, explanation: String) -> Answer {
    Answer::Wait(reason(predicate, code, explanation, None))
}

fn reason(predicate: &str, code: &str, explanation: String, until: Option<Timestamp>) -> Reason {
    Reason { predicate: predicate.to_owned(), code: code.to_owned(), explanation, until }
}
