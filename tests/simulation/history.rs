//! Everything that clients were told, in the order of steps: what a run is judged by.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;
use leviathan_log::{LogError, View};

use crate::event_loop::{Owner, Steps};
use crate::faulty_store::Late;
use crate::weather::Figures;

/// What a client wanted to append.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    /// Events that are appended whatever the state is, once for each transaction.
    Note,
    /// A target that is registered if it is not yet.
    Register(String),
    /// A bundle, taken in if it was not yet; sent again while its fate is unknown.
    Bundle,
}

/// What the client was told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    Committed { seq: u64 },
    Nothing,
    Unknown,
    Rejected(LogError),
}

/// One transaction or, for a bundle, one try of it.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    /// Stands in each of its events. The tries of one bundle share it.
    pub(crate) id: u64,
    /// How many events it appends.
    pub(crate) events: u64,
    pub(crate) wish: Wish,
    pub(crate) owner: Owner,
    pub(crate) begun: u64,
    /// The step at which the answer came, and the answer; `None`: the process died before.
    pub(crate) ended: Option<(u64, Answer)>,
}

/// What a read gave.
#[derive(Debug, Clone)]
pub(crate) enum Seen {
    /// A reader's view.
    View(Arc<View>),
    /// A decision for nothing, which answers with how many events it saw.
    Events(u64),
}

/// One read.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    pub(crate) owner: Owner,
    pub(crate) begun: u64,
    pub(crate) ended: u64,
    pub(crate) result: Result<Seen, LogError>,
}

#[derive(Default)]
struct Inner {
    operations: Vec<Operation>,
    reads: Vec<Read>,
    late: Vec<Late>,
    /// Until when a process can't reach the store.
    lost: BTreeMap<Owner, Timestamp>,
    figures: Figures,
    next_id: u64,
}

/// Shared by all of a run.
#[derive(Clone, Default)]
pub(crate) struct History {
    inner: Arc<Mutex<Inner>>,
}

impl History {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("one thread, no panic")
    }

    pub(crate) fn count(&self, what: &'static str) {
        self.lock().figures.count(what);
    }

    pub(crate) fn figures(&self) -> Figures {
        self.lock().figures.clone()
    }

    /// A write that its sender gave up.
    pub(crate) fn late(&self, late: Late) {
        self.lock().late.push(late);
    }

    /// The writes that were given up since the last call.
    pub(crate) fn take_late(&self) -> Vec<Late> {
        std::mem::take(&mut self.lock().late)
    }

    /// The process loses the store until then.
    pub(crate) fn lose_store(&self, steps: &Steps, owner: Owner, until: Timestamp) {
        steps.note(owner, &format!("loses the store until {until}"));
        self.count("store lost");
        self.lock().lost.insert(owner, until);
    }

    pub(crate) fn has_store(&self, steps: &Steps, owner: Owner) -> bool {
        self.lock().lost.get(&owner).is_none_or(|until| *until <= steps.now())
    }

    pub(crate) fn new_id(&self) -> u64 {
        let mut inner = self.lock();
        inner.next_id += 1;
        inner.next_id
    }

    /// A client sends this off; the number is for `answered`.
    pub(crate) fn begin(
        &self,
        steps: &Steps,
        owner: Owner,
        id: u64,
        events: u64,
        wish: Wish,
    ) -> usize {
        let begun = steps.turn();
        steps.note(owner, &format!("operation {id} begins: {wish:?}"));
        let mut inner = self.lock();
        inner.operations.push(Operation { id, events, wish, owner, begun, ended: None });
        inner.operations.len() - 1
    }

    pub(crate) fn answered(&self, steps: &Steps, index: usize, answer: Answer) {
        let mut inner = self.lock();
        let operation = &mut inner.operations[index];
        steps.note(operation.owner, &format!("operation {} ends: {answer:?}", operation.id));
        operation.ended = Some((steps.turn(), answer));
    }

    pub(crate) fn read(&self, read: Read) {
        self.lock().reads.push(read);
    }

    pub(crate) fn operations(&self) -> Vec<Operation> {
        self.lock().operations.clone()
    }

    pub(crate) fn reads(&self) -> Vec<Read> {
        self.lock().reads.clone()
    }
}
