//! Backlogs as they exist, and what is said of broken ones.

use proptest::prelude::*;

use super::{Backlog, parse};
use crate::fact::TaskStatus;
use crate::task::Priority;

fn read(text: &str) -> Backlog {
    parse("backlog.yaml", text).unwrap()
}

fn ids(backlog: &Backlog) -> Vec<&str> {
    backlog.tasks.iter().map(|task| task.definition.id.as_str()).collect()
}

fn refused(text: &str) -> Vec<(u32, String)> {
    let backlog = read(text);
    backlog.refused.iter().map(|problem| (problem.line, problem.to_string())).collect()
}

#[test]
fn each_form_of_the_file_is_read() {
    for text in [
        "tasks:\n- id: one\n- id: two\n",
        "tasks:\n  - id: one\n  - id: two\n",
        "- id: one\n- id: two\n",
        "tasks: [{id: one}, {task_id: two}]",
        "version: '1'\nmax_open_prs: 2\ntasks:\n- {id: one, pr: {x: 1}}\n- task_id: two\nmetadata: {n: 2}\n",
        "---\n{\"tasks\": [{\"id\": \"one\"}, {\"id\": \"two\"}]}\n",
        "\u{feff}tasks:\r\n- id: one\r\n- id: two\r\n",
        "base: &base {scope: docs}\ntasks:\n- {<<: *base, id: one}\n- {<<: [*base], id: two}\n",
    ] {
        let backlog = read(text);
        assert_eq!(ids(&backlog), ["one", "two"], "{text}");
        assert!(backlog.refused.is_empty(), "{text}");
    }
    assert_eq!(ids(&read("tasks: []\n")), [] as [&str; 0]);
}

#[test]
fn every_field_is_taken_over() {
    let text = "tasks:\n- id: 12\n  title: |\n    A\n    b\n  description: >-\n    why\n    so\n  scope: docs\n  priority: high\n  ready: true\n  status: null\n  estimated_size: small\n  dependencies: 11\n  allowed_paths: [docs/, README.md]\n  acceptance_criteria:\n  - \"one\"\n  - Output: two\n  labels: [a]\n  last_attempt_id: x-1\n  extra: {y: 1}\n";
    let backlog = read(text);
    let task = backlog.tasks.first().unwrap();
    let definition = &task.definition;
    assert_eq!(definition.id.as_str(), "12");
    assert_eq!(definition.title, "A b");
    assert_eq!(definition.description.as_deref(), Some("why so"));
    assert_eq!(definition.scope, "docs");
    assert_eq!(definition.priority, Priority::High);
    assert_eq!(definition.estimated_size, "small");
    assert_eq!(definition.dependencies, ["11".parse().unwrap()]);
    assert_eq!(definition.allowed_paths, ["docs/", "README.md"]);
    assert_eq!(definition.acceptance_criteria, ["one", "Output: two"]);
    assert_eq!(definition.labels, ["a"]);
    assert_eq!(task.last_attempt_id.as_deref(), Some("x-1"));
    assert_eq!((task.ready, task.status, task.line), (true, TaskStatus::Pending, 2));
}

#[test]
fn what_is_missing_has_its_default() {
    let backlog = read("- id: a\n");
    let task = backlog.tasks.first().unwrap();
    let definition = &task.definition;
    assert_eq!(definition.title, "Untitled");
    assert_eq!(definition.scope, "unknown");
    assert_eq!(definition.priority, Priority::Medium);
    assert_eq!(definition.estimated_size, "unknown");
    assert!(definition.allowed_paths.is_empty() && definition.dependencies.is_empty());
    assert_eq!((task.ready, task.status), (false, TaskStatus::Pending));
}

#[test]
fn ready_is_what_people_mean() {
    for (word, expected) in [
        ("true", true),
        ("True", true),
        ("yes", true),
        ("on", true),
        ("\"true\"", true),
        ("'yes'", true),
        ("false", false),
        ("no", false),
        ("off", false),
        ("\"false\"", false),
        ("~", false),
        ("", false),
    ] {
        let backlog = read(&format!("- id: a\n  ready: {word}\n"));
        assert_eq!(backlog.tasks.first().map(|task| task.ready), Some(expected), "{word}");
    }
    for word in ["maybe", "1", "[true]"] {
        let problems = refused(&format!("- id: a\n  ready: {word}\n"));
        assert!(problems.first().unwrap().1.contains("expected true or false"), "{problems:?}");
    }
}

