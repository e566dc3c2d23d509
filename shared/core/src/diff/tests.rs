//! The change's bytes, and every way in which bytes are refused.

use bytes::Bytes;
use proptest::prelude::*;

use super::*;

const BASE: &str = "1111111111111111111111111111111111111111";
const BLOB: &str = "2222222222222222222222222222222222222222";

fn base() -> GitCommit {
    BASE.parse().unwrap()
}

fn old(mode: FileMode) -> Option<OldFile> {
    Some(OldFile { mode, blob: BLOB.to_owned() })
}

fn new(mode: FileMode, content: &[u8]) -> Option<NewFile> {
    Some(NewFile { mode, content: Bytes::copy_from_slice(content) })
}

fn change(path: &str, old: Option<OldFile>, new: Option<NewFile>) -> FileChange {
    FileChange { path: path.to_owned(), old, new }
}

fn added(path: &str) -> FileChange {
    change(path, None, new(FileMode::Regular, b"x\n"))
}

/// Never change this literal: diffs of finished attempts are stored in these bytes.
#[test]
fn bytes_are_the_golden_ones_and_read_back() {
    let diff = Diff::new(
        base(),
        vec![
            change("run.sh", old(FileMode::Regular), new(FileMode::Executable, b"a\t\"q\"\n")),
            change("logo.bin", None, new(FileMode::Regular, &[0xff, 0x00, 0x01])),
            change("docs/\u{fc}.md", None, new(FileMode::Symlink, b"../README.md")),
            change("gone", old(FileMode::Submodule), None),
            change("empty", None, new(FileMode::Regular, b"")),
        ],
    )
    .unwrap();
    let golden = concat!(
        r#"{"format":1,"base":"1111111111111111111111111111111111111111","files":["#,
        r#"{"path":"docs/ü.md","old":null,"new":{"mode":"120000","text":"../README.md"}},"#,
        r#"{"path":"empty","old":null,"new":{"mode":"100644","text":""}},"#,
        r#"{"path":"gone","old":{"mode":"160000","blob":"2222222222222222222222222222222222222222"},"new":null},"#,
        r#"{"path":"logo.bin","old":null,"new":{"mode":"100644","base64":"/wAB"}},"#,
        r#"{"path":"run.sh","old":{"mode":"100644","blob":"2222222222222222222222222222222222222222"},"#,
        r#""new":{"mode":"100755","text":"a\t\"q\"\n"}}]}"#,
    );
    assert_eq!(String::from_utf8(diff.to_bytes()).unwrap(), golden);
    assert_eq!(Diff::from_bytes(golden.as_bytes()).unwrap(), diff);
    assert_eq!(
        diff.digest().as_str(),
        "fc3131fed719a4c19e0c529fed706575f3e2e2422fee820a6bd385160fed96b8"
    );
}

#[test]
fn each_broken_rule_is_refused() {
    let regular = FileMode::Regular;
    let cases = [
        (vec![added("b"), added("a")], "does not come after"),
        (vec![added("a"), added("a")], "does not come after"),
        (vec![added("a/../b")], "has a part . or .."),
        (vec![added(".git/hooks/pre-commit")], "leads into a .git directory"),
        (vec![change("a", old(regular), None), added("b/.GIT")], "leads into a .git directory"),
        (vec![added("a"), added("a.b"), added("a/b/c")], "needs it as a directory"),
        (vec![added("a/b"), added("a/b/c/d")], "needs it as a directory"),
        (vec![change("a", None, None)], "neither an old nor a new file"),
        (vec![change("a", None, new(FileMode::Submodule, b""))], "become a submodule"),
        (vec![change("a", None, new(FileMode::Symlink, b"\xff"))], "symlink's target"),
        (vec![change("a", None, new(FileMode::Symlink, b""))], "symlink's target"),
        (vec![change("a", None, new(FileMode::Symlink, b"b\nc"))], "symlink's target"),
        (
            vec![change("a", Some(OldFile { mode: regular, blob: "x".to_owned() }), None)],
            "hex digits",
        ),
    ];
    for (files, expected) in cases {
        let diff = Diff { base: base(), files };
        let problem = Diff::from_bytes(&diff.to_bytes()).unwrap_err().to_string();
        assert!(problem.contains(expected), "{problem}");
        assert_eq!(diff.check().unwrap_err().to_string(), problem);
    }
}

