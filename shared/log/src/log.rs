//! The log as programs use it.

use std::sync::Arc;

use leviathan_core::decide::{Decision, Moment};
use leviathan_core::ids::{AttemptId, TargetId, TaskId};
use leviathan_core::ports::{Clock, Entropy, ObjectStore, Signer};
use leviathan_core::state::{Departure, PullRequest, READER_VERSION, State, Task};
use tokio::sync::{Mutex, MutexGuard};

use crate::access::Access;
use crate::cold_start::ColdStart;
use crate::commit::{Commit, StoredCommit, Writer, decode};
use crate::error::LogError;
use crate::group::{Desk, Queue};
use crate::position::Position;
use crate::replay::{Replayed, replay};
use crate::rules::Rules;
use crate::seal::proof::prove;
use crate::seal::sealer::{Sealed, Sealer};
use crate::seal::{Bundle, Checkpoint, EventName, VerifierKey, newest};
use crate::snapshot::{SNAPSHOT_EVERY, Written, write};
use crate::tail::{View, damaged, fold};
use crate::transact::{Outcome, Transaction, served};
use crate::verify::{Head, Known, Report, verify};
use crate::views::graph::write_past;
use crate::views::{self, Aged, Finder, Listed, ViewsWritten};
use crate::waiting::Waiting;
use crate::walk::{Until, Walk};

/// One log in one store, as one process sees it. Several processes may have the same log.
pub struct Log {
    access: Access,
    writer: Writer,
    /// Transactions that wait.
    queue: Queue,
    /// One writer a process: two would only race each other for the next number.
    desk: Mutex<Desk>,
    /// What this process sealed last; also lets only one sealer of a process run at a time.
    sealed: Mutex<Option<Sealed>>,
    /// The first block of views that may be missing, of the state and of the graph; `None`: not
    /// known yet.
    views: Mutex<[Option<u64>; 2]>,
}

impl Log {
    /// The log in this store. Nothing is read yet.
    pub fn new(
        store: Arc<dyn ObjectStore>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        writer: Writer,
    ) -> Self {
        let (rules, understood) = (Rules::default(), READER_VERSION);
        let access =
            Access { store, data: None, clock, entropy, rules, understood, verifier: None };
        let (queue, desk) = (Queue::default(), Mutex::default());
        let (sealed, views) = (Mutex::default(), Mutex::default());
        Self { access, writer, queue, desk, sealed, views }
    }

    /// The same log with the store of what is derived from it (DECISIONS 14). Without one every
    /// cold start folds the whole log.
    #[must_use]
    pub fn with_data(mut self, data: Arc<dyn ObjectStore>) -> Self {
        self.access.data = Some(data);
        self
    }

