//! One scheduling pass.
//!
//! Woken by a schedule (and on one machine by news). Reads the forge and the log; writes the log
//! and the queue; never a repository. In order: what became of pull requests, what the files say,
//! what may run, what is owed since too long, and the
//! log's own upkeep. A target that can't be read delays only itself.

#[cfg(feature = "lambda")]
pub mod config;
pub mod files;
mod pull_requests;
mod upkeep;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use leviathan_core::decide::tick::TickReport;
use leviathan_core::decide::tick::tick as decide_tick;
use leviathan_core::effects::{effects, overdue};
use leviathan_core::event::{Principal, Role};
use leviathan_core::ids::{GitCommit, TargetId};
use leviathan_core::ports::forge::Repository;
use leviathan_core::ports::{Clock, Forge, ForgeError, Queue};
use leviathan_core::state::Target;
use leviathan_log::artifacts::{ArtifactError, Artifacts};
use leviathan_log::{Committed, Log, LogError, Transaction};

pub use upkeep::{Seal, Upkeep};

/// One scheduling pass, with all that it may touch.
pub struct Tick {
    /// The log.
    pub log: Arc<Log>,
    /// Where repositories are read.
    pub forge: Arc<dyn Forge>,
    /// Where work is sent.
    pub queue: Arc<dyn Queue>,
    /// Where task definitions are kept.
    pub artifacts: Artifacts,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The organisation's policy, which a target's can only narrow.
    pub organisation_policy: Option<TextFile>,
    /// Files that stand in for a target's own: `leviathanctl try`.
    pub stand_ins: BTreeMap<TargetId, StandIn>,
    /// Which git commit of a target this process has read last: it is read again only when the
    /// default branch moved. Losing it costs one reading.
    pub read: Mutex<BTreeMap<TargetId, GitCommit>>,
    /// With what the log is sealed; `None`: it is not.
    pub seal: Option<Seal>,
}

/// A file's name, for messages, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// Its name as people know it.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// Backlog and policy of a target that has none of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// Instead of `.leviathan/backlog.yaml`.
    pub backlog: TextFile,
    /// Instead of `.leviathan/policy.yaml`.
    pub policy: TextFile,
}

/// What one pass did.
#[derive(Debug, Default)]
pub struct Pass {
    /// The decision's own report.
    pub report: TickReport,
    /// Targets that could not be read, each with the cause.
    pub troubles: Vec<(TargetId, String)>,
    /// Whether anything was appended, a heartbeat apart.
    pub appended: bool,
    /// What was done for the log itself.
    pub upkeep: Upkeep,
}

/// Why a pass ended early. Everything that it had appended stands; the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum TickError {
    /// The log could not be read or appended to.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Why one target was left out of a pass.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Forge(#[from] ForgeError),
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
}

impl Tick {
    /// One pass. `all_due`: repeats whatever is owed, however short ago it was asked for; for one
    /// machine's start, where nothing can still be on its way.
    pub async fn run(&self, all_due: bool) -> Result<Pass, TickError> {
        let mut pass = Pass::default();
        let view = self.log.view().await?;
        for (id, target) in &view.state.targets {
            match self.follow(id, target).await {
                Ok(appended) => pass.appended |= appended,
                Err(Trouble::Log(error)) => return Err(error.into()),
                Err(trouble) => {
                    tracing::warn!(target_id = %id, "this target was left out of the pass: {trouble}");
                    pass.troubles.push((id.clone(), trouble.to_string()));
                }
            }
        }
        let outcome = self.log.transact(&transaction("tick", None), decide_tick).await?;
        pass.report = outcome.answer;
        self.after(outcome.commit.as_ref(), &mut pass).await;
        self.send_overdue(all_due).await?;
        pass.upkeep = self.upkeep().await;
        Ok(pass)
    }

    /// Brings the log up to what the forge says of one target. Whether that was news.
    async fn follow(&self, id: &TargetId, target: &Target) -> Result<bool, Trouble> {
        let merged = self.follow_pull_requests(id, target).await?;
        let synced = self.follow_files(id, target).await?;
        Ok(merged || synced)
    }

    /// The effects of what was appended. A message that the queue does not take is owed, and the
    /// next pass finds it overdue.
    async fn after(&self, commit: Option<&Committed>, pass: &mut Pass) {
        let Some(commit) = commit else { return };
        pass.appended |= !pass.report.heartbeat;
        self.send_effects(commit).await;
    }

    async fn send_effects(&self, commit: &Committed) {
        for message in effects(commit.header().epoch, commit.events()) {
            if let Err(error) = self.queue.send(&message).await {
                tracing::warn!("{error}; the next tick repeats it");
            }
        }
    }

    async fn send_overdue(&self, all_due: bool) -> Result<(), TickError> {
        let view = self.log.view().await?;
        let now: Timestamp = self.clock.now();
        for message in overdue(view.state.epoch(), &view.state, now, all_due) {
            if let Err(error) = self.queue.send(&message).await {
                tracing::warn!("{error}; the next tick repeats it");
            }
        }
        Ok(())
    }
}

fn transaction(kind: &str, target: Option<&TargetId>) -> Transaction {
    let mut transaction = Transaction::of(kind, Principal::program(Role::Tick));
    transaction.target = target.cloned();
    transaction
}

fn repository(target: &Target) -> Repository {
    Repository {
        location: target.repository.clone(),
        default_branch: target.default_branch.clone(),
    }
}
