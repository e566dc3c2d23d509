//! Everything that clients and readers were told, in the order in which it happened: what a run is
//! judged by.

use std::sync::{Arc, Mutex, MutexGuard};

use leviathan_core::graph::Graph;
use leviathan_log::seal::Checkpoint;
use leviathan_log::{LogError, View};

use crate::backing_up::BackedUp;
use crate::event_loop::{Owner, Steps};

/// What a client wanted to append.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wish {
    /// Events that are appended whatever the state is, once for each transaction.
    Note,
    /// A target that is registered if it is not yet.
    Register(String),
    /// A bundle, taken in if it was not yet; sent again while its fate is unknown.
    Bundle,
    /// The end of the log.
    Close,
}

/// What the client was told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Answer {
    /// It stands in this commit, from this offset on.
    Committed { seq: u64, offset: u64 },
    /// Nothing had to be appended.
    Nothing,
    /// It may have been appended, or may still be.
    Unknown,
    /// Nothing was appended.
    Rejected(LogError),
    /// It was told something that can't be true.
    Nonsense(String),
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
    /// When the answer came, and the answer; `None`: the process died or the caller left before.
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

impl Seen {
    /// How many events the log held.
    pub(crate) fn events(&self) -> u64 {
        match self {
            Self::View(view) => view.position.offset,
            Self::Events(events) => *events,
        }
    }
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
    failed: Vec<(Owner, LogError)>,
    sealed: Vec<(Owner, Checkpoint)>,
    backups: Vec<BackedUp>,
    copiers: Vec<Owner>,
    shown: Vec<(Owner, Graph)>,
    next_id: u64,
    /// No two things happen at one moment.
    moment: u64,
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

    pub(crate) fn new_id(&self) -> u64 {
        let mut inner = self.lock();
        inner.next_id += 1;
        inner.next_id
    }

    /// Something begins or ends.
    pub(crate) fn moment(&self) -> u64 {
        let mut inner = self.lock();
        inner.moment += 1;
        inner.moment
    }

    /// A client sends this off; the number is for `answered`.
    pub(crate) fn begin(
        &self,
        steps: &Steps,
        owner: Owner,
        (id, events): (u64, u64),
        wish: Wish,
    ) -> usize {
        steps.note(owner, &format!("operation {id} begins: {wish:?}"));
        let begun = self.moment();
        let mut inner = self.lock();
        inner.operations.push(Operation { id, events, wish, owner, begun, ended: None });
        inner.operations.len() - 1
    }

    pub(crate) fn answered(&self, steps: &Steps, index: usize, answer: Answer) {
        let ended = self.moment();
        let mut inner = self.lock();
        let operation = &mut inner.operations[index];
        steps.note(operation.owner, &format!("operation {} ends: {answer:?}", operation.id));
        operation.ended = Some((ended, answer));
    }

    pub(crate) fn has_read(
        &self,
        steps: &Steps,
        owner: Owner,
        begun: u64,
        result: Result<Seen, LogError>,
    ) {
        let seen = match &result {
            Ok(seen) => format!("sees {} events", seen.events()),
            Err(problem) => format!("can't read: {problem}"),
        };
        steps.note(owner, &seen);
        let ended = self.moment();
        self.lock().reads.push(Read { owner, begun, ended, result });
    }

    /// Upkeep could not be done.
    pub(crate) fn failed(&self, steps: &Steps, owner: Owner, problem: LogError) {
        steps.note(owner, &format!("upkeep: {problem}"));
        self.lock().failed.push((owner, problem));
    }

    pub(crate) fn failures(&self) -> Vec<(Owner, LogError)> {
        self.lock().failed.clone()
    }

    /// A sealer was told that this checkpoint stands in both places.
    pub(crate) fn has_sealed(&self, owner: Owner, checkpoint: Checkpoint) {
        self.lock().sealed.push((owner, checkpoint));
    }

    pub(crate) fn sealed(&self) -> Vec<(Owner, Checkpoint)> {
        self.lock().sealed.clone()
    }

    /// How many commits the log has at least, by what somebody was told.
    pub(crate) fn acknowledged(&self) -> u64 {
        let inner = self.lock();
        let told = inner.operations.iter().filter_map(|operation| match operation.ended {
            Some((_, Answer::Committed { seq, .. })) => Some(seq + 1),
            _ => None,
        });
        told.max().unwrap_or_default()
    }

    /// This process makes backups.
    pub(crate) fn will_back_up(&self, owner: Owner) {
        self.lock().copiers.push(owner);
    }

    pub(crate) fn copiers(&self) -> Vec<Owner> {
        self.lock().copiers.clone()
    }

    pub(crate) fn has_backed_up(&self, backup: BackedUp) {
        self.lock().backups.push(backup);
    }

    pub(crate) fn backups(&self) -> Vec<BackedUp> {
        self.lock().backups.clone()
    }

    /// What is only shown, as a process saw it.
    pub(crate) fn was_shown(&self, steps: &Steps, owner: Owner, graph: Graph) {
        steps.note(owner, &format!("is shown {} events", graph.events()));
        self.lock().shown.push((owner, graph));
    }

    pub(crate) fn shown(&self) -> Vec<(Owner, Graph)> {
        self.lock().shown.clone()
    }

    pub(crate) fn operations(&self) -> Vec<Operation> {
        self.lock().operations.clone()
    }

    pub(crate) fn reads(&self) -> Vec<Read> {
        self.lock().reads.clone()
    }
}
