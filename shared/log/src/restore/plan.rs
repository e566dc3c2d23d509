//! What a restore will do, found without changing anything, and written down as its first step.

use std::sync::Arc;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use leviathan_core::authority::authorised;
use leviathan_core::event::Principal;
use leviathan_core::fact::{Fact, LogClosed};
use leviathan_core::ids::Digest;
use leviathan_core::ports::{Clock, Entropy, ObjectStore};
use serde::{Deserialize, Serialize};

use super::RestoreError;
use super::old::OldLog;
use crate::access::Access;
use crate::commit::{StoredCommit, Writer};
use crate::copy::Names;
use crate::error::LogError;
use crate::keys;
use crate::log::Log;
use crate::position::Position;
use crate::walk::{Until, Walk};

/// The format of the plan's bytes.
const FORMAT: u32 = 1;

/// The stores of a restore, and who asks for it.
pub struct Restore {
    pub(super) from: Access,
    pub(super) to: Access,
    /// Where artifacts come from and go to.
    pub(super) artifacts: Option<(Access, Access)>,
    /// How the backup and the new log were named, for the facts in the log.
    pub(super) from_place: String,
    pub(super) to_place: String,
    pub(super) old: Option<Access>,
    pub(super) until: Until,
    pub(super) by: Principal,
    pub(super) writer: Writer,
}

/// The plan: stands in the new store under [`keys::RESTORE`] from the first step on, for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Always 1.
    format: u32,
    /// The restored log's id: random.
    pub id: String,
    /// The epoch that it will write in.
    pub epoch: u64,
    /// The last commit that is kept.
    pub kept_seq: u64,
    /// SHA-256 of its bytes.
    pub kept_digest: Digest,
}

/// What was found before anything is changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What will be done.
    pub plan: Plan,
    /// Whether it was begun already.
    pub begun: bool,
    /// The end of what is kept.
    pub kept: Position,
    /// Why the backup's later commits can't be kept: it is damaged there.
    pub fault: Option<LogError>,
    /// Commits that the old log has after the kept ones: they are not in the new one. `None`: the
    /// old log is not there to be asked.
    pub left_behind: Option<u64>,
}

impl Restore {
    /// Of the log that lies in the store `from` into the empty store `to`.
    pub fn new(
        from: (Arc<dyn ObjectStore>, String),
        to: (Arc<dyn ObjectStore>, String),
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        writer: Writer,
        by: Principal,
    ) -> Self {
        let access = Log::new(from.0, clock, entropy, writer.clone()).into_access();
        let to_access = access.beside(to.0);
        Self {
            from: access,
            to: to_access,
            artifacts: None,
            from_place: from.1,
            to_place: to.1,
            old: None,
            until: Until::End,
            by,
            writer,
        }
    }

    /// Closes this log before the new one begins. Without one, a person has to see to it that
    /// nobody writes to the old log any more.
    #[must_use]
    pub fn closing(mut self, old: Arc<dyn ObjectStore>) -> Self {
        self.old = Some(self.from.beside(old));
        self
    }

    /// Keeps nothing after this point.
    #[must_use]
    pub fn until(mut self, until: Until) -> Self {
        self.until = until;
        self
    }

    /// Copies the artifacts too.
    #[must_use]
    pub fn with_artifacts(mut self, from: Arc<dyn ObjectStore>, to: Arc<dyn ObjectStore>) -> Self {
        self.artifacts = Some((self.from.beside(from), self.from.beside(to)));
        self
    }

