//! `leviathanctl dev`: everything on this machine, on a sample target or on a person's own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leviathan_core::ids::Digest;
use leviathan_local::forge::LocalForge;
use leviathan_runtime::clock::SystemClock;
use leviathan_tick::TextFile;

use crate::cli::{DevArgs, DevCommand, Global};
use crate::commands::{clean, states_root};
use crate::dev::wrapper::PortWrapper;
use crate::dev::{self, Chosen, Setup};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::state_folder::{self, StateFolder};

/// Runs `dev`, or `dev clean`.
pub(crate) async fn run(
    arguments: DevArgs,
    global: &Global,
    output: Output,
    wrapper: &dyn PortWrapper,
) -> Result<Exit, CommandError> {
    if let Some(DevCommand::Clean(arguments)) = &arguments.command {
        return clean::run(arguments, global, output).await;
    }
    leviathan_local::forge::check_git().map_err(|error| {
        CommandError::failed(error.to_string(), "install git, then start again")
    })?;
    let sample = arguments.target.is_empty();
    let (state, chosen, forge) =
        if sample { open_sample(global).await? } else { open_targets(&arguments, global).await? };
    let setup = Setup {
        state: state.clone(),
        listen: arguments.listen.clone(),
        organisation_policy: organisation_policy(arguments.organisation_policy.as_deref())?,
        stand_ins: BTreeMap::new(),
        operator_token: operator_token(),
        // The sample's commands are this program's own.
        trusted: arguments.trust || sample,
        keep_workspaces: arguments.keep_workspaces,
        checkpoint_copy: arguments.checkpoint_copy.clone(),
    };
    let mut run = dev::Run::start(setup, forge, chosen, wrapper, output).await?;
    run.session(arguments.until_idle || sample, sample).await
}

/// The variable that clients of the original take their token from (CONTRACT 1.1), so that one
/// setting serves both sides.
pub(crate) const OPERATOR_TOKEN: &str = "LEVIATHAN_CONTROL_PLANE_TOKEN";

/// The token that the person chose, if they did.
pub(crate) fn operator_token() -> Option<String> {
    let token = std::env::var(OPERATOR_TOKEN).ok()?.trim().to_owned();
    (!token.is_empty()).then_some(token)
}

/// Which state a run works on: `--state`, else a folder of its own under the default place.
pub(crate) fn state_for(global: &Global, name: &str) -> Result<StateFolder, CommandError> {
    match &global.state {
        Some(state) => {
            let state = std::path::absolute(state).unwrap_or_else(|_| state.clone());
            Ok(StateFolder::at(state))
        }
        None => Ok(StateFolder::at(states_root()?.join(name))),
    }
}

/// Lets the next command find this state without being told.
pub(crate) fn remember(state: &StateFolder) {
    if let Ok(root) = states_root() {
        // Only a convenience: without it the next command asks for --state.
        let _ = state_folder::remember_last(&root, state);
    }
}

/// Where the sample target lies, beside its state.
pub(crate) fn sample_folder(state: &StateFolder) -> PathBuf {
    let mut name = state.root().file_name().unwrap_or_default().to_owned();
    name.push("-target");
    state.root().with_file_name(name).join("shop")
}

async fn open_sample(
    global: &Global,
) -> Result<(StateFolder, Vec<Chosen>, LocalForge), CommandError> {
    let state = state_for(global, "sample")?;
    let folder = sample_folder(&state);
    fs::create_dir_all(folder.parent().unwrap_or(&folder)).map_err(|error| {
        CommandError::failed(
            format!("{} can't be made: {error}", folder.display()),
            "name another place with --state",
        )
    })?;
    dev::sample::make(&folder)?;
    let forge = LocalForge::new(state.forge(), Arc::new(SystemClock));
    let typed = [folder.display().to_string()];
    let chosen = dev::choose(&forge, &typed, None).await?;
    Ok((state, chosen, forge))
}

async fn open_targets(
    arguments: &DevArgs,
    global: &Global,
) -> Result<(StateFolder, Vec<Chosen>, LocalForge), CommandError> {
    let finding = dev::finding_forge()?;
    let chosen =
        dev::choose(&finding.forge, &arguments.target, arguments.branch.as_deref()).await?;
    let name = match chosen.as_slice() {
        [one] => one.state_name(),
        several => {
            let all: Vec<&str> = several.iter().map(|one| one.found.location.as_str()).collect();
            format!("targets-{}", &Digest::of(all.join("\n").as_bytes()).as_str()[..8])
        }
    };
    let state = state_for(global, &name)?;
    let forge = LocalForge::new(state.forge(), Arc::new(SystemClock));
    Ok((state, chosen, forge))
}

fn organisation_policy(path: Option<&Path>) -> Result<Option<TextFile>, CommandError> {
    let Some(path) = path else { return Ok(None) };
    let text = fs::read_to_string(path).map_err(|error| {
        CommandError::failed(
            format!("the organisation's policy {} can't be read: {error}", path.display()),
            "name a readable file with --organisation-policy",
        )
    })?;
    Ok(Some(TextFile { name: path.display().to_string(), text }))
}
