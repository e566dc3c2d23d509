//! Every layout of a backlog, before and after; then generated ones.

use proptest::prelude::*;

use super::{Completion, WriteBackProblem, complete};
use crate::backlog::parse;
use crate::fact::TaskStatus;

fn completion(task: &str) -> Completion {
    Completion {
        task: task.parse().unwrap(),
        attempt: "two-abc".parse().unwrap(),
        branch: "agent/two-abc".to_owned(),
        completed_at: "2026-01-02T03:04:05".to_owned(),
    }
}

/// The six fields as lines, each after this indent.
fn lines(indent: &str) -> String {
    let fields = ["status: completed", "ready: false"];
    fields.map(|field| format!("{indent}{field}\n")).concat() + &rest(indent)
}

/// The four of them that no person writes.
fn rest(indent: &str) -> String {
    let fields = [
        "last_attempt_id: two-abc",
        "branch_name: agent/two-abc",
        "pr_number: null",
        "completed_at: '2026-01-02T03:04:05'",
    ];
    fields.map(|field| format!("{indent}{field}\n")).concat()
}

const FLOW: &str = "last_attempt_id: two-abc, branch_name: agent/two-abc, pr_number: null, completed_at: '2026-01-02T03:04:05'";

fn check(cases: &[(&str, String)]) {
    for (before, after) in cases {
        let done = complete(before, &completion("two"));
        assert_eq!(done.as_deref(), Ok(after.as_str()), "{before}");
        assert_eq!(complete(after, &completion("two")).as_deref(), Ok(after.as_str()), "again");
    }
}

#[test]
fn a_block_keeps_comments_quotes_and_neighbours() {
    check(&[
        (
            "# top\nversion: '1'\ntasks:\n- id: one # first\n  ready: true\n\n# about two\n- id: two\n  title: \"Zwölf €\"   # why\n  ready: yes # please\n  status: pending\n  allowed_paths:\n  - docs/ # all\n\n# about three\n- id: three\n",
            format!(
                "# top\nversion: '1'\ntasks:\n- id: one # first\n  ready: true\n\n# about two\n- id: two\n  title: \"Zwölf €\"   # why\n  ready: false # please\n  status: completed\n  allowed_paths:\n  - docs/ # all\n{}\n# about three\n- id: three\n",
                rest("  ")
            ),
        ),
        (
            "- id: one\n-   task_id: 'two'\n- id: three\n",
            format!("- id: one\n-   task_id: 'two'\n{}- id: three\n", lines("    ")),
        ),
        (
            "tasks:\n    - id: two\n      \"ready\": true\n",
            format!(
                "tasks:\n    - id: two\n      \"ready\": false\n      status: completed\n{}",
                rest("      ")
            ),
        ),
        (
            "- id: two\n  paths: [a,\n    b] # both\n- id: x\n",
            format!("- id: two\n  paths: [a,\n    b] # both\n{}- id: x\n", lines("  ")),
        ),
        (
            "- id: two\n  title: a\n    b\n\n    c\n",
            format!("- id: two\n  title: a\n    b\n\n    c\n{}", lines("  ")),
        ),
        (
            "- id: two\n  deps:\n  -\n- id: x\n",
            format!("- id: two\n  deps:\n  -\n{}- id: x\n", lines("  ")),
        ),
        (
            "- id: two\n  deep:\n    more:\n    - a: 1\n      b: 2 # c\n# end\n",
            format!(
                "- id: two\n  deep:\n    more:\n    - a: 1\n      b: 2 # c\n{}# end\n",
                lines("  ")
            ),
        ),
        (
            "tasks:\n- id: two\nmetadata:\n  n: 1\n",
            format!("tasks:\n- id: two\n{}metadata:\n  n: 1\n", lines("  ")),
        ),
    ]);
}

