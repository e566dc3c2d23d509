//! Each rule bites where it should and nowhere else; and what passes is within bounds.

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::diff::{FileMode, NewFile, OldFile};
use crate::paths::{AllowedPaths, Patterns};
use crate::policy::{Guardrails, Limits, ScopePolicy, Tool};
use crate::task::Priority;

const BLOB: &str = "2222222222222222222222222222222222222222";

fn texts(entries: &[&str]) -> Vec<String> {
    entries.iter().map(|entry| (*entry).to_owned()).collect()
}

fn task(allowed_paths: &[&str]) -> TaskDefinition {
    TaskDefinition {
        id: "task-1".parse().unwrap(),
        title: "A task".to_owned(),
        description: None,
        scope: "docs".to_owned(),
        priority: Priority::Medium,
        allowed_paths: texts(allowed_paths),
        acceptance_criteria: Vec::new(),
        dependencies: Vec::new(),
        estimated_size: "unknown".to_owned(),
        labels: Vec::new(),
    }
}

fn policy(scope_paths: &[&str], forbidden: &[&str]) -> Policy {
    let allowed_paths = texts(scope_paths);
    let scope = ScopePolicy { allowed_paths, tool: Tool::Docs, max_files: Some(4) };
    Policy {
        enabled: true,
        scopes: BTreeMap::from([("docs".to_owned(), scope)]),
        forbidden_paths: texts(forbidden),
        invariants: Vec::new(),
        guardrails: Guardrails::default(),
        limits: Limits { max_files: 50, max_file_bytes: 100, max_diff_bytes: 150 },
        write_back: true,
    }
}

fn file(path: &str, old: Option<FileMode>, new: Option<(FileMode, &str)>) -> FileChange {
    let old = old.map(|mode| OldFile { mode, blob: BLOB.to_owned() });
    let new = new.map(|(mode, text)| NewFile { mode, content: Bytes::from(text.to_owned()) });
    FileChange { path: path.to_owned(), old, new }
}

fn added(path: &str) -> FileChange {
    file(path, None, Some((FileMode::Regular, "text\n")))
}

fn link(path: &str, target: &str) -> FileChange {
    file(path, None, Some((FileMode::Symlink, target)))
}

fn diff(files: Vec<FileChange>) -> Diff {
    Diff { base: BLOB.parse().unwrap(), files }
}

/// Judged for a task on `docs/` and `README.md`, in a scope of `docs/**` and `*.md`, with
/// `docs/internal/**` forbidden. Gives rule and path of each violation.
fn judged(files: Vec<FileChange>, observations: &[Observation]) -> Vec<(String, String)> {
    let task = task(&["docs/", "README.md", "src/lib.rs"]);
    let policy = policy(&["docs/**", "*.md"], &["docs/internal/**", ".gitattributes"]);
    match judge(diff(files), observations, &task, &policy) {
        Ok(_) => Vec::new(),
        Err(violations) => violations.into_iter().map(|v| (v.rule, v.path)).collect(),
    }
}

#[test]
fn each_rule_names_its_path() {
    use FileMode::{Executable, Regular, Submodule};
    let cases: Vec<(FileChange, &str)> = vec![
        (added("docs2/a.md"), "outside_allowed_paths"),
        (added("CHANGES.md"), "outside_allowed_paths"),
        // The task allows it, its scope does not.
        (added("src/lib.rs"), "outside_allowed_paths"),
        (file("Makefile", Some(Regular), None), "outside_allowed_paths"),
        (file("run.sh", Some(Regular), Some((Executable, "x"))), "outside_allowed_paths"),
        (added("docs/internal/a.md"), "forbidden_path"),
        (file("docs/internal/a.md", Some(Regular), None), "forbidden_path"),
        (added("docs/INTERNAL/a.md"), "forbidden_path"),
        (link("docs/internal", "a"), "forbidden_path"),
        (added("docs/.git/config"), "forbidden_path"),
        (added("docs/.GiT /config"), "forbidden_path"),
        (added("docs/a\nb.md"), "unreadable_name"),
        (added("docs/a\u{202e}b.md"), "unreadable_name"),
        (added("docs/../docs/a.md"), "path_not_normal"),
        (added("/docs/a.md"), "path_not_normal"),
        (added("docs//a.md"), "path_not_normal"),
        (link("docs/a", "/etc/passwd"), "symlink_leaves_tree"),
        (link("docs/a", "../../etc/passwd"), "symlink_leaves_tree"),
        (link("docs/a", "b/../c"), "symlink_leaves_tree"),
        (link("docs/a", "../.git/config"), "symlink_leaves_tree"),
        (link("docs/a", "..\\..\\c"), "symlink_leaves_tree"),
        (link("docs/a", "C:\\Windows"), "symlink_leaves_tree"),
        (link("docs/a", ""), "symlink_leaves_tree"),
        (file("docs/a", Some(Submodule), None), "submodule"),
        (file("docs/a", Some(Submodule), Some((Regular, "x"))), "submodule"),
        (file("docs/a", None, Some((Submodule, "x"))), "submodule"),
        (file("docs/a", None, Some((Regular, &"x".repeat(101)))), "file_too_large"),
        (file("docs/a", None, None), "malformed_change"),
    ];
    for (change, rule) in cases {
        let path = change.path.clone();
        let found = judged(vec![change], &[]);
        let named = match rule {
            "malformed_change" => "",
            _ => path.as_str(),
        };
        let shown = named.replace('\n', "\\n").replace('\u{202e}', "\\u{202e}");
        assert!(found.contains(&(rule.to_owned(), shown)), "{path:?}: {rule} not in {found:?}");
    }
}

