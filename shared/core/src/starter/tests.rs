//! Every combination gives files that our own parsers take without a word.

use std::collections::BTreeSet;

use super::{Facts, Starter, propose};
use crate::paths::Patterns;
use crate::policy::{Policy, Tool};
use crate::policy_file::{PolicySource, effective};
use crate::{backlog, contract};

fn starter(at_root: &[&str]) -> Starter {
    let at_root: BTreeSet<String> = at_root.iter().map(|&name| name.to_owned()).collect();
    propose(&Facts { name: "my \"ship\": #1", default_branch: "main", at_root: &at_root })
}

fn policy_of(starter: &Starter) -> Policy {
    let source = PolicySource { file: "policy.yaml", text: &starter.policy };
    let outcome = effective(None, Some(source)).unwrap();
    assert_eq!(outcome.notes, [], "{}", starter.policy);
    outcome.policy
}

fn invariants(policy: &Policy) -> Vec<String> {
    policy.invariants.iter().map(|one| one.command.argv.join(" ")).collect()
}

/// One choice of each group, in every way.
fn combinations(groups: &[&[&[&'static str]]]) -> Vec<Vec<&'static str>> {
    groups.iter().fold(vec![Vec::new()], |before, group| {
        let longer = |before: &Vec<&'static str>| {
            group.iter().map(|more| [before.as_slice(), more].concat()).collect::<Vec<_>>()
        };
        before.iter().flat_map(longer).collect()
    })
}

#[test]
fn every_combination_is_read_without_a_note() {
    let languages: &[&[&[&'static str]]] = &[
        &[&[], &["Cargo.toml"], &["Cargo.toml", "Cargo.lock"]],
        &[&[], &["package.json"], &["package.json", "package-lock.json"]],
        &[&[], &["setup.py"], &["pyproject.toml", "uv.lock"], &["requirements.txt", "poetry.lock"]],
        &[&[], &["go.mod", "go.sum"]],
        &[&[], &["pom.xml", "mvnw"], &["build.gradle.kts"]],
        &[&[], &["Makefile"]],
    ];
    // Which folders are there changes other lines than which languages are.
    let folders: &[&[&[&'static str]]] = &[
        &[&[], &["docs"], &["doc"], &["documentation"]],
        &[&[], &["tests"], &["test"], &["test", "tests"]],
        &[&["Cargo.toml"], &["setup.py"]],
    ];
    let all = [combinations(languages), combinations(folders)].concat();
    assert_eq!(all.len(), 3 * 3 * 4 * 2 * 3 * 2 + 4 * 4 * 2);
    for combination in all {
        let starter = starter(&combination);
        let policy = policy_of(&starter);
        let backlog = backlog::parse("backlog.yaml", &starter.backlog).unwrap();
        assert_eq!(backlog.refused, []);
        let [task] = backlog.tasks.as_slice() else { panic!("{}", starter.backlog) };
        assert!(!task.ready);
        assert!(policy.scopes.contains_key(&task.definition.scope));
        let contract = contract::parse("contract.yaml", &starter.contract).unwrap();
        assert_eq!(contract.name.as_deref(), Some("my \"ship\": #1"));
    }
}

#[test]
fn the_example_task_is_within_the_policy() {
    for at_root in [&[] as &[&str], &["docs"], &["doc"], &["documentation", "Cargo.toml"]] {
        let starter = starter(at_root);
        let policy = policy_of(&starter);
        let backlog = backlog::parse("backlog.yaml", &starter.backlog).unwrap();
        let task = &backlog.tasks.first().unwrap().definition;
        let scope = policy.scopes.get(&task.scope).unwrap();
        let allowed = Patterns::new(&scope.allowed_paths).unwrap();
        let forbidden = Patterns::ignoring_case(&policy.forbidden_paths).unwrap();
        let fits = |path: &String| allowed.covers(path) && forbidden.matches(path).is_none();
        assert!(!task.allowed_paths.is_empty() && task.allowed_paths.iter().all(fits));
    }
}

#[test]
fn checks_fit_what_is_there() {
    for (at_root, expected) in [
        (&[] as &[&str], &[] as &[&str]),
        (&["Makefile"], &[]),
        (&["Cargo.toml"], &["cargo test"]),
        (&["Cargo.toml", "Cargo.lock"], &["cargo test --locked"]),
        (&["package.json"], &["sh -c npm install && npm test"]),
        (&["package.json", "package-lock.json"], &["sh -c npm ci && npm test"]),
        (&["requirements.txt"], &["python3 -m pytest"]),
        (&["go.mod", "Cargo.toml"], &["cargo test", "go test ./..."]),
        (&["pom.xml"], &["mvn --batch-mode verify"]),
        (&["build.gradle", "gradlew"], &["./gradlew check"]),
    ] {
        assert_eq!(invariants(&policy_of(&starter(at_root))), expected, "{at_root:?}");
    }
}

#[test]
fn each_lock_file_has_a_scope_that_updates_it() {
    let policy = policy_of(&starter(&["Cargo.toml", "Cargo.lock", "go.mod", "go.sum"]));
    let Some(Tool::Command(first)) = policy.scopes.get("deps").map(|scope| scope.tool.clone())
    else {
        panic!("no deps")
    };
    assert_eq!(first.argv, ["cargo", "update"]);
    let second = policy.scopes.get("deps-go").unwrap();
    assert_eq!(second.allowed_paths, ["go.mod", "go.sum"]);
    assert_eq!(policy_of(&starter(&["Cargo.toml"])).scopes.get("deps"), None);
}

#[test]
fn the_python_skeleton_is_offered_to_python_only() {
    assert!(policy_of(&starter(&["setup.py"])).scopes.contains_key("tests"));
    assert!(!policy_of(&starter(&["Cargo.toml", "tests"])).scopes.contains_key("tests"));
}

#[test]
fn folders_have_the_names_that_they_have() {
    let starter = starter(&["doc", "test", "setup.py"]);
    let policy = policy_of(&starter);
    let paths = |scope: &str| policy.scopes.get(scope).unwrap().allowed_paths.clone();
    assert_eq!(
        (paths("docs"), paths("tests")),
        (vec!["doc/**".to_owned(), "*.md".to_owned()], vec!["test/**".to_owned()])
    );
    assert!(starter.backlog.contains("doc/DEVELOPING.md"));
}