#[test]
fn status_words_mean_what_their_writers_meant() {
    for (word, expected) in [
        ("pending", TaskStatus::Pending),
        ("ToDo", TaskStatus::Pending),
        ("open", TaskStatus::Pending),
        ("in_progress", TaskStatus::InProgress),
        ("in-progress", TaskStatus::InProgress),
        ("WIP", TaskStatus::InProgress),
        ("pr_opened", TaskStatus::PrOpen),
        ("ready_to_merge", TaskStatus::PrOpen),
        ("completed", TaskStatus::Completed),
        ("Done", TaskStatus::Completed),
        ("blocked", TaskStatus::Blocked),
        ("failed", TaskStatus::Blocked),
        ("someday", TaskStatus::Blocked),
    ] {
        let backlog = read(&format!("- id: a\n  status: {word}\n"));
        let task = backlog.tasks.first().unwrap();
        assert_eq!(task.status, expected, "{word}");
    }
    let backlog =
        read("- id: a\n  status: someday\n- {id: b, status: blocked, blocked_reason: why}\n");
    let reasons: Vec<_> = backlog.tasks.iter().map(|task| task.blocked_reason.as_deref()).collect();
    assert_eq!(reasons, [Some("the backlog says `status: someday`"), Some("why")]);
}

#[test]
fn a_file_that_holds_no_tasks_is_refused_whole() {
    for (text, line, said) in [
        ("", 1, "holds nothing"),
        ("# only a comment\n", 1, "holds nothing"),
        ("just words", 1, "a single value"),
        ("version: 1\nitems: []\n", 1, "no `tasks`; the keys are: version, items"),
        ("tasks:\n", 1, "`tasks` is nothing"),
        ("a: 1\ntasks: {b: 1}\n", 2, "`tasks` is a mapping"),
        ("tasks:\n- id: a\n- words\n", 3, "task at index 1 is a single value"),
        ("tasks:\n- id: a\n- title: b\n", 3, "task at index 1 has no `id`; its keys are: title"),
        ("tasks:\n- id:\n", 2, "index 0 has no `id`"),
        ("tasks:\n- id: a\n  title: 'b\n", 3, "not YAML"),
        ("tasks:\n- id: a\n\tready: true\n", 3, "not YAML"),
        ("tasks: []\ntasks: []\n", 2, "`tasks` stands here again, after line 1"),
        ("a: 1\n---\nb: 2\n", 2, "second document"),
    ] {
        let problem = parse("b.yaml", text).unwrap_err();
        assert!(problem.problem.contains(said), "{text}: {problem}");
        assert_eq!(problem.line, line, "{text}: {problem}");
        assert!(!problem.expected.is_empty());
    }
}

#[test]
fn a_bad_task_is_refused_with_its_line_and_the_others_go_on() {
    for (bad, line, said) in [
        ("- id: [x]\n", 3, "`id` is a list"),
        ("- id: \"a\\tb\"\n", 3, "control character"),
        ("- id: bad\n  allowed_paths: {docs: 1}\n", 4, "`allowed_paths` is a mapping"),
        ("- id: bad\n  allowed_paths:\n  - docs/\n  - [x]\n", 6, "is a list"),
        ("- id: bad\n  allowed_paths:\n  - docs/\n  - docs/*.md\n", 6, "write `docs/`"),
        ("- id: bad\n  allowed_paths: [../x]\n", 4, "holds `..`"),
        ("- id: bad\n  dependencies:\n  - {a: 1}\n", 5, "is a mapping"),
        ("- id: bad\n  title: {a: 1}\n", 4, "`title` is a mapping"),
        ("- id: bad\n  title: a\n  title: b\n", 5, "`title` stands here again, after line 4"),
        ("- id: bad\n  dependencies: bad\n", 3, "bad → bad"),
    ] {
        let text = format!("tasks:\n- id: good\n{bad}- id: fine\n");
        let backlog = read(&text);
        assert_eq!(ids(&backlog), ["good", "fine"], "{text}");
        let [problem] = backlog.refused.as_slice() else { panic!("{text}: {:?}", backlog.refused) };
        assert!(problem.to_string().contains(said), "{text}: {problem}");
        assert_eq!(problem.line, line, "{text}: {problem}");
    }
}

#[test]
fn an_id_that_stands_twice_refuses_both_and_names_both_lines() {
    let text = "- id: a\n- id: b\n- task_id: a\n";
    assert_eq!(ids(&read(text)), ["b"]);
    let problems = refused(text);
    let lines: Vec<u32> = problems.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 3]);
    assert!(
        problems.iter().all(|(_, said)| said.contains("task a: 2 tasks have this id: lines 1, 3"))
    );
}

