//! Writing: git commits out of data, and branches.

use leviathan_core::diff::{FileChange, FileMode, NewFile};
use leviathan_core::ports::ForgeError;

use super::Place;
use super::place::{BRANCH, add, new};

pub(crate) async fn a_git_commit_holds_exactly_the_change(place: Place) {
    let base = place.filled();
    let before = place.refs();
    let executable = |path: &str, content: Vec<u8>| FileChange {
        path: path.to_owned(),
        old: None,
        new: Some(NewFile { mode: FileMode::Executable, content: content.into() }),
    };
    let mut run = place.delete(&base, "bin/run");
    run.new = Some(NewFile { mode: FileMode::Regular, content: "#!/bin/sh\n".into() });
    let changes = vec![
        place.edit(&base, "README.md", "# Other\r\n"),
        run,
        executable("docs/deep/er/tool", vec![0, 13, 10, 255]),
        place.delete(&base, "src/lib.rs"),
    ];
    let commit = new(&base, changes);
    let made = place.forge.create_commit(&place.repository, &commit).await.unwrap();
    let diff = place.git(["diff-tree", "-r", "--no-renames", base.as_str(), made.as_str()]);
    let changed: Vec<(&str, &str)> =
        diff.lines().map(|line| (&line[..14], line.split_once('\t').unwrap().1)).collect();
    assert_eq!(
        changed,
        [
            (":100644 100644", "README.md"),
            (":100755 100644", "bin/run"),
            (":000000 100755", "docs/deep/er/tool"),
            (":100644 000000", "src/lib.rs"),
        ]
    );
    let tool = place.forge.file(&place.repository, &made, "docs/deep/er/tool").await.unwrap();
    assert_eq!(tool.unwrap().bytes.as_ref(), [0, 13, 10, 255]);
    assert_eq!(place.git(["rev-parse", &format!("{made}^")]), base.as_str());
    let message = place.git(["show", "-s", "--format=%B", made.as_str()]);
    assert_eq!(message, commit.message.trim_end());
    assert_eq!(before, place.refs(), "no ref moves");
    place.git(["fsck", "--strict"]);
}

pub(crate) async fn a_change_against_other_content_is_refused(place: Place) {
    let base = place.filled();
    let mut other = place.edit(&base, "README.md", "new\n");
    other.old.as_mut().unwrap().blob = "0".repeat(40);
    let mut mode = place.edit(&base, "README.md", "new\n");
    mode.old.as_mut().unwrap().mode = FileMode::Executable;
    let mut missing = place.edit(&base, "README.md", "new\n");
    missing.path = "nowhere.md".to_owned();
    let twice = vec![add("a.md", "1"), add("a.md", "2")];
    let module = FileChange {
        path: "module".to_owned(),
        old: None,
        new: Some(NewFile { mode: FileMode::Submodule, content: vec![].into() }),
    };
    let mut wrong: Vec<Vec<FileChange>> = vec![twice];
    wrong.extend(
        [
            other,
            mode,
            missing,
            module,
            add("README.md", "not new at all\n"),
            add(".git/hooks/pre-commit", "x"),
            add("a/../b", "x"),
            add("/etc/passwd", "x"),
            add("README.md/part", "x"),
            add("src", "x"),
        ]
        .map(|change| vec![change]),
    );
    for changes in wrong {
        let path = changes[0].path.clone();
        let commit = new(&base, changes);
        let error = place.forge.create_commit(&place.repository, &commit).await.unwrap_err();
        assert!(matches!(error, ForgeError::Refused { .. }), "{path}: {error}");
    }
    let nowhere = new(&"1".repeat(40).parse().unwrap(), vec![add("a.md", "x")]);
    let error = place.forge.create_commit(&place.repository, &nowhere).await.unwrap_err();
    assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
}

pub(crate) async fn files_and_folders_may_take_each_others_place(place: Place) {
    let base = place.filled();
    let folder_to_file = vec![
        add("src", "a file now\n"),
        place.delete(&base, "src/lib.rs"),
        place.delete(&base, "src/parser.rs"),
    ];
    let file_to_folder = vec![place.delete(&base, "README.md"), add("README.md/part", "one\n")];
    for (changes, path) in [(folder_to_file, "src"), (file_to_folder, "README.md/part")] {
        let commit = new(&base, changes);
        let made = place.forge.create_commit(&place.repository, &commit).await.unwrap();
        place.git(["fsck", "--strict"]);
        assert!(place.forge.file(&place.repository, &made, path).await.unwrap().is_some());
        assert!(place.git(["ls-tree", "-r", "--name-only", made.as_str()]).contains("bin/run"));
    }
    let half = vec![add("src", "a file now\n"), place.delete(&base, "src/lib.rs")];
    let both = vec![add("new", "a file\n"), add("new/part", "and a folder\n")];
    for changes in [half, both] {
        let error =
            place.forge.create_commit(&place.repository, &new(&base, changes)).await.unwrap_err();
        assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
    }
}

pub(crate) async fn a_branch_is_created_once_and_never_moved(place: Place) {
    let base = place.filled();
    let other = place.commit(&[("other.md", "x")]);
    for _ in 0..2 {
        place.forge.create_branch(&place.repository, BRANCH, &base).await.unwrap();
    }
    match place.forge.create_branch(&place.repository, BRANCH, &other).await.unwrap_err() {
        ForgeError::BranchTaken { branch, found, wanted, .. } => {
            assert_eq!((branch.as_str(), found, wanted), (BRANCH, base.clone(), other));
        }
        error => panic!("{error}"),
    }
    assert_eq!(place.git(["rev-parse", BRANCH]), base.as_str());
}

pub(crate) async fn only_branches_of_ours_at_git_commits_that_exist_are_created(place: Place) {
    let base = place.filled();
    let before = place.refs();
    let nowhere = "1".repeat(40).parse().unwrap();
    for (branch, commit) in [
        ("main2", &base),
        ("agent/a b", &base),
        ("agent/../main", &base),
        ("agent/", &base),
        (BRANCH, &nowhere),
    ] {
        let error = place.forge.create_branch(&place.repository, branch, commit).await.unwrap_err();
        assert!(matches!(error, ForgeError::Refused { .. }), "{branch}: {error}");
    }
    assert_eq!(before, place.refs());
    place.git(["branch", "agent", "main"]);
    let error = place.forge.create_branch(&place.repository, BRANCH, &base).await.unwrap_err();
    assert!(matches!(error, ForgeError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("agent"), "{error}");
}
