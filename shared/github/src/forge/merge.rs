//! Merging on a person's word, in a way that the repository allows.

use std::collections::BTreeSet;

use http::Method;
use leviathan_core::ids::GitCommit;
use leviathan_core::ports::forge::{MergeOutcome, Repository, WatchedPullRequest};
use serde::Deserialize;
use serde_json::json;

use super::pull_requests::{PullAnswer, pull_path};
use super::refs::id;
use super::{GitHub, encoded};
use crate::Location;
use crate::client::{Call, Fault};

/// The ways that a repository may allow, in the order of our wish: a merge commit keeps the git
/// commit that was checked.
const METHODS: [&str; 3] = ["merge", "squash", "rebase"];

#[derive(Deserialize)]
struct MergeAnswer {
    sha: String,
}

#[derive(Deserialize)]
struct Comparison {
    #[serde(default)]
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
}

impl GitHub {
    /// See `Forge::merge`.
    pub(super) async fn merge_into(
        &self,
        location: &Location,
        repository: &Repository,
        watched: &WatchedPullRequest,
        message: &str,
    ) -> Result<MergeOutcome, Fault> {
        let (title, rest) = message.split_once('\n').unwrap_or((message, ""));
        let mut last = None;
        for method in METHODS {
            let body = json!({
                "sha": watched.head_commit.as_str(),
                "commit_title": title,
                "commit_message": rest.trim(),
                "merge_method": method,
            });
            let path = format!("{}/merge", pull_path(watched.number));
            let call = Call::write(Method::PUT, path, Some(body));
            match self.client.ask::<MergeAnswer>(location, call).await {
                Ok(answer) => return id(&answer.sha).map(|commit| MergeOutcome::Merged { commit }),
                Err(Fault::NotAllowed(said)) if not_this_way(&said) => {
                    last = Some(Fault::NotAllowed(said));
                }
                Err(
                    fault @ (Fault::Unclear(_)
                    | Fault::NotAllowed(_)
                    | Fault::Conflict(_)
                    | Fault::Unprocessable(_)),
                ) => return self.not_merged(location, repository, watched, fault).await,
                Err(other) => return Err(other),
            }
        }
        Err(last.unwrap_or_else(|| Fault::Refused("no way to merge is allowed there".to_owned())))
    }

    /// Why it was not merged, or that it was all the same.
    async fn not_merged(
        &self,
        location: &Location,
        repository: &Repository,
        watched: &WatchedPullRequest,
        fault: Fault,
    ) -> Result<MergeOutcome, Fault> {
        let pull = self.pull(location, watched.number).await?;
        if let Some(commit) = pull.merged()? {
            return Ok(MergeOutcome::Merged { commit });
        }
        match self.branch(location, &watched.head).await? {
            Some(head) if head == watched.head_commit => {}
            Some(head) => {
                return Err(Fault::Refused(format!(
                    "{} stands at {head}, not at {} that was checked: somebody pushed to it, so it \
                     is theirs to merge, at GitHub",
                    watched.head, watched.head_commit
                )));
            }
            None => return Err(Fault::Refused(format!("there is no branch {}", watched.head))),
        }
        match conflicts(&pull) {
            true => {
                let files = self.conflicting(location, repository, watched).await?;
                Ok(MergeOutcome::Conflict { files })
            }
            false => Err(fault),
        }
    }

    /// GitHub says that files conflict, and not which: those that both sides changed.
    async fn conflicting(
        &self,
        location: &Location,
        repository: &Repository,
        watched: &WatchedPullRequest,
    ) -> Result<Vec<String>, Fault> {
        let base = &watched.base_commit;
        let ours = self.changed(location, base, watched.head_commit.as_str()).await?;
        let theirs = self.changed(location, base, &repository.default_branch).await?;
        Ok(ours.intersection(&theirs).cloned().collect())
    }

    async fn changed(
        &self,
        location: &Location,
        base: &GitCommit,
        to: &str,
    ) -> Result<BTreeSet<String>, Fault> {
        let path = format!("/compare/{base}...{}", encoded(to));
        let comparison: Comparison = self.client.ask(location, Call::get(path)).await?;
        Ok(comparison.files.into_iter().map(|file| file.filename).collect())
    }
}

fn conflicts(pull: &PullAnswer) -> bool {
    pull.mergeable == Some(false)
}

/// The repository's settings forbid this way of merging; another may be allowed.
fn not_this_way(said: &str) -> bool {
    [
        "Merge commits are not allowed",
        "Squash merges are not allowed",
        "Rebase merges are not allowed",
    ]
    .iter()
    .any(|words| said.contains(words))
}
