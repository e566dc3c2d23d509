//! The forge port over GitHub's REST API (DECISIONS 11 and 16).
//!
//! `objects` reads trees and files, `commit` writes blobs, tree and git commit, `refs` branches,
//! `pull_requests` and `merge` what people see. A read is repeated when GitHub does not answer; a
//! write whose fate is unclear is looked up before it is made again.

mod commit;
mod merge;
mod objects;
mod pull_requests;
mod refs;

use async_trait::async_trait;
use leviathan_core::ids::GitCommit;
use leviathan_core::ports::forge::{
    FileAt, MergeOutcome, NewGitCommit, NewPullRequest, OpenedPullRequest, PullRequestStatus,
    Repository, WatchedPullRequest,
};
use leviathan_core::ports::{Forge, ForgeError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::client::{Access, Client, GitHubOptions, OptionsError, RepositoryToken};

use objects::Objects;

/// Where every branch of ours is.
const OURS: &str = "agent/";

/// What may stand in a path as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The forge port over GitHub.
pub struct GitHub {
    client: Client,
    objects: Objects,
}

impl GitHub {
    /// One that has asked nothing yet. Made once for a process: it keeps connections, tokens and
    /// what was read.
    ///
    /// # Errors
    /// If the options cannot be used: a wrong address, no key. Nothing is asked of GitHub.
    pub fn new(options: GitHubOptions) -> Result<Self, OptionsError> {
        Ok(Self { client: Client::new(options)?, objects: Objects::default() })
    }

    /// A token for this one repository, for a program that is not this one: prepare's clone. It
    /// lives for an hour at most, and for at least five more minutes.
    ///
    /// # Errors
    /// As the port's: whether trying again helps is in the error.
    pub async fn repository_token(
        &self,
        repository: &Repository,
        access: Access,
    ) -> Result<RepositoryToken, ForgeError> {
        let action = "get a token";
        let location = self.client.locate(action, repository)?;
        let token = self.client.repository_token(&location, access).await;
        token.map_err(|fault| fault.error(action, &location))
    }
}

#[async_trait]
impl Forge for GitHub {
    async fn head(&self, repository: &Repository) -> Result<Option<GitCommit>, ForgeError> {
        let action = "read the default branch";
        let location = self.client.locate(action, repository)?;
        let head = self.head_of(&location, &repository.default_branch).await;
        head.map_err(|fault| fault.error(action, &location))
    }

    async fn file(
        &self,
        repository: &Repository,
        commit: &GitCommit,
        path: &str,
    ) -> Result<Option<FileAt>, ForgeError> {
        let action = "read the file";
        let location = self.client.locate(action, repository)?;
        let file = self.file_at(&location, commit, path).await;
        file.map_err(|fault| fault.error(action, &location))
    }

    async fn create_commit(
        &self,
        repository: &Repository,
        commit: &NewGitCommit,
    ) -> Result<GitCommit, ForgeError> {
        let action = "write the git commit";
        let location = self.client.locate(action, repository)?;
        let made = self.write_commit(&location, commit).await;
        made.map_err(|fault| fault.error(action, &location))
    }

    async fn create_branch(
        &self,
        repository: &Repository,
        branch: &str,
        commit: &GitCommit,
    ) -> Result<(), ForgeError> {
        let location = self.client.locate("create the branch", repository)?;
        self.new_branch(&location, branch, commit).await
    }

    async fn open_pull_request(
        &self,
        repository: &Repository,
        request: &NewPullRequest,
    ) -> Result<OpenedPullRequest, ForgeError> {
        let action = "open the pull request";
        let location = self.client.locate(action, repository)?;
        let opened = self.open(&location, request).await;
        opened.map_err(|fault| fault.error(action, &location))
    }

    async fn pull_request(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
    ) -> Result<PullRequestStatus, ForgeError> {
        let action = "look up the pull request";
        let location = self.client.locate(action, repository)?;
        let status = self.status(&location, watched).await;
        status.map_err(|fault| fault.error(action, &location))
    }

    async fn merge(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
        message: &str,
    ) -> Result<MergeOutcome, ForgeError> {
        let action = "merge the pull request";
        let location = self.client.locate(action, repository)?;
        let merged = self.merge_into(&location, repository, watched, message).await;
        merged.map_err(|fault| fault.error(action, &location))
    }

    async fn close(
        &self,
        repository: &Repository,
        watched: &WatchedPullRequest,
    ) -> Result<(), ForgeError> {
        let action = "close the pull request";
        let location = self.client.locate(action, repository)?;
        let closed = self.close_unmerged(&location, watched).await;
        closed.map_err(|fault| fault.error(action, &location))
    }
}

/// A part of a request's path.
fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_place_in_a_path() {
        for (name, path) in [
            ("agent/fix-parser-1", "agent/fix-parser-1"),
            ("a b?c#d%2e", "a%20b%3Fc%23d%252e"),
            ("ä&x=1", "%C3%A4%26x%3D1"),
        ] {
            assert_eq!(encoded(name), path);
        }
    }
}
