//! prepare: the base, byte for byte, and nothing else.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use leviathan_core::fact::FailureClass;
use leviathan_executor::result::PhaseOutcome;

use crate::world::{World, git_in, make_executable, write};

#[test]
fn the_base_is_laid_out_byte_for_byte() {
    let large: String = (0..300_000).map(|n| char::from(b'a' + (n % 7) as u8)).collect();
    let mut world = World::empty("sha1");
    // Bytes go in as they are, from the first `add` on: a later one passes over files that did
    // not change since, whatever the attributes then say.
    world.write_source(".git/info/attributes", "* -text -filter\n");
    for (path, content) in [
        // Git's own checkout would convert, expand and filter all of these.
        (".gitattributes", "* text=auto eol=crlf\n*.id ident\n*.f filter=evil\n"),
        ("lf.txt", "one\ntwo\n"),
        ("crlf.txt", "one\r\ntwo\r\n"),
        ("a.id", "$Id$\n"),
        ("a.f", "plain\n"),
        ("with space/ünïcödé 文.txt", "x"),
        ("new\nline", "y"),
        ("empty", ""),
        ("large", &large),
        ("run.sh", "#!/bin/sh\n"),
        ("pointer.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
    ] {
        world.write_source(path, content);
    }
    make_executable(&world.source().join("run.sh"));
    write(&world.source().join("binary"), &[0, 159, 146, 150, 255, 13, 10]);
    std::os::unix::fs::symlink("../elsewhere", world.source().join("link")).unwrap();
    world.git(&["config", "filter.evil.clean", "cat"]);
    world = world.committed();
    let sub = world.job.base.to_string();
    world.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{sub},sub")]);
    world.commit();

    let ended = world.pass("prepare");
    assert_eq!(ended.result.outcome, PhaseOutcome::Passed);
    for path in [
        "lf.txt",
        "crlf.txt",
        "a.id",
        "a.f",
        "with space/ünïcödé 文.txt",
        "new\nline",
        "empty",
        "large",
        "run.sh",
        "pointer.bin",
        "binary",
        ".gitattributes",
    ] {
        let (ours, theirs) = (world.workspace(path), world.source().join(path));
        assert_eq!(fs::read(ours).unwrap(), fs::read(theirs).unwrap(), "{path:?}");
    }
    let link = fs::read_link(world.workspace("link")).unwrap();
    assert_eq!(link.as_os_str().as_bytes(), b"../elsewhere");
    let mode = fs::metadata(world.workspace("run.sh")).unwrap().permissions().mode();
    assert_ne!(mode & 0o100, 0);
    assert_eq!(fs::read_dir(world.workspace("sub")).unwrap().count(), 0);
}

#[test]
fn the_workspace_is_a_clean_repository_of_its_own() {
    let world = World::with(&[("a", "1\r\n"), (".gitattributes", "* text eol=lf\n")]);
    world.pass("prepare");
    let workspace = world.workspace("");
    assert_eq!(git_in(&workspace, &["status", "--porcelain"]), "");
    assert_eq!(git_in(&workspace, &["rev-parse", "HEAD"]).trim(), world.job.base.as_str());
    assert_eq!(git_in(&workspace, &["remote"]), "");
    assert!(!workspace.join(".git/objects/info/alternates").exists());
    assert_eq!(
        fs::read_dir(workspace.join(".git"))
            .unwrap()
            .flatten()
            .filter(|entry| entry.file_name() == "hooks")
            .count(),
        0
    );
    git_in(&workspace, &["commit", "-q", "--allow-empty", "-m", "a tool may commit"]);
}

#[test]
fn exactly_the_base_is_fetched_even_when_no_branch_stands_there() {
    let mut world = World::with(&[("a", "1")]);
    let first = world.job.base.clone();
    world.write_source("a", "2");
    world.git(&["add", "-A"]);
    world.commit();
    let second = std::mem::replace(&mut world.job.base, first);
    world.pass("prepare");
    assert_eq!(fs::read_to_string(world.workspace("a")).unwrap(), "1");
    let there = |id: &str| {
        let base_git = world.path("job/base.git");
        let status =
            Command::new("git").arg("-C").arg(base_git).args(["cat-file", "-e", id]).output();
        status.unwrap().status.success()
    };
    assert!(there(world.job.base.as_str()));
    assert!(!there(second.as_str()));
}

#[test]
fn nothing_that_the_repository_configures_runs() {
    let world = World::with(&[(".gitattributes", "* filter=evil diff=evil\n"), ("a", "1")]);
    let (script, mark) = (world.path("outside/evil"), world.path("outside/mark"));
    write(&script, format!("#!/bin/sh\ntouch '{}'\ncat\n", mark.display()).as_bytes());
    make_executable(&script);
    let evil = script.to_string_lossy();
    for key in [
        "filter.evil.smudge",
        "filter.evil.clean",
        "diff.evil.command",
        "core.fsmonitor",
        "uploadpack.packObjectsHook",
        "core.sshCommand",
        "core.pager",
        "core.askPass",
    ] {
        world.git(&["config", key, &evil]);
    }
    for hook in ["post-checkout", "reference-transaction", "post-index-change", "post-update"] {
        let place = world.source().join(".git/hooks").join(hook);
        write(&place, &fs::read(&script).unwrap());
        make_executable(&place);
    }
    let _made_by_our_own_calls = fs::remove_file(&mark);
    world.pass("prepare");
    assert!(!mark.exists(), "something of the repository's configuration ran");
}

#[test]
fn a_missing_base_is_the_machinerys_fault_and_says_where_it_was_looked_for() {
    let mut world = World::with(&[("a", "1")]);
    world.job.base = "1".repeat(40).parse().unwrap();
    let ended = world.fail("prepare", "base_not_fetched");
    assert_eq!(ended.result.class, Some(FailureClass::Infra));
    assert!(ended.result.summary.contains(&world.job.repository), "{}", ended.result.summary);
}

#[test]
fn credentials_of_a_url_reach_neither_result_nor_log() {
    let mut world = World::with(&[("a", "1")]);
    world.job.repository = "http://someone:hunter2hunter2@127.0.0.1:9/r.git".to_owned();
    let ended = world.fail("prepare", "base_not_fetched");
    let all = format!("{}{:?}", ended.log, ended.result);
    assert!(all.contains("127.0.0.1") && !all.contains("hunter2"), "{all}");
}

#[test]
fn helpers_of_git_that_run_programs_are_refused() {
    let mut world = World::with(&[("a", "1")]);
    let mark = world.path("outside/mark");
    world.job.repository = format!("ext::touch {}", mark.display());
    world.fail("prepare", "base_not_fetched");
    assert!(!mark.exists());
}

#[test]
fn repositories_with_sha256_work_as_well() {
    let world = World::empty("sha256");
    world.write_source("src/a", "1\n");
    let world = world.committed();
    world.pass("prepare");
    world.change("src/a", "2\n");
    world.pass("gate");
    let diff = world.diff().unwrap();
    assert_eq!(diff.files.len(), 1);
    assert_eq!(diff.files[0].old.as_ref().unwrap().blob.len(), 64);
}

#[test]
fn a_phase_that_has_ended_is_not_run_again() {
    let world = World::with(&[("a", "1")]);
    world.pass("prepare");
    fs::write(world.workspace("a"), "a tool was here").unwrap();
    let again = world.pass("prepare");
    assert!(again.log.contains("has ended before"), "{}", again.log);
    assert_eq!(fs::read_to_string(world.workspace("a")).unwrap(), "a tool was here");
}

#[test]
fn an_empty_repository_and_a_wrong_call_are_told_apart() {
    let mut world = World::empty("sha1");
    world.commit();
    world.pass("prepare");
    world.pass("gate");
    assert!(world.diff().is_none());
    let wrong = Command::new(leviathan_tests::programs::executor()).arg("dance").output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}
