//! What work or the checked change leaves behind for the phases after it.

use std::fs;
use std::path::Path;

use leviathan_core::fact::Phase;
use leviathan_core::ids::Digest;
use leviathan_core::ports::cluster::JobStatus;

use super::{SOURCE, marks, tool};
use crate::job_world::{launcher, run, run_with};
use crate::sandbox::somebody_runs;
use crate::world::World;

#[test]
fn a_background_process_that_waits_to_edit_the_diff_is_gone_before_there_is_one() {
    let mark = format!("edits-the-diff-{}", std::process::id());
    let script = format!(
        "echo two >> src/lib.txt
         setsid nohup sh -c 'trap \"\" TERM HUP; while :; do for f in ../gate/diff ../gate/facts.json src/lib.txt; \
            do echo edited >> $f; done; sleep 0.01; done' {mark} >/dev/null 2>&1 &
         sleep 0.2"
    );
    let world = tool(&script).invariant("true", &["true"]);
    let done = run(world);
    assert!(!somebody_runs(&mark), "nothing of work is alive when work has ended");
    let checked = done.checked().unwrap_or_else(|| panic!("{}", done.logs()));
    let kept = fs::read(done.folder.join("gate/diff")).unwrap();
    assert_eq!(checked.diff_digest, Some(Digest::of(&kept)), "gate's folder is gate's alone");
    assert_eq!(done.diff().unwrap().to_bytes(), kept, "what goes up is what gate wrote");
    assert!(!String::from_utf8_lossy(&kept).contains("gate/"), "{}", done.logs());
}

#[test]
fn the_checked_code_can_not_change_diff_verdict_or_the_other_invariants() {
    let vandal = "echo edited >> src/lib.txt; rm -rf ../../gate ../../phases; \
                  for f in ../../gate/diff ../../gate/facts.json ../../phases/check/result.json \
                  ../../phases/gate/result.json ../../report/claimed; do echo broken > $f; done; \
                  mkfifo ../../gate/diff; setsid sh -c 'sleep 1000; :' vandal-of-check & true";
    let world = tool("echo two >> src/lib.txt")
        .invariant("vandal", &["sh", "-c", vandal])
        .invariant("fails", &["sh", "-c", "exit 1"]);
    let done = run(world);
    assert!(!somebody_runs("vandal-of-check"), "nothing of check is alive when check has ended");
    let checks = done.result(Phase::Check).unwrap().checks;
    let verdicts: Vec<bool> = checks.iter().map(|check| check.passed).collect();
    assert_eq!(verdicts, [true, false], "the verdict is the supervisor's: {}", done.logs());
    assert!(done.folder.join("gate/diff").is_file(), "gate's folder is read-only for check");
    assert!(done.checked().is_none(), "{}", done.logs());
}

#[test]
fn a_fifo_where_the_diff_should_be_blocks_nobody() {
    let replace = |folder: &Path| {
        let diff = folder.join("gate/diff");
        if fs::symlink_metadata(&diff).is_ok_and(|metadata| metadata.is_file()) {
            fs::remove_file(&diff).unwrap();
            let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
            rustix::fs::mkfifoat(rustix::fs::CWD, &diff, mode).unwrap();
        }
    };
    let world = tool("echo two >> src/lib.txt").invariant("slow", &["sleep", "1"]);
    let done = {
        let launcher = launcher(&world);
        run_with(world, launcher, replace)
    };
    assert!(done.diff().is_none(), "only regular files are opened: {}", done.logs());
    assert!(done.checked().is_none(), "only regular files are opened: {}", done.logs());
    assert_ne!(done.status, JobStatus::Running);
}

#[test]
fn what_work_leaves_in_its_home_and_in_ignored_files_is_not_there_for_check() {
    let world = World::with(&[(".gitignore", "target\n"), ("src/lib.txt", "one\n")]).tool(&[
        "sh",
        "-c",
        "mkdir target; touch target/left $HOME/left; printf 'touch ran' > $HOME/.profile; \
         echo 'PATH=/evil' > $HOME/.bashrc; echo two >> src/lib.txt",
    ]);
    let world = world.invariant("looks", &["sh", "-lc", "ls -A . target $HOME > src/looked; true"]);
    let done = run(world);
    assert!(done.checked().is_some(), "{}", done.logs());
    let looked = fs::read_to_string(done.folder.join("check/tree/src/looked")).unwrap();
    assert!(!looked.contains("left") && !looked.contains(".profile"), "a fresh copy: {looked}");
    assert!(marks(&done.folder.join("check"), "ran").is_empty(), "a HOME of its own");
}

#[test]
fn a_result_that_work_forges_is_not_believed() {
    let forged = r#"{"phase":"work","outcome":"passed","class":null,"failure_type":null,"summary":"all fine","milliseconds":1}"#;
    let script = format!(
        "for p in work gate check; do mkdir -p ../phases/$p; printf '%s' '{forged}' > ../phases/$p/result.json; done; exit 1"
    );
    let done = run(World::with(SOURCE).tool(&["sh", "-c", &script]));
    let failure = done.result(Phase::Work).and_then(|result| result.failure_type);
    assert_eq!(
        failure.as_deref(),
        Some("command_failed"),
        "phases/ is not work's to write: {}",
        done.logs()
    );
    assert!(done.result(Phase::Gate).is_none());
}