#[test]
fn tasks_in_a_circle_are_refused_and_those_outside_are_not() {
    let text = "- {id: a, dependencies: [b]}\n- {id: b, dependencies: [c]}\n- {id: c, dependencies: [a]}\n- {id: d, dependencies: [a, gone]}\n- {id: e}\n";
    assert_eq!(ids(&read(text)), ["d", "e"]);
    assert!(refused(text).iter().all(|(_, said)| said.contains("a → b → c → a")));
    let completed =
        "- {id: a, dependencies: [b]}\n- {id: b, dependencies: [a], status: completed}\n";
    assert_eq!(ids(&read(completed)), ["a", "b"]);
}

#[test]
fn a_completed_task_keeps_the_paths_it_once_had() {
    let backlog = read("- {id: a, status: done, allowed_paths: ['docs/*']}\n");
    assert_eq!(ids(&backlog), ["a"]);
}

#[test]
fn limits_are_named() {
    let many: String = (0..=super::MAX_TASKS).map(|n| format!("- id: t{n}\n")).collect();
    let problem = parse("b.yaml", &many).unwrap_err().to_string();
    assert!(problem.contains("2001 tasks") && problem.contains("at most 2000"), "{problem}");
    let large = format!("- id: a\n  title: {}\n", "x".repeat(1024 * 1024));
    let problem = parse("b.yaml", &large).unwrap_err().to_string();
    assert!(problem.contains("1048594 bytes") && problem.contains("1 MiB"), "{problem}");
}

#[test]
fn aliases_can_not_make_a_file_explode() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..40 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        text.push_str(&format!("a{level}: &a{level} [{before}*a{}]\n", level - 1));
    }
    text.push_str("tasks: [{id: a, allowed_paths: *a39}]\n");
    let problem = parse("b.yaml", &text).unwrap_err().to_string();
    assert!(problem.contains("larger than 8 MiB"), "{problem}");
    let chain: String = (1..5000).map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1)).collect();
    let problem = parse("b.yaml", &format!("a0: &a0 [x]\n{chain}")).unwrap_err().to_string();
    assert!(problem.contains("at most 64 levels"), "{problem}");
    let problem = parse("b.yaml", "tasks: &a [*a]\n").unwrap_err().to_string();
    assert!(problem.contains("alias"), "{problem}");
}

#[test]
fn a_long_chain_of_dependencies_is_no_circle() {
    let chain: String = (0..super::MAX_TASKS)
        .map(|n| format!("- {{id: t{n}, dependencies: [t{}]}}\n", n + 1))
        .collect();
    assert_eq!(read(&chain).tasks.len(), super::MAX_TASKS);
}

proptest! {
    #[test]
    fn no_text_can_break_it(text in "[a-c:\\-{}\\[\\]&*!|>'\"#\\n ,?]{0,60}") {
        let text = text.replace('c', "tasks").replace('b', "id");
        let _ = parse("b.yaml", &text);
    }

    #[test]
    fn no_circle_is_left(edges in proptest::collection::vec(proptest::collection::vec(0_usize..8, 0..3), 8)) {
        let lines: Vec<String> = edges.iter().enumerate().map(|(task, edges)| {
            let edges: Vec<String> = edges.iter().map(|edge| format!("t{edge}")).collect();
            format!("- {{id: t{task}, dependencies: [{}]}}\n", edges.join(", "))
        }).collect();
        let mut left = read(&lines.concat()).tasks;
        loop {
            let names: Vec<_> = left.iter().map(|task| task.definition.id.clone()).collect();
            let before = left.len();
            left.retain(|task| task.definition.dependencies.iter().any(|id| names.contains(id)));
            if left.len() == before { break; }
        }
        prop_assert!(left.is_empty());
    }
}

#[test]
fn a_key_in_free_text_goes_no_further() {
    // Put together here, so that no scanner takes this file for a leak.
    let key = format!("ghp{}{}", "_", "Zk4nQ8wLr2TyVb6XsJd0PmHc5FgAe9UoIiB1");
    let text = format!(
        "tasks:\n- id: one\n  title: use {key}\n  description: {key}\n  acceptance_criteria: [{key}]\n"
    );
    let definition = read(&text).tasks[0].definition.to_json();
    assert!(!definition.contains(&key), "{definition}");
    assert_eq!(definition.matches("[redacted:").count(), 3, "{definition}");
}
