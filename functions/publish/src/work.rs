//! What there is to publish, out of the state.

use leviathan_core::decide::publish::publishing;
use leviathan_core::fact::AttemptChecked;
use leviathan_core::ids::{AttemptId, Digest, GitCommit, TargetId, TaskId, branch_name};
use leviathan_core::policy::Policy;
use leviathan_core::ports::forge::Repository;
use leviathan_core::receipt::{ChangedFile, ReceiptFacts};
use leviathan_core::state::State;

use crate::change::Verified;

/// What the state calls files that are the repository's own.
const OWN_FILES: &str = "repository";

/// One attempt that waits for its pull request.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    /// The attempt.
    pub(crate) attempt: AttemptId,
    /// Its task.
    pub(crate) task: TaskId,
    /// Its target.
    pub(crate) target: TargetId,
    /// Which attempt of the task, from 1.
    pub(crate) number: u32,
    /// Where the change goes.
    pub(crate) repository: Repository,
    /// What the change is against.
    pub(crate) base: GitCommit,
    /// The branch that it would get.
    pub(crate) branch: String,
    /// The task's definition at the attempt's start.
    pub(crate) definition: Digest,
    /// The task's definition now; `None`: it left the backlog.
    pub(crate) definition_now: Option<Digest>,
    /// The policy in force now.
    pub(crate) policy: Policy,
    /// The digest of the policy at the attempt's start.
    pub(crate) policy_digest: Digest,
    /// Where backlog and policy come from, if not from the repository.
    pub(crate) source: Option<String>,
    /// The checked result.
    pub(crate) checked: AttemptChecked,
    /// The log's commit that holds it.
    pub(crate) checked_seq: u64,
}

impl Work {
    /// `None`: the attempt waits for no pull request.
    pub(crate) fn of(state: &State, id: &AttemptId) -> Option<Self> {
        let attempt = publishing(state, id)?;
        let target = state.targets.get(&attempt.target)?;
        let files = &target.synced.as_ref()?.files;
        let task = target.tasks.get(&attempt.task).filter(|task| !task.removed);
        Some(Self {
            attempt: id.clone(),
            task: attempt.task.clone(),
            target: attempt.target.clone(),
            number: attempt.number,
            repository: Repository {
                location: target.repository.clone(),
                default_branch: target.default_branch.clone(),
            },
            base: attempt.base.clone(),
            branch: branch_name(&attempt.task, id),
            definition: attempt.definition.clone(),
            definition_now: task.map(|task| task.wish.definition.clone()),
            policy: files.policy.clone(),
            policy_digest: attempt.policy_digest.clone(),
            source: Some(files.source.clone()).filter(|source| source != OWN_FILES),
            checked: attempt.checked.clone()?,
            checked_seq: attempt.checked_seq?,
        })
    }

    /// What the receipt states.
    pub(crate) fn receipt(
        &self,
        verified: &Verified,
        diff_digest: &Digest,
        branch: &str,
        write_back: &str,
    ) -> ReceiptFacts {
        ReceiptFacts {
            task: verified.task.clone(),
            target: self.target.clone(),
            attempt: self.attempt.clone(),
            attempt_number: self.number,
            base: self.base.clone(),
            policy_digest: self.policy_digest.clone(),
            checks: self.checked.checks.clone(),
            diff_digest: diff_digest.clone(),
            files: ChangedFile::all_of(verified.passed.diff()),
            ignored_files: self.checked.ignored_files,
            skeleton: self.checked.skeleton,
            log_commit: self.checked_seq,
            source: self.source.clone(),
            cost: None,
            branch: branch.to_owned(),
            write_back: write_back.to_owned(),
        }
    }
}
