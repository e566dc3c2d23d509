//! The steps of a pull request that are recorded (DECISIONS 11).

use super::Decision;
use crate::event::NewEvent;
use crate::fact::{
    ArtifactCreated, AttemptFailed, AttemptSucceeded, Fact, FailureClass, PrCreated, PublishFailed,
    PublishPrepared, PublishRefused, Violation,
};
use crate::ids::{AttemptId, Digest, GitCommit};
use crate::ports::forge::OpenedPullRequest;
use crate::state::{Attempt, AttemptStatus, Prepared, State};

/// How often pushing may fail before the attempt is given up.
pub const MAX_PUBLISH_FAILURES: u32 = 5;

/// The attempt, if it waits for its pull request.
pub fn publishing<'a>(state: &'a State, id: &AttemptId) -> Option<&'a Attempt> {
    state.attempts.get(id).filter(|attempt| {
        attempt.status == AttemptStatus::Publishing && state.is_of_this_epoch(attempt)
    })
}

/// Fixes the git commit that will be pushed. The first one recorded wins: the answer is what to
/// push, `None` if the attempt no longer waits or its target is switched off.
pub fn prepared(
    state: &State,
    id: &AttemptId,
    git_commit: &GitCommit,
    branch: &str,
    write_back: &str,
) -> Decision<Option<Prepared>> {
    let Some(attempt) = publishing(state, id) else { return Decision::nothing(None) };
    if let Some(prepared) = &attempt.prepared {
        return Decision::nothing(Some(prepared.clone()));
    }
    let synced = state.targets.get(&attempt.target).and_then(|target| target.synced.as_ref());
    if !synced.is_some_and(|synced| synced.files.policy.enabled) {
        return Decision::nothing(None);
    }
    let fact = PublishPrepared {
        attempt_id: id.clone(),
        git_commit: git_commit.clone(),
        branch: branch.to_owned(),
        write_back: write_back.to_owned(),
    };
    let prepared = Prepared {
        git_commit: git_commit.clone(),
        branch: branch.to_owned(),
        write_back: write_back.to_owned(),
    };
    Decision::new(vec![Fact::from(fact).event(&attempt.target)], Some(prepared))
}

/// What the receipt's artifact and the pull request look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What the forge said.
    pub pull_request: OpenedPullRequest,
    /// Its title.
    pub title: String,
    /// Not ready for review.
    pub draft: bool,
    /// The body's artifact: digest, size, key in the data store.
    pub receipt: (Digest, u64, String),
}

/// Records the pull request and the attempt's success together. The answer is its number, `None` if
/// the attempt no longer waits.
pub fn succeeded(state: &State, id: &AttemptId, opened: &Opened) -> Decision<Option<u64>> {
    let Some(attempt) = publishing(state, id) else { return Decision::nothing(None) };
    let Some(prepared) = &attempt.prepared else { return Decision::nothing(None) };
    let Some(target) = state.targets.get(&attempt.target) else { return Decision::nothing(None) };
    let number = opened.pull_request.number.unwrap_or_else(|| target.next_pull_request());
    let (receipt, size_bytes, storage_path) = opened.receipt.clone();
    let created = PrCreated {
        attempt_id: id.clone(),
        task_id: attempt.task.clone(),
        target_id: attempt.target.clone(),
        pr_number: number,
        pr_url: opened.pull_request.url.clone(),
        title: opened.title.clone(),
        state: "open".to_owned(),
        branch_name: prepared.branch.clone(),
        commit_sha: prepared.git_commit.clone(),
        base_commit: attempt.base.clone(),
        draft: opened.draft,
        receipt: receipt.clone(),
    };
    let succeeded = AttemptSucceeded {
        attempt_id: id.clone(),
        status: "succeeded".to_owned(),
        pr_number: Some(number),
        pr_url: Some(opened.pull_request.url.clone()),
        branch_name: Some(prepared.branch.clone()),
        commit_sha: Some(prepared.git_commit.clone()),
        note: None,
    };
    let artifact = ArtifactCreated {
        artifact_id: format!("artifact-{}-receipt", &receipt.as_str()[..12]),
        attempt_id: id.clone(),
        sha256: receipt,
        artifact_type: "receipt".to_owned(),
        size_bytes,
        storage_path,
        name: "receipt.md".to_owned(),
    };
    let facts = [Fact::from(artifact), Fact::from(created), Fact::from(succeeded)];
    let events = facts.into_iter().map(|fact| fact.event(&attempt.target)).collect();
    Decision::new(events, Some(number))
}

/// Nothing had to change: success without a pull request.
pub fn nothing_changed(state: &State, id: &AttemptId) -> Decision<bool> {
    end(state, id, |_| {
        vec![
            AttemptSucceeded {
                attempt_id: id.clone(),
                status: "succeeded".to_owned(),
                pr_number: None,
                pr_url: None,
                branch_name: None,
                commit_sha: None,
                note: Some(
                    "the tool changed nothing: if the base is already as it should be, nothing is left \
                     to do (set status: completed in the backlog); else change the task"
                        .to_owned(),
                ),
            }
            .into(),
        ]
    })
}

/// The change may not be pushed: the attempt ends as failed.
pub fn refused(
    state: &State,
    id: &AttemptId,
    reason: &str,
    violations: &[Violation],
) -> Decision<bool> {
    end(state, id, |_| {
        vec![
            PublishRefused {
                attempt_id: id.clone(),
                reason: reason.to_owned(),
                violations: violations.to_vec(),
            }
            .into(),
        ]
    })
}

/// Pushing failed: it is tried again, and given up after [`MAX_PUBLISH_FAILURES`].
pub fn failed(state: &State, id: &AttemptId, class: FailureClass, reason: &str) -> Decision<bool> {
    end(state, id, |attempt| {
        let failed = PublishFailed { attempt_id: id.clone(), class, reason: reason.to_owned() };
        let mut facts = vec![Fact::from(failed)];
        if attempt.publish_failures.saturating_add(1) >= MAX_PUBLISH_FAILURES {
            facts.push(
                AttemptFailed {
                    attempt_id: id.clone(),
                    status: "failed".to_owned(),
                    class,
                    failure_type: "publish_failed".to_owned(),
                    error_summary: format!("given up after {MAX_PUBLISH_FAILURES} tries: {reason}"),
                    phase: None,
                    violations: Vec::new(),
                    checks: Vec::new(),
                }
                .into(),
            );
        }
        facts
    })
}

fn end(state: &State, id: &AttemptId, facts: impl FnOnce(&Attempt) -> Vec<Fact>) -> Decision<bool> {
    let Some(attempt) = publishing(state, id) else { return Decision::nothing(false) };
    let events: Vec<NewEvent> =
        facts(attempt).into_iter().map(|fact| fact.event(&attempt.target)).collect();
    Decision::new(events, true)
}
