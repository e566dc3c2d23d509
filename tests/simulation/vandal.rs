//! Somebody damages the log when all is quiet. Whoever comes fresh must stop loudly, append
//! nothing, and `verify` must name the fault.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, StoreError};
use leviathan_local::MemoryStore;
use leviathan_log::{Rules, keys};
use leviathan_tests::log_builders::{note, transaction};

use crate::check::{at_once, bystander};
use crate::event_loop::{NETWORK, Steps};
use crate::history::History;

#[derive(Debug, Clone, Copy)]
enum Damage {
    /// A commit that is not the last is gone.
    Removed,
    /// A commit that is not the last is another, sound in itself.
    Replaced,
    /// The last commit was deleted in a store with versions.
    Deleted,
    /// A commit lost its end.
    CutOff,
    /// One bit of a commit that is not the last is another.
    Flipped,
    /// Something lies among the commits.
    Foreign,
}

const ALL: [Damage; 6] = [
    Damage::Removed,
    Damage::Replaced,
    Damage::Deleted,
    Damage::CutOff,
    Damage::Flipped,
    Damage::Foreign,
];

/// Damages a copy of the store and looks whether that is noticed.
pub(crate) fn strike(
    steps: &Steps,
    history: &History,
    store: &Arc<MemoryStore>,
    rules: Rules,
) -> Result<(), String> {
    let names = at_once(store.list(keys::EVENTS, None, usize::MAX)).expect("memory lists");
    if names.len() < 2 {
        return Ok(());
    }
    let last = names.len() - 1;
    let middle = usize::try_from(steps.chance.below(last as u64)).expect("small");
    let damage = ALL[usize::try_from(steps.chance.below(ALL.len() as u64)).expect("small")];
    steps.note(NETWORK, &format!("a vandal: {damage:?}, {}", names[middle]));
    history.count("vandalised");
    let damaged = Arc::new(Damaged::default());
    for (index, name) in names.iter().enumerate() {
        let bytes = at_once(store.get(name)).expect("it is listed").bytes;
        let kept = match damage {
            Damage::Removed if index == middle => None,
            Damage::Replaced if index == middle => Some(with_another_nonce(&bytes)),
            Damage::Deleted if index == last => None,
            Damage::CutOff if index == middle => Some(bytes.slice(..bytes.len() / 2)),
            Damage::Flipped if index == middle => Some(flipped(steps, &bytes)),
            _ => Some(bytes),
        };
        if let Some(bytes) = kept {
            at_once(damaged.store.create(name, bytes)).expect("it is new");
        }
    }
    let damaged = Arc::new(Damaged {
        marked: matches!(damage, Damage::Deleted).then(|| names[last].clone()),
        store: Arc::into_inner(damaged).expect("nobody else has it").store,
    });
    if matches!(damage, Damage::Foreign) {
        at_once(damaged.store.create("events/readme", Bytes::new())).expect("it is new");
    }
    let what = format!("{damage:?} of {}", names[middle]);
    noticed(&damaged, rules, &what)
}

fn noticed(damaged: &Arc<Damaged>, rules: Rules, what: &str) -> Result<(), String> {
    let stops = |done: Result<(), leviathan_log::LogError>, who: &str| match done {
        Err(problem) if problem.is_fault_of_the_log() => Ok(()),
        other => Err(format!("{who} did not stop at {what}: {other:?}")),
    };
    let fresh = bystander(damaged.clone()).with_rules(rules);
    stops(at_once(fresh.view()).map(|_| ()), "a reader")?;
    let before = at_once(damaged.list("", None, usize::MAX));
    let fresh = bystander(damaged.clone()).with_rules(rules);
    let appended = at_once(fresh.transact(&transaction("note"), |_, _| note(1)));
    stops(appended.map(|_| ()), "a writer")?;
    if at_once(damaged.list("", None, usize::MAX)) != before {
        return Err(format!("a writer appended after {what}"));
    }
    let report = at_once(bystander(damaged.clone()).verify(None, |_| {}));
    stops(report.and_then(|report| report.fault.map_or(Ok(()), Err)), "verify")
}

/// The same commit as it would stand there if it had been written once more.
fn with_another_nonce(bytes: &Bytes) -> Bytes {
    let text = String::from_utf8(bytes.to_vec()).expect("a commit is text");
    let at = text.find("\"nonce\":\"").expect("a commit has a nonce") + "\"nonce\":\"".len();
    let other = if text[at..].starts_with('0') { "1" } else { "0" };
    Bytes::from(format!("{}{other}{}", &text[..at], &text[at + 1..]))
}

fn flipped(steps: &Steps, bytes: &Bytes) -> Bytes {
    let mut bytes = bytes.to_vec();
    let at = usize::try_from(steps.chance.below(bytes.len() as u64)).expect("small");
    bytes[at] ^= 1 << steps.chance.below(8);
    Bytes::from(bytes)
}

/// A memory store in which one object may have been deleted, versions kept.
#[derive(Default)]
struct Damaged {
    store: MemoryStore,
    marked: Option<String>,
}

#[async_trait]
impl ObjectStore for Damaged {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        self.store.create(key, bytes).await
    }
    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.store.replace(key, bytes).await
    }
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        if self.marked.as_deref() == Some(key) {
            return Err(StoreError::NotFound {
                key: key.to_owned(),
                delete_marker: true,
                store_time: None,
            });
        }
        self.store.get(key).await
    }
    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.store.list(prefix, start_after, limit).await
    }
}
