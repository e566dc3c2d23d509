//! The Job's folder: who writes what is where, so that no phase has to know another's names.
//!
//! ```text
//! job.json            the cluster writes it, every phase reads it
//! base.git/           prepare writes; gate and check read
//! workspace/, home/   prepare lays out, work writes, gate reads the workspace
//! gate/               diff and facts.json: gate writes; check and report read
//! check/              check's fresh tree and its HOME
//! logs/<phase>.log    the cluster writes what a phase prints
//! phases/<phase>/     started, result.json (the phase), exit.json (the cluster)
//! report/             claimed, and what was sent: report writes
//! ```
//!
//! In a pod each of these is a volume of its own, which only its writer can change, and a phase
//! keeps its log itself, as `phases/<phase>/log`; see [`crate::pod`].

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use leviathan_core::fact::Phase;
use leviathan_core::ports::cluster::Job;

use crate::files;
use crate::result::PhaseFailure;

/// The largest `job.json` that is read, in bytes. A task and a policy are a few kilobytes.
const MAX_JOB_BYTES: u64 = 4 * 1024 * 1024;

/// The last part of an attempt's time, in which no command runs any more.
const KEPT_FOR_REPORT: Duration = Duration::from_secs(20);

/// The places of one Job, and what it is about.
#[derive(Debug, Clone)]
pub struct JobFolder {
    root: PathBuf,
    /// What the cluster was told to run.
    pub job: Job,
    /// Whether this is a container of a pod.
    pub pod: bool,
}

impl JobFolder {
    /// Reads `job.json` in `root`.
    pub fn open(root: &Path) -> Result<Self, PhaseFailure> {
        let broken = |reason: String| {
            PhaseFailure::infra(
                "job_unreadable",
                format!("the Job's folder {} cannot be used: {reason}", root.display()),
            )
        };
        // Phases change their working directory: relative names would mean something else there.
        let root = std::path::absolute(root).map_err(|error| broken(error.to_string()))?;
        let bytes = files::read_regular(&root.join("job.json"), MAX_JOB_BYTES)
            .map_err(|fault| broken(fault.to_string()))?;
        let job = serde_json::from_slice(&bytes)
            .map_err(|error| broken(format!("job.json is not a Job: {error}")))?;
        Ok(Self { root, job, pod: false })
    }

    /// The same, in a container of a pod or not.
    #[must_use]
    pub fn in_pod(self, pod: bool) -> Self {
        Self { pod, ..self }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }
    /// The bare repository that holds the base.
    pub fn base_git(&self) -> PathBuf {
        self.root.join("base.git")
    }
    /// The work tree that the tool changes.
    pub fn workspace(&self) -> PathBuf {
        self.root.join("workspace")
    }
    /// HOME of work's command.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }
    /// Where gate leaves the change and its facts.
    pub fn gate(&self) -> PathBuf {
        self.root.join("gate")
    }
    /// The change's canonical bytes.
    pub fn diff(&self) -> PathBuf {
        self.gate().join("diff")
    }
    /// What is known of the change.
    pub fn facts(&self) -> PathBuf {
        self.gate().join("facts.json")
    }
    /// Base and change, laid out freshly for the invariants.
    pub fn check_tree(&self) -> PathBuf {
        self.root.join("check/tree")
    }
    /// HOME of the invariants' commands.
    pub fn check_home(&self) -> PathBuf {
        self.root.join("check/home")
    }
    /// A phase's own folder.
    pub fn phase(&self, phase: Phase) -> PathBuf {
        self.root.join("phases").join(phase.as_str())
    }
    /// The log of the invariant with this position, from 1.
    pub fn check_log(&self, number: usize) -> PathBuf {
        self.phase(Phase::Check).join(format!("{number}.log"))
    }
    /// What a phase printed, as the cluster keeps it or, in a pod, the phase.
    pub fn log(&self, phase: Phase) -> PathBuf {
        if self.pod {
            return self.phase(phase).join("log");
        }
        self.root.join("logs").join(format!("{}.log", phase.as_str()))
    }
    /// In a pod: what says that the last phase's container is gone.
    pub fn end(&self) -> PathBuf {
        self.root.join("phases/end")
    }
    /// What report remembers.
    pub fn report(&self) -> PathBuf {
        self.root.join("report")
    }

    /// Time that is left for the phases; zero when there is none. They end before the attempt
    /// does, so that report can still say how.
    pub fn time_left(&self) -> Duration {
        let left = self.job.not_after.duration_since(Timestamp::now());
        Duration::try_from(left).unwrap_or_default().saturating_sub(KEPT_FOR_REPORT)
    }
}
