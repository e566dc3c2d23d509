//! Paths for all scopes alike: flat lists, and the prefixes of the guardrails.
//!
//! In the flat shape (CONTRACT 4.2, P5) an entry without `*` is a file or a whole directory, and a
//! final `/*` takes in all below. What is forbidden is read the wider way wherever two readings
//! exist: `*.pem` is meant everywhere.

use super::written::{At, Reading, Written};
use crate::fact::FileProblem;
use crate::yaml::Node;

pub(super) fn read(
    reading: &Reading<'_>,
    root: &Node,
    written: &mut Written,
) -> Result<(), FileProblem> {
    if root.get("allowed_paths").is_some_and(|node| node.as_mapping().is_none()) {
        for glob in reading.patterns(root, "allowed_paths")? {
            written.everywhere.extend(allowing(&glob.value).map(|value| At { value, ..glob }));
        }
    }
    if let Some(guardrails) = root.get("guardrails").filter(|node| node.as_mapping().is_some()) {
        for glob in reading.patterns(guardrails, "allowed_path_prefixes")? {
            written.everywhere.extend(allowing(&glob.value).map(|value| At { value, ..glob }));
        }
    }
    for key in ["forbidden_paths", "forbidden"] {
        for glob in reading.patterns(root, key)? {
            written.forbidden.extend(forbidding(&glob.value));
        }
    }
    Ok(())
}

fn allowing(glob: &str) -> impl Iterator<Item = String> + use<> {
    let (first, second) = match glob.strip_suffix("/*") {
        Some(directory) => (format!("{directory}/**"), None),
        None if glob.contains('*') || glob.ends_with('/') => (glob.to_owned(), None),
        None => (glob.to_owned(), Some(format!("{glob}/**"))),
    };
    std::iter::once(first).chain(second)
}

fn forbidding(glob: &str) -> impl Iterator<Item = String> + use<> {
    let anywhere = (glob.contains('*') && !glob.contains('/')).then(|| format!("**/{glob}"));
    anywhere.into_iter().chain(allowing(glob))
}
