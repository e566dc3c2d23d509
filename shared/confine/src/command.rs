//! What is to be run, within which bounds, and how it ended.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A command that is not trusted.
#[derive(Debug, Clone)]
pub struct ConfinedCommand {
    /// The program: a path, or a name that is looked up in `environment`'s PATH.
    pub program: String,
    /// Its arguments. No shell is involved.
    pub args: Vec<String>,
    /// The folder that it starts in; must be readable for it.
    pub directory: PathBuf,
    /// Its whole environment: nothing is inherited.
    pub environment: BTreeMap<String, String>,
    /// What it reads on standard input.
    pub stdin: Vec<u8>,
    /// Where standard output and standard error go, together, in the order of writing. The file is
    /// created or emptied; a symbolic link there is refused.
    pub output: PathBuf,
}

/// What it may do. Among `readable`, `writable` and `hidden` the most specific entry decides:
/// with HOME hidden and `HOME/.rustup` readable, only the latter can be seen. What is in none of
/// them can't be opened. An entry that does not exist is left out.
#[derive(Debug, Clone)]
pub struct Confinement {
    /// Files, and folders with everything beneath, that it may read and execute.
    pub readable: Vec<PathBuf>,
    /// Files and folders that it may also change.
    pub writable: Vec<PathBuf>,
    /// Files and folders that it must not see although they lie beneath a readable one.
    pub hidden: Vec<PathBuf>,
    /// Whether it may speak to anybody.
    pub network: bool,
    /// When and why it is ended.
    pub limits: Limits,
    /// The program that is started as the helper; `None`: this very program. Its `main` must call
    /// [`crate::entry_point`] first.
    pub helper: Option<PathBuf>,
}

/// When and why a command is ended. All hold for it and everything that it starts, together,
/// unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Time from start to end.
    pub time: Duration,
    /// Memory that is not shared with files, in bytes. It is measured every tenth of a second, so
    /// that a fast eater gets further before it is ended. (RLIMIT_AS would stop compilers and
    /// virtual machines that only reserve addresses.)
    pub memory_bytes: u64,
    /// Processes at one time; measured like memory.
    pub processes: u32,
    /// Files that one process may have open.
    pub open_files: u64,
    /// Size of one file that is written, in bytes.
    pub file_bytes: u64,
    /// Bytes of output that are kept; what comes after is read and thrown away.
    pub output_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(600),
            memory_bytes: 8 << 30,
            processes: 1024,
            open_files: 4096,
            file_bytes: 8 << 30,
            output_bytes: 4 << 20,
        }
    }
}

/// How a command ended. Nothing that it started is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Why.
    pub ending: Ending,
    /// Time from start to end, in milliseconds.
    pub milliseconds: u64,
    /// There was more output than the limit; the file's last line says so.
    pub output_cut: bool,
    /// Processes that it had left behind and that were killed.
    pub survivors_killed: u32,
}

/// Why a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By itself, with this exit code.
    Exited(i32),
    /// By this signal, not sent by us.
    Signalled(i32),
    /// Its time was over.
    TimedOut,
    /// It used more memory than the limit.
    MemoryExceeded,
    /// It had more processes than the limit.
    TooManyProcesses,
    /// Somebody used the [`StopToken`].
    Stopped,
}

impl Ended {
    /// It ended by itself with exit code 0.
    pub fn succeeded(&self) -> bool {
        self.ending == Ending::Exited(0)
    }
}

impl std::fmt::Display for Ending {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exited(code) => write!(f, "ended with exit code {code}"),
            Self::Signalled(signal) => write!(f, "was ended by signal {signal}"),
            Self::TimedOut => write!(f, "was ended: its time was over"),
            Self::MemoryExceeded => write!(f, "was ended: it used more memory than its limit"),
            Self::TooManyProcesses => {
                write!(f, "was ended: it had more processes than its limit")
            }
            Self::Stopped => write!(f, "was stopped"),
        }
    }
}

/// Ends a running command from elsewhere. Clones mean the same command.
#[derive(Debug, Clone, Default)]
pub struct StopToken(Arc<AtomicBool>);

impl StopToken {
    /// One that nobody has used.
    pub fn new() -> Self {
        Self::default()
    }
    /// Ends the command with everything that it started, within about a tenth of a second.
    pub fn stop(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
    /// Whether it was used.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Why a command could not be run, or not be ended.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// The command itself could not be started: most often there is no such program.
    #[error(
        "{program} could not be started: {reason}; is it installed, and in a folder that the command may read?"
    )]
    NotStarted {
        /// The program, as given.
        program: String,
        /// The system's words.
        reason: String,
    },
    /// Something on this machine was in the way before the command began.
    #[error("the command {program} could not be confined: {step}: {reason}")]
    Setup {
        /// The program, as given.
        program: String,
        /// What was being done.
        step: String,
        /// The system's words.
        reason: String,
    },
    /// It was killed, and something of it did not go away.
    #[error("{program} was killed but something that it started is still alive: {reason}")]
    Survivors {
        /// The program, as given.
        program: String,
        /// What is known.
        reason: String,
    },
}
