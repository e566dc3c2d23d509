//! Sealing through the log's outer door: what is written, what it costs, who may race, and what is
//! never signed.

use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::decide::Decision;
use leviathan_core::ports::ObjectStore;
use leviathan_local::{FileSigner, MemoryStore};
use leviathan_log::seal::{Checkpoint, SealFault};
use leviathan_log::{Log, LogError, Rules, keys};
use leviathan_tests::clock::HandClock;
use leviathan_tests::counting_store::{CountingStore, Requests};
use leviathan_tests::log_builders::{event, log_over, note, transaction};
use serde_json::json;

/// A log in memory, the key that seals it, and a second place of trust.
pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) counter: Arc<CountingStore>,
    pub(crate) second: Arc<CountingStore>,
    pub(crate) second_store: Arc<MemoryStore>,
    pub(crate) log: Log,
    pub(crate) signer: FileSigner,
}

pub(crate) fn world() -> World {
    over(Arc::new(MemoryStore::new()))
}

pub(crate) fn signer() -> FileSigner {
    let folder = tempfile::tempdir().unwrap();
    FileSigner::open_or_make(&folder.path().join("key")).unwrap()
}

pub(crate) fn over(store: Arc<MemoryStore>) -> World {
    let counter = Arc::new(CountingStore::over(store.clone()));
    let second_store = Arc::new(MemoryStore::new());
    let second = Arc::new(CountingStore::over(second_store.clone()));
    let log = log_over(counter.clone(), Arc::new(HandClock::default()), 1);
    World { store, counter, second, second_store, log, signer: signer() }
}

impl World {
    /// Appends so many events, in commits of at most 100.
    pub(crate) async fn append(&self, events: u64) {
        append(&self.log, events).await;
    }

    pub(crate) async fn seal(&self) -> Result<Option<Checkpoint>, LogError> {
        self.log.seal(&self.signer, Some(self.second.as_ref())).await
    }

    /// A sealer with another process's memory: none.
    pub(crate) async fn seal_cold(&self) -> Result<Option<Checkpoint>, LogError> {
        let log = self.cold();
        log.view().await?;
        log.seal(&self.signer, Some(self.second.as_ref())).await
    }

    pub(crate) fn cold(&self) -> Log {
        log_over(self.counter.clone(), Arc::new(HandClock::default()), 9)
    }

    fn take(&self) -> (Requests, Requests) {
        (self.counter.take(), self.second.take())
    }
}

pub(crate) async fn append(log: &Log, events: u64) {
    let mut left = events;
    while left > 0 {
        let now = left.min(100);
        left -= now;
        let decide = move |_: &_, _: &_| {
            let events = (0..now).map(|number| event(&json!({ "n": number }))).collect();
            Decision::new(events, ())
        };
        log.transact(&transaction("own"), decide).await.unwrap();
    }
}

pub(crate) async fn get(store: &MemoryStore, key: &str) -> Bytes {
    store.get(key).await.unwrap().bytes
}

async fn names(store: &dyn ObjectStore, prefix: &str) -> Vec<String> {
    store.list(prefix, None, 10_000).await.unwrap()
}

#[tokio::test]
async fn sealing_256_events_is_four_puts_a_replace_and_a_copy() {
    let world = world();
    world.append(256).await;
    world.take();
    let checkpoint = world.seal().await.unwrap().unwrap();
    assert_eq!(checkpoint.size, 256);
    let (own, second) = world.take();
    assert_eq!(own.puts, 4 + 1, "tile/0/000, tile/1/000.p/1, entries, checkpoint; its copy");
    assert_eq!(second.puts, 1);
    assert_eq!(
        names(world.store.as_ref(), keys::TILES).await,
        ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]
    );
    assert_eq!(
        names(world.store.as_ref(), keys::CHECKPOINTS).await,
        ["checkpoints/00000000000000000256"]
    );
    let note = get(&world.store, &keys::checkpoint(256)).await;
    assert_eq!(get(&world.store, keys::CHECKPOINT).await, note);
    assert_eq!(get(&world.second_store, &keys::checkpoint(256)).await, note);
    // The next 256 of a warm sealer: the same again.
    world.append(256).await;
    world.take();
    world.seal().await.unwrap().unwrap();
    let (own, second) = world.take();
    assert_eq!((own.puts, own.lists, second.puts), (4 + 1, 2, 1));
    assert_eq!(own.gets, 1 + 3 + 1, "the sealed commit, three new ones, the end");
}

#[tokio::test]
async fn nothing_new_is_no_request() {
    let world = world();
    assert_eq!(world.seal().await.unwrap(), None, "an empty log");
    world.append(5).await;
    world.seal().await.unwrap().unwrap();
    world.take();
    assert_eq!(world.seal().await.unwrap(), None);
    assert_eq!(world.take(), (Requests::default(), Requests::default()));
}

