//! The very first run: no target, no file, no option.

use leviathan_tests::story::Story;

use crate::shop::machine;

#[test]
fn without_a_target_a_sample_is_made_and_shows_the_four_ways_a_task_can_end() {
    let machine = machine();
    let said = machine.done(["dev"]);
    let line = |start: &str, task: &str| {
        said.lines().any(|line| line.starts_with(start) && line.contains(task))
    };
    assert!(line("opened     pull request 1", "regenerate-prices"), "{said}");
    assert!(line("waits      document-prices", "regenerate-prices"), "{said}");
    assert!(line("refused    tidy-readme", "rules"), "{said}");
    assert!(line("failed     half-price", "invariant"), "{said}");
    // And what to do next.
    for next in ["pr merge 1", "pr close 1", "dev --target PATH_OR_URL", "dev clean"] {
        assert!(said.contains(next), "{next}: {said}");
    }
    assert_eq!(machine.processes_left(), Vec::<String>::new());

    // The same command again finds nothing to do.
    let before = Story::read(&machine.state());
    assert_eq!(before.fault, None);
    machine.done(["dev"]);
    assert_eq!(Story::read(&machine.state()).commits, before.commits);
}

#[test]
fn checkpoints_are_copied_to_a_second_place_and_a_log_shorter_than_its_own_is_not_taken() {
    let machine = machine();
    let elsewhere = machine.folder().join("elsewhere");
    machine.done(["dev", "--checkpoint-copy", elsewhere.to_str().unwrap()]);
    let names = |folder: std::path::PathBuf| -> std::collections::BTreeSet<_> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    let log = machine.state().join("log");
    let here = names(log.join("checkpoints"));
    assert!(!here.is_empty());
    assert_eq!(names(elsewhere.join("checkpoints")), here);

    let key = machine.done(["log", "key"]);
    assert!(key.trim_end().split('+').count() >= 3, "{key}");

    // Somebody cuts off the end, and removes the hint that would have told.
    let events = log.join("events");
    let last = names(events.clone()).pop_last().unwrap();
    std::fs::remove_file(events.join(last)).unwrap();
    std::fs::remove_file(machine.state().join("data/hint")).ok();
    let ran = machine.run(["tasks", "list"]);
    assert_eq!(ran.code, Some(5), "{}", ran.stderr);
    assert!(ran.stderr.contains("checkpoint"), "{}", ran.stderr);
}
