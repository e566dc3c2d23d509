//! The judgement over a whole history: what was acknowledged is there exactly once, what was
//! rejected is not, what is unknown is there at most once; every decision saw exactly the state
//! that it followed on; every reader saw a beginning of the one history, none an old one.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use leviathan_core::event::Event;
use leviathan_core::ids::Digest;
use leviathan_core::ports::ObjectStore;
use leviathan_core::state::State;
use leviathan_local::MemoryStore;
use leviathan_log::{Commit, Log, LogError, Position, fold};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::log_over;

use crate::event_loop::Owner;
use crate::history::{Answer, History, Operation, Read, Seen, Wish};

/// The result of a future that has nothing to wait for.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits for something"),
    }
}

/// A log as a bystander reads it: all rules, no faults.
pub(crate) fn bystander(store: Arc<dyn ObjectStore>) -> Log {
    log_over(store, Arc::new(HandClock::default()), 0)
}

fn demand(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// What is in the store at the end.
struct Truth {
    commits: Vec<Commit>,
    digests: Vec<Digest>,
    /// After each commit.
    states: Vec<State>,
}

/// Judges the history against what is stored. `skew`: how far a process's clock was off, in s.
pub(crate) fn history(
    history: &History,
    store: &Arc<MemoryStore>,
    skew: impl Fn(Owner) -> i64,
) -> Result<(), String> {
    let truth = truth(store)?;
    let operations = history.operations();
    for operation in &operations {
        count_answer(history, operation);
        allowed(operation, &skew)?;
    }
    each_exactly_as_told(history, &truth, &operations)?;
    decided_on_what_was_before(&truth)?;
    registered_once(&truth)?;
    in_the_order_of_time(&operations)?;
    reads_are_of_one_history(&truth, &operations, &history.reads(), &skew)
}

fn truth(store: &Arc<MemoryStore>) -> Result<Truth, String> {
    let log = bystander(store.clone());
    let report = at_once(log.verify(None, |_| {})).map_err(|problem| problem.to_string())?;
    demand(report.fault.is_none(), || format!("the log is not sound: {:?}", report.fault))?;
    let mut truth = Truth { commits: Vec::new(), digests: Vec::new(), states: Vec::new() };
    let mut state = State::default();
    for seq in 0..report.commits {
        let commit = at_once(log.read(seq)).map_err(|problem| problem.to_string())?;
        let key = leviathan_log::keys::commit(seq);
        let object = at_once(store.get(&key)).map_err(|problem| problem.to_string())?;
        fold(&mut state, &commit);
        truth.digests.push(Digest::of(&object.bytes));
        truth.states.push(state.clone());
        truth.commits.push(commit);
    }
    Ok(truth)
}

fn count_answer(history: &History, operation: &Operation) {
    match &operation.ended {
        Some((_, Answer::Committed { .. })) => history.count("committed"),
        Some((_, Answer::Nothing)) => history.count("nothing to do"),
        Some((_, Answer::Unknown)) => history.count("unknown"),
        Some((_, Answer::Rejected(LogError::ClockOff { .. }))) => history.count("clock refused"),
        Some((_, Answer::Rejected(_))) | None => {}
    }
}

/// In a store that only loses and delays, nothing else may go wrong than this.
fn allowed(operation: &Operation, skew: &impl Fn(Owner) -> i64) -> Result<(), String> {
    let Some((_, Answer::Rejected(problem))) = &operation.ended else { return Ok(()) };
    let expected = match problem {
        LogError::Store { .. } | LogError::Busy { .. } => true,
        LogError::ClockOff { .. } => skew(operation.owner).abs() > 240,
        _ => false,
    };
    demand(expected, || format!("operation {} was refused: {problem}", operation.id))
}

/// Whose events these are, in the commits that hold them.
fn stored_by_operation(truth: &Truth) -> BTreeMap<u64, Vec<(u64, u64)>> {
    let mut stored: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for event in events(truth) {
        let noted = event.payload.get("operation").and_then(|id| id.as_u64());
        let id = noted.or_else(|| event.principal.name.as_ref()?.parse().ok());
        let part = event.payload.get("part").and_then(|part| part.as_u64());
        stored
            .entry(id.expect("every event says whose it is"))
            .or_default()
            .push((event.seq, part.unwrap_or_default()));
    }
    stored
}

fn events(truth: &Truth) -> impl Iterator<Item = &Event> {
    truth.commits.iter().flat_map(|commit| &commit.events)
}

fn each_exactly_as_told(
    history: &History,
    truth: &Truth,
    operations: &[Operation],
) -> Result<(), String> {
    let stored = stored_by_operation(truth);
    let mut tries: BTreeMap<u64, Vec<&Operation>> = BTreeMap::new();
    for operation in operations {
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
                Some(Answer::Committed { seq }) => demand(at == Some(*seq), || {
                    format!("operation {id} was acknowledged in {seq}, it is in {at:?}")
                })?,
                Some(Answer::Nothing) if first.wish == Wish::Bundle => {
                    demand(at.is_some(), || format!("bundle {id} was called known and is not"))?;
                }
                Some(Answer::Unknown) | None => {}
                Some(Answer::Nothing | Answer::Rejected(_)) => continue,
            }
            may_be_stored = true;
        }
        demand(at.is_none() || may_be_stored, || {
            format!("operation {id} was refused, yet stored")
        })?;
        let last = tries.last().and_then(|operation| operation.ended.as_ref());
        if matches!(last, Some((_, Answer::Unknown))) && at.is_some() {
            history.count("unknown, yet stored");
        }
    }
    Ok(())
}