#[tokio::test]
async fn a_cold_sealer_reads_the_right_edge_and_not_the_log() {
    let world = world();
    world.append(3_000).await;
    world.seal().await.unwrap().unwrap();
    world.append(1).await;
    let cold = world.cold();
    world.take();
    let checkpoint = cold.seal(&world.signer, None).await.unwrap().unwrap();
    assert_eq!(checkpoint.size, 3_001);
    let (own, _) = world.take();
    let edge = 1 + 1 + 2 + 1; // the copy, the checkpoint, two partial tiles, the open entries
    assert_eq!(own.gets, edge + 1 + 1 + 1, "and the sealed commit, the new one, the end");
    assert_eq!((own.puts, own.lists), (1 + 1 + 1 + 1, 2));
}

#[tokio::test]
async fn sealers_that_race_write_the_same_bytes() {
    let world = world();
    for events in [1, 300, 212, 88] {
        world.append(events).await;
        let others = [world.cold(), world.cold(), world.cold()];
        for log in &others {
            log.view().await.unwrap();
        }
        let second = Some(world.second.as_ref() as &dyn ObjectStore);
        let (a, b, c) = tokio::join!(
            others[0].seal(&world.signer, second),
            others[1].seal(&world.signer, second),
            others[2].seal(&world.signer, second),
        );
        // Who comes late enough finds the checkpoint there, and nothing to do.
        let made: Vec<Checkpoint> = [a, b, c].into_iter().filter_map(|end| end.unwrap()).collect();
        assert!(!made.is_empty() && made.windows(2).all(|pair| pair[0] == pair[1]));
    }
    assert_eq!(names(world.store.as_ref(), keys::CHECKPOINTS).await.len(), 4);
}

#[tokio::test]
async fn what_a_sealer_that_died_has_left_is_harmless() {
    let (world, whole) = (world(), world());
    let clock = Arc::new(HandClock::default());
    world.append(700).await;
    for key in names(world.store.as_ref(), keys::EVENTS).await {
        whole.store.create(&key, get(&world.store, &key).await).await.unwrap();
    }
    log_over(whole.store.clone(), clock, 3).seal(&world.signer, None).await.unwrap().unwrap();
    // All of its tiles, but not the checkpoint.
    for key in names(whole.store.as_ref(), keys::TILES).await {
        world.store.create(&key, get(&whole.store, &key).await).await.unwrap();
    }
    world.append(3).await;
    assert_eq!(world.seal_cold().await.unwrap().unwrap().size, 703);
}

#[tokio::test]
async fn a_log_that_was_cut_off_is_not_signed() {
    for cold in [false, true] {
        let sealed = world();
        sealed.append(300).await;
        sealed.seal().await.unwrap().unwrap();
        let cut = over(Arc::new(MemoryStore::new()));
        for prefix in [keys::TILES, keys::CHECKPOINTS, keys::CHECKPOINT] {
            copy(&sealed.store, &cut.store, prefix).await;
        }
        for seq in 0..2 {
            copy(&sealed.store, &cut.store, &keys::commit(seq)).await;
        }
        if !cold {
            // Its own later life makes it longer again, with another history.
            cut.append(20).await;
        }
        let error = cut.log.seal(&sealed.signer, None).await.unwrap_err();
        assert!(error.is_fault_of_the_log());
        match error {
            LogError::Seal(SealFault::Shorter { sealed: 300, sealed_seq: 2, .. }) if cold => {}
            LogError::Seal(SealFault::Forked { .. }) if !cold => {}
            other => panic!("{other}"),
        }
        assert_eq!(names(cut.store.as_ref(), keys::CHECKPOINTS).await.len(), 1);
    }
}

pub(crate) async fn copy(from: &MemoryStore, to: &MemoryStore, prefix: &str) {
    for key in names(from, prefix).await {
        to.replace(&key, get(from, &key).await).await.unwrap();
    }
}

/// The broken rule lets through what the test above finds: the rule is what stops it.
#[tokio::test]
async fn without_the_rule_a_rewritten_log_would_be_signed() {
    let sealed = world();
    sealed.append(300).await;
    sealed.seal().await.unwrap().unwrap();
    let forked = over(Arc::new(MemoryStore::new()));
    for prefix in [keys::TILES, keys::CHECKPOINTS, keys::CHECKPOINT] {
        copy(&sealed.store, &forked.store, prefix).await;
    }
    for seq in 0..2 {
        copy(&sealed.store, &forked.store, &keys::commit(seq)).await;
    }
    forked.append(210).await;
    // 410 events: the tile of the first 256 differs, and create-only finds that on its own; so
    // those of the fork are taken away here, as somebody who forks would.
    let clean = over(Arc::new(MemoryStore::new()));
    copy(&forked.store, &clean.store, keys::EVENTS).await;
    copy(&forked.store, &clean.store, keys::CHECKPOINTS).await;
    let error = clean.cold().seal(&sealed.signer, None).await.unwrap_err();
    assert!(matches!(error, LogError::Seal(SealFault::Tile { .. })), "{error}");
    let broken = Rules { consistency_before_signing: false, ..Rules::default() };
    let broken = clean.cold().with_rules(broken);
    assert_eq!(broken.seal(&sealed.signer, None).await.unwrap().unwrap().size, 410);
}

