//! Backlogs as they are found in the wild, and files that are not as they should be.

use leviathan_tests::repository::BACKLOG;

use crate::shop::{RULES, TASKS, World, target};

#[test]
fn a_malformed_backlog_registers_nothing_and_the_other_target_goes_on() {
    let world = World::new();
    let broken = TASKS.replace("ready: true", "ready: perhaps");
    let bad = target(world.machine.folder().join("bad"), "tasks:\n  - id: a\n   title: b\n", RULES);
    let odd = target(world.machine.folder().join("odd"), &broken, RULES);
    let targets = [bad.typed(), odd.typed(), world.target.typed()];
    let mut arguments = vec!["dev", "--until-idle", "--trust"];
    arguments.extend(targets.iter().flat_map(|target| ["--target", target.as_str()]));
    let said = world.machine.done(arguments);
    assert!(said.contains(".leviathan/backlog.yaml:3: "), "file and line: {said}");
    assert!(said.contains("expected"), "what is expected: {said}");
    assert!(said.contains("expected true or false"), "{said}");
    let story = world.story();
    let tasks = |id: &str| {
        let found = story.state.targets.iter().find(|(target, _)| target.as_str() == id);
        found.map(|(_, target)| target.tasks.len())
    };
    assert_eq!((tasks("bad"), tasks("odd"), tasks("shop")), (Some(0), Some(0), Some(2)));
    assert_eq!(world.target.agent_branches().len(), 1);
    assert_eq!(bad.agent_branches().len() + odd.agent_branches().len(), 0);
}

#[test]
fn a_bare_list_with_task_id_and_unknown_fields_is_a_backlog() {
    let backlog = "\
- task_id: prices
  title: Write the prices anew
  status: todo
  scope: prices
  ready: true
  allowed_paths:
    - prices.txt
  acceptance_criteria: []
  owner: nobody in particular
";
    let world = World::with(backlog, RULES);
    world.dev();
    assert_eq!(world.status("prices"), "PrOpen");
    let written = world.target.show(&world.target.branch_of("prices"), BACKLOG);
    assert!(written.contains("owner: nobody in particular"), "{written}");
    assert!(written.contains("status: completed"), "{written}");
}

#[test]
fn what_is_not_committed_is_not_seen_and_that_is_said() {
    let world = World::new();
    world.target.write(BACKLOG, &TASKS.replace("prices.txt", "README.md"));
    let ran = world.ran_dev(&["--trust"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains(BACKLOG) && ran.stderr.contains("not committed"), "{ran:?}");
    assert_eq!(world.target.show(&world.target.branch_of("prices"), "prices.txt"), "apple 2");
}

#[test]
fn a_repository_without_our_folder_is_told_of_init_and_try() {
    let world = World::new();
    world.target.git(["rm", "-rq", ".leviathan"]);
    world.target.git(["commit", "--quiet", "-m", "without"]);
    let said = world.dev();
    assert!(said.contains("leviathanctl init") || said.contains(" init`"), "{said}");
    assert!(said.contains(" try`"), "{said}");
    assert_eq!(world.target.agent_branches().len(), 0);
}

#[test]
fn pull_requests_open_before_a_backlog_broke_are_still_followed() {
    let world = World::new();
    world.dev();
    let branch = world.target.branch_of("prices");
    world.target.git(["merge", "--quiet", "--no-ff", "--no-edit", &branch]);
    world.target.commit(&[(BACKLOG, "tasks: [")], "break the backlog");
    world.dev();
    assert_eq!(world.status("prices"), "Completed");
    assert_eq!(world.status("pears"), "PrOpen", "what was known before stays in force");
}
