//! Why publishing stops before its end, and what becomes of the attempt then.

use leviathan_core::fact::{FailureClass, Violation};
use leviathan_core::ports::{ForgeError, StoreError};
use leviathan_log::LogError;
use leviathan_log::artifacts::ArtifactError;

/// Why publishing stops.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The change may not be pushed: the attempt ends.
    Refused {
        /// For a person.
        reason: String,
        /// What the gate refused.
        violations: Vec<Violation>,
    },
    /// It may work later: it is tried again, a bounded number of times.
    Failed {
        /// Whose fault it was.
        class: FailureClass,
        /// For a person.
        reason: String,
    },
    /// Nothing can be recorded.
    Log(LogError),
}

impl Stop {
    /// A refusal that no rule of the gate is behind.
    pub(crate) fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into(), violations: Vec::new() }
    }
}

impl From<LogError> for Stop {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl From<ForgeError> for Stop {
    fn from(error: ForgeError) -> Self {
        let reason = error.to_string();
        match error {
            ForgeError::Unavailable { .. } => Self::Failed { class: FailureClass::Infra, reason },
            ForgeError::Refused { .. } => Self::refused(reason),
            ForgeError::BranchTaken { .. } => Self::refused(format!("branch_taken: {reason}")),
        }
    }
}

impl From<ArtifactError> for Stop {
    fn from(error: ArtifactError) -> Self {
        let reason = match &error {
            ArtifactError::Store { digest, source: StoreError::NotFound { .. } } => {
                format!("artifact {digest} is not in the data store")
            }
            ArtifactError::Store { .. }
            | ArtifactError::Corrupt { .. }
            | ArtifactError::TooLarge { .. } => error.to_string(),
        };
        Self::Failed { class: FailureClass::Infra, reason }
    }
}
