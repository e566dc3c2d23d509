//! gate: the real change, whatever the tool did to git, and nothing that may not pass.

use std::fs;
use std::os::unix::fs::symlink;

use leviathan_core::diff::{FileChange, FileMode};
use leviathan_core::ids::Digest;

use crate::world::{World, git_in, make_executable, write};

/// A prepared world with files of every kind.
fn prepared() -> World {
    let world = World::with(&[
        (".gitignore", "target/\n*.log\n"),
        ("src/a.rs", "fn a() {}\n"),
        ("src/b.rs", "fn b() {}\n"),
        ("src/crlf.txt", "one\r\n"),
        ("src/tracked.log", "tracked although ignored\n"),
        ("src/run.sh", "#!/bin/sh\n"),
        ("docs/x.md", "# x\n"),
    ]);
    world.pass("prepare");
    world
}

/// `+path`, `-path`, `~path` for added, deleted, changed.
fn shape(files: &[FileChange]) -> Vec<String> {
    let sign = |file: &FileChange| match (&file.old, &file.new) {
        (None, _) => '+',
        (_, None) => '-',
        _ => '~',
    };
    files.iter().map(|file| format!("{}{}", sign(file), file.path)).collect()
}

fn passes_as(world: &World, expected: &[&str]) {
    let ended = world.pass("gate");
    let diff = world.diff().unwrap_or_else(|| panic!("no diff: {}", ended.log));
    assert_eq!(shape(&diff.files), expected);
    let facts = world.facts();
    let bytes = fs::read(world.path("job/gate/diff")).expect("a diff");
    assert_eq!(facts.digest, Some(Digest::of(&bytes)));
    assert_eq!(usize::try_from(facts.files), Ok(expected.len()));
    assert_eq!(ended.result.change, Some(facts));
}

fn refused_by(world: &World, rule: &str) {
    let ended = world.fail("gate", "scope_violation");
    let rules: Vec<&str> = ended.result.violations.iter().map(|v| v.rule.as_str()).collect();
    assert!(rules.contains(&rule), "{rule} in {rules:?}");
    assert!(!world.path("job/gate/diff").exists(), "a refused change leaves no bytes");
    assert!(!world.path("job/gate/facts.json").exists());
}

#[test]
fn added_changed_deleted_renamed_and_mode_changes_are_seen() {
    let world = prepared();
    world.change("src/new dir/ünï.rs", "new\n");
    world.change("src/a.rs", "fn a() { 1 }\n");
    world.change("src/crlf.txt", "one\n");
    fs::rename(world.workspace("src/b.rs"), world.workspace("src/c.rs")).unwrap();
    make_executable(&world.workspace("src/run.sh"));
    world.change("src/empty", "");
    symlink("a.rs", world.workspace("src/link")).unwrap();
    passes_as(
        &world,
        &[
            "~src/a.rs",
            "-src/b.rs",
            "+src/c.rs",
            "~src/crlf.txt",
            "+src/empty",
            "+src/link",
            "+src/new dir/ünï.rs",
            "~src/run.sh",
        ],
    );
    let files = world.diff().unwrap().files;
    let new = |index: usize| files[index].new.clone().unwrap();
    assert_eq!(new(5).mode, FileMode::Symlink);
    assert_eq!(new(5).content.as_ref(), b"a.rs");
    assert_eq!(new(7).mode, FileMode::Executable);
}

#[test]
fn nothing_changed_passes_without_a_diff() {
    let world = prepared();
    world.change("target/debug/x", "build");
    world.change("src/new.log", "ignored");
    let ended = world.pass("gate");
    assert!(world.diff().is_none());
    let facts = world.facts();
    assert_eq!((facts.digest, facts.files, facts.ignored_files), (None, 0, 2));
    assert!(ended.result.summary.contains("nothing changed"), "{}", ended.result.summary);
}

#[test]
fn only_the_bases_ignore_rules_hide_and_only_what_is_untracked() {
    let world = prepared();
    world.change("src/tracked.log", "changed\n");
    world.change("src/.gitignore", "*\n");
    world.change("src/hidden-by-the-tool.rs", "x");
    write(&world.workspace(".git/info/exclude"), b"*\n");
    world.change("target/debug/deep/x.o", "build");
    passes_as(&world, &["+src/.gitignore", "+src/hidden-by-the-tool.rs", "~src/tracked.log"]);
    assert_eq!(world.facts().ignored_files, 1);
}

#[test]
fn a_large_binary_in_the_base_is_only_compared() {
    let mut world = World::with(&[("src/a", "1")]);
    let large: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    write(&world.source().join("src/large.bin"), &large);
    world = world.committed();
    world.pass("prepare");
    world.change("src/a", "2");
    passes_as(&world, &["~src/a"]);
}

