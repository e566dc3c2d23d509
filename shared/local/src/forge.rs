//! The forge port over repositories on this machine (DECISIONS 11 and 17).
//!
//! A "pull request" is a branch below `agent/` and events in the log. Objects and refs are written
//! by plumbing; working tree, index and checked-out branch are never touched, no remote of the
//! repository is contacted, and nothing of it is executed or obeyed: see `view` for how, and `git`
//! for the one place that runs git. A target named by URL is mirrored: see `mirror`.

mod checkouts;
mod commit;
mod discover;
mod git;
mod inspect;
mod merge;
mod mirror;
mod observe;
mod refs;
mod view;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use leviathan_core::ids::GitCommit;
use leviathan_core::ports::forge::{
    FileAt, MergeOutcome, NewGitCommit, NewPullRequest, OpenedPullRequest, PullRequestStatus,
    Repository, WatchedPullRequest,
};
use leviathan_core::ports::{Clock, Forge, ForgeError};

pub use checkouts::Checkout;
pub use git::{OLDEST_GIT, check_git};
pub use mirror::is_url;

use discover::Located;
use git::Git;
use observe::Searched;

/// How long a mirror counts as fresh, unless [`LocalForge::refresh_after`] says otherwise.
pub const FRESH: Duration = Duration::from_secs(30);

/// The forge port over repositories on this machine.
#[derive(Clone)]
pub struct LocalForge {
    shared: Arc<Shared>,
}

struct Shared {
    /// Where views and mirrors live: a folder of ours in the state folder.
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    fresh: Duration,
    /// When each mirror was last fetched into.
    fetched: Mutex<BTreeMap<PathBuf, Instant>>,
    /// How far the default branch was searched, by repository, branch and our git commit. Losing
    /// it costs one search from the base.
    searched: Mutex<BTreeMap<(String, String, GitCommit), Searched>>,
}

/// A target as a person named it, made definite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The URL; or the top of the working tree, or the bare repository, as an absolute path.
    pub location: String,
    /// The branch that pull requests go into.
    pub default_branch: String,
    /// The top of the working tree, where there is one.
    pub working_tree: Option<PathBuf>,
}

/// What became of a branch that was to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone, or was not there.
    Gone,
    /// It stands at another git commit: a person's work, so it stays.
    Moved {
        /// Where it stands.
        found: GitCommit,
    },
    /// A working tree is busy with it, so it stays.
    CheckedOut(Checkout),
}

/// A repository, opened.
struct Place {
    git: Git,
    /// `None`: a mirror.
    located: Option<Located>,
}

impl LocalForge {
    /// A forge that keeps its own files below `folder`, which may not lie in a target.
    pub fn new(folder: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self::refresh_after(folder, clock, FRESH)
    }

    /// The same, with mirrors fetched into again once they are older than `fresh`.
    pub fn refresh_after(
        folder: impl Into<PathBuf>,
        clock: Arc<dyn Clock>,
        fresh: Duration,
    ) -> Self {
        let folder = folder.into();
        // Views hold absolute links and git runs elsewhere, so the path must not be relative.
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        let (fetched, searched) = (Mutex::default(), Mutex::default());
        Self { shared: Arc::new(Shared { folder, clock, fresh, fetched, searched }) }
    }

    /// From what a person typed to a definite target; `wanted` is the branch that they asked for.
    pub async fn find(&self, typed: &str, wanted: Option<&str>) -> Result<Found, ForgeError> {
        let (typed, wanted) = (typed.to_owned(), wanted.map(str::to_owned));
        self.blocking("find the repository", move |shared| {
            let wanted = wanted.as_deref();
            if is_url(&typed) {
                let default_branch = mirror::remote_branch(&typed, wanted)?;
                return Ok(Found { location: typed, default_branch, working_tree: None });
            }
            let located = discover::locate(&typed)?;
            let location = git::text(located.top.as_deref().unwrap_or(&located.git_dir));
            let view = view::open(&shared.views(), &location, &located)?;
            let default_branch = inspect::default_branch(&view, &located, wanted)?;
            Ok(Found { location, default_branch, working_tree: located.top })
        })
        .await
    }

    /// The branch that pull requests go into: `wanted`; else what the remote calls its HEAD, if a
    /// local branch is called so; else `main` or `master`; else the branch that is checked out.
    pub async fn default_branch(
        &self,
        path: &str,
        wanted: Option<&str>,
    ) -> Result<String, ForgeError> {
        Ok(self.find(path, wanted).await?.default_branch)
    }

