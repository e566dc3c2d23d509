//! The fault table of docs/log.md and the faults that the simulation brings about are the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::faults::{Disturbance, Fault};

/// The first cells of the table under this heading.
fn first_cells<'a>(page: &'a str, heading: &str) -> BTreeSet<&'a str> {
    let section = page.split(heading).nth(1).unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter_map(|row| row.split(" | ").next()).filter(|cell| *cell != "fault").collect()
}

#[test]
fn the_page_and_the_simulation_name_the_same_faults() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/log.md");
    let page = fs::read_to_string(page).expect("the page can be read");
    let named = first_cells(&page, "\n## Faults\n");
    let tried: BTreeSet<&str> = Fault::ALL
        .map(Fault::name)
        .into_iter()
        .chain(Disturbance::ALL.map(Disturbance::name))
        .collect();
    assert_eq!(named, tried);
}
