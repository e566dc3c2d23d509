//! The built-in for tests: a pytest skeleton, always the same for the same task (CONTRACT 6.5).
//! Its tests are skipped and say why; taken out of their skip they fail. They never pretend to
//! pass.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use leviathan_core::task::TaskDefinition;

use super::builtin::{self, BuiltIn, OutputPath};

/// Words of a criterion that make up its function's name.
const NAME_WORDS: usize = 8;

/// Picks the path and writes the text.
pub struct Tests;

impl BuiltIn for Tests {
    fn path(&self, task: &TaskDefinition) -> OutputPath {
        let word = builtin::file_word(task.id.as_str(), false).replace('-', "_");
        builtin::output_path(&task.allowed_paths, "py", "Python", &format!("test_{word}.py"))
    }

    fn text(&self, task: &TaskDefinition) -> String {
        text(task)
    }
}

fn text(task: &TaskDefinition) -> String {
    let title = builtin::one_line(&task.title);
    let about = format!("{title}. Task {}. {}.", task.id, builtin::MARK);
    let mut out = format!(
        "{about}\n\nimport pytest\n\nSKELETON = {reason}\n",
        about = python_text(&about),
        reason = python_text("skeleton: this test is not written yet"),
    );
    let mut names = BTreeSet::new();
    for criterion in builtin::criteria(task) {
        test(&mut out, &unique_name(&criterion, &mut names), &criterion);
    }
    if task.acceptance_criteria.is_empty() {
        test(&mut out, "test_the_task_names_no_criterion", &title);
    }
    out
}

fn test(out: &mut String, name: &str, criterion: &str) {
    let text = python_text(criterion);
    let _ = write!(
        out,
        "\n\n@pytest.mark.skip(reason=SKELETON)\ndef {name}():\n    {text}\n    \
         raise NotImplementedError(SKELETON)\n"
    );
}

/// `test_` and the criterion's first words; a number makes it differ from those before it, which
/// Python would otherwise silently replace.
fn unique_name(criterion: &str, names: &mut BTreeSet<String>) -> String {
    let lower = criterion.to_ascii_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(NAME_WORDS)
        .collect();
    let words = if words.is_empty() { "criterion".to_owned() } else { words.join("_") };
    let mut name = format!("test_{words}");
    let mut number = 2_u32;
    while !names.insert(name.clone()) {
        name = format!("test_{words}_{number}");
        number = number.saturating_add(1);
    }
    name
}

/// A Python string literal that means exactly this text.
fn python_text(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            // Line and paragraph separators, and marks that turn the direction of text.
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::tools::builtin::tests::task;

    #[test]
    fn the_path_is_the_only_python_entry_or_stands_in_the_first_folder() {
        for (allowed, id, expected) in [
            (vec!["tests/unit/test_a.py"], "t", Ok("tests/unit/test_a.py")),
            (vec!["tests/unit/"], "api-base-test", Ok("tests/unit/test_api_base_test.py")),
            (vec![], "t", Err("empty")),
            (vec!["tests/a.py", "tests/b.py"], "t", Err("Multiple Python files")),
        ] {
            let answer = Tests.path(&task(id, "T", &allowed, &[]));
            match expected {
                Ok(path) => assert_eq!(answer.unwrap(), path),
                Err(part) => assert!(answer.unwrap_err().contains(part), "{part}"),
            }
        }
    }

    #[test]
    fn equal_criteria_get_names_of_their_own() {
        let mut names = BTreeSet::new();
        let criteria = ["Covers the case", "covers THE case!", "…", "Covers the case", "…"];
        let made: Vec<String> = criteria.iter().map(|text| unique_name(text, &mut names)).collect();
        assert_eq!(
            made,
            [
                "test_covers_the_case",
                "test_covers_the_case_2",
                "test_criterion",
                "test_covers_the_case_3",
                "test_criterion_2",
            ]
        );
        let long = unique_name("a b c d e f g h i j", &mut names);
        assert_eq!(long, "test_a_b_c_d_e_f_g_h");
    }

    #[test]
    fn texts_stay_texts_in_python() {
        assert_eq!(python_text("a\"\"\"b\\n"), r#""a\"\"\"b\\n""#);
        assert_eq!(python_text("a\u{7}\u{202e}é"), "\"a\\x07\\u202eé\"");
    }

    #[test]
    fn no_test_of_a_skeleton_can_pass() {
        let text = Tests.text(&task("t-1", "Cover it", &["tests/"], &["One \"thing\"", "Two"]));
        assert_eq!(text.matches("def test_").count(), 2);
        assert_eq!(text.matches("@pytest.mark.skip(").count(), 2);
        assert_eq!(text.matches("raise NotImplementedError").count(), 2);
        assert!(
            text.contains("import pytest") && text.contains("t-1") && text.contains("Cover it")
        );
        assert!(!text.contains("assert True"));
    }
}
