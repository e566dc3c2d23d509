//! What left the state, put back into a copy of it: so that a command answers for what is long over
//! as for what is new (DECISIONS 4). Nothing is decided on such a copy.

use std::sync::Arc;

use leviathan_core::ids::{AttemptId, TargetId, TaskId};
use leviathan_core::state::{Departure, State};
use leviathan_log::views::Listed;
use leviathan_log::{Log, LogError, View};

/// Said when older things are not findable yet.
pub(crate) const INCOMPLETE: &str = "Older ones are missing here: their views are not written yet. \
                                     The next tick of `leviathanctl dev` writes them.";

/// Something that a person named.
pub(crate) enum Named<'a> {
    /// An attempt, by its id.
    Attempt(&'a str),
    /// A pull request, by its number.
    PullRequest(u64),
    /// A task, by its id.
    Task(&'a str),
}

impl Named<'_> {
    /// Adds it to the view, where it is not there and has left.
    pub(crate) async fn add(&self, log: &Log, view: &mut Arc<View>) -> Result<(), LogError> {
        let mut found = Vec::new();
        match self {
            Self::Attempt(named) => {
                if let Ok(id) = named.parse::<AttemptId>()
                    && !view.state.attempts.contains_key(&id)
                    && let Some(aged) = log.aged_attempt(view, &id).await?
                {
                    found.push(Departure::Attempt { attempt_id: id, attempt: aged.attempt });
                }
            }
            Self::PullRequest(number) => {
                let number = *number;
                for (target_id, target) in &view.state.targets {
                    if target.pull_requests.contains_key(&number) {
                        continue;
                    }
                    if let Some(pull_request) =
                        log.aged_pull_request(view, target_id, number).await?
                    {
                        let target_id = target_id.clone();
                        found.push(Departure::PullRequest { target_id, number, pull_request });
                    }
                }
            }
            Self::Task(named) => {
                let Ok(id) = named.parse::<TaskId>() else { return Ok(()) };
                if view.state.targets.values().any(|target| target.tasks.contains_key(&id)) {
                    return Ok(());
                }
                for target_id in view.state.targets.keys() {
                    if let Some(task) = log.aged_task(view, target_id, &id).await? {
                        let (target_id, task_id) = (target_id.clone(), id.clone());
                        found.push(Departure::Task { target_id, task_id, task });
                    }
                }
            }
        }
        put_back(&mut Arc::make_mut(view).state, found);
        Ok(())
    }
}

/// Adds the newest of what left and is wanted.
pub(crate) async fn newest(
    log: &Log,
    view: &mut Arc<View>,
    target: Option<&TargetId>,
    limit: usize,
    wanted: impl Fn(&Departure) -> bool,
) -> Result<Listed, LogError> {
    let mut listed = log.aged(view, target, limit, wanted).await?;
    let mut found: Vec<Departure> =
        listed.departures.drain(..).map(|(_, departure)| departure).collect();
    for departure in &mut found {
        if let Departure::Attempt { attempt_id, attempt } = departure
            && listed.later.contains(attempt_id)
            && let Some(aged) = log.aged_attempt(view, attempt_id).await?
        {
            *attempt = aged.attempt;
        }
    }
    put_back(&mut Arc::make_mut(view).state, found);
    Ok(listed)
}

/// What is in the state is newer than what left it.
fn put_back(state: &mut State, departures: Vec<Departure>) {
    for departure in departures {
        match departure {
            Departure::Attempt { attempt_id, attempt } => {
                state.attempts.entry(attempt_id).or_insert(attempt);
            }
            Departure::PullRequest { target_id, number, pull_request } => {
                if let Some(target) = state.targets.get_mut(&target_id) {
                    target.pull_requests.entry(number).or_insert(pull_request);
                }
            }
            Departure::Task { target_id, task_id, task } => {
                if let Some(target) = state.targets.get_mut(&target_id) {
                    target.tasks.entry(task_id).or_insert(task);
                }
            }
            Departure::Later { .. } => {}
        }
    }
}
