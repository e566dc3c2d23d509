//! `try`: one task in a repository that knows nothing of us.

use leviathan_tests::machine::{Machine, Ran};
use leviathan_tests::repository::Repository;

use crate::shop::machine;

fn plain_repository(machine: &Machine) -> Repository {
    let files = [("prices.txt", "apple 1\n"), ("README.md", "A shop\n")];
    Repository::with(machine.folder().join("plain"), &files)
}

fn tried(machine: &Machine, target: &Repository, options: &[&str], command: &[&str]) -> Ran {
    let path = target.typed();
    let start = ["try", &path, "--allow", "prices.txt"];
    machine.run(start.iter().chain(options).chain(&["--"]).chain(command))
}

#[test]
fn a_try_ends_in_a_branch_and_writes_nothing_else() {
    let machine = machine();
    let target = plain_repository(&machine);
    let persons = target.all_that_is_the_persons();
    let (status, files) = (target.git(["status", "--porcelain"]), target.git(["ls-files", "-s"]));
    let check = ["--trust", "--check", "grep -q pear prices.txt"];
    let command = ["sh", "-c", "echo pear 3 >> prices.txt"];
    let ran = tried(&machine, &target, &check, &command);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(target.changed_since(&persons), Vec::<String>::new());
    assert_eq!(target.git(["status", "--porcelain"]), status);
    assert_eq!(target.git(["ls-files", "-s"]), files);
    let branches = target.agent_branches();
    let branch = branches.keys().next().unwrap();
    let changed = target.git(["diff", "--name-only", "main", branch]);
    assert_eq!((branches.len(), changed.as_str()), (1, "prices.txt"));

    // The same again finds it done.
    let again = tried(&machine, &target, &check, &command);
    assert_eq!((again.code, target.agent_branches()), (Some(0), branches));
}

#[test]
fn a_try_that_fails_ends_with_1_and_leaves_nothing() {
    let machine = machine();
    let target = plain_repository(&machine);
    let persons = target.all_that_is_the_persons();
    for (check, command) in [
        ("grep -q plum prices.txt", "echo pear 3 >> prices.txt"),
        ("true", "echo elsewhere > README.md"),
        ("true", "exit 7"),
    ] {
        let ran = tried(&machine, &target, &["--trust", "--check", check], &["sh", "-c", command]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
    }
    assert_eq!(target.changed_since(&persons), Vec::<String>::new());
    assert_eq!(target.agent_branches().len(), 0);
}

#[test]
fn a_try_is_not_trusted_without_a_word() {
    let machine = machine();
    let target = plain_repository(&machine);
    let ran = tried(&machine, &target, &[], &["sh", "-c", "echo pear 3 >> prices.txt"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert_eq!(target.agent_branches().len(), 0);
}
