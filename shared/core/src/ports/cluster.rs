//! Where Jobs run: Kubernetes, or child processes on one machine.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fact::FailureClass;
use crate::ids::{AttemptId, GitCommit, TargetId};
use crate::policy::Policy;
use crate::task::TaskDefinition;

/// What a Job's phases need to know. It holds no secret; every phase may read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The attempt that it runs; also the Job's name.
    pub attempt: AttemptId,
    /// The log's epoch in which the attempt was created.
    pub epoch: u64,
    /// Which number of attempt of the task's generation this is, from 1.
    pub number: u32,
    /// The target.
    pub target: TargetId,
    /// Where prepare fetches the base from: a URL, or a path on this machine.
    pub repository: String,
    /// The git commit that the change is made against.
    pub base: GitCommit,
    /// The task, as recorded when the attempt was created.
    pub task: TaskDefinition,
    /// The effective policy, whole.
    pub policy: Policy,
    /// When the attempt is over at the latest, whatever runs.
    pub not_after: Timestamp,
    /// Base URL of the api that report speaks to.
    pub api_url: String,
}

/// What only the report phase gets.
#[derive(Clone)]
pub struct JobSecrets {
    /// The attempt's own token for the api.
    pub attempt_token: String,
}

impl std::fmt::Debug for JobSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JobSecrets(hidden)")
    }
}

/// What became of a Job, as the cluster sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobStatus {
    /// The cluster knows no such Job.
    Missing,
    /// It exists and none of its phases could begin yet. Creating it again adds what a crash in the
    /// middle of `create` may have left out, and changes nothing where nothing is missing.
    NotStarted,
    /// It exists and has not ended.
    Running,
    /// All phases are over and report is done.
    Completed,
    /// It ended without report having been able to say why.
    Failed {
        /// Whose fault it was.
        class: FailureClass,
        /// What happened, for a person; holds no secret.
        reason: String,
    },
}

/// The cluster could not do it; the caller repeats.
#[derive(Debug, thiserror::Error)]
#[error("the cluster could not {action} the Job of attempt {attempt}: {reason}")]
pub struct ClusterError {
    /// What was tried: create, observe, delete.
    pub action: &'static str,
    /// The attempt whose Job it was.
    pub attempt: AttemptId,
    /// The cause and what to do, for a person; holds no secret.
    pub reason: String,
}

/// Where Jobs run. All three calls are idempotent by attempt id.
#[async_trait]
pub trait Cluster: Send + Sync {
    /// Starts the Job; one that exists already is success and is not started again.
    async fn create(&self, job: &Job, secrets: &JobSecrets) -> Result<(), ClusterError>;
    /// What the cluster knows of it.
    async fn observe(&self, attempt: &AttemptId) -> Result<JobStatus, ClusterError>;
    /// Ends the Job and everything that it started; one that does not exist is success.
    async fn delete(&self, attempt: &AttemptId) -> Result<(), ClusterError>;
}
