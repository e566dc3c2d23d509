//! News of a pull request: merged, closed, or pushed to by somebody else.

use super::{Decision, Moment};
use crate::event::NewEvent;
use crate::fact::{Fact, PrClosed, PrMerged, PrUpdated, TaskBlocked, TaskCompleted, TaskStatus};
use crate::ids::TargetId;
use crate::ports::forge::PullRequestStatus;
use crate::state::{PullRequest, PullRequestState, State};

/// Takes up what the forge says of one pull request. `true`: it was news.
pub fn news(
    state: &State,
    moment: &Moment,
    target_id: &TargetId,
    number: u64,
    status: &PullRequestStatus,
) -> Decision<bool> {
    let pull_request = state
        .targets
        .get(target_id)
        .and_then(|target| target.pull_requests.get(&number))
        .filter(|pull_request| pull_request.status == PullRequestState::Open);
    let Some(pull_request) = pull_request else { return Decision::nothing(false) };
    let facts = match status {
        PullRequestStatus::Open { head } => {
            let known =
                pull_request.foreign_head.as_ref().unwrap_or(&pull_request.opened.commit_sha);
            if known == head {
                return Decision::nothing(false);
            }
            let target_id = target_id.clone();
            vec![PrUpdated { target_id, pr_number: number, head: head.clone() }.into()]
        }
        PullRequestStatus::Merged { commit, found_by } => {
            let mut facts = vec![Fact::from(PrMerged {
                target_id: target_id.clone(),
                pr_number: number,
                attempt_id: pull_request.opened.attempt_id.clone(),
                task_id: pull_request.opened.task_id.clone(),
                merge_commit: commit.clone(),
                found_by: (*found_by).to_owned(),
            })];
            facts.extend(completed(state, moment, target_id, number, pull_request));
            facts
        }
        PullRequestStatus::Closed { reason } => {
            let mut facts = vec![Fact::from(PrClosed {
                target_id: target_id.clone(),
                pr_number: number,
                attempt_id: pull_request.opened.attempt_id.clone(),
                task_id: pull_request.opened.task_id.clone(),
                reason: reason.clone(),
            })];
            facts.extend(blocked(state, target_id, number, pull_request, reason));
            facts
        }
    };
    let events: Vec<NewEvent> = facts.into_iter().map(|fact: Fact| fact.event(target_id)).collect();
    Decision::new(events, true)
}

/// A merge completes the task, unless the task has moved on since.
fn completed(
    state: &State,
    moment: &Moment,
    target_id: &TargetId,
    number: u64,
    pull_request: &PullRequest,
) -> Option<Fact> {
    waits_for(state, target_id, number, pull_request).then(|| {
        TaskCompleted {
            target_id: target_id.clone(),
            task_id: pull_request.opened.task_id.clone(),
            status: "completed".to_owned(),
            completed_at: moment.now,
            reason: format!("pull request {number} was merged"),
        }
        .into()
    })
}

/// A close without merge is a person's no: never proposed again until a person says so.
fn blocked(
    state: &State,
    target_id: &TargetId,
    number: u64,
    pull_request: &PullRequest,
    reason: &str,
) -> Option<Fact> {
    let task_id = &pull_request.opened.task_id;
    waits_for(state, target_id, number, pull_request).then(|| {
        TaskBlocked {
            target_id: target_id.clone(),
            task_id: task_id.clone(),
            reason: format!(
                "pull request {number} was closed without merge ({reason}); to have it tried \
                 again: `leviathanctl tasks unblock {task_id}`"
            ),
        }
        .into()
    })
}

fn waits_for(state: &State, target_id: &TargetId, number: u64, pull_request: &PullRequest) -> bool {
    state
        .task(target_id, &pull_request.opened.task_id)
        .is_some_and(|task| task.status == TaskStatus::PrOpen && task.pull_request == Some(number))
}