#[test]
fn values_that_are_there_are_replaced_in_place() {
    check(&[
        (
            "- id: two\n  status:   # none yet\n  completed_at:\n  pr_number: 12\n  branch_name: ~\n  last_attempt_id: \"old\" # old\n  ready: 'true'\n",
            "- id: two\n  status: completed   # none yet\n  completed_at: '2026-01-02T03:04:05'\n  pr_number: null\n  branch_name: agent/two-abc\n  last_attempt_id: two-abc # old\n  ready: false\n".to_owned(),
        ),
        ("- status: \"completed\"\n  id: two\n", format!("- status: \"completed\"\n  id: two\n  ready: false\n{}", rest("  "))),
    ]);
}

#[test]
fn flow_style_stays_flow_style() {
    check(&[
        ("tasks:\n- {id: one}\n- {id: two, ready: true} # c\n", format!("tasks:\n- {{id: one}}\n- {{id: two, ready: false, status: completed, {FLOW}}} # c\n")),
        ("[{id: two, ready: true,}, {id: x}]", format!("[{{id: two, ready: false, status: completed, {FLOW},}}, {{id: x}}]")),
        ("- {id: two, ready: , status}\n", format!("- {{id: two, ready: false , status: completed, {FLOW}}}\n")),
        ("- { id: two,\n    paths: [a, b] # c\n  }\n", format!("- {{ id: two,\n    paths: [a, b], status: completed, ready: false, {FLOW} # c\n  }}\n")),
        ("{\"tasks\": [{\"id\": \"two\", \"ready\": true}]}\n", "{\"tasks\": [{\"id\": \"two\", \"ready\": false, \"status\": \"completed\", \"last_attempt_id\": \"two-abc\", \"branch_name\": \"agent/two-abc\", \"pr_number\": null, \"completed_at\": \"2026-01-02T03:04:05\"}]}\n".to_owned()),
    ]);
}

#[test]
fn line_ends_are_kept() {
    let crlf = |text: String| text.replace('\n', "\r\n");
    check(&[
        (
            "- id: one\r\n- id: two\r\n  ready: true\r\n- id: x\r\n",
            crlf(format!(
                "- id: one\n- id: two\n  ready: false\n  status: completed\n{}- id: x\n",
                rest("  ")
            )),
        ),
        (
            "- id: two\r\n  d: |\r\n    a\r\n\r\n- id: x\r\n",
            crlf(format!("- id: two\n  d: |\n    a\n{}\n- id: x\n", lines("  "))),
        ),
        ("- id: two", format!("- id: two\n{}", lines("  ").trim_end())),
        (
            "- id: one\r\n- id: two",
            crlf(format!("- id: one\n- id: two\n{}", lines("  ").trim_end())),
        ),
        ("\u{feff}- id: two # ü\n", format!("\u{feff}- id: two # ü\n{}", lines("  "))),
    ]);
}

#[test]
fn a_text_block_at_the_end_is_not_cut_or_grown() {
    check(&[
        (
            "- id: two\n  d: |\n    a\n    b\n- id: x\n",
            format!("- id: two\n  d: |\n    a\n    b\n{}- id: x\n", lines("  ")),
        ),
        (
            "- id: two\n  d: >-\n    a\n\n      b\n\n\n# c\n- id: x\n",
            format!("- id: two\n  d: >-\n    a\n\n      b\n{}\n\n# c\n- id: x\n", lines("  ")),
        ),
        (
            "- id: two\n  d: |+\n    a\n\n\n- id: x\n",
            format!("- id: two\n  d: |+\n    a\n\n\n{}- id: x\n", lines("  ")),
        ),
        (
            "- id: two\n  d: |2\n      a\n    b\n- id: x\n",
            format!("- id: two\n  d: |2\n      a\n    b\n{}- id: x\n", lines("  ")),
        ),
        (
            "- id: two\n  list:\n  - |\n    a # no comment\n  # a comment\n- id: x\n",
            format!(
                "- id: two\n  list:\n  - |\n    a # no comment\n{}  # a comment\n- id: x\n",
                lines("  ")
            ),
        ),
        (
            "- id: two\n  d: |-\n    a",
            format!("- id: two\n  d: |-\n    a\n{}", lines("  ").trim_end()),
        ),
    ]);
}

