//! Sealing where the log's own store has fewer checkpoints than there are: after a restore, with an
//! old LIST, after a roll-back. What is still the same log is sealed on under the same key; what is
//! not is never signed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::event::Principal;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, Signer as _, StoreError};
use leviathan_local::FileSigner;
use leviathan_log::seal::{Checkpoint, SealFault, VerifierKey};
use leviathan_log::{Known, Log, LogError, Restore, Until, Writer, keys};
use leviathan_tests::clock::SeededEntropy;

use crate::keeping::{append, clock, objects, process, store, store_of};
use crate::seal::signer;

type Store = Arc<dyn ObjectStore>;

fn key_of(signer: &FileSigner) -> VerifierKey {
    VerifierKey::new(signer.name(), &signer.public_key()).unwrap()
}

async fn kept(store: &Store, size: u64, signer: &FileSigner) -> Checkpoint {
    let note = store.get(&keys::checkpoint(size)).await.unwrap().bytes;
    Checkpoint::open(&note, &key_of(signer)).unwrap()
}

fn cold(store: &Store, seed: u64) -> Log {
    process(store, &clock(), seed)
}

/// A log of these sizes of one commit each, sealed at each of them, and its second place.
async fn sealed_at(sizes: &[u64], signer: &FileSigner) -> (Store, Store) {
    let (own, second) = (store(), store());
    let log = cold(&own, 1);
    let mut have = 0;
    for size in sizes {
        for number in have..*size {
            append(&log, number).await.unwrap();
        }
        have = *size;
        log.seal(signer, Some(second.as_ref())).await.unwrap().unwrap();
    }
    (own, second)
}

async fn restored(from: &Store, until: Until) -> Store {
    let to = store();
    let restore = Restore::new(
        (Arc::clone(from), "/backup".to_owned()),
        (Arc::clone(&to), "/new".to_owned()),
        clock(),
        Arc::new(SeededEntropy::new(5)),
        Writer { program: "test".to_owned(), version: "0.0.0".to_owned() },
        Principal::keeper("ada"),
    )
    .until(until);
    let found = restore.plan(|_| ()).await.unwrap();
    restore.run(&found, |_| ()).await.unwrap();
    to
}

async fn verified(store: &Store, key: &FileSigner, since: Option<Checkpoint>) -> Option<LogError> {
    let known = Known { key: Some(key_of(key)), since, head: None };
    cold(store, 8).verify_with(&known, |_| {}).await.unwrap().fault
}

fn fault(sealed: Result<Option<Checkpoint>, LogError>) -> SealFault {
    let error = sealed.unwrap_err();
    let fault = if let LogError::Seal(fault) = &error { Some(fault.clone()) } else { None };
    assert!(fault.is_some(), "{error}");
    fault.unwrap()
}

#[tokio::test]
async fn a_restored_log_is_sealed_on_under_its_key_and_goes_on_from_each_old_checkpoint() {
    let signer = signer();
    let (old, second) = sealed_at(&[100, 300, 330], &signer).await;
    let backup = store();
    cold(&old, 2).backup(Arc::clone(&backup), None, false, |_| ()).await.unwrap();
    let new = restored(&backup, Until::End).await;
    assert!(new.list(keys::TILES, None, 10).await.unwrap().is_empty(), "no seal is restored");
    let mut before = Vec::new();
    for size in [100, 300, 330] {
        let checkpoint = kept(&old, size, &signer).await;
        // Not sealed yet: the events alone prove it.
        assert_eq!(verified(&new, &signer, Some(checkpoint.clone())).await, None, "{size}");
        before.push(checkpoint);
    }
    let log = cold(&new, 3);
    let sealed = log.seal(&signer, Some(second.as_ref())).await.unwrap().unwrap();
    assert_eq!(sealed.size, 331, "and log.restored");
    for checkpoint in before {
        assert_eq!(verified(&new, &signer, Some(checkpoint)).await, None);
    }
    append(&log, 1).await.unwrap();
    log.seal(&signer, Some(second.as_ref())).await.unwrap().unwrap();
    assert_eq!(verified(&new, &signer, None).await, None);
    // The second place tells one history: each of its checkpoints is one of the new log.
    for key in second.list(keys::CHECKPOINTS, None, 100).await.unwrap() {
        let size = keys::checkpoint_size(&key).unwrap();
        let since = Some(kept(&second, size, &signer).await);
        assert_eq!(verified(&new, &signer, since).await, None, "{key}");
    }
}

