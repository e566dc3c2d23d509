//! `.leviathan/policy.yaml`, and the organisation's file of the same shape: what they say, and the
//! [`Policy`] that comes of both.
//!
//! The shape that we document (every key may be missing):
//!
//! ```yaml
//! version: 2
//! enabled: true
//! scopes:
//!   docs:                                  # tasks with `scope: docs`
//!     allowed_paths: [docs/**, README.md]  # what such a task may allow itself, at most
//!     tool: docs                           # built in: docs, tests
//!     max_files: 10
//!   deps:
//!     allowed_paths: [Cargo.lock]
//!     run: cargo update                    # split into words, no shell; or a list of words
//!     env: [CARGO_HOME]                    # variables that it may see
//!     files: [/opt/toolchain]              # places outside the workspace that it may read
//!     time_limit_seconds: 600
//!   generated:
//!     allowed_paths: [src/generated/**]
//!     shell: make generate && make format  # through `sh -c`
//! forbidden_paths: ["**/*.pem"]
//! invariants:                              # run on each change; env, files, time as above
//! - name: tests
//!   run: cargo test
//! guardrails: {max_open_prs: 2, max_running_attempts: 1, max_attempts_per_task: 2,
//!   attempt_timeout_minutes: 15, backoff_seconds: 60}
//! limits: {max_files: 50, max_file_bytes: 1048576, max_diff_bytes: 4194304}
//! write_back: true
//! unlock: [".github/**"]                   # the organisation's file only
//! ```
//!
//! The five shapes of CONTRACT 4.2 are read too. A key that nobody knows, or that is known and not
//! enforced, gives a note; a known key with a value of the wrong kind refuses the file.

mod builtin;
mod command;
mod flat;
mod merge;
mod rules;
mod scopes;
#[cfg(test)]
mod tests;
mod written;

pub use builtin::FORBIDDEN;

use crate::fact::FileProblem;
use crate::paths::Patterns;
use crate::policy::Policy;
use crate::secret_scan::scan;

/// Bytes, name and text of one policy file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicySource<'a> {
    /// What problems and notes call it.
    pub file: &'a str,
    /// Its content.
    pub text: &'a str,
}

/// The policy in force, and what a person should know about how it came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyOutcome {
    /// In force.
    pub policy: Policy,
    /// Keys that have no effect, and values that were narrowed or dropped.
    pub notes: Vec<FileProblem>,
}

/// The policy that these files give. Either may be absent.
///
/// The organisation's replaces built-in defaults where it names something. The target's then only
/// narrows: paths must be covered, numbers take the stricter value, forbidden paths and invariants
/// add up. Without an organisation's the target's own scopes and numbers stand; what is forbidden
/// by default stays forbidden.
pub fn effective(
    organisation: Option<PolicySource<'_>>,
    target: Option<PolicySource<'_>>,
) -> Result<PolicyOutcome, FileProblem> {
    let mut notes = Vec::new();
    let organisation = organisation.map(|source| written::read(source, &mut notes)).transpose()?;
    let target = target.map(|source| written::read(source, &mut notes)).transpose()?;
    let policy = match (&organisation, &target) {
        (Some(organisation), target) => {
            let mut policy = merge::replace(builtin::policy(), organisation, &mut notes);
            merge::unlock(&mut policy, organisation, &mut notes);
            match target {
                Some(target) => merge::narrow(policy, organisation, target, &mut notes),
                None => policy,
            }
        }
        (None, Some(target)) => {
            merge::keep_locked(target, &mut notes);
            merge::replace(builtin::policy(), target, &mut notes)
        }
        (None, None) => builtin::policy(),
    };
    let file = target.as_ref().or(organisation.as_ref()).map(|written| written.file.as_str());
    can_be_matched(&policy, file.unwrap_or_default())?;
    holds_no_secret(&policy, file.unwrap_or_default())?;
    notes.sort_by(|one, two| (&one.file, one.line).cmp(&(&two.file, two.line)));
    Ok(PolicyOutcome { policy, notes })
}

/// That no command has a key among its words: the policy stands whole in the log, and arguments can be
/// read by every process of the machine.
fn holds_no_secret(policy: &Policy, file: &str) -> Result<(), FileProblem> {
    for (place, command) in policy.commands() {
        let found = command.argv.iter().flat_map(|word| scan(file, word.as_bytes())).next();
        if let Some(found) = found {
            return Err(FileProblem {
                file: file.to_owned(),
                line: 0,
                task_id: None,
                problem: format!("the command of {place} holds a secret ({})", found.rule),
                expected: "the name of an environment variable in env; revoke that secret, it \
                           is in git's history"
                    .to_owned(),
            });
        }
    }
    Ok(())
}

/// That all patterns of a list together are not too much to be matched: each of them is a glob.
fn can_be_matched(policy: &Policy, file: &str) -> Result<(), FileProblem> {
    let allowed = policy.scopes.values().map(|scope| Patterns::new(&scope.allowed_paths));
    let forbidden = std::iter::once_with(|| Patterns::ignoring_case(&policy.forbidden_paths));
    for patterns in allowed.chain(forbidden) {
        patterns.map_err(|problem| FileProblem {
            file: file.to_owned(),
            line: 0,
            task_id: None,
            problem: format!("the patterns {:?} {}", problem.path, problem.problem),
            expected: problem.fix,
        })?;
    }
    Ok(())
}
