//! The fuzzing corpus, once through each parser: what was found once stays found.

use std::path::Path;

#[path = "../fuzz/parsers/checkpoint.rs"]
mod checkpoint;
#[path = "../fuzz/parsers/commit.rs"]
mod commit;
#[path = "../fuzz/parsers/diff.rs"]
mod diff;
#[path = "../fuzz/parsers/journal.rs"]
mod journal;
#[path = "../fuzz/parsers/names.rs"]
mod names;
#[path = "../fuzz/parsers/proof_bundle.rs"]
mod proof_bundle;
#[path = "../fuzz/parsers/restore_plan.rs"]
mod restore_plan;
#[path = "../fuzz/parsers/sent_bundle.rs"]
mod sent_bundle;
#[path = "../fuzz/parsers/sent_texts.rs"]
mod sent_texts;
#[path = "../fuzz/parsers/signing.rs"]
mod signing;
#[path = "../fuzz/parsers/snapshot.rs"]
mod snapshot;
#[path = "../fuzz/parsers/target_files.rs"]
mod target_files;
#[path = "../fuzz/parsers/tile.rs"]
mod tile;
#[path = "../fuzz/parsers/views.rs"]
mod views;

/// What must hold for any bytes.
type Check = fn(&[u8]);

/// Each parser, by its folder.
const PARSERS: &[(&str, Check)] = &[
    ("checkpoint", checkpoint::check),
    ("commit", commit::check),
    ("diff", diff::check),
    ("journal", journal::check),
    ("names", names::check),
    ("proof_bundle", proof_bundle::check),
    ("restore_plan", restore_plan::check),
    ("sent_bundle", sent_bundle::check),
    ("sent_texts", sent_texts::check),
    ("snapshot", snapshot::check),
    ("target_files", target_files::check),
    ("tile", tile::check),
    ("views", views::check),
];

#[test]
fn every_parser_takes_its_corpus_without_a_fault() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut folders: Vec<_> = std::fs::read_dir(&corpus)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let names: Vec<_> = PARSERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(folders, names, "a folder for each parser");
    for (name, check) in PARSERS {
        for entry in std::fs::read_dir(corpus.join(name)).unwrap() {
            let path = entry.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            println!("{}", path.display());
            check(&bytes);
            // Cut short anywhere, and with any one byte gone, it must be refused in peace.
            for cut in (0..bytes.len()).step_by(bytes.len() / 50 + 1) {
                check(&bytes[..cut]);
            }
        }
    }
}
