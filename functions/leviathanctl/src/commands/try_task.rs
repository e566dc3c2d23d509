//! `leviathanctl try`: one task's pull request in any repository, without a file of ours in it.
//! Backlog and policy live in the state folder; log and receipt say so.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use leviathan_core::decide::operator as orders;
use leviathan_core::event::Principal;
use leviathan_core::fact::TaskStatus;
use leviathan_core::ids::{Digest, GitCommit, TaskId, slug};
use leviathan_core::paths::AllowedPaths;
use leviathan_core::ports::Forge;
use leviathan_core::state::{AttemptStatus, State};
use leviathan_local::forge::LocalForge;
use leviathan_log::{Log, Transaction};
use leviathan_runtime::clock::SystemClock;
use leviathan_tick::{StandIn, TextFile};
use serde_json::json;

use crate::cli::{Global, TryArgs};
use crate::commands::dev::{operator_token, state_for};
use crate::commands::session::operator;
use crate::dev::wrapper::PortWrapper;
use crate::dev::{self, Chosen, Run, Setup};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::state_folder::StateFolder;

/// Runs the one task to its end.
pub(crate) async fn run(
    arguments: TryArgs,
    global: &Global,
    output: Output,
    wrapper: &dyn PortWrapper,
) -> Result<Exit, CommandError> {
    leviathan_local::forge::check_git().map_err(|error| {
        CommandError::failed(error.to_string(), "install git, then start again")
    })?;
    usable_paths(&arguments.allow)?;
    let finding = dev::finding_forge()?;
    let typed = std::slice::from_ref(&arguments.path);
    let chosen = dev::choose(&finding.forge, typed, arguments.branch.as_deref()).await?;
    let Some(target) = chosen.first().cloned() else { return Ok(Exit::Failed) };
    let base = base(&finding.forge, &target).await?;
    let task = task_id(&arguments, &target, &base)?;
    let state =
        state_for(global, &format!("try-{}-{}", target.id, hash_of(&arguments, &target, &base)))?;
    let files = stand_in(&arguments, &task, &state)?;
    let setup = Setup {
        state: state.clone(),
        listen: "127.0.0.1:0".to_owned(),
        organisation_policy: None,
        stand_ins: BTreeMap::from([(target.id.clone(), files)]),
        operator_token: operator_token(),
        trusted: arguments.trust,
        keep_workspaces: false,
        checkpoint_copy: None,
    };
    let forge = LocalForge::new(state.forge(), Arc::new(SystemClock));
    let mut run = Run::start(setup, forge, chosen, wrapper, output).await?;
    output.note(format!("backlog and policy of this task: {}", state.stand_in().display()));
    try_again(&run.engine.log, &target, &task).await?;
    run.session(true, false).await?;
    let view = run.engine.log.view().await?;
    Ok(verdict(&view.state, &target, &task))
}

/// Refused here, before anything is made, in the words of the option.
fn usable_paths(allow: &[String]) -> Result<(), CommandError> {
    let (_, problems) = AllowedPaths::new(allow);
    match problems.first() {
        None => Ok(()),
        Some(problem) => Err(CommandError::new(
            Exit::Usage,
            format!("--allow: {problem}"),
            "name each file, or each folder with a `/` at its end",
        )),
    }
}

async fn base(forge: &LocalForge, target: &Chosen) -> Result<GitCommit, CommandError> {
    let head = forge.head(&target.repository()).await.map_err(|error| {
        CommandError::failed(error.to_string(), "check the repository, then start again")
    })?;
    head.ok_or_else(|| {
        CommandError::failed(
            format!(
                "{} has no git commit on branch {}",
                target.found.location, target.found.default_branch
            ),
            "commit something first, or name another branch with --branch",
        )
    })
}

/// The same task on the same base of the same repository is the same try: run again after a crash,
/// it goes on. Two clones in folders of one name are two repositories.
fn hash_of(arguments: &TryArgs, target: &Chosen, base: &GitCommit) -> String {
    let TryArgs { allow, check, env, file, title, command, .. } = arguments;
    let all =
        json!([allow, check, env, file, title, command, base, target.found.location]).to_string();
    Digest::of(all.as_bytes()).as_str()[..8].to_owned()
}

fn task_id(arguments: &TryArgs, target: &Chosen, base: &GitCommit) -> Result<TaskId, CommandError> {
    let command = slug(&arguments.command.join(" "), 30);
    format!("{command}-{}", hash_of(arguments, target, base))
        .parse()
        .map_err(|error| CommandError::failed(format!("{error}"), "shorten the command"))
}