#[test]
fn what_can_not_be_edited_is_left_alone() {
    for (text, said) in [
        ("- id: one\n", "is not in the backlog"),
        ("- id: two\n- task_id: two\n", "lines 1 and 2"),
        ("just words", "can't be read"),
        ("- id: 'two\n", "can't be read"),
        ("tasks: {two: 1}\n", "can't be read"),
        ("- id: two\n  status: |\n    pending\n", "`status` is a block"),
        ("- id: two\n  ready:\n  - x\n", "`ready` is a block"),
        ("- id: two\n  ready: true\n  ready: true\n", "stands there twice"),
        ("- id: two\n  status: &s pending\n- {id: x, status: *s}\n", "keeps all else"),
        ("a: &a {id: two}\ntasks: [*a]\n", "is an alias"),
        ("a: &a [{id: two}]\ntasks: *a\n", "keeps all else"),
    ] {
        let problem = complete(text, &completion("two")).unwrap_err().to_string();
        assert!(problem.contains(said), "{text}: {problem}");
    }
    let missing = complete("[]", &completion("two")).unwrap_err();
    assert_eq!(missing, WriteBackProblem::Missing { task: "two".parse().unwrap() });
}

#[test]
fn odd_values_are_quoted() {
    for branch in ["yes", "12", "a: b", "it's", "a #b", "line\nbreak", "~", "ü", "-", "a\u{7f}", ""]
    {
        let wanted = Completion { branch: branch.to_owned(), ..completion("two") };
        for text in ["- id: two\n", "- {id: two}\n", "- {\"id\": \"two\"}\n"] {
            let done = complete(text, &wanted).unwrap();
            let root = crate::yaml::Document::parse("f", &done).unwrap().root;
            let task = root.as_sequence().and_then(|tasks| tasks.first()).unwrap();
            assert_eq!(
                task.get("branch_name").and_then(|node| node.as_text()),
                Some(branch),
                "{done}"
            );
        }
    }
}

/// One value of a task with its layout, as lines after `key:`.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just(" plain words # note".to_owned()),
        Just(" 'single ''quotes'''".to_owned()),
        Just(" \"double \\\" ü\" # note".to_owned()),
        Just(" [a, {b: c}] # note".to_owned()),
        Just(" {a: 1,\n#IN#  b: [x,\n#IN#  y]}".to_owned()),
        Just(" |\n#IN#  text # no note\n\n#IN#   more".to_owned()),
        Just(" >+\n#IN#  text\n\n".to_owned()),
        Just(" |-\n#IN#  text\n\n#IN#  more\n\n\n".to_owned()),
        Just("\n#IN#- one\n#IN#- two: 2\n#IN#  three:".to_owned()),
        Just("\n#IN#  a: 1\n#IN#  b:\n#IN#  - c # note\n".to_owned()),
        Just(" words that\n#IN#  go on\n#IN#  # note".to_owned()),
        Just(" true".to_owned()),
        Just(" ~".to_owned()),
    ]
}

fn block_task(id: &'static str) -> impl Strategy<Value = String> {
    let key = prop_oneof![
        Just("title"),
        Just("status"),
        Just("ready"),
        Just("\"labels\""),
        Just("pr_number"),
        Just("zusätze"),
    ];
    (proptest::collection::btree_map(key, value(), 0..5), 1_usize..4, any::<bool>()).prop_map(
        move |(fields, indent, note)| {
            let dash = format!("-{}", " ".repeat(indent));
            let inner = " ".repeat(indent + 1);
            let fields: String = fields
                .into_iter()
                .filter(|(key, value)| {
                    let written = matches!(*key, "status" | "pr_number");
                    let truth = matches!(value.as_str(), "" | " ~" | " true");
                    match *key {
                        "ready" => truth,
                        "title" => !value.contains(['[', '{', '-']),
                        _ => !(written && value.contains(['\n', '[', '{'])),
                    }
                })
                .map(|(key, value)| format!("{inner}{key}:{}\n", value.replace("#IN#", &inner)))
                .collect();
            let note = if note { "# between\n" } else { "" };
            format!("{dash}id: {id}\n{fields}{note}")
        },
    )
}