#[test]
fn a_directory_may_take_a_deleted_files_place() {
    let files = vec![change("a", old(FileMode::Regular), None), added("a/b")];
    assert!(Diff::new(base(), files).is_ok());
}

#[test]
fn only_the_canonical_spelling_is_read() {
    let canonical = String::from_utf8(Diff::new(base(), vec![added("a")]).unwrap().to_bytes());
    let canonical = canonical.unwrap();
    assert!(Diff::from_bytes(canonical.as_bytes()).is_ok());
    let cases = [
        (canonical.replace(":1,", ": 1,"), "not in its canonical spelling"),
        (format!("{canonical}\n"), "not in its canonical spelling"),
        (canonical.replace("x\\n", "\\u0078\\n"), "not in its canonical spelling"),
        (canonical.replace(r#""text":"x\n""#, r#""base64":"eAo=""#), "not in its canonical"),
        (canonical.replace(r#""text":"x\n""#, r#""base64":"***""#), "are not a change"),
        (canonical.replace(r#","text":"x\n""#, ""), "either text or base64"),
        (canonical.replace(r#""text""#, r#""base64":"","text""#), "either text or base64"),
        (canonical.replace(r#""old":null"#, r#""old":null,"old":null"#), "duplicate field"),
        (canonical.replace(r#""old":null"#, r#""old":null,"more":1"#), "unknown field"),
        (canonical.replace(":1,", ":2,"), "has format 2"),
        (canonical.replace(":1,", ":1.0,"), "are not a change"),
        (canonical.replace("100644", "100664"), "unknown variant"),
        (canonical.replace(BASE, "main"), "not a git commit id"),
        (canonical.replace("}]}", "}]}{}"), "trailing characters"),
        (String::new(), "are not a change"),
        ("[".repeat(100_000), "are not a change"),
    ];
    for (text, expected) in cases {
        let problem = Diff::from_bytes(text.as_bytes()).unwrap_err().to_string();
        assert!(problem.contains(expected), "{problem}");
    }
}

#[test]
fn what_is_too_large_is_not_even_parsed() {
    let bytes = vec![b' '; Diff::MAX_BYTES + 1];
    let problem = Diff::from_bytes(&bytes).unwrap_err();
    assert_eq!(problem, DiffProblem::TooLarge { bytes: Diff::MAX_BYTES + 1 });

    let files = (0..=Diff::MAX_FILES).map(|n| added(&n.to_string())).collect();
    let problem = Diff::new(base(), files).unwrap_err();
    assert_eq!(problem, DiffProblem::TooManyFiles { files: Diff::MAX_FILES + 1 });
}

fn any_change() -> impl Strategy<Value = FileChange> {
    let mode = || prop_oneof![Just(FileMode::Regular), Just(FileMode::Executable)];
    let content = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..40),
        any::<String>().prop_map(String::into_bytes),
    ];
    let old = proptest::option::of(mode().prop_map(|mode| old(mode).unwrap()));
    let new = proptest::option::of(
        (mode(), content).prop_map(|(mode, content)| NewFile { mode, content: content.into() }),
    );
    ("[a-c.é ]{1,3}(/[a-c]{1,2}){0,2}", old, new)
        .prop_filter("a file before or after", |(_, old, new)| old.is_some() || new.is_some())
        .prop_map(|(path, old, new)| FileChange { path, old, new })
}

proptest! {
    #[test]
    fn every_well_formed_change_reads_back(files in proptest::collection::vec(any_change(), 0..8)) {
        if let Ok(diff) = Diff::new(base(), files) {
            prop_assert_eq!(Diff::from_bytes(&diff.to_bytes()), Ok(diff));
        }
    }

    #[test]
    fn any_bytes_are_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Diff::from_bytes(&bytes).is_err());
    }

    /// Bytes near to real ones: whatever is still read has exactly those bytes.
    #[test]
    fn damaged_bytes_are_refused_or_mean_what_they_say(
        files in proptest::collection::vec(any_change(), 1..4),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = Diff { base: base(), files }.to_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(diff) = Diff::from_bytes(&bytes) {
            prop_assert_eq!(diff.to_bytes(), bytes);
        }
    }
}
