//! Whether the history of a run is linearizable. The log as a sequential thing: it takes events at
//! its end, a bundle and a target only if it has not seen them, nothing
//! once it is closed, and says how many events it holds.
//! Judged by what clients and readers were told, without a look at what is stored.

use std::collections::BTreeSet;

use super::wing_gong::{Call, Sequential, Verdict, linearize};
use leviathan_log::LogError;

use crate::figures::Tally;
use crate::history::{Answer, Operation, Read, Wish};

/// The figure of how many calls were judged.
pub(crate) const CALLS: &str = "calls judged for linearizability";

/// The figure of how many had nothing to be judged, because they were refused.
pub(crate) const REFUSED: &str = "calls refused";

#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Sequence {
    events: u64,
    bundles: BTreeSet<u64>,
    targets: BTreeSet<String>,
    closed: bool,
}

#[derive(Debug, Clone)]
enum Told {
    /// Appended at this offset; `None`: perhaps, anywhere.
    Appended { operation: Operation, offset: Option<u64> },
    /// There was nothing to append.
    Known { operation: Operation },
    /// The log is closed.
    Closed,
    /// So many events.
    Read { events: u64 },
}

impl Sequence {
    fn knows(&self, operation: &Operation) -> bool {
        match &operation.wish {
            Wish::Note | Wish::Close => false,
            Wish::Register(name) => self.targets.contains(name),
            Wish::Bundle => self.bundles.contains(&operation.id),
        }
    }
}

impl Sequential for Sequence {
    type Call = Told;

    fn take(&self, call: &Told) -> Option<Self> {
        match call {
            Told::Read { events } => (*events == self.events).then(|| self.clone()),
            Told::Closed => self.closed.then(|| self.clone()),
            Told::Known { operation } => self.knows(operation).then(|| self.clone()),
            Told::Appended { operation, offset } => {
                // An open call that would change nothing is as if it never happened.
                let fits = offset.is_none_or(|offset| offset == self.events);
                if self.closed || self.knows(operation) || !fits {
                    return None;
                }
                let mut after = self.clone();
                after.events += operation.events;
                match &operation.wish {
                    Wish::Note => {}
                    Wish::Close => after.closed = true,
                    Wish::Register(name) => drop(after.targets.insert(name.clone())),
                    Wish::Bundle => drop(after.bundles.insert(operation.id)),
                }
                Some(after)
            }
        }
    }

    fn is_past(&self, call: &Told) -> bool {
        match call {
            Told::Read { events } => *events < self.events,
            Told::Appended { offset, .. } => offset.is_some_and(|offset| offset < self.events),
            Told::Known { .. } | Told::Closed => false,
        }
    }
}

/// Judges the history of a run.
pub(super) fn linearizable(
    operations: &[Operation],
    reads: &[Read],
    tally: &Tally,
) -> Result<(), String> {
    let mut calls: Vec<Call<Told>> = operations.iter().filter_map(call_of).collect();
    calls.extend(reads.iter().filter_map(|read| {
        let events = read.result.as_ref().ok()?.events();
        Some(Call { what: Told::Read { events }, begun: read.begun, ended: Some(read.ended) })
    }));
    tally.add(CALLS, calls.len() as u64);
    tally.add(REFUSED, (operations.len() + reads.len() - calls.len()) as u64);
    match linearize(Sequence::default(), &calls) {
        Verdict::Order(_) => Ok(()),
        Verdict::GaveUp => Err("whether the history is linearizable takes too long".to_owned()),
        Verdict::Impossible { longest, stuck } => {
            let stuck: Vec<String> = stuck.iter().map(|at| format!("{:?}", calls[*at])).collect();
            Err(format!(
                "the history is not linearizable: after {} of {} calls none of these can follow: {}",
                longest.len(),
                calls.len(),
                stuck.join("; ")
            ))
        }
    }
}

/// `None`: it has changed nothing and seen nothing.
fn call_of(operation: &Operation) -> Option<Call<Told>> {
    let own = || operation.clone();
    let (what, ended) = match &operation.ended {
        Some((ended, Answer::Committed { offset, .. })) => {
            (Told::Appended { operation: own(), offset: Some(*offset) }, Some(*ended))
        }
        Some((ended, Answer::Nothing)) => (Told::Known { operation: own() }, Some(*ended)),
        Some((_, Answer::Unknown)) | None => {
            (Told::Appended { operation: own(), offset: None }, None)
        }
        Some((ended, Answer::Rejected(LogError::Closed { .. }))) => (Told::Closed, Some(*ended)),
        Some((_, Answer::Rejected(_) | Answer::Nonsense(_))) => return None,
    };
    Some(Call { what, begun: operation.begun, ended })
}
