//! What a path in a change may look like: one that git, every file system that it may be checked
//! out on and a terminal take in the same way.
//!
//! Git refuses the spellings of `.git` that a file system would take for it (`core.protectHFS`,
//! `core.protectNTFS`), but only where those settings are on. Publish writes trees by plumbing and
//! a person checks them out anywhere, so they are refused here, everywhere.

use std::fmt;

/// The longest path, in bytes: what macOS takes as a whole path.
const MAX_PATH_BYTES: usize = 1024;
/// The longest part of a path, in bytes: what common file systems take as a name.
const MAX_PART_BYTES: usize = 255;

/// Why a path may not stand in a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// It is empty.
    Empty,
    /// It starts with `/`.
    Absolute,
    /// It holds `//`, or ends with `/`.
    EmptyPart,
    /// One of its parts is `.` or `..`.
    DotPart,
    /// It holds a NUL, a newline or another control character.
    ControlCharacter,
    /// One of its parts is `.git`, or what some file system takes for it.
    GitDirectory,
    /// It, or one of its parts, is longer than file systems take.
    TooLong,
}

impl fmt::Display for PathFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty"),
            Self::Absolute => f.write_str("starts with a slash"),
            Self::EmptyPart => f.write_str("has an empty part"),
            Self::DotPart => f.write_str("has a part . or .."),
            Self::ControlCharacter => f.write_str("holds a control character"),
            Self::GitDirectory => f.write_str("leads into a .git directory"),
            Self::TooLong => write!(
                f,
                "is longer than {MAX_PATH_BYTES} bytes, or a part of it than {MAX_PART_BYTES}"
            ),
        }
    }
}

/// What is wrong with a path in a change; `None`: nothing.
pub fn path_fault(path: &str) -> Option<PathFault> {
    if path.is_empty() {
        return Some(PathFault::Empty);
    }
    if path.starts_with('/') {
        return Some(PathFault::Absolute);
    }
    if path.chars().any(|c| c.is_control() || turns_text(c)) {
        return Some(PathFault::ControlCharacter);
    }
    if path.len() > MAX_PATH_BYTES {
        return Some(PathFault::TooLong);
    }
    path.split('/').find_map(part_fault)
}

fn part_fault(part: &str) -> Option<PathFault> {
    match part {
        "" => Some(PathFault::EmptyPart),
        "." | ".." => Some(PathFault::DotPart),
        _ if part.len() > MAX_PART_BYTES => Some(PathFault::TooLong),
        // To Windows a backslash parts names, so `a\.git\config` leads there too.
        _ if part.split('\\').any(|name| name == ".." || is_git_directory(name)) => {
            Some(PathFault::GitDirectory)
        }
        _ => None,
    }
}

/// Whether some file system takes this name for `.git`.
pub(crate) fn is_git_directory(name: &str) -> bool {
    // HFS+ leaves these out when it compares names; NTFS opens `x:stream` as `x` and drops blanks
    // and dots at the end; both, and many others, fold case.
    let seen: String = name.chars().filter(|c| !hfs_ignores(*c)).collect();
    let seen = seen.split(':').next().unwrap_or_default();
    let seen = seen.trim_end_matches([' ', '.']).to_ascii_lowercase();
    // NTFS's short name; the number is 1 unless other names were there first.
    let is_short_name = seen.strip_prefix("git~").is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
    });
    seen == ".git" || is_short_name
}

fn hfs_ignores(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

/// A character that turns the direction of text, so that a name reads as another one.
pub(crate) fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_named() {
        let cases = [
            ("", PathFault::Empty),
            ("/etc/passwd", PathFault::Absolute),
            ("/", PathFault::Absolute),
            ("a//b", PathFault::EmptyPart),
            ("a/", PathFault::EmptyPart),
            ("./a", PathFault::DotPart),
            ("a/../b", PathFault::DotPart),
            ("..", PathFault::DotPart),
            ("a\0b", PathFault::ControlCharacter),
            ("a\nb", PathFault::ControlCharacter),
            ("a\u{1b}[31mb", PathFault::ControlCharacter),
            ("a\u{85}b", PathFault::ControlCharacter),
            ("txt.\u{202e}exe", PathFault::ControlCharacter),
            (".git", PathFault::GitDirectory),
            (".git/config", PathFault::GitDirectory),
            ("a/.GIT/hooks/pre-commit", PathFault::GitDirectory),
            ("GIT~1/config", PathFault::GitDirectory),
            ("git~27", PathFault::GitDirectory),
            (".git /config", PathFault::GitDirectory),
            (".git./config", PathFault::GitDirectory),
            (".git . ./config", PathFault::GitDirectory),
            (".git::$INDEX_ALLOCATION/config", PathFault::GitDirectory),
            (".g\u{200c}it/config", PathFault::GitDirectory),
            ("\u{feff}.gIt", PathFault::GitDirectory),
            ("a\\.git\\config", PathFault::GitDirectory),
            ("a\\..\\b", PathFault::GitDirectory),
        ];
        for (path, fault) in cases {
            assert_eq!(path_fault(path), Some(fault), "{path:?}");
        }
        assert_eq!(path_fault(&"a".repeat(256)), Some(PathFault::TooLong));
        assert_eq!(path_fault(&"a/".repeat(600)), Some(PathFault::TooLong));
    }

    #[test]
    fn ordinary_names_are_let_through() {
        for path in [
            "README.md",
            ".gitignore",
            ".github/workflows/ci.yml",
            "docs/git",
            "git~",
            "git~x",
            "a.git/b",
            "a b/c'd\"e",
            "ünï/日本.md",
            "...",
            "a..b",
            "-rf",
            "a\\b",
        ] {
            assert_eq!(path_fault(path), None, "{path:?}");
        }
        assert_eq!(path_fault(&"a".repeat(255)), None);
    }
}
