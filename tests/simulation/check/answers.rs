//! Whether each client was told what really happened.

use std::collections::BTreeMap;

use leviathan_log::LogError;
use leviathan_log::seal::SealFault;

use super::demand;
use super::truth::{Truth, whose};
use crate::event_loop::Owner;
use crate::figures::Tally;
use crate::history::{Answer, Operation, Wish};

/// Why a process may well have refused to go on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Excuse {
    /// Its own clock was far off.
    pub(super) clock_is_off: bool,
    /// The log was closed.
    pub(super) log_is_closed: bool,
    /// A store told it something untrue: a truncated object, a delete marker, a wrong time.
    pub(super) was_misled: bool,
}

impl Excuse {
    /// In a store that only loses and delays nothing else may go wrong than this.
    pub(super) fn covers(self, problem: &LogError) -> bool {
        match problem {
            LogError::Store { .. } | LogError::Busy { .. } => true,
            LogError::Seal(SealFault::Signer(_) | SealFault::SecondPlace { .. }) => true,
            LogError::ClockOff { .. } => self.clock_is_off || self.was_misled,
            LogError::Closed { .. } => self.log_is_closed,
            // Of a snapshot or a view that stands there, read only in part.
            LogError::Snapshot { .. } | LogError::View { .. } => self.was_misled,
            problem => self.was_misled && problem.is_fault_of_the_log(),
        }
    }
}

pub(super) fn allowed(
    operations: &[Operation],
    excused: impl Fn(Owner) -> Excuse,
) -> Result<(), String> {
    for operation in operations {
        let id = operation.id;
        match &operation.ended {
            Some((_, Answer::Nonsense(what))) => return Err(format!("operation {id}: {what}")),
            Some((_, Answer::Rejected(problem))) => {
                demand(excused(operation.owner).covers(problem), || {
                    format!("operation {id} was refused: {problem}")
                })?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whose events these are, in the commits that hold them.
fn stored_by_operation(truth: &Truth) -> BTreeMap<u64, Vec<(u64, u64)>> {
    let mut stored: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for event in truth.events() {
        let part = event.payload.get("part").and_then(|part| part.as_u64());
        let id = whose(event).expect("every event says whose it is");
        stored.entry(id).or_default().push((event.seq, part.unwrap_or_default()));
    }
    stored
}

/// What was acknowledged is there exactly once, what was rejected is not, what is unknown is there
/// at most once.
pub(super) fn each_exactly_as_told(
    truth: &Truth,
    operations: &[Operation],
    tally: &Tally,
) -> Result<(), String> {
    let stored = stored_by_operation(truth);
    let shared = truth.commits.iter().filter(|commit| commit.header.parts.len() > 1);
    let shared: Vec<u64> = shared.map(|commit| commit.header.seq).collect();
    tally.add("commit shared by transactions", shared.len() as u64);
    let mut tries: BTreeMap<u64, Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
        count(operation, tally);
        tries.entry(operation.id).or_default().push(operation);
    }
    for (id, tries) in tries {
        let found = stored.get(&id).map_or(&[][..], Vec::as_slice);
        let first = tries[0];
        let whole =
            |seq: u64| -> Vec<(u64, u64)> { (0..first.events).map(|part| (seq, part)).collect() };
        // Whatever was told: all of its events in one commit, or none.
        let at = found.first().map(|(seq, _)| *seq);
        demand(at.is_none_or(|seq| found == whole(seq)), || {
            format!("operation {id} is stored in pieces or more than once: {found:?}")
        })?;
        let mut may_be_stored = false;
        for operation in &tries {
            match operation.ended.as_ref().map(|(_, answer)| answer) {
                Some(Answer::Committed { seq, .. }) => demand(at == Some(*seq), || {
                    format!("operation {id} was acknowledged in {seq}, it is in {at:?}")
                })?,
                Some(Answer::Nothing) if first.wish == Wish::Bundle => {
                    demand(at.is_some(), || format!("bundle {id} was called known and is not"))?;
                }
                Some(Answer::Unknown) | None => {}
                Some(Answer::Nothing | Answer::Rejected(_) | Answer::Nonsense(_)) => continue,
            }
            may_be_stored = true;
        }
        let left = tries.iter().any(|operation| operation.ended.is_none());
        if left && at.is_some_and(|seq| shared.contains(&seq)) {
            tally.count("a caller left a shared commit");
        }
        demand(at.is_none() || may_be_stored, || {
            format!("operation {id} was refused, yet stored")
        })?;
        let last = tries.last().and_then(|operation| operation.ended.as_ref());
        if matches!(last, Some((_, Answer::Unknown))) && at.is_some() {
            tally.count("unknown, yet stored");
        }
    }
    Ok(())
}

fn count(operation: &Operation, tally: &Tally) {
    tally.count(match &operation.ended {
        Some((_, Answer::Committed { .. })) => "committed",
        Some((_, Answer::Nothing)) => "nothing to do",
        Some((_, Answer::Unknown)) => "unknown",
        Some((_, Answer::Rejected(LogError::ClockOff { .. }))) => "clock refused",
        Some((_, Answer::Rejected(LogError::Store { .. }))) => "store refused",
        Some((_, Answer::Rejected(LogError::Closed { .. }))) => "refused by a closed log",
        Some((_, Answer::Rejected(LogError::Hole { .. }))) => "stopped at a hole",
        Some((_, Answer::Rejected(LogError::Damaged { .. }))) => "stopped at damage",
        Some((_, Answer::Rejected(_) | Answer::Nonsense(_))) => "refused for another reason",
        None => "never told",
    });
}
