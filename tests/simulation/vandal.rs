//! Somebody damages the log when all is quiet. Whoever comes fresh must stop loudly, append
//! nothing, and `verify` must name the fault.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, StoreError};
use leviathan_log::{LogError, Rules, keys};
use leviathan_tests::log_builders::{note, transaction};

use crate::check::{at_once, bystander};
use crate::event_loop::{NETWORK, Steps};
use crate::process::Shared;

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

/// What the vandal does, and to which commit.
struct Blow {
    damage: Damage,
    /// A commit that is not the last, and the last.
    middle: usize,
    last: usize,
}

/// Damages a copy of the store and looks whether that is noticed.
pub(crate) fn strike(shared: &Shared) -> Result<(), String> {
    let (steps, store) = (&shared.network.steps, &shared.store);
    let names = at_once(store.list(keys::EVENTS, None, usize::MAX)).expect("memory lists");
    if names.len() < 2 {
        return Ok(());
    }
    let below = |bound: usize| usize::try_from(steps.chance.below(bound as u64)).expect("small");
    let last = names.len() - 1;
    let blow = Blow { damage: ALL[below(ALL.len())], middle: below(last), last };
    let what = format!("{:?} of {}", blow.damage, names[blow.middle]);
    steps.note(NETWORK, &format!("a vandal: {what}"));
    shared.network.tally.count("vandalised");
    let commits: Vec<(String, Bytes)> = names
        .into_iter()
        .map(|name| {
            let bytes = at_once(store.get(&name)).expect("it is listed").bytes;
            (name, bytes)
        })
        .collect();
    let fresh = || Arc::new(Damaged::over(damaged(steps, &blow, &commits)));
    noticed(&fresh, shared.rules, &what)?;
    // Whoever has LISTed once takes a 404 without a marker for the end (DECISIONS 8), which is why
    // nobody may delete in a log's store.
    if matches!(blow.damage, Damage::Removed | Damage::Foreign) {
        return Ok(());
    }
    let known = Damaged::over(Objects {
        objects: commits[..below(blow.middle + 1)].iter().cloned().collect(),
        marked: None,
    });
    noticed_by_who_was_there(known, damaged(steps, &blow, &commits), shared.rules, &what)
}

/// The commits after the blow.
fn damaged(steps: &Steps, blow: &Blow, commits: &[(String, Bytes)]) -> Objects {
    let mut left = Objects::default();
    for (index, (name, bytes)) in commits.iter().enumerate() {
        let hit = index == blow.middle;
        let kept = match blow.damage {
            Damage::Removed if hit => None,
            Damage::Replaced if hit => Some(with_another_nonce(bytes)),
            Damage::CutOff if hit => Some(bytes.slice(..bytes.len() / 2)),
            Damage::Flipped if hit => Some(flipped(steps, bytes)),
            Damage::Deleted if index == blow.last => {
                left.marked = Some(name.clone());
                None
            }
            _ => Some(bytes.clone()),
        };
        left.objects.extend(kept.map(|bytes| (name.clone(), bytes)));
    }
    if matches!(blow.damage, Damage::Foreign) {
        left.objects.insert("events/readme".to_owned(), Bytes::new());
    }
    left
}

fn stops(done: Result<(), LogError>, who: &str, what: &str) -> Result<(), String> {
    match done {
        Err(problem) if problem.is_fault_of_the_log() => Ok(()),
        other => Err(format!("{who} did not stop at {what}: {other:?}")),
    }
}

/// By each who comes fresh.
fn noticed(fresh: &impl Fn() -> Arc<Damaged>, rules: Rules, what: &str) -> Result<(), String> {
    let reader = bystander(fresh()).with_rules(rules);
    stops(at_once(reader.view()).map(|_| ()), "a reader", what)?;
    let store = fresh();
    let before = at_once(store.list("", None, usize::MAX));
    let writer = bystander(store.clone()).with_rules(rules);
    let appended = at_once(writer.transact(&transaction("note"), |_, _| note(1)));
    stops(appended.map(|_| ()), "a writer", what)?;
    if at_once(store.list("", None, usize::MAX)) != before {
        return Err(format!("a writer appended after {what}"));
    }
    let report = at_once(bystander(fresh()).verify(None, |_| {}));
    stops(report.and_then(|report| report.fault.map_or(Ok(()), Err)), "verify", what)
}

/// By a reader that had read some of the log before the blow, and reads on.
fn noticed_by_who_was_there(
    store: Damaged,
    after: Objects,
    rules: Rules,
    what: &str,
) -> Result<(), String> {
    let store = Arc::new(store);
    let reader = bystander(store.clone()).with_rules(rules);
    at_once(reader.view()).map_err(|problem| format!("before {what}: {problem}"))?;
    *store.objects.lock().expect("one thread, no panic") = after;
    stops(at_once(reader.view()).map(|_| ()), "a reader that was there before", what)
}

/// The same commit as it would stand there if it had been written once more.
pub(crate) fn with_another_nonce(bytes: &Bytes) -> Bytes {
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

#[derive(Default)]
struct Objects {
    objects: BTreeMap<String, Bytes>,
    /// One that was deleted, versions kept.
    marked: Option<String>,
}

/// A store that somebody may damage while others read it.
struct Damaged {
    objects: Mutex<Objects>,
}

impl Damaged {
    fn over(objects: Objects) -> Self {
        Self { objects: Mutex::new(objects) }
    }
}

#[async_trait]
impl ObjectStore for Damaged {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        let mut inner = self.objects.lock().expect("one thread, no panic");
        if inner.objects.contains_key(key) {
            return Err(StoreError::AlreadyExists { key: key.to_owned() });
        }
        inner.objects.insert(key.to_owned(), bytes);
        Ok(None)
    }
    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.objects.lock().expect("one thread, no panic").objects.insert(key.to_owned(), bytes);
        Ok(())
    }
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        let inner = self.objects.lock().expect("one thread, no panic");
        match inner.objects.get(key) {
            Some(bytes) => Ok(Object { bytes: bytes.clone(), store_time: None }),
            None => Err(StoreError::NotFound {
                key: key.to_owned(),
                delete_marker: inner.marked.as_deref() == Some(key),
                store_time: None,
            }),
        }
    }
    async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let inner = self.objects.lock().expect("one thread, no panic");
        let after = |key: &&String| start_after.is_none_or(|after| key.as_str() > after);
        let keys = inner.objects.keys().filter(|key| key.starts_with(prefix)).filter(after);
        Ok(keys.take(limit).cloned().collect())
    }
}
