//! gate: takes the change as data and judges it. Runs nothing of the target, follows no link, and
//! asks git only about the base, in the repository that no tool could reach.

use leviathan_core::diff::Diff;
use leviathan_core::fact::{FailureClass, Violation};
use leviathan_core::ids::Digest;

use crate::base;
use crate::files::{self, Tree};
use crate::ignored::IgnoreRules;
use crate::job::JobFolder;
use crate::result::{ChangeFacts, PhaseFailure, PhasePassed};
use crate::walk;

/// Compares, judges, and leaves `diff` and `facts.json` for check and report if it may pass.
pub fn run(folder: &JobFolder) -> Result<PhasePassed, PhaseFailure> {
    let job = &folder.job;
    let tree = base::read_tree(&folder.base_git(), &job.base)?;
    let rules = IgnoreRules::read(&folder.base_git(), &tree)?;
    let workspace = folder.workspace();
    let changes = Tree::open(&workspace)
        .and_then(|opened| walk::compare(&opened, &tree, &rules, &job.policy.limits))
        .map_err(|error| {
            // Something that is no folder any more stands in its place: the tool's doing.
            PhaseFailure::task("workspace_unusable", format!("the workspace is gone: {error}"))
        })?;
    let ignored_files = changes.ignored;
    if changes.files.is_empty() && changes.observations.is_empty() {
        let facts = ChangeFacts { digest: None, files: 0, ignored_files, paths: Vec::new() };
        write(folder, "facts.json", &facts_bytes(&facts)?)?;
        let summary = format!("nothing changed{}", ignored_words(ignored_files));
        return Ok(PhasePassed { summary, change: Some(facts), ..PhasePassed::default() });
    }
    let diff = Diff { base: job.base.clone(), files: changes.files };
    // A refused change goes no further, not even its bytes: DECISIONS 14.
    let passed = leviathan_core::gate::judge(diff, &changes.observations, &job.task, &job.policy)
        .map_err(refused)?;
    let bytes = passed.diff().to_bytes();
    let paths: Vec<String> = passed.diff().files.iter().map(|file| file.path.clone()).collect();
    let files = u32::try_from(paths.len()).unwrap_or(u32::MAX);
    let facts = ChangeFacts { digest: Some(Digest::of(&bytes)), files, ignored_files, paths };
    write(folder, "diff", &bytes)?;
    write(folder, "facts.json", &facts_bytes(&facts)?)?;
    let plural = if files == 1 { "" } else { "s" };
    let summary = format!("{files} file{plural} changed{}", ignored_words(ignored_files));
    Ok(PhasePassed { summary, change: Some(facts), ..PhasePassed::default() })
}

fn ignored_words(ignored: u32) -> String {
    match ignored {
        0 => String::new(),
        1 => ", 1 ignored path left out".to_owned(),
        more => format!(", {more} ignored paths left out"),
    }
}

/// One failure for all violations; its line names the first, which the rules' order makes the one
/// that a person must hear of.
fn refused(violations: Vec<Violation>) -> PhaseFailure {
    let first = violations.first().map(|violation| {
        let place = if violation.path.is_empty() { "the change" } else { &violation.path };
        format!("{place}: {} ({})", violation.detail, violation.rule)
    });
    let more = match violations.len() {
        0 | 1 => String::new(),
        count => format!("; and {} more", count.saturating_sub(1)),
    };
    let summary = format!("the gate refused the change: {}{more}", first.unwrap_or_default());
    PhaseFailure {
        class: FailureClass::Task,
        failure_type: "scope_violation",
        summary,
        violations,
        checks: Vec::new(),
    }
}

fn facts_bytes(facts: &ChangeFacts) -> Result<Vec<u8>, PhaseFailure> {
    serde_json::to_vec(facts)
        .map_err(|error| PhaseFailure::infra("facts_unwritable", error.to_string()))
}

fn write(folder: &JobFolder, name: &str, bytes: &[u8]) -> Result<(), PhaseFailure> {
    let path = folder.gate().join(name);
    let made = std::fs::create_dir_all(folder.gate());
    made.and_then(|()| files::write_whole(&path, bytes)).map_err(|error| {
        let path = path.display();
        PhaseFailure::infra("job_folder_unwritable", format!("{path} cannot be written: {error}"))
    })
}