    /// The git folder that the target's objects can be fetched from, brought up to date: prepare's
    /// source. Reading from it obeys nothing of the target's configuration.
    pub async fn source(&self, repository: &Repository) -> Result<PathBuf, ForgeError> {
        self.on(repository, |place, _, _| Ok(place.git.dir.clone())).await
    }

    /// Where the mirror of a URL is, or will be once something asks for it. Contacts nobody.
    pub fn mirror(&self, url: &str) -> PathBuf {
        mirror::place(&self.shared.folder.join("mirrors"), url).dir
    }

    /// The working tree that has the branch checked out, or is in a rebase of it; `None`: none.
    pub async fn checked_out(
        &self,
        repository: &Repository,
        branch: &str,
    ) -> Result<Option<Checkout>, ForgeError> {
        let branch = branch.to_owned();
        self.on(repository, move |place, _, _| match &place.located {
            Some(located) => place.git.checked_out(located, &branch),
            None => Ok(None),
        })
        .await
    }

    /// Paths under `.leviathan/` that differ between the working tree and the default branch: not
    /// committed, so not seen. Empty for a bare repository and for a URL.
    pub async fn uncommitted(&self, repository: &Repository) -> Result<Vec<String>, ForgeError> {
        self.on(repository, |place, repository, _| match &place.located {
            Some(located) => inspect::uncommitted(&place.git, located, &repository.default_branch),
            None => Ok(Vec::new()),
        })
        .await
    }

    /// Every branch below `agent/` with where it stands, by name. Which of them are ours to delete
    /// is known by the log: see [`LocalForge::delete_branch`].
    pub async fn agent_branches(
        &self,
        repository: &Repository,
    ) -> Result<Vec<(String, GitCommit)>, ForgeError> {
        self.on(repository, |place, _, _| place.git.branches(refs::OURS)).await
    }

    /// Deletes a branch of ours that still stands where we left it.
    pub async fn delete_branch(
        &self,
        repository: &Repository,
        branch: &str,
        expected: &GitCommit,
    ) -> Result<Deleted, ForgeError> {
        let (branch, expected) = (branch.to_owned(), expected.clone());
        self.on(repository, move |place, _, _| place.delete(&branch, &expected)).await
    }

    /// Git runs as a child process and is waited for, so it has a thread of its own.
    async fn blocking<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Shared) -> Result<T, ForgeError> + Send + 'static,
    ) -> Result<T, ForgeError> {
        let shared = self.shared.clone();
        match tokio::task::spawn_blocking(move || work(&shared)).await {
            Ok(result) => result,
            Err(error) => Err(git::unavailable(action, "this machine", error.to_string())),
        }
    }

    async fn on<T: Send + 'static>(
        &self,
        repository: &Repository,
        work: impl FnOnce(&Place, &Repository, &Shared) -> Result<T, ForgeError> + Send + 'static,
    ) -> Result<T, ForgeError> {
        let repository = repository.clone();
        self.blocking("open the repository", move |shared| {
            let place = shared.open(&repository)?;
            work(&place, &repository, shared)
        })
        .await
    }
}

impl Shared {
    fn views(&self) -> PathBuf {
        self.folder.join("views")
    }

    fn open(&self, repository: &Repository) -> Result<Place, ForgeError> {
        let location = &repository.location;
        if !is_url(location) {
            let located = discover::locate(location)?;
            let git = view::open(&self.views(), location, &located)?;
            return Ok(Place { git, located: Some(located) });
        }
        let git = mirror::place(&self.folder.join("mirrors"), location);
        if self.is_due(&git.dir) {
            mirror::refresh(&git, &repository.default_branch)?;
            let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
            fetched.insert(git.dir.clone(), Instant::now());
        }
        Ok(Place { git, located: None })
    }

    fn status(
        &self,
        place: &Place,
        repository: &Repository,
        watched: &WatchedPullRequest,
    ) -> Result<PullRequestStatus, ForgeError> {
        let Repository { location, default_branch } = repository;
        let key = (location.clone(), default_branch.clone(), watched.head_commit.clone());
        let lock = || self.searched.lock().unwrap_or_else(PoisonError::into_inner);
        let mut searched = lock().get(&key).cloned();
        let status = place.git.status(default_branch, watched, &mut searched)?;
        match (&status, searched) {
            (PullRequestStatus::Open { .. }, Some(searched)) => lock().insert(key, searched),
            // It will hardly be asked for again.
            _ => lock().remove(&key),
        };
        Ok(status)
    }

    fn is_due(&self, mirror: &PathBuf) -> bool {
        let fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        fetched.get(mirror).is_none_or(|at| at.elapsed() >= self.fresh)
    }
}

