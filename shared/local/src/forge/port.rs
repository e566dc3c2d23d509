//! The port itself: each call opens the repository and hands over.

use async_trait::async_trait;
use leviathan_core::ids::GitCommit;
use leviathan_core::ports::forge::{
    FileAt, MergeOutcome, NewGitCommit, NewPullRequest, OpenedPullRequest, PullRequestStatus,
    Repository, WatchedPullRequest,
};
use leviathan_core::ports::{Forge, ForgeError};

use super::{Deleted, LocalForge, git, is_url};

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
