//! One target: its repository, its files as last read, its tasks and pull requests.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::task::Task;
use crate::fact::{BacklogSynced, FileProblem, PrCreated};
use crate::ids::{GitCommit, TaskId};

/// One target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// For people.
    pub name: String,
    /// A URL, or a path on this machine.
    pub repository: String,
    /// The branch that pull requests go into.
    pub default_branch: String,
    /// The files as last read whole; `None` until then.
    pub synced: Option<Synced>,
    /// What is wrong with its files now; what was known before stays in force.
    pub problem: Option<Problem>,
    /// Its tasks.
    pub tasks: BTreeMap<TaskId, Task>,
    /// Its pull requests by number: the open ones, and those that ended and have not aged.
    pub pull_requests: BTreeMap<u64, PullRequest>,
    /// The highest number that a pull request of it ever had.
    pub last_pull_request: u64,
    /// The highest generation of a removed task that aged: a task that is new to the state begins
    /// beyond it, so that no attempt's id comes twice.
    pub forgotten: u32,
}

/// A target's files as last read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Synced {
    /// What was read; `git_commit` is the base of new attempts.
    pub files: BacklogSynced,
    /// `recorded_at` of that.
    pub at: Timestamp,
}

/// Files that could not be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Where they were read.
    pub git_commit: GitCommit,
    /// What is wrong.
    pub problem: FileProblem,
}

/// A pull request of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// As it was opened.
    pub opened: PrCreated,
    /// `recorded_at` of that.
    pub at: Timestamp,
    /// Where it stands.
    pub status: PullRequestState,
    /// Where the branch stands since somebody else pushed to it: hands off.
    pub foreign_head: Option<GitCommit>,
    /// How it ended, for a person.
    pub end: Option<String>,
}

/// Where a pull request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullRequestState {
    /// Waits for a person.
    Open,
    /// A person merged it.
    Merged,
    /// A person said no.
    Closed,
}

impl PullRequestState {
    /// The word in events and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Merged => "merged",
            Self::Closed => "closed",
        }
    }
}

impl Target {
    /// Pull requests that wait for a person.
    pub fn open_pull_requests(&self) -> impl Iterator<Item = (&u64, &PullRequest)> {
        self.pull_requests.iter().filter(|(_, pr)| pr.status == PullRequestState::Open)
    }

    /// The generation of a task that is new to the state.
    pub fn first_generation(&self) -> u32 {
        self.forgotten.saturating_add(1)
    }

    /// The number that a local repository's next pull request gets.
    pub fn next_pull_request(&self) -> u64 {
        self.last_pull_request.saturating_add(1)
    }
}
