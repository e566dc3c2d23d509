//! The log that a restored one replaces: closed, so that nobody writes to both.

use leviathan_core::fact::LogClosed;

use super::{Found, Restore, RestoreError};
use crate::access::Access;
use crate::close::{close, closed_by, newest};
use crate::commit::decode;
use crate::error::LogError;
use crate::keys;
use crate::position::Position;

/// The old log as it is found before anything is changed.
pub(super) struct OldLog {
    /// Its epoch.
    pub(super) epoch: u64,
    /// Its newest commit.
    pub(super) last: Option<u64>,
}

impl OldLog {
    /// Looks at the old log: it has to be the one that `kept` is of, and not be closed for another
    /// successor than `successor`.
    pub(super) async fn look(
        old: &Access,
        from: &Access,
        kept: &Position,
        successor: Option<&str>,
    ) -> Result<Self, RestoreError> {
        must_be_the_same(old, from, kept).await?;
        let newest = newest(old).await?;
        if let Some((_, LogClosed { successor: known, place, epoch })) =
            newest.as_ref().and_then(closed_by)
            && successor != Some(known.as_str())
        {
            return Err(LogError::Closed { successor: known, place, epoch }.into());
        }
        let header = newest.as_ref().map(|stored| &stored.commit.header);
        Ok(Self {
            epoch: header.map_or(0, |header| header.epoch),
            last: header.map(|header| header.seq),
        })
    }
}

/// The last kept commit stands in it too; where that one is damaged or lost there, the first one
/// tells which log it is.
async fn must_be_the_same(
    old: &Access,
    from: &Access,
    kept: &Position,
) -> Result<(), RestoreError> {
    let seq = kept.seq.unwrap_or_default();
    if let Some(bytes) = old.object_if_any(&keys::commit(seq)).await?
        && let Ok(stored) = decode(seq, bytes)
    {
        let same = Some(&stored.digest) == kept.digest.as_ref();
        return if same { Ok(()) } else { Err(RestoreError::NotTheOldLog { seq }) };
    }
    let first = keys::commit(0);
    let same = old.object_if_any(&first).await? == from.object_if_any(&first).await?;
    if same { Ok(()) } else { Err(RestoreError::NotTheOldLog { seq: 0 }) }
}

impl Restore {
    /// Closes the old log for the new one, and answers the commit that does.
    pub(super) async fn close_old(&self, found: &Found) -> Result<Option<u64>, RestoreError> {
        let Some(old) = &self.old else { return Ok(None) };
        let fact = LogClosed {
            successor: found.plan.id.clone(),
            place: self.to_place.clone(),
            epoch: found.plan.epoch,
        };
        Ok(Some(close(old, &self.writer, &self.by, fact).await?))
    }
}
