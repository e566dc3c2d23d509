//! The walk over a workspace, on real folders.
use std::os::unix::ffi::OsStrExt;

use leviathan_core::diff::NewFile;

use super::*;
use crate::base::BaseEntry;

/// The id of the blob `hello\n`.
const HELLO: &str = "ce013625030ba8dba906f756967f9e9ca394464a";

fn limits() -> Limits {
    Limits { max_files: 5, max_file_bytes: 100, max_diff_bytes: 250 }
}

fn base(entries: &[(&str, FileMode)]) -> BaseTree {
    let entry = |mode| BaseEntry { mode, id: HELLO.to_owned(), size: 6 };
    entries.iter().map(|(path, mode)| (path.as_bytes().to_vec(), entry(*mode))).collect()
}

fn changes(workspace: &std::path::Path, base: &BaseTree) -> Changes {
    let tree = Tree::open(workspace).unwrap();
    compare(&tree, base, &IgnoreRules::default(), &limits()).unwrap()
}

fn paths(changes: &Changes) -> Vec<&str> {
    changes.files.iter().map(|file| file.path.as_str()).collect()
}

#[test]
fn what_is_as_in_the_base_is_no_change() {
    let place = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(place.path().join("a/.git-like")).unwrap();
    std::fs::create_dir_all(place.path().join(".git/hooks")).unwrap();
    std::fs::write(place.path().join(".git/hooks/x"), "").unwrap();
    std::fs::write(place.path().join("a/file"), "hello\n").unwrap();
    std::fs::create_dir(place.path().join("sub")).unwrap();
    let base = base(&[("a/file", FileMode::Regular), ("sub", FileMode::Submodule)]);
    let found = changes(place.path(), &base);
    assert!(found.files.is_empty() && found.observations.is_empty(), "{found:?}");
}

#[test]
fn same_size_other_content_other_mode_and_missing_are_changes() {
    let place = tempfile::tempdir().unwrap();
    std::fs::write(place.path().join("content"), "jello\n").unwrap();
    std::fs::write(place.path().join("mode"), "hello\n").unwrap();
    let base = base(&[
        ("content", FileMode::Regular),
        ("mode", FileMode::Executable),
        ("gone", FileMode::Regular),
    ]);
    let found = changes(place.path(), &base);
    assert_eq!(paths(&found), ["content", "gone", "mode"]);
    let news: Vec<Option<NewFile>> = found.files.into_iter().map(|file| file.new).collect();
    assert_eq!(news[0].as_ref().unwrap().content.as_ref(), b"jello\n");
    assert_eq!(news[1], None);
    assert_eq!(news[2].as_ref().unwrap().mode, FileMode::Regular);
}

#[test]
fn a_folder_that_became_a_link_is_not_followed() {
    let place = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("file"), "hello\n").unwrap();
    std::os::unix::fs::symlink(outside.path(), place.path().join("a")).unwrap();
    let found = changes(place.path(), &base(&[("a/file", FileMode::Regular)]));
    assert_eq!(paths(&found), ["a", "a/file"]);
    assert_eq!(found.files[0].new.as_ref().unwrap().mode, FileMode::Symlink);
    assert_eq!(found.files[1].new, None);
}

#[test]
fn what_a_change_cannot_hold_is_observed() {
    let place = tempfile::tempdir().unwrap();
    let path = |name: &[u8]| place.path().join(std::ffi::OsStr::from_bytes(name));
    rustix::fs::mkfifoat(rustix::fs::CWD, path(b"fifo"), Mode::from_raw_mode(0o600)).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(path(b"socket")).unwrap();
    std::fs::write(path(b"bad\xff"), "x").unwrap();
    std::fs::create_dir_all(path(b"inner/.git")).unwrap();
    std::fs::create_dir_all(path(b"other")).unwrap();
    std::fs::write(path(b"other/.GIT"), "gitdir: /elsewhere").unwrap();
    std::fs::create_dir_all(path(b"sub")).unwrap();
    std::fs::write(path(b"sub/file"), "").unwrap();
    std::fs::write(path(b"large"), "x".repeat(101)).unwrap();
    let found = changes(place.path(), &base(&[("sub", FileMode::Submodule)]));
    let kinds: Vec<(String, ObservationKind)> =
        found.observations.into_iter().map(|seen| (seen.path, seen.kind)).collect();
    let special = |what: &str| ObservationKind::SpecialFile { what: what.to_owned() };
    for expected in [
        ("bad\u{fffd}", ObservationKind::UnreadableName),
        ("fifo", special("FIFO")),
        ("socket", special("socket")),
        ("inner", ObservationKind::NestedRepository),
        ("other", ObservationKind::NestedRepository),
        ("sub", ObservationKind::Submodule),
        ("large", ObservationKind::FileTooLarge { bytes: 101 }),
    ] {
        let expected = (expected.0.to_owned(), expected.1);
        assert!(kinds.contains(&expected), "{expected:?} in {kinds:?}");
    }
    assert!(found.files.is_empty(), "{:?}", found.files);
}

#[test]
fn a_flood_stops_the_walk() {
    let place = tempfile::tempdir().unwrap();
    for number in 0..200 {
        std::fs::write(place.path().join(format!("{number:03}")), "").unwrap();
    }
    let found = changes(place.path(), &BaseTree::new());
    assert_eq!(found.files.len(), 5 + LISTED_BEYOND_LIMIT);
    assert!(matches!(found.observations[0].kind, ObservationKind::TooManyFiles { .. }));

    let place = tempfile::tempdir().unwrap();
    for number in 0..4 {
        std::fs::write(place.path().join(number.to_string()), "x".repeat(80)).unwrap();
    }
    let found = changes(place.path(), &BaseTree::new());
    assert_eq!(found.files.len(), 3);
    assert_eq!(found.observations[0].kind, ObservationKind::DiffTooLarge { seen: 320 });
}

#[test]
fn a_folder_that_cannot_be_read_hides_no_deletion() {
    if rustix::process::getuid().is_root() {
        // Root reads everything: the same is seen through the depth limit.
        let place = tempfile::tempdir().unwrap();
        let deep = vec!["d"; MAX_DEPTH + 2].join("/");
        std::fs::create_dir_all(place.path().join(&deep)).unwrap();
        let tracked = format!("{deep}/file");
        let found = changes(place.path(), &base(&[(tracked.as_str(), FileMode::Regular)]));
        assert!(found.files.is_empty(), "not known to be deleted: {:?}", found.files);
        assert!(matches!(found.observations[0].kind, ObservationKind::UnreadableFile { .. }));
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let closed = place.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::write(closed.join("file"), "hello\n").unwrap();
    let mode = |bits| std::os::unix::fs::PermissionsExt::from_mode(bits);
    std::fs::set_permissions(&closed, mode(0o000)).unwrap();
    let found = changes(place.path(), &base(&[("closed/file", FileMode::Regular)]));
    std::fs::set_permissions(&closed, mode(0o755)).unwrap();
    assert!(found.files.is_empty(), "not known to be deleted: {:?}", found.files);
    assert!(matches!(found.observations[0].kind, ObservationKind::UnreadableFile { .. }));
}
