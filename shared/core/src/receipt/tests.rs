//! The texts, letter for letter; and what hostile facts can't do to them.

use proptest::prelude::*;

use super::*;
use crate::task::Priority;

const SHA: &str = "1111111111111111111111111111111111111111";

fn check(name: &str, passed: bool, milliseconds: u64, detail: &str) -> CheckResult {
    let (name, detail) = (name.to_owned(), detail.to_owned());
    CheckResult { name, passed, milliseconds, detail, log: None }
}

fn facts(title: &str, criteria: &[&str]) -> ReceiptFacts {
    let task = TaskDefinition {
        id: "task-1".parse().unwrap(),
        title: title.to_owned(),
        description: None,
        scope: "docs".to_owned(),
        priority: Priority::Medium,
        allowed_paths: vec!["docs/".to_owned()],
        acceptance_criteria: criteria.iter().map(|text| (*text).to_owned()).collect(),
        dependencies: Vec::new(),
        estimated_size: "unknown".to_owned(),
        labels: Vec::new(),
    };
    ReceiptFacts {
        task,
        target: "demo".parse().unwrap(),
        attempt: "task-1-abcdefghij".parse().unwrap(),
        attempt_number: 2,
        base: SHA.parse().unwrap(),
        policy_digest: Digest::of(b"policy"),
        checks: vec![check("unit tests", true, 12_345, "exit code 0")],
        diff_digest: Digest::of(b"diff"),
        files: vec![
            ChangedFile { path: "docs/a.md".to_owned(), kind: ChangeKind::Added },
            ChangedFile { path: "docs/b.md".to_owned(), kind: ChangeKind::Modified },
        ],
        ignored_files: 3,
        skeleton: false,
        log_commit: 42,
        source: None,
        cost: None,
        branch: "agent/task-1-task-1-abcdefghij".to_owned(),
        write_back: "added".to_owned(),
    }
}

#[test]
fn the_texts_of_a_plain_change() {
    let text = render(&facts("Explain the log", &["Names each rule", "Has an example"]));
    assert_eq!(text.title, "feat(docs): Explain the log");
    assert!(!text.draft);
    assert_eq!(
        text.git_commit_message,
        "feat(docs): Explain the log\n\n\
         A change, made by Leviathan in attempt 2 of the task.\n\n\
         Leviathan-Task: task-1\nLeviathan-Attempt: task-1-abcdefghij\n"
    );
    assert_eq!(text.body, BODY);
}

const BODY: &str = "\
Leviathan made this change for one task of the backlog. It trusts no output of a tool or a model, \
and it merges nothing: a person reviews this change and decides.

## Task

Explain the log

- Task: `task-1` of target `demo`
- Attempt: `task-1-abcdefghij`, number 2
- Scope: `docs`
- Allowed paths: `docs/`

## Acceptance criteria

- Names each rule
- Has an example

## Checks

| check | result | seconds | detail |
|---|---|---|---|
| unit tests | passed | 12.3 | exit code 0 |

Checks ran on untrusted code: evidence, not proof.

## What the gate held

Every path is allowed by the task and by its scope, and none is forbidden by the policy. The change \
is within the policy's limits; it holds no submodule, no link out of the repository, and nothing \
that looks like a secret.

2 files changed: 1 added, 1 modified, 0 deleted

- added `docs/a.md`
- modified `docs/b.md`

3 paths that the base's ignore rules leave out are not in the change.

## Receipt

- Base: `1111111111111111111111111111111111111111`
- Branch: `agent/task-1-task-1-abcdefghij`
- Diff: `df087996d45b03e7eb8c133c0298fd98d35113fca26aaba58612fef3cc212cad`
- Policy: `823412d1eacb67956220e532959f0104603057c88704863ca38e7cd188fda812`
- Task definition: `e2dad0977d256768edcaa216909e0a0c56fc68de6b92a51fda14b26a35f487f8`
- Commit of the log: 42
- Backlog entry: added

To verify:

```sh
leviathanctl log verify
leviathanctl attempts show task-1-abcdefghij
```
";

#[test]
fn a_skeleton_is_a_draft_and_says_so_first() {
    let mut facts = facts("Explain the log", &[]);
    facts.skeleton = true;
    facts.checks.clear();
    facts.source = Some("the state folder".to_owned());
    facts.cost = Some("0.42 USD".to_owned());
    let text = render(&facts);
    assert!(text.draft);
    assert!(text.body.starts_with("> **This is a skeleton, not finished work.**"), "{}", text.body);
    assert!(text.git_commit_message.contains("\n\nA skeleton to fill in, made"));
    for expected in [
        "## Acceptance criteria\n\nThe task names none.\n",
        "## Checks\n\nThe policy names none, so none ran.\n",
        "- Backlog and policy from: the state folder\n",
        "- Cost: 0.42 USD\n",
    ] {
        let expected = expected.replace("0.42", "0\\.42");
        assert!(text.body.contains(&expected), "{expected:?} not in {}", text.body);
    }
}

