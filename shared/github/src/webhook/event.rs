//! A delivery's event and body, made small and typed. What is not acted upon is named as such, with
//! the reason, so that each delivery ends with an answer.

use leviathan_core::ids::GitCommit;
use serde::Deserialize;

use crate::Location;

/// What a delivery tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Something became of a pull request.
    PullRequest {
        /// Where.
        repository: Location,
        /// Its number.
        number: u64,
        /// What.
        news: PullRequestNews,
    },
    /// A branch moved.
    Pushed {
        /// Where.
        repository: Location,
        /// The branch, without `refs/heads/`.
        branch: String,
        /// Where it stands now.
        head: GitCommit,
    },
    /// The webhook was set up, or somebody tests it.
    Ping,
    /// Nothing that changes anything here.
    Ignored {
        /// Why, for a person.
        reason: String,
    },
}

/// What became of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PullRequestNews {
    /// It is open, its branch at this git commit: opened, reopened or pushed to.
    Open {
        /// Where the branch stands.
        head: GitCommit,
    },
    /// A person merged it.
    Merged {
        /// The git commit on the branch that it went into.
        commit: GitCommit,
    },
    /// A person closed it without merge.
    Closed,
}

/// A body that is not what GitHub sends for this event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the body of a {event} delivery cannot be read: {reason}")]
pub struct ParseError {
    /// The event that the header names.
    pub event: String,
    /// What is wrong.
    pub reason: String,
}

#[derive(Deserialize)]
struct PullRequestBody {
    action: String,
    number: u64,
    pull_request: PullRequest,
    repository: Repository,
}

#[derive(Deserialize)]
struct PullRequest {
    #[serde(default)]
    merged: Option<bool>,
    #[serde(default)]
    merge_commit_sha: Option<String>,
    head: Head,
}

#[derive(Deserialize)]
struct Head {
    sha: String,
}

#[derive(Deserialize)]
struct Repository {
    html_url: String,
}

#[derive(Deserialize)]
struct PushBody {
    #[serde(rename = "ref")]
    name: String,
    after: String,
    #[serde(default)]
    deleted: bool,
    repository: Repository,
}

#[derive(Deserialize)]
struct InstallationBody {
    action: String,
}

/// Reads what a delivery tells. `event_header` is the value of `X-GitHub-Event`. The signature has
/// to be checked before.
///
/// # Errors
/// If the body is not what GitHub sends for an event that is acted upon.
pub fn parse(event_header: &str, raw_body: &[u8]) -> Result<Told, ParseError> {
    match event_header {
        "pull_request" => pull_request(raw_body),
        "push" => push(raw_body),
        "ping" => Ok(Told::Ping),
        "installation" | "installation_repositories" => {
            let body: InstallationBody = read(event_header, raw_body)?;
            Ok(ignored(format!(
                "the app's installation says {:?}: what can no longer be read shows at the next tick",
                shown(&body.action)
            )))
        }
        other => Ok(ignored(format!("nothing here depends on the event {:?}", shown(other)))),
    }
}

fn pull_request(raw_body: &[u8]) -> Result<Told, ParseError> {
    let event = "pull_request";
    let body: PullRequestBody = read(event, raw_body)?;
    let news = match body.action.as_str() {
        "opened" | "reopened" | "synchronize" => PullRequestNews::Open {
            head: id(event, "pull_request.head.sha", &body.pull_request.head.sha)?,
        },
        "closed" if body.pull_request.merged == Some(true) => {
            let commit = body.pull_request.merge_commit_sha.as_deref().unwrap_or_default();
            PullRequestNews::Merged { commit: id(event, "pull_request.merge_commit_sha", commit)? }
        }
        "closed" if body.pull_request.merged == Some(false) => PullRequestNews::Closed,
        "closed" => return Err(unreadable(event, "pull_request.merged is missing")),
        other => {
            return Ok(ignored(format!(
                "nothing here depends on a pull request being {:?}",
                shown(other)
            )));
        }
    };
    let repository = location(event, &body.repository)?;
    Ok(Told::PullRequest { repository, number: body.number, news })
}

fn push(raw_body: &[u8]) -> Result<Told, ParseError> {
    let event = "push";
    let body: PushBody = read(event, raw_body)?;
    let Some(branch) = body.name.strip_prefix("refs/heads/") else {
        return Ok(ignored(format!("{:?} is no branch", shown(&body.name))));
    };
    if body.deleted {
        return Ok(ignored(format!("branch {:?} was deleted", shown(branch))));
    }
    let head = id(event, "after", &body.after)?;
    let repository = location(event, &body.repository)?;
    Ok(Told::Pushed { repository, branch: branch.to_owned(), head })
}

fn read<'a, T: Deserialize<'a>>(event: &str, raw_body: &'a [u8]) -> Result<T, ParseError> {
    serde_json::from_slice(raw_body).map_err(|error| {
        // Only where and what kind: a message of serde can quote the body.
        let reason = match error.classify() {
            serde_json::error::Category::Data => {
                "a part that GitHub sends is missing or of another kind"
            }
            _ => "it is not JSON; set the webhook's content type to application/json",
        };
        let place = format!("line {}, column {}", error.line(), error.column());
        unreadable(event, &format!("{reason} ({place})"))
    })
}

