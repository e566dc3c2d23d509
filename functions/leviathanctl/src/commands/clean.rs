//! `leviathanctl dev clean`: takes back what runs on this machine made. Lists, asks, then removes.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use leviathan_core::ids::GitCommit;
use leviathan_core::ports::forge::Repository;
use leviathan_core::state::{State, Target};
use leviathan_local::forge::{Deleted, LocalForge, is_url};
use leviathan_runtime::clock::SystemClock;

use crate::cli::{CleanArgs, Global};
use crate::commands::aged;
use crate::commands::dev::sample_folder;
use crate::commands::existing_state;
use crate::dev::open_cluster;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::state_folder::StateFolder;
use crate::text::plain;

/// One branch of ours, and what is to become of it.
struct Branch {
    repository: Repository,
    name: String,
    ours: GitCommit,
    /// Where it stands, if somebody else pushed to it: then it stays.
    moved_to: Option<GitCommit>,
}

/// Lists, asks, removes.
pub(crate) async fn run(
    arguments: &CleanArgs,
    global: &Global,
    output: Output,
) -> Result<Exit, CommandError> {
    let state = existing_state(global, output)?;
    // Held to the end: nothing may run on this state meanwhile.
    let _cluster = open_cluster(&state, false)?;
    let log = state.open("dev clean")?.log;
    let mut view = log.view().await?;
    // Branches of what is long over are there to be removed too.
    aged::newest(&log, &mut view, None, usize::MAX, |_| true).await?;
    let forge = LocalForge::new(state.forge(), Arc::new(SystemClock));
    let branches = branches(&forge, &view.state).await?;
    let sample = sample_of(&state, &view.state);
    match output.format {
        Format::Table => list(&branches, &state, sample.as_ref(), output),
        Format::Json => output.json(&as_json(&branches, &state, sample.as_ref(), arguments)),
    }
    if arguments.dry_run {
        return Ok(Exit::Done);
    }
    if !arguments.yes {
        ask()?;
    }
    for branch in branches.iter().filter(|branch| branch.moved_to.is_none()) {
        delete(&forge, branch, output).await?;
    }
    if let Some(folder) = &sample {
        remove(folder)?;
    }
    remove(state.root())?;
    output.note("Done.");
    Ok(Exit::Done)
}

async fn branches(forge: &LocalForge, state: &State) -> Result<Vec<Branch>, CommandError> {
    let mut found = Vec::new();
    for (id, target) in &state.targets {
        // A mirror lies in the state folder and goes with it.
        if is_url(&target.repository) {
            continue;
        }
        let repository = Repository {
            location: target.repository.clone(),
            default_branch: target.default_branch.clone(),
        };
        let Ok(standing) = forge.agent_branches(&repository).await else { continue };
        for (name, ours) in made_by_us(state, id, target) {
            let Some((_, head)) = standing.iter().find(|(branch, _)| *branch == name) else {
                continue;
            };
            let moved_to = (*head != ours).then(|| head.clone());
            found.push(Branch { repository: repository.clone(), name, ours, moved_to });
        }
    }
    Ok(found)
}

/// Every branch that the log says we pushed, with the git commit that we left it at.
fn made_by_us(
    state: &State,
    id: &leviathan_core::ids::TargetId,
    target: &Target,
) -> Vec<(String, GitCommit)> {
    let opened = target.pull_requests.values().map(|pull_request| {
        (pull_request.opened.branch_name.clone(), pull_request.opened.commit_sha.clone())
    });
    // Prepared but not opened: the process may have ended right after the push.
    let prepared = state
        .attempts
        .values()
        .filter(|attempt| attempt.target == *id && attempt.pull_request.is_none())
        .filter_map(|attempt| attempt.prepared.as_ref())
        .map(|prepared| (prepared.branch.clone(), prepared.git_commit.clone()));
    opened.chain(prepared).collect()
}

fn sample_of(state: &StateFolder, known: &State) -> Option<PathBuf> {
    let folder = sample_folder(state);
    let canonical = fs::canonicalize(&folder).ok()?;
    let is_target = known
        .targets
        .values()
        .any(|target| fs::canonicalize(&target.repository).is_ok_and(|path| path == canonical));
    if is_target { folder.parent().map(PathBuf::from) } else { None }
}

fn list(branches: &[Branch], state: &StateFolder, sample: Option<&PathBuf>, output: Output) {
    output.line("This goes:");
    for branch in branches.iter().filter(|branch| branch.moved_to.is_none()) {
        output.line(plain(&format!("  branch {} of {}", branch.name, branch.repository.location)));
    }
    if let Some(folder) = sample {
        output.line(format!("  the sample target in {}", folder.display()));
    }
    output.line(format!("  the state in {} (the log included)", state.root().display()));
    for branch in branches {
        if let Some(head) = &branch.moved_to {
            output.line(plain(&format!(
                "This stays: branch {} of {}: somebody else pushed to it (it stands at {head})",
                branch.name, branch.repository.location,
            )));
        }
    }
}

fn as_json(
    branches: &[Branch],
    state: &StateFolder,
    sample: Option<&PathBuf>,
    arguments: &CleanArgs,
) -> serde_json::Value {
    let names = |moved: bool| -> Vec<serde_json::Value> {
        branches
            .iter()
            .filter(|branch| branch.moved_to.is_some() == moved)
            .map(|branch| {
                serde_json::json!({
                    "repository": branch.repository.location,
                    "branch": branch.name,
                    "stands_at": branch.moved_to.as_ref().unwrap_or(&branch.ours),
                })
            })
            .collect()
    };
    serde_json::json!({
        "dry_run": arguments.dry_run,
        "branches_to_remove": names(false),
        "branches_that_stay": names(true),
        "sample_target": sample,
        "state": state.root(),
    })
}

fn ask() -> Result<(), CommandError> {
    let refused = |what: &str| {
        CommandError::new(Exit::PersonNeeded, what, "start again and say yes, or use --yes")
    };
    if !Output::is_interactive() {
        return Err(refused("nothing was removed: nobody is here to be asked"));
    }
    match dialoguer::Confirm::new().with_prompt("Remove all this?").default(false).interact() {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(refused("nothing was removed")),
    }
}

async fn delete(forge: &LocalForge, branch: &Branch, output: Output) -> Result<(), CommandError> {
    let deleted = forge.delete_branch(&branch.repository, &branch.name, &branch.ours).await;
    match deleted {
        Ok(Deleted::Gone) => {}
        Ok(Deleted::Moved { .. }) => {
            output.note(plain(&format!("branch {} was pushed to just now: it stays", branch.name)));
        }
        Ok(Deleted::CheckedOut(checkout)) => output.note(plain(&format!(
            "branch {} is checked out in {}: it stays; remove it with git",
            branch.name,
            checkout.path.display(),
        ))),
        Err(error) => {
            return Err(CommandError::failed(error.to_string(), "the state is kept; try again"));
        }
    }
    Ok(())
}

fn remove(folder: &std::path::Path) -> Result<(), CommandError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(CommandError::failed(
            format!("{} can't be removed: {error}", folder.display()),
            "remove it by hand",
        )),
        _ => Ok(()),
    }
}
