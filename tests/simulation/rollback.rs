//! Somebody rolls a sealed log back, or rewrites its end. Nothing of that may be signed, and whoever
//! verifies notices it by a checkpoint.

use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::ports::ObjectStore;
use leviathan_local::MemoryStore;
use leviathan_log::seal::Checkpoint;
use leviathan_log::{LogError, Rules, keys};

use crate::check::{at_once, bystander, sealed};
use crate::event_loop::NETWORK;
use crate::process::Shared;
use crate::sealing::Key;
use crate::spoiler::objects;
use crate::vandal::with_another_nonce;

#[derive(Debug, Clone, Copy)]
enum RolledBack {
    /// The log lost its end; its checkpoints are there.
    Cut,
    /// With everything that sealed it: only the second place knows.
    CutWithItsSeal,
    /// The last commit is another, sound in itself.
    Rewritten,
}

const ALL: [RolledBack; 3] = [RolledBack::Cut, RolledBack::CutWithItsSeal, RolledBack::Rewritten];

fn store_of<'a>(objects: impl IntoIterator<Item = &'a (String, Bytes)>) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    for (key, bytes) in objects {
        at_once(store.create(key, bytes.clone())).expect("it is new");
    }
    store
}

/// As a process that knows nothing yet seals it.
fn seal(
    store: &Arc<MemoryStore>,
    second: &MemoryStore,
    rules: Rules,
) -> Result<Option<Checkpoint>, LogError> {
    at_once(bystander(store.clone()).with_rules(rules).seal(&Key::default(), Some(second)))
}

/// Seals a copy of the log in two steps, rolls that back, and looks what a sealer makes of it.
pub(crate) fn roll_back(shared: &Shared) -> Result<(), String> {
    let (steps, tally) = (&shared.network.steps, &shared.network.tally);
    let log = objects(&shared.store, keys::EVENTS);
    if log.is_empty() {
        return Ok(());
    }
    let below = |bound: usize| usize::try_from(steps.chance.below(bound as u64)).expect("small");
    let (first, cut, how) = (below(log.len()), below(log.len()), ALL[below(ALL.len())]);
    steps.note(NETWORK, &format!("somebody rolls {how:?} to {cut} commits"));

    let (store, second) = (store_of(&log[..first]), MemoryStore::new());
    let honest = |store| seal(store, &second, Rules::default()).map_err(|e| e.to_string());
    honest(&store)?;
    for (key, bytes) in &log[first..] {
        at_once(store.create(key, bytes.clone())).expect("it is new");
    }
    honest(&store)?.ok_or("a log that went on was not sealed")?;
    let sealed = sealed::read(&store)?;
    if sealed.size() != sealed.events {
        return Err("the end is not sealed".to_owned());
    }

    let mut left = objects(&store, "");
    left.retain(|(key, _)| match how {
        RolledBack::Cut => log[cut..].iter().all(|(gone, _)| gone != key),
        RolledBack::CutWithItsSeal => log[..cut].iter().any(|(kept, _)| kept == key),
        RolledBack::Rewritten => true,
    });
    if let (RolledBack::Rewritten, Some((last, bytes))) = (how, log.last()) {
        let at = left.iter().position(|(key, _)| key == last).expect("all are left");
        left[at].1 = with_another_nonce(bytes);
    }
    let rolled = store_of(&left);
    let report = at_once(bystander(rolled.clone()).verify(None, |_| {}));
    let seen = report.map_err(|problem| problem.to_string())?.fault.is_some();
    if !seen && !matches!(how, RolledBack::CutWithItsSeal) {
        return Err(format!("verify did not stop at a log that was rolled back: {how:?}"));
    }
    match seal(&rolled, &second, shared.rules) {
        Err(problem) if problem.is_fault_of_the_log() => {
            tally.count("not sealed after a roll-back");
            Ok(())
        }
        other => Err(format!("a log that was rolled back was sealed: {how:?}: {other:?}")),
    }
}