    /// The end of the log, and all who are being served.
    pub(crate) async fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().await
    }

    /// The same, where nobody else has it.
    pub(crate) fn desk_mut(&mut self) -> &mut Desk {
        self.desk.get_mut()
    }

    /// The store, for what goes through the whole log.
    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    /// The same for good, with no data store.
    pub(crate) fn into_access(self) -> Access {
        self.access
    }

    /// Who writes.
    pub(crate) fn writer(&self) -> &Writer {
        &self.writer
    }

    /// For the simulation's mutants only: the same log with a rule broken.
    #[must_use]
    pub fn with_rules(mut self, rules: Rules) -> Self {
        self.access.rules = rules;
        self
    }

    /// The same log, keeping what snapshots and the views of the graph are made of while it reads:
    /// for the tick, which alone writes them (DECISIONS 8). Others don't pay for it.
    #[must_use]
    pub fn keeping_snapshots(self) -> Self {
        self.keeping_snapshots_every(SNAPSHOT_EVERY)
    }

    /// The same at every so many commits. Programs take the one above; in the simulation's short
    /// logs a snapshot has to come sooner.
    #[must_use]
    pub fn keeping_snapshots_every(self, commits: u64) -> Self {
        let mut log = self;
        log.desk_mut().keep_snapshots(commits);
        log
    }

    /// The same log, which at a cold start must reach as far as the newest checkpoint says, if this
    /// key has signed it. One GET more, in no round trip of its own.
    #[must_use]
    pub fn with_checkpoints_by(mut self, key: VerifierKey) -> Self {
        self.access.verifier = Some(key);
        self
    }

    /// For tests only: the same log as a program of another version sees it (DECISIONS 7).
    #[must_use]
    pub fn with_reader_version(mut self, understood: u32) -> Self {
        self.access.understood = understood;
        self
    }

    /// How this process's first read went; before it: nothing.
    pub async fn cold_start(&self) -> ColdStart {
        self.desk.lock().await.cold_start().clone()
    }

    /// As [`view`](Self::view), with a LIST that proves that nothing lies behind the end and that
    /// the log still reaches it: before a snapshot and before sealing (DECISIONS 8).
    pub async fn proved_view(&self) -> Result<Arc<View>, LogError> {
        let mut desk = self.desk.lock().await;
        let tail = desk.tail(&self.access).await?;
        tail.catch_up(&self.access).await?;
        tail.prove_end(&self.access).await?;
        Ok(Arc::clone(tail.view()))
    }

    /// Writes the snapshot that is due, the graph beside it, and the hint. `None`: none is due, or it
    /// was written. Only of a log that [keeps snapshots](Self::keeping_snapshots) and has its data store.
    pub async fn snapshot(&self) -> Result<Option<Written>, LogError> {
        let (due, end) = {
            let mut desk = self.desk.lock().await;
            let tail = desk.tail(&self.access).await?;
            if self.access.data.is_none() || tail.due_snapshot().is_none() {
                return Ok(None);
            }
            tail.refuse_newer_log(&self.access)?;
            tail.prove_end(&self.access).await?;
            let Some(due) = tail.due_snapshot() else { return Ok(None) };
            (due, Arc::clone(tail.view()))
        };
        let written = write(&self.access, &due, &end).await;
        let settled = !matches!(written, Err(LogError::Store { .. }));
        if settled {
            self.desk.lock().await.snapshot_settled(&due.view);
        }
        written.map(Some)
    }

    /// Writes the views that are due: what left the state since, and the graph, where this log keeps
    /// one. Nothing without a data store.
    pub async fn write_views(&self) -> Result<ViewsWritten, LogError> {
        if self.access.data.is_none() {
            return Ok(ViewsWritten::default());
        }
        let (view, shown) = {
            let mut desk = self.desk.lock().await;
            let tail = desk.tail(&self.access).await?;
            tail.catch_up(&self.access).await?;
            (Arc::clone(tail.view()), tail.shown_if_kept())
        };
        let mut next = self.views.lock().await;
        let [of_state, of_graph] = &mut *next;
        let state = views::write(&self.access, &view, of_state).await?;
        let Some(shown) = shown else { return Ok(state) };
        let position = &view.position;
        let graph = write_past(&self.access, position, &shown.graph, of_graph).await?;
        Ok(state.and(graph))
    }

    /// An attempt that left the state: `view` is a recent one.
    pub async fn aged_attempt(
        &self,
        view: &View,
        id: &AttemptId,
    ) -> Result<Option<Aged>, LogError> {
        self.finder(view).attempt(id).await
    }

    /// A pull request that left the state.
    pub async fn aged_pull_request(
        &self,
        view: &View,
        target: &TargetId,
        number: u64,
    ) -> Result<Option<PullRequest>, LogError> {
        self.finder(view).pull_request(target, number).await
    }

    /// A removed task that left the state.
    pub async fn aged_task(
        &self,
        view: &View,
        target: &TargetId,
        id: &TaskId,
    ) -> Result<Option<Task>, LogError> {
        self.finder(view).task(target, id).await
    }

    /// What left the state, the newest first, until `limit` of it is `wanted`.
    pub async fn aged(
        &self,
        view: &View,
        target: Option<&TargetId>,
        limit: usize,
        wanted: impl Fn(&Departure) -> bool,
    ) -> Result<Listed, LogError> {
        self.finder(view).newest(target, limit, wanted).await
    }

    fn finder<'a>(&'a self, view: &'a View) -> Finder<'a> {
        Finder { access: &self.access, past: &view.state.past }
    }

    /// Folds the whole log from commit 0 and compares byte for byte with the live state and with
    /// the newest snapshot.
    pub async fn replay(&self, progress: impl FnMut(u64) + Send) -> Result<Replayed, LogError> {
        let live = self.view().await?;
        replay(&self.access, &live, progress).await
    }

    /// What is known now: caught up with every append that was acknowledged before the call.
    pub async fn view(&self) -> Result<Arc<View>, LogError> {
        let mut desk = self.desk.lock().await;
        let tail = desk.tail(&self.access).await?;
        if self.access.rules.readers_catch_up || !tail.is_fresh(self.access.clock.now()) {
            tail.catch_up(&self.access).await?;
        }
        Ok(Arc::clone(tail.view()))
    }

    /// Decides on the newest state and appends what was decided, all or nothing, as one part of a
    /// commit.
    ///
    /// Transactions that come while an append is under way share the next commit. Whoever is at
    /// the desk decides for all of them, hence `'static`. `decide` may be called several times,
    /// each time on a newer state; only the last call counts. It must be quick: others wait.
    ///
    /// An error other than [`LogError::Unknown`] and [`LogError::Interrupted`] means that nothing
    /// was appended. Where the returned future is dropped before it is done, the transaction may
    /// be appended or not; no other one is touched by that.
    pub async fn transact<A: Send + 'static>(
        &self,
        transaction: &Transaction,
        decide: impl FnMut(&State, &Moment) -> Decision<A> + Send + 'static,
    ) -> Result<Outcome<A>, LogError> {
        let (waiting, reply) = Waiting::new(transaction.clone(), decide);
        served(&self.access, &self.writer, &self.queue, &self.desk, waiting, reply).await
    }

    /// Hands on each commit up to that point, verified, in order, until `take` answers `false`.
    pub async fn each_commit(
        &self,
        until: Until,
        mut take: impl FnMut(&StoredCommit) -> bool,
    ) -> Result<(), LogError> {
        let mut walk = Walk::new(&self.access, Position::default(), until);
        loop {
            let chunk = walk.next().await?;
            if chunk.is_empty() || !chunk.iter().all(&mut take) {
                return Ok(());
            }
        }
    }

    /// The state at an earlier point, folded from the first commit on, each verified: no snapshot
    /// is asked. `progress` hears the number of commits.
    pub async fn state_at(
        &self,
        until: Until,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<View, LogError> {
        let mut walk = Walk::new(&self.access, Position::default(), until);
        let mut view = View::default();
        loop {
            let chunk = walk.next().await?;
            if chunk.is_empty() {
                view.position = walk.position;
                return Ok(view);
            }
            chunk.iter().for_each(|stored| fold(&mut view.state, &stored.commit));
            progress(walk.position.next_seq());
        }
    }

    /// One commit, sound in itself; how it hangs together with the others is for `verify`.
    pub async fn read(&self, seq: u64) -> Result<Commit, LogError> {
        let got = self.access.get(seq).await?.ok_or(LogError::NoSuchCommit { seq })?;
        let stored = decode(seq, got.object.bytes).map_err(|fault| damaged(seq, fault))?;
        Ok(Arc::unwrap_or_clone(stored.commit))
    }

    /// Seals what was appended since the newest checkpoint: writes its tiles and entries, then a
    /// checkpoint over it, signed, and that checkpoint's copies. Safe to race. `None`: nothing was
    /// new, as far as this process has read. A very long log is sealed a piece a call.
    ///
    /// Nothing is signed before the log was shown to go on from the newest checkpoint.
    pub async fn seal(
        &self,
        signer: &dyn Signer,
        second: Option<&dyn ObjectStore>,
    ) -> Result<Option<Checkpoint>, LogError> {
        let known = self.desk.lock().await.position().offset;
        let mut memory = self.sealed.lock().await;
        if memory.as_ref().is_some_and(|sealed| sealed.covers(known)) {
            return Ok(None);
        }
        Sealer::new(&self.access, signer, second)?.seal(&mut memory).await
    }

    /// Reads the whole log from the store and checks everything that can be checked.
    ///
    /// `known` is a head that was noted down earlier in another place. Without one the newest
    /// commit's bytes are vouched for by nothing yet, because only its successor names its digest;
    /// and a log that lost its newest commits looks like a shorter log.
    pub async fn verify(
        &self,
        known: Option<&Head>,
        progress: impl FnMut(u64) + Send,
    ) -> Result<Report, LogError> {
        let known = Known { head: known.cloned(), ..Known::default() };
        self.verify_with(&known, progress).await
    }

    /// As [`verify`](Self::verify), with the log's key, or a checkpoint that is trusted already.
    pub async fn verify_with(
        &self,
        known: &Known,
        progress: impl FnMut(u64) + Send,
    ) -> Result<Report, LogError> {
        verify(&self.access, known, progress).await
    }

    /// One event with the proof that it stands in the log, as the newest checkpoint has it: to be
    /// checked by anybody who has the log's key, without the log.
    pub async fn prove(&self, key: &VerifierKey, event: &EventName) -> Result<Bundle, LogError> {
        prove(&self.access, key, event).await
    }

    /// The checkpoint over so many events, if this key signed it.
    pub async fn checkpoint(&self, key: &VerifierKey, size: u64) -> Result<Checkpoint, LogError> {
        newest::read(&self.access, self.access.store.as_ref(), size, key).await
    }
}
