//! One transaction, from its caller's side: what it is and what comes of it. All or nothing, and
//! nothing at all when its decision has no events. How those that wait at the same time share a
//! commit is `group`'s.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use jiff::Timestamp;
use leviathan_core::event::{Event, Principal};
use leviathan_core::ids::{Digest, TargetId};
use tokio::sync::{Mutex, oneshot};

use crate::access::Access;
use crate::commit::{Commit, Header, Part, Writer};
use crate::error::LogError;
use crate::group::{Desk, Queue};
use crate::waiting::{Reply, Waiting};

/// What a transaction is, for the commit's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// What kind: `tick`, `ingest`, `publish` …
    pub kind: String,
    /// Who appends: stands in each of its events.
    pub principal: Principal,
    /// The target that it is about, if one.
    pub target: Option<TargetId>,
    /// The client's bundle that it takes in, if one.
    pub bundle_id: Option<String>,
    /// Of the bundle's events, if it takes one in.
    pub content_digest: Option<Digest>,
}

impl Transaction {
    /// A program's own transaction, about no single target.
    pub fn of(kind: &str, principal: Principal) -> Self {
        let kind = kind.to_owned();
        Self { kind, principal, target: None, bundle_id: None, content_digest: None }
    }
}

/// What came of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<A> {
    /// The answer of the decision that stands.
    pub answer: A,
    /// What was appended; `None`: the decision wanted nothing appended.
    pub commit: Option<Committed>,
}

/// A transaction's own part of the commit that holds it. Other transactions may have parts in the
/// same commit: their events are not this one's.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    commit: Arc<Commit>,
    part: usize,
}

impl Committed {
    pub(crate) fn new(commit: Arc<Commit>, part: usize) -> Self {
        Self { commit, part }
    }

    /// The commit's header.
    pub fn header(&self) -> &Header {
        &self.commit.header
    }

    /// The commit's number.
    pub fn seq(&self) -> u64 {
        self.commit.header.seq
    }

    /// What the header says of this transaction's part.
    pub fn part(&self) -> Option<&Part> {
        self.commit.header.parts.get(self.part)
    }

    /// The events that this transaction appended, and no others.
    pub fn events(&self) -> &[Event] {
        self.commit.part_events(self.part)
    }

    /// The whole commit, with the parts of others.
    pub fn whole(&self) -> &Arc<Commit> {
        &self.commit
    }
}

/// Waits until this transaction's answer is there: given by another caller that is at the desk, or
/// by this one, when it has come to the desk itself. Who is at the desk serves everybody who waits.
pub(crate) async fn served<A>(
    access: &Access,
    writer: &Writer,
    queue: &Queue,
    desk: &Mutex<Desk>,
    waiting: Waiting,
    reply: oneshot::Receiver<Reply<A>>,
) -> Result<Outcome<A>, LogError> {
    queue.add(waiting);
    let (mut desk, mut reply) = match select(reply, pin!(desk.lock())).await {
        Either::Left((reply, _)) => return received(reply),
        Either::Right((desk, reply)) => (desk, reply),
    };
    loop {
        match reply.try_recv() {
            Ok(reply) => return received(Ok(reply)),
            Err(oneshot::error::TryRecvError::Closed) => return Err(LogError::Interrupted),
            Err(oneshot::error::TryRecvError::Empty) => desk.serve(access, writer, queue).await,
        }
    }
}

fn received<A>(reply: Result<Reply<A>, oneshot::error::RecvError>) -> Result<Outcome<A>, LogError> {
    match reply {
        Ok(Ok(outcome)) => outcome,
        // It goes on where it would have been raised without a group.
        Ok(Err(payload)) => std::panic::resume_unwind(payload),
        Err(_) => Err(LogError::Interrupted),
    }
}

/// Zero where the clock went back.
pub(crate) fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
