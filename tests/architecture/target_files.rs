//! docs/target-files.md says what the parsers do: each of its examples is read by them, without a
//! note, and the defaults and lists that it repeats are the code's.

use std::collections::BTreeSet;
use std::fs;

use leviathan_core::policy::{Guardrails, Limits, Policy};
use leviathan_core::policy_file::{self, FORBIDDEN, PolicySource};
use leviathan_core::task::TaskDefinition;
use leviathan_core::{backlog, contract};

use crate::tree::root;

/// A fenced block: what stands behind the fence, and its text.
struct Block {
    kind: String,
    text: String,
}

fn page() -> String {
    fs::read_to_string(root().join("docs/target-files.md")).expect("the page can be read")
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(kind)) => {
                open = Some(Block { kind: kind.trim().to_owned(), text: String::new() });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block of the page has no end");
    blocks
}

fn policy(block: &Block, as_organisation: bool) -> Result<Policy, String> {
    let source = PolicySource { file: "policy.yaml", text: &block.text };
    let (organisation, target) =
        if as_organisation { (Some(source), None) } else { (None, Some(source)) };
    let outcome =
        policy_file::effective(organisation, target).map_err(|problem| problem.to_string())?;
    match outcome.notes.first() {
        Some(note) => Err(note.to_string()),
        None => Ok(outcome.policy),
    }
}

/// What our parsers say against a block; `None`: nothing.
fn fault(block: &Block) -> Option<String> {
    match block.kind.as_str() {
        "yaml backlog" => match backlog::parse("backlog.yaml", &block.text) {
            Ok(backlog) => backlog.refused.first().map(ToString::to_string),
            Err(problem) => Some(problem.to_string()),
        },
        "yaml policy" | "yaml policy complete" => policy(block, false).err(),
        "yaml policy organisation" => policy(block, true).err(),
        "yaml contract" => match contract::parse("contract.yaml", &block.text) {
            Ok(contract) => {
                let shown = serde_json::to_string(&contract).expect("a contract serialises");
                (shown.contains("null") || shown.contains("[]")).then_some(shown)
            }
            Err(problem) => Some(problem.to_string()),
        },
        "json task" => match serde_json::from_str::<TaskDefinition>(&block.text) {
            Ok(task) => {
                let squeeze = |text: &str| text.split_whitespace().collect::<String>();
                let (ours, shown) = (squeeze(&task.to_json()), squeeze(&block.text));
                (ours != shown).then_some(ours)
            }
            Err(problem) => Some(problem.to_string()),
        },
        other => Some(format!("a block of the kind {other:?} is read by nothing")),
    }
}

#[test]
fn every_example_is_read_without_a_note() {
    let blocks = blocks(&page());
    let kinds: BTreeSet<&str> = blocks.iter().map(|block| block.kind.as_str()).collect();
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        [
            "json task",
            "yaml backlog",
            "yaml contract",
            "yaml policy complete",
            "yaml policy organisation"
        ]
    );
    for block in &blocks {
        assert_eq!(fault(block), None, "{}:\n{}", block.kind, block.text);
    }
}

#[test]
fn the_task_that_a_command_gets_is_the_one_of_the_backlog() {
    let blocks = blocks(&page());
    let text = |kind| blocks.iter().find(|block| block.kind == kind).map(|block| &block.text);
    let backlog = backlog::parse("backlog.yaml", text("yaml backlog").unwrap()).unwrap();
    let task: TaskDefinition = serde_json::from_str(text("json task").unwrap()).unwrap();
    assert_eq!(backlog.tasks.first().map(|task| &task.definition), Some(&task));
}

#[test]
fn the_defaults_that_the_page_names_are_the_codes() {
    let blocks = blocks(&page());
    let complete = blocks.iter().find(|block| block.kind == "yaml policy complete").unwrap();
    let policy = policy(complete, false).unwrap();
    assert_eq!(policy.guardrails, Guardrails::default());
    assert_eq!(policy.limits, Limits::default());
    assert!(policy.enabled && policy.write_back);
    for section in ["guardrails", "limits"] {
        let named = serde_json::to_value(&policy).unwrap();
        for key in named[section].as_object().unwrap().keys() {
            assert!(complete.text.contains(&format!("  {key}: ")), "{section}.{key} is not shown");
        }
    }
    let without_file = policy_file::effective(None, None).unwrap().policy;
    for (name, scope) in &without_file.scopes {
        for path in scope.allowed_paths.iter().chain([name]) {
            assert!(page().contains(&format!("`{path}`")), "{path} of scope {name} is not named");
        }
    }
}

#[test]
fn what_is_forbidden_by_default_is_listed_whole() {
    let page = page();
    let (_, list) = page.split_once("<!-- forbidden: read by the test -->").unwrap();
    let (list, _) = list.split_once("<!-- end -->").unwrap();
    let listed: Vec<&str> = list.split_whitespace().map(|word| word.trim_matches('`')).collect();
    assert_eq!(listed, FORBIDDEN);
}

#[test]
fn an_example_that_is_wrong_is_found() {
    for (kind, text) in [
        ("yaml backlog", "tasks:\n  - {id: a, allowed_paths: ['*.md']}\n"),
        ("yaml policy", "scope: {}\n"),
        ("yaml policy", "unlock: ['.github/**']\n"),
        ("yaml policy organisation", "unlock: ['src/**']\n"),
        ("yaml contract", "name: only\n"),
        ("json task", "{\"id\":\"a\"}"),
        ("yaml", "a: 1\n"),
    ] {
        let block = Block { kind: kind.to_owned(), text: text.to_owned() };
        assert!(fault(&block).is_some(), "{kind}: {text}");
    }
}
