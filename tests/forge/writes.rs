//! Git commits and branches: what they hold, and that nothing else is touched or run.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use leviathan_core::diff::{FileChange, FileMode, NewFile};
use leviathan_core::ports::forge::PullRequestStatus;
use leviathan_core::ports::{Forge, ForgeError};

use crate::repository::{BACKLOG, BRANCH, World, add, at, forge, git, new};

#[tokio::test]
async fn a_git_commit_holds_exactly_the_change() {
    let world = World::new();
    let base = world.id("main");
    let mut run = world.delete(&base, "bin/run");
    run.new = Some(NewFile { mode: FileMode::Regular, content: "#!/bin/sh\n".into() });
    let link = FileChange {
        path: "docs/link".to_owned(),
        old: None,
        new: Some(NewFile { mode: FileMode::Symlink, content: "../README.md".into() }),
    };
    let tool = FileChange {
        path: "docs/deep/er/tool".to_owned(),
        old: None,
        new: Some(NewFile { mode: FileMode::Executable, content: vec![0, 13, 10, 255].into() }),
    };
    let changes = vec![
        world.edit(&base, "README.md", "# Sample\r\nwith CRLF\r\n"),
        run,
        tool,
        link,
        world.delete(&base, "src/lib.rs"),
    ];
    let commit = world.forge.create_commit(&world.target(), &new(&base, changes)).await.unwrap();

    let diff = world.git(["diff-tree", "-r", "--no-renames", base.as_str(), commit.as_str()]);
    let changed: Vec<(&str, &str)> =
        diff.lines().map(|line| (&line[..14], line.split_once('\t').unwrap().1)).collect();
    assert_eq!(
        changed,
        [
            (":100644 100644", "README.md"),
            (":100755 100644", "bin/run"),
            (":000000 100755", "docs/deep/er/tool"),
            (":000000 120000", "docs/link"),
            (":100644 000000", "src/lib.rs"),
        ]
    );
    let readme = format!("{commit}:README.md");
    assert_eq!(world.git(["cat-file", "-s", readme.as_str()]), "21");
    let tool = world.forge.file(&world.target(), &commit, "docs/deep/er/tool").await.unwrap();
    let tool = tool.unwrap();
    assert_eq!((tool.mode, tool.bytes.as_ref()), (FileMode::Executable, &[0, 13, 10, 255][..]));
    let blob = format!("{commit}:docs/deep/er/tool");
    assert_eq!(tool.blob, world.git(["rev-parse", &blob]));
    assert_eq!(
        world.git(["show", "-s", "--format=%an <%ae> %ad %cd%n%B", "--date=iso", commit.as_str()]),
        "Leviathan <leviathan@localhost> 2026-01-01 00:00:00 +0000 2026-01-01 00:00:00 +0000\n\
         Mend the parser\n\nLeviathan-Task: fix-parser\nLeviathan-Attempt: fix-parser-abc1234567"
    );
    world.git(["fsck", "--strict"]);
}

#[tokio::test]
async fn the_same_input_gives_the_same_git_commit() {
    let world = World::new();
    let base = world.id("main");
    let commit = new(&base, vec![add("a/b", "x")]);
    let first = world.forge.create_commit(&world.target(), &commit).await.unwrap();
    let second =
        forge(&world.folder.path().join("other")).create_commit(&world.target(), &commit).await;
    assert_eq!(first, second.unwrap());
    let mut later = commit;
    later.unix_seconds += 1;
    assert_ne!(first, world.forge.create_commit(&world.target(), &later).await.unwrap());
}

#[tokio::test]
async fn files_and_folders_may_take_each_others_place() {
    let world = World::new();
    let base = world.id("main");
    let folder_to_file = vec![
        add("src", "a file now\n"),
        world.delete(&base, "src/lib.rs"),
        world.delete(&base, "src/parser.rs"),
    ];
    let file_to_folder = vec![world.delete(&base, "README.md"), add("README.md/part", "one\n")];
    for changes in [folder_to_file, file_to_folder] {
        let commit = new(&base, changes);
        let commit = world.forge.create_commit(&world.target(), &commit).await.unwrap();
        world.git(["fsck", "--strict"]);
        assert!(world.git(["ls-tree", "-r", "--name-only", commit.as_str()]).contains("bin/run"));
    }
    let both = new(&base, vec![add("src", "a file and a folder\n")]);
    let refused = world.forge.create_commit(&world.target(), &both).await.unwrap_err();
    assert!(matches!(refused, ForgeError::Refused { .. }), "{refused}");
}

#[tokio::test]
async fn a_change_against_other_content_than_the_bases_is_refused() {
    let world = World::new();
    let base = world.id("main");
    let mut other = world.edit(&base, "README.md", "new\n");
    other.old.as_mut().unwrap().blob = "0".repeat(40);
    let mut mode = world.edit(&base, "README.md", "new\n");
    mode.old.as_mut().unwrap().mode = FileMode::Executable;
    let mut missing = world.edit(&base, "README.md", "new\n");
    missing.path = "nowhere.md".to_owned();
    let wrong = [
        other,
        mode,
        missing,
        add("README.md", "not new at all\n"),
        add(".git/hooks/pre-commit", "x"),
        add("a/../b", "x"),
        add("/etc/passwd", "x"),
    ];
    for change in wrong {
        let path = change.path.clone();
        let commit = new(&base, vec![change]);
        let error = world.forge.create_commit(&world.target(), &commit).await.unwrap_err();
        assert!(matches!(error, ForgeError::Refused { .. }), "{path}: {error}");
    }
}

