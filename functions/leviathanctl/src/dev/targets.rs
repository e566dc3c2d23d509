//! From what a person typed to registered targets.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use leviathan_core::decide::operator as orders;
use leviathan_core::event::Principal;
use leviathan_core::fact::TargetRegistered;
use leviathan_core::ids::{Digest, TargetId, slug};
use leviathan_core::ports::Forge;
use leviathan_core::ports::forge::Repository;
use leviathan_local::forge::{Found, LocalForge};
use leviathan_log::{Log, Transaction};
use leviathan_runtime::clock::SystemClock;

use crate::commands::session::operator;
use crate::error::CommandError;
use crate::output::Output;

/// A target that was asked for.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// Its id, from its name.
    pub id: TargetId,
    /// Where it is.
    pub found: Found,
}

impl Chosen {
    /// As the forge port wants it.
    pub fn repository(&self) -> Repository {
        Repository {
            location: self.found.location.clone(),
            default_branch: self.found.default_branch.clone(),
        }
    }

    /// A folder name for its state: the name for people, a digest so that no two share it.
    pub fn state_name(&self) -> String {
        format!("{}-{}", self.id, &Digest::of(self.found.location.as_bytes()).as_str()[..8])
    }
}

/// A forge to find targets with, before it is known where their state lies.
pub struct Finding {
    /// The forge.
    pub forge: LocalForge,
    _folder: tempfile::TempDir,
}

/// See [`Finding`]. Its folder goes when it is dropped.
pub fn finding_forge() -> Result<Finding, CommandError> {
    let folder = tempfile::tempdir().map_err(|error| {
        CommandError::failed(
            format!("no temporary folder can be made: {error}"),
            "free some disk space, or set TMPDIR",
        )
    })?;
    let forge = LocalForge::new(folder.path(), Arc::new(SystemClock));
    Ok(Finding { forge, _folder: folder })
}

/// Finds each repository and gives it an id.
pub async fn choose(
    forge: &LocalForge,
    typed: &[String],
    branch: Option<&str>,
) -> Result<Vec<Chosen>, CommandError> {
    let mut chosen: Vec<Chosen> = Vec::new();
    let mut taken = BTreeSet::new();
    for typed in typed {
        let found = forge.find(typed, branch).await.map_err(|error| {
            CommandError::failed(
                error.to_string(),
                "check the path or URL, and the branch that --branch names",
            )
        })?;
        if chosen.iter().any(|other| other.found.location == found.location) {
            continue;
        }
        let id = id_of(&found.location, &mut taken)?;
        chosen.push(Chosen { id, found });
    }
    Ok(chosen)
}

fn id_of(location: &str, taken: &mut BTreeSet<String>) -> Result<TargetId, CommandError> {
    let name = location.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    let name = slug(name.strip_suffix(".git").unwrap_or(name), 40);
    let id = if taken.insert(name.clone()) {
        name
    } else {
        format!("{name}-{}", &Digest::of(location.as_bytes()).as_str()[..6])
    };
    id.parse().map_err(|error| CommandError::failed(format!("{error}"), "rename the folder"))
}

/// Works for them from now on.
pub async fn register(log: &Log, chosen: &[Chosen]) -> Result<(), CommandError> {
    for target in chosen {
        let fact = TargetRegistered {
            target_id: target.id.clone(),
            name: target.id.to_string(),
            repo_url: target.found.location.clone(),
            default_branch: target.found.default_branch.clone(),
        };
        let mut transaction = Transaction::of("register", Principal::operator(operator()));
        transaction.target = Some(target.id.clone());
        log.transact(&transaction, move |state, _| orders::register(state, &fact)).await?;
    }
    Ok(())
}

/// Says what differs under `.leviathan/` between the working tree and the default branch.
pub async fn warn_uncommitted(forge: &LocalForge, chosen: &[Chosen], output: Output) {
    for target in chosen {
        let Ok(paths) = forge.uncommitted(&target.repository()).await else { continue };
        for path in paths {
            let top = target.found.working_tree.as_deref().unwrap_or_else(|| Path::new(""));
            output.note(format!(
                "warning: {} differs from branch {}: not committed, not seen",
                crate::text::plain(&top.join(path).display().to_string()),
                target.found.default_branch,
            ));
        }
    }
}

/// Says of a target without a git commit that there is nothing to do yet.
pub async fn warn_empty(forge: &LocalForge, chosen: &[Chosen], output: Output) {
    for target in chosen {
        if let Ok(None) = forge.head(&target.repository()).await {
            output.note(crate::text::plain(&format!(
                "warning: {} has no git commit on branch {}: nothing is done there before the first",
                target.found.location, target.found.default_branch,
            )));
        }
    }
}
