//! One transaction: catch up, decide, append; where another writer was first, catch up and decide
//! again. All or nothing, and nothing at all when there are no events.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use leviathan_core::decide::{Decision, Moment};
use leviathan_core::event::Principal;
use leviathan_core::ids::{Digest, TargetId};
use leviathan_core::state::State;

use crate::access::Access;
use crate::append::{Appended, append};
use crate::commit::{Commit, Draft, DraftPart, Nonce, StoredCommit, Writer, encode};
use crate::error::LogError;
use crate::pace::Pace;
use crate::tail::Tail;

/// After so many lost races in a row a transaction gives up; nothing was appended then.
const MOST_RACES: u32 = 256;

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
    pub commit: Option<Arc<Commit>>,
}

/// One turn of a transaction.
enum Turn<A> {
    Done(Outcome<A>),
    /// Another writer was first; the append that lost took so long.
    Lost {
        took: Duration,
    },
    /// Nothing to append, but the view is not known to be the end.
    LookAgain,
}

/// Runs a transaction while nobody else in this process does.
pub(crate) async fn transact<A>(
    access: &Access,
    writer: &Writer,
    tail: &mut Tail,
    transaction: &Transaction,
    mut decide: impl FnMut(&State, &Moment) -> Decision<A> + Send,
) -> Result<Outcome<A>, LogError> {
    let mut at_end = false;
    if !tail.is_fresh(access.clock.now()) {
        tail.catch_up(access).await?;
        at_end = true;
    }
    tail.rest(access).await;
    let mut races = 0;
    loop {
        match turn(access, writer, tail, transaction, &mut decide, at_end).await? {
            Turn::Done(outcome) => return Ok(outcome),
            Turn::LookAgain => {
                tail.catch_up(access).await?;
                at_end = true;
            }
            Turn::Lost { took } => {
                races += 1;
                if races >= MOST_RACES {
                    return Err(LogError::Busy { races });
                }
                at_end = tail.looks_far_behind(access.clock.now());
                if at_end {
                    tail.catch_up(access).await?;
                }
                access.clock.sleep(Pace::wait(races, took, access.chance())).await;
            }
        }
    }
}

/// Decides on the view and appends. `at_end`: the view was seen to be the end since the
/// transaction began, so that "nothing to do" can be answered from it.
async fn turn<A>(
    access: &Access,
    writer: &Writer,
    tail: &mut Tail,
    transaction: &Transaction,
    decide: &mut (impl FnMut(&State, &Moment) -> Decision<A> + Send),
    at_end: bool,
) -> Result<Turn<A>, LogError> {
    tail.refuse_newer_log(access)?;
    tail.refuse_closed(&access.rules)?;
    let now = tail.now(access).await?;
    let view = tail.view();
    let epoch = view.state.epoch().max(view.position.epoch);
    let Decision { events, answer } = decide(&view.state, &Moment { now, epoch });
    if events.is_empty() {
        let outcome = Outcome { answer, commit: None };
        return Ok(if at_end { Turn::Done(outcome) } else { Turn::LookAgain });
    }
    let nonce = Nonce(access.entropy.random());
    let read_seq = view.position.seq;
    let part = DraftPart { transaction, decided_at: now, read_seq, events };
    let position = &view.position;
    let parts = vec![part];
    let stored = encode(Draft { position, epoch, nonce, recorded_at: now, writer, parts })?;
    let sent = access.clock.now();
    let appended = append(access, &stored).await?;
    let took = elapsed(sent, access.clock.now());
    match appended {
        Appended::Committed { times } => {
            tail.take_own(access, &stored, times, took)?;
            let commit = Some(Arc::clone(&stored.commit));
            Ok(Turn::Done(Outcome { answer, commit }))
        }
        Appended::Lost(got) => {
            tail.take_object(&access.rules, got)?;
            Ok(Turn::Lost { took })
        }
        Appended::Unknown { reason } => Err(unknown(&stored, reason)),
    }
}

fn unknown(stored: &StoredCommit, reason: String) -> LogError {
    let header = &stored.commit.header;
    LogError::Unknown { seq: header.seq, nonce: header.nonce, reason }
}

/// Zero where the clock went back.
pub(crate) fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