#[tokio::test]
async fn a_branch_is_created_once_and_never_moved() {
    let world = World::new();
    let base = world.id("main");
    let other = world.commit("other.md", "x", "other");
    let target = world.target();
    world.forge.create_branch(&target, BRANCH, &base).await.unwrap();
    world.forge.create_branch(&target, BRANCH, &base).await.unwrap();
    let error = world.forge.create_branch(&target, BRANCH, &other).await.unwrap_err();
    match error {
        ForgeError::BranchTaken { branch, found, wanted, .. } => {
            assert_eq!((branch.as_str(), found, wanted), (BRANCH, base.clone(), other));
        }
        other => panic!("{other}"),
    }
    assert_eq!(world.id(BRANCH), base);
}

#[tokio::test]
async fn only_branches_of_ours_at_git_commits_that_exist_are_created() {
    let world = World::new();
    let base = world.id("main");
    let target = world.target();
    let nowhere = "1".repeat(40).parse().unwrap();
    for (branch, commit) in
        [("main2", &base), ("agent/a b", &base), ("agent/../main", &base), (BRANCH, &nowhere)]
    {
        let error = world.forge.create_branch(&target, branch, commit).await.unwrap_err();
        assert!(matches!(error, ForgeError::Refused { .. }), "{branch}: {error}");
    }
    world.git(["branch", "agent"]);
    let error = world.forge.create_branch(&target, BRANCH, &base).await.unwrap_err();
    assert!(error.to_string().contains("git branch -m agent"), "{error}");
}

#[tokio::test]
async fn a_dirty_working_tree_stays_byte_for_byte() {
    let world = World::new();
    world.write("README.md", "edited, not added\n");
    world.write("staged.md", "staged\n");
    world.git(["add", "staged.md"]);
    world.write("staged.md", "staged and edited again\n");
    world.write("untracked.md", "untracked\n");
    fs::remove_file(world.path.join("src/lib.rs")).unwrap();
    let before = (world.untouched(), world.git(["status", "--porcelain=v2", "--branch"]));
    let before_index = world.untouched();

    world.published().await;

    assert_eq!(before_index, world.untouched());
    assert_eq!(before, (world.untouched(), world.git(["status", "--porcelain=v2", "--branch"])));
    assert!(!world.path.join(".git/logs/refs/heads").join(BRANCH).exists());
}