#[tokio::test]
async fn a_long_restored_log_is_sealed_in_pieces_that_the_second_place_knows() {
    let signer = signer();
    let sizes: Vec<u64> = (1..=6).map(|number| number * 1_500).collect();
    let (old, second) = sealed_at(&sizes, &signer).await;
    let new = restored(&old, Until::End).await;
    let mut made = Vec::new();
    while let Some(checkpoint) = cold(&new, 3).seal(&signer, Some(second.as_ref())).await.unwrap() {
        made.push(checkpoint.size);
    }
    assert_eq!(made, [4_500, 9_000, 9_001]);
    assert_eq!(verified(&new, &signer, None).await, None);
}

#[tokio::test]
async fn a_log_that_was_restored_without_sealed_events_needs_a_key_and_a_second_place_of_its_own() {
    let old_key = signer();
    let (old, second) = sealed_at(&[300, 600], &old_key).await;
    let new = restored(&old, Until::Commit(449)).await;
    for appended in [0, 200] {
        let log = cold(&new, 3);
        for number in 0..appended {
            append(&log, number).await.unwrap();
        }
        // Shorter than what was sealed, then as long, with another history.
        let fault = fault(log.seal(&old_key, Some(second.as_ref())).await);
        let expected = if appended == 0 {
            matches!(fault, SealFault::Shorter { sealed: 600, .. })
        } else {
            matches!(fault, SealFault::Forked { .. })
        };
        assert!(expected && fault.to_string().contains("backup-restore.md"), "{fault}");
        assert!(new.list(keys::TILES, None, 10).await.unwrap().is_empty(), "nothing was written");
    }
    let (new_key, new_second) = (signer(), store());
    let fault = fault(cold(&new, 3).seal(&new_key, Some(second.as_ref())).await);
    assert!(matches!(fault, SealFault::Checkpoint { .. }), "another key, there: {fault}");
    let sealed = cold(&new, 3).seal(&new_key, Some(new_second.as_ref())).await.unwrap();
    assert_eq!(sealed.unwrap().size, 450 + 1 + 200);
    // What was kept is proven by the old key's checkpoint; what was not kept is contradicted.
    let within = kept(&old, 300, &old_key).await;
    assert_eq!(verified(&new, &new_key, Some(within)).await, None);
    let beyond = kept(&old, 600, &old_key).await;
    let found = verified(&new, &new_key, Some(beyond)).await;
    assert!(matches!(found, Some(LogError::Seal(SealFault::Forked { .. }))), "{found:?}");
}

/// Its LISTs are old: they don't name these keys.
struct OldLists {
    inner: Store,
    unnamed: Mutex<BTreeSet<String>>,
}

impl OldLists {
    fn over(inner: &Store, unnamed: &[String]) -> Store {
        let unnamed = Mutex::new(unnamed.iter().cloned().collect());
        Arc::new(Self { inner: Arc::clone(inner), unnamed })
    }
}

#[async_trait]
impl ObjectStore for OldLists {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        self.inner.create(key, bytes).await
    }
    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.inner.replace(key, bytes).await
    }
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        self.inner.get(key).await
    }
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let listed = self.inner.list(prefix, after, limit).await?;
        let unnamed = self.unnamed.lock().unwrap();
        Ok(listed.into_iter().filter(|key| !unnamed.contains(key)).collect())
    }
}

