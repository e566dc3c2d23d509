//! What went wrong lately: attempts and tasks that failed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::attempt::{Attempts, Since};
use super::departure::bytes_of_texts;
use super::window::Window;
use super::{shown_time, text};
use crate::event::Event;
use crate::timestamp;

/// One failure, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    since: Since,
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

impl Failure {
    pub(super) fn since(&self) -> Since {
        self.since
    }

    pub(super) fn bytes(&self) -> u64 {
        let Self { attempt_id, task_id, target, error, timestamp, .. } = self;
        let texts = [attempt_id, task_id, target, error].map(Option::as_deref);
        bytes_of_texts(texts.into_iter().chain([Some(timestamp.as_str())]))
    }
}

/// The newest failures by the time that they tell; without offset it counts as UTC (CONTRACT 1.3,
/// A10).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(from = "Vec<Failure>")]
pub(super) struct Failures {
    by_time: BTreeMap<Since, Failure>,
    bytes: u64,
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
        let moment = timestamp::parse(&event.timestamp)
            .map_or(event.recorded_at, |time| time.instant().min(event.recorded_at));
        self.insert(Failure {
            since: (moment, event.offset),
            task_id: first(&["task_id"]).or_else(|| known.and_then(|known| known.task_id())),
            target: first(&["target", "target_id"])
                .or_else(|| known.and_then(|known| known.target())),
            error: first(&["error", "reason", "error_summary", "failure_type"]),
            timestamp: shown_time(&event.timestamp),
            attempt_id,
        });
    }

    fn insert(&mut self, failure: Failure) {
        self.bytes = self.bytes.saturating_add(failure.bytes());
        self.by_time.insert(failure.since, failure);
    }

    /// The next one to leave.
    pub(super) fn leave(&mut self, window: &Window) -> Option<Failure> {
        if self.by_time.len() <= window.failures && self.bytes <= window.failure_bytes {
            return None;
        }
        let (_, failure) = self.by_time.pop_first()?;
        self.bytes = self.bytes.saturating_sub(failure.bytes());
        Some(failure)
    }

    /// The newest first.
    pub(super) fn newest(&self, target: Option<&str>) -> impl Iterator<Item = &Failure> {
        let wanted =
            move |failure: &&Failure| target.is_none() || failure.target.as_deref() == target;
        self.by_time.values().rev().filter(wanted)
    }
}

impl Serialize for Failures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.by_time.values())
    }
}

impl From<Vec<Failure>> for Failures {
    fn from(all: Vec<Failure>) -> Self {
        let mut failures = Self::default();
        all.into_iter().for_each(|failure| failures.insert(failure));
        failures
    }
}
