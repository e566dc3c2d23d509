//! The three files that `leviathanctl init` proposes, from what stands at a repository's root: each
//! commented for the person who reads it first, and such that nothing runs before they say so.

mod ecosystems;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use ecosystems::{ECOSYSTEMS, Ecosystem};

/// What is known of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts<'a> {
    /// What people call it, such as its folder's name.
    pub name: &'a str,
    /// The branch that changes go to.
    pub default_branch: &'a str,
    /// Names of the files and folders at its root, without a slash.
    pub at_root: &'a BTreeSet<String>,
}

/// The proposed files' contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starter {
    /// `.leviathan/backlog.yaml`: one task that is not ready.
    pub backlog: String,
    /// `.leviathan/policy.yaml`: scopes and invariants that fit.
    pub policy: String,
    /// `.leviathan/contract.yaml`
    pub contract: String,
}

/// Proposes the files.
pub fn propose(facts: &Facts<'_>) -> Starter {
    Starter { backlog: backlog(facts), policy: policy(facts), contract: contract(facts) }
}

impl Facts<'_> {
    fn has(&self, name: &str) -> bool {
        self.at_root.contains(name)
    }

    /// The first of these that is there.
    fn first(&self, names: &[&'static str]) -> Option<&'static str> {
        names.iter().copied().find(|name| self.has(name))
    }

    fn docs(&self) -> &'static str {
        self.first(&["docs", "doc", "documentation"]).unwrap_or("docs")
    }

    fn ecosystems(&self) -> impl Iterator<Item = &'static Ecosystem> {
        ECOSYSTEMS.iter().filter(|one| self.first(one.markers).is_some())
    }
}

fn backlog(facts: &Facts<'_>) -> String {
    let docs = facts.docs();
    format!(
        "\
# The tasks of this repository. Leviathan takes those that are ready, one after the other, and opens
# a pull request for each. A person reviews and merges; nothing is ever merged by itself.
# What counts is this file on the default branch: a task starts when it is committed there.
tasks:
- id: developer-guide                 # names the task for good; short, a-z, digits and dashes
  title: Write down how to build and test this project
  # Picks the paths and the tool in policy.yaml. The tool of `docs` is built in and writes a skeleton
  # for a person to fill in, so its pull request is a draft.
  scope: docs
  priority: medium                    # critical, high, medium or low
  ready: false                        # true when it says what you want; before that it never runs
  status: pending                     # completed and blocked tasks do not run either
  # All that the change may touch. A directory ends in `/`, and no globs.
  allowed_paths:
  - {docs}/DEVELOPING.md
  acceptance_criteria:                # for the reviewer; they stand in the pull request
  - It names every tool that a newcomer has to install.
  - It gives the command that builds and the command that tests.
  dependencies: []                    # ids of tasks that have to be completed before
  estimated_size: small
"
    )
}

fn policy(facts: &Facts<'_>) -> String {
    let mut text = "\
# What Leviathan may do in this repository. A task can only allow itself less.
# CI definitions, CODEOWNERS, .gitattributes, .gitmodules and .leviathan/ stay forbidden in any case.
version: 2
enabled: true                         # false stops everything here

# What kinds of tasks there are: the paths that each may touch, and what does the work.
scopes:
"
    .to_owned();
    let docs = facts.docs();
    text.push_str(&format!(
        "  docs:
    allowed_paths: [{docs}/**, \"*.md\"]
    tool: docs                        # built in: a skeleton of the document
    max_files: 10
"
    ));
    text.push_str(&tests_scope(facts));
    text.push_str(&dependency_scopes(facts));
    text.push_str(
        "
# What no change may touch, whatever its task allows.
forbidden_paths: [\"**/*.pem\", \"**/*.key\", \"**/.env\"]

",
    );
    text.push_str(&invariants(facts));
    text.push_str(
        "
guardrails:
  max_open_prs: 2                     # that wait for a person, at once
  max_running_attempts: 1
  max_attempts_per_task: 2            # then the task is blocked until a person looks
  attempt_timeout_minutes: 15
limits:
  max_files: 50                       # of one change
",
    );
    text
}

fn tests_scope(facts: &Facts<'_>) -> String {
    let folder = facts.first(&["tests", "test"]);
    let python = facts.ecosystems().any(|one| one.name == "python");
    match (folder, python) {
        (folder, true) => format!(
            "  tests:
    allowed_paths: [{}/**]
    tool: tests                       # built in: a skeleton for pytest
    max_files: 20
",
            folder.unwrap_or("tests")
        ),
        (folder, false) => format!(
            "  # A program of yours as a tool. It runs without a shell (`shell:` asks for one), is given
  # the task as JSON on its standard input, and changes files in the folder in which it starts.
  # tests:
  #   allowed_paths: [{}/**]
  #   run: your-agent --non-interactive
",
            folder.unwrap_or("tests")
        ),
    }
}

fn dependency_scopes(facts: &Facts<'_>) -> String {
    let updates = facts.ecosystems().filter_map(|one| {
        let update = one.update.as_ref().filter(|update| facts.has(update.lock))?;
        Some((one.name, update))
    });
    let mut text = String::new();
    for (number, (name, update)) in updates.enumerate() {
        let scope = if number == 0 { "deps".to_owned() } else { format!("deps-{name}") };
        let paths = update.paths.join(", ");
        text.push_str(&format!(
            "  {scope}:
    allowed_paths: [{paths}]
    {}
",
            update.command
        ));
    }
    text
}

fn invariants(facts: &Facts<'_>) -> String {
    let found: Vec<String> = facts
        .ecosystems()
        .filter_map(|one| {
            let check =
                one.checks.iter().find(|check| check.with.is_none_or(|with| facts.has(with)))?;
            Some(format!("- name: {}\n  {}\n  time_limit_seconds: 600\n", one.check, check.command))
        })
        .collect();
    let make = "# - name: make\n#   run: make test\n";
    let mut text =
        "# Checks that run on every change before its pull request; exit code 0 is a pass.\n"
            .to_owned();
    if found.is_empty() {
        text.push_str("invariants: []\n# Such as:\n");
        text.push_str(if facts.has("Makefile") {
            make
        } else {
            "# - name: tests\n#   run: ./run-tests\n"
        });
    } else {
        text.push_str("invariants:\n");
        text.push_str(&found.concat());
        text.push_str(if facts.has("Makefile") { make } else { "" });
    }
    text
}

fn contract(facts: &Facts<'_>) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    format!(
        "\
# What this repository is, for people and for the tools that work on it. Shown, never decided upon.
name: {}
description: \"\"                       # one line: what it is for
default_branch: {}
owner: \"\"                             # who answers for it
definition_of_done:
- The checks of policy.yaml pass.
- A person has reviewed and merged the pull request.
safety:
  output_mode: pr_only
  human_approval_required: true
",
        quoted(facts.name),
        quoted(facts.default_branch),
    )
}
