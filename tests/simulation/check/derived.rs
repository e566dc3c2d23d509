//! Whether everything that was derived from the log says what the log says.

use std::sync::Arc;

use leviathan_core::graph::Graph;
use leviathan_core::ports::ObjectStore as _;
use leviathan_core::state::STATE_FORMAT;
use leviathan_local::MemoryStore;
use leviathan_log::hint::Hint;
use leviathan_log::snapshot::encode;
use leviathan_log::views::graph;
use leviathan_log::{LogError, keys};

use super::answers::Excuse;
use super::truth::Truth;
use super::{at_once, demand};
use crate::event_loop::Owner;

/// Each snapshot and each view has the bytes of a rebuild; the hint names a snapshot that is there,
/// and no commit that is not.
pub(super) fn is_of_the_log(truth: &Truth, data: &Arc<MemoryStore>) -> Result<(), String> {
    let snapshots = keys::snapshots(STATE_FORMAT);
    for key in at_once(data.list("", None, usize::MAX)).expect("memory lists") {
        let object = at_once(data.get(&key)).expect("it is listed");
        if key.starts_with(&snapshots) {
            let (_, seq) = keys::snapshot_seq(&key).ok_or_else(|| format!("what is {key}?"))?;
            let rebuilt = usize::try_from(seq).ok().and_then(|index| truth.views.get(index));
            let rebuilt = rebuilt.and_then(|view| encode(view).ok());
            demand(rebuilt == Some(object.bytes), || {
                format!("the snapshot {key} is not what a rebuild gives")
            })?;
        } else if key.starts_with(&graph::starts()) {
            let seq = graph::start_seq(&key).ok_or_else(|| format!("what is {key}?"))?;
            let index = usize::try_from(seq).unwrap_or(usize::MAX);
            let rebuilt = truth.views.get(index).zip(truth.graphs.get(index));
            let rebuilt = rebuilt.and_then(|(view, g)| graph::encode(&view.position, g).ok());
            demand(rebuilt == Some(object.bytes), || {
                format!("the graph {key} is not what a rebuild gives")
            })?;
        } else if key.starts_with(keys::GRAPH_VIEWS) {
            demand(truth.left.get(&key) == Some(&object.bytes), || {
                format!("the view {key} is not what a rebuild gives")
            })?;
        } else {
            demand(key == keys::HINT, || format!("what is {key}?"))?;
            let hint = Hint::decode(&object.bytes)?;
            demand(hint.head < truth.commits.len() as u64, || {
                format!("the hint names commit {}, which is not there", hint.head)
            })?;
            let named = hint.snapshot.map(|named| keys::snapshot(named.state_format, named.seq));
            demand(named.is_some_and(|key| at_once(data.get(&key)).is_ok()), || {
                format!("the hint names a snapshot that is not there: {:?}", hint.snapshot)
            })?;
        }
    }
    Ok(())
}

/// What a process was shown, having begun from views or not, is what a rebuild gives.
pub(super) fn shown_as_rebuilt(truth: &Truth, shown: &[(Owner, Graph)]) -> Result<(), String> {
    for (owner, graph) in shown {
        let events = graph.events();
        let same = events == 0 || truth.graphs.contains(graph);
        demand(same, || {
            format!(
                "process {owner} was shown another graph of {events} events than a rebuild gives"
            )
        })?;
    }
    Ok(())
}

/// What could not be done had a reason.
pub(super) fn failed_for_a_reason(
    failures: &[(Owner, LogError)],
    excused: impl Fn(Owner) -> Excuse,
) -> Result<(), String> {
    let without = failures.iter().find(|(owner, problem)| !excused(*owner).covers(problem));
    without.map_or(Ok(()), |(owner, problem)| Err(format!("process {owner}: upkeep: {problem}")))
}
