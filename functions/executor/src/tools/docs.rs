//! The built-in for documents: a Markdown skeleton, always the same for the same task
//! (CONTRACT 6.5). It says that it is one: the text is a person's work.

use std::fmt::Write as _;

use leviathan_core::task::TaskDefinition;

use super::builtin::{self, BuiltIn, OutputPath};

/// Picks the path and writes the text.
pub struct Docs;

impl BuiltIn for Docs {
    fn path(&self, task: &TaskDefinition) -> OutputPath {
        let name: String = builtin::file_word(task.id.as_str(), true)
            .chars()
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let name = name.replace('-', "_");
        builtin::output_path(&task.allowed_paths, "md", "Markdown", &format!("{name}.md"))
    }

    fn text(&self, task: &TaskDefinition) -> String {
        text(task)
    }
}

/// Which outline suits the task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outline {
    PullRequestTemplate,
    Template,
    Rules,
    Runbook,
    Sections,
}

fn outline(task: &TaskDefinition) -> Outline {
    let title = task.title.to_lowercase();
    let id = task.id.as_str().to_lowercase();
    let criteria = task.acceptance_criteria.iter().map(|text| text.to_lowercase());
    let is_template = id.contains("template")
        || title.contains("template")
        || task.allowed_paths.iter().any(|path| path.contains("templates/"));
    if is_template {
        // Whole words only: "improve" asks for no pull request.
        let about_pull_requests = criteria
            .chain([id, title])
            .any(|text| text.contains("pull request") || words(&text).any(|word| word == "pr"));
        return if about_pull_requests { Outline::PullRequestTemplate } else { Outline::Template };
    }
    if id.contains("operating-rules") || title.contains("rules") {
        Outline::Rules
    } else if id.contains("runbook") || title.contains("runbook") {
        Outline::Runbook
    } else {
        Outline::Sections
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn text(task: &TaskDefinition) -> String {
    let id = builtin::code_span(task.id.as_str());
    let mut out = format!(
        "# {title}\n\n- **Task**: {id}\n- **Scope**: {scope}\n- **Written by**: {mark}\n\n\
         > This is a skeleton. Every place marked *to be written* needs a person.\n\n\
         ## Requirements\n\n",
        title = builtin::one_line(&task.title),
        scope = builtin::one_line(&task.scope),
        mark = builtin::MARK,
    );
    for criterion in builtin::criteria(task) {
        let _ = writeln!(out, "- {criterion}");
    }
    if task.acceptance_criteria.is_empty() {
        out.push_str("- The task names none.\n");
    }
    out.push('\n');
    match outline(task) {
        Outline::PullRequestTemplate => sections(
            &mut out,
            &["What changes", "Why", "How it was tested", "Risk and way back", "For the reviewer"],
        ),
        Outline::Template => {
            sections(&mut out, &["When to use it", "Fields", "Filled-in example", "Upkeep"]);
        }
        Outline::Rules => {
            sections(&mut out, &["Purpose", "Rules", "Exceptions", "Who decides", "Review"]);
        }
        Outline::Runbook => sections(
            &mut out,
            &[
                "When this applies",
                "Before you begin",
                "Steps",
                "Check",
                "Way back",
                "Whom to call",
            ],
        ),
        Outline::Sections => numbered(&mut out, task),
    }
    let _ = writeln!(out, "---\n\nSkeleton for task {id}.");
    out
}

fn sections(out: &mut String, titles: &[&str]) {
    for title in titles {
        let _ = write!(out, "## {title}\n\n*To be written.*\n\n");
    }
}

/// One section a criterion.
fn numbered(out: &mut String, task: &TaskDefinition) {
    for (index, criterion) in builtin::criteria(task).enumerate() {
        let _ = write!(out, "## {}. {criterion}\n\n*To be written.*\n\n", index + 1);
    }
    if task.acceptance_criteria.is_empty() {
        sections(out, &["Content"]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::builtin::tests::task;

    #[test]
    fn the_path_is_the_only_markdown_entry_or_stands_in_the_first_folder() {
        for (allowed, id, expected) in [
            (vec!["src/", "docs/a/GUIDE.md"], "t", Ok("docs/a/GUIDE.md")),
            (vec!["docs/"], "test-task", Ok("docs/TEST_TASK.md")),
            (vec!["docs"], "a-b", Ok("docs/A_B.md")),
            (vec!["docs/"], "../../etc/x y", Ok("docs/.._.._ETC_X_Y.md")),
            (vec![], "t", Err("empty")),
            (vec!["a.md", "b.md"], "t", Err("Multiple Markdown files")),
        ] {
            let answer = Docs.path(&task(id, "T", &allowed, &[]));
            match expected {
                Ok(path) => assert_eq!(answer.unwrap(), path),
                Err(part) => assert!(answer.unwrap_err().contains(part), "{part}"),
            }
        }
    }

    #[test]
    fn the_text_names_task_and_criteria_and_says_that_it_is_a_skeleton() {
        let task = task("guide-1", "A guide", &["docs/"], &["First point", "Second\npoint"]);
        let text = Docs.text(&task);
        for part in ["# A guide\n", "`guide-1`", "- First point\n", "## 2. Second point\n"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.contains("skeleton") && text.contains(builtin::MARK));
        assert_eq!(text, Docs.text(&task), "the same task gives the same text");
    }

    #[test]
    fn outlines_follow_words_not_letters() {
        for (id, title, criteria, expected) in [
            ("pr-template", "Template", vec![], Outline::PullRequestTemplate),
            ("issue-template", "Template", vec!["Improve what it provides"], Outline::Template),
            (
                "issue-template",
                "Template",
                vec!["Asks for the PR number"],
                Outline::PullRequestTemplate,
            ),
            ("x-operating-rules", "How we work", vec![], Outline::Rules),
            ("x", "Runbook for y", vec![], Outline::Runbook),
            ("x", "Notes", vec!["One"], Outline::Sections),
        ] {
            assert_eq!(
                outline(&task(id, title, &["docs/"], &criteria)),
                expected,
                "{id} {criteria:?}"
            );
        }
    }
}
