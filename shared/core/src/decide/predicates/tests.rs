//! Each predicate, by its cases.

use super::{Answer, Candidate, PolicyPatterns, Tally, ask_all};
use crate::decide::tests::story::{Story, policy, target, task, task_id};
use crate::policy::Policy;

/// The code of the first no for a docs task with these allowed paths under this policy.
fn code(paths: &[&str], scope: &str, policy: &Policy) -> String {
    let mut story = Story::new();
    let mut wish = task("one");
    wish.definition.allowed_paths = paths.iter().map(|path| (*path).to_owned()).collect();
    wish.definition.scope = scope.to_owned();
    story.policy = policy.clone();
    story.sync(1, &[wish]);
    let (target_id, task_id) = (target(), task_id("one"));
    let candidate = Candidate {
        target_id: &target_id,
        target: &story.state.targets[&target_id],
        policy,
        task_id: &task_id,
        task: story.task("one"),
        tally: &Tally::of(&story.state),
        patterns: &PolicyPatterns::default(),
        now: story.now,
    };
    match ask_all(&candidate) {
        Answer::Pass => "pass".to_owned(),
        Answer::Wait(reason) | Answer::Block(reason) => reason.code,
    }
}

#[test]
fn paths_are_held_at_their_boundaries() {
    let cases: &[(&[&str], &str, &str)] = &[
        (&["docs/a.md"], "docs", "pass"),
        (&["docs/"], "docs", "pass"),
        (&["docs/./a.md"], "docs", "pass"),
        (&["docs2/a.md"], "docs", "outside_policy"),
        (&["docs2/"], "docs", "outside_policy"),
        (&["docs/a.md", "src/a.rs"], "docs", "outside_policy"),
        (&["docs/../src/a.rs"], "docs", "bad_allowed_path"),
        (&["docs/../../a"], "docs", "bad_allowed_path"),
        (&["/etc/passwd"], "docs", "bad_allowed_path"),
        (&[], "docs", "no_allowed_paths"),
        (&["docs/a.md"], "core", "unknown_scope"),
    ];
    for (paths, scope, expected) in cases {
        assert_eq!(code(paths, scope, &policy()), *expected, "{paths:?}");
    }
}

#[test]
fn forbidden_beats_allowed() {
    let mut wide = policy();
    if let Some(docs) = wide.scopes.get_mut("docs") {
        docs.allowed_paths = vec!["**".to_owned()];
    }
    assert_eq!(code(&[".github/workflows/ci.yml"], "docs", &wide), "forbidden_path");
    assert_eq!(code(&[".GitHub/workflows/ci.yml"], "docs", &wide), "forbidden_path");
    assert_eq!(code(&["github/ci.yml"], "docs", &wide), "pass");
}

#[test]
fn a_target_that_is_switched_off_starts_nothing() {
    let off = Policy { enabled: false, ..policy() };
    assert_eq!(code(&["docs/a.md"], "docs", &off), "disabled");
}
