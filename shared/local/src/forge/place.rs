//! A target's repository, opened: a view of a local one, or the mirror of a URL.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use leviathan_core::ids::GitCommit;
use leviathan_core::ports::forge::{
    MergeOutcome, PullRequestStatus, Repository, WatchedPullRequest,
};
use leviathan_core::ports::{Clock, ForgeError};

use super::discover::{self, Located};
use super::git::{self, Git};
use super::observe::Searched;
use super::{Deleted, is_url, mirror, refs, view};

/// What all copies of one forge have in common.
pub(super) struct Shared {
    /// Where views and mirrors live: a folder of ours in the state folder.
    pub(super) folder: PathBuf,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) fresh: Duration,
    /// When each mirror was last fetched into.
    pub(super) fetched: Mutex<BTreeMap<PathBuf, Instant>>,
    /// How far the default branch was searched, by repository, branch and our git commit. Losing
    /// it costs one search from the base.
    pub(super) searched: Mutex<BTreeMap<(String, String, GitCommit), Searched>>,
}

/// A repository, opened.
pub(super) struct Place {
    pub(super) git: Git,
    /// `None`: a mirror.
    pub(super) located: Option<Located>,
}

impl Shared {
    pub(super) fn views(&self) -> PathBuf {
        self.folder.join("views")
    }

    pub(super) fn open(&self, repository: &Repository) -> Result<Place, ForgeError> {
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

    pub(super) fn status(
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
    pub(super) fn delete(&self, branch: &str, expected: &GitCommit) -> Result<Deleted, ForgeError> {
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

    pub(super) fn merge(
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