/// JSON is YAML, and needs no quoting rules of our own.
fn stand_in(
    arguments: &TryArgs,
    task: &TaskId,
    state: &StateFolder,
) -> Result<StandIn, CommandError> {
    let title = arguments.title.clone().unwrap_or_else(|| shell_words::join(&arguments.command));
    let backlog = json!({"tasks": [{
        "id": task,
        "title": title,
        "scope": "try",
        "priority": "high",
        "ready": true,
        "allowed_paths": arguments.allow,
        "acceptance_criteria": [],
    }]});
    let limits = |run: &[String]| {
        json!({
            "run": run,
            "env": arguments.env,
            "files": arguments.file,
            "time_limit_seconds": arguments.time_limit,
        })
    };
    let mut scope = limits(&arguments.command);
    // The task's own allowed_paths are the boundary.
    scope["allowed_paths"] = json!(["**"]);
    let mut invariants = Vec::new();
    for check in &arguments.check {
        let argv = shell_words::split(check).map_err(|error| {
            CommandError::new(
                Exit::Usage,
                format!("--check {check:?} is not a command: {error}"),
                "close the quotes",
            )
        })?;
        let mut invariant = limits(&argv);
        invariant["name"] = json!(check);
        invariants.push(invariant);
    }
    let commands = u64::try_from(arguments.check.len()).unwrap_or(u64::MAX).saturating_add(1);
    let minutes = u64::from(arguments.time_limit).saturating_mul(commands) / 60 + 5;
    let policy = json!({
        "version": 2,
        "scopes": {"try": scope},
        "invariants": invariants,
        "guardrails": {
            "max_open_prs": 1,
            "max_attempts_per_task": 1,
            "attempt_timeout_minutes": minutes,
        },
        "write_back": false,
    });
    Ok(StandIn {
        backlog: write(state, "backlog.yaml", &backlog)?,
        policy: write(state, "policy.yaml", &policy)?,
    })
}

fn write(
    state: &StateFolder,
    name: &str,
    content: &serde_json::Value,
) -> Result<TextFile, CommandError> {
    let text = format!("{content:#}\n");
    let path = state.stand_in().join(name);
    let written =
        fs::create_dir_all(state.stand_in()).and_then(|()| fs::write(&path, text.as_bytes()));
    written.map_err(|error| {
        CommandError::failed(
            format!("{} can't be written: {error}", path.display()),
            "check its permissions, or name another folder with --state",
        )
    })?;
    Ok(TextFile { name: path.display().to_string(), text })
}

/// The same try again, after a failure or a person's no, is a person's wish to have it again.
async fn try_again(log: &Log, target: &Chosen, task: &TaskId) -> Result<(), CommandError> {
    let blocked = log
        .view()
        .await?
        .state
        .task(&target.id, task)
        .is_some_and(|task| task.status == TaskStatus::Blocked);
    if blocked {
        let transaction = Transaction::of("unblock", Principal::operator(operator()));
        let (target, task) = (target.id.clone(), task.clone());
        let decide = move |state: &State| {
            orders::unblock(state, &target, &task, "the same try was started again")
        };
        // A refusal means that it is no longer blocked: then there is nothing to free.
        let _ = log.transact(&transaction, move |state, _| decide(state)).await?.answer;
    }
    Ok(())
}

/// 0 with a pull request, or where nothing had to change; else 1.
fn verdict(state: &State, target: &Chosen, task: &TaskId) -> Exit {
    let Some(known) = state.task(&target.id, task) else { return Exit::Failed };
    let unchanged = state.attempts.values().any(|attempt| {
        attempt.task == *task
            && attempt.generation == known.wish.generation
            && attempt.status == AttemptStatus::Succeeded
    });
    match known.status {
        TaskStatus::PrOpen | TaskStatus::Completed => Exit::Done,
        _ if unchanged => Exit::Done,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_a_task_may_not_name_is_a_wrong_command_line() {
        let typed = |paths: &[&str]| {
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            usable_paths(&paths).map_err(|error| (error.exit, error.what))
        };
        assert_eq!(typed(&["Cargo.lock", "docs/", "-rf", "with space/é"]), Ok(()));
        for wrong in ["./", "**", "../x", "/etc/passwd", ""] {
            let (exit, what) = typed(&["ok", wrong]).unwrap_err();
            assert_eq!(exit, Exit::Usage, "{wrong}");
            assert!(what.starts_with("--allow: "), "{what}");
        }
    }

    #[test]
    fn two_clones_of_one_repository_are_two_tries() {
        let words = ["leviathanctl", "try", ".", "--allow", "a", "--", "true"];
        let crate::cli::Command::Try(arguments) =
            <crate::cli::Cli as clap::Parser>::parse_from(words).command
        else {
            panic!("these words are a try");
        };
        let base: GitCommit = "1".repeat(40).parse().unwrap();
        let clone_in = |location: &str| Chosen {
            id: "shop".parse().unwrap(),
            found: leviathan_local::forge::Found {
                location: location.to_owned(),
                default_branch: "main".to_owned(),
                working_tree: None,
            },
        };
        let hash = |location: &str| hash_of(&arguments, &clone_in(location), &base);
        assert_eq!(hash("/a/shop"), hash("/a/shop"));
        assert_ne!(hash("/a/shop"), hash("/b/shop"));
    }
}
