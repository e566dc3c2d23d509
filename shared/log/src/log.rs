//! The log as programs use it.

use std::sync::Arc;

use leviathan_core::decide::{Decision, Moment};
use leviathan_core::ports::{Clock, Entropy, ObjectStore};
use leviathan_core::state::State;
use tokio::sync::Mutex;

use crate::access::Access;
use crate::commit::{Commit, Writer, decode};
use crate::error::LogError;
use crate::rules::Rules;
use crate::tail::{Tail, View, damaged};
use crate::transact::{Outcome, Transaction, transact};
use crate::verify::{Head, Report, verify};

/// One log in one store, as one process sees it. Several processes may have the same log.
pub struct Log {
    access: Access,
    writer: Writer,
    /// One writer a process: two would only race each other for the next number. Waiters are
    /// served in the order in which they came.
    tail: Mutex<Tail>,
}

impl Log {
    /// The log in this store. Nothing is read yet.
    pub fn new(
        store: Arc<dyn ObjectStore>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        writer: Writer,
    ) -> Self {
        let access = Access { store, data: None, clock, entropy, rules: Rules::default() };
        Self { access, writer, tail: Mutex::default() }
    }

    /// The same log with the store of what is derived from it (DECISIONS 14). Without one every
    /// cold start folds the whole log.
    #[must_use]
    pub fn with_data(mut self, data: Arc<dyn ObjectStore>) -> Self {
        self.access.data = Some(data);
        self
    }

    /// For the simulation's mutants only: the same log with a rule broken.
    #[must_use]
    pub fn with_rules(mut self, rules: Rules) -> Self {
        self.access.rules = rules;
        self
    }

    /// What is known now: caught up with every append that was acknowledged before the call.
    pub async fn view(&self) -> Result<Arc<View>, LogError> {
        let mut tail = self.tail.lock().await;
        if self.access.rules.readers_catch_up || !tail.is_fresh(self.access.clock.now()) {
            tail.catch_up(&self.access).await?;
        }
        Ok(Arc::clone(tail.view()))
    }

    /// Decides on the newest state and appends what was decided, as one commit.
    ///
    /// `decide` may be called several times, each time on a newer state; only the last call counts.
    /// An error other than [`LogError::Unknown`] means that nothing was appended.
    pub async fn transact<A>(
        &self,
        transaction: &Transaction,
        decide: impl FnMut(&State, &Moment) -> Decision<A> + Send,
    ) -> Result<Outcome<A>, LogError> {
        let mut tail = self.tail.lock().await;
        transact(&self.access, &self.writer, &mut tail, transaction, decide).await
    }

    /// One commit, sound in itself; how it hangs together with the others is for `verify`.
    pub async fn read(&self, seq: u64) -> Result<Commit, LogError> {
        let got = self.access.get(seq).await?.ok_or(LogError::NoSuchCommit { seq })?;
        let stored = decode(seq, got.object.bytes).map_err(|fault| damaged(seq, fault))?;
        Ok(Arc::unwrap_or_clone(stored.commit))
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
        verify(&self.access, known, progress).await
    }
}
