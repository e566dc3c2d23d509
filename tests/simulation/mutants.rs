//! The simulation is judged by mutants (DECISIONS 18): with one rule of the log broken, a seed
//! among the 500 has to fail, and with the words of the check that is there for it.

use std::fs;
use std::path::Path;

use leviathan_log::Rules;

use crate::seeds::{SEEDS, search};

/// The rules are for mutants: a program that breaks one would break its log.
#[test]
fn no_program_chooses_its_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![root.join("functions"), root.join("shared")];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder of ours") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                read += 1;
                let text = fs::read_to_string(&path).expect("source is text");
                assert!(!text.contains(".with_rules("), "{} breaks rules", path.display());
            }
        }
    }
    assert!(read > 50, "it looked at {read} files only");
}

/// A mutant that is not found means that the simulation looks away.
#[track_caller]
fn found(rules: Rules, by: &[&str]) {
    let by_its_check = |problems: &[String]| {
        by.iter().any(|words| problems.iter().any(|found| found.contains(words)))
    };
    match search(SEEDS, rules, by_its_check) {
        Err((seed, problems)) => {
            println!("found after {} seeds: {}", seed + 1, problems.join("\n"));
        }
        Ok(_) => panic!("the mutant lives: {rules:?}"),
    }
}

#[test]
fn a_writer_that_does_not_know_its_own_nonce_is_found() {
    found(
        Rules { own_nonce_is_committed: false, ..Rules::default() },
        // Or a client is told "known" of a bundle that nobody but itself has sent.
        &["more than once", "refused, yet stored", "not linearizable"],
    );
}

#[test]
fn a_writer_that_takes_409_for_412_is_found() {
    found(Rules { conflict_is_sent_again: false, ..Rules::default() }, &["can't give it back"]);
}

#[test]
fn a_cold_start_without_a_list_is_found() {
    found(
        Rules { cold_start_lists: false, ..Rules::default() },
        &["did not stop at Removed", "did not stop at Foreign"],
    );
}

#[test]
fn a_reader_that_does_not_check_prev_is_found() {
    // Or a snapshot of another log is believed, which only the next commit's `prev` would deny.
    found(
        Rules { prev_is_checked: false, ..Rules::default() },
        &["did not stop at", "SnapshotOfAnother was believed"],
    );
}

/// For the checker of linearizability.
#[test]
fn a_reader_that_answers_without_a_look_is_found() {
    found(Rules { readers_catch_up: false, ..Rules::default() }, &["not linearizable"]);
}

#[test]
fn a_stale_snapshot_is_found() {
    found(
        Rules { snapshot_is_of_its_commit: false, ..Rules::default() },
        &["is not the one that a rebuild gives", "is not what a rebuild gives"],
    );
}

#[test]
fn a_stale_graph_is_found() {
    found(
        Rules { graph_is_of_its_commit: false, ..Rules::default() },
        &["is not what a rebuild gives", "another graph"],
    );
}

#[test]
fn a_snapshot_of_another_log_that_is_believed_is_found() {
    // Believed as the end of the log, or taken for what the sound commits after it don't follow on.
    found(
        Rules { snapshot_is_bound: false, ..Rules::default() },
        &["was believed", "stopped at SnapshotOfAnother"],
    );
}

#[test]
fn a_closed_log_that_goes_on_is_found() {
    found(Rules { closed_log_refuses: false, ..Rules::default() }, &["after it was closed"]);
}

#[test]
fn a_group_that_decides_on_one_state_is_found() {
    found(
        Rules { parts_see_each_other: false, ..Rules::default() },
        &["was decided after", "registered more than once", "of a decision after"],
    );
}

#[test]
fn a_sealer_that_does_not_look_back_is_found() {
    found(
        Rules { consistency_before_signing: false, ..Rules::default() },
        &["a log that was rolled back was sealed"],
    );
}

#[test]
fn a_checkpoint_before_its_tiles_is_found() {
    found(
        Rules { tiles_before_checkpoint: false, ..Rules::default() },
        &["stands there without tile/"],
    );
}

#[test]
fn a_copy_before_its_checkpoint_is_found() {
    found(
        Rules { copies_come_last: false, ..Rules::default() },
        &["the second place has a checkpoints/"],
    );
}
