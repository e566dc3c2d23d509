//! What the log says of one attempt beyond its summary: read from the commits that hold its events.

use std::collections::BTreeMap;

use jiff::Timestamp;
use leviathan_core::authority::authorised;
use leviathan_core::event::Event;
use leviathan_core::fact::{ArtifactCreated, AttemptProgress, CheckResult, Fact, Phase, Violation};
use leviathan_core::ids::AttemptId;
use leviathan_core::state::Attempt;
use serde::Serialize;

use crate::commands::session::Session;
use crate::error::CommandError;

/// Everything that one attempt's events say.
#[derive(Serialize, Default)]
pub(super) struct Details {
    /// Why this task was picked.
    pub(super) picked: Option<String>,
    /// In order.
    pub(super) phases: Vec<PhaseRow>,
    /// Each invariant's result.
    pub(super) checks: Vec<CheckResult>,
    /// What the gate or publish refused.
    pub(super) violations: Vec<Violation>,
    /// In the order in which they were stored.
    pub(super) artifacts: Vec<ArtifactCreated>,
    /// In the order of the log.
    pub(super) events: Vec<EventRow>,
}

/// One phase, as far as it is known.
#[derive(Serialize)]
pub(super) struct PhaseRow {
    pub(super) phase: Phase,
    /// `started` or `ended`.
    pub(super) state: String,
    pub(super) milliseconds: Option<u64>,
    pub(super) detail: Option<String>,
}

/// One event of the attempt.
#[derive(Serialize)]
pub(super) struct EventRow {
    pub(super) offset: u64,
    /// The commit (of the log) that holds it.
    pub(super) seq: u64,
    pub(super) recorded_at: Timestamp,
    pub(super) event_type: String,
    pub(super) principal: String,
}

impl Details {
    /// Reads the attempt's commits.
    pub(super) fn read(
        session: &Session,
        id: &AttemptId,
        attempt: &Attempt,
    ) -> Result<Self, CommandError> {
        let mut details = Self::default();
        let mut phases = BTreeMap::new();
        for seq in &attempt.commits {
            for event in session.commit(*seq)?.events {
                match authorised(&event) {
                    Some(fact) if fact.attempt() == Some(id) => {
                        details.take(event, fact, &mut phases);
                    }
                    _ => {}
                }
            }
        }
        details.phases = phases.into_values().collect();
        Ok(details)
    }

    fn take(&mut self, event: Event, fact: Fact, phases: &mut BTreeMap<Phase, PhaseRow>) {
        match fact {
            Fact::AttemptCreated(fact) => self.picked = Some(fact.picked),
            Fact::AttemptProgress(fact) => {
                let row = PhaseRow::of(fact);
                phases.insert(row.phase, row);
            }
            Fact::AttemptChecked(fact) => self.checks = fact.checks,
            Fact::AttemptFailed(fact) => {
                if !fact.checks.is_empty() {
                    self.checks = fact.checks;
                }
                self.violations.extend(fact.violations);
            }
            Fact::PublishRefused(fact) => self.violations.extend(fact.violations),
            Fact::ArtifactCreated(fact) => self.artifacts.push(fact),
            _ => {}
        }
        self.events.push(EventRow {
            offset: event.offset,
            seq: event.seq,
            recorded_at: event.recorded_at,
            event_type: event.event_type,
            principal: event.principal.to_string(),
        });
    }
}

impl PhaseRow {
    fn of(fact: AttemptProgress) -> Self {
        let AttemptProgress { phase, state, milliseconds, detail, .. } = fact;
        Self { phase, state, milliseconds, detail }
    }
}
