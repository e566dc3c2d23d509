//! The two stores that a `log` command works on: the log's own, and the one with the artifacts and
//! everything derived (DECISIONS 14). The state folder's, or any that the command line names.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use leviathan_core::event::Principal;
use leviathan_core::ports::ObjectStore;
use leviathan_log::seal::VerifierKey;
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

    /// A copy of a log in a folder, to read: no state, no data store, no network.
    pub(crate) fn offline(folder: &Path) -> Result<Self, CommandError> {
        Self::at(Place::Folder(folder.to_owned()), None, Access::Read)
    }

    fn open(
        arguments: &LogArgs,
        global: &Global,
        output: Output,
        access: Access,
    ) -> Result<Self, CommandError> {
        let (log, data) = places(arguments, global, output)?;
        Self::at(log, data, access)
    }

    fn at(log: Place, data: Option<Place>, access: Access) -> Result<Self, CommandError> {
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

/// The public key of the checkpoints: the one that was named, else the state's own.
pub(crate) fn key(
    named: Option<&VerifierKey>,
    arguments: &LogArgs,
    global: &Global,
    output: Output,
) -> Result<Option<VerifierKey>, CommandError> {
    match named {
        Some(key) => Ok(Some(key.clone())),
        None if arguments.log.is_some() => Ok(None),
        None => existing_state(global, output)?.checkpoint_key(),
    }
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
