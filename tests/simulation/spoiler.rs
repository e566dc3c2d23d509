//! Somebody spoils what is derived from the log, or cuts the log off behind it. What is derived is
//! never trusted: whoever starts cold sees what the log says, however it was spoiled. But where it
//! says that the log was longer once, he stops.

use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::graph::Graph;
use leviathan_core::ids::Digest;
use leviathan_core::ports::ObjectStore;
use leviathan_core::state::{STATE_FORMAT, State};
use leviathan_local::MemoryStore;
use leviathan_log::hint::{Hint, HintedSnapshot};
use leviathan_log::snapshot::{decode, encode};
use leviathan_log::views::graph;
use leviathan_log::{View, keys};

use crate::check::{at_once, bystander, demand};
use crate::event_loop::NETWORK;
use crate::process::{Shared, WINDOW};

#[derive(Debug, Clone, Copy)]
enum Spoiled {
    /// The newest snapshot is gone; the hint still names it.
    SnapshotLost,
    /// It lost its end.
    SnapshotCut,
    /// It is one of another log, sound in itself.
    SnapshotOfAnother,
    /// A snapshot lies there of a commit that the log does not have.
    SnapshotAhead,
    HintLost,
    HintCut,
    /// It names the oldest snapshot.
    HintOld,
    /// It names an end that the log does not have.
    HintAhead,
    /// The log lost its end, without a trace.
    LogCut,
}

const ALL: [Spoiled; 9] = [
    Spoiled::SnapshotLost,
    Spoiled::SnapshotCut,
    Spoiled::SnapshotOfAnother,
    Spoiled::SnapshotAhead,
    Spoiled::HintLost,
    Spoiled::HintCut,
    Spoiled::HintOld,
    Spoiled::HintAhead,
    Spoiled::LogCut,
];

/// What both stores hold.
struct Stored {
    log: Vec<(String, Bytes)>,
    snapshots: Vec<(String, Bytes)>,
    hint: Option<Hint>,
}

/// All objects under this prefix, in the order of their keys.
pub(crate) fn objects(store: &MemoryStore, prefix: &str) -> Vec<(String, Bytes)> {
    let keys = at_once(store.list(prefix, None, usize::MAX)).expect("memory lists");
    let bytes = |key: &str| at_once(store.get(key)).expect("it is listed").bytes;
    keys.into_iter().map(|key| (key.clone(), bytes(&key))).collect()
}

/// The graph that all of the log gives.
fn rebuilt(log: &Arc<MemoryStore>, commits: u64) -> Graph {
    let (log, mut graph) = (bystander(log.clone()), Graph::new(WINDOW));
    for seq in 0..commits {
        let commit = at_once(log.read(seq)).expect("the log is sound");
        commit.events.iter().for_each(|event| graph.apply(event));
    }
    graph
}

/// One of the graphs is lost, cut, or replaced by another's; or none is.
fn spoil_a_graph(graphs: &mut Vec<(String, Bytes)>, how: u64, below: &impl Fn(usize) -> usize) {
    let Some(at) = graphs.len().checked_sub(1).map(|_| below(graphs.len())) else { return };
    match how {
        0 => drop(graphs.remove(at)),
        1 => {
            let half = graphs[at].1.len() / 2;
            graphs[at].1.truncate(half);
        }
        2 => graphs[at].1 = graphs[below(graphs.len())].1.clone(),
        _ => {}
    }
}

