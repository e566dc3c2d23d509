//! How the attempt ended, from what its phases left: the last fact that its executor states.

use leviathan_core::fact::{
    AttemptChecked, AttemptFailed, CheckResult, Fact, FailureClass, Phase, Violation,
};
use leviathan_core::ids::AttemptId;
use leviathan_core::secret_scan::redact;

use crate::result::{ChangeFacts, PhaseExit, PhaseOutcome, PhaseResult};

/// What one event line can hold of lists and of one text.
const MAX_VIOLATIONS: usize = 50;
const MAX_CHECKS: usize = 100;
const MAX_TEXT_CHARS: usize = 300;

/// What report knows of the phases so far.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Work wrote a skeleton.
    pub(super) skeleton: bool,
    /// What gate let pass.
    pub(super) change: Option<ChangeFacts>,
}

/// The end of a phase, however it came.
#[derive(Debug)]
pub(super) enum PhaseEnd {
    /// It wrote its result.
    Told(PhaseResult),
    /// It ended without; the cluster says what it saw.
    Died(PhaseExit),
}

impl PhaseEnd {
    /// One line for a person.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Told(result) => text(&result.summary),
            Self::Died(exit) => text(&exit.reason),
        }
    }

    /// How long it took, if it said so.
    pub(super) fn milliseconds(&self) -> Option<u64> {
        match self {
            Self::Told(result) => Some(result.milliseconds),
            Self::Died(_) => None,
        }
    }

    /// Whether the next phase may start.
    pub(super) fn passed(&self) -> bool {
        matches!(self, Self::Told(result) if result.outcome == PhaseOutcome::Passed)
    }
}

/// Everything passed.
pub(super) fn checked(attempt: &AttemptId, known: &Known, checks: Vec<CheckResult>) -> Fact {
    let change = known.change.as_ref();
    Fact::AttemptChecked(AttemptChecked {
        attempt_id: attempt.clone(),
        diff_digest: change.and_then(|change| change.digest.clone()),
        files: change.map_or(0, |change| change.files),
        ignored_files: change.map_or(0, |change| change.ignored_files),
        skeleton: known.skeleton,
        checks: bounded(checks),
    })
}

/// This phase was the last.
pub(super) fn failed(
    attempt: &AttemptId,
    phase: Phase,
    end: PhaseEnd,
    checks: Vec<CheckResult>,
) -> Fact {
    let line = end.line();
    let (class, failure_type, mut violations) = match end {
        PhaseEnd::Told(result) => (
            result.class.unwrap_or(FailureClass::Infra),
            result.failure_type.unwrap_or_else(|| "phase_failed".to_owned()),
            result.violations,
        ),
        PhaseEnd::Died(exit) => {
            let class = exit.class.unwrap_or(FailureClass::Infra);
            (class, "phase_died".to_owned(), Vec::new())
        }
    };
    violations.truncate(MAX_VIOLATIONS);
    let violations = violations
        .into_iter()
        .map(|violation| Violation {
            rule: text(&violation.rule),
            path: text(&violation.path),
            detail: text(&violation.detail),
        })
        .collect();
    Fact::AttemptFailed(AttemptFailed {
        attempt_id: attempt.clone(),
        status: "failed".to_owned(),
        class,
        failure_type: text(&failure_type),
        error_summary: line,
        phase: Some(phase),
        violations,
        checks: bounded(checks),
    })
}

/// The attempt's time is nearly over and no phase has ended it.
pub(super) fn time_over(attempt: &AttemptId, running: Option<Phase>) -> Fact {
    let (class, line) = match running {
        Some(phase) => {
            (FailureClass::Task, format!("{} did not end in the attempt's time", phase.as_str()))
        }
        None => (FailureClass::Infra, "no phase was started in the attempt's time".to_owned()),
    };
    Fact::AttemptFailed(AttemptFailed {
        attempt_id: attempt.clone(),
        status: "failed".to_owned(),
        class,
        failure_type: "time_over".to_owned(),
        error_summary: line,
        phase: running,
        violations: Vec::new(),
        checks: Vec::new(),
    })
}

/// The change could not be handed over.
pub(super) fn not_uploaded(attempt: &AttemptId, reason: &str) -> Fact {
    Fact::AttemptFailed(AttemptFailed {
        attempt_id: attempt.clone(),
        status: "failed".to_owned(),
        class: FailureClass::Infra,
        failure_type: "diff_not_uploaded".to_owned(),
        error_summary: text(reason),
        phase: Some(Phase::Report),
        violations: Vec::new(),
        checks: Vec::new(),
    })
}

fn bounded(mut checks: Vec<CheckResult>) -> Vec<CheckResult> {
    checks.truncate(MAX_CHECKS);
    for check in &mut checks {
        check.name = text(&check.name);
        check.detail = text(&check.detail);
    }
    checks
}

/// One line, without secrets, not endless.
pub(super) fn text(line: &str) -> String {
    let redacted = redact(line);
    let one_line: String = redacted.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match one_line.char_indices().nth(MAX_TEXT_CHARS) {
        Some((at, _)) => format!("{}…", one_line.get(..at).unwrap_or_default()),
        None => one_line,
    }
}
