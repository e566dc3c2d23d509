//! The commands of docs/operations/backup-restore.md, taken from the page and run in its order: what
//! is read there in an emergency has to work.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::story::task;
use crate::world::World;

/// A command of the page, and the number of the section that it stands in.
struct Shown {
    section: usize,
    words: Vec<String>,
}

/// Everything between single backquotes, and each line between fences, that begins with the
/// program's name.
fn shown(page: &str) -> Vec<Shown> {
    let mut shown = Vec::new();
    for (section, text) in page.split("\n## ").enumerate() {
        let mut pieces = Vec::new();
        for (index, part) in text.split("```").enumerate() {
            if index % 2 == 1 {
                pieces.extend(part.lines());
            } else {
                pieces.extend(part.split('`').skip(1).step_by(2));
            }
        }
        for piece in pieces {
            let words: Vec<String> = piece.split_whitespace().map(str::to_owned).collect();
            if words.len() > 1 && words[0] == "leviathanctl" {
                shown.push(Shown { section, words: words[1..].to_vec() });
            }
        }
    }
    shown
}

/// What the page's capital letters stand for.
fn filled(word: &str, section: usize, head: &str) -> String {
    let new = format!("new-{section}");
    let (first, rest) = word.split_at(word.find('/').unwrap_or(word.len()));
    let first = match first {
        "PLACE" => "backup",
        "OLD" => "state",
        "NEW" => &new,
        "HEAD" => head,
        other => {
            let capitals = other.len() > 1 && other.chars().all(|c| c.is_ascii_uppercase());
            assert!(!capitals, "{other} of the page stands for nothing here: say what");
            other
        }
    };
    format!("{first}{rest}")
}

#[test]
fn every_command_of_the_page_does_its_work_in_the_order_of_the_page() {
    let world = World::with_tasks(&[task("a"), task("b")]);
    world.runtime.block_on(world.artifacts.put("an artifact")).unwrap();
    let journal = world.run(&["log", "export", "--format", "chain"]).out();
    let file = world.path("journal.ndjson");
    let folder = file.parent().unwrap().to_str().unwrap();
    fs::write(&file, journal.replace("FOLDER", folder)).unwrap();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations/backup-restore.md");
    let (mut head, mut state) = (String::new(), "state".to_owned());
    let mut ran = BTreeSet::new();
    for Shown { section, words } in shown(&fs::read_to_string(page).unwrap()) {
        // This log was never sealed. With keys and checkpoints: `tests/cli/proofs.rs`.
        if words.iter().any(|word| word == "--key") {
            continue;
        }
        let words: Vec<String> = words.iter().map(|word| filled(word, section, &head)).collect();
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        let names_its_stores = words.iter().any(|word| ["--log", "--to"].contains(word));
        if !names_its_stores {
            words.extend(["--state", &state]);
        }
        println!("leviathanctl {}", words.join(" "));
        let out = world.run_bare(&words).out();
        if let Some(noted) = out.lines().find_map(|line| line.strip_prefix("head ")) {
            head = noted.to_owned();
        }
        ran.insert(words[..2].join(" "));
        if words.contains(&"--dry-run") {
            // "Do it: the same without."
            words.retain(|word| *word != "--dry-run");
            words.push("--yes");
            world.run_bare(&words).out();
            state = format!("new-{section}");
        }
    }
    let expected =
        ["log backup", "log drill", "log export", "log import", "log restore", "log verify"];
    for command in expected {
        assert!(ran.contains(command), "the page does not show {command}: {ran:?}");
    }
    assert_ne!(state, "state", "nothing was restored");
}
