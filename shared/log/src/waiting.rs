//! A transaction that waits for its turn, as whoever holds the log's end sees it: something that
//! decides when it is asked, and that wants an answer in the end. What it answers with is its
//! caller's matter.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use leviathan_core::decide::{Decision, Moment};
use leviathan_core::event::NewEvent;
use leviathan_core::state::State;
use tokio::sync::oneshot;

use crate::commit::Commit;
use crate::error::LogError;
use crate::transact::{Committed, Outcome, Transaction};

/// What a caller gets back; the outer error is the payload of a decision's panic, which goes on in
/// the caller, where it would have been without a group.
pub(crate) type Reply<A> = Result<Result<Outcome<A>, LogError>, Box<dyn Any + Send>>;

/// A waiting transaction.
pub(crate) struct Waiting {
    call: Box<dyn Call>,
    /// How many races it has lost.
    pub(crate) races: u32,
    /// The view was seen to be the end of the log since it began to wait, so that "nothing to do"
    /// can be answered from it.
    pub(crate) at_end: bool,
}

impl Waiting {
    /// With the place where its answer will be.
    pub(crate) fn new<A: Send + 'static>(
        transaction: Transaction,
        decide: impl FnMut(&State, &Moment) -> Decision<A> + Send + 'static,
    ) -> (Self, oneshot::Receiver<Reply<A>>) {
        let (reply, receiver) = oneshot::channel();
        let call = Box::new(Typed { transaction, decide, answer: None, reply });
        (Self { call, races: 0, at_end: false }, receiver)
    }

    /// What it is.
    pub(crate) fn transaction(&self) -> &Transaction {
        self.call.transaction()
    }

    /// Whether its caller has gone away.
    pub(crate) fn is_gone(&self) -> bool {
        self.call.is_gone()
    }

    /// What it wants appended on this state. A panic is kept for its caller, and comes back as an
    /// error: then only `end` is left to call.
    pub(crate) fn decide(
        &mut self,
        state: &State,
        moment: &Moment,
    ) -> Result<Vec<NewEvent>, Panicked> {
        // Nothing that a panic may leave half-done is looked at again: the state can't be changed
        // by a decision, and the decision itself is never called again.
        match catch_unwind(AssertUnwindSafe(|| self.call.decide(state, moment))) {
            Ok(events) => Ok(events),
            Err(payload) => Err(Panicked(payload)),
        }
    }

    /// Answers it: by what it last decided, and the commit and part that hold it, if it had events.
    pub(crate) fn end(self, outcome: Result<Option<(Arc<Commit>, usize)>, LogError>) {
        self.call.end(outcome);
    }

    /// Lets the panic of its decision go on in its caller.
    pub(crate) fn end_by_panic(self, Panicked(payload): Panicked) {
        self.call.end_by_panic(payload);
    }
}

/// A decision panicked, with this payload.
pub(crate) struct Panicked(Box<dyn Any + Send>);

trait Call: Send {
    fn transaction(&self) -> &Transaction;
    fn is_gone(&self) -> bool;
    fn decide(&mut self, state: &State, moment: &Moment) -> Vec<NewEvent>;
    fn end(self: Box<Self>, outcome: Result<Option<(Arc<Commit>, usize)>, LogError>);
    fn end_by_panic(self: Box<Self>, payload: Box<dyn Any + Send>);
}

struct Typed<A, D> {
    transaction: Transaction,
    decide: D,
    answer: Option<A>,
    reply: oneshot::Sender<Reply<A>>,
}

impl<A, D> Call for Typed<A, D>
where
    A: Send,
    D: FnMut(&State, &Moment) -> Decision<A> + Send,
{
    fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    fn is_gone(&self) -> bool {
        self.reply.is_closed()
    }

    fn decide(&mut self, state: &State, moment: &Moment) -> Vec<NewEvent> {
        let Decision { events, answer } = (self.decide)(state, moment);
        self.answer = Some(answer);
        events
    }

    fn end(self: Box<Self>, outcome: Result<Option<(Arc<Commit>, usize)>, LogError>) {
        let Self { answer, reply, .. } = *self;
        let reply_with = outcome.and_then(|appended| {
            // Nobody is told that it is done before it has decided.
            let answer = answer.ok_or(LogError::Interrupted)?;
            let commit = appended.map(|(commit, part)| Committed::new(commit, part));
            Ok(Outcome { answer, commit })
        });
        // The caller may have gone away meanwhile.
        drop(reply.send(Ok(reply_with)));
    }

    fn end_by_panic(self: Box<Self>, payload: Box<dyn Any + Send>) {
        drop(self.reply.send(Err(payload)));
    }
}
