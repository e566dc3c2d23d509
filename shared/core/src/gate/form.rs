//! `path_not_normal`, `unreadable_name`, `malformed_change`: what git and file systems would not
//! take, or not all in the same way.

use super::{Change, violation};
use crate::diff::{Diff, DiffProblem, PathFault, path_fault};
use crate::fact::Violation;

pub(super) fn judge(change: &Change<'_>) -> Vec<Violation> {
    let faults = change.files().filter_map(|file| Some((file, path_fault(&file.path)?)));
    let rule = |fault| match fault {
        // Named by the rule on forbidden paths.
        PathFault::GitDirectory => None,
        PathFault::ControlCharacter => Some("unreadable_name"),
        PathFault::Empty
        | PathFault::Absolute
        | PathFault::EmptyPart
        | PathFault::DotPart
        | PathFault::TooLong => Some("path_not_normal"),
    };
    faults
        .filter_map(|(file, fault)| {
            let detail = format!("the path {fault}; give the file another name");
            Some(violation(rule(fault)?, &file.path, detail))
        })
        .collect()
}

/// What no other rule has a word for, such as a path that stands twice.
pub(super) fn malformed(diff: &Diff) -> Option<Violation> {
    let bytes = diff.to_bytes().len();
    let problem = match diff.check() {
        Ok(()) if bytes > Diff::MAX_BYTES => DiffProblem::TooLarge { bytes },
        Ok(()) => return None,
        Err(problem) => problem,
    };
    Some(violation("malformed_change", "", super::shown(&problem.to_string())))
}
