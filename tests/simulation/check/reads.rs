//! Whether everything that was read is a beginning of the one history, and no reader went back.

use leviathan_log::View;
use leviathan_log::snapshot::encode;

use super::answers::Excuse;
use super::demand;
use super::truth::Truth;
use crate::event_loop::Owner;
use crate::history::{Answer, Operation, Read, Seen};

pub(super) fn of_one_history(
    truth: &Truth,
    operations: &[Operation],
    reads: &[Read],
    excused: impl Fn(Owner) -> Excuse,
) -> Result<(), String> {
    let acknowledged: Vec<(u64, u64)> = operations
        .iter()
        .filter_map(|operation| match &operation.ended {
            Some((ended, Answer::Committed { seq, .. })) => Some((*ended, *seq)),
            _ => None,
        })
        .collect();
    let mut seen: Vec<(u64, u64)> = Vec::new();
    for read in reads {
        let commits = match &read.result {
            Ok(Seen::View(view)) => {
                same_as_rebuilt(truth, view)?;
                view.position.seq.map_or(0, |seq| seq + 1)
            }
            Ok(Seen::Events(events)) => commits_that_hold(truth, *events)?,
            Err(problem) if excused(read.owner).covers(problem) => continue,
            Err(problem) => return Err(format!("a reader was refused: {problem}")),
        };
        for (ended, seq) in &acknowledged {
            demand(*ended > read.begun || *seq < commits, || {
                format!("process {} read {commits} commits after {seq} was there", read.owner)
            })?;
        }
        for (ended, before) in &seen {
            demand(*ended > read.begun || *before <= commits, || {
                format!("process {} read {commits} commits after {before} were read", read.owner)
            })?;
        }
        seen.push((read.ended, commits));
    }
    Ok(())
}

/// How many whole commits these events are. A decision that shares a commit sees the parts before
/// its own as well, so it may end at any part, and only there.
fn commits_that_hold(truth: &Truth, events: u64) -> Result<u64, String> {
    let parts = truth.commits.iter().flat_map(|commit| &commit.header.parts);
    let mut ends = parts.map(|part| part.first_offset + part.count);
    demand(events == 0 || ends.any(|end| end == events), || {
        format!("a decision saw {events} events, which is in the middle of a part")
    })?;
    Ok(truth.views.iter().filter(|view| view.position.offset <= events).count() as u64)
}

/// The state that grew with the log, or on a snapshot, is the state that a rebuild from commit 0
/// gives: as a value and in its bytes.
fn same_as_rebuilt(truth: &Truth, view: &View) -> Result<(), String> {
    let Some(seq) = view.position.seq else {
        return demand(*view == View::default(), || "an empty log with a state".to_owned());
    };
    let rebuilt = usize::try_from(seq).ok().and_then(|index| truth.views.get(index));
    let rebuilt = rebuilt.ok_or_else(|| format!("a reader saw a commit {seq}"))?;
    demand(rebuilt.position == view.position, || {
        format!("a reader saw another commit {seq} than the one that is there")
    })?;
    let same = rebuilt == view && encode(rebuilt).ok() == encode(view).ok();
    demand(same, || format!("the state after commit {seq} is not the one that a rebuild gives"))
}