#[tokio::test]
async fn nothing_of_the_repository_runs_or_is_obeyed() {
    let world = World::new();
    let marker = world.folder.path().join("ran");
    let script = format!("#!/bin/sh\necho \"$0\" >> '{}'\ncat\n", marker.display());
    let hooks = world.path.join(".git/hooks");
    fs::create_dir_all(&hooks).unwrap();
    for hook in [
        "reference-transaction",
        "update",
        "pre-receive",
        "post-receive",
        "post-update",
        "post-index-change",
        "post-checkout",
        "post-commit",
        "pre-commit",
        "commit-msg",
        "post-merge",
        "fsmonitor-watchman",
        "tool",
    ] {
        fs::write(hooks.join(hook), &script).unwrap();
        fs::set_permissions(hooks.join(hook), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let tool = hooks.join("tool").to_str().unwrap().to_owned();
    for (key, value) in [
        ("core.fsmonitor", tool.as_str()),
        ("core.hooksPath", hooks.to_str().unwrap()),
        ("core.pager", &tool),
        ("core.sshCommand", &tool),
        ("core.alternateRefsCommand", &tool),
        ("filter.evil.clean", &tool),
        ("filter.evil.smudge", &tool),
        ("filter.evil.required", "true"),
        ("diff.evil.command", &tool),
        ("diff.evil.textconv", &tool),
        ("diff.external", &tool),
        ("merge.evil.driver", &tool),
        ("gpg.program", &tool),
        ("commit.gpgSign", "true"),
        ("user.signingKey", "x"),
        ("hook.evil.command", &tool),
        ("hook.evil.event", "reference-transaction"),
        ("core.autocrlf", "true"),
        ("i18n.commitEncoding", "ISO-8859-1"),
        ("user.name", "Someone Else"),
    ] {
        world.git(["config", key, value]);
    }
    fs::write(
        world.path.join(".git/info/attributes"),
        "* filter=evil diff=evil merge=evil ident\n",
    )
    .unwrap();
    fs::remove_file(&marker).ok();
    let proof = std::process::Command::new(&tool).stdin(std::process::Stdio::null()).status();
    assert!(proof.unwrap().success() && marker.exists(), "the trap itself must work");
    fs::remove_file(&marker).unwrap();

    let watched = world.published().await;
    world.forge.pull_request(&world.target(), &watched).await.unwrap();
    world.forge.uncommitted(&world.target()).await.unwrap();
    world.forge.find(world.path.to_str().unwrap(), None).await.unwrap();
    world.forge.merge(&world.target(), &watched, "merge").await.unwrap();
    world.forge.close(&world.target(), &watched).await.unwrap();

    assert!(!marker.exists(), "ran: {}", fs::read_to_string(&marker).unwrap_or_default());
    let head = watched.head_commit.as_str();
    let content = git(&world.path, ["cat-file", "blob", &format!("{head}:change.md")]);
    assert_eq!(content, "what changed");
    let author = git(&world.path, ["cat-file", "commit", head]);
    assert!(author.contains("author Leviathan <leviathan@localhost>"), "{author}");
    assert!(!author.contains("gpgsig") && !author.contains("encoding"), "{author}");
}

/// Runs itself once more in an environment as a git hook, or a person's shell, may have it.
#[tokio::test]
async fn the_callers_environment_leads_nowhere_else() {
    if std::env::var_os("GIT_OBJECT_DIRECTORY").is_none() {
        let child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes::the_callers_environment_leads_nowhere_else"])
            .env("GIT_DIR", "/nowhere/.git")
            .env("GIT_WORK_TREE", "/nowhere")
            .env("GIT_INDEX_FILE", "/nowhere/index")
            .env("GIT_OBJECT_DIRECTORY", "/nowhere/objects")
            .env("GIT_NAMESPACE", "elsewhere")
            .env("GIT_AUTHOR_NAME", "Somebody Else")
            .env("GIT_COMMITTER_DATE", "2001-01-01T00:00:00Z")
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "extensions.refStorage")
            .env("GIT_CONFIG_VALUE_0", "nonsense")
            .env("GIT_EXTERNAL_DIFF", "/nowhere/diff")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout).into_owned();
        assert!(child.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let world = World::new();
    let watched = world.published().await;
    assert_eq!(world.id(BRANCH), watched.head_commit);
    let author = world.git(["show", "-s", "--format=%an %cd", "--date=unix", BRANCH]);
    assert_eq!(author, "Leviathan 1767225600");
    world.git(["merge", "--quiet", "--squash", BRANCH]);
    world.git(["commit", "--quiet", "--no-edit"]);
    let status = world.forge.pull_request(&world.target(), &watched).await.unwrap();
    assert!(matches!(status, PullRequestStatus::Merged { .. }), "{status:?}");
}

#[tokio::test]
async fn replacements_are_not_followed() {
    let world = World::new();
    let base = world.id("main");
    world.git(["checkout", "--quiet", "-b", "side"]);
    let other = world.commit("README.md", "# Replaced\n", "side");
    world.git(["replace", base.as_str(), other.as_str()]);
    let shown = format!("{base}:README.md");
    assert_eq!(world.git(["show", &shown]), "# Replaced", "the replacement itself must work");
    let readme = world.forge.file(&world.target(), &base, "README.md").await.unwrap().unwrap();
    assert_eq!(readme.bytes.as_ref(), b"# Sample\n");
}

#[tokio::test]
async fn files_are_read_as_they_are_committed() {
    let world = World::new();
    let base = world.id("main");
    world.write("README.md", "not committed\n");
    std::os::unix::fs::symlink("/etc/passwd", world.path.join("link")).unwrap();
    world.git(["add", "link"]);
    world.git(["commit", "--quiet", "-m", "a link"]);
    let (target, tip) = (world.target(), world.id("main"));
    let file = |path: &'static str| world.forge.file(&target, &tip, path);
    assert_eq!(file("README.md").await.unwrap().unwrap().bytes.as_ref(), b"# Sample\n");
    assert!(file(BACKLOG).await.unwrap().is_some());
    for none in ["link", "src", "src/", "nothing", ".leviathan/*", "READ*", ":(top)README.md"] {
        assert_eq!(file(none).await.unwrap(), None, "{none}");
    }
    let missing = "2".repeat(40).parse().unwrap();
    assert!(world.forge.file(&target, &missing, "README.md").await.is_err());
    assert_eq!(world.forge.head(&target).await.unwrap(), Some(tip));
    assert_ne!(base, world.id("main"));
}

#[tokio::test]
async fn a_repository_without_git_commits_has_no_head() {
    let folder = tempfile::TempDir::new().unwrap();
    git(folder.path(), ["init", "--quiet", "--initial-branch=main", "empty"]);
    let forge = forge(folder.path());
    let empty = folder.path().join("empty");
    assert_eq!(forge.head(&at(&empty)).await.unwrap(), None);
    let found = forge.find(empty.to_str().unwrap(), None).await.unwrap();
    assert_eq!(found.default_branch, "main");
    assert_eq!(forge.uncommitted(&at(&empty)).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_no_repository_is_said_so() {
    let folder = tempfile::TempDir::new().unwrap();
    let forge = forge(folder.path());
    let missing = folder.path().join("missing");
    for path in [folder.path(), missing.as_path()] {
        let error = forge.head(&at(path)).await.unwrap_err();
        assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
    }
}
