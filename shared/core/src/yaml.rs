//! YAML as a tree that remembers where each node stands.
//!
//! Built here over the events of saphyr-parser, and not by a loader, because a backlog is edited in
//! place (every node needs its bytes) and comes from anybody: an alias stays a reference, so that
//! nothing can grow by being named twice, and depth and size have limits that are checked before
//! anything recurses.

mod build;
mod extent;
mod node;
mod read;
#[cfg(test)]
mod tests;

pub(crate) use node::{Entry, Node, Style, Value};

use crate::fact::FileProblem;

/// Bytes of a file.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// Nodes inside nodes, aliases followed.
pub(crate) const MAX_DEPTH: u32 = 64;
/// Bytes of all texts together, each counted as often as aliases name it.
pub(crate) const MAX_EXPANDED_BYTES: u64 = 8 * 1024 * 1024;

/// A parsed file.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    file: &'a str,
    pub(crate) root: Node,
}

impl<'a> Document<'a> {
    /// Reads the one document of a file. An empty file is a null.
    pub(crate) fn parse(file: &'a str, text: &str) -> Result<Self, FileProblem> {
        let root = build::build(text).map_err(|fault| FileProblem {
            file: file.to_owned(),
            line: fault.line,
            task_id: None,
            problem: fault.problem,
            expected: fault.expected.to_owned(),
        })?;
        Ok(Self { file, root })
    }

    /// A problem that stands at this node.
    pub(crate) fn problem(
        &self,
        node: &Node,
        problem: impl Into<String>,
        expected: impl Into<String>,
    ) -> FileProblem {
        FileProblem {
            file: self.file.to_owned(),
            line: node.line,
            task_id: None,
            problem: problem.into(),
            expected: expected.into(),
        }
    }
}
