//! The faulty store in fair weather is a store like every other: what a run finds is the faults'
//! doing. The suite `conformance` runs the same checks on the other stores.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leviathan_core::ports::ObjectStore;
use leviathan_local::MemoryStore;

use crate::event_loop::Steps;
use crate::faulty_store::FaultyStore;
use crate::network::Network;
use crate::weather::Weather;

#[expect(clippy::unwrap_used, reason = "a test stops at the first thing that is wrong")]
#[path = "../conformance/object_store.rs"]
mod object_store;

/// The store, and a thread that lets its steps happen until it is dropped.
struct Running {
    store: Arc<FaultyStore>,
    over: Arc<AtomicBool>,
}

impl Running {
    fn new() -> Self {
        let steps = Steps::new(1);
        let network = Network::new(steps.clone(), Weather::default());
        let store = Arc::new(FaultyStore {
            network,
            owner: 0,
            store: Arc::new(MemoryStore::new()),
            name: "",
        });
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        std::thread::spawn(move || {
            while !ended.load(Ordering::SeqCst) {
                if !steps.pick() {
                    std::thread::yield_now();
                }
            }
        });
        Self { store, over }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
    }
}

macro_rules! on_the_faulty_store {
    ($($check:ident),+ $(,)?) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $check() {
            let running = Running::new();
            let store: Arc<dyn ObjectStore> = running.store.clone();
            object_store::$check(store).await;
        }
    )+ };
}

object_store::checks! { on_the_faulty_store }
