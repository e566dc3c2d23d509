//! One phase from its arguments to its exit code.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use leviathan_core::fact::Phase;

use crate::arguments::Arguments;
use crate::job::JobFolder;
use crate::phases;
use crate::pod;
use crate::result::{PhaseFailure, PhaseOutcome, PhasePassed, PhaseResult};

/// Runs the phase that `args` name, without the program's own name: `work --job DIR`.
pub fn run_from_args(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let program = std::iter::once(OsString::from("executor"));
    let arguments = match Arguments::try_parse_from(program.chain(args)) {
        Ok(arguments) => arguments,
        Err(error) => {
            say(error.render());
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    // Untrusted code of this or another Job may run as the same user: it shall not be able to
    // look into a phase's memory or environment.
    refuse_to_be_inspected();
    let folder = match JobFolder::open(&arguments.job) {
        Ok(folder) => folder.in_pod(arguments.pod),
        Err(failure) => {
            say(&failure);
            return ExitCode::FAILURE;
        }
    };
    let Some(phase) = arguments.phase.phase() else { return pod::end(&folder) };
    match phase {
        Phase::Report => phases::report::run(&folder),
        Phase::Prepare | Phase::Work | Phase::Gate | Phase::Check if folder.pod => {
            pod::run(phase, &folder)
        }
        Phase::Prepare | Phase::Work | Phase::Gate | Phase::Check => run_phase(phase, &folder),
    }
}

/// Runs one of the four and writes its result; a phase that has one already is not run again.
pub(crate) fn run_phase(phase: Phase, folder: &JobFolder) -> ExitCode {
    let place = folder.phase(phase);
    match PhaseResult::read(&place) {
        Ok(None) => {}
        Ok(Some(result)) => {
            say(format!("{} has ended before: {}", phase.as_str(), result.summary));
            return exit_code(result.outcome);
        }
        Err(problem) => {
            say(problem);
            return ExitCode::FAILURE;
        }
    }
    let began = Instant::now();
    let ended = mark_started(folder, phase).and_then(|()| dispatch(phase, folder));
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let result = PhaseResult::of(phase, ended, milliseconds);
    describe(&result);
    match result.write(&place) {
        Ok(()) => exit_code(result.outcome),
        Err(error) => {
            say(format!("{} could not be written: {error}", place.join("result.json").display()));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(phase: Phase, folder: &JobFolder) -> Result<PhasePassed, PhaseFailure> {
    match phase {
        Phase::Prepare => phases::prepare::run(folder),
        Phase::Work => phases::work::run(folder),
        Phase::Gate => phases::gate::run(folder),
        Phase::Check => phases::check::run(folder),
        Phase::Report => Err(PhaseFailure::infra("no_such_phase", "report writes no result")),
    }
}

/// The cluster may have written the mark already: it is there or it is made, both are fine.
pub(crate) fn mark_started(folder: &JobFolder, phase: Phase) -> Result<(), PhaseFailure> {
    let place = folder.phase(phase);
    let marked = std::fs::create_dir_all(&place).and_then(|()| {
        std::fs::OpenOptions::new().append(true).create(true).open(place.join("started"))
    });
    marked.map(drop).map_err(|error| {
        PhaseFailure::infra(
            "job_folder_unwritable",
            format!("{} cannot be written: {error}", place.display()),
        )
    })
}

/// What a person finds at the end of the phase's log.
fn describe(result: &PhaseResult) {
    for violation in &result.violations {
        say(format!("refused: {} {}: {}", violation.rule, violation.path, violation.detail));
    }
    for check in &result.checks {
        let word = if check.passed { "passed" } else { "failed" };
        say(format!(
            "invariant {} {word} ({} ms): {}",
            check.name, check.milliseconds, check.detail
        ));
    }
    let word = match result.outcome {
        PhaseOutcome::Passed => "passed",
        PhaseOutcome::Failed => "failed",
    };
    say(format!("{} {word}: {}", result.phase.as_str(), result.summary));
}

fn exit_code(outcome: PhaseOutcome) -> ExitCode {
    match outcome {
        PhaseOutcome::Passed => ExitCode::SUCCESS,
        PhaseOutcome::Failed => ExitCode::FAILURE,
    }
}

#[cfg(target_os = "linux")]
fn refuse_to_be_inspected() {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        say(format!("this process can be inspected by others of the same user: {error}"));
    }
}

#[cfg(not(target_os = "linux"))]
fn refuse_to_be_inspected() {}

/// One line into the phase's log: standard error, which the cluster keeps. A log that cannot be
/// written is no reason to lose the result.
pub(crate) fn say(line: impl Display) {
    let _unwritable = writeln!(std::io::stderr(), "{line}");
}
