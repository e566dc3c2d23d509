//! `init`: three files, proposed from what is there, written only after a yes and only where
//! nothing is.

use std::fs;

use serde_json::json;

use crate::world::World;

const FILES: [&str; 3] = ["backlog.yaml", "policy.yaml", "contract.yaml"];

#[test]
fn nothing_is_written_without_a_yes() {
    let world = World::new();
    let dry = world.run_bare(&["init", "shop", "--dry-run"]).out();
    for file in FILES {
        assert!(dry.contains(&format!(".leviathan/{file}:\n    #")), "{dry}");
    }
    assert!(dry.ends_with("Nothing was written.\n"), "{dry}");
    let asked = world.run_bare(&["init", "shop"]);
    assert_eq!(asked.code, 3);
    assert!(asked.stderr.contains("Write 3 files into FOLDER/shop?"), "{asked:?}");
    assert!(!world.path("shop/.leviathan").exists());
    assert!(!world.path("home/.local").exists(), "no state was made");
}

#[test]
fn what_is_missing_is_written_and_what_is_there_stays() {
    let world = World::new();
    fs::create_dir(world.path("shop/.leviathan")).unwrap();
    fs::write(world.path("shop/.leviathan/policy.yaml"), "mine").unwrap();
    let out = world.run_bare(&["init", "shop", "--yes"]).out();
    assert!(out.contains(".leviathan/policy.yaml: exists, stays as it is\n"), "{out}");
    assert!(
        out.contains("git -C FOLDER/shop add .leviathan && git -C FOLDER/shop commit"),
        "{out}"
    );
    assert!(out.ends_with("leviathanctl dev --target FOLDER/shop\n"), "{out}");
    let read = |file: &str| fs::read_to_string(world.path("shop/.leviathan").join(file)).unwrap();
    assert_eq!(read("policy.yaml"), "mine");
    leviathan_core::backlog::parse("backlog.yaml", &read("backlog.yaml")).unwrap();
    leviathan_core::contract::parse("contract.yaml", &read("contract.yaml")).unwrap();
    assert_eq!(world.git(&["status", "--porcelain"]), "?? .leviathan/", "nothing is committed");
    let again = world.run_bare(&["init", "shop", "--output", "json"]).json();
    let states: Vec<_> = again["files"].as_array().unwrap().iter().map(|f| &f["state"]).collect();
    assert_eq!(states, [&json!("exists"); 3]);
    assert_eq!(again["default_branch"], "main");
}

#[test]
fn a_folder_inside_the_repository_means_the_repository() {
    let world = World::new();
    fs::create_dir(world.path("shop/src")).unwrap();
    world.run_bare(&["init", "shop/src", "--yes"]).out();
    assert!(world.path("shop/.leviathan/backlog.yaml").is_file());
    assert!(!world.path("shop/src/.leviathan").exists());
}

#[test]
fn what_is_no_working_tree_is_refused() {
    let world = World::new();
    let none = world.run_bare(&["init", "home"]);
    assert_eq!(none.code, 4, "{none:?}");
    assert!(none.stderr.contains("no git repository here or above"), "{none:?}");
    world.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let bare = world.run_bare(&["init", "bare.git", "--yes"]);
    assert_eq!(bare.code, 2, "{bare:?}");
    assert!(bare.stderr.contains("is bare"), "{bare:?}");
    let url = world.run_bare(&["init", "https://example.com/shop.git", "--yes"]);
    assert_eq!(url.code, 2, "{url:?}");
}
