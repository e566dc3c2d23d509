//! One process: a log of its own over its own way to the store, and a clock of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use leviathan_core::ports::Clock;
use leviathan_local::MemoryStore;
use leviathan_log::{Log, Rules, Writer};
use leviathan_tests::clock::SeededEntropy;

use crate::event_loop::{Owner, Steps};
use crate::faulty_store::FaultyStore;
use crate::history::History;
use crate::network::Network;

/// A process's clock: the true time and an error.
pub(crate) struct SkewedClock {
    steps: Steps,
    owner: Owner,
    skew: SignedDuration,
}

#[async_trait]
impl Clock for SkewedClock {
    fn now(&self) -> Timestamp {
        self.steps.now().saturating_add(self.skew).expect("a span")
    }
    async fn sleep(&self, duration: Duration) {
        let after = SignedDuration::try_from(duration).expect("short");
        self.steps.step(self.owner, "", after).await;
    }
}

/// What all processes share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) network: Network,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) history: History,
    pub(crate) rules: Rules,
}

/// What everything in a process has.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) owner: Owner,
    pub(crate) steps: Steps,
    pub(crate) shared: Shared,
    pub(crate) log: Arc<Log>,
    skew: SignedDuration,
}

impl Process {
    /// A process that has just been started, its clock so many seconds off.
    pub(crate) fn start(shared: &Shared, owner: Owner, skew: i64) -> Self {
        let steps = shared.network.steps.clone();
        steps.note(owner, &format!("starts, its clock {skew} s off"));
        let skew = SignedDuration::from_secs(skew);
        let shared = shared.clone();
        let log = Arc::new(cold_log(&shared, owner, skew));
        Self { owner, steps, shared, log, skew }
    }

    /// The same process as it would begin now, knowing nothing.
    pub(crate) fn cold_log(&self) -> Log {
        cold_log(&self.shared, self.owner, self.skew)
    }

    /// A number below this from the run's chance.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        self.steps.chance.below(bound)
    }

    /// Does nothing for up to so many milliseconds.
    pub(crate) async fn pause(&self, most: u64) {
        let millis = i64::try_from(self.below(most)).expect("small");
        self.steps.step(self.owner, "", SignedDuration::from_millis(millis)).await;
    }
}

fn cold_log(shared: &Shared, owner: Owner, skew: SignedDuration) -> Log {
    let network = shared.network.clone();
    let steps = network.steps.clone();
    let chance = steps.chance.next();
    let store = FaultyStore { network, owner, store: Arc::clone(&shared.store) };
    let writer = Writer { program: format!("process-{owner}"), version: "0".to_owned() };
    let clock = SkewedClock { steps, owner, skew };
    let entropy = SeededEntropy::new(chance);
    Log::new(Arc::new(store), Arc::new(clock), Arc::new(entropy), writer).with_rules(shared.rules)
}
