//! `dev clean`: what we made goes, what a person made stays.

use crate::shop::{DOCS_TASK, RULES, TASKS, World};

#[test]
fn clean_removes_branches_and_state_but_no_persons_work() {
    let world = World::with(&format!("{TASKS}{DOCS_TASK}"), RULES);
    world.dev();
    let theirs = world.target.branch_of("describe");
    let tree = world.target.git(["rev-parse", "main^{tree}"]);
    let commit = world.target.git(["commit-tree", &tree, "-p", &theirs, "-m", "my own idea"]);
    world.target.git(["update-ref", &format!("refs/heads/{theirs}"), &commit]);
    world.target.git(["branch", "agent/by-hand-abcdefghij"]);

    let persons = world.target.all_that_is_the_persons();
    let listed = world.machine.done(["dev", "clean", "--dry-run"]);
    assert!(listed.contains(&world.target.branch_of("prices")), "{listed}");
    assert!(world.machine.state().exists());
    let ran = world.machine.run(["dev", "clean"]);
    assert_eq!(ran.code, Some(3), "nobody was there to say yes: {ran:?}");
    assert_eq!(world.target.agent_branches().len(), 3);

    let said = world.machine.done(["dev", "clean", "--yes"]);
    assert!(said.contains(&theirs), "what stays is said: {said}");
    let left: Vec<String> = world.target.agent_branches().into_keys().collect();
    assert_eq!(left, ["agent/by-hand-abcdefghij".to_owned(), theirs]);
    assert!(!world.machine.state().exists());
    assert_eq!(world.target.changed_since(&persons), Vec::<String>::new());
}
