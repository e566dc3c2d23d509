//! What is the person's stays the person's.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::shop::World;

#[test]
fn a_dirty_working_tree_and_index_stay_as_they_are_and_no_trap_in_the_repository_springs() {
    let world = World::new();
    let target = &world.target;
    target.write("README.md", "half edited\n");
    target.write("staged.txt", "staged\n");
    target.git(["add", "staged.txt"]);
    target.write("staged.txt", "staged and edited\n");
    target.write("new.txt", "new\n");
    // Whatever contacts the remote, or runs what the repository names, leaves a mark.
    let mark = world.machine.folder().join("contacted");
    let trap = world.machine.folder().join("trap");
    fs::write(&trap, format!("#!/bin/sh\ntouch '{}'\nexit 1\n", mark.display())).unwrap();
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).unwrap();
    let trap = trap.display().to_string();
    target.git(["remote", "add", "origin", &target.typed()]);
    for key in [
        "remote.origin.uploadpack",
        "remote.origin.receivepack",
        "core.fsmonitor",
        "core.sshCommand",
        "core.editor",
        "diff.external",
        "gc.auto",
    ] {
        target.git(["config", key, if key == "gc.auto" { "1" } else { &trap }]);
    }
    for hook in ["post-commit", "reference-transaction", "pre-commit", "post-checkout", "pre-push"]
    {
        let hook = target.path().join(".git/hooks").join(hook);
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::copy(&trap, hook).unwrap();
    }
    // Setting the traps has sprung them.
    let _ = fs::remove_file(&mark);
    let persons = target.all_that_is_the_persons();

    world.dev();
    assert_eq!(world.status("prices"), "PrOpen");
    assert_eq!(target.changed_since(&persons), Vec::<String>::new());
    assert!(!mark.exists(), "something of the repository was run, or its remote contacted");
    // The trap does work.
    target.try_git(["fetch", "origin"]);
    assert!(mark.exists());
}
