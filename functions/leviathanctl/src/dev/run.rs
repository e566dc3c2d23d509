//! One run of `dev` or `try`, from its first line to its last.

use leviathan_core::state::State;
use leviathan_local::forge::LocalForge;

use super::engine::{Ended, Engine, Setup};
use super::live::Live;
use super::wrapper::PortWrapper;
use super::{Chosen, next_steps, register, warn_empty, warn_uncommitted};
use crate::commands::dev::remember;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Format, Output};
use crate::state_folder::StateFolder;
use crate::text::plain;

/// A run, started: the programs are wired, the targets registered.
pub struct Run {
    /// The programs.
    pub engine: Engine,
    state: StateFolder,
    output: Output,
}

impl Run {
    /// Starts the programs and says what is so.
    pub async fn start(
        setup: Setup,
        forge: LocalForge,
        chosen: Vec<Chosen>,
        wrapper: &dyn PortWrapper,
        output: Output,
    ) -> Result<Self, CommandError> {
        let state = setup.state.clone();
        let token_place = match setup.operator_token {
            Some(_) => format!("${}", crate::commands::dev::OPERATOR_TOKEN),
            None => state.operator_token().display().to_string(),
        };
        let engine = Engine::start(setup, forge.clone(), wrapper, output).await?;
        remember(&state);
        output.note(format!("state:     {}", state.root().display()));
        output.note(format!("api:       {} (token in {token_place})", engine.api_url));
        output.note(format!("isolation: {}", engine.isolation));
        for target in &chosen {
            output.note(plain(&format!(
                "target:    {} at {}, branch {}",
                target.id, target.found.location, target.found.default_branch
            )));
        }
        warn_uncommitted(&forge, &chosen, output).await;
        warn_empty(&forge, &chosen, output).await;
        register(&engine.log, &chosen).await?;
        Ok(Self { engine, state, output })
    }

    /// Runs to its end, showing what happens.
    pub async fn session(&mut self, until_idle: bool, sample: bool) -> Result<Exit, CommandError> {
        let live = Live::start(std::sync::Arc::clone(&self.engine.log), self.output).await?;
        let (state, output) = (self.state.clone(), self.output);
        let told = |idle: &State| {
            if output.format == Format::Table && !until_idle {
                next_steps::print(idle, &state, sample, output);
                output.note("Waiting for news; Ctrl-C stops.");
            }
        };
        let ended = self.engine.run(until_idle, interrupted(), told).await;
        if ended.is_err() {
            // What still runs must not outlive the program; the first error is the one to tell.
            let _ = self.engine.end_jobs().await;
        }
        live.end().await;
        match ended? {
            Ended::Idle => {
                if self.output.format == Format::Table {
                    let view = self.engine.log.view().await?;
                    next_steps::print(&view.state, &self.state, sample, self.output);
                }
            }
            Ended::Stopped => {
                self.output.note("Stopped; the same command goes on where it was.");
            }
        }
        Ok(Exit::Done)
    }
}

/// Resolves on Ctrl-C or SIGTERM.
async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}
