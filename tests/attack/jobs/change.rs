//! Changes that must not become a pull request: gate refuses them, and nothing of them goes up.

use std::fs;

use leviathan_core::fact::Phase;
use leviathan_core::ports::cluster::JobStatus;

use super::{marks, python, tool};
use crate::job_world::run;
use crate::world::World;

#[test]
fn gate_refuses_what_a_repository_must_not_receive() {
    let evil =
        "printf '#!/bin/sh\\ntouch \"$(pwd)/ran\" \"$0.ran\"\\n' > src/evil; chmod +x src/evil; ";
    let driver = format!(
        "{evil} git config filter.e.clean $PWD/src/evil; git config filter.e.smudge $PWD/src/evil; \
         git config diff.e.command $PWD/src/evil; git config diff.e.textconv $PWD/src/evil; \
         printf '* filter=e diff=e\\n' > src/.gitattributes; rm src/evil"
    );
    let cases: &[(&str, &str)] = &[
        ("symlink_leaves_tree", "ln -s /etc src/link"),
        ("symlink_leaves_tree", "rm -r src; ln -s /etc src"),
        ("nested_repository", "git init -q src/inner && touch src/inner/file"),
        ("unreadable_name", "printf x > \"src/two\nlines\""),
        ("file_too_large", "head -c 200000000 /dev/zero > src/big"),
        ("special_file", "mkfifo src/fifo"),
        ("forbidden_path", "printf '* text\\n' > src/.gitattributes"),
        ("forbidden_path", &driver),
        ("forbidden_path", "printf '[submodule \"x\"]\\n' > .gitmodules"),
        ("outside_allowed_paths", "echo x > README"),
        ("outside_allowed_paths", "mkdir -p 'src/..' src..; echo x > src../file"),
    ];
    for (rule, script) in cases {
        let mut world = tool(script);
        world.job.policy.forbidden_paths.push("**/.gitattributes".to_owned());
        let done = run(world);
        let refused = done.refused_by();
        assert!(
            refused.iter().any(|by| by == rule),
            "gate's {rule} for {script}: {refused:?}\n{}",
            done.logs()
        );
        assert!(done.checked().is_none(), "{script}: {}", done.logs());
        assert!(done.diff().is_none(), "a refused diff is not uploaded: {script}");
        assert!(done.result(Phase::Check).is_none(), "check does not run after a refusal");
        assert!(marks(&done.folder, "ran").is_empty(), "gate runs no filter and no diff driver");
        assert_eq!(done.status, JobStatus::Completed, "report has told it: {}", done.logs());
    }
}

#[test]
fn a_link_in_the_place_of_a_folder_is_not_followed() {
    let world = tool("rm -r src; ln -s /etc src");
    let done = run(world);
    let bodies: Vec<u8> = done.api.received().into_iter().flat_map(|one| one.body).collect();
    assert!(!String::from_utf8_lossy(&bodies).contains("root:x:0"), "gate follows no link");
}

#[test]
fn git_s_configuration_and_hooks_in_the_workspace_run_nothing_anywhere() {
    let script = "
        mark=$PWD/.git/evil
        printf '#!/bin/sh\\ntouch \"$0.ran\" \"$(pwd)/ran\" 2>/dev/null\\n' > $mark; chmod +x $mark
        for hook in post-checkout post-index-change pre-commit post-commit reference-transaction \
            fsmonitor-watchman post-merge pre-auto-gc; do cp $mark .git/hooks/$hook; done
        mkdir -p .git/hooks-too && cp .git/hooks/* .git/hooks-too
        git config core.fsmonitor $mark; git config core.pager $mark; git config core.editor $mark
        git config core.sshCommand $mark; git config core.hooksPath $PWD/.git/hooks-too
        git config core.worktree /etc; git config diff.external $mark
        git config filter.e.clean $mark; git config filter.e.process $mark
        git config include.path $mark; git config alias.status \"!$mark\"
        printf '* filter=e diff=e\\n' > .git/info/attributes
        printf '/etc\\n' > .git/objects/info/alternates
        echo honest >> src/lib.txt; rm -f .git/evil.ran ran src/ran
    ";
    let done = run(tool(script).invariant("true", &["true"]));
    let ran = [marks(&done.folder, "ran"), marks(&done.folder, "evil.ran")].concat();
    assert!(ran.is_empty(), "no phase uses the workspace's git: {ran:?}");
    assert_eq!(done.paths(), ["src/lib.txt"], "gate has its own index: {}", done.logs());
}

#[test]
fn an_index_with_a_path_that_leaves_the_tree_changes_nothing_outside() {
    // Git refuses such a path itself, so the index is written by hand: one entry named `../evil`.
    let program = "\
import hashlib, struct
name = b'../evil'
entry = struct.pack('>10I20sH', 0,0,0,0,0,0,0o100644,0,0,1, bytes(20), len(name)) + name
entry += bytes(8 - len(entry) % 8)
body = b'DIRC' + struct.pack('>II', 2, 1) + entry
open('.git/index', 'wb').write(body + hashlib.sha1(body).digest())
open('src/lib.txt', 'a').write('honest\\n')
";
    let done = run(python(program));
    assert!(!done.folder.join("evil").exists(), "gate does not use the workspace's index");
    assert_eq!(done.paths(), ["src/lib.txt"], "{}", done.logs());
}

#[test]
fn a_hard_link_to_a_file_outside_can_not_be_made() {
    let world = World::with(super::SOURCE);
    let outside = world.path("outside/secret");
    fs::write(&outside, "outside-secret").unwrap();
    let script = format!(
        "ln '{0}' src/copy; cp '{0}' src/copy; echo done >> src/lib.txt",
        outside.display()
    );
    let done = run(world.tool(&["sh", "-c", &script]));
    assert_eq!(
        done.paths(),
        ["src/lib.txt"],
        "Landlock's rules for links and reads: {}",
        done.logs()
    );
}
