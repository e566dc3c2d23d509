//! Whatever happens to stored commits, a reader stops with an error of its own that says what to
//! do; it never takes an earlier end for the end, and appends nothing. Cold or warm, with a snapshot
//! or without.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use leviathan_core::ports::object_store::Object;
use leviathan_core::ports::{ObjectStore, StoreError};
use leviathan_local::MemoryStore;
use leviathan_log::hint::Hint;
use leviathan_log::{Log, LogError, keys};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::{log_over, note, transaction};
use leviathan_tests::wrapped::{Around, Wrapped};

/// Commits 0 to 69; a snapshot of commit 64.
const COMMITS: u64 = 70;

/// What may be done to a bucket.
#[derive(Debug, Clone, Copy)]
enum Damage {
    /// These commits are gone without a trace, as from a bucket without versions.
    Gone(u64, u64),
    /// A delete marker stands there, as in a bucket with versions.
    Marked(u64),
    /// Only so many bytes are left.
    Cut(u64, usize),
    /// One bit of its middle byte is another.
    Flipped(u64),
    /// The same number of another log stands there.
    Replaced(u64),
    /// Something else lies there.
    Foreign(&'static str),
}

/// A memory store in which one key has a delete marker.
#[derive(Default)]
struct Bucket {
    store: MemoryStore,
    marked: Option<String>,
}

#[async_trait]
impl Around for Bucket {
    fn inner(&self) -> &dyn ObjectStore {
        &self.store
    }
    async fn get(&self, key: &str) -> Result<Object, StoreError> {
        match self.store.get(key).await {
            Err(StoreError::NotFound { key, store_time, .. }) => {
                let delete_marker = self.marked.as_ref() == Some(&key);
                Err(StoreError::NotFound { key, delete_marker, store_time })
            }
            answer => answer,
        }
    }
}

/// A log that was sound, and its data store.
struct World {
    store: Arc<MemoryStore>,
    data: Arc<MemoryStore>,
    clock: Arc<HandClock>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let (store, data) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
        let clock = Arc::new(HandClock::default());
        let tick = log_over(store.clone(), clock.clone(), seed);
        let tick = tick.with_data(data.clone()).keeping_snapshots();
        for number in 0..COMMITS {
            tick.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
            tick.snapshot().await.unwrap();
        }
        Self { store, data, clock }
    }

    /// The same objects after the damage.
    async fn damaged(&self, damage: Damage, other: &Self) -> Arc<Wrapped<Bucket>> {
        let mut bucket = Wrapped(Bucket::default());
        for seq in 0..COMMITS {
            let key = keys::commit(seq);
            let mut bytes = self.store.get(&key).await.unwrap().bytes.to_vec();
            match damage {
                Damage::Gone(from, to) if (from..=to).contains(&seq) => continue,
                Damage::Marked(at) if at == seq => continue,
                Damage::Cut(at, left) if at == seq => bytes.truncate(left),
                Damage::Flipped(at) if at == seq => {
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 1;
                }
                Damage::Replaced(at) if at == seq => {
                    bytes = other.store.get(&key).await.unwrap().bytes.to_vec();
                }
                _ => {}
            }
            bucket.store.create(&key, bytes.into()).await.unwrap();
        }
        if let Damage::Marked(at) = damage {
            bucket.0.marked = Some(keys::commit(at));
        }
        if let Damage::Foreign(key) = damage {
            bucket.store.create(key, Bytes::new()).await.unwrap();
        }
        Arc::new(bucket)
    }

    fn log(&self, bucket: &Arc<Wrapped<Bucket>>, seed: u64) -> Log {
        log_over(bucket.clone(), self.clock.clone(), seed)
    }
}

/// The kind of an error, and the part of it that must be there.
fn kind(error: &LogError) -> &'static str {
    match error {
        LogError::Hole { .. } => "hole",
        LogError::Damaged { .. } => "damaged",
        LogError::Foreign { .. } => "foreign",
        LogError::Shorter { .. } => "shorter",
        _ => "another",
    }
}

/// The kind of error and a part of its text; empty: nothing, because this reader can't know.
type Says = (&'static str, &'static str);

const CUT: &str = "cut off";
const MARK: &str = "a delete marker stands there";

