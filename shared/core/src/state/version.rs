//! Which version of the programs an event demands of whoever decides (DECISIONS 7).
//!
//! A type that restricts or frees something, and that older programs don't know, raises it: they
//! would decide as if it had never happened. They read on, and decide, append and snapshot nothing.

/// The highest `min_reader` that this program understands.
pub const READER_VERSION: u32 = 2;

/// Every event type of ours. A new one gets its line here and, if it restricts or frees something,
/// a number that no released program has.
const TABLE: &[(&str, u32)] = &[
    ("target.registered", 1),
    ("backlog.synced", 1),
    ("backlog.refused", 1),
    ("task.created", 1),
    ("task.updated", 1),
    ("task.removed", 1),
    ("task.refused", 1),
    ("task.completed", 1),
    ("task.blocked", 1),
    ("task.unblocked", 1),
    ("attempt.created", 1),
    ("attempt.submitted", 1),
    ("attempt.started", 1),
    ("attempt.progress", 1),
    ("attempt.checked", 1),
    ("attempt.succeeded", 1),
    ("attempt.failed", 1),
    ("attempt.timed_out", 1),
    ("attempt.cancelled", 1),
    ("attempt.invalidated", 1),
    ("artifact.created", 1),
    ("publish.prepared", 1),
    ("publish.refused", 1),
    ("publish.failed", 1),
    ("pr.created", 1),
    ("pr.updated", 1),
    ("pr.merged", 1),
    ("pr.closed", 1),
    ("event.refused", 1),
    ("log.heartbeat", 1),
    // Who does not know these would go on appending to a closed log, or in the epoch of before.
    ("log.closed", 2),
    ("log.restored", 2),
];

/// The `min_reader` that an event of this type demands. Foreign types demand nothing.
pub fn min_reader(event_type: &str) -> u32 {
    TABLE.iter().find(|(known, _)| *known == event_type).map_or(1, |(_, version)| *version)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fact::Fact;

    #[test]
    fn every_type_of_ours_has_one_line_and_nothing_else_has() {
        let listed: Vec<&str> = TABLE.iter().map(|(event_type, _)| *event_type).collect();
        let once: BTreeSet<&str> = listed.iter().copied().collect();
        assert_eq!(once.len(), listed.len(), "a type is listed twice");
        assert_eq!(once, Fact::TYPES.iter().copied().collect());
    }

    #[test]
    fn this_program_understands_what_it_can_write_and_demands_no_more() {
        let highest = TABLE.iter().map(|(_, version)| *version).max();
        assert_eq!(highest, Some(READER_VERSION));
        assert!(TABLE.iter().all(|(_, version)| *version >= 1));
    }

    #[test]
    fn foreign_types_demand_nothing() {
        for foreign in ["", "custom.event", "log.closed.not", "LOG.CLOSED"] {
            assert_eq!(min_reader(foreign), 1, "{foreign}");
        }
        assert_eq!(min_reader("log.restored"), 2);
    }
}
