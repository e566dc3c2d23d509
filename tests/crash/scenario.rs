//! A small real target with one task for each way that an attempt can end, without a compiler.

use std::path::Path;

use leviathan_tests::machine::{Machine, Ran};
use leviathan_tests::repository::{Persons, Repository};
use leviathan_tests::story::{Outcome, Story};

const BACKLOG: &str = "\
tasks:
  - id: prices
    title: Add the pears
    scope: generated
    priority: high
    ready: true
    allowed_paths: [prices.txt]
    acceptance_criteria: [pears have a price]
  # Waits for the one above to be merged.
  - id: more-prices
    title: Add more pears
    scope: generated
    ready: true
    allowed_paths: [prices.txt]
    acceptance_criteria: [pears have a price]
    dependencies: [prices]
  - id: stray
    title: Touch more than is allowed
    scope: stray
    ready: true
    allowed_paths: [README.md]
    acceptance_criteria: [none]
  - id: broken
    title: Break an invariant
    scope: broken
    ready: true
    allowed_paths: [README.md]
    acceptance_criteria: [none]
  - id: idle
    title: Change nothing
    scope: idle
    ready: true
    allowed_paths: [README.md]
    acceptance_criteria: [none]
  - id: describe
    title: Describe the prices
    scope: docs
    ready: true
    allowed_paths: [docs/prices.md]
    acceptance_criteria: [prices are described]
";

const POLICY: &str = "\
version: 2
scopes:
  generated:
    allowed_paths: [prices.txt]
    shell: echo pear 3 >> prices.txt
  stray:
    allowed_paths: [README.md]
    shell: echo more >> README.md; echo outside > elsewhere.txt
  broken:
    allowed_paths: [README.md]
    shell: echo broken >> README.md
  idle:
    allowed_paths: [README.md]
    run: \"true\"
  docs:
    allowed_paths: [docs/**]
    tool: docs
invariants:
  - name: whole
    shell: test -z \"$(grep broken README.md)\"
guardrails:
  max_open_prs: 10
  max_running_attempts: 2
  max_attempts_per_task: 1
";

/// A machine with the target on it.
pub(crate) struct Scenario {
    pub(crate) machine: Machine,
    pub(crate) target: Repository,
    persons: Persons,
}

impl Scenario {
    pub(crate) fn new(program: &Path) -> Self {
        let machine = Machine::new(program);
        let files = [
            ("README.md", "A shop\n"),
            ("prices.txt", "apple 1\n"),
            (".leviathan/backlog.yaml", BACKLOG),
            (".leviathan/policy.yaml", POLICY),
        ];
        let target = Repository::with(machine.folder().join("shop"), &files);
        // A person is in the middle of something.
        target.write("README.md", "A shop, half edited\n");
        target.write("new.txt", "not yet added\n");
        let persons = target.all_that_is_the_persons();
        Self { machine, target, persons }
    }

    /// Runs once undisturbed; then a person merges one pull request and says no to the other.
    pub(crate) fn a_person_decides(&mut self) {
        let ran = self.run(&[]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let prices = self.target.branch_of("prices");
        self.target.git(["merge", "--quiet", "--no-ff", "--no-edit", &prices]);
        self.target.git(["branch", "-D", &self.target.branch_of("describe")]);
        self.persons = self.target.all_that_is_the_persons();
    }

    /// The one command, to its end or to its death.
    pub(crate) fn run(&self, variables: &[(&str, &str)]) -> Ran {
        let target = self.target.typed();
        let mut command =
            self.machine.command(["dev", "--target", &target, "--until-idle", "--trust"]);
        command.envs(variables.iter().copied());
        self.machine.start(command).wait()
    }

    pub(crate) fn story(&self) -> Story {
        Story::read(&self.machine.state())
    }

    /// What is wrong after a run that ended by itself, whatever came before it.
    pub(crate) fn faults(&self, story: &Story, expected: &Outcome) -> Vec<String> {
        let mut faults: Vec<String> = story.fault.iter().cloned().collect();
        faults.extend(story.doubles());
        let outcome = story.outcome(&self.target);
        if outcome != *expected {
            faults.push(format!("it ended as {outcome:#?}\ninstead of {expected:#?}"));
        }
        let changed = self.target.changed_since(&self.persons);
        if !changed.is_empty() {
            faults.push(format!("the person's own have changed: {changed:?}"));
        }
        let left = self.machine.processes_left();
        if !left.is_empty() {
            faults.push(format!("these processes are left: {left:#?}"));
        }
        faults
    }
}
