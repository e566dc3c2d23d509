//! One append: one PUT at the next number, and finding out what became of it.
//!
//! Three outcomes, and no fourth. `Unknown` is never reported as failed: the request may still be
//! on its way. That is safe only because each try sends the same bytes under the same key, and
//! because nobody deletes, so at most one object can ever stand there.

use bytes::Bytes;
use jiff::Timestamp;
use leviathan_core::ports::StoreError;

use crate::access::{Access, Got, Heard, TRIES};
use crate::commit::{Fault, StoredCommit, nonce_of};
use crate::error::LogError;
use crate::keys;

/// What became of an append.
pub(crate) enum Appended {
    /// Our commit stands there.
    Committed {
        /// The store's time with the machine's before and after, where the store tells it.
        times: Option<[Timestamp; 3]>,
    },
    /// Another commit stands there: this one.
    Lost(Got),
    /// Ours may stand there, or come to stand there.
    Unknown {
        /// The last thing that the store said.
        reason: String,
    },
}

/// Appends this commit. An error means that nothing was appended.
pub(crate) async fn append(access: &Access, stored: &StoredCommit) -> Result<Appended, LogError> {
    let key = keys::commit(stored.commit.header.seq);
    let mut unclear = None;
    let mut last = None;
    for tries in 0..TRIES {
        if tries > 0 {
            access.pause(tries).await;
        }
        let asked = access.clock.now();
        match access.store.create(&key, Bytes::clone(&stored.bytes)).await {
            Ok(time) => {
                let times = time.map(|time| [asked, access.clock.now(), time]);
                return Ok(Appended::Committed { times });
            }
            Err(StoreError::AlreadyExists { .. }) => return who_is_there(access, stored).await,
            Err(StoreError::Conflict { .. }) if !access.rules.conflict_is_sent_again => {
                return who_is_there(access, stored).await;
            }
            Err(StoreError::Unclear { reason, .. }) => unclear = Some(reason),
            Err(problem @ StoreError::Conflict { .. }) => last = Some(problem),
            Err(problem) => {
                last = Some(problem);
                break;
            }
        }
    }
    match (unclear, last) {
        (Some(reason), _) => find_out(access, stored, reason).await,
        // Every answer was a clear no.
        (None, Some(problem)) => Err(problem.into()),
        (None, None) => Ok(Appended::Unknown { reason: "the store was not asked".to_owned() }),
    }
}

/// The store says that a commit stands there: ours, of an earlier try, or another's.
async fn who_is_there(access: &Access, stored: &StoredCommit) -> Result<Appended, LogError> {
    match access.get(stored.commit.header.seq).await {
        Ok(Some(got)) => compare(access, stored, got),
        Ok(None) => Err(LogError::Hole {
            missing: keys::commit(stored.commit.header.seq),
            evidence: "the store refuses to create it because it exists, and can't give it back"
                .to_owned(),
        }),
        Err(LogError::Store { source }) => Ok(Appended::Unknown { reason: source.to_string() }),
        Err(fault) => Err(fault),
    }
}

/// No try got a clear answer. Only presence settles it: where nothing stands, ours may still come.
async fn find_out(
    access: &Access,
    stored: &StoredCommit,
    reason: String,
) -> Result<Appended, LogError> {
    for tries in 1..=TRIES {
        match access.get(stored.commit.header.seq).await {
            Ok(Some(got)) => return compare(access, stored, got),
            Ok(None) => access.pause(tries).await,
            Err(LogError::Store { .. }) => break,
            Err(fault) => return Err(fault),
        }
    }
    Ok(Appended::Unknown { reason })
}

fn compare(access: &Access, stored: &StoredCommit, got: Got) -> Result<Appended, LogError> {
    let ours = nonce_of(&got.object.bytes) == Some(stored.commit.header.nonce);
    if !ours || !access.rules.own_nonce_is_committed {
        return Ok(Appended::Lost(got));
    }
    if got.object.bytes != stored.bytes {
        let key = keys::commit(stored.commit.header.seq);
        return Err(LogError::Damaged { key, fault: Fault::NotOurBytes });
    }
    let Heard { asked_at, answered_at, store_time } = got.heard;
    let times = store_time.map(|time| [asked_at, answered_at, time]);
    Ok(Appended::Committed { times })
}
