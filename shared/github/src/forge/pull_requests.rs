//! Pull requests: opened once, watched with conditional requests, closed on a person's word.

use http::Method;
use leviathan_core::ids::GitCommit;
use leviathan_core::ports::forge::{
    NewPullRequest, OpenedPullRequest, PullRequestStatus, WatchedPullRequest,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::refs::id;
use super::{GitHub, encoded};
use crate::Location;
use crate::client::{Call, Fault};

/// How often a pull request is asked for while it is unclear whether there is one.
const TRIES: u32 = 3;

/// How a merge was found: GitHub itself says so.
const FOUND_BY: &str = "forge";

/// As GitHub describes one: alone, and in a list.
#[derive(Deserialize)]
pub(super) struct PullAnswer {
    number: u64,
    html_url: String,
    state: String,
    #[serde(default)]
    merged_at: Option<String>,
    #[serde(default)]
    merge_commit_sha: Option<String>,
    #[serde(default)]
    closed_at: Option<String>,
    #[serde(default)]
    pub(super) mergeable: Option<bool>,
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    sha: String,
}

/// What is kept of an answer.
#[derive(Serialize, Deserialize)]
enum Seen {
    Open(GitCommit),
    Merged(GitCommit),
    Closed(Option<String>),
}

impl GitHub {
    /// See `Forge::open_pull_request`. One that was closed counts: a branch has one attempt's name,
    /// so a person has said no to it, and that is found when it is looked up.
    pub(super) async fn open(
        &self,
        location: &Location,
        request: &NewPullRequest,
    ) -> Result<OpenedPullRequest, Fault> {
        let mut draft = request.draft;
        let mut made = 0;
        loop {
            if let Some(found) = self.with_head(location, &request.head).await? {
                return Ok(found);
            }
            made += 1;
            let body = json!({
                "title": request.title,
                "head": request.head,
                "base": request.base,
                "body": request.body,
                "draft": draft,
                "maintainer_can_modify": true,
            });
            let call = Call::write(Method::POST, "/pulls", Some(body));
            match self.client.ask::<PullAnswer>(location, call).await {
                Ok(answer) => return Ok(opened(answer)),
                // GitHub may have it all the same: looked up, and asked for again.
                Err(Fault::Unclear(_)) if made < TRIES => {}
                // Another publisher was first.
                Err(Fault::Unprocessable(said))
                    if said.contains("already exists") && made < TRIES => {}
                // Private repositories of some plans have none: the body says that it is a skeleton.
                Err(Fault::Unprocessable(said))
                    if draft && said.contains("Draft pull requests") =>
                {
                    draft = false;
                }
                Err(Fault::Unprocessable(said)) => {
                    return Err(self.not_opened(location, request, said).await?);
                }
                Err(other) => return Err(other),
            }
        }
    }

    async fn not_opened(
        &self,
        location: &Location,
        request: &NewPullRequest,
        said: String,
    ) -> Result<Fault, Fault> {
        let reason = match self.branch(location, &request.head).await? {
            None => format!("there is no branch {}: it was deleted", request.head),
            Some(_) => format!("GitHub refuses it: {said}"),
        };
        Ok(Fault::Refused(reason))
    }

    /// The pull request of a branch: the open one, else the newest.
    async fn with_head(
        &self,
        location: &Location,
        head: &str,
    ) -> Result<Option<OpenedPullRequest>, Fault> {
        let head = encoded(&format!("{}:{head}", location.owner()));
        let path = format!("/pulls?state=all&per_page=10&head={head}");
        let mut found: Vec<PullAnswer> = self.client.ask(location, Call::get(path)).await?;
        found.sort_by_key(|answer| (answer.state == "open", answer.number));
        Ok(found.pop().map(opened))
    }

    /// See `Forge::pull_request`. One conditional request.
    pub(super) async fn status(
        &self,
        location: &Location,
        watched: &WatchedPullRequest,
    ) -> Result<PullRequestStatus, Fault> {
        let path = pull_path(watched.number);
        let seen = self.client.ask_if_changed(location, path, |answer: PullAnswer| seen(&answer));
        Ok(match seen.await? {
            Seen::Open(head) => PullRequestStatus::Open { head },
            Seen::Merged(commit) => PullRequestStatus::Merged { commit, found_by: FOUND_BY },
            Seen::Closed(at) => PullRequestStatus::Closed {
                reason: match at {
                    Some(at) => format!("closed at GitHub at {at}"),
                    None => "closed at GitHub".to_owned(),
                },
            },
        })
    }

    /// The pull request as it is now.
    pub(super) async fn pull(&self, location: &Location, number: u64) -> Result<PullAnswer, Fault> {
        self.client.ask(location, Call::get(pull_path(number))).await
    }

    /// See `Forge::close`. GitHub closes a pull request whose branch is deleted.
    pub(super) async fn close_unmerged(
        &self,
        location: &Location,
        watched: &WatchedPullRequest,
    ) -> Result<(), Fault> {
        match self.branch(location, &watched.head).await? {
            None => Ok(()),
            Some(found) if found == watched.head_commit => {
                self.delete_branch(location, &watched.head).await
            }
            Some(found) => Err(Fault::Refused(format!(
                "{} stands at {found}: somebody pushed to it, so it stays; delete it at GitHub",
                watched.head
            ))),
        }
    }
}

impl PullAnswer {
    /// The git commit that holds it, if it was merged.
    pub(super) fn merged(&self) -> Result<Option<GitCommit>, Fault> {
        match &self.merged_at {
            Some(_) => id(self.merge_commit_sha.as_deref().unwrap_or_default()).map(Some),
            None => Ok(None),
        }
    }
}

pub(super) fn pull_path(number: u64) -> String {
    format!("/pulls/{number}")
}

fn seen(answer: &PullAnswer) -> Result<Seen, Fault> {
    if let Some(commit) = answer.merged()? {
        return Ok(Seen::Merged(commit));
    }
    match answer.state.as_str() {
        "open" => id(&answer.head.sha).map(Seen::Open),
        "closed" => {
            // It goes into the log: only what looks like a time.
            let at = answer.closed_at.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
            Ok(Seen::Closed(at.map(|at| at.to_string())))
        }
        other => {
            let other: String = other.chars().take(40).collect();
            Err(Fault::Unreadable(format!("GitHub says that it is {other:?}")))
        }
    }
}

fn opened(answer: PullAnswer) -> OpenedPullRequest {
    OpenedPullRequest { number: Some(answer.number), url: answer.html_url }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const ID: &str = "1111111111111111111111111111111111111111";

    #[test]
    fn what_became_of_it_follows_from_the_answer() {
        let answer = |state: &str, merged_at: Value, merge: Value, sha: &str| -> PullAnswer {
            serde_json::from_value(json!({
                "number": 7, "html_url": "https://github.com/acme/shop/pull/7", "state": state,
                "merged_at": merged_at, "merge_commit_sha": merge, "head": {"sha": sha},
                "closed_at": "2026-01-02T03:04:05Z",
            }))
            .unwrap()
        };
        let time = json!("2026-01-02T03:04:05Z");
        for (state, merged_at, merge, head, expected) in [
            // An open one has the git commit of a trial merge there.
            ("open", Value::Null, json!(ID), ID, "open"),
            ("closed", Value::Null, json!(ID), ID, "closed"),
            ("closed", Value::Null, Value::Null, ID, "closed"),
            ("closed", time.clone(), json!(ID), ID, "merged"),
            ("closed", time.clone(), Value::Null, ID, "fault"),
            ("closed", time, json!("main"), ID, "fault"),
            ("open", Value::Null, Value::Null, "", "fault"),
            ("draft", Value::Null, Value::Null, ID, "fault"),
        ] {
            let word = match seen(&answer(state, merged_at, merge, head)) {
                Ok(Seen::Open(_)) => "open",
                Ok(Seen::Merged(_)) => "merged",
                Ok(Seen::Closed(_)) => "closed",
                Err(_) => "fault",
            };
            assert_eq!(word, expected, "{state}");
        }
    }
}
