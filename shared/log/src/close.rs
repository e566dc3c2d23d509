//! The end of one life of a log (DECISIONS 9): `log.closed` names the successor, and from then on
//! nothing is appended here.
//!
//! It is appended right after the newest commit, whatever is wrong with the ones before: a log
//! that has to be replaced because it is damaged must be closed all the same, since a program that
//! had read it before the damage would go on writing to it.

use leviathan_core::authority::authorised;
use leviathan_core::event::Principal;
use leviathan_core::fact::{Fact, LogClosed};

use crate::access::Access;
use crate::append::{Appended, append};
use crate::commit::{Draft, DraftPart, Nonce, StoredCommit, Writer, decode, encode};
use crate::copy::Names;
use crate::error::LogError;
use crate::keys;
use crate::log::Log;
use crate::position::Position;
use crate::tail::damaged;
use crate::time::CorrectedClock;
use crate::transact::Transaction;

/// After so many lost races in a row closing gives up.
const MOST_RACES: u32 = 256;

impl Log {
    /// Closes the log in favour of this successor, and answers the number of the commit that says
    /// so. Closed already for the same successor is success. For another one it is
    /// [`LogError::Closed`], because a log has one successor.
    pub async fn close(&self, by: &Principal, fact: LogClosed) -> Result<u64, LogError> {
        close(self.access(), self.writer(), by, fact).await
    }
}

pub(crate) async fn close(
    access: &Access,
    writer: &Writer,
    by: &Principal,
    fact: LogClosed,
) -> Result<u64, LogError> {
    for races in 1..=MOST_RACES {
        let last = newest(access).await?;
        if let Some((seq, known)) = last.as_ref().and_then(closed_by) {
            if known.successor == fact.successor {
                return Ok(seq);
            }
            let LogClosed { successor, place, epoch } = known;
            return Err(LogError::Closed { successor, place, epoch });
        }
        let position = last.as_ref().map(Position::after).unwrap_or_default();
        if position.min_reader > access.understood {
            let (needed, understood) = (position.min_reader, access.understood);
            return Err(LogError::NewerLog { needed, understood });
        }
        let epoch = position.epoch.max(1);
        let stored = life_commit(access, writer, by, &position, epoch, fact.clone().into())?;
        let seq = stored.commit.header.seq;
        match append(access, &stored, false).await? {
            Appended::Committed { .. } => return Ok(seq),
            Appended::Lost(_) => access.pause(races.min(4)).await,
            Appended::Unknown { reason } => {
                let nonce = stored.commit.header.nonce;
                return Err(LogError::Unknown { seq, nonce, reason });
            }
        }
    }
    Err(LogError::Busy { races: MOST_RACES })
}

/// The commit after this position that holds one fact about the log's life.
pub(crate) fn life_commit(
    access: &Access,
    writer: &Writer,
    by: &Principal,
    position: &Position,
    epoch: u64,
    fact: Fact,
) -> Result<StoredCommit, LogError> {
    let recorded_at = CorrectedClock::default().now(access.clock.now(), position.recorded_at)?;
    let transaction = Transaction::of("restore", by.clone());
    let part = DraftPart {
        transaction: &transaction,
        decided_at: recorded_at,
        read_seq: position.seq,
        events: vec![fact.event_about_no_target()],
    };
    let nonce = Nonce(access.entropy.random());
    let parts = vec![part];
    Ok(encode(Draft { position, epoch, nonce, recorded_at, writer, parts })?)
}

/// The newest commit, sound in itself; `None` where there is none.
pub(crate) async fn newest(access: &Access) -> Result<Option<StoredCommit>, LogError> {
    let mut names = Names::under(access, keys::EVENTS);
    let mut last = None;
    while let Some(key) = names.next().await? {
        let seq = keys::commit_seq(&key).ok_or(LogError::Foreign { key })?;
        last = Some(seq);
    }
    let Some(seq) = last else { return Ok(None) };
    let Some(got) = access.get(seq).await? else {
        let evidence = "LIST names it, GET does not find it".to_owned();
        return Err(LogError::Hole { missing: keys::commit(seq), evidence });
    };
    let stored = decode(seq, got.object.bytes).map_err(|fault| damaged(seq, fault))?;
    Ok(Some(stored))
}

/// Whether this commit closes the log; nothing ever comes after one that does.
pub(crate) fn closed_by(stored: &StoredCommit) -> Option<(u64, LogClosed)> {
    stored.commit.events.iter().find_map(|event| match authorised(event) {
        Some(Fact::LogClosed(fact)) => Some((stored.commit.header.seq, fact)),
        _ => None,
    })
}
