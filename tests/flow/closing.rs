//! A person says no: the task is blocked with the reason, and stays so until a person says
//! otherwise.

use crate::shop::World;

fn opened() -> (World, String) {
    let world = World::new();
    world.dev();
    let branch = world.target.branch_of("prices");
    (world, branch)
}

fn assert_blocked(world: &World, because: &str) {
    world.dev();
    assert_eq!(world.status("prices"), "Blocked");
    assert!(world.blocked_reason("prices").contains(because), "{}", world.blocked_reason("prices"));
    assert_eq!(world.target.agent_branches().len(), 0);
    assert_eq!(world.status("pears"), "Pending");
    // A person's no stands.
    let commits = world.story().commits.len();
    world.dev();
    assert_eq!(world.story().commits.len(), commits);
}

#[test]
fn pr_close_blocks_the_task_until_it_is_unblocked() {
    let (world, branch) = opened();
    let reason = "prices come from elsewhere";
    world.machine.done(["pr", "close", "1", "--reason", reason, "--yes"]);
    assert_eq!(world.target.agent_branches().len(), 0);
    assert_blocked(&world, reason);

    world.machine.done(["tasks", "unblock", "prices"]);
    world.dev();
    assert_eq!(world.status("prices"), "PrOpen");
    let again = world.target.branch_of("prices");
    assert_ne!(again, branch, "a branch's name is used once");
}

#[test]
fn deleting_the_branch_is_a_no_as_well() {
    let (world, branch) = opened();
    world.target.git(["branch", "-D", &branch]);
    assert_blocked(&world, "deleted");
}

#[test]
fn a_branch_that_a_person_pushed_to_is_theirs() {
    let (world, branch) = opened();
    let tree = world.target.git(["rev-parse", "main^{tree}"]);
    let theirs = world.target.git(["commit-tree", &tree, "-p", &branch, "-m", "my own idea"]);
    world.target.git(["update-ref", &format!("refs/heads/{branch}"), &theirs]);
    world.dev();
    let ran = world.machine.run(["pr", "close", "1", "--yes"]);
    assert_ne!(ran.code, Some(0), "{ran:?}");
    assert_eq!(world.target.agent_branches().get(&branch), Some(&theirs));
    assert_eq!(world.status("prices"), "PrOpen");
}