proptest! {
    #[test]
    fn any_layout_is_completed_and_no_other_line_changes(
        tasks in (block_task("one"), block_task("two"), block_task("three")),
        crlf in any::<bool>(),
        outer in any::<bool>(),
        cut in any::<bool>(),
    ) {
        let (one, two, three) = tasks;
        let outer = if outer { "tasks: # here\n" } else { "" };
        let mut text = format!("# top\n{outer}{one}{two}{three}");
        if cut && !text.contains('|') && !text.contains('>') {
            text = text.trim_end().to_owned();
        }
        if crlf {
            text = text.replace('\n', "\r\n");
        }
        for id in ["one", "two", "three"] {
            let done = complete(&text, &completion(id)).unwrap();
            let (before, after) = (parse("b", &text).unwrap(), parse("b", &done).unwrap());
            for (before, after) in before.tasks.iter().zip(&after.tasks) {
                prop_assert_eq!(&before.definition, &after.definition);
                if before.definition.id.as_str() == id {
                    prop_assert_eq!((after.status, after.ready), (TaskStatus::Completed, false));
                } else {
                    prop_assert_eq!(before.status, after.status);
                }
            }
            let kept: Vec<&str> = done.lines().collect();
            let mut from = 0;
            for line in text.lines() {
                let ours = ["status", "ready", "pr_number"].iter().any(|key| line.contains(key));
                if !ours {
                    let at = kept.iter().skip(from).position(|kept| *kept == line);
                    prop_assert!(at.is_some(), "{line:?} is gone:\n{done}");
                    from += at.unwrap_or(0) + 1;
                }
            }
            prop_assert_eq!(done.contains("\r\n"), crlf);
            prop_assert_eq!(done.replace("\r\n", "").contains('\n'), !crlf);
        }
    }

    #[test]
    fn no_text_can_break_it(text in "[a-c:\\-{}\\[\\]&*!|>'\"#\\n ,?ü]{0,60}") {
        let text = text.replace('c', "tasks").replace('b', "id: two");
        if let Ok(done) = complete(&text, &completion("two")) {
            prop_assert!(crate::yaml::Document::parse("f", &done).is_ok());
        }
    }
}

#[test]
fn the_proof_sees_every_other_change() {
    let before = "v: 1\ntasks:\n- {id: one, n: [1, {a: b}]}\n- {id: two, ready: true}\n";
    let wanted = completion("two");
    let after = complete(before, &wanted).unwrap();
    let holds = |after: &str| {
        let (before, after) = (super::read(before).unwrap(), super::read(after).unwrap());
        super::proof::holds(&before, &after, 1, &wanted.fields())
    };
    assert!(holds(&after));
    for (from, to) in [
        ("v: 1", "v: 2"),
        ("v: 1", "v: '1'"),
        ("v: 1\n", ""),
        ("v: 1", "v: 1\nw: 1"),
        ("id: one", "id: won"),
        ("{a: b}", "{a: c}"),
        ("{a: b}", "{a: b}, 2"),
        ("id: two", "id: too"),
        ("id: two, ready: false", "ready: false, id: two"),
        ("ready: false", "ready: 'false'"),
        ("ready: false", "ready: true"),
        ("status: completed", "status: done"),
        ("pr_number: null", "pr_number: 'null'"),
        (", pr_number: null", ""),
        ("pr_number: null", "pr_number: null, more: 1"),
        ("- {id: two", "- {id: three}\n- {id: two"),
    ] {
        let tampered = after.replace(from, to);
        assert_ne!(tampered, after, "{from}");
        assert!(!holds(&tampered), "{tampered}");
    }
}
