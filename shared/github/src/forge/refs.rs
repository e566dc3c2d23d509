//! Branches: read with conditional requests, created once and never moved.

use http::Method;
use leviathan_core::ids::GitCommit;
use leviathan_core::ports::ForgeError;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{GitHub, OURS, encoded};
use crate::Location;
use crate::client::{Call, Fault};

/// How often the creation of a branch is asked for while its fate is unclear.
const TRIES: u32 = 3;

#[derive(Deserialize)]
struct RefAnswer {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    sha: String,
}

impl GitHub {
    /// See `Forge::head`. One conditional request, while the branch is there.
    pub(super) async fn head_of(
        &self,
        location: &Location,
        branch: &str,
    ) -> Result<Option<GitCommit>, Fault> {
        check_name(branch)?;
        let read = self
            .client
            .ask_if_changed(location, ref_path(branch), |answer: RefAnswer| id(&answer.object.sha))
            .await;
        match read {
            Ok(head) => Ok(Some(head)),
            // A repository without any git commit.
            Err(Fault::Conflict(_)) => Ok(None),
            Err(Fault::NotFound(said)) => {
                // GitHub says the same of a branch and of a repository that it does not show.
                let there = self.client.ask::<Value>(location, Call::get("")).await;
                there.map_err(|fault| match fault {
                    Fault::NotFound(_) => Fault::NotFound(format!(
                        "{said}; the repository does not exist or the token may not see it"
                    )),
                    other => other,
                })?;
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// Where a branch stands now; `None`: there is none.
    pub(super) async fn branch(
        &self,
        location: &Location,
        branch: &str,
    ) -> Result<Option<GitCommit>, Fault> {
        check_name(branch)?;
        match self.client.ask::<RefAnswer>(location, Call::get(ref_path(branch))).await {
            Ok(answer) => id(&answer.object.sha).map(Some),
            Err(Fault::NotFound(_) | Fault::Conflict(_)) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// See `Forge::create_branch`.
    pub(super) async fn new_branch(
        &self,
        location: &Location,
        branch: &str,
        commit: &GitCommit,
    ) -> Result<(), ForgeError> {
        let action = "create the branch";
        let failed = |fault: Fault| fault.error(action, location);
        check_name(branch).map_err(failed)?;
        if !branch.starts_with(OURS) {
            let reason = format!("{branch} is not below {OURS}: only branches there are ours");
            return Err(failed(Fault::Refused(reason)));
        }
        let mut made = 0;
        loop {
            made += 1;
            let body = json!({"ref": format!("refs/heads/{branch}"), "sha": commit.as_str()});
            let call = Call::write(Method::POST, "/git/refs", Some(body));
            let fault = match self.client.ask::<RefAnswer>(location, call).await {
                Ok(answer) if answer.object.sha == commit.as_str() => return Ok(()),
                Ok(_) => Fault::Unreadable("GitHub names another git commit".to_owned()),
                Err(fault) => fault,
            };
            // It may be there: made by an answer that was lost, by another publisher, or by
            // somebody else. Where it stands decides.
            let unclear = matches!(fault, Fault::Unclear(_));
            if !unclear && !matches!(fault, Fault::Unprocessable(_) | Fault::Unreadable(_)) {
                return Err(failed(fault));
            }
            match self.branch(location, branch).await.map_err(failed)? {
                Some(found) if found == *commit => return Ok(()),
                Some(found) => {
                    return Err(ForgeError::BranchTaken {
                        repository: location.to_string(),
                        branch: branch.to_owned(),
                        found,
                        wanted: commit.clone(),
                    });
                }
                None if unclear && made < TRIES => {}
                None => return Err(failed(explained(fault, branch, commit))),
            }
        }
    }

    /// Deletes a branch that stands where it was last seen. GitHub has no deletion under that
    /// condition, so what is pushed within the same moment goes with it; the pull request keeps it.
    pub(super) async fn delete_branch(
        &self,
        location: &Location,
        branch: &str,
    ) -> Result<(), Fault> {
        let path = format!("/git/refs/heads/{}", encoded(branch));
        match self.client.bytes(location, Call::write(Method::DELETE, path, None)).await {
            Ok(_) | Err(Fault::NotFound(_)) => Ok(()),
            Err(fault @ (Fault::Unprocessable(_) | Fault::Unclear(_))) => {
                match self.branch(location, branch).await? {
                    None => Ok(()),
                    Some(_) => Err(fault),
                }
            }
            Err(other) => Err(other),
        }
    }
}

fn ref_path(branch: &str) -> String {
    format!("/git/ref/heads/{}", encoded(branch))
}

/// Why a branch that is not there could not be made.
fn explained(fault: Fault, branch: &str, commit: &GitCommit) -> Fault {
    match fault {
        Fault::Unprocessable(said) => Fault::Refused(format!(
            "{branch} cannot be made at {commit}: {said}; the git commit is not in the repository, a \
             rule there forbids such branches, or a branch `{}` stands in the way",
            OURS.trim_end_matches('/')
        )),
        other => other,
    }
}

pub(super) fn id(text: &str) -> Result<GitCommit, Fault> {
    text.parse().map_err(|_| {
        let text: String = text.chars().take(80).collect();
        Fault::Unreadable(format!("GitHub answered {text:?} instead of a git commit's id"))
    })
}

/// Git's rules for a branch's name: what breaks them is asked of nobody.
fn check_name(name: &str) -> Result<(), Fault> {
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let fit = !name.starts_with('-')
        && !name.ends_with('.')
        && name != "@"
        && !name.contains("..")
        && !name.contains("@{")
        && !name.chars().any(|c| c.is_ascii_control() || " ~^:?*[\\".contains(c))
        && name.split('/').all(part);
    match fit {
        true => Ok(()),
        false => Err(Fault::Refused(format!("{name:?} is not a branch name that git allows"))),
    }
}