/// Each decision was made on exactly the state that its commit follows on.
fn decided_on_what_was_before(truth: &Truth) -> Result<(), String> {
    for commit in &truth.commits {
        for event in &commit.events {
            let Some(seen) = event.payload.get("decided_after") else { continue };
            let first = commit.header.first_offset;
            demand(seen.as_u64() == Some(first), || {
                format!("commit {} was decided after {seen} events, not {first}", event.seq)
            })?;
        }
    }
    Ok(())
}

/// A decision that depends on the state: of all that wanted to register a target, one did.
fn registered_once(truth: &Truth) -> Result<(), String> {
    let mut by_target: BTreeMap<&str, u64> = BTreeMap::new();
    for event in events(truth).filter(|event| event.event_type == "target.registered") {
        let target = event.payload.get("target_id").and_then(|id| id.as_str());
        *by_target.entry(target.unwrap_or_default()).or_default() += 1;
    }
    demand(by_target.values().all(|times| *times == 1), || {
        format!("a target was registered more than once: {by_target:?}")
    })
}

fn committed(operation: &Operation) -> Option<(u64, u64)> {
    match &operation.ended {
        Some((ended, Answer::Committed { seq })) => Some((*ended, *seq)),
        _ => None,
    }
}

/// What began after another was acknowledged stands behind it.
fn in_the_order_of_time(operations: &[Operation]) -> Result<(), String> {
    for earlier in operations {
        let Some((ended, before)) = committed(earlier) else { continue };
        for later in operations {
            let Some((_, after)) = committed(later) else { continue };
            demand(later.begun < ended || before < after, || {
                format!(
                    "operation {} began after {} was acknowledged, and stands before it",
                    later.id, earlier.id
                )
            })?;
        }
    }
    Ok(())
}

fn reads_are_of_one_history(
    truth: &Truth,
    operations: &[Operation],
    reads: &[Read],
    skew: &impl Fn(Owner) -> i64,
) -> Result<(), String> {
    let mut seen: Vec<(u64, u64)> = Vec::new();
    for read in reads {
        let commits = match &read.result {
            Ok(Seen::View(view)) => {
                same_as_rebuilt(truth, &view.position, &view.state)?;
                view.position.seq.map_or(0, |seq| seq + 1)
            }
            Ok(Seen::Events(events)) => commits_that_hold(truth, *events)?,
            Err(LogError::Store { .. }) => continue,
            Err(LogError::ClockOff { .. }) if skew(read.owner).abs() > 240 => continue,
            Err(problem) => return Err(format!("a reader was refused: {problem}")),
        };
        for operation in operations {
            let Some((ended, seq)) = committed(operation) else { continue };
            demand(ended > read.begun || seq < commits, || {
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

/// How many commits it takes to hold so many events.
fn commits_that_hold(truth: &Truth, events: u64) -> Result<u64, String> {
    let ends = truth.states.iter().map(|state| state.events);
    let held = std::iter::once(0).chain(ends).position(|end| end == events);
    held.map(|commits| commits as u64).ok_or_else(|| {
        format!("a decision saw {events} events, which is in the middle of a commit")
    })
}

/// The state that grew with the log is the state that a rebuild gives.
fn same_as_rebuilt(truth: &Truth, position: &Position, state: &State) -> Result<(), String> {
    let Some(seq) = position.seq else {
        return demand(*state == State::default(), || "an empty log with a state".to_owned());
    };
    let index = usize::try_from(seq).expect("small");
    demand(position.digest.as_ref() == truth.digests.get(index), || {
        format!("a reader saw another commit {seq} than the one that is there")
    })?;
    demand(truth.states.get(index) == Some(state), || {
        format!("the state after commit {seq} is not the one that a rebuild gives")
    })
}