/// The damage; what a cold reader with a snapshot of 64 says, what one without says.
const TABLE: &[(Damage, Says, Says)] = &[
    (Damage::Gone(66, 66), ("hole", "000066 is missing"), ("hole", "000066 is missing")),
    (Damage::Gone(64, 64), ("hole", "000064 is missing"), ("hole", "000064 is missing")),
    (Damage::Gone(60, 69), ("shorter", "commit 64 was there"), ("", "")),
    (Damage::Gone(64, 69), ("shorter", "ends at commit 63"), ("", "")),
    (Damage::Gone(0, 69), ("shorter", "before commit 0"), ("", "")),
    (Damage::Gone(0, 3), ("", ""), ("hole", "000000 is missing")),
    (Damage::Marked(66), ("hole", "000066 is missing"), ("hole", "000066 is missing")),
    (Damage::Marked(69), ("hole", MARK), ("hole", MARK)),
    (Damage::Marked(70), ("hole", MARK), ("hole", MARK)),
    (Damage::Cut(66, 0), ("damaged", CUT), ("damaged", CUT)),
    (Damage::Cut(69, 100), ("damaged", CUT), ("damaged", CUT)),
    (Damage::Flipped(66), ("damaged", "000066"), ("damaged", "000066")),
    (Damage::Flipped(69), ("damaged", "000069"), ("damaged", "000069")),
    (Damage::Replaced(66), ("damaged", "000066"), ("damaged", "000066")),
    (Damage::Replaced(65), ("damaged", "000065"), ("damaged", "000065")),
    (Damage::Foreign("events/notes.txt"), ("foreign", "notes"), ("foreign", "notes")),
    (Damage::Foreign("events/00000000000000000066.bak"), ("foreign", ".bak"), ("foreign", ".bak")),
    (Damage::Foreign("events/00000000000000000099"), ("hole", "000070"), ("hole", "000070")),
];

#[tokio::test]
async fn each_damage_stops_every_reader_with_an_error_of_its_own_and_nothing_is_appended() {
    let (world, other) = (World::new(1).await, World::new(2).await);
    for (damage, with_snapshot, without) in TABLE {
        let bucket = world.damaged(*damage, &other).await;
        let with_data = world.log(&bucket, 3).with_data(world.data.clone());
        for (log, (expected, part)) in
            [(with_data, with_snapshot), (world.log(&bucket, 4), without)]
        {
            if expected.is_empty() {
                continue;
            }
            let before = bucket.list("", None, 1_000).await.unwrap();
            for _ in 0..2 {
                let error = log.view().await.unwrap_err();
                assert_eq!(kind(&error), *expected, "{damage:?}: {error}");
                let text = error.to_string();
                assert!(text.contains(part), "{damage:?}: {text}");
                assert!(text.contains("ppended"), "it says that nothing is appended: {text}");
                assert!(
                    text.contains("Stop all writers") || text.contains("Move it away"),
                    "{text}"
                );
                assert!(error.is_fault_of_the_log());
            }
            let appended = log.transact(&transaction("own"), |_, _| note(1)).await;
            assert_eq!(kind(&appended.unwrap_err()), *expected, "{damage:?}");
            assert_eq!(bucket.list("", None, 1_000).await.unwrap(), before, "{damage:?}");
        }
    }
}

/// Before a snapshot and before sealing a LIST has to agree: there a warm process finds out that
/// what it has read is gone.
#[tokio::test]
async fn a_log_shorter_than_what_this_process_has_read_is_found_before_a_snapshot() {
    let world = World::new(1).await;
    for (what, gone) in [("the end", 69), ("more", 40)] {
        let bucket = world.damaged(Damage::Marked(99), &world).await;
        let shorter = Arc::new(Wrapped(Bucket::default()));
        for seq in 0..gone {
            let bytes = bucket.get(&keys::commit(seq)).await.unwrap().bytes;
            shorter.store.create(&keys::commit(seq), bytes).await.unwrap();
        }
        let swapped =
            Arc::new(Wrapped(Swapped { now: [bucket, shorter].into(), second: false.into() }));
        let log = log_over(swapped.clone(), world.clock.clone(), 3);
        assert_eq!(log.proved_view().await.unwrap().position.seq, Some(69));
        swapped.second.store(true, Ordering::SeqCst);
        let error = log.proved_view().await.unwrap_err();
        assert_eq!(kind(&error), "shorter", "{what}: {error}");
        assert!(error.to_string().contains("this process has read it"), "{what}: {error}");
    }
}

/// One bucket, then another.
struct Swapped {
    now: Vec<Arc<Wrapped<Bucket>>>,
    second: AtomicBool,
}

impl Swapped {
    fn bucket(&self) -> &Wrapped<Bucket> {
        &self.now[usize::from(self.second.load(Ordering::SeqCst))]
    }
}

#[async_trait]
impl Around for Swapped {
    fn inner(&self) -> &dyn ObjectStore {
        self.bucket()
    }
}

#[tokio::test]
async fn a_hint_that_knows_a_later_commit_stops_readers_and_verify() {
    let world = World::new(1).await;
    let bucket = world.damaged(Damage::Gone(66, 69), &world).await;
    let unaware = world.log(&bucket, 3).with_data(world.data.clone());
    assert_eq!(unaware.view().await.unwrap().position.seq, Some(65), "nobody knew of more");
    world.data.replace(keys::HINT, Hint::new(1, 69, None).encode()).await.unwrap();
    let log = world.log(&bucket, 4).with_data(world.data.clone());
    assert_eq!(kind(&log.view().await.unwrap_err()), "shorter");
    assert_eq!(kind(&log.verify(None, |_| {}).await.unwrap().fault.unwrap()), "shorter");
}
