//! A person merges, in whatever way: the task is completed, and what waited for it goes on.

use leviathan_tests::repository::Repository;

use crate::shop::World;

/// The pull request is open and the dependent waits.
fn opened() -> (World, String) {
    let world = World::new();
    world.dev();
    assert_eq!(
        (world.status("prices"), world.status("pears")),
        ("PrOpen".into(), "Pending".into())
    );
    let branch = world.target.branch_of("prices");
    (world, branch)
}

fn assert_went_on(world: &World) {
    let said = world.dev();
    assert!(said.contains("completed  prices"), "{said}");
    assert_eq!(world.status("prices"), "Completed");
    assert_eq!(world.status("pears"), "PrOpen");
    let pears = world.target.branch_of("pears");
    assert_eq!(world.target.show(&pears, "prices.txt"), "apple 2\npear 3");
}

#[test]
fn a_merge_by_plain_git_completes_the_task_and_frees_its_dependent() {
    let (world, branch) = opened();
    world.target.git(["merge", "--quiet", "--no-ff", "--no-edit", &branch]);
    assert_went_on(&world);
}

#[test]
fn so_does_a_squash_under_a_message_of_the_persons_own() {
    let (world, branch) = opened();
    world.target.git(["merge", "--quiet", "--squash", &branch]);
    world.target.git(["commit", "--quiet", "-m", "New prices"]);
    world.target.git(["branch", "-D", &branch]);
    assert_went_on(&world);
}

#[test]
fn so_does_a_rebase_onto_what_came_in_between() {
    let (world, branch) = opened();
    world.target.commit(&[("README.md", "A shop, open\n")], "in between");
    world.target.git(["cherry-pick", &branch]);
    assert_went_on(&world);
}

#[test]
fn pr_merge_moves_the_branch_of_a_bare_target() {
    let world = World::new();
    let bare = world.machine.folder().join("shop.git");
    world.target.git(["clone", "--quiet", "--bare", ".", &bare.display().to_string()]);
    let bare = Repository::at(bare);
    world.dev_on(&bare);
    let before = bare.git(["rev-parse", "main"]);
    let said = world.machine.done(["pr", "merge", "1"]);
    assert!(said.contains("merged"), "{said}");
    assert_eq!(bare.git(["rev-parse", "main^1"]), before);
    assert_eq!(bare.show("main", "prices.txt"), "apple 2");
    world.dev_on(&bare);
    assert_eq!(
        (world.status("prices"), world.status("pears")),
        ("Completed".into(), "PrOpen".into())
    );
}

#[test]
fn pr_merge_never_moves_a_branch_that_is_checked_out() {
    let (world, branch) = opened();
    let persons = world.target.all_that_is_the_persons();
    let ran = world.machine.run(["pr", "merge", "1"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.stdout.contains("git") && ran.stdout.contains(&branch), "{ran:?}");
    assert_eq!(world.target.changed_since(&persons), Vec::<String>::new());
    // What it printed is what does it.
    let merged = std::process::Command::new("sh").args(["-c", ran.stdout.trim()]).output().unwrap();
    assert!(merged.status.success(), "{merged:?}");
    assert_went_on(&world);
}