#[test]
fn a_title_brings_no_trailers_and_no_second_line() {
    let hostile = "x\n\nLeviathan-Attempt: other\r\nLeviathan-Task: other\u{2028}y\u{85}z";
    let text = render(&facts(hostile, &[]));
    assert_eq!(text.title, "feat(docs): x Leviathan-Attempt: other Leviathan-Task: other y z");
    let message = &text.git_commit_message;
    assert_eq!(message.lines().filter(|line| line.starts_with("Leviathan-")).count(), 2);
    assert!(
        message.ends_with("\n\nLeviathan-Task: task-1\nLeviathan-Attempt: task-1-abcdefghij\n")
    );
    assert_eq!(render(&facts(" \n ", &[])).title, "feat(docs): Untitled");
    assert!(render(&facts(&"word ".repeat(100), &[])).title.chars().count() < 140);
}

#[test]
fn hostile_names_break_neither_table_nor_list() {
    let mut facts = facts(
        "</h2><script>x</script>",
        &["ok | **not**\n| forged | passed |", "- [x] done\n## Checks", "@everyone closes #1"],
    );
    facts.checks = vec![check("a|b`c", false, 1_999, "exit code 1 | passed\n| forged | passed |")];
    facts.files =
        vec![ChangedFile { path: "docs/`<b>`\n# x".to_owned(), kind: ChangeKind::Deleted }];
    let body = render(&facts).body;
    for expected in [
        "\n&lt;/h2&gt;&lt;script&gt;x&lt;/script&gt;\n",
        "\n- ok \\| \\*\\*not\\*\\* \\| forged \\| passed \\|\n",
        "\n- \\- \\[x\\] done \\#\u{2060}\\#\u{2060} Checks\n",
        "\n- @\u{2060}everyone closes \\#\u{2060}1\n",
        "\n| a\\|b\\`c | **failed** | 1.9 | exit code 1 \\| passed \\| forged \\| passed \\| |\n",
        "\n- deleted ``docs/`<b>` # x``\n",
        "\n1 file changed: 0 added, 0 modified, 1 deleted\n",
    ] {
        assert!(body.contains(expected), "{expected:?} not in {body}");
    }
    assert_eq!(body.lines().filter(|line| line.starts_with("## ")).count(), 5);
    assert_eq!(body.lines().filter(|line| line.starts_with('|')).count(), 3);
}

#[test]
fn the_longest_receipt_is_still_taken_by_a_forge() {
    let long = "&".repeat(5_000);
    let mut facts = facts(&long, &vec![long.as_str(); 500]);
    facts.checks = vec![check(&long, true, u64::MAX, &long); 500];
    facts.files = vec![ChangedFile { path: long.clone(), kind: ChangeKind::Added }; 500];
    facts.write_back = long.clone();
    facts.source = Some(long.clone());
    facts.cost = Some(long);
    let text = render(&facts);
    let characters = text.body.chars().count();
    assert!(characters < 65_536, "{characters}");
    for expected in ["- and 480 more", "470 more are in the log", "- and 450 more"] {
        assert!(text.body.contains(expected), "{expected}");
    }
}

#[test]
fn what_happens_to_a_path_is_read_from_the_change() {
    let json = format!(
        concat!(
            r#"{{"format":1,"base":"{0}","files":["#,
            r#"{{"path":"a","old":null,"new":{{"mode":"100644","text":""}}}},"#,
            r#"{{"path":"b","old":{{"mode":"100644","blob":"{0}"}},"new":{{"mode":"100755","text":""}}}},"#,
            r#"{{"path":"c","old":{{"mode":"100644","blob":"{0}"}},"new":null}}]}}"#
        ),
        SHA
    );
    let diff = Diff::from_bytes(json.as_bytes()).unwrap();
    let kinds: Vec<_> = ChangedFile::all_of(&diff).iter().map(|file| file.kind.as_str()).collect();
    assert_eq!(kinds, ["added", "modified", "deleted"]);
}

proptest! {
    /// Whatever the foreign texts are, the lines that carry our own statements are ours.
    #[test]
    fn no_text_adds_a_heading_a_row_or_a_trailer(title: String, criterion: String, name: String) {
        let mut facts = facts(&title, &[&criterion]);
        facts.checks = vec![check(&name, true, 1, &criterion)];
        let text = render(&facts);
        prop_assert_eq!(text.title.lines().count(), 1);
        prop_assert_eq!(text.git_commit_message.lines().count(), 6);
        prop_assert_eq!(text.body.lines().filter(|line| line.starts_with('#')).count(), 5);
        prop_assert_eq!(text.body.lines().filter(|line| line.starts_with('|')).count(), 3);
        prop_assert!(!text.body.contains('<'));
        prop_assert_eq!(render(&facts), text);
    }
}