    /// Finds out what there is to do. Changes nothing. `progress` hears the number of commits that
    /// were verified.
    pub async fn plan(&self, progress: impl FnMut(u64) + Send) -> Result<Found, RestoreError> {
        let begun = self.begun().await?;
        let until = begun.as_ref().map_or(self.until, |plan| Until::Commit(plan.kept_seq));
        let sound = Sound::read(&self.from, until, progress).await?;
        let (Some(seq), Some(digest)) = (sound.position.seq, sound.position.digest.clone()) else {
            let reason = sound.fault.map_or_else(
                || "the backup is empty, or --until is before its first commit".to_owned(),
                |fault| fault.to_string(),
            );
            return Err(RestoreError::Nothing { reason });
        };
        if let Some(plan) = begun {
            if (seq, &digest) != (plan.kept_seq, &plan.kept_digest) {
                return Err(RestoreError::OtherPlan {
                    kept_seq: plan.kept_seq,
                    kept_digest: plan.kept_digest.to_string(),
                });
            }
            let left_behind = self.look_at_old(&sound.position, Some(&plan.id)).await?.1;
            let kept = sound.position;
            return Ok(Found { plan, begun: true, kept, fault: sound.fault, left_behind });
        }
        if let Some(LogClosed { successor, place, .. }) = sound.closed {
            return Err(RestoreError::Succeeded { successor, place });
        }
        let (epoch, left_behind) = self.look_at_old(&sound.position, None).await?;
        let epoch = epoch.max(sound.position.epoch).saturating_add(1);
        let id = HEXLOWER.encode(&self.from.entropy.random());
        let plan = Plan { format: FORMAT, id, epoch, kept_seq: seq, kept_digest: digest };
        let kept = sound.position;
        Ok(Found { plan, begun: false, kept, fault: sound.fault, left_behind })
    }

    /// The old log's epoch, and how many commits it has after the kept ones.
    async fn look_at_old(
        &self,
        kept: &Position,
        successor: Option<&str>,
    ) -> Result<(u64, Option<u64>), RestoreError> {
        let Some(old) = &self.old else { return Ok((0, None)) };
        let old = OldLog::look(old, &self.from, kept, successor).await?;
        let after = old.last.map_or(0, |last| last.saturating_add(1));
        Ok((old.epoch, Some(after.saturating_sub(kept.next_seq()))))
    }

    /// The plan of an interrupted restore into the same store; an error where the store holds
    /// anything else.
    async fn begun(&self) -> Result<Option<Plan>, RestoreError> {
        if let Some(bytes) = self.to.object_if_any(keys::RESTORE).await? {
            return Ok(Some(Plan::decode(&bytes)?));
        }
        match Names::under(&self.to, "").next().await? {
            Some(key) => Err(RestoreError::NotEmpty { key }),
            None => Ok(None),
        }
    }
}

impl Plan {
    /// Its bytes.
    pub fn encode(&self) -> Result<Bytes, RestoreError> {
        serde_json::to_vec(self)
            .map(Bytes::from)
            .map_err(|problem| RestoreError::BadPlan { reason: problem.to_string() })
    }

    /// Reads one.
    pub fn decode(bytes: &[u8]) -> Result<Self, RestoreError> {
        // A later format may have other fields: its number is looked at before anything else.
        #[derive(Deserialize)]
        struct AnyFormat {
            format: u64,
        }
        let bad = |reason: String| RestoreError::BadPlan { reason };
        let AnyFormat { format } =
            serde_json::from_slice(bytes).map_err(|problem| bad(problem.to_string()))?;
        if format != u64::from(FORMAT) {
            return Err(bad(format!("it has format {format}, this program reads {FORMAT}")));
        }
        serde_json::from_slice(bytes).map_err(|problem| bad(problem.to_string()))
    }
}

/// The longest verified prefix.
struct Sound {
    position: Position,
    closed: Option<LogClosed>,
    fault: Option<LogError>,
}

impl Sound {
    async fn read(
        from: &Access,
        until: Until,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<Self, RestoreError> {
        let mut walk = Walk::new(from, Position::default(), until);
        let mut closed = None;
        let fault = loop {
            match walk.next().await {
                Ok(chunk) if chunk.is_empty() => break None,
                Ok(chunk) => {
                    chunk.iter().for_each(|stored| note_life(stored, &mut closed));
                    progress(walk.position.next_seq());
                }
                Err(fault) if fault.is_fault_of_the_log() => break Some(fault),
                Err(problem) => return Err(problem.into()),
            }
        };
        Ok(Self { position: walk.position, closed, fault })
    }
}

/// Whether the log is closed after this commit.
fn note_life(stored: &StoredCommit, closed: &mut Option<LogClosed>) {
    // All other types are passed by without being read.
    let of_the_log = |event_type: &str| event_type.starts_with("log.");
    for event in stored.commit.events.iter().filter(|event| of_the_log(&event.event_type)) {
        match authorised(event) {
            Some(Fact::LogClosed(fact)) if closed.is_none() => *closed = Some(fact),
            Some(Fact::LogRestored(_)) => *closed = None,
            _ => {}
        }
    }
}