#[tokio::test]
async fn a_log_rolled_back_with_its_checkpoints_is_found_by_the_second_place() {
    let sealed = world();
    sealed.append(100).await;
    sealed.seal().await.unwrap().unwrap();
    let back = over(Arc::new(MemoryStore::new()));
    for prefix in ["events/", "tile/", "checkpoint"] {
        copy(&sealed.store, &back.store, prefix).await;
    }
    sealed.append(100).await;
    sealed.seal().await.unwrap().unwrap();
    back.append(7).await;
    let second = Some(sealed.second.as_ref() as &dyn ObjectStore);
    let error = back.log.seal(&sealed.signer, second).await.unwrap_err();
    assert!(matches!(error, LogError::Seal(SealFault::Forked { .. })), "{error}");
    // Without another history, it is only shorter.
    let cut = over(Arc::new(MemoryStore::new()));
    copy(&sealed.store, &cut.store, &keys::commit(0)).await;
    let error = cut.log.seal(&sealed.signer, second).await.unwrap_err();
    assert!(matches!(error, LogError::Seal(SealFault::Shorter { sealed: 200, .. })), "{error}");
}

#[tokio::test]
async fn tiles_and_checkpoints_that_were_replaced_stop_the_sealer() {
    type Expected = fn(&SealFault) -> bool;
    let keys_and_errors: [(String, Expected); 5] = [
        (keys::checkpoint(300), |fault| matches!(fault, SealFault::Checkpoint { .. })),
        ("tile/0/001.p/44".to_owned(), |fault| matches!(fault, SealFault::Tile { .. })),
        ("tile/1/000.p/1".to_owned(), |fault| matches!(fault, SealFault::Tile { .. })),
        ("tile/entries/001.p/44".to_owned(), |fault| matches!(fault, SealFault::Tile { .. })),
        ("checkpoints/x".to_owned(), |fault| matches!(fault, SealFault::Foreign { .. })),
    ];
    for (key, expected) in keys_and_errors {
        let world = world();
        world.append(300).await;
        world.seal().await.unwrap().unwrap();
        let mut bytes = match world.store.get(&key).await {
            Ok(object) => object.bytes.to_vec(),
            Err(_) => b"x".to_vec(),
        };
        let last = bytes.len() - 10.min(bytes.len());
        bytes[last] ^= 1;
        world.store.replace(&key, bytes.into()).await.unwrap();
        world.append(1).await;
        let error = world.seal_cold().await.unwrap_err();
        assert!(matches!(&error, LogError::Seal(fault) if expected(fault)), "{key}: {error}");
    }
}

#[tokio::test]
async fn another_key_signs_nothing_where_ours_has_sealed() {
    let world = world();
    world.append(3).await;
    world.seal().await.unwrap().unwrap();
    world.append(3).await;
    let error = world.cold().seal(&signer(), None).await.unwrap_err();
    assert!(matches!(error, LogError::Seal(SealFault::Checkpoint { .. })), "{error}");
}

#[tokio::test]
async fn the_copy_for_standard_readers_is_never_trusted() {
    let world = world();
    world.append(300).await;
    world.seal().await.unwrap().unwrap();
    for lie in ["", "nonsense", "other/log\n5\nAAAA\n\n\u{2014} x AAAAAAAA\n"] {
        world.store.replace(keys::CHECKPOINT, lie.into()).await.unwrap();
        world.append(1).await;
        world.seal_cold().await.unwrap().unwrap();
    }
    // One that names a size that was never sealed.
    let note = String::from_utf8(get(&world.store, keys::CHECKPOINT).await.to_vec()).unwrap();
    let lie = note.replacen("\n303\n", "\n9999\n", 1);
    world.store.replace(keys::CHECKPOINT, lie.into()).await.unwrap();
    world.append(1).await;
    assert_eq!(world.seal_cold().await.unwrap().unwrap().size, 304);
}

#[tokio::test]
async fn a_very_long_log_is_sealed_a_piece_a_call() {
    let world = world();
    for number in 0..5_000 {
        world.log.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
    }
    let sizes =
        [world.seal().await.unwrap().unwrap().size, world.seal().await.unwrap().unwrap().size];
    assert!(sizes[0] >= 4_096 && sizes[0] < 5_000, "{sizes:?}");
    assert_eq!(sizes[1], 5_000);
    assert_eq!(world.seal().await.unwrap(), None);
}
