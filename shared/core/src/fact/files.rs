//! Facts about targets and their files.

use serde::{Deserialize, Serialize};

use crate::ids::{Digest, GitCommit, TargetId};
use crate::policy::Policy;

/// See [`super::Fact::TargetRegistered`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the field names are the documentation: CONTRACT 2.3")]
pub struct TargetRegistered {
    pub target_id: TargetId,
    pub name: String,
    /// A URL, or a path on this machine. Holds no credential.
    pub repo_url: String,
    pub default_branch: String,
}

/// See [`super::Fact::BacklogSynced`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacklogSynced {
    /// The target.
    pub target_id: TargetId,
    /// Where the files were read: the default branch's git commit.
    pub git_commit: GitCommit,
    /// SHA-256 of the backlog file.
    pub backlog: Digest,
    /// The effective policy, whole: decisions read it.
    pub policy: Policy,
    /// Its digest.
    pub policy_digest: Digest,
    /// `repository`, or `state folder` for `leviathanctl try`.
    pub source: String,
    /// Tasks in the file that are usable.
    pub tasks: u32,
    /// Tasks in the file that are not, each with line and reason.
    pub refused: Vec<FileProblem>,
}

/// See [`super::Fact::BacklogRefused`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BacklogRefused {
    /// The target.
    pub target_id: TargetId,
    /// The default branch's git commit.
    pub git_commit: GitCommit,
    /// What is wrong with which file.
    pub problem: FileProblem,
}

/// What is wrong in one of a target's files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProblem {
    /// Path in the repository, such as `.leviathan/backlog.yaml`.
    pub file: String,
    /// From 1; 0 where no line can be named.
    pub line: u32,
    /// The task that it concerns, as the file names it.
    pub task_id: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What is expected there.
    pub expected: String,
}

impl std::fmt::Display for FileProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { file, line, task_id, problem, expected } = self;
        write!(f, "{file}")?;
        if *line > 0 {
            write!(f, ":{line}")?;
        }
        if let Some(task_id) = task_id {
            write!(f, ": task {task_id}")?;
        }
        write!(f, ": {problem}; expected {expected}")
    }
}
