//! The ports, each call a step.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ids::{AttemptId, GitCommit};
use leviathan_core::ports::forge::{
    FileAt, MergeOutcome, NewGitCommit, NewPullRequest, OpenedPullRequest, PullRequestStatus,
    Repository, WatchedPullRequest,
};
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{
    Cluster, ClusterError, Forge, ForgeError, Job, JobSecrets, JobStatus, Message, ObjectStore,
    Queue, QueueError, StoreError,
};

use crate::counter::Counter;

/// A port behind the counter.
pub(crate) struct Stepped<T: ?Sized> {
    /// Its name in the record.
    pub(crate) port: &'static str,
    pub(crate) inner: Arc<T>,
    pub(crate) counter: Arc<Counter>,
}

#[async_trait]
impl ObjectStore for Stepped<dyn ObjectStore> {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        self.counter.step(self.port, "create", key, self.inner.create(key, bytes)).await
    }
    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.counter.step(self.port, "replace", key, self.inner.replace(key, bytes)).await
    }
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        self.counter.step(self.port, "get", key, self.inner.get(key)).await
    }
    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let work = self.inner.list(prefix, start_after, limit);
        self.counter.step(self.port, "list", prefix, work).await
    }
}

#[async_trait]
impl Queue for Stepped<dyn Queue> {
    async fn send(&self, message: &Message) -> Result<(), QueueError> {
        let subject = match message {
            Message::Dispatch { attempt, .. } => format!("dispatch {attempt}"),
            Message::Stop { attempt, .. } => format!("stop {attempt}"),
            Message::Publish { attempt, .. } => format!("publish {attempt}"),
        };
        self.counter.step(self.port, "send", &subject, self.inner.send(message)).await
    }
}

#[async_trait]
impl Cluster for Stepped<dyn Cluster> {
    async fn create(&self, job: &Job, secrets: &JobSecrets) -> Result<(), ClusterError> {
        let work = self.inner.create(job, secrets);
        self.counter.step(self.port, "create", job.attempt.as_str(), work).await
    }
    async fn observe(&self, attempt: &AttemptId) -> Result<JobStatus, ClusterError> {
        let work = self.inner.observe(attempt);
        self.counter.step(self.port, "observe", attempt.as_str(), work).await
    }
    async fn delete(&self, attempt: &AttemptId) -> Result<(), ClusterError> {
        let work = self.inner.delete(attempt);
        self.counter.step(self.port, "delete", attempt.as_str(), work).await
    }
}

#[async_trait]
impl Forge for Stepped<dyn Forge> {
    async fn head(&self, repository: &Repository) -> Result<Option<GitCommit>, ForgeError> {
        self.counter.step(self.port, "head", "", self.inner.head(repository)).await
    }
    async fn file(
        &self,
        repository: &Repository,
        commit: &GitCommit,
        path: &str,
    ) -> Result<Option<FileAt>, ForgeError> {
        let work = self.inner.file(repository, commit, path);
        self.counter.step(self.port, "file", path, work).await
    }
    async fn create_commit(
        &self,
        repository: &Repository,
        commit: &NewGitCommit,
    ) -> Result<GitCommit, ForgeError> {
        let work = self.inner.create_commit(repository, commit);
        self.counter.step(self.port, "create_commit", "", work).await
    }
    async fn create_branch(
        &self,
        repository: &Repository,
        branch: &str,
        commit: &GitCommit,
    ) -> Result<(), ForgeError> {
        let work = self.inner.create_branch(repository, branch, commit);
        self.counter.step(self.port, "create_branch", branch, work).await
    }
    async fn open_pull_request(
        &self,
        repository: &Repository,
        request: &NewPullRequest,
    ) -> Result<OpenedPullRequest, ForgeError> {
        let work = self.inner.open_pull_request(repository, request);
        self.counter.step(self.port, "open_pull_request", &request.head, work).await
    }
    async fn pull_request(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
    ) -> Result<PullRequestStatus, ForgeError> {
        let work = self.inner.pull_request(repository, watched);
        self.counter.step(self.port, "pull_request", &watched.head, work).await
    }
    async fn merge(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
        message: &str,
    ) -> Result<MergeOutcome, ForgeError> {
        let work = self.inner.merge(repository, watched, message);
        self.counter.step(self.port, "merge", &watched.head, work).await
    }
    async fn close(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
    ) -> Result<(), ForgeError> {
        let work = self.inner.close(repository, watched);
        self.counter.step(self.port, "close", &watched.head, work).await
    }
}
