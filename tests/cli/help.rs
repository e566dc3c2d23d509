//! `docs/leviathanctl.md` holds the real help of every command. After a change:
//! `LEVIATHAN_UPDATE_DOCS=1 cargo test -p leviathan-tests --test cli help`

use std::fs;
use std::path::Path;

use crate::world::World;

const BEGIN: &str = "<!-- help: begins; written by tests/cli/help.rs -->";
const END: &str = "<!-- help: ends -->";

/// Every command, in the order of the help.
const COMMANDS: [&[&str]; 28] = [
    &[],
    &["dev"],
    &["dev", "clean"],
    &["try"],
    &["init"],
    &["targets", "list"],
    &["tasks", "list"],
    &["tasks", "show"],
    &["tasks", "unblock"],
    &["why"],
    &["attempts", "list"],
    &["attempts", "show"],
    &["attempts", "logs"],
    &["attempts", "cancel"],
    &["attempts", "invalidate"],
    &["pr", "list"],
    &["pr", "show"],
    &["pr", "merge"],
    &["pr", "close"],
    &["events", "tail"],
    &["log", "verify"],
    &["log", "prove"],
    &["log", "key"],
    &["log", "backup"],
    &["log", "restore"],
    &["log", "drill"],
    &["log", "export"],
    &["log", "import"],
];

fn helps(world: &World) -> String {
    let mut text = String::new();
    for command in COMMANDS {
        let name = ["leviathanctl"].iter().chain(command).copied().collect::<Vec<_>>().join(" ");
        let help = world.run_bare(&[command, &["--help"]].concat()).out();
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        text.push_str(&format!("\n### `{name}`\n\n```text\n{}\n```\n", help.join("\n").trim_end()));
    }
    text
}

#[test]
fn the_documented_help_is_the_real_one() {
    let world = World::new();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/leviathanctl.md");
    let documented = fs::read_to_string(&file).unwrap();
    let (before, rest) =
        documented.split_once(BEGIN).expect("the page marks where the help begins");
    let (written, after) = rest.split_once(END).expect("the page marks where the help ends");
    let real = format!("\n{}\n", helps(&world));
    if std::env::var_os("LEVIATHAN_UPDATE_DOCS").is_some() {
        fs::write(&file, format!("{before}{BEGIN}{real}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(written, real, "see the head of this file for how to update the page");
}

#[test]
fn every_command_shows_an_example() {
    let world = World::new();
    for command in COMMANDS.iter().filter(|command| !command.is_empty()) {
        let help = world.run_bare(&[command, &["--help"][..]].concat()).out();
        assert!(help.contains("Example"), "{command:?}: {help}");
    }
}

#[test]
fn the_page_documents_every_exit_code() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/leviathanctl.md");
    let page = fs::read_to_string(file).unwrap();
    for (exit, meaning) in leviathanctl::exit::Exit::TABLE {
        let row = format!("| {} | {meaning} |", exit.code());
        assert!(page.contains(&row), "the page lacks {row}");
    }
}