fn id(event: &str, field: &str, text: &str) -> Result<GitCommit, ParseError> {
    text.parse().map_err(|_| unreadable(event, &format!("{field} is no git commit id")))
}

fn location(event: &str, repository: &Repository) -> Result<Location, ParseError> {
    repository.html_url.parse().map_err(|error| unreadable(event, &format!("{error}")))
}

fn unreadable(event: &str, reason: &str) -> ParseError {
    ParseError { event: event.to_owned(), reason: reason.to_owned() }
}

fn ignored(reason: String) -> Told {
    Told::Ignored { reason }
}

/// Enough of a foreign text to know it by.
fn shown(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const HEAD: &str = "1111111111111111111111111111111111111111";
    const MERGE: &str = "2222222222222222222222222222222222222222";

    fn told(event: &str, body: &Value) -> Result<Told, ParseError> {
        parse(event, body.to_string().as_bytes())
    }

    fn pull_request(action: &str, merged: Option<bool>) -> Value {
        json!({
            "action": action,
            "number": 7,
            "pull_request": {
                "merged": merged,
                "merge_commit_sha": MERGE,
                "head": {"sha": HEAD, "ref": "agent/x"},
            },
            "repository": {"html_url": "https://github.com/acme/shop", "full_name": "acme/shop"},
            "sender": {"login": "ada"},
        })
    }

    #[test]
    fn pull_requests_tell_what_became_of_them() {
        let head: GitCommit = HEAD.parse().unwrap();
        let open = Some(PullRequestNews::Open { head });
        let merged = Some(PullRequestNews::Merged { commit: MERGE.parse().unwrap() });
        for (action, merged_field, expected) in [
            ("opened", Some(false), open.clone()),
            ("reopened", Some(false), open.clone()),
            ("synchronize", None, open),
            ("closed", Some(true), merged),
            ("closed", Some(false), Some(PullRequestNews::Closed)),
            ("labeled", Some(false), None),
            ("edited", None, None),
        ] {
            let told = told("pull_request", &pull_request(action, merged_field)).unwrap();
            match (told, expected) {
                (Told::PullRequest { repository, number: 7, news }, Some(expected)) => {
                    assert_eq!((repository.owner(), news), ("acme", expected));
                }
                (Told::Ignored { reason }, None) => assert!(reason.contains(action), "{reason}"),
                (told, expected) => panic!("{action}: {told:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn a_close_that_does_not_say_whether_it_was_a_merge_is_refused() {
        let error = told("pull_request", &pull_request("closed", None)).unwrap_err();
        assert!(error.to_string().contains("merged"), "{error}");
    }

    #[test]
    fn pushes_tell_branch_and_head() {
        let push = |name: &str, deleted: bool| {
            json!({"ref": name, "after": HEAD, "deleted": deleted,
                   "repository": {"html_url": "https://github.com/acme/shop"}})
        };
        match told("push", &push("refs/heads/release/1", false)).unwrap() {
            Told::Pushed { branch, head, .. } => {
                assert_eq!((branch.as_str(), head.as_str()), ("release/1", HEAD));
            }
            other => panic!("{other:?}"),
        }
        for ignored in [push("refs/tags/v1", false), push("refs/heads/main", true)] {
            assert!(matches!(told("push", &ignored), Ok(Told::Ignored { .. })), "{ignored}");
        }
    }

    #[test]
    fn other_events_are_ignored_and_named() {
        assert_eq!(parse("ping", b"{\"zen\":\"x\"}"), Ok(Told::Ping));
        for (event, body, named) in [
            ("installation", "{\"action\":\"suspend\"}", "suspend"),
            ("installation_repositories", "{\"action\":\"removed\"}", "removed"),
            ("star", "not even json", "star"),
            ("", "", "\"\""),
        ] {
            match parse(event, body.as_bytes()).unwrap() {
                Told::Ignored { reason } => assert!(reason.contains(named), "{reason}"),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn a_body_that_github_would_not_send_is_refused_without_being_quoted() {
        let other_id = json!({"ref": "refs/heads/main", "after": "HEAD",
                              "repository": {"html_url": "https://github.com/acme/shop"}});
        let other_place = json!({"ref": "refs/heads/main", "after": HEAD,
                                 "repository": {"html_url": "ftp://x"}});
        for body in [
            String::new(),
            "payload=%7B%7D".to_owned(),
            "[]".to_owned(),
            "{\"ref\": \"ghp_secret\"}".to_owned(),
            other_id.to_string(),
            other_place.to_string(),
        ] {
            let error = parse("push", body.as_bytes()).unwrap_err();
            assert!(!error.to_string().contains("ghp_secret"), "{error}");
        }
    }
}
