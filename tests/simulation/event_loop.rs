//! One thread, one order: tasks run until each of them stands at a step; then the seed picks the
//! step that happens next. Time is a number that grows with each step.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};

use jiff::{SignedDuration, Timestamp};
use leviathan_tests::clock::SeededEntropy;

/// Whose a task or a step is: a process by its number, or the network, which nothing can stop.
pub(crate) type Owner = usize;

/// What is under way in the network goes on when the process that sent it is gone.
pub(crate) const NETWORK: Owner = usize::MAX;

/// More steps than any run needs: beyond, something waits for itself.
const MOST_STEPS: u64 = 60_000;

/// Shared by the loop and everything that takes steps.
#[derive(Clone)]
pub(crate) struct Steps {
    inner: Arc<Mutex<Inner>>,
    /// The one source of chance for the order of things.
    pub(crate) chance: Arc<SeededEntropy>,
}

struct Inner {
    now: Timestamp,
    turn: u64,
    next_step: u64,
    parked: BTreeMap<u64, Parked>,
    frozen_until: BTreeMap<Owner, Timestamp>,
    /// Whose next caller leaves.
    leaving: BTreeSet<Owner>,
    /// Who took the last step.
    last: Owner,
    trace: Vec<String>,
}

struct Parked {
    owner: Owner,
    due: Timestamp,
    label: String,
    waker: Waker,
}

impl Steps {
    pub(crate) fn new(seed: u64) -> Self {
        let inner = Inner {
            now: "2026-11-24T12:00:00Z".parse().expect("a constant"),
            turn: 0,
            next_step: 0,
            parked: BTreeMap::new(),
            frozen_until: BTreeMap::new(),
            leaving: BTreeSet::new(),
            last: NETWORK,
            trace: Vec::new(),
        };
        Self { inner: Arc::new(Mutex::new(inner)), chance: Arc::new(SeededEntropy::new(seed)) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("one thread, no panic")
    }

    /// The store's time.
    pub(crate) fn now(&self) -> Timestamp {
        self.lock().now
    }

    /// How many steps have happened: the order of everything.
    pub(crate) fn turn(&self) -> u64 {
        self.lock().turn
    }

    /// Writes a line into the trace.
    pub(crate) fn note(&self, owner: Owner, what: &str) {
        let mut inner = self.lock();
        let name = if owner == NETWORK { "network".to_owned() } else { format!("process {owner}") };
        let line = format!("{:>6} {} {name}: {what}", inner.turn, inner.now);
        inner.trace.push(line);
    }

    pub(crate) fn trace(&self) -> Vec<String> {
        self.lock().trace.clone()
    }

    /// A step of this owner that happens when the seed picks it, but not before so long.
    pub(crate) fn step(
        &self,
        owner: Owner,
        label: impl Into<String>,
        after: SignedDuration,
    ) -> Step {
        Step { steps: self.clone(), owner, label: label.into(), after, id: None }
    }

    /// Holds a process still: its steps are not picked before then.
    pub(crate) fn freeze(&self, owner: Owner, until: Timestamp) {
        self.note(owner, &format!("stands still until {until}"));
        self.lock().frozen_until.insert(owner, until);
    }

    /// The process goes on.
    pub(crate) fn thaw(&self, owner: Owner) {
        self.note(owner, "goes on");
        self.lock().frozen_until.remove(&owner);
    }

    /// The caller of this process that is served next leaves in the middle.
    pub(crate) fn let_caller_leave(&self, owner: Owner) {
        self.lock().leaving.insert(owner);
    }

    /// Who took the last step.
    pub(crate) fn last(&self) -> Owner {
        self.lock().last
    }

    /// Does this work, unless its caller leaves: then the work is dropped where it stands.
    pub(crate) async fn unless_caller_leaves<T>(
        &self,
        owner: Owner,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| {
            if self.lock().leaving.remove(&owner) {
                self.note(owner, "the caller leaves");
                return Poll::Ready(None);
            }
            work.as_mut().poll(context).map(Some)
        })
        .await
    }

