//! check: runs the target's invariants on base and change, laid out afresh. What the tool left in
//! its workspace is not here; the verdict stays in this process's memory until everything that the
//! invariants started is dead.

use leviathan_core::diff::{Diff, FileMode};
use leviathan_core::fact::{CheckResult, FailureClass};
use leviathan_core::ids::Digest;
use leviathan_core::policy::Invariant;

use crate::base;
use crate::files::{self, Tree, TreeFault};
use crate::git::Git;
use crate::job::JobFolder;
use crate::materialise;
use crate::result::{ChangeFacts, MAX_RESULT_BYTES, PhaseFailure, PhasePassed};
use crate::run::say;
use crate::tools::command::{not_run, shown};
use crate::tools::surroundings::Surroundings;

/// Runs every invariant, also after one failed: a person wants to see all of it.
pub fn run(folder: &JobFolder) -> Result<PhasePassed, PhaseFailure> {
    let Some(diff) = change(folder)? else {
        return Ok(PhasePassed::saying("nothing changed, so nothing was checked"));
    };
    if folder.job.policy.invariants.is_empty() {
        return Ok(PhasePassed::saying("the policy names no invariants"));
    }
    lay_out(folder, &diff)?;
    let mut checks = Vec::new();
    let mut not_started = None;
    for (index, invariant) in folder.job.policy.invariants.iter().enumerate() {
        let (check, failure) = run_one(folder, invariant, index.saturating_add(1));
        checks.push(check);
        not_started = not_started.or(failure);
    }
    verdict(checks, not_started)
}

/// The change as gate let it pass; `None`: nothing changed.
fn change(folder: &JobFolder) -> Result<Option<Diff>, PhaseFailure> {
    let unfit = |reason: String| PhaseFailure::infra("change_unreadable", reason);
    let facts = files::read_regular(&folder.facts(), MAX_RESULT_BYTES)
        .map_err(|fault| unfit(fault.to_string()))?;
    let facts: ChangeFacts = serde_json::from_slice(&facts)
        .map_err(|error| unfit(format!("facts.json is not what gate writes: {error}")))?;
    let Some(digest) = facts.digest else { return Ok(None) };
    let limit = u64::try_from(Diff::MAX_BYTES).unwrap_or(u64::MAX);
    let bytes =
        files::read_regular(&folder.diff(), limit).map_err(|fault| unfit(fault.to_string()))?;
    let found = Digest::of(&bytes);
    if found != digest {
        return Err(unfit(format!("the diff has digest {found}; gate wrote {digest}")));
    }
    let diff = Diff::from_bytes(&bytes).map_err(|problem| unfit(problem.to_string()))?;
    if diff.base != folder.job.base {
        return Err(unfit(format!("the diff is against {}, not the base", diff.base)));
    }
    Ok(Some(diff))
}

/// Base, then the change; as a repository whose index holds the change, so that an invariant may
/// ask git, and finds nothing that is not staged.
fn lay_out(folder: &JobFolder, diff: &Diff) -> Result<(), PhaseFailure> {
    let (base_git, root) = (folder.base_git(), folder.check_tree());
    let tree = base::read_tree(&base_git, &folder.job.base)?;
    materialise::files(&base_git, &tree, &root)?;
    materialise::repository(&base_git, &folder.job.base, &root)?;
    Tree::open(&root)
        .map_err(|error| error.to_string())
        .and_then(|out| apply(&out, diff).map_err(|fault| fault.to_string()))
        .map_err(|reason| {
            PhaseFailure::infra("change_not_applied", format!("base and change differ: {reason}"))
        })?;
    Git::new(&root.join(".git"), folder.time_left())
        .with_work_tree(&root)
        .run(&["add", "--all", "--force", "--", "."])
        .map(drop)
        .map_err(|fault| PhaseFailure::infra("change_not_applied", fault.to_string()))
}

/// Deletions first: a file may have become a folder.
fn apply(out: &Tree, diff: &Diff) -> Result<(), TreeFault> {
    for file in diff.files.iter().filter(|file| file.new.is_none()) {
        out.remove(file.path.as_bytes())?;
    }
    for file in &diff.files {
        let Some(new) = &file.new else { continue };
        let path = file.path.as_bytes();
        match new.mode {
            FileMode::Symlink => out.link(path, &new.content)?,
            FileMode::Executable => out.write(path, &new.content, true)?,
            // A submodule never stands in a change's `new`.
            FileMode::Regular | FileMode::Submodule => out.write(path, &new.content, false)?,
        }
    }
    Ok(())
}

fn run_one(
    folder: &JobFolder,
    invariant: &Invariant,
    number: usize,
) -> (CheckResult, Option<PhaseFailure>) {
    say(format!("invariant {}: {}", invariant.name, shown(&invariant.command)));
    let time_left = folder.time_left();
    let mut check = CheckResult {
        name: invariant.name.clone(),
        passed: false,
        milliseconds: 0,
        detail: "not run: the attempt's time is over".to_owned(),
        log: None,
    };
    if time_left.is_zero() {
        return (check, None);
    }
    let surroundings = Surroundings {
        command: &invariant.command,
        directory: &folder.check_tree(),
        home: &folder.check_home(),
        log: &folder.check_log(number),
        task: None,
        time_left,
    };
    match surroundings.run() {
        Ok(ended) => {
            check.passed = ended.succeeded();
            check.milliseconds = ended.milliseconds;
            check.detail = ended.ending.to_string();
            (check, None)
        }
        Err(error) => {
            check.detail = error.to_string();
            (check, Some(not_run(&error)))
        }
    }
}

fn verdict(
    checks: Vec<CheckResult>,
    not_started: Option<PhaseFailure>,
) -> Result<PhasePassed, PhaseFailure> {
    let failed: Vec<&CheckResult> = checks.iter().filter(|check| !check.passed).collect();
    let count = checks.len();
    let Some(first) = failed.first() else {
        let plural = if count == 1 { "" } else { "s" };
        let summary = format!("{count} invariant{plural} passed");
        return Ok(PhasePassed { summary, checks, ..PhasePassed::default() });
    };
    let summary =
        format!("{} of {count} invariants failed; {}: {}", failed.len(), first.name, first.detail);
    let (class, failure_type) = not_started
        .map_or((FailureClass::Task, "invariant_failed"), |why| (why.class, why.failure_type));
    Err(PhaseFailure { class, failure_type, summary, violations: Vec::new(), checks })
}
