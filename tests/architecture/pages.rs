//! The pages for people lead somewhere: each link between files of the tree, and each test that
//! docs/security.md names for a defence.

use std::fs;
use std::path::Path;

use crate::tree::{root, rust_files};

/// Pages that people read first, and all of docs/.
fn pages() -> Vec<std::path::PathBuf> {
    let mut pages = vec![root().join("README.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("docs can be read") {
            let path = entry.expect("an entry of docs").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    pages
}

/// Links of a page that lead to no file beside it.
fn broken(page: &Path, text: &str) -> Vec<String> {
    let folder = page.parent().unwrap_or(page);
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets
        .map(|(target, _)| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains("://"))
        .filter(|target| !folder.join(target).exists())
        .map(|target| format!("{} -> {target}", page.display()))
        .collect()
}

#[test]
fn every_link_between_pages_leads_to_a_file() {
    let pages = pages();
    assert!(pages.len() > 5, "{pages:?}");
    let broken: Vec<String> = pages
        .iter()
        .flat_map(|page| broken(page, &fs::read_to_string(page).expect("a page can be read")))
        .collect();
    assert_eq!(broken, Vec::<String>::new());
}

#[test]
fn a_broken_link_is_found() {
    let page = root().join("docs/security.md");
    assert_eq!(broken(&page, "[a](log.md#x) [b](https://x.invalid) [c](#here)"), [""; 0]);
    assert_eq!(broken(&page, "[a](gone.md)").len(), 1);
}

/// Names in the last column of the table of attacks.
fn named_tests(page: &str) -> Vec<&str> {
    let table = page.split("## Attacks").nth(1).unwrap_or_default();
    let cells = table.lines().filter_map(|line| line.trim_end_matches(" |").rsplit_once(" | "));
    cells
        .flat_map(|(_, cell)| cell.split('`').skip(1).step_by(2))
        .filter(|name| name.contains('_'))
        .collect()
}

#[test]
fn every_test_that_the_security_page_names_exists() {
    let page = fs::read_to_string(root().join("docs/security.md")).expect("the page");
    let named = named_tests(&page);
    assert!(named.len() > 25, "{named:?}");
    let code: String = rust_files()
        .iter()
        .map(|file| fs::read_to_string(file).expect("a tracked file can be read"))
        .collect();
    let missing: Vec<&&str> =
        named.iter().filter(|name| !code.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
