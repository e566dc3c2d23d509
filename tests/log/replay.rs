//! The replay check: the state that is believed against the one that the log says.

use std::sync::Arc;

use bytes::Bytes;
use leviathan_core::decide::Decision;
use leviathan_core::event::{NewEvent, Principal, Role};
use leviathan_core::fact::TaskStatus;
use leviathan_core::ids::Digest;
use leviathan_core::ports::ObjectStore as _;
use leviathan_core::state::STATE_FORMAT;
use leviathan_local::MemoryStore;
use leviathan_log::{Difference, Log, Transaction, keys, snapshot};
use leviathan_tests::clock::HandClock;
use leviathan_tests::log_builders::{event, log_over, note, transaction};
use serde_json::json;

struct World {
    store: Arc<MemoryStore>,
    data: Arc<MemoryStore>,
}

impl World {
    /// A log with one task, and a snapshot.
    async fn new() -> Self {
        let world = Self { store: Arc::default(), data: Arc::default() };
        let log = world.log(1).keeping_snapshots();
        let registered = json!({
            "target_id": "shop", "name": "shop", "repo_url": "/shop", "default_branch": "main",
        });
        let wish = json!({
            "task_id": "x", "node_id": "task:x", "node_type": "task", "target_id": "shop",
            "title": "Write x", "scope": "docs", "priority": "high", "estimated_size": "small",
            "allowed_paths": [], "acceptance_criteria": [], "dependencies": [], "ready": true,
            "status": "pending", "definition": Digest::of(b"x"), "generation": 0,
            "created_at": "2026-11-24T12:00:00Z",
        });
        for (role, event_type, payload) in
            [(Role::Operator, "target.registered", registered), (Role::Tick, "task.created", wish)]
        {
            let event = NewEvent { event_type: event_type.to_owned(), ..event(&payload) };
            let decide = move |_: &_, _: &_| Decision::new(vec![event.clone()], ());
            let transaction = Transaction::of("own", Principal { role, name: None });
            log.transact(&transaction, decide).await.unwrap();
        }
        for number in 0..70 {
            log.transact(&transaction("own"), move |_, _| note(number)).await.unwrap();
        }
        log.snapshot().await.unwrap().unwrap();
        world
    }

    fn log(&self, seed: u64) -> Log {
        log_over(self.store.clone(), Arc::new(HandClock::default()), seed)
            .with_data(self.data.clone())
    }
}

#[tokio::test]
async fn a_state_that_the_log_says_is_the_same_byte_for_byte_and_so_is_the_snapshot() {
    let world = World::new().await;
    let mut told = Vec::new();
    let replayed = world.log(2).replay(|commits| told.push(commits)).await.unwrap();
    assert_eq!(replayed.difference, None);
    assert_eq!(replayed.commits, 72);
    assert_eq!(replayed.snapshot, Some(keys::snapshot(STATE_FORMAT, 64)));
    assert_eq!(told.last(), Some(&72));
}

/// Everything about it fits but what it says: only folding the log anew can tell.
#[tokio::test]
async fn a_forged_state_is_found_and_the_first_difference_is_named_by_its_path() {
    let world = World::new().await;
    let key = keys::snapshot(STATE_FORMAT, 64);
    let mut view = snapshot::decode(64, &world.data.get(&key).await.unwrap().bytes).unwrap();
    let (shop, x) = ("shop".parse().unwrap(), "x".parse().unwrap());
    let task = view.state.targets.get_mut(&shop).unwrap().tasks.get_mut(&x).unwrap();
    assert_eq!(task.status, TaskStatus::Pending);
    task.status = TaskStatus::Completed;
    world.data.replace(&key, snapshot::encode(&view).unwrap()).await.unwrap();

    let at = "targets.shop.tasks.x.status: \"pending\" / \"completed\"".to_owned();
    let found = world.log(2).replay(|_| {}).await.unwrap().difference;
    assert_eq!(found, Some(Difference { of: key.clone(), at: at.clone() }));
    // A process that had begun from it, after the snapshot is gone.
    let misled = world.log(3);
    misled.view().await.unwrap();
    world.data.replace(&key, Bytes::from_static(b"gone")).await.unwrap();
    let found = misled.replay(|_| {}).await.unwrap().difference;
    assert_eq!(found, Some(Difference { of: "state".to_owned(), at }));
}

#[tokio::test]
async fn an_empty_log_is_what_it_says() {
    let world = World { store: Arc::default(), data: Arc::default() };
    let replayed = world.log(2).replay(|_| {}).await.unwrap();
    assert_eq!((replayed.commits, replayed.difference), (0, None));
}
