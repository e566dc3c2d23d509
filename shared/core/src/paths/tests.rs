//! What is allowed and what is not: tables, then properties.

use proptest::prelude::*;

use super::{AllowedPaths, Patterns, normalise};

fn texts(entries: &[&str]) -> Vec<String> {
    entries.iter().map(|&entry| entry.to_owned()).collect()
}

fn patterns(globs: &[&str]) -> Patterns {
    Patterns::new(&texts(globs)).unwrap()
}

#[test]
fn a_path_has_one_spelling() {
    for (path, expected) in [
        ("a", "a"),
        ("./a//b/", "a/b"),
        ("a/./b", "a/b"),
        ("a/../b", "b"),
        ("a/b/../../c", "c"),
        (".hidden/…", ".hidden/…"),
        ("a\nb", "a\nb"),
        ("..a/b..", "..a/b.."),
    ] {
        assert_eq!(normalise(path).as_deref(), Ok(expected), "{path:?}");
    }
}

#[test]
fn a_path_that_leaves_or_says_nothing_is_refused() {
    for path in ["", "/", "/etc/passwd", "..", "../a", "a/../..", "a/../../b", "a\0b", ".", "a/.."]
    {
        let problem = normalise(path).unwrap_err();
        assert!(!problem.fix.is_empty(), "{path:?}");
    }
}

#[test]
fn entries_allow_what_they_name() {
    let mixed: &[&str] = &["guides/", "spec/unit/login.py", "README.md"];
    for (entries, path, expected) in [
        (mixed, "guides/start.md", true),
        (mixed, "guides/a/b/c.md", true),
        (mixed, "guides", true),
        (mixed, "guides2/start.md", false),
        (mixed, "guides2", false),
        (mixed, "Guides/start.md", false),
        (mixed, "spec/unit/login.py", true),
        (mixed, "./spec/unit/login.py", true),
        (mixed, "spec/unit/login.py/x", false),
        (mixed, "spec/unit/logout.py", false),
        (mixed, "sub/README.md", false),
        (mixed, "guides/../src/x.py", false),
        (mixed, "src/../guides/x.md", false),
        (mixed, "guides/../../etc/passwd", false),
        (mixed, "../guides/x.md", false),
        (mixed, "/guides/x.md", false),
        (mixed, "", false),
        (&[], "README.md", false),
        (&["guides"], "guides/x.md", false),
        (&["guides"], "guides", true),
        (&["./guides/"], "guides/x.md", true),
        (&["guides/**"], "guides/a/x.md", true),
        (&["guides/**"], "guides2/x.md", false),
        (&["guides/*"], "guides/x.md", false),
        (&["app/[id]/page.tsx"], "app/[id]/page.tsx", true),
        (&["app/[id]/page.tsx"], "app/i/page.tsx", false),
        (&["a/../b/"], "b/x", false),
        (&["/guides/"], "guides/x.md", false),
        (&["."], "README.md", false),
    ] {
        let (allowed, _) = AllowedPaths::new(&texts(entries));
        assert_eq!(allowed.allows(path), expected, "{entries:?} {path:?}");
    }
}

#[test]
fn an_entry_that_is_a_glob_says_what_to_write() {
    for (entry, fix) in [
        ("guides/*", "`guides/`"),
        ("guides/**/*.md", "`guides/`"),
        ("*.md", "each file"),
        ("**", "each file"),
        ("gu?de", "each file"),
    ] {
        let (allowed, problems) = AllowedPaths::new(&texts(&[entry]));
        assert!(allowed.is_empty(), "{entry}");
        let said = problems.first().unwrap().to_string();
        assert!(said.contains(fix) && said.contains(entry), "{said}");
    }
}

#[test]
fn patterns_match_by_parts() {
    for (glob, path, expected) in [
        ("*.md", "README.md", true),
        ("*.md", "guides/a.md", false),
        ("**/*.md", "README.md", true),
        ("**/*.md", "a/b/c.md", true),
        ("guides/**", "guides/a/b.md", true),
        ("guides/**", "guides/.hidden", true),
        ("guides/**", "guides2/a.md", false),
        ("guides/**", "guides", false),
        ("guides/", "guides/a.md", true),
        ("./guides/**", "guides/a.md", true),
        ("guides/*", "guides/a.md", true),
        ("guides/*", "guides/a/b.md", false),
        ("src/**/*.rs", "src/lib.rs", true),
        ("src/**/*.rs", "src/a/b/lib.rs", true),
        ("src/**/*.rs", "src/lib.rs.txt", false),
        ("**/credentials*", "credentials.json", true),
        ("**/credentials*", "a/credentials/b", false),
        ("**/.git/**", ".git/config", true),
        ("**/.git/**", "vendor/x/.git/hooks/post-checkout", true),
        ("Dockerfile", "Dockerfile", true),
        ("Dockerfile", "a/Dockerfile", false),
        ("guides/**", "guides/a\nb", true),
        ("guides/*", "guides/a\nb", true),
        ("guides/**", "src/../guides/a.md", true),
        ("guides/**", "guides/../src/a", false),
        ("GUIDES/**", "guides/a", false),
    ] {
        assert_eq!(patterns(&[glob]).matches(path), expected.then_some(glob), "{glob} {path:?}");
    }
}

