//! What the executor is called with.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use leviathan_core::fact::Phase;

/// Runs one phase of one attempt's Job.
#[derive(Debug, Parser)]
#[command(name = "executor", version, about, long_about = None)]
pub struct Arguments {
    /// Which phase to run.
    #[arg(value_enum)]
    pub phase: PhaseName,
    /// The Job's folder: job.json and the phases' places.
    #[arg(long, value_name = "DIR")]
    pub job: PathBuf,
    /// The phase is a container of a pod: it begins when report has claimed the attempt and the
    /// phase before has passed, keeps its own log, ends at SIGTERM, and exits with 0 as soon as its
    /// result is written, whatever it says.
    #[arg(long)]
    pub pod: bool,
}

/// A phase as it is named on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PhaseName {
    /// Fetches the base and lays out the workspace.
    Prepare,
    /// Runs the tool that policy names for the task's scope.
    Work,
    /// Takes the change as data and judges it.
    Gate,
    /// Runs the target's invariants on base and change.
    Check,
    /// Claims the attempt and tells the api what the other phases do.
    Report,
    /// Waits in a pod, after the last phase, until report is done.
    End,
}

impl PhaseName {
    /// The phase; `End` is none.
    pub fn phase(self) -> Option<Phase> {
        match self {
            PhaseName::Prepare => Some(Phase::Prepare),
            PhaseName::Work => Some(Phase::Work),
            PhaseName::Gate => Some(Phase::Gate),
            PhaseName::Check => Some(Phase::Check),
            PhaseName::Report => Some(Phase::Report),
            PhaseName::End => None,
        }
    }
}
