//! The network between all processes and the stores: it numbers the requests, lets the weather
//! choose what goes wrong, and holds the writes whose senders have given up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use leviathan_core::ports::ObjectStore as _;
use leviathan_local::MemoryStore;

use crate::event_loop::{NETWORK, Owner, Steps};
use crate::faults::{Disturbance, Fault, Request};
use crate::figures::Tally;
use crate::weather::Weather;

/// A write that is still on its way when its sender has stopped waiting for it.
#[derive(Clone)]
pub(crate) struct Late {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) key: String,
    pub(crate) bytes: Bytes,
}

/// Shared by all of a run.
#[derive(Clone)]
pub(crate) struct Network {
    pub(crate) steps: Steps,
    pub(crate) weather: Arc<Weather>,
    pub(crate) tally: Tally,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    /// Every request so far, and whose it is.
    requests: Vec<(Owner, Request)>,
    late: Vec<Late>,
    /// Waiting for a reader that is told 404 for the key.
    after_not_found: Vec<Late>,
    /// Until when a process can't reach the store.
    lost: BTreeMap<Owner, Timestamp>,
    misled: BTreeSet<Owner>,
    told_an_old_list: BTreeSet<Owner>,
}

impl Network {
    pub(crate) fn new(steps: Steps, weather: Weather) -> Self {
        let (weather, inner) = (Arc::new(weather), Arc::default());
        Self { steps, weather, tally: Tally::default(), inner }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("one thread, no panic")
    }

    /// A request sets out: what goes wrong with it.
    pub(crate) fn fault(&self, owner: Owner, request: Request) -> Option<Fault> {
        let at = {
            let mut inner = self.lock();
            inner.requests.push((owner, request));
            inner.requests.len() as u64 - 1
        };
        let since = self.weather.at_request.and_then(|(chosen, _)| self.since(chosen, owner));
        let chance = &self.steps.chance;
        let fault = if self.has_store(owner) {
            self.weather.fault(chance, (at, since), request)?
        } else {
            let fates =
                [Fault::NotReached, Fault::NotReached, Fault::AnswerLost, Fault::StoredLate];
            let fate = fates[usize::try_from(chance.below(4)).expect("small")];
            if fate.befalls(request) { fate } else { Fault::NotReached }
        };
        self.tally.count(fault.name());
        if fault == Fault::StaleList {
            self.lock().told_an_old_list.insert(owner);
        }
        if fault.misleads() {
            self.lock().misled.insert(owner);
        }
        Some(fault)
    }

    /// How many requests this process has made after this one, if that was its own.
    fn since(&self, chosen: u64, owner: Owner) -> Option<u64> {
        let inner = self.lock();
        let from = inner.requests.get(usize::try_from(chosen).ok()?..)?;
        if from.first()?.0 != owner {
            return None;
        }
        Some(from[1..].iter().filter(|(of, _)| *of == owner).count() as u64)
    }

    /// The kinds of all requests so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.lock().requests.iter().map(|(_, request)| *request).collect()
    }

    /// Whether this process was told something untrue.
    pub(crate) fn has_misled(&self, owner: Owner) -> bool {
        self.lock().misled.contains(&owner)
    }

    /// Whether this process was told an old LIST.
    pub(crate) fn told_an_old_list(&self, owner: Owner) -> bool {
        self.lock().told_an_old_list.contains(&owner)
    }

    /// The process loses the store until then.
    pub(crate) fn lose_store(&self, owner: Owner, until: Timestamp) {
        self.steps.note(owner, &format!("loses the store until {until}"));
        self.tally.count(Disturbance::StoreLost.name());
        self.lock().lost.insert(owner, until);
    }

    fn has_store(&self, owner: Owner) -> bool {
        self.lock().lost.get(&owner).is_none_or(|until| *until <= self.steps.now())
    }

    /// A write that its sender gave up: it arrives some time, or never.
    pub(crate) fn late(&self, late: Late) {
        self.lock().late.push(late);
    }

    /// A write that its sender gave up: it arrives when a reader has been told that it is not there.
    pub(crate) fn after_not_found(&self, late: Late) {
        self.lock().after_not_found.push(late);
    }

    /// A reader is told that nothing is there.
    pub(crate) async fn was_not_found(&self, key: &str) {
        let arriving = {
            let mut inner = self.lock();
            let at = inner.after_not_found.iter().position(|late| late.key == key);
            at.map(|at| inner.after_not_found.remove(at))
        };
        if let Some(late) = arriving {
            self.steps.note(NETWORK, &format!("PUT {key} arrives after a 404"));
            self.store_late(late).await;
        }
    }

    /// The writes that were given up since the last call.
    pub(crate) fn take_late(&self) -> Vec<Late> {
        std::mem::take(&mut self.lock().late)
    }

    /// A write that was given up arrives late, or never.
    pub(crate) fn arrive(&self, late: Late) -> impl Future<Output = ()> + Send + 'static {
        let chance = &self.steps.chance;
        let most = if chance.chance(50) { 100 } else { 20_000 };
        let millis = i64::try_from(chance.below(most)).expect("small");
        let never = chance.chance(25);
        let network = self.clone();
        async move {
            let lost = if never { ": lost" } else { "" };
            let label = format!("PUT {} arrives late{lost}", late.key);
            network.steps.step(NETWORK, label, SignedDuration::from_millis(millis)).await;
            if never {
                network.tally.count("late, and never came");
            } else {
                network.store_late(late).await;
            }
        }
    }

    async fn store_late(&self, late: Late) {
        let stored = late.store.create(&late.key, late.bytes).await;
        self.tally.count(match stored {
            Ok(_) => "late, and stored",
            Err(_) => "late, and another was there",
        });
    }
}
