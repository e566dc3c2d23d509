//! What one policy file says, whichever of the shapes it has.

use std::collections::BTreeMap;

use super::{PolicySource, command, flat, rules, scopes};
use crate::fact::FileProblem;
use crate::paths::Patterns;
use crate::policy::{Invariant, Tool};
use crate::yaml::{Document, Node};

/// A value and the line where it stands.
#[derive(Debug, Clone)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) line: u32,
}

/// One file, understood. `None` and empty: it says nothing of that.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) file: String,
    pub(super) enabled: Option<bool>,
    pub(super) scopes: BTreeMap<String, Scope>,
    /// Patterns for all scopes alike.
    pub(super) everywhere: Vec<At<String>>,
    pub(super) forbidden: Vec<String>,
    pub(super) invariants: Vec<Invariant>,
    pub(super) numbers: BTreeMap<Number, At<u64>>,
    pub(super) write_back: Option<bool>,
    pub(super) unlock: Vec<At<String>>,
}

/// One scope of the file.
#[derive(Debug, Default, Clone)]
pub(super) struct Scope {
    pub(super) line: u32,
    /// Missing is not empty: an empty list allows nothing.
    pub(super) allowed: Option<Vec<At<String>>>,
    pub(super) tool: Option<Tool>,
    pub(super) max_files: Option<u32>,
}

/// A number of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Number {
    MaxOpenPrs,
    MaxRunningAttempts,
    MaxAttemptsPerTask,
    AttemptTimeoutMinutes,
    BackoffSeconds,
    MaxFiles,
    MaxFileBytes,
    MaxDiffBytes,
}

/// A file while it is read.
pub(super) struct Reading<'a> {
    pub(super) document: Document<'a>,
    pub(super) notes: &'a mut Vec<FileProblem>,
}

/// Keys of a whole file, of every shape.
const KEYS: &[&str] = &[
    "version",
    "name",
    "description",
    "target",
    "enabled",
    "autonomy",
    "scopes",
    "scope_paths",
    "allowed_paths",
    "forbidden_paths",
    "forbidden",
    "scope_constraints",
    "invariants",
    "guardrails",
    "safety_rules",
    "limits",
    "file_size_limits",
    "write_back",
    "unlock",
];

/// Keys that some shape documents and that have no effect here.
const WITHOUT_EFFECT: &[(&str, &str)] = &[
    ("code_style", "nothing: let an invariant check the style"),
    ("scheduling", "nothing: a task's `priority` says what goes first"),
    ("auto_merge", "nothing: a person merges"),
];

/// Reads a file.
pub(super) fn read(
    source: PolicySource<'_>,
    notes: &mut Vec<FileProblem>,
) -> Result<Written, FileProblem> {
    let document = Document::parse(source.file, source.text)?;
    let mut written = Written { file: source.file.to_owned(), ..Written::default() };
    if document.root.is_null() {
        return Ok(written);
    }
    let root = document.root.clone();
    let mut reading = Reading { document, notes };
    reading.mapping(&root, "the file", KEYS, WITHOUT_EFFECT)?;
    written.enabled = reading.document.truth(&root, "enabled")?;
    if let Some(autonomy) = root.get("autonomy") {
        reading.mapping(autonomy, "autonomy", &["enabled"], &[])?;
        written.enabled = written.enabled.or(reading.document.truth(autonomy, "enabled")?);
    }
    scopes::read(&mut reading, &root, &mut written)?;
    flat::read(&reading, &root, &mut written)?;
    rules::read(&mut reading, &root, &mut written)?;
    if let Some(invariants) = root.get("invariants") {
        written.invariants = command::invariants(&mut reading, invariants)?;
    }
    written.write_back = reading.document.truth(&root, "write_back")?;
    written.unlock = reading.patterns(&root, "unlock")?;
    Ok(written)
}

impl Reading<'_> {
    /// Checks that it is a mapping without a repeated key, and notes the keys that do nothing.
    pub(super) fn mapping(
        &mut self,
        node: &Node,
        name: &str,
        known: &[&str],
        without_effect: &[(&str, &str)],
    ) -> Result<(), FileProblem> {
        let Some(entries) = node.as_mapping() else {
            return Err(self.document.wrong(node, name, "a mapping"));
        };
        self.document.no_repeated_key(node)?;
        for entry in entries {
            let key = entry.key.as_text().unwrap_or_default();
            let note = match without_effect.iter().find(|(known, _)| *known == key) {
                Some((_, instead)) => (format!("`{key}` has no effect"), (*instead).to_owned()),
                None if known.contains(&key) || key == "<<" => continue,
                None => {
                    let key: String = key.chars().take(60).collect();
                    let problem = format!("`{key}` in {name} is not known and has no effect");
                    (problem, format!("one of {}", known.join(", ")))
                }
            };
            self.notes.push(self.document.problem(&entry.key, note.0, note.1));
        }
        Ok(())
    }

    /// A list of globs, each of which is one.
    pub(super) fn patterns(&self, of: &Node, key: &str) -> Result<Vec<At<String>>, FileProblem> {
        let texts = self.document.texts(of, key)?;
        texts.into_iter().map(|(glob, node)| self.pattern(glob, node)).collect()
    }

    /// One glob.
    pub(super) fn pattern(&self, glob: String, node: &Node) -> Result<At<String>, FileProblem> {
        match Patterns::check(&glob) {
            Ok(()) => Ok(At { value: glob, line: node.line }),
            Err(problem) => {
                let said = format!("{:?} {}", problem.path, problem.problem);
                Err(self.document.problem(node, said, problem.fix))
            }
        }
    }

    /// Something that is read and has no effect.
    pub(super) fn note(&mut self, node: &Node, problem: String, expected: &str) {
        self.notes.push(self.document.problem(node, problem, expected));
    }
}