#[test]
fn the_first_pattern_that_matches_is_named() {
    let patterns = patterns(&["src/**", "**/*.rs", "src/a.rs"]);
    assert_eq!(patterns.matches("src/a.rs"), Some("src/**"));
    assert_eq!(patterns.matches("lib/a.rs"), Some("**/*.rs"));
    assert_eq!(patterns.matches("lib/a.py"), None);
}

#[test]
fn what_is_forbidden_is_so_in_any_case() {
    let patterns = Patterns::ignoring_case(&texts(&[".github/**"])).unwrap();
    assert_eq!(patterns.matches(".GitHub/workflows/ci.yml"), Some(".github/**"));
    assert!(patterns.covers(".GITHUB/workflows/"));
    let patterns = Patterns::ignoring_case(&texts(&["**/CODEOWNERS"])).unwrap();
    assert_eq!(patterns.matches("docs/CodeOwners"), Some("**/CODEOWNERS"));
}

#[test]
fn a_pattern_covers_an_entry_only_when_sure() {
    for (globs, entry, expected) in [
        (&["guides/**"] as &[&str], "guides/", true),
        (&["guides/**"], "guides/deep/er/", true),
        (&["guides/**"], "guides/**", true),
        (&["guides/**"], "guides/a.md", true),
        (&["guides/**"], "guides2/", false),
        (&["guides/deep/**"], "guides/", false),
        (&["guides/*"], "guides/", false),
        (&["guides/*"], "guides/a.md", true),
        (&["guides/**/*.md"], "guides/", false),
        (&["guides/**/*"], "guides/", true),
        (&["guides/"], "guides/", true),
        (&["**"], "anything/", true),
        (&["**/*"], "anything/", true),
        (&["**/tests/**"], "src/tests/", true),
        (&["**/tests/**"], "src/tests/unit/", true),
        (&["**/tests/**"], "tests/", true),
        (&["**/tests/**"], "src/", false),
        (&["{guides,spec}/**"], "spec/", true),
        (&["*.md"], "README.md", true),
        (&["*.md"], "guides/README.md", false),
        (&["guides/**"], "guides/*", false),
        (&["guides/**"], "guides/../src/", false),
        (&["guides/**"], "src/../guides/", false),
        (&["guides/**"], "", false),
        (&[], "guides/", false),
    ] {
        assert_eq!(patterns(globs).covers(entry), expected, "{globs:?} {entry:?}");
    }
}

#[test]
fn a_pattern_covers_another_only_when_sure() {
    for (globs, other, expected) in [
        (&["guides/**"] as &[&str], "guides/**", true),
        (&["guides/**"], "guides/deep/**", true),
        (&["guides/**"], "guides/*.md", true),
        (&["guides/**"], "guides/", true),
        (&["guides/**"], "guides/a.md", true),
        (&["guides/**"], "guides2/**", false),
        (&["guides/**"], "**/*.md", false),
        (&["guides/**"], "{guides,src}/**", false),
        (&["guides/*.md"], "guides/*.md", true),
        (&["guides/*.md"], "guides/a*.md", false),
        (&["guides/*.md"], "guides/**", false),
        (&["**"], "**/*.rs", true),
        (&["*.md"], "README.md", true),
        (&["guides/**"], "guides/../src/**", false),
        (&["guides/**"], "/guides/**", false),
    ] {
        assert_eq!(patterns(globs).covers_glob(other), expected, "{globs:?} {other:?}");
    }
}

#[test]
fn a_pattern_that_is_none_is_refused() {
    for glob in ["", "./", "/etc/**", "a/../b", "a\0", "[a", "{a"] {
        assert!(Patterns::new(&texts(&[glob])).is_err(), "{glob:?}");
    }
}

fn any_path() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            Just(".".to_owned()),
            Just("..".to_owned()),
            Just(String::new()),
            "[ab]{1,2}",
            "\\PC{0,3}"
        ],
        0..7,
    )
    .prop_map(|parts| parts.join("/"))
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(path in any_path()) {
        if let Ok(once) = normalise(&path) {
            prop_assert_eq!(normalise(&once), Ok(once.clone()));
        }
    }

    #[test]
    fn nothing_allowed_leaves_the_tree(path in any_path(), entries in proptest::collection::vec(any_path(), 0..4)) {
        let (allowed, _) = AllowedPaths::new(&entries);
        if allowed.allows(&path) {
            prop_assert!(!path.starts_with('/'));
            prop_assert!(path.split('/').all(|part| part != ".."));
        }
    }

    #[test]
    fn a_directory_ends_at_its_slash(directory in "[a-c]{1,3}", tail in "[a-c/.]{1,6}") {
        let (allowed, _) = AllowedPaths::new(&[format!("{directory}/")]);
        let beside = format!("{directory}{tail}");
        let below = tail.starts_with('/');
        prop_assert_eq!(allowed.allows(&beside), below && !tail.split('/').any(|part| part == ".."));
    }

    #[test]
    fn what_a_pattern_covers_it_matches(
        glob in prop_oneof!["[ab*]{1,2}(/[ab*]{1,2}){0,2}(/\\*\\*)?", "\\*\\*/[ab]/\\*\\*"],
        entry in "[ab]{1,2}(/[ab]{1,2}){0,2}/?",
        below in "[ab]{1,2}(/[ab]{1,2}){0,2}",
    ) {
        if let Ok(patterns) = Patterns::new(&[glob])
            && patterns.covers(&entry)
        {
            let path = if entry.ends_with('/') { format!("{entry}{below}") } else { entry };
            prop_assert!(patterns.matches(&path).is_some());
        }
    }
}