/// Spoils copies of the stores and looks what a cold start makes of them.
pub(crate) fn spoil(shared: &Shared) -> Result<(), String> {
    let (steps, tally) = (&shared.network.steps, &shared.network.tally);
    let mut stored = Stored {
        log: objects(&shared.store, keys::EVENTS),
        snapshots: objects(&shared.data, &keys::snapshots(STATE_FORMAT)),
        hint: objects(&shared.data, keys::HINT)
            .first()
            .map(|(_, bytes)| Hint::decode(bytes).expect("it was sound")),
    };
    if stored.snapshots.is_empty() {
        return Ok(());
    }
    let below = |bound: usize| usize::try_from(steps.chance.below(bound as u64)).expect("small");
    let spoiled = ALL[below(ALL.len())];
    steps.note(NETWORK, &format!("somebody spoils: {spoiled:?}"));
    tally.count("spoiled");
    let raw_hint = stored.spoil(spoiled, below(stored.log.len()));
    // The longest that anybody says the log was.
    let end = stored.log.len() as u64;
    let stops = stored.hint.as_ref().is_some_and(|hint| hint.head >= end) || stored.newest() >= end;
    let copy = |objects: &[(String, Bytes)]| {
        let store = Arc::new(MemoryStore::new());
        for (key, bytes) in objects {
            at_once(store.create(key, bytes.clone())).expect("it is new");
        }
        store
    };
    let mut graphs = objects(&shared.data, &graph::starts());
    spoil_a_graph(&mut graphs, steps.chance.below(4), &below);
    let derived = [stored.snapshots.clone(), graphs].concat();
    let (log, data) = (copy(&stored.log), copy(&derived));
    if let Some(bytes) = raw_hint.or_else(|| stored.hint.as_ref().map(Hint::encode)) {
        at_once(data.replace(keys::HINT, bytes)).expect("memory replaces");
    }
    let plain = at_once(bystander(log.clone()).view()).expect("the log is sound");
    let found = bystander(log.clone()).with_data(data).with_rules(shared.rules);
    let found = found.showing_within(WINDOW);
    match at_once(found.view()) {
        Err(problem) if stops && problem.is_fault_of_the_log() => {
            tally.count("stopped at a shorter log");
            Ok(())
        }
        Ok(view) if !stops && *view == *plain => {
            let shown = at_once(found.shown()).map_err(|problem| problem.to_string())?;
            let plain = rebuilt(&log, plain.position.next_seq());
            demand(shown.graph == plain, || {
                format!("with a spoiled graph another one was shown after {spoiled:?}")
            })
        }
        Ok(view) => Err(format!(
            "{spoiled:?} was believed: a cold start sees {} events, there are {}",
            view.position.offset, plain.position.offset
        )),
        Err(problem) => Err(format!("a cold start stopped at {spoiled:?}: {problem}")),
    }
}

impl Stored {
    /// The commit of the newest snapshot that can be read.
    fn newest(&self) -> u64 {
        let sound = self.snapshots.iter().rev().filter_map(|(key, bytes)| {
            let (_, seq) = keys::snapshot_seq(key)?;
            decode(seq, bytes).ok().map(|_| seq)
        });
        sound.max().unwrap_or_default()
    }

    /// Spoils it; the hint's bytes, where they are no hint any more.
    fn spoil(&mut self, spoiled: Spoiled, cut: usize) -> Option<Bytes> {
        let (key, bytes) = self.snapshots.last().cloned().expect("there is one");
        let (_, seq) = keys::snapshot_seq(&key).expect("it is a snapshot's key");
        let newest = self.snapshots.len() - 1;
        let end = self.log.len() as u64;
        match spoiled {
            Spoiled::SnapshotLost => drop(self.snapshots.pop()),
            Spoiled::SnapshotCut => self.snapshots[newest].1 = bytes.slice(..bytes.len() / 2),
            Spoiled::SnapshotOfAnother => {
                self.snapshots[newest].1 = of_another(decode(seq, &bytes).expect("it was sound"));
            }
            Spoiled::SnapshotAhead => {
                let mut view = decode(seq, &bytes).expect("it was sound");
                view.position.seq = Some(end + 7);
                let bytes = encode(&view).expect("it has a position");
                self.snapshots.push((keys::snapshot(STATE_FORMAT, end + 7), bytes));
                self.hint = None;
            }
            Spoiled::HintLost => self.hint = None,
            Spoiled::HintCut => {
                let bytes = self.hint.take().map(|hint| hint.encode());
                return Some(bytes.map_or(Bytes::new(), |bytes| bytes.slice(..bytes.len() / 2)));
            }
            Spoiled::HintOld => {
                let (_, seq) = keys::snapshot_seq(&self.snapshots[0].0).expect("a snapshot's key");
                let oldest = HintedSnapshot { state_format: STATE_FORMAT, seq };
                self.hint = Some(Hint::new(1, seq, Some(oldest)));
            }
            Spoiled::HintAhead => {
                let named = HintedSnapshot { state_format: STATE_FORMAT, seq };
                self.hint = Some(Hint::new(1, end + 7, Some(named)));
            }
            Spoiled::LogCut => self.log.truncate(cut),
        }
        None
    }
}

/// Of the same commit's number in another log, in which fewer things happened to as many events.
fn of_another(view: View) -> Bytes {
    let events = view.state.events;
    let state = State { events, ..State::default() };
    let mut position = view.position;
    position.digest = Some(Digest::of(b"another log's commit"));
    encode(&View { state, position }).expect("it has a position")
}
