//! What the built-in tools share: picking the file, refusing to overwrite a person's work, and
//! writing without leaving the workspace.

use leviathan_core::paths::AllowedPaths;
use leviathan_core::task::TaskDefinition;

use crate::files::Tree;
use crate::job::JobFolder;
use crate::result::{PhaseFailure, PhasePassed};

/// Stands in everything that a built-in writes: it may replace a file that holds it.
pub const MARK: &str = "Leviathan (skeleton)";

/// The longest file that is compared with the skeleton, in bytes.
const MAX_EXISTING_BYTES: u64 = 1024 * 1024;

/// Where a built-in writes, or why it cannot.
pub type OutputPath = Result<String, String>;

/// A tool that is part of Leviathan: the same task always gives the same file.
pub trait BuiltIn {
    /// The file that it writes.
    fn path(&self, task: &TaskDefinition) -> OutputPath;
    /// The whole text of the file.
    fn text(&self, task: &TaskDefinition) -> String;
}

/// Writes the built-in's file into the workspace, unless it stands there already.
pub fn write(tool: &impl BuiltIn, folder: &JobFolder) -> Result<PhasePassed, PhaseFailure> {
    let task = &folder.job.task;
    let refused = |reason: String| PhaseFailure::task("tool_refused", reason);
    let path = tool.path(task).map_err(refused)?;
    let path = leviathan_core::paths::normalise(&path)
        .map_err(|problem| refused(format!("{path:?} cannot be written: {problem}")))?;
    let (allowed, _) = AllowedPaths::new(&task.allowed_paths);
    if !allowed.allows(&path) {
        return Err(refused(format!(
            "{path} is outside allowed_paths; a folder needs a / at its end"
        )));
    }
    let text = tool.text(task);
    let tree = Tree::open(&folder.workspace())
        .map_err(|error| PhaseFailure::infra("workspace_unusable", error.to_string()))?;
    let existing = tree
        .read(path.as_bytes(), MAX_EXISTING_BYTES)
        .map_err(|fault| refused(fault.to_string()))?;
    match existing {
        Some(content) if content == text.as_bytes() => {
            return Ok(PhasePassed::saying(format!("{path} stands there already, unchanged")));
        }
        Some(content)
            if !content.is_empty() && !String::from_utf8_lossy(&content).contains(MARK) =>
        {
            return Err(refused(format!(
                "{path} exists and is no skeleton: a built-in does not replace a person's work"
            )));
        }
        Some(_) | None => {}
    }
    tree.write(path.as_bytes(), text.as_bytes(), false)
        .map_err(|fault| refused(fault.to_string()))?;
    let summary = format!("skeleton written to {path}");
    Ok(PhasePassed { summary, skeleton: true, ..PhasePassed::default() })
}

/// CONTRACT 6.5: the only entry with this ending; else `name` in the first entry, a folder.
pub fn output_path(allowed: &[String], ending: &str, language: &str, name: &str) -> OutputPath {
    let Some(first) = allowed.first() else {
        return Err("allowed_paths is empty: the task allows no file to be written".to_owned());
    };
    let dotted = format!(".{ending}");
    let mut files = allowed.iter().filter(|path| path.ends_with(&dotted));
    match (files.next(), files.next()) {
        (Some(file), None) => Ok(file.clone()),
        (Some(_), Some(_)) => Err(format!(
            "Multiple {language} files in allowed_paths: the built-in writes one; \
             split the task or name one file"
        )),
        (None, _) => Ok(format!("{}/{name}", first.trim_end_matches('/'))),
    }
}

/// An id as part of a file name: letters, digits, `-`, `_` and, if allowed, `.` stay.
pub fn file_word(id: &str, dots: bool) -> String {
    id.chars()
        .map(|c| {
            let stays = c.is_alphanumeric() || matches!(c, '-' | '_') || (dots && c == '.');
            if stays { c } else { '_' }
        })
        .collect()
}

/// Text on one line: blanks and line ends become single blanks.
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The task's criteria, each on one line.
pub fn criteria(task: &TaskDefinition) -> impl Iterator<Item = String> {
    task.acceptance_criteria.iter().map(|criterion| one_line(criterion))
}

/// Markdown code that holds any text: one more backtick than the longest run in it.
pub fn code_span(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest.saturating_add(1));
    if longest == 0 { format!("{ticks}{text}{ticks}") } else { format!("{ticks} {text} {ticks}") }
}

#[cfg(test)]
pub(crate) mod tests {
    use leviathan_core::task::Priority;

    use super::*;

    /// A task for the built-ins' tests.
    pub(crate) fn task(
        id: &str,
        title: &str,
        allowed: &[&str],
        criteria: &[&str],
    ) -> TaskDefinition {
        let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        TaskDefinition {
            id: id.parse().unwrap(),
            title: title.to_owned(),
            description: None,
            scope: "docs".to_owned(),
            priority: Priority::Medium,
            allowed_paths: texts(allowed),
            acceptance_criteria: texts(criteria),
            dependencies: Vec::new(),
            estimated_size: "unknown".to_owned(),
            labels: Vec::new(),
        }
    }

    #[test]
    fn code_spans_hold_backticks() {
        assert_eq!(code_span("a"), "`a`");
        assert_eq!(code_span("a`b``c"), "``` a`b``c ```");
    }
}
