//! The forge port over repositories on this machine (DECISIONS 11 and 17).
//!
//! A "pull request" is a branch below `agent/` and events in the log. Objects and refs are written
//! by plumbing; working tree, index and checked-out branch are never touched, no remote of the
//! repository is contacted, and nothing of it is executed or obeyed: see `view` for how, and `git`
//! for the one place that runs git. A target named by URL is mirrored: see `mirror`.

mod checkouts;
mod child;
mod commit;
mod discover;
mod git;
mod inspect;
mod merge;
mod mirror;
mod observe;
mod place;
mod port;
mod refs;
mod view;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use leviathan_core::ids::GitCommit;
use leviathan_core::ports::forge::Repository;
use leviathan_core::ports::{Clock, ForgeError};

pub use checkouts::Checkout;
pub use git::{OLDEST_GIT, check_git};
pub use mirror::is_url;

use place::{Place, Shared};

/// How long a mirror counts as fresh, unless [`LocalForge::refresh_after`] says otherwise.
pub const FRESH: Duration = Duration::from_secs(30);

/// The forge port over repositories on this machine.
#[derive(Clone)]
pub struct LocalForge {
    shared: Arc<Shared>,
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
            discover::check_writable(&location, &located)?;
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
