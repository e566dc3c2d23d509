//! The local cluster, given a place on this machine for each repository: a target that is a URL is
//! fetched from its mirror, so that prepare needs neither network nor credentials.

use std::sync::Arc;

use async_trait::async_trait;
use leviathan_core::ids::AttemptId;
use leviathan_core::ports::forge::Repository;
use leviathan_core::ports::{Cluster, ClusterError, Job, JobSecrets, JobStatus};
use leviathan_local::cluster::LocalCluster;
use leviathan_local::forge::{LocalForge, is_url};

pub(super) struct MirroredCluster {
    cluster: Arc<LocalCluster>,
    forge: LocalForge,
}

impl MirroredCluster {
    pub(super) fn new(cluster: Arc<LocalCluster>, forge: LocalForge) -> Self {
        Self { cluster, forge }
    }
}

#[async_trait]
impl Cluster for MirroredCluster {
    async fn create(&self, job: &Job, secrets: &JobSecrets) -> Result<(), ClusterError> {
        if !is_url(&job.repository) {
            return self.cluster.create(job, secrets).await;
        }
        let repository =
            Repository { location: job.repository.clone(), default_branch: String::new() };
        let mirror = self.forge.source(&repository).await.map_err(|error| ClusterError {
            action: "create",
            attempt: job.attempt.clone(),
            reason: error.to_string(),
        })?;
        let job = Job { repository: mirror.display().to_string(), ..job.clone() };
        self.cluster.create(&job, secrets).await
    }

    async fn observe(&self, attempt: &AttemptId) -> Result<JobStatus, ClusterError> {
        self.cluster.observe(attempt).await
    }

    async fn delete(&self, attempt: &AttemptId) -> Result<(), ClusterError> {
        self.cluster.delete(attempt).await
    }
}
