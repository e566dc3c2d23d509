//! A target's backlog, as people write it.

use crate::fact::{FileProblem, TaskStatus};
use crate::task::TaskDefinition;

/// A backlog file, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// The usable tasks, in file order.
    pub tasks: Vec<BacklogTask>,
    /// Tasks that can't be used, each with line and reason; the others go on.
    pub refused: Vec<FileProblem>,
}

/// One task of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BacklogTask {
    /// What is to be done.
    pub definition: TaskDefinition,
    /// Whether it may run.
    pub ready: bool,
    /// The file's word for its state, in our words.
    pub status: TaskStatus,
    /// Why it is blocked, if the file says.
    pub blocked_reason: Option<String>,
    /// Which attempt completed it, if the file says.
    pub last_attempt_id: Option<String>,
    /// Where it stands in the file, from 1.
    pub line: u32,
}