#[test]
fn a_change_within_its_bounds_passes_and_comes_back_in_order() {
    let files = vec![
        file("README.md", Some(FileMode::Regular), None),
        added("docs/b.md"),
        link("docs/a/up", "../b.md"),
        file("docs/run", Some(FileMode::Regular), Some((FileMode::Executable, "x"))),
    ];
    let task = task(&["docs/", "README.md"]);
    let passed = judge(diff(files), &[], &task, &policy(&["**"], &[])).unwrap();
    let paths: Vec<&str> = passed.diff().files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["README.md", "docs/a/up", "docs/b.md", "docs/run"]);
    assert_eq!(Diff::from_bytes(&passed.diff().to_bytes()).unwrap(), *passed.diff());
    assert_eq!(judged(Vec::new(), &[]), []);
}

#[test]
fn what_is_forbidden_by_default_is_so_whatever_the_task_allows() {
    let paths = [
        ".github/workflows/ci.yml",
        ".GitHub/workflows/ci.yml",
        ".github",
        ".leviathan/policy.yaml",
        ".leviathan/backlog.yaml",
        ".leviathan",
        "docs/CODEOWNERS",
        ".gitattributes",
        "docs/.gitattributes",
        ".gitmodules",
        ".GITMODULES",
        ".gitlab-ci.yml",
    ];
    let mut policy = policy(&["**"], &[]);
    policy.forbidden_paths = texts(crate::policy_file::FORBIDDEN);
    for path in paths {
        let violations = judge(diff(vec![added(path)]), &[], &task(&[path]), &policy).unwrap_err();
        let rules: Vec<&str> = violations.iter().map(|v| v.rule.as_str()).collect();
        assert_eq!(rules, ["forbidden_path"], "{path}");
    }
    assert!(judge(diff(vec![added("docs/a")]), &[], &task(&["docs/"]), &policy).is_ok());
}

#[test]
fn limits_count_files_and_bytes() {
    let rules = |files| judged(files, &[]).into_iter().map(|(rule, _)| rule).collect::<Vec<_>>();
    let many = |count: usize| (0..count).map(|n| added(&format!("docs/{n}"))).collect::<Vec<_>>();
    assert_eq!(rules(many(4)), [""; 0]);
    assert_eq!(rules(many(5)), ["too_many_files"]);
    let sized =
        |bytes| file(&format!("docs/{bytes}"), None, Some((FileMode::Regular, &"x".repeat(bytes))));
    assert_eq!(rules(vec![sized(100), sized(50)]), [""; 0]);
    assert_eq!(rules(vec![sized(100), sized(51)]), ["diff_too_large"]);
}

#[test]
fn each_observation_is_a_no_whatever_it_is_about() {
    use ObservationKind as Kind;
    let cases = [
        (Kind::NestedRepository, "nested_repository"),
        (Kind::SpecialFile { what: "FIFO".to_owned() }, "special_file"),
        (Kind::UnreadableName, "unreadable_name"),
        (Kind::UnreadableFile { reason: "permission denied".to_owned() }, "unreadable_file"),
        (Kind::FileTooLarge { bytes: 200_000_000 }, "file_too_large"),
        (Kind::TooManyFiles { seen: 51 }, "too_many_files"),
        (Kind::DiffTooLarge { seen: 151 }, "diff_too_large"),
        (Kind::Submodule, "submodule"),
        (Kind::SymlinkLeavesTree { target: "/etc".to_owned() }, "symlink_leaves_tree"),
    ];
    for (kind, rule) in cases {
        let observation = Observation { path: "docs/x".to_owned(), kind };
        let json = serde_json::to_string(&observation).unwrap();
        assert_eq!(serde_json::from_str::<Observation>(&json).unwrap(), observation);
        let found = judged(vec![added("docs/a.md")], &[observation]);
        assert_eq!(found, [(rule.to_owned(), "docs/x".to_owned())]);
    }
}

