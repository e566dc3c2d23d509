//! How a phase ended: the one file through which phases speak to each other and to the cluster.

use std::io;
use std::path::Path;

use leviathan_core::fact::{CheckResult, FailureClass, Phase, Violation};
use leviathan_core::ids::Digest;
use serde::{Deserialize, Serialize};

use crate::files;

/// The largest `result.json` that is read, in bytes.
pub const MAX_RESULT_BYTES: u64 = 4 * 1024 * 1024;

/// A phase's end, as `phases/<phase>/result.json` holds it. Written once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseResult {
    /// Which phase.
    pub phase: Phase,
    /// Whether the next one may start.
    pub outcome: PhaseOutcome,
    /// Whose fault a failure is.
    pub class: Option<FailureClass>,
    /// One word for machines, such as `command_failed`.
    pub failure_type: Option<String>,
    /// One line for a person; holds no secret.
    pub summary: String,
    /// How long the phase took.
    pub milliseconds: u64,
    /// Work: a built-in wrote a skeleton, so the pull request is a draft.
    #[serde(default)]
    pub skeleton: bool,
    /// Gate: what it refused.
    #[serde(default)]
    pub violations: Vec<Violation>,
    /// Gate: the change that it let pass; also in `gate/facts.json`.
    #[serde(default)]
    pub change: Option<ChangeFacts>,
    /// Check: each invariant's result, in order.
    #[serde(default)]
    pub checks: Vec<CheckResult>,
}

/// Whether a phase did what it is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhaseOutcome {
    /// The next phase may start.
    Passed,
    /// The attempt ends here.
    Failed,
}

/// What gate knows of the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeFacts {
    /// Of the diff's bytes; `None`: nothing changed and there is no diff.
    pub digest: Option<Digest>,
    /// Files in the diff.
    pub files: u32,
    /// Paths that the base's ignore rules left out; an ignored folder counts once.
    pub ignored_files: u32,
    /// The changed paths, in byte order.
    pub paths: Vec<String>,
}

/// `phases/<phase>/exit.json`: what the cluster saw of a phase that ended without a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseExit {
    /// For a person, such as `ended after 600 s`, `killed: out of memory`.
    pub reason: String,
    /// Whose fault; `None`: the machinery's.
    #[serde(default)]
    pub class: Option<FailureClass>,
}

/// What a phase that passed has to say.
#[derive(Debug, Default)]
pub struct PhasePassed {
    /// One line for a person.
    pub summary: String,
    /// See [`PhaseResult::skeleton`].
    pub skeleton: bool,
    /// See [`PhaseResult::change`].
    pub change: Option<ChangeFacts>,
    /// See [`PhaseResult::checks`].
    pub checks: Vec<CheckResult>,
}

impl PhasePassed {
    /// A pass with nothing but a line.
    pub fn saying(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), ..Self::default() }
    }
}

/// Why a phase did not pass.
#[derive(Debug, thiserror::Error)]
#[error("{summary}")]
pub struct PhaseFailure {
    /// Whose fault it is.
    pub class: FailureClass,
    /// One word for machines.
    pub failure_type: &'static str,
    /// One line for a person; holds no secret.
    pub summary: String,
    /// What gate refused.
    pub violations: Vec<Violation>,
    /// The invariants' results.
    pub checks: Vec<CheckResult>,
}

impl PhaseFailure {
    /// A failure of this class.
    pub fn new(
        class: FailureClass,
        failure_type: &'static str,
        summary: impl Into<String>,
    ) -> Self {
        let (violations, checks) = (Vec::new(), Vec::new());
        Self { class, failure_type, summary: summary.into(), violations, checks }
    }
    /// The machinery's fault.
    pub fn infra(failure_type: &'static str, summary: impl Into<String>) -> Self {
        Self::new(FailureClass::Infra, failure_type, summary)
    }
    /// The task's own fault.
    pub fn task(failure_type: &'static str, summary: impl Into<String>) -> Self {
        Self::new(FailureClass::Task, failure_type, summary)
    }
    /// The policy does not allow it.
    pub fn policy(failure_type: &'static str, summary: impl Into<String>) -> Self {
        Self::new(FailureClass::Policy, failure_type, summary)
    }
}

impl PhaseResult {
    /// The file's content for this end of a phase.
    pub fn of(
        phase: Phase,
        ended: Result<PhasePassed, PhaseFailure>,
        milliseconds: u64,
    ) -> PhaseResult {
        match ended {
            Ok(passed) => PhaseResult {
                phase,
                outcome: PhaseOutcome::Passed,
                class: None,
                failure_type: None,
                summary: passed.summary,
                milliseconds,
                skeleton: passed.skeleton,
                violations: Vec::new(),
                change: passed.change,
                checks: passed.checks,
            },
            Err(failure) => PhaseResult {
                phase,
                outcome: PhaseOutcome::Failed,
                class: Some(failure.class),
                failure_type: Some(failure.failure_type.to_owned()),
                summary: failure.summary,
                milliseconds,
                skeleton: false,
                violations: failure.violations,
                change: None,
                checks: failure.checks,
            },
        }
    }

    /// Writes `result.json` into the phase's folder; whole or not at all.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)?;
        files::write_whole(&folder.join("result.json"), &serde_json::to_vec(self)?)
    }

    /// Reads the phase's `result.json`; `None` while there is none.
    pub fn read(folder: &Path) -> Result<Option<PhaseResult>, String> {
        let path = folder.join("result.json");
        match files::read_regular(&path, MAX_RESULT_BYTES) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| format!("{} is not a result: {error}", path.display())),
            Err(files::FileFault::Missing { .. }) => Ok(None),
            Err(fault) => Err(fault.to_string()),
        }
    }
}
