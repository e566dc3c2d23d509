//! What is different in a pod: the phases are containers, and only volumes are between them.
//!
//! report runs beside the phases from the start and writes `report/claimed`; prepare waits for that.
//! Each phase begins only when the one before has passed, and marks its own start first: the mark
//! says that the container before is gone with all that ran in it, so that its last word stands. A
//! phase that failed has said so in its result, and the ones after it do nothing; the container
//! `end` then waits until report has told the api. So the pod fails only where the machinery does.

mod log;
mod stop;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use leviathan_core::fact::Phase;

use self::log::KeptLog;
pub(crate) use self::stop::{Stop, end_at_sigterm, stop_at_sigterm};
use crate::job::JobFolder;
use crate::result::{PhaseOutcome, PhaseResult};
use crate::run::{mark_started, run_phase, say};

/// How often marks are looked for.
const POLL: Duration = Duration::from_millis(50);

/// How long `end` waits for report after the attempt's time, in seconds. The cluster ends the Job a
/// little later.
const AFTER_THE_END: i64 = 5;

/// Runs one of the four phases. 0: its result is written, or it had nothing to do.
pub(crate) fn run(phase: Phase, folder: &JobFolder) -> ExitCode {
    end_at_sigterm();
    match may_begin(phase, folder) {
        Ok(true) => {}
        Ok(false) => return mark(&folder.phase(phase)),
        Err(reason) => {
            say(reason);
            return ExitCode::FAILURE;
        }
    }
    if let Err(failure) = mark_started(folder, phase) {
        say(failure);
        return ExitCode::FAILURE;
    }
    let log = KeptLog::begin(&folder.log(phase));
    if let Err(error) = &log {
        say(format!("this phase's log is not kept: {error}"));
    }
    let _told_by_the_result = run_phase(phase, folder);
    if let Ok(log) = log {
        log.end();
    }
    match PhaseResult::read(&folder.phase(phase)) {
        Ok(Some(_)) => ExitCode::SUCCESS,
        Ok(None) | Err(_) => ExitCode::FAILURE,
    }
}

/// The last container: waits until report is done.
pub(crate) fn end(folder: &JobFolder) -> ExitCode {
    end_at_sigterm();
    if mark(&folder.end()) != ExitCode::SUCCESS {
        return ExitCode::FAILURE;
    }
    loop {
        if is_reported(folder) {
            return ExitCode::SUCCESS;
        }
        if Timestamp::now().as_second()
            > folder.job.not_after.as_second().saturating_add(AFTER_THE_END)
        {
            say("report did not come to its end in the attempt's time");
            return ExitCode::FAILURE;
        }
        std::thread::sleep(POLL);
    }
}

/// Whether report has nothing more to tell: it has told the end, or the attempt is not this pod's.
pub(crate) fn is_reported(folder: &JobFolder) -> bool {
    ["done", "refused"].iter().any(|mark| folder.report().join(mark).exists())
}

/// Whether the phase's container has ended: the next one has begun.
pub(crate) fn is_gone(folder: &JobFolder, phase: Phase) -> bool {
    let next = match phase {
        Phase::Prepare => folder.phase(Phase::Work),
        Phase::Work => folder.phase(Phase::Gate),
        Phase::Gate => folder.phase(Phase::Check),
        Phase::Check => folder.end(),
        Phase::Report => return false,
    };
    next.join("started").exists()
}

/// Whether there is something to do: the attempt is this pod's, and the phase before has passed.
fn may_begin(phase: Phase, folder: &JobFolder) -> Result<bool, String> {
    let before = match phase {
        Phase::Prepare | Phase::Report => return is_claimed(folder),
        Phase::Work => Phase::Prepare,
        Phase::Gate => Phase::Work,
        Phase::Check => Phase::Gate,
    };
    let passed = PhaseResult::read(&folder.phase(before))?
        .is_some_and(|result| result.outcome == PhaseOutcome::Passed);
    if !passed {
        say(format!("{} has not passed: nothing to do", before.as_str()));
    }
    Ok(passed)
}

/// Waits for report's word.
fn is_claimed(folder: &JobFolder) -> Result<bool, String> {
    loop {
        if folder.report().join("claimed").exists() {
            return Ok(true);
        }
        if is_reported(folder) {
            say("the attempt is not this pod's to run: nothing to do");
            return Ok(false);
        }
        if Timestamp::now() >= folder.job.not_after {
            return Err("report did not claim the attempt in its time".to_owned());
        }
        std::thread::sleep(POLL);
    }
}

/// Says that this container runs.
fn mark(place: &Path) -> ExitCode {
    let marked =
        std::fs::create_dir_all(place).and_then(|()| std::fs::write(place.join("started"), ""));
    match marked {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format!("{} cannot be written: {error}", place.display()));
            ExitCode::FAILURE
        }
    }
}
