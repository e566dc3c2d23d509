//! A state folder, opened: to read, which creates and changes nothing, or to append an order.
//! Both work while `dev` runs on the same state.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::decide::{Decision, Moment};
use leviathan_core::event::Principal;
use leviathan_core::ids::{Digest, TargetId};
use leviathan_core::ports::ObjectStore;
use leviathan_core::state::{Departure, State};
use leviathan_local::folder_store::FolderStore;
use leviathan_local::forge::LocalForge;
use leviathan_log::artifacts::Artifacts;
use leviathan_log::{Commit, Log, Outcome, Transaction, View, Writer};
use leviathan_runtime::clock::{SystemClock, SystemEntropy};
use tokio::runtime::Runtime;

use super::aged::{self, Named};
use super::{existing_state, runtime};
use crate::cli::Global;
use crate::error::CommandError;
use crate::output::Output;
use crate::state_folder::StateFolder;

/// This program's name in the header of its commits.
pub(crate) const PROGRAM: &str = "leviathanctl";

/// A state folder of an earlier run, opened.
pub(crate) struct Session {
    runtime: Runtime,
    folder: StateFolder,
    log: Arc<Log>,
    artifacts: Artifacts,
}

impl Session {
    /// To read.
    pub(crate) fn to_read(global: &Global, output: Output) -> Result<Self, CommandError> {
        let folder = existing_state(global, output)?;
        let store = |path| Arc::new(FolderStore::read_only(path));
        let writer =
            Writer { program: PROGRAM.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
        let clock = Arc::new(SystemClock);
        let data = store(folder.data());
        let mut log = Log::new(store(folder.log()), clock, Arc::new(SystemEntropy), writer)
            .with_data(Arc::clone(&data) as Arc<dyn ObjectStore>);
        if let Some(key) = folder.checkpoint_key()? {
            log = log.with_checkpoints_by(key);
        }
        let artifacts = Artifacts::new(data);
        Ok(Self { runtime: runtime()?, folder, log: Arc::new(log), artifacts })
    }

    /// To append an order.
    pub(crate) fn to_order(global: &Global, output: Output) -> Result<Self, CommandError> {
        let folder = existing_state(global, output)?;
        let opened = folder.open(PROGRAM)?;
        Ok(Self { runtime: runtime()?, folder, log: opened.log, artifacts: opened.artifacts })
    }

    /// To append an order, or only to say what it would do.
    pub(crate) fn to_order_unless(
        dry_run: bool,
        global: &Global,
        output: Output,
    ) -> Result<Self, CommandError> {
        if dry_run { Self::to_read(global, output) } else { Self::to_order(global, output) }
    }

    /// The log.
    pub(crate) fn log(&self) -> &Arc<Log> {
        &self.log
    }

    /// Waits for something that takes time.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// What is known now.
    pub(crate) fn view(&self) -> Result<Arc<View>, CommandError> {
        Ok(self.wait(self.log.view())?)
    }

    /// The same, and what has left the state that a command asks for by name.
    pub(crate) fn view_with(&self, named: &Named<'_>) -> Result<Arc<View>, CommandError> {
        let mut view = self.view()?;
        self.wait(named.add(&self.log, &mut view))?;
        Ok(view)
    }

    /// The same, and the newest of what has left the state, until `limit` of it is `wanted`.
    pub(crate) fn view_with_aged(
        &self,
        target: Option<&TargetId>,
        limit: usize,
        wanted: impl Fn(&Departure) -> bool,
        output: Output,
    ) -> Result<Arc<View>, CommandError> {
        let mut view = self.view()?;
        let listed = self.wait(aged::newest(&self.log, &mut view, target, limit, wanted))?;
        if listed.incomplete {
            output.note(aged::INCOMPLETE);
        }
        Ok(view)
    }

    /// One commit.
    pub(crate) fn commit(&self, seq: u64) -> Result<Commit, CommandError> {
        Ok(self.wait(self.log.read(seq))?)
    }

    /// The bytes of an artifact; `what` names it in the error.
    pub(crate) fn artifact(&self, what: &str, digest: &Digest) -> Result<Bytes, CommandError> {
        self.wait(self.artifacts.get(digest)).map_err(|error| {
            CommandError::failed(
                format!("{what} can't be read: {error}"),
                format!("look into {}", self.folder.data().display()),
            )
        })
    }

    /// Appends an operator's order; `dev` notices it by its next tick.
    pub(crate) fn order<A: Send + 'static>(
        &self,
        kind: &str,
        target: &TargetId,
        decide: impl FnMut(&State, &Moment) -> Decision<A> + Send + 'static,
    ) -> Result<Outcome<A>, CommandError> {
        let mut transaction = Transaction::of(kind, Principal::operator(operator()));
        transaction.target = Some(target.clone());
        Ok(self.wait(self.log.transact(&transaction, decide))?)
    }

    /// The forge of targets on this machine.
    pub(crate) fn forge(&self) -> LocalForge {
        LocalForge::new(self.folder.forge(), Arc::new(SystemClock))
    }
}

/// Who gives orders: this machine's name for the person.
pub(crate) fn operator() -> String {
    let user = std::env::var("USER").unwrap_or_default();
    if user.trim().is_empty() { "operator".to_owned() } else { crate::text::cut(&user, 64) }
}
