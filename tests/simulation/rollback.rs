//! Somebody rolls a sealed log back, or rewrites its end. Nothing of that may be signed, and whoever
//! verifies notices it by a checkpoint. What was sealed before is compared with the event lines, by
//! a tree of this file's own (RFC 6962).

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use data_encoding::BASE64;
use leviathan_core::ports::ObjectStore;
use leviathan_local::{FileSigner, MemoryStore};
use leviathan_log::seal::Checkpoint;
use leviathan_log::{LogError, Rules, keys};
use sha2::{Digest as _, Sha256};

use crate::check::{at_once, bystander};
use crate::event_loop::NETWORK;
use crate::process::Shared;
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

/// A key for all runs of this process: no step of a run depends on it.
fn signer() -> &'static FileSigner {
    static SIGNER: OnceLock<FileSigner> = OnceLock::new();
    SIGNER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        FileSigner::open_or_make(&folder.path().join("key")).expect("a key can be made")
    })
}

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
    at_once(bystander(store.clone()).with_rules(rules).seal(signer(), Some(second)))
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
    is_of_the_events(&log, &store, &second)?;

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

/// Each checkpoint is over the events' lines, in both places, and both of them are there.
fn is_of_the_events(
    log: &[(String, Bytes)],
    store: &MemoryStore,
    second: &MemoryStore,
) -> Result<(), String> {
    let mut leaves = Vec::new();
    for (_, bytes) in log {
        let lines = bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n');
        leaves.extend(lines.skip(1).map(|line| hash(&[&[0], line])));
    }
    let checkpoints = objects(store, keys::CHECKPOINTS);
    if checkpoints != objects(second, keys::CHECKPOINTS) {
        return Err("the two places have other checkpoints".to_owned());
    }
    let mut largest = 0;
    for (key, note) in checkpoints {
        let size = keys::checkpoint_size(&key).and_then(|size| usize::try_from(size).ok());
        let size = size.ok_or_else(|| format!("what is {key}?"))?;
        largest = size;
        let covered = leaves.get(..size).ok_or_else(|| format!("{key} is beyond the end"))?;
        let expected = format!("\n{size}\n{}\n", BASE64.encode(&root(covered)));
        let text = String::from_utf8_lossy(&note);
        if !text.contains(&expected) {
            return Err(format!("{key} is not over the first {size} events: {text}"));
        }
    }
    if largest == leaves.len() { Ok(()) } else { Err("the end is not sealed".to_owned()) }
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// RFC 6962, 2.1, word for word.
fn root(leaves: &[[u8; 32]]) -> [u8; 32] {
    match leaves {
        [] => hash(&[]),
        [leaf] => *leaf,
        several => {
            let mut split = 1;
            while split * 2 < several.len() {
                split *= 2;
            }
            let (left, right) = several.split_at(split);
            hash(&[&[1], &root(left), &root(right)])
        }
    }
}
