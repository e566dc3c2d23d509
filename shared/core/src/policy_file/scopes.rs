//! Scopes: `scopes` (ours, and the operating guide's), `allowed_paths` and `scope_paths` as a mapping
//! from scope to globs, `scope_constraints`.

use super::command;
use super::written::{Reading, Scope, Written};
use crate::fact::FileProblem;
use crate::yaml::{Entry, Node};

const KEYS: &[&str] = &[
    "description",
    "allowed_paths",
    "forbidden_patterns",
    "tool",
    "run",
    "shell",
    "env",
    "files",
    "time_limit_seconds",
    "max_files",
];
const CONSTRAINTS: &[&str] = &["description", "max_files_per_task"];
const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("allowed_operations", "nothing: adding, changing and deleting are judged by their paths"),
    ("requires_tests", "nothing: let an invariant run the tests"),
    ("requires_documentation", "nothing: a reviewer judges that"),
];

pub(super) fn read(
    reading: &mut Reading<'_>,
    root: &Node,
    written: &mut Written,
) -> Result<(), FileProblem> {
    for key in ["allowed_paths", "scope_paths"] {
        let Some(node) = root.get(key).filter(|node| node.as_mapping().is_some()) else { continue };
        reading.document.no_repeated_key(node)?;
        for (name, entry) in named(node) {
            let allowed = reading.patterns(node, &name)?;
            let scope = written.scopes.entry(name).or_default();
            scope.line = entry.key.line;
            scope.allowed.get_or_insert_default().extend(allowed);
        }
    }
    if let Some(node) = root.get("scope_paths").filter(|node| node.as_mapping().is_none()) {
        return Err(reading.document.wrong(node, "scope_paths", "a mapping from scope to paths"));
    }
    if let Some(node) = root.get("scopes").filter(|node| !node.is_null()) {
        if node.as_mapping().is_none() {
            return Err(reading.document.wrong(
                node,
                "scopes",
                "a mapping from scope to its rules",
            ));
        }
        reading.document.no_repeated_key(node)?;
        for (name, entry) in named(node) {
            let scope = scope(reading, &name, entry, written)?;
            written.scopes.insert(name, scope);
        }
    }
    if let Some(node) = root.get("scope_constraints").filter(|node| !node.is_null()) {
        if node.as_mapping().is_none() {
            let expected = "a mapping from scope to its constraints";
            return Err(reading.document.wrong(node, "scope_constraints", expected));
        }
        for (name, entry) in named(node) {
            reading.mapping(&entry.value, &name, CONSTRAINTS, WITHOUT_EFFECT)?;
            let most = reading.document.number(&entry.value, "max_files_per_task", 1)?;
            if let Some(scope) = written.scopes.get_mut(&name) {
                scope.max_files = most.and_then(|(most, _)| u32::try_from(most).ok());
            }
        }
    }
    Ok(())
}

fn named(node: &Node) -> impl Iterator<Item = (String, &Entry)> {
    let entries = node.as_mapping().unwrap_or_default().iter();
    entries.filter_map(|entry| Some((entry.key.as_text()?.trim().to_owned(), entry)))
}

fn scope(
    reading: &mut Reading<'_>,
    name: &str,
    entry: &Entry,
    written: &mut Written,
) -> Result<Scope, FileProblem> {
    let node = &entry.value;
    reading.mapping(node, name, KEYS, WITHOUT_EFFECT)?;
    let forbidden = reading.patterns(node, "forbidden_patterns")?;
    if let Some(first) = node.get("forbidden_patterns").filter(|_| !forbidden.is_empty()) {
        let problem = format!("`forbidden_patterns` of {name} hold for every scope");
        reading.note(first, problem, "them under `forbidden_paths`, where that can be seen");
    }
    written.forbidden.extend(forbidden.into_iter().map(|glob| glob.value));
    let max_files = reading.document.number(node, "max_files", 1)?;
    let allowed = reading.patterns(node, "allowed_paths")?;
    Ok(Scope {
        line: entry.key.line,
        allowed: node.get("allowed_paths").filter(|node| !node.is_null()).map(|_| allowed),
        tool: command::tool(reading, node)?,
        max_files: max_files.and_then(|(most, _)| u32::try_from(most).ok()),
    })
}
