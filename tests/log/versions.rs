//! Programs of two versions on one log (DECISIONS 7): the older one reads on, and decides, appends
//! and snapshots nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leviathan_core::decide::Decision;
use leviathan_core::event::{NewEvent, Principal};
use leviathan_core::ids::Digest;
use leviathan_core::ports::ObjectStore as _;
use leviathan_local::MemoryStore;
use leviathan_log::{Log, LogError, Transaction};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::{event, log_over, note, transaction};
use serde_json::json;

/// The version before `log.restored` and `log.closed` came.
const OLD: u32 = 1;

#[derive(Default)]
struct World {
    store: Arc<MemoryStore>,
    data: Arc<MemoryStore>,
    clock: Arc<HandClock>,
}

impl World {
    /// A tick of this version.
    fn new_tick(&self, seed: u64) -> Log {
        let log = log_over(self.store.clone(), self.clock.clone(), seed);
        log.with_data(self.data.clone()).keeping_snapshots()
    }

    /// A tick of the version before.
    fn old_tick(&self, seed: u64) -> Log {
        self.new_tick(seed).with_reader_version(OLD)
    }

    async fn snapshots(&self) -> Vec<String> {
        self.data.list("snapshots/", None, 100).await.unwrap()
    }
}

async fn append(log: &Log, commits: u64) -> Result<(), LogError> {
    for number in 0..commits {
        log.transact(&transaction("own"), move |_, _| note(number)).await?;
    }
    Ok(())
}

/// Something that only the new version knows, and that frees or restricts something.
async fn append_what_is_new(log: &Log) {
    let restored = NewEvent {
        event_type: "log.restored".to_owned(),
        ..event(&json!({
            "id": "log-2", "epoch": 2, "kept_seq": 0, "kept_digest": Digest::of(b""),
            "from": "backup", "old_closed": true,
        }))
    };
    let decide = move |_: &_, _: &_| Decision::new(vec![restored.clone()], ());
    log.transact(&Transaction::of("restore", Principal::keeper("ada")), decide).await.unwrap();
}

#[tokio::test]
async fn an_old_tick_reads_on_and_decides_appends_and_snapshots_nothing() {
    let world = World::default();
    let (new, old) = (world.new_tick(1), world.old_tick(2));
    append(&old, 60).await.unwrap();
    append_what_is_new(&new).await;
    append(&new, 10).await.unwrap();
    // Warm, and cold.
    for old in [old, world.old_tick(3)] {
        let view = old.view().await.unwrap();
        assert_eq!(*view, *new.view().await.unwrap(), "it reads on");
        let decided = Arc::new(AtomicBool::new(false));
        let called = decided.clone();
        let decide = move |_: &_, _: &_| {
            called.store(true, Ordering::SeqCst);
            note(1)
        };
        let error = old.transact(&transaction("own"), decide).await.unwrap_err();
        assert_eq!(error, LogError::NewerLog { needed: 2, understood: OLD });
        assert!(error.to_string().contains("needs a program that understands version 2"));
        assert!(!decided.load(Ordering::SeqCst));
        assert_eq!(old.snapshot().await, Err(error));
        assert_eq!(world.snapshots().await, Vec::<String>::new());
        assert_eq!(old.view().await.unwrap().position.seq, Some(70), "nothing was appended");
    }
    assert!(new.snapshot().await.unwrap().is_some());
}

#[tokio::test]
async fn after_a_roll_back_the_old_version_stands_still_until_the_new_one_is_back() {
    let world = World::default();
    append(&world.old_tick(1), 3).await.unwrap();
    append_what_is_new(&world.new_tick(2)).await;
    append(&world.new_tick(3), 70).await.unwrap();
    let new = world.new_tick(4);
    new.view().await.unwrap();
    new.snapshot().await.unwrap().unwrap();
    // Rolled back: it begins from the new one's snapshot, and knows that it is too old.
    let old = world.old_tick(5);
    assert_eq!(append(&old, 1).await, Err(LogError::NewerLog { needed: 2, understood: OLD }));
    assert_eq!(old.cold_start().await.snapshot, Some(64));
    // Rolled forward again.
    append(&world.new_tick(6), 1).await.unwrap();
    assert_eq!(world.new_tick(7).verify(None, |_| {}).await.unwrap().fault, None);
}

#[tokio::test]
async fn what_restricts_nothing_leaves_old_programs_at_work() {
    let world = World::default();
    let custom = NewEvent { event_type: "custom.of_tomorrow".to_owned(), ..event(&json!({})) };
    let decide = move |_: &_, _: &_| Decision::new(vec![custom.clone()], ());
    world.new_tick(1).transact(&transaction("own"), decide).await.unwrap();
    append(&world.old_tick(2), 1).await.unwrap();
}
