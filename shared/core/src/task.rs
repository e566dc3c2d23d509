//! A task as people define it: what an attempt is given to do.

use serde::{Deserialize, Serialize};

use crate::ids::{Digest, TaskId};

/// What an attempt is given to do. It holds no field that Leviathan writes back and none that only
/// says when (`ready`, `status`): its digest changes exactly when the work changes (DECISIONS 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// The id in its backlog.
    pub id: TaskId,
    /// One line; `Untitled` where the file has none.
    pub title: String,
    /// Free text.
    pub description: Option<String>,
    /// What kind of work: picks the tool and the paths in the policy.
    pub scope: String,
    /// What goes first.
    pub priority: Priority,
    /// The paths that the change may touch, as in the file; see `crate::paths`. Empty allows nothing.
    pub allowed_paths: Vec<String>,
    /// What a reviewer shall look for.
    pub acceptance_criteria: Vec<String>,
    /// Tasks of the same backlog that must be completed before.
    pub dependencies: Vec<TaskId>,
    /// As in the file; `unknown` where it has none.
    pub estimated_size: String,
    /// As in the file.
    pub labels: Vec<String>,
}

impl TaskDefinition {
    /// The definition's JSON, one spelling for one definition.
    pub fn to_json(&self) -> String {
        // A struct of texts and lists always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What makes it that definition and no other.
    pub fn digest(&self) -> Digest {
        Digest::of(self.to_json().as_bytes())
    }
}

/// What goes first among tasks that may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Any word that is not one of the others.
    Other,
    /// `low`
    Low,
    /// `medium`, and where the file says nothing.
    #[default]
    Medium,
    /// `high`
    High,
    /// `critical`
    Critical,
}

impl Priority {
    /// The word in the file.
    pub fn from_word(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" => Self::High,
            "medium" => Self::Medium,
            "low" => Self::Low,
            _ => Self::Other,
        }
    }
    /// The word in events and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Other => "other",
        }
    }
}
