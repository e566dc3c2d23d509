//! Where repositories and pull requests live: GitHub, or a local repository.

use async_trait::async_trait;
use bytes::Bytes;

use crate::diff::{FileChange, FileMode};
use crate::ids::GitCommit;

/// What went wrong at the forge.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// It may work later: the network, a lock, throttling.
    #[error("could not {action} in {repository}: {reason}")]
    Unavailable {
        /// What was tried.
        action: &'static str,
        /// Which repository.
        repository: String,
        /// The cause, for a person; holds no secret.
        reason: String,
    },
    /// It will not work until a person changes something.
    #[error("could not {action} in {repository}: {reason}")]
    Refused {
        /// What was tried.
        action: &'static str,
        /// Which repository.
        repository: String,
        /// The cause and what to do, for a person; holds no secret.
        reason: String,
    },
    /// The branch exists at another git commit: somebody else's, hands off.
    #[error("branch {branch} of {repository} exists already at {found}, not at {wanted}")]
    BranchTaken {
        /// Which repository.
        repository: String,
        /// The branch.
        branch: String,
        /// Where it stands.
        found: GitCommit,
        /// Where it was to be created.
        wanted: GitCommit,
    },
}

/// A repository at a forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// A path on this machine, or a URL.
    pub location: String,
    /// The branch that pull requests go into.
    pub default_branch: String,
}

/// What stands at a path in a git commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAt {
    /// Git's mode: `100644` or `100755`.
    pub mode: FileMode,
    /// Git's id of the blob.
    pub blob: String,
    /// The blob's bytes.
    pub bytes: Bytes,
}

/// A git commit to be made. Equal input gives an equal id where the forge allows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGitCommit {
    /// Its only parent.
    pub base: GitCommit,
    /// What changes against the parent's tree.
    pub changes: Vec<FileChange>,
    /// The whole message, trailers included.
    pub message: String,
    /// Author and committer time, in seconds since 1970.
    pub unix_seconds: i64,
}

/// A pull request to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPullRequest {
    /// The branch that holds the change.
    pub head: String,
    /// The branch that it shall go into.
    pub base: String,
    /// One line.
    pub title: String,
    /// Markdown: the receipt.
    pub body: String,
    /// Not ready for review, such as a skeleton.
    pub draft: bool,
}

/// A pull request that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedPullRequest {
    /// The forge's number; `None` where the log numbers them (a local repository).
    pub number: Option<u64>,
    /// Where a person looks at it.
    pub url: String,
}

/// What to look up about one open pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedPullRequest {
    /// Its number.
    pub number: u64,
    /// Its branch.
    pub head: String,
    /// The git commit that we last wrote to the branch.
    pub head_commit: GitCommit,
    /// The git commit that the branch started from.
    pub base_commit: GitCommit,
    /// The value of the `Leviathan-Attempt` trailer.
    pub attempt: String,
}

/// What the forge says of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullRequestStatus {
    /// Open, its branch at this git commit.
    Open {
        /// Where the branch stands.
        head: GitCommit,
    },
    /// Its change is in the default branch.
    Merged {
        /// The git commit on the default branch that holds it.
        commit: GitCommit,
        /// How it was found: `ancestor`, `trailer` (and the same change), `same change` (every file
        /// of it, under a message of the person's own), or `forge` (it says so itself).
        found_by: &'static str,
    },
    /// Closed or its branch deleted, without merge.
    Closed {
        /// What was seen, for a person.
        reason: String,
    },
}

/// What `merge` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeOutcome {
    /// The default branch now holds the change.
    Merged {
        /// Where the default branch stands.
        commit: GitCommit,
    },
    /// The default branch is checked out somewhere; nothing was changed. A working tree in the
    /// middle of a rebase of it counts.
    CheckedOut {
        /// The command for the person to run.
        command: String,
    },
    /// These files conflict; nothing was changed.
    Conflict {
        /// Paths in the repository.
        files: Vec<String>,
    },
}

/// One repository at a forge. Reads never run anything of the repository: no hook, no filter, none
/// of its configuration. Only publish (and an operator's merge or close) may call the writes.
#[async_trait]
pub trait Forge: Send + Sync {
    /// The git commit of the default branch; `None` for a repository without one.
    async fn head(&self, repository: &Repository) -> Result<Option<GitCommit>, ForgeError>;

    /// The file at `path` in `commit`; `None` if there is none or it is not a regular file.
    async fn file(
        &self,
        repository: &Repository,
        commit: &GitCommit,
        path: &str,
    ) -> Result<Option<FileAt>, ForgeError>;

    /// Writes blobs, tree and git commit; moves no ref. Refuses a change whose `old` is not what the
    /// base has. The bytes are stored as they are: no filter, no line-end conversion.
    async fn create_commit(
        &self,
        repository: &Repository,
        commit: &NewGitCommit,
    ) -> Result<GitCommit, ForgeError>;

    /// Creates the branch at `commit`. There already at that id is success; elsewhere is
    /// [`ForgeError::BranchTaken`].
    async fn create_branch(
        &self,
        repository: &Repository,
        branch: &str,
        commit: &GitCommit,
    ) -> Result<(), ForgeError>;

    /// Opens the pull request, or finds the open one with this head.
    async fn open_pull_request(
        &self,
        repository: &Repository,
        request: &NewPullRequest,
    ) -> Result<OpenedPullRequest, ForgeError>;

    /// What became of one pull request.
    async fn pull_request(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
    ) -> Result<PullRequestStatus, ForgeError>;

    /// Merges it into the default branch, on a person's word.
    async fn merge(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
        message: &str,
    ) -> Result<MergeOutcome, ForgeError>;

    /// Closes it without merge by deleting its branch, on a person's word; refuses when the branch
    /// is no longer at the git commit that we wrote.
    async fn close(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
    ) -> Result<(), ForgeError>;
}
