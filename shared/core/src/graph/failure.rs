//! What went wrong lately: attempts and tasks that failed.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::attempt::Attempts;
use super::{shown_time, text};
use crate::event::Event;
use crate::timestamp;

/// Failures that are kept. Older ones stay in the log.
const KEPT: usize = 10_000;

/// One failure, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The attempt that failed.
    pub attempt_id: Option<String>,
    /// Its task.
    pub task_id: Option<String>,
    /// Its target.
    pub target: Option<String>,
    /// What happened, for a person.
    pub error: Option<String>,
    /// When, as the event tells it.
    pub timestamp: String,
}

/// The newest failures by the time that they tell; without offset it counts as UTC (CONTRACT 1.3,
/// A10).
#[derive(Debug, Clone, Default)]
pub(super) struct Failures {
    by_time: BTreeMap<(Timestamp, u64), Failure>,
}

impl Failures {
    pub(super) fn apply(&mut self, event: &Event, attempts: &Attempts) {
        if !matches!(event.event_type.as_str(), "attempt.failed" | "task.failed") {
            return;
        }
        let first = |keys: &[&str]| {
            keys.iter().find_map(|key| text(&event.payload, key)).map(str::to_owned)
        };
        let attempt_id = first(&["attempt_id"]);
        // Our own events name the attempt only: its task and target are known.
        let known = attempt_id.as_deref().and_then(|attempt_id| attempts.ours(attempt_id));
        let failure = Failure {
            task_id: first(&["task_id"]).or_else(|| known.and_then(|known| known.task_id())),
            target: first(&["target", "target_id"])
                .or_else(|| known.and_then(|known| known.target())),
            error: first(&["error", "reason", "error_summary", "failure_type"]),
            timestamp: shown_time(&event.timestamp),
            attempt_id,
        };
        let moment =
            timestamp::parse(&event.timestamp).map_or(event.recorded_at, |time| time.instant());
        self.by_time.insert((moment, event.offset), failure);
        if self.by_time.len() > KEPT {
            self.by_time.pop_first();
        }
    }

    pub(super) fn newest(&self, target: Option<&str>, limit: usize) -> Vec<&Failure> {
        let wanted = |failure: &&Failure| target.is_none() || failure.target.as_deref() == target;
        self.by_time.values().rev().filter(wanted).take(limit).collect()
    }
}
