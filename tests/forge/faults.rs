//! A forge with faults: out of reach, or gone in the middle of a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use leviathan_core::ids::GitCommit;
use leviathan_core::ports::forge::{
    FileAt, MergeOutcome, NewGitCommit, NewPullRequest, OpenedPullRequest, PullRequestStatus,
    Repository, WatchedPullRequest,
};
use leviathan_core::ports::{Forge, ForgeError};
use leviathan_local::forge::LocalForge;
use tokio::sync::Notify;

/// What happens at the call with the number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does not begin, and no answer comes.
    LostBefore,
    /// It takes effect, and no answer comes.
    LostAfter,
    /// It waits until it is let go.
    Held,
    /// This one and all later ones are refused for now.
    OutOfReach,
}

/// The local forge, but for one fault.
#[derive(Clone)]
pub(crate) struct FaultyForge {
    inner: LocalForge,
    fault: Fault,
    at: usize,
    calls: Arc<AtomicUsize>,
    /// Told when an answer is lost, or a call is held.
    pub(crate) lost: Arc<Notify>,
    /// Lets a held call go.
    pub(crate) go: Arc<Notify>,
}

impl FaultyForge {
    pub(crate) fn new(inner: LocalForge, fault: Fault, at: usize) -> Self {
        Self { inner, fault, at, calls: Arc::default(), lost: Arc::default(), go: Arc::default() }
    }

    async fn pass<T>(
        &self,
        call: impl Future<Output = Result<T, ForgeError>> + Send,
    ) -> Result<T, ForgeError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            Fault::OutOfReach if number >= self.at => Err(ForgeError::Unavailable {
                action: "reach",
                repository: "the forge".to_owned(),
                reason: "the test says so".to_owned(),
            }),
            Fault::LostBefore if number == self.at => self.never().await,
            Fault::LostAfter if number == self.at => {
                call.await?;
                self.never().await
            }
            Fault::Held if number == self.at => {
                self.lost.notify_one();
                self.go.notified().await;
                call.await
            }
            Fault::OutOfReach | Fault::LostBefore | Fault::LostAfter | Fault::Held => call.await,
        }
    }

    async fn never<T>(&self) -> T {
        self.lost.notify_one();
        std::future::pending().await
    }
}

#[async_trait]
impl Forge for FaultyForge {
    async fn head(&self, repository: &Repository) -> Result<Option<GitCommit>, ForgeError> {
        self.pass(self.inner.head(repository)).await
    }
    async fn file(
        &self,
        repository: &Repository,
        commit: &GitCommit,
        path: &str,
    ) -> Result<Option<FileAt>, ForgeError> {
        self.pass(self.inner.file(repository, commit, path)).await
    }
    async fn create_commit(
        &self,
        repository: &Repository,
        commit: &NewGitCommit,
    ) -> Result<GitCommit, ForgeError> {
        self.pass(self.inner.create_commit(repository, commit)).await
    }
    async fn create_branch(
        &self,
        repository: &Repository,
        branch: &str,
        commit: &GitCommit,
    ) -> Result<(), ForgeError> {
        self.pass(self.inner.create_branch(repository, branch, commit)).await
    }
    async fn open_pull_request(
        &self,
        repository: &Repository,
        request: &NewPullRequest,
    ) -> Result<OpenedPullRequest, ForgeError> {
        self.pass(self.inner.open_pull_request(repository, request)).await
    }
    async fn pull_request(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
    ) -> Result<PullRequestStatus, ForgeError> {
        self.pass(self.inner.pull_request(repository, watched)).await
    }
    async fn merge(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
        message: &str,
    ) -> Result<MergeOutcome, ForgeError> {
        self.pass(self.inner.merge(repository, watched, message)).await
    }
    async fn close(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
    ) -> Result<(), ForgeError> {
        self.pass(self.inner.close(repository, watched)).await
    }
}
