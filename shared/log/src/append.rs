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

/// Appends this commit. An error means that nothing was appended. `sent_before`: it was sent
/// already, and nobody waited for the answer; what that request did is then as open as with any
/// other that got no answer.
pub(crate) async fn append(
    access: &Access,
    stored: &StoredCommit,
    sent_before: bool,
) -> Result<Appended, LogError> {
    let key = keys::commit(stored.commit.header.seq);
    let mut unclear = sent_before
        .then(|| "an earlier request was left without waiting for its answer".to_owned());
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
            Err(StoreError::AlreadyExists { .. }) => return read_back(access, stored, None).await,
            Err(StoreError::Conflict { .. }) if !access.rules.conflict_is_sent_again => {
                return read_back(access, stored, None).await;
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
        (Some(reason), _) => read_back(access, stored, Some(reason)).await,
        // Every answer was a clear no.
        (None, Some(problem)) => Err(problem.into()),
        (None, None) => Ok(Appended::Unknown { reason: "the store was not asked".to_owned() }),
    }
}

/// Whose a commit is that stands where ours was to stand.
enum Whose {
    Ours,
    Another,
    /// Nobody's yet: cut short on the way, or damaged.
    Unreadable,
}

/// Finds out what stands under the key. `unclear`: no try got a clear answer, so where nothing
/// stands ours may still come; without it the store said that a commit stands there: ours, of an
/// earlier try, or another's.
///
/// What can't be read says nothing about whose it is, so it is read again: an answer that was cut
/// short must not turn our own commit into a refusal. A fault of the log that is met here leaves
/// the outcome unknown for the same reason; whoever reads next meets it too, and stops.
async fn read_back(
    access: &Access,
    stored: &StoredCommit,
    unclear: Option<String>,
) -> Result<Appended, LogError> {
    let seq = stored.commit.header.seq;
    let mut unreadable = None;
    for tries in 1..=TRIES {
        match access.get(seq).await {
            Ok(Some(got)) => match whose(access, stored, &got) {
                Whose::Ours => {
                    let Heard { asked_at, answered_at, store_time } = got.heard;
                    let times = store_time.map(|time| [asked_at, answered_at, time]);
                    return Ok(Appended::Committed { times });
                }
                Whose::Another => return Ok(Appended::Lost(got)),
                Whose::Unreadable => unreadable = Some(got),
            },
            Ok(None) if unclear.is_none() => {
                let evidence = "the store refuses to create it because it exists, and can't give \
                                it back";
                let missing = keys::commit(seq);
                return Err(LogError::Hole { missing, evidence: evidence.to_owned() });
            }
            Ok(None) => {}
            Err(problem) => return Ok(Appended::Unknown { reason: problem.to_string() }),
        }
        access.pause(tries).await;
    }
    match (unreadable, unclear) {
        // Again and again: it is damaged, and the reader says how.
        (Some(got), _) if nonce_of(&got.object.bytes) != Some(stored.commit.header.nonce) => {
            Ok(Appended::Lost(got))
        }
        (Some(_), _) => {
            Err(LogError::Damaged { key: keys::commit(seq), fault: Fault::NotOurBytes })
        }
        (None, reason) => Ok(Appended::Unknown { reason: reason.unwrap_or_default() }),
    }
}

fn whose(access: &Access, stored: &StoredCommit, got: &Got) -> Whose {
    let header = &stored.commit.header;
    match nonce_of(&got.object.bytes) {
        Some(nonce) if nonce != header.nonce || !access.rules.own_nonce_is_committed => {
            Whose::Another
        }
        Some(_) if got.object.bytes == stored.bytes => Whose::Ours,
        _ => Whose::Unreadable,
    }
}