#[test]
fn a_large_new_file_is_refused_without_being_read() {
    let world = prepared();
    let file = fs::File::create(world.workspace("src/large")).unwrap();
    file.set_len(200 * 1024 * 1024).unwrap();
    refused_by(&world, "file_too_large");
}

#[test]
fn what_git_in_the_workspace_was_told_changes_nothing() {
    let world = prepared();
    let workspace = world.workspace("");
    let mark = world.path("outside/mark");
    let script = world.path("outside/evil");
    write(&script, format!("#!/bin/sh\ntouch '{}'\n", mark.display()).as_bytes());
    make_executable(&script);
    git_in(&workspace, &["update-index", "--assume-unchanged", "src/a.rs"]);
    git_in(&workspace, &["update-index", "--skip-worktree", "src/b.rs"]);
    let evil = script.to_string_lossy().into_owned();
    git_in(&workspace, &["config", "core.fsmonitor", &evil]);
    git_in(&workspace, &["config", "filter.evil.clean", &evil]);
    git_in(&workspace, &["config", "core.fileMode", "false"]);
    write(&workspace.join(".git/info/attributes"), b"* filter=evil\n");
    for hook in ["post-checkout", "post-index-change", "pre-commit"] {
        write(&workspace.join(".git/hooks").join(hook), &fs::read(&script).unwrap());
        make_executable(&workspace.join(".git/hooks").join(hook));
    }
    world.change("src/a.rs", "changed\n");
    world.change("src/b.rs", "changed\n");
    passes_as(&world, &["~src/a.rs", "~src/b.rs"]);
    fs::remove_dir_all(workspace.join(".git")).unwrap();
    fs::remove_dir_all(world.path("job/phases/gate")).unwrap();
    fs::remove_dir_all(world.path("job/gate")).unwrap();
    fs::create_dir(world.path("job/gate")).unwrap();
    passes_as(&world, &["~src/a.rs", "~src/b.rs"]);
    assert!(!mark.exists(), "something from the workspace's git configuration ran");
}

#[test]
fn an_untouched_submodule_is_no_change_and_a_filled_one_is_refused() {
    let with_submodule = || {
        let mut world = World::with(&[("src/a", "1")]);
        let id = world.job.base.to_string();
        world.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},src/sub")]);
        world.commit();
        world.pass("prepare");
        world
    };
    let world = with_submodule();
    world.change("src/a", "2");
    passes_as(&world, &["~src/a"]);

    let world = with_submodule();
    world.change("src/sub/file", "x");
    refused_by(&world, "submodule");
}

#[test]
fn a_file_may_become_a_folder_and_back() {
    let world = World::with(&[("src/a", "1"), ("src/b/c", "1")]);
    world.pass("prepare");
    fs::remove_file(world.workspace("src/a")).unwrap();
    world.change("src/a/inside", "2");
    fs::remove_dir_all(world.workspace("src/b")).unwrap();
    world.change("src/b", "2");
    passes_as(&world, &["-src/a", "+src/a/inside", "+src/b", "-src/b/c"]);
    // And check lays it out as it was.
    world.pass("check");
}

#[test]
fn what_may_not_pass_is_refused_with_its_rule() {
    type Change = fn(&World);
    let cases: &[(&str, Change)] = &[
        ("outside_allowed_paths", |world| world.change("docs/x.md", "changed\n")),
        ("outside_allowed_paths", |world| world.change("srcs/x", "beside\n")),
        ("outside_allowed_paths", |world| {
            fs::rename(world.workspace("docs/x.md"), world.workspace("src/x.md")).unwrap();
        }),
        ("forbidden_path", |world| world.change(".github/workflows/ci.yml", "on: push\n")),
        ("symlink_leaves_tree", |world| {
            symlink("/etc", world.workspace("src/etc")).unwrap();
        }),
        ("symlink_leaves_tree", |world| {
            symlink("../../outside", world.workspace("src/up")).unwrap();
        }),
        ("nested_repository", |world| {
            git_in(&world.workspace("src"), &["init", "-q", "inner"]);
        }),
        ("special_file", |world| {
            let place = world.workspace("src/fifo");
            rustix::fs::mkfifoat(rustix::fs::CWD, place, 0o600.into()).unwrap();
        }),
        ("unreadable_name", |world| world.change("src/new\nline", "x")),
        ("secret", |world| {
            let key = ["AKIA", "Q3EGRIFZ5PLNCMWT"].concat();
            world.change("src/a.rs", &format!("const KEY: &str = \"{key}\";\n"));
        }),
    ];
    for (rule, change) in cases {
        let world = prepared();
        change(&world);
        refused_by(&world, rule);
    }
}
