//! Where one machine's state lies: the log, the artifacts, the Jobs' folders, what was trusted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use leviathan_core::ports::{ObjectStore, Signer as _};
use leviathan_local::FileSigner;
use leviathan_local::folder_store::FolderStore;
use leviathan_log::artifacts::Artifacts;
use leviathan_log::seal::VerifierKey;
use leviathan_log::{Log, Writer};
use leviathan_runtime::clock::{SystemClock, SystemEntropy};

use crate::dev::wrapper::{AsTheyAre, PortWrapper};
use crate::error::CommandError;

/// The folder that `--state` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFolder {
    root: PathBuf,
}

impl StateFolder {
    /// The state under this folder, which need not exist yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The log's store.
    pub fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    /// The artifacts' store.
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// The local cluster's folder.
    pub fn jobs(&self) -> PathBuf {
        self.root.join("jobs")
    }

    /// One empty file for each policy digest whose commands a person let run here.
    pub fn trust(&self) -> PathBuf {
        self.root.join("trust")
    }

    /// Backlog and policy of `try`.
    pub fn stand_in(&self) -> PathBuf {
        self.root.join("stand-in")
    }

    /// The key that attempts' tokens are signed with; readable by the owner only.
    pub fn attempt_key(&self) -> PathBuf {
        self.root.join("attempt-key")
    }

    /// The key that checkpoints are signed with; readable by the owner only.
    pub fn log_key(&self) -> PathBuf {
        self.root.join("log-key")
    }

    /// The public half of that key; `None` where nothing was sealed here yet.
    pub fn checkpoint_key(&self) -> Result<Option<VerifierKey>, CommandError> {
        let bad = |problem: String| {
            CommandError::failed(problem, "bring log-key in the state folder back from a backup")
        };
        let signer = FileSigner::open(&self.log_key()).map_err(|error| bad(error.to_string()))?;
        let key = signer.map(|signer| VerifierKey::new(signer.name(), &signer.public_key()));
        key.transpose().map_err(|error| bad(error.to_string()))
    }

    /// The operator's token for the local api; readable by the owner only.
    pub fn operator_token(&self) -> PathBuf {
        self.root.join("operator-token")
    }

    /// Opens the log for a program of this name. Reading creates nothing.
    pub fn open(&self, program: &str) -> Result<OpenState, CommandError> {
        self.open_log(program, &AsTheyAre, |log| log)
    }

    /// The same for a process in which the tick runs, with something between the log and its
    /// stores.
    pub fn open_with(
        &self,
        program: &str,
        wrapper: &dyn PortWrapper,
    ) -> Result<OpenState, CommandError> {
        self.open_log(program, wrapper, Log::keeping_snapshots)
    }

    fn open_log(
        &self,
        program: &str,
        wrapper: &dyn PortWrapper,
        with: impl FnOnce(Log) -> Log,
    ) -> Result<OpenState, CommandError> {
        let store = |name, path: PathBuf| -> Result<Arc<dyn ObjectStore>, CommandError> {
            match FolderStore::open(&path) {
                Ok(store) => Ok(wrapper.store(name, Arc::new(store))),
                Err(error) => Err(CommandError::failed(
                    format!("the state folder {} can't be opened: {error}", path.display()),
                    "check its permissions, or name another one with --state",
                )),
            }
        };
        let writer =
            Writer { program: program.to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let data = store("data", self.data())?;
        let log = Log::new(store("log", self.log())?, clock, entropy, writer);
        let mut log = with(log.with_data(Arc::clone(&data)));
        if let Some(key) = self.checkpoint_key()? {
            log = log.with_checkpoints_by(key);
        }
        let log = Arc::new(log);
        Ok(OpenState { log, artifacts: Artifacts::new(data) })
    }

    /// Where the local forge keeps its own files.
    pub fn forge(&self) -> PathBuf {
        self.root.join("forge")
    }

    /// The state of an earlier run; an error that says how to get one where there is none.
    pub fn existing(self) -> Result<Self, CommandError> {
        if self.log().is_dir() {
            return Ok(self);
        }
        Err(CommandError::not_found(
            format!("there is no state in {}", self.root.display()),
            "run `leviathanctl dev` first, or name the folder of an earlier run with --state",
        ))
    }
}

/// A log and its artifacts, open.
pub struct OpenState {
    /// The log.
    pub log: Arc<Log>,
    /// The artifacts beside it.
    pub artifacts: Artifacts,
}

/// Where states lie when `--state` names none: `$XDG_STATE_HOME/leviathan`, else
/// `~/.local/state/leviathan`.
pub fn states_root(xdg_state_home: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    xdg_state_home
        .filter(|path| path.is_absolute())
        .or_else(|| home.map(|home| home.join(".local/state")))
        .map(|root| root.join("leviathan"))
}

/// Notes which state was used last, so that the next command finds it.
pub fn remember_last(states_root: &Path, state: &StateFolder) -> io::Result<()> {
    std::fs::create_dir_all(states_root)?;
    std::fs::write(states_root.join("last"), state.root().as_os_str().as_encoded_bytes())
}

/// Which state was used last.
pub fn last(states_root: &Path) -> Option<StateFolder> {
    let text = std::fs::read_to_string(states_root.join("last")).ok()?;
    Some(StateFolder::at(text.trim_end()))
}