#[tokio::test]
async fn what_an_old_list_does_not_name_is_looked_for_before_anybody_is_alarmed() {
    let signer = signer();
    let (own, second) = sealed_at(&[100, 200], &signer).await;
    append(&cold(&own, 2), 7).await.unwrap();
    let old_copy = own.get(&keys::checkpoint(100)).await.unwrap().bytes;
    let (checkpoint, commits) = (keys::checkpoint(200), [keys::commit(199), keys::commit(200)]);
    let table = [
        ("the newest checkpoint", vec![checkpoint.clone()]),
        ("every checkpoint", vec![keys::checkpoint(100), checkpoint.clone()]),
        ("the sealed commit and what came after it", commits.to_vec()),
        ("both", [&commits[..], std::slice::from_ref(&checkpoint)].concat()),
    ];
    for (what, unnamed) in &table {
        for copy_is_old in [false, true] {
            let own = store_of(&objects(&own).await).await;
            if copy_is_old {
                own.replace(keys::CHECKPOINT, old_copy.clone()).await.unwrap();
            }
            let second = store_of(&objects(&second).await).await;
            let log = cold(&OldLists::over(&own, unnamed), 3);
            let sealed = log.seal(&signer, Some(second.as_ref())).await;
            assert_eq!(sealed.unwrap().unwrap().size, 201, "{what}, old copy: {copy_is_old}");
        }
    }
    // The same objects, gone in truth.
    let mut cut = objects(&own).await;
    commits.iter().for_each(|key| drop(cut.remove(key)));
    let fault_of = async |objects| {
        let own = store_of(&objects).await;
        fault(cold(&own, 3).seal(&signer, Some(second.as_ref())).await)
    };
    let found = fault_of(cut.clone()).await;
    assert!(matches!(found, SealFault::Shorter { sealed: 200, .. }), "{found}");
    cut.remove(&checkpoint);
    // With a copy that still names what is gone, and with one that does not.
    let found = fault_of(cut.clone()).await;
    assert!(matches!(found, SealFault::Shorter { sealed: 200, .. }), "{found}");
    cut.insert(keys::CHECKPOINT.to_owned(), old_copy);
    let found = fault_of(cut).await;
    assert!(matches!(found, SealFault::Shorter { sealed: 200, .. }), "{found}");
}

/// A store whose content somebody exchanges under a running process.
struct Exchanged(Mutex<Store>);

impl Exchanged {
    fn now(&self) -> Store {
        Arc::clone(&self.0.lock().unwrap())
    }
}

#[async_trait]
impl ObjectStore for Exchanged {
    async fn create(&self, key: &str, bytes: Bytes) -> Result<Option<Timestamp>, StoreError> {
        self.now().create(key, bytes).await
    }
    async fn replace(&self, key: &str, bytes: Bytes) -> Result<(), StoreError> {
        self.now().replace(key, bytes).await
    }
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        self.now().get(key).await
    }
    async fn list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.now().list(prefix, after, limit).await
    }
}

/// Rolled back with everything that sealed it, and there is no second place: the process that sealed
/// it remembers, each time that it is asked.
#[tokio::test]
async fn a_process_remembers_what_it_has_sealed() {
    let signer = signer();
    let earlier = sealed_at(&[100], &signer).await.0;
    let exchanged = Arc::new(Exchanged(Mutex::new(store_of(&objects(&earlier).await).await)));
    let store: Store = exchanged.clone();
    let log = cold(&store, 4);
    append(&log, 1).await.unwrap();
    log.seal(&signer, None).await.unwrap().unwrap();
    append(&log, 2).await.unwrap();
    *exchanged.0.lock().unwrap() = earlier;
    for _ in 0..2 {
        let found = fault(log.seal(&signer, None).await);
        assert!(matches!(found, SealFault::Shorter { sealed: 101, .. }), "{found}");
    }
}
