//! Turns a queued attempt into a Job, and keeps Jobs and state in step.
//!
//! Woken by the queue. Reads the log and task definitions; writes the log and the cluster; never a
//! repository. The order is the guarantee: the log says `submitted` before the Job exists, so a
//! second message, or a second dispatch, finds nothing to do (DECISIONS 1).

use std::sync::Arc;

use jiff::Timestamp;
use leviathan_core::decide::Moment;
use leviathan_core::decide::dispatch::{self as decide, Submission};
use leviathan_core::event::{Principal, Role};
use leviathan_core::fact::FailureClass;
use leviathan_core::ids::AttemptId;
use leviathan_core::ports::{Clock, Cluster, ClusterError, Job, JobSecrets, JobStatus, Message};
use leviathan_core::state::{AttemptStatus, State};
use leviathan_core::task::TaskDefinition;
use leviathan_log::artifacts::{ArtifactError, Artifacts};
use leviathan_log::{Log, LogError, Transaction};

/// Makes the token that one attempt's executor gets: (attempt, epoch, not after) → token.
pub type MintToken = dyn Fn(&AttemptId, u64, Timestamp) -> String + Send + Sync;

/// Dispatch, with all that it may touch.
pub struct Dispatch {
    /// The log.
    pub log: Arc<Log>,
    /// Where Jobs run.
    pub cluster: Arc<dyn Cluster>,
    /// Where task definitions are kept.
    pub artifacts: Artifacts,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Makes attempts' tokens.
    pub mint_token: Box<MintToken>,
    /// Base URL of the api, as Jobs reach it.
    pub api_url: String,
}

/// Why a message was not dealt with; the queue brings it again.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The log could not be read or appended to.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The cluster could not do it.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The task's definition could not be read.
    #[error("the definition of attempt {attempt}'s task can't be read: {source}")]
    Definition {
        /// The attempt.
        attempt: AttemptId,
        /// The store's answer.
        source: ArtifactError,
    },
    /// The task's definition is not one.
    #[error("the definition of attempt {attempt}'s task is not readable as one: {source}")]
    NotADefinition {
        /// The attempt.
        attempt: AttemptId,
        /// The parser's word.
        source: serde_json::Error,
    },
}

impl Dispatch {
    /// Deals with one message. What is not for dispatch, or is done already, is success.
    pub async fn handle(&self, message: &Message) -> Result<(), DispatchError> {
        match message {
            Message::Dispatch { epoch, attempt } => self.submit(*epoch, attempt).await,
            Message::Stop { attempt, .. } => Ok(self.cluster.delete(attempt).await?),
            Message::Publish { .. } => Ok(()),
        }
    }

    /// Compares every attempt that should have a Job with the cluster, and mends what differs.
    /// Whether anything did.
    pub async fn reconcile(&self) -> Result<bool, DispatchError> {
        let view = self.log.view().await?;
        let mut mended = false;
        for (id, attempt) in view.state.live_attempts() {
            if !matches!(attempt.status, AttemptStatus::Submitted | AttemptStatus::Running) {
                continue;
            }
            mended |= self.reconcile_one(&view.state, id).await?;
        }
        Ok(mended)
    }

    async fn submit(&self, epoch: u64, id: &AttemptId) -> Result<(), DispatchError> {
        let transaction = Transaction::of("dispatch", Principal::program(Role::Dispatch));
        let attempt = id.clone();
        let decide =
            move |state: &State, moment: &Moment| decide::submit(state, moment, epoch, &attempt);
        match self.log.transact(&transaction, decide).await?.answer {
            Submission::Nothing => Ok(()),
            Submission::Create { .. } => {
                let view = self.log.view().await?;
                self.create(&view.state, id).await
            }
        }
    }

    async fn create(&self, state: &State, id: &AttemptId) -> Result<(), DispatchError> {
        let Some((job, secrets)) = self.job(state, id).await? else { return Ok(()) };
        self.cluster.create(&job, &secrets).await?;
        tracing::info!(attempt = %id, task = %job.task.id, "Job created");
        Ok(())
    }

    async fn reconcile_one(&self, state: &State, id: &AttemptId) -> Result<bool, DispatchError> {
        let again = decide::may_create_again(state, self.clock.now(), id);
        let (class, failure_type, reason) = match self.cluster.observe(id).await? {
            JobStatus::NotStarted if again => {
                self.create(state, id).await?;
                return Ok(false);
            }
            // Not to be created again any more: the attempt's own time ends it.
            JobStatus::NotStarted | JobStatus::Running => return Ok(false),
            JobStatus::Missing if again => {
                self.create(state, id).await?;
                return Ok(true);
            }
            JobStatus::Missing => {
                (FailureClass::Infra, "job_lost", "its Job is gone from the cluster".to_owned())
            }
            JobStatus::Completed => (
                FailureClass::Infra,
                "no_result",
                "its Job ended without a result having reached the api".to_owned(),
            ),
            JobStatus::Failed { class, reason } => (class, "job_failed", reason),
        };
        let transaction = Transaction::of("reconcile", Principal::program(Role::Dispatch));
        let (attempt, why) = (id.clone(), reason.clone());
        let decide = move |state: &State, _: &Moment| {
            decide::lost(state, &attempt, class, failure_type, &why)
        };
        let outcome = self.log.transact(&transaction, decide).await?;
        if outcome.answer {
            tracing::warn!(attempt = %id, "attempt ended by reconcile: {reason}");
            self.cluster.delete(id).await?;
        }
        Ok(outcome.answer)
    }

    /// The Job of an attempt; `None` where the state knows too little, which the tick ends.
    async fn job(
        &self,
        state: &State,
        id: &AttemptId,
    ) -> Result<Option<(Job, JobSecrets)>, DispatchError> {
        let Some(attempt) = state.attempts.get(id) else { return Ok(None) };
        let Some(target) = state.targets.get(&attempt.target) else { return Ok(None) };
        let Some(synced) = &target.synced else { return Ok(None) };
        let Some(not_after) = attempt.not_after else { return Ok(None) };
        let epoch = state.epoch();
        let job = Job {
            attempt: id.clone(),
            epoch,
            number: attempt.number,
            target: attempt.target.clone(),
            repository: target.repository.clone(),
            base: attempt.base.clone(),
            task: self.definition(id, &attempt.definition).await?,
            policy: synced.files.policy.clone(),
            not_after,
            api_url: self.api_url.clone(),
        };
        let attempt_token = (self.mint_token)(id, epoch, not_after);
        Ok(Some((job, JobSecrets { attempt_token })))
    }

    async fn definition(
        &self,
        id: &AttemptId,
        digest: &leviathan_core::ids::Digest,
    ) -> Result<TaskDefinition, DispatchError> {
        let bytes = self
            .artifacts
            .get(digest)
            .await
            .map_err(|source| DispatchError::Definition { attempt: id.clone(), source })?;
        serde_json::from_slice(&bytes)
            .map_err(|source| DispatchError::NotADefinition { attempt: id.clone(), source })
    }
}