impl Place {
    fn delete(&self, branch: &str, expected: &GitCommit) -> Result<Deleted, ForgeError> {
        if !branch.starts_with(refs::OURS) {
            let reason = format!("{branch} is not below {}: it is not ours", refs::OURS);
            return Err(self.git.refused("delete the branch", reason));
        }
        if let Some(located) = &self.located
            && let Some(busy) = self.git.checked_out(located, branch)?
        {
            return Ok(Deleted::CheckedOut(busy));
        }
        if self.git.delete_branch(branch, expected)? {
            return Ok(Deleted::Gone);
        }
        match self.git.branch(branch)? {
            Some(found) => Ok(Deleted::Moved { found }),
            None => Ok(Deleted::Gone),
        }
    }

    fn merge(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
        message: &str,
        unix_seconds: i64,
    ) -> Result<MergeOutcome, ForgeError> {
        let Some(located) = &self.located else {
            let head = format!("{0}:{0}", watched.head);
            let push = ["git", "-C", &git::text(&self.git.dir), "push", &self.git.location, &head];
            let reason = format!(
                "this is a mirror of a URL, to which nothing is pushed; push the branch yourself \
                 and merge it there: {}",
                shell_words::join(push)
            );
            return Err(self.git.refused("merge the pull request", reason));
        };
        self.git.merge(located, &repository.default_branch, watched, message, unix_seconds)
    }
}

#[async_trait]
impl Forge for LocalForge {
    async fn head(&self, repository: &Repository) -> Result<Option<GitCommit>, ForgeError> {
        self.on(repository, |place, repository, _| place.git.branch(&repository.default_branch))
            .await
    }

    async fn file(
        &self,
        repository: &Repository,
        commit: &GitCommit,
        path: &str,
    ) -> Result<Option<FileAt>, ForgeError> {
        let (commit, path) = (commit.clone(), path.to_owned());
        self.on(repository, move |place, _, _| place.git.file(&commit, &path)).await
    }

    async fn create_commit(
        &self,
        repository: &Repository,
        commit: &NewGitCommit,
    ) -> Result<GitCommit, ForgeError> {
        let commit = commit.clone();
        self.on(repository, move |place, _, _| place.git.create_commit(&commit)).await
    }

    async fn create_branch(
        &self,
        repository: &Repository,
        branch: &str,
        commit: &GitCommit,
    ) -> Result<(), ForgeError> {
        let (branch, commit) = (branch.to_owned(), commit.clone());
        self.on(repository, move |place, _, _| place.git.create_branch(&branch, &commit)).await
    }

    async fn open_pull_request(
        &self,
        repository: &Repository,
        request: &NewPullRequest,
    ) -> Result<OpenedPullRequest, ForgeError> {
        let head = request.head.clone();
        self.on(repository, move |place, repository, _| match place.git.branch(&head)? {
            Some(_) => Ok(OpenedPullRequest {
                number: None,
                url: pull_request_url(&repository.location, &head),
            }),
            None => {
                let reason = format!("there is no branch {head}: it was deleted");
                Err(place.git.refused("open the pull request", reason))
            }
        })
        .await
    }

    async fn pull_request(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
    ) -> Result<PullRequestStatus, ForgeError> {
        let watched = watched.clone();
        self.on(repository, move |place, repository, shared| {
            shared.status(place, repository, &watched)
        })
        .await
    }

    async fn merge(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
        message: &str,
    ) -> Result<MergeOutcome, ForgeError> {
        let (watched, message) = (watched.clone(), message.to_owned());
        self.on(repository, move |place, repository, shared| {
            let now = shared.clock.now().as_second();
            place.merge(repository, &watched, &message, now)
        })
        .await
    }

    async fn close(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
    ) -> Result<(), ForgeError> {
        let watched = watched.clone();
        self.on(repository, move |place, _, _| {
            let reason = match place.delete(&watched.head, &watched.head_commit)? {
                Deleted::Gone => return Ok(()),
                Deleted::Moved { found } => format!(
                    "{} stands at {found}: somebody pushed to it, so it stays; delete it with git",
                    watched.head
                ),
                Deleted::CheckedOut(busy) => {
                    format!("{} is checked out in {}", watched.head, git::text(&busy.path))
                }
            };
            Err(place.git.refused("close the pull request", reason))
        })
        .await
    }
}

/// Where a person finds a local pull request: the repository, and the branch in it.
fn pull_request_url(location: &str, head: &str) -> String {
    if is_url(location) {
        return format!("{location}#{head}");
    }
    let mut url = "file://".to_owned();
    for byte in location.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{url}#{head}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_pull_request_has_a_url_without_blanks() {
        assert_eq!(
            pull_request_url("/home/me/my repo", "agent/x-1"),
            "file:///home/me/my%20repo#agent/x-1"
        );
    }
}
