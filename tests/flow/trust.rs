//! Nothing of a target runs on this machine before a person has said so.

use crate::shop::{DOCS_TASK, World};

#[test]
fn without_a_terminal_and_without_trust_nothing_runs() {
    let world = World::new();
    let ran = world.ran_dev(&[]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    // Every argv is shown.
    assert!(ran.stderr.contains("echo") && ran.stderr.contains("grep -q apple"), "{ran:?}");
    assert!(ran.stderr.contains("--trust"), "{ran:?}");
    let story = world.story();
    let started = story.events.iter().any(|event| event.event_type == "attempt.submitted");
    assert!(!started, "an attempt got as far as a Job");
    assert_eq!(world.target.agent_branches().len(), 0);
    // With a word it goes on where it was.
    world.dev();
    assert_eq!(world.status("prices"), "PrOpen");
    assert_eq!(world.story().doubles(), Vec::<String>::new());
    // Asked once for each policy.
    let ran = world.ran_dev(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn a_policy_without_commands_asks_nothing() {
    let policy = "\
version: 2
scopes:
  docs:
    allowed_paths: [docs/**]
    tool: docs
";
    let world = World::with(&format!("tasks:\n{DOCS_TASK}"), policy);
    let ran = world.ran_dev(&[]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(world.status("describe"), "PrOpen");
    assert!(ran.stdout.contains("draft pull request 1"), "{ran:?}");
}

#[test]
fn what_commands_are_given_is_shown_with_them() {
    let policy = "\
scopes:
  docs:
    allowed_paths: [docs/**]
    run: ls
    env: [REGISTRY_TOKEN]
    files: [~/.config/registry]
";
    let world = World::with(&format!("tasks:\n{DOCS_TASK}"), policy);
    let ran = world.ran_dev(&[]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    for shown in ["scope docs: ls", "sees $REGISTRY_TOKEN", "reads ~/.config/registry"] {
        assert!(ran.stderr.contains(shown), "{shown}: {ran:?}");
    }
}