#[test]
fn a_secret_is_named_by_rule_and_line_and_never_shown() {
    let secret = format!("{}_{}", "ghp", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    let named = file(&format!("docs/{secret}"), None, Some((FileMode::Regular, "x")));
    let text = format!("one\ntwo {secret}\n");
    let holds = file("docs/a", None, Some((FileMode::Regular, &text)));
    let task = task(&["docs/"]);
    let violations = judge(diff(vec![named, holds]), &[], &task, &policy(&["**"], &[]));
    let told = format!("{:?}", violations.as_ref().unwrap_err());
    assert!(!told.contains(&secret), "{told}");
    assert!(told.contains("line 2 holds what looks like a secret (github_token)"), "{told}");
    assert!(told.contains("the name holds what looks like a secret (github_token)"), "{told}");
    assert_eq!(violations.unwrap_err().len(), 2);
}

#[test]
fn a_policy_that_cannot_be_read_lets_nothing_pass() {
    let task = task(&["docs/"]);
    let broken = ["docs/[".to_owned()];
    let mut forbids = policy(&["**"], &[]);
    forbids.forbidden_paths = broken.to_vec();
    let mut allows = policy(&["**"], &[]);
    allows.scopes.get_mut("docs").unwrap().allowed_paths = broken.to_vec();
    for policy in [forbids, allows] {
        let violations = judge(diff(vec![added("docs/a")]), &[], &task, &policy).unwrap_err();
        assert_eq!(violations[0].rule, "policy_unusable");
    }
    let mut none = policy(&["**"], &[]);
    none.scopes.clear();
    let violations = judge(diff(vec![added("docs/a")]), &[], &task, &none).unwrap_err();
    assert_eq!(violations[0].rule, "scope_not_in_policy");
}

#[test]
fn at_most_fifty_are_named_and_the_rest_counted() {
    let task = task(&[]);
    let files: Vec<FileChange> = (0..70).map(|n| added(&format!("x/{n:02}"))).collect();
    let violations = judge(diff(files), &[], &task, &policy(&["**"], &[])).unwrap_err();
    assert_eq!(violations.len(), 50);
    // 70 paths outside, too many files, too many bytes.
    assert_eq!(violations[49].detail, "23 more violations are not named here");
}

fn any_path() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "(docs|docs2|src|internal|\\.git|\\.\\.|a)(/(docs|internal|\\.GIT|a|b)){0,3}",
        1 => any::<String>(),
    ]
}

fn any_file() -> impl Strategy<Value = FileChange> {
    let mode = || {
        prop_oneof![
            6 => Just(FileMode::Regular),
            1 => Just(FileMode::Executable),
            1 => Just(FileMode::Symlink),
            1 => Just(FileMode::Submodule),
        ]
    };
    let content = prop_oneof![Just("text"), Just("../a"), Just("../../../a"), Just("/etc")];
    let new = proptest::option::of((mode(), content));
    (any_path(), proptest::option::of(mode()), new)
        .prop_map(|(path, old, new)| file(&path, old, new))
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let kind = prop_oneof![
        Just(ObservationKind::NestedRepository),
        Just(ObservationKind::UnreadableName),
        Just(ObservationKind::Submodule),
    ];
    (any_path(), kind).prop_map(|(path, kind)| Observation { path, kind })
}

fn bounds() -> (TaskDefinition, Policy) {
    (task(&["docs/", "src/a"]), policy(&["docs/**", "src/**"], &["**/internal/**"]))
}

proptest! {
    #[test]
    fn what_passes_touches_only_what_is_allowed_and_not_forbidden(
        files in proptest::collection::vec(any_file(), 0..5),
    ) {
        let (task, policy) = bounds();
        if let Ok(passed) = judge(diff(files), &[], &task, &policy) {
            let (allowed, _) = AllowedPaths::new(&task.allowed_paths);
            let scope = Patterns::new(&policy.scopes["docs"].allowed_paths).unwrap();
            let forbidden = Patterns::new(&policy.forbidden_paths).unwrap();
            for file in &passed.diff().files {
                prop_assert!(allowed.allows(&file.path), "{}", file.path);
                prop_assert!(scope.matches(&file.path).is_some(), "{}", file.path);
                prop_assert!(forbidden.matches(&file.path).is_none(), "{}", file.path);
                prop_assert!(!file.path.to_lowercase().split('/').any(|part| part == ".git"));
                prop_assert!(!file.path.split('/').any(|part| part == ".."));
            }
            let bytes = passed.diff().to_bytes();
            prop_assert_eq!(&Diff::from_bytes(&bytes).unwrap(), passed.diff());
        }
    }

    #[test]
    fn more_files_or_observations_never_turn_a_no_into_a_yes(
        files in proptest::collection::vec(any_file(), 0..4),
        observations in proptest::collection::vec(any_observation(), 0..2),
        more_files in proptest::collection::vec(any_file(), 0..3),
        more_observations in proptest::collection::vec(any_observation(), 0..2),
    ) {
        let (task, policy) = bounds();
        let before = judge(diff(files.clone()), &observations, &task, &policy);
        if before.is_err() {
            let files = [files, more_files].concat();
            let observations = [observations, more_observations].concat();
            prop_assert!(judge(diff(files), &observations, &task, &policy).is_err());
        }
    }
}
