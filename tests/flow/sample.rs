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
