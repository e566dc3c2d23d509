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
}

impl From<PhaseName> for Phase {
    fn from(name: PhaseName) -> Phase {
        match name {
            PhaseName::Prepare => Phase::Prepare,
            PhaseName::Work => Phase::Work,
            PhaseName::Gate => Phase::Gate,
            PhaseName::Check => Phase::Check,
            PhaseName::Report => Phase::Report,
        }
    }
}
