//! Reading: the default branch and its files.

use leviathan_core::diff::FileMode;

use super::Place;

pub(crate) async fn the_head_is_where_the_default_branch_stands(place: Place) {
    let head = async || place.forge.head(&place.repository).await.unwrap();
    assert_eq!(head().await, None, "an empty repository has no default branch");
    let first = place.filled();
    assert_eq!(head().await, Some(first.clone()));
    assert_eq!(head().await, Some(first.clone()));
    let second = place.commit(&[("README.md", "# Other\n")]);
    assert_ne!(first, second);
    assert_eq!(head().await, Some(second));
    place.git(["branch", "-m", "main", "trunk"]);
    assert_eq!(head().await, None, "the branch is gone, the repository is not");
}

pub(crate) async fn files_are_read_as_they_are(place: Place) {
    let first = place.filled();
    let second = place.commit(&[("README.md", "# Other\n")]);
    let expected = [
        (&first, "README.md", FileMode::Regular, "# Sample\r\n"),
        (&second, "README.md", FileMode::Regular, "# Other\n"),
        (&second, "bin/run", FileMode::Executable, "#!/bin/sh\n"),
        (&second, ".leviathan/backlog.yaml", FileMode::Regular, "tasks: []\n"),
    ];
    for (commit, path, mode, content) in expected {
        // Twice: what is kept is the same as what was read.
        for _ in 0..2 {
            let file = place.forge.file(&place.repository, commit, path).await.unwrap().unwrap();
            assert_eq!((file.mode, file.bytes.as_ref()), (mode, content.as_bytes()), "{path}");
            assert_eq!(file.blob, place.git(["rev-parse", &format!("{commit}:{path}")]), "{path}");
        }
    }
}

pub(crate) async fn what_is_no_regular_file_is_none(place: Place) {
    let head = place.filled();
    for path in ["missing.md", "src", "link", "README.md/part", "src/lib.rs/x", "src/missing/x"] {
        let file = place.forge.file(&place.repository, &head, path).await.unwrap();
        assert_eq!(file, None, "{path}");
    }
}

pub(crate) async fn a_git_commit_that_is_not_there_is_an_error(place: Place) {
    place.filled();
    let nowhere = "1".repeat(40).parse().unwrap();
    let error = place.forge.file(&place.repository, &nowhere, "README.md").await.unwrap_err();
    assert!(error.to_string().contains(&place.repository.location), "{error}");
}