    /// Lets one parked step happen; false where none is parked.
    pub(crate) fn pick(&self) -> bool {
        let mut inner = self.lock();
        let start = |inner: &Inner, parked: &Parked| {
            let thawed = inner.frozen_until.get(&parked.owner).copied();
            thawed.map_or(parked.due, |thawed| parked.due.max(thawed))
        };
        let Some(earliest) = inner.parked.values().map(|parked| start(&inner, parked)).min() else {
            return false;
        };
        // Nothing may happen now: time passes until something may.
        let millis = i64::try_from(self.chance.below(40)).expect("small");
        inner.now = inner.now.saturating_add(SignedDuration::from_millis(millis)).expect("a span");
        inner.now = inner.now.max(earliest);
        let ready: Vec<u64> = inner
            .parked
            .iter()
            .filter(|(_, parked)| start(&inner, parked) <= inner.now)
            .map(|(id, _)| *id)
            .collect();
        let index = usize::try_from(self.chance.below(ready.len() as u64)).expect("small");
        let parked = inner.parked.remove(&ready[index]).expect("it is parked");
        inner.turn += 1;
        let Parked { owner, label, waker, .. } = parked;
        inner.last = owner;
        drop(inner);
        if !label.is_empty() {
            self.note(owner, &label);
        }
        waker.wake();
        true
    }
}

/// A future that is done when the loop has picked it.
pub(crate) struct Step {
    steps: Steps,
    owner: Owner,
    label: String,
    after: SignedDuration,
    id: Option<u64>,
}

impl Future for Step {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let steps = self.steps.clone();
        let mut inner = steps.lock();
        if let Some(id) = self.id {
            return match inner.parked.get_mut(&id) {
                Some(parked) => {
                    parked.waker = context.waker().clone();
                    Poll::Pending
                }
                None => Poll::Ready(()),
            };
        }
        let id = inner.next_step;
        inner.next_step += 1;
        let due = inner.now.saturating_add(self.after).expect("a span");
        let (owner, label) = (self.owner, std::mem::take(&mut self.label));
        inner.parked.insert(id, Parked { owner, due, label, waker: context.waker().clone() });
        self.id = Some(id);
        Poll::Pending
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.steps.lock().parked.remove(&id);
        }
    }
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// The tasks and which of them can go on.
#[derive(Default)]
pub(crate) struct Tasks {
    tasks: BTreeMap<u64, (Owner, Task)>,
    next: u64,
    ready: Arc<Mutex<BTreeSet<u64>>>,
}

struct TaskWaker {
    task: u64,
    ready: Arc<Mutex<BTreeSet<u64>>>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.ready.lock().expect("one thread, no panic").insert(self.task);
    }
}

impl Tasks {
    pub(crate) fn spawn(&mut self, owner: Owner, task: impl Future<Output = ()> + 'static) {
        self.tasks.insert(self.next, (owner, Box::pin(task)));
        self.ready.lock().expect("one thread, no panic").insert(self.next);
        self.next += 1;
    }

    /// Whether the process has anything to do.
    pub(crate) fn is_running(&self, owner: Owner) -> bool {
        self.tasks.values().any(|(of, _)| *of == owner)
    }

    /// The process is gone, whatever it was doing.
    pub(crate) fn kill(&mut self, owner: Owner) {
        self.tasks.retain(|_, (of, _)| *of != owner);
    }

    /// Runs until every task is done. Before each step `between` may spawn and kill.
    pub(crate) fn run(
        &mut self,
        steps: &Steps,
        mut between: impl FnMut(&mut Self),
    ) -> Result<(), String> {
        loop {
            self.run_ready();
            if steps.turn() >= MOST_STEPS {
                return Err(format!("it did not end within {MOST_STEPS} steps"));
            }
            between(self);
            self.run_ready();
            if self.tasks.is_empty() {
                return Ok(());
            }
            if !steps.pick() {
                return Err("every task waits, and none for a step".to_owned());
            }
        }
    }

    fn run_ready(&mut self) {
        loop {
            let Some(task) = self.ready.lock().expect("one thread, no panic").pop_first() else {
                return;
            };
            let Some((_, future)) = self.tasks.get_mut(&task) else { continue };
            let waker = Waker::from(Arc::new(TaskWaker { task, ready: Arc::clone(&self.ready) }));
            if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
                self.tasks.remove(&task);
            }
        }
    }
}
