//! What is in the store at the end, and what must hold of it whatever anybody was told.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::event::Event;
use leviathan_core::graph::Graph;
use leviathan_core::ports::ObjectStore as _;
use leviathan_local::MemoryStore;
use leviathan_log::commit::decode;
use leviathan_log::views::BLOCK;
use leviathan_log::views::graph::block_objects;
use leviathan_log::{Commit, View, fold, keys};

use super::{at_once, bystander, demand};
use crate::process::WINDOW;

/// The log, sound in itself.
pub(super) struct Truth {
    pub(super) commits: Vec<Arc<Commit>>,
    /// After each commit, folded from commit 0.
    pub(super) views: Vec<View>,
    /// The same of what is only shown.
    pub(super) graphs: Vec<Graph>,
    /// The views of all that left the graph, by their keys.
    pub(super) left: BTreeMap<String, Bytes>,
}

/// The operation that wanted this event.
pub(crate) fn whose(event: &Event) -> Option<u64> {
    let noted = event.payload.get("operation").and_then(|id| id.as_u64());
    noted.or_else(|| event.principal.name.as_ref()?.parse().ok())
}

/// Verifies the log, and rebuilds its state commit by commit.
pub(super) fn read(store: &Arc<MemoryStore>) -> Result<Truth, String> {
    let log = bystander(store.clone());
    let report = at_once(log.verify(None, |_| {})).map_err(|problem| problem.to_string())?;
    demand(report.fault.is_none(), || format!("the log is not sound: {:?}", report.fault))?;
    let mut truth =
        Truth { commits: Vec::new(), views: Vec::new(), graphs: Vec::new(), left: BTreeMap::new() };
    let mut view = View::default();
    let (mut graph, mut left) = (Graph::new(WINDOW), Vec::new());
    for seq in 0..report.commits {
        let object =
            at_once(store.get(&keys::commit(seq))).map_err(|problem| problem.to_string())?;
        let stored = decode(seq, object.bytes).map_err(|fault| fault.to_string())?;
        view.position.advance(&stored).map_err(|fault| fault.to_string())?;
        fold(&mut view.state, &stored.commit);
        truth.views.push(view.clone());
        for event in &stored.commit.events {
            graph.apply(event);
            let known = left.len() as u64;
            let new = graph.past().newest().filter(|(number, _)| *number >= known);
            left.extend(new.map(|(number, departure)| (number, departure.clone())));
        }
        truth.graphs.push(graph.clone());
        truth.commits.push(stored.commit);
    }
    for (number, block) in (0..).zip(left.chunks_exact(usize::try_from(BLOCK).expect("small"))) {
        let objects = block_objects(number, block).map_err(|problem| problem.to_string())?;
        truth.left.extend(objects);
    }
    Ok(truth)
}

impl Truth {
    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.commits.iter().flat_map(|commit| &commit.events)
    }

    /// Each decision was made on exactly the state that its part of a commit follows on.
    pub(super) fn decided_on_what_was_before(&self) -> Result<(), String> {
        for part in self.commits.iter().flat_map(|commit| &commit.header.parts) {
            let events = part.first_offset..part.first_offset + part.count;
            for event in self.events().filter(|event| events.contains(&event.offset)) {
                let Some(seen) = event.payload.get("decided_after") else { continue };
                let first = part.first_offset;
                demand(seen.as_u64() == Some(first), || {
                    format!(
                        "a part of commit {} was decided after {seen} events, not {first}",
                        event.seq
                    )
                })?;
            }
        }
        Ok(())
    }

    /// Nothing stands behind the end of the log.
    pub(super) fn ends_where_it_was_closed(&self) -> Result<(), String> {
        let closed = self.events().find(|event| event.event_type == "log.closed");
        let end = self.events().last();
        demand(
            closed.is_none() || closed.map(|event| event.offset) == end.map(|event| event.offset),
            || {
                format!(
                    "the log goes on after it was closed at {:?}",
                    closed.map(|event| event.offset)
                )
            },
        )
    }

    /// Whether it was closed.
    pub(super) fn is_closed(&self) -> bool {
        self.events().any(|event| event.event_type == "log.closed")
    }

    /// A decision that depends on the state: of all that wanted to register a target, one did.
    pub(super) fn registered_once(&self) -> Result<(), String> {
        let mut by_target: BTreeMap<&str, u64> = BTreeMap::new();
        for event in self.events().filter(|event| event.event_type == "target.registered") {
            let target = event.payload.get("target_id").and_then(|id| id.as_str());
            *by_target.entry(target.unwrap_or_default()).or_default() += 1;
        }
        demand(by_target.values().all(|times| *times == 1), || {
            format!("a target was registered more than once: {by_target:?}")
        })
    }
}
