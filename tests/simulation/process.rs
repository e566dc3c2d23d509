//! One process: a log of its own over its own way to the store, and a clock of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use leviathan_core::decide::Decision;
use leviathan_core::graph::Window;
use leviathan_core::ports::Clock;
use leviathan_core::state::State;
use leviathan_local::MemoryStore;
use leviathan_log::{Log, Rules, Writer};
use leviathan_tests::clock::{HandClock, SeededEntropy};
use leviathan_tests::log_builders::{log_over, transaction};

use crate::check::at_once;
use crate::client::notes;
use crate::event_loop::{NETWORK, Owner, Steps};
use crate::faulty_store::FaultyStore;
use crate::history::{Answer, History, Wish};
use crate::network::Network;
use crate::sealing::Key;
use crate::weather::Weather;

/// Small enough for things to leave the graph within a run.
pub(crate) const WINDOW: Window = Window {
    attempts: 3,
    failures: 2,
    loose: 2,
    events_of_one: 4,
    departures: 128,
    ..Window::STANDARD
};

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
    /// Of what is derived: snapshots and the hint.
    pub(crate) data: Arc<MemoryStore>,
    /// The second place of trust: copies of the checkpoints.
    pub(crate) second: Arc<MemoryStore>,
    pub(crate) backup: Arc<MemoryStore>,
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

impl Shared {
    /// Empty stores, in this weather.
    pub(crate) fn new(steps: Steps, weather: Weather, rules: Rules) -> Self {
        let (store, data, second) = (Arc::default(), Arc::default(), Arc::default());
        let (network, backup) = (Network::new(steps, weather), Arc::default());
        Self { network, store, data, second, backup, history: History::default(), rules }
    }

    /// So many events that stand in the log before anybody comes, in one commit.
    pub(crate) fn begin_with(&self, events: u64) {
        if events == 0 {
            return;
        }
        let (steps, id) = (&self.network.steps, self.history.new_id());
        let index = self.history.begin(steps, NETWORK, (id, events), Wish::Note);
        let clock = HandClock::at(steps.now());
        let log = log_over(self.store.clone(), Arc::new(clock), steps.chance.next());
        let decide = move |state: &State, _: &_| Decision::new(notes(id, events, state), ());
        at_once(log.transact(&transaction("note"), decide)).expect("memory takes it");
        self.history.answered(steps, index, Answer::Committed { seq: 0, offset: 0 });
    }
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

    /// The same process as a tick: it keeps what snapshots and views are made of, at every so many
    /// commits.
    pub(crate) fn keeping_snapshots(self, every: u64) -> Self {
        let log = self.cold_log().keeping_snapshots_every(every).showing_within(WINDOW);
        Self { log: Arc::new(log), ..self }
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
    let steps = shared.network.steps.clone();
    let chance = steps.chance.next();
    let reach = |store: &Arc<MemoryStore>, name| {
        let (network, store) = (shared.network.clone(), Arc::clone(store));
        Arc::new(FaultyStore { network, owner, store, name })
    };
    let writer = Writer { program: format!("process-{owner}"), version: "0".to_owned() };
    let clock = SkewedClock { steps, owner, skew };
    let entropy = SeededEntropy::new(chance);
    Log::new(reach(&shared.store, ""), Arc::new(clock), Arc::new(entropy), writer)
        .with_data(reach(&shared.data, "data: "))
        .with_checkpoints_by(Key::default().verifier())
        .with_rules(shared.rules)
}
