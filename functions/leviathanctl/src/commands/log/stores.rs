//! The two stores that a `log` command works on: the log's own, and the one with the artifacts and
//! everything derived (DECISIONS 14). The state folder's, or any that the command line names.

use std::future::Future;
use std::sync::Arc;

use leviathan_core::event::Principal;
use leviathan_core::ports::ObjectStore;
use leviathan_log::{Log, Writer};
use leviathan_runtime::clock::{SystemClock, SystemEntropy};
use tokio::runtime::Runtime;

use crate::cli::{Global, LogArgs};
use crate::commands::session::{PROGRAM, operator};
use crate::commands::{existing_state, runtime};
use crate::error::CommandError;
use crate::output::Output;
use crate::place::{Access, Place};

/// A log and its data, opened.
pub(crate) struct Stores {
    runtime: Runtime,
    data: Option<Arc<dyn ObjectStore>>,
    log: Log,
}

impl Stores {
    /// To read: creates and changes nothing, and fails where there is no such place.
    pub(crate) fn to_read(
        arguments: &LogArgs,
        global: &Global,
        output: Output,
    ) -> Result<Self, CommandError> {
        Self::open(arguments, global, output, Access::Read)
    }

    /// To read; a log that is not there yet is an empty one.
    pub(crate) fn to_read_if_there(
        arguments: &LogArgs,
        global: &Global,
        output: Output,
    ) -> Result<Self, CommandError> {
        Self::open(arguments, global, output, Access::Peek)
    }

    /// To append to; a log that is not there yet is made.
    pub(crate) fn to_make(
        arguments: &LogArgs,
        global: &Global,
        output: Output,
    ) -> Result<Self, CommandError> {
        Self::open(arguments, global, output, Access::Write)
    }

    fn open(
        arguments: &LogArgs,
        global: &Global,
        output: Output,
        access: Access,
    ) -> Result<Self, CommandError> {
        let (log, data) = places(arguments, global, output)?;
        let runtime = runtime()?;
        let mut log = log_in(runtime.block_on(log.open(access))?);
        let data = data.map(|data| runtime.block_on(data.open(Access::Read))).transpose()?;
        if let Some(data) = &data {
            log = log.with_data(Arc::clone(data));
        }
        Ok(Self { runtime, data, log })
    }

    /// The log.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Where the artifacts lie, if that is known.
    pub(crate) fn data(&self) -> Option<&Arc<dyn ObjectStore>> {
        self.data.as_ref()
    }

    /// Waits for something that takes time.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

/// The log in this store, as this program has it.
pub(crate) fn log_in(store: Arc<dyn ObjectStore>) -> Log {
    Log::new(store, Arc::new(SystemClock), Arc::new(SystemEntropy), writer())
}

/// How this program names itself in the commits that it appends.
pub(crate) fn writer() -> Writer {
    Writer { program: PROGRAM.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// The person who works on the stores themselves.
pub(crate) fn keeper() -> Principal {
    Principal::keeper(operator())
}

/// Where the log lies, and its data if that is known.
fn places(
    arguments: &LogArgs,
    global: &Global,
    output: Output,
) -> Result<(Place, Option<Place>), CommandError> {
    if let Some(log) = &arguments.log {
        return Ok((log.clone(), arguments.data.clone()));
    }
    let folder = existing_state(global, output)?;
    // A state that stored no artifact yet has no folder for them.
    let own = folder.data().is_dir().then(|| Place::Folder(folder.data()));
    Ok((Place::Folder(folder.log()), arguments.data.clone().or(own)))
}
