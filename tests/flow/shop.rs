//! A small target without a compiler: a command that repairs a file, a task that depends on it, and
//! one for a built-in.

use std::path::Path;

use leviathan_tests::machine::{Machine, Ran};
use leviathan_tests::programs;
use leviathan_tests::repository::{BACKLOG, Repository};
use leviathan_tests::story::Story;

pub(crate) const POLICY: &str = ".leviathan/policy.yaml";

pub(crate) const TASKS: &str = "\
tasks:
  - id: prices
    title: Write the prices anew
    scope: prices
    priority: high
    ready: true
    allowed_paths: [prices.txt]
    acceptance_criteria: [each article has its price]
  # Waits for the one above to be merged.
  - id: pears
    title: Add the pears
    scope: pears
    ready: true
    allowed_paths: [prices.txt]
    acceptance_criteria: [pears have a price]
    dependencies: [prices]
";

pub(crate) const RULES: &str = "\
version: 2
scopes:
  prices:
    allowed_paths: [prices.txt]
    shell: echo 'apple 2' > prices.txt
  pears:
    allowed_paths: [prices.txt]
    shell: echo 'pear 3' >> prices.txt
  docs:
    allowed_paths: [docs/**]
    tool: docs
invariants:
  - name: has apples
    run: grep -q apple prices.txt
guardrails:
  max_open_prs: 10
  max_attempts_per_task: 1
";

/// One task for a built-in: its policy runs no command of the target's.
pub(crate) const DOCS_TASK: &str = "  - id: describe
    title: Describe the prices
    scope: docs
    ready: true
    allowed_paths: [docs/prices.md]
    acceptance_criteria: [prices are described]
";

/// A machine with one target on it.
pub(crate) struct World {
    pub(crate) machine: Machine,
    pub(crate) target: Repository,
}

pub(crate) fn machine() -> Machine {
    Machine::new(programs::leviathanctl())
}

/// A target with this backlog and this policy.
pub(crate) fn target(path: impl AsRef<Path>, backlog: &str, policy: &str) -> Repository {
    let files = [
        ("README.md", "A shop\n"),
        ("prices.txt", "apple 1\n"),
        (BACKLOG, backlog),
        (POLICY, policy),
    ];
    Repository::with(path.as_ref(), &files)
}

impl World {
    /// With the usual two tasks.
    pub(crate) fn new() -> Self {
        Self::with(TASKS, RULES)
    }

    pub(crate) fn with(backlog: &str, policy: &str) -> Self {
        let machine = machine();
        let target = target(machine.folder().join("shop"), backlog, policy);
        Self { machine, target }
    }

    /// `dev` on the target until nothing is left that needs no person.
    pub(crate) fn dev(&self) -> String {
        self.dev_on(&self.target)
    }

    pub(crate) fn dev_on(&self, target: &Repository) -> String {
        self.machine.done(["dev", "--target", &target.typed(), "--until-idle", "--trust"])
    }

    pub(crate) fn ran_dev(&self, more: &[&str]) -> Ran {
        let target = self.target.typed();
        let arguments = ["dev", "--target", &target, "--until-idle"];
        self.machine.run(arguments.iter().chain(more))
    }

    pub(crate) fn story(&self) -> Story {
        Story::read(&self.machine.state())
    }

    /// `Pending`, `PrOpen`, …
    pub(crate) fn status(&self, task: &str) -> String {
        format!("{:?}", self.story().task(task).status)
    }

    pub(crate) fn blocked_reason(&self, task: &str) -> String {
        self.story().task(task).blocked_reason.clone().unwrap_or_default()
    }
}
