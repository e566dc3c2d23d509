//! The two stores that a `log` command works on: the log's own, and the one with the artifacts and
//! everything derived (DECISIONS 14). The state folder's, or any that the command line names.

use std::future::Future;
use std::sync::Arc;

use leviathan_log::{Log, Writer};
use leviathan_runtime::clock::{SystemClock, SystemEntropy};
use tokio::runtime::Runtime;

use crate::cli::{Global, LogArgs};
use crate::commands::session::PROGRAM;
use crate::commands::{existing_state, runtime};
use crate::error::CommandError;
use crate::output::Output;
use crate::place::{Access, Place};

/// A log and its data, opened.
pub(crate) struct Stores {
    runtime: Runtime,
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

    fn open(
        arguments: &LogArgs,
        global: &Global,
        output: Output,
        access: Access,
    ) -> Result<Self, CommandError> {
        let place = place(arguments, global, output)?;
        let runtime = runtime()?;
        let store = runtime.block_on(place.open(access))?;
        let mut log = Log::new(store, Arc::new(SystemClock), Arc::new(SystemEntropy), writer());
        if let Some(data) = data(arguments, global, output)? {
            log = log.with_data(runtime.block_on(data.open(access))?);
        }
        Ok(Self { runtime, log })
    }

    /// The log.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Waits for something that takes time.
    pub(crate) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}

/// How this program names itself in the commits that it appends.
pub(crate) fn writer() -> Writer {
    Writer { program: PROGRAM.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// Where the log lies.
fn place(arguments: &LogArgs, global: &Global, output: Output) -> Result<Place, CommandError> {
    match &arguments.log {
        Some(log) => Ok(log.clone()),
        None => Ok(Place::Folder(existing_state(global, output)?.log())),
    }
}

/// Where its data lies, if that is known.
fn data(
    arguments: &LogArgs,
    global: &Global,
    output: Output,
) -> Result<Option<Place>, CommandError> {
    if arguments.log.is_some() || arguments.data.is_some() {
        return Ok(arguments.data.clone());
    }
    // A state that stored no artifact yet has no folder for them.
    let own = existing_state(global, output)?.data();
    Ok(own.is_dir().then_some(Place::Folder(own)))
}
