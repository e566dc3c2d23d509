//! Targets in places of every kind.

use leviathan_tests::repository::Repository;

use crate::shop::{RULES, TASKS, World, target};

#[test]
fn a_path_may_hold_spaces_and_any_script() {
    let world = World::new();
    let place = world.machine.folder().join("my shops/läden 商店 'quoted' $HOME");
    let odd = target(place, TASKS, RULES);
    let persons = odd.all_that_is_the_persons();
    world.dev_on(&odd);
    assert_eq!(world.status("prices"), "PrOpen");
    assert_eq!(odd.show(&odd.branch_of("prices"), "prices.txt"), "apple 2");
    assert_eq!(odd.changed_since(&persons), Vec::<String>::new());
}

#[test]
fn an_empty_repository_is_told_so_and_served_once_it_has_a_commit() {
    let world = World::new();
    let empty = Repository::new(world.machine.folder().join("empty"));
    let target = empty.typed();
    let ran = world.machine.run(["dev", "--target", &target, "--until-idle", "--trust"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("no git commit"), "{ran:?}");
    let files = [
        ("prices.txt", "apple 1\n"),
        (".leviathan/backlog.yaml", TASKS),
        (".leviathan/policy.yaml", RULES),
    ];
    empty.commit(&files, "first");
    world.dev_on(&empty);
    assert_eq!(world.status("prices"), "PrOpen");
}

#[test]
fn a_url_is_mirrored_and_nothing_is_pushed_there() {
    let world = World::new();
    let before = world.target.all_that_is_the_persons();
    let url = format!("file://{}", world.target.typed());
    let said = world.machine.done(["dev", "--target", &url, "--until-idle", "--trust"]);
    assert!(said.contains("opened     pull request 1"), "{said}");
    assert_eq!(world.target.agent_branches().len(), 0);
    assert_eq!(world.target.changed_since(&before), Vec::<String>::new());
    // The branch is in the mirror, and what is merged at the URL is seen.
    let shown = world.machine.done(["pr", "show", "1"]);
    assert!(shown.contains("Write the prices anew"), "{shown}");
    let mirrors = world.machine.state().join("forge/mirrors");
    let mirror = std::fs::read_dir(mirrors).unwrap().next().unwrap().unwrap().path();
    assert!(said.contains(&format!("git -C {} show", mirror.display())), "{said}");
    let branch = Repository::at(&mirror).branch_of("prices");
    world.target.git(["fetch", "--quiet", &mirror.display().to_string(), &branch]);
    world.target.git(["merge", "--quiet", "--no-ff", "--no-edit", "FETCH_HEAD"]);
    world.machine.done(["dev", "--target", &url, "--until-idle", "--trust"]);
    assert_eq!(world.status("prices"), "Completed");
}
