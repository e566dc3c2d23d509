//! Every Rust file says what it is, and no production body knows that it is being tested.

use std::fs;

use crate::tree::{root, rust_files};

/// Why a file's text breaks a rule; `None`: it doesn't.
fn fault(text: &str) -> Option<&'static str> {
    if !text.trim_start().starts_with("//!") {
        return Some("it does not begin with a //! header that says what it is");
    }
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        if line != "#[cfg(test)]" {
            continue;
        }
        let module = loop {
            match lines.peek() {
                Some(next) if next.starts_with("#[") => lines.next(),
                Some(next) => break next.contains("mod "),
                None => break false,
            };
        };
        if !module {
            return Some("cfg(test) stands elsewhere than at a test module");
        }
    }
    None
}

#[test]
fn every_file_has_a_header_and_no_test_hooks() {
    let mut faults = Vec::new();
    for file in rust_files() {
        let text = fs::read_to_string(&file).expect("a tracked file can be read");
        let name = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
        // The sample target is a newcomer's code, not ours.
        if name.starts_with("functions/leviathanctl/sample/") {
            continue;
        }
        faults.extend(fault(&text).map(|fault| format!("{name}: {fault}")));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn each_rule_bites() {
    let cases = [
        ("//! What it is.\nfn x() {}\n", true),
        ("fn x() {}\n", false),
        ("//! What.\n#[cfg(test)]\nmod tests {}\n", true),
        ("//! What.\n#[cfg(test)]\n#[expect(missing_docs, reason = \"x\")]\nmod tests {}\n", true),
        ("//! What.\nfn x() {\n    #[cfg(test)]\n    return;\n}\n", false),
    ];
    for (text, good) in cases {
        assert_eq!(fault(text).is_none(), good, "{text}");
    }
}
