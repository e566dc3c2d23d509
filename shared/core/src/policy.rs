//! What Leviathan may do in a target, in force: the organisation's policy narrowed by the target's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::Digest;

/// The effective policy of a target. Its digest is in events and receipts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Whether anything may be started for this target.
    pub enabled: bool,
    /// What each scope may touch and which tool does it. A scope that is not here may not run.
    pub scopes: BTreeMap<String, ScopePolicy>,
    /// Patterns that no change may touch, whatever a task allows; built-in defaults included.
    pub forbidden_paths: Vec<String>,
    /// The target's own checks, run on base + diff.
    pub invariants: Vec<Invariant>,
    /// How much at once.
    pub guardrails: Guardrails,
    /// How large a change may be.
    pub limits: Limits,
    /// Whether publish adds the `completed` entry to the backlog file in the same pull request.
    pub write_back: bool,
}

impl Policy {
    /// The policy's JSON, one spelling for one policy.
    pub fn to_json(&self) -> String {
        // A struct of texts, numbers and sorted maps always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What makes it that policy and no other.
    pub fn digest(&self) -> Digest {
        Digest::of(self.to_json().as_bytes())
    }

    /// Every command that this policy would run, in order, with where it stands: what a person is
    /// asked to trust before the first one runs on their machine.
    pub fn commands(&self) -> Vec<(String, &Command)> {
        let tools = self.scopes.iter().filter_map(|(scope, policy)| match &policy.tool {
            Tool::Command(command) => Some((format!("scope {scope}"), command)),
            Tool::Docs | Tool::Tests => None,
        });
        let checks = self
            .invariants
            .iter()
            .map(|invariant| (format!("invariant {}", invariant.name), &invariant.command));
        tools.chain(checks).collect()
    }
}

/// What one scope may touch, and what does the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopePolicy {
    /// Patterns that a task of this scope may allow itself, at most.
    pub allowed_paths: Vec<String>,
    /// What does the work.
    pub tool: Tool,
    /// Fewer files than `Limits::max_files`, if set.
    pub max_files: Option<u32>,
}

/// What does the work of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tool {
    /// Built in, deterministic: a Markdown skeleton (CONTRACT 6.5).
    Docs,
    /// Built in, deterministic: a test skeleton (CONTRACT 6.5).
    Tests,
    /// A program of the target's or the machine's.
    Command(Command),
}

/// A program to run, and what it may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Program and arguments. No shell, unless the policy asked for one: then `sh -c TEXT`.
    pub argv: Vec<String>,
    /// Names of environment variables that are passed on, beyond the harmless few.
    pub env: Vec<String>,
    /// Files and folders outside the workspace that it may read.
    pub files: Vec<String>,
    /// When it is ended, in seconds.
    pub time_limit_seconds: u32,
}

/// One of the target's own checks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invariant {
    /// What it is called in receipts.
    pub name: String,
    /// Exit code 0 is a pass.
    pub command: Command,
}

/// How much at once, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guardrails {
    /// Pull requests of the target that may be open, at least 1.
    pub max_open_prs: u32,
    /// Attempts of the target that may be live, at least 1.
    pub max_running_attempts: u32,
    /// Attempts of one generation of a task that may fail by the task's own fault.
    pub max_attempts_per_task: u32,
    /// When a whole attempt is over, at least 5 minutes.
    pub attempt_timeout_minutes: u32,
    /// The first wait after a failure; doubles with each further one.
    pub backoff_seconds: u32,
}

impl Default for Guardrails {
    fn default() -> Self {
        Self {
            max_open_prs: 2,
            max_running_attempts: 1,
            max_attempts_per_task: 2,
            attempt_timeout_minutes: 15,
            backoff_seconds: 60,
        }
    }
}

/// How large a change may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Files that a change may touch.
    pub max_files: u32,
    /// Bytes of one changed file after the change.
    pub max_file_bytes: u64,
    /// Bytes of all changed files together, after the change.
    pub max_diff_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_files: 50, max_file_bytes: 1024 * 1024, max_diff_bytes: 4 * 1024 * 1024 }
    }
}
