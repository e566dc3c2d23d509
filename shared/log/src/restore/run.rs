//! The steps of a restore, in the order that fences the old log off. Each may be repeated.

use leviathan_core::authority::authorised;
use leviathan_core::fact::{Fact, LogRestored};

use super::{Found, Restore, RestoreError};
use crate::backup::{copy_artifacts, put_commits};
use crate::close::life_commit;
use crate::commit::{StoredCommit, decode};
use crate::copy::{CopyError, Missing};
use crate::keys;
use crate::position::Position;
use crate::walk::{Until, Walk};

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreReport {
    /// The new log's id.
    pub id: String,
    /// Its epoch.
    pub epoch: u64,
    /// Commits that were kept.
    pub commits: u64,
    /// The events in them.
    pub events: u64,
    /// The commit of the old log that closed it; `None`: it could not be reached.
    pub closed_at: Option<u64>,
    /// Commits that the old log had after the kept ones when it was closed, the closing one not
    /// counted.
    pub left_behind: Option<u64>,
    /// Artifacts that were copied.
    pub artifacts: u64,
    /// Artifacts in the backup whose bytes are not those that their name promises: left out.
    pub damaged_artifacts: Vec<String>,
}

impl Restore {
    /// Does what was found. `progress` hears the number of commits that were copied.
    pub async fn run(
        &self,
        found: &Found,
        progress: impl FnMut(u64) + Send,
    ) -> Result<RestoreReport, RestoreError> {
        let plan = &found.plan;
        self.write(keys::RESTORE, &plan.encode()?).await?;
        let first = self.copy_all_but_the_first(found, progress).await?;
        let (artifacts, damaged_artifacts) = self.copy_artifacts().await?;
        let closed_at = self.close_old(found).await?;
        let end = self.begin_new_life(found, closed_at.is_some()).await?;
        self.write(&keys::commit(0), &first.bytes).await?;
        Ok(RestoreReport {
            id: plan.id.clone(),
            epoch: plan.epoch,
            commits: end,
            events: found.kept.offset,
            closed_at,
            left_behind: closed_at.map(|seq| seq.saturating_sub(plan.kept_seq.saturating_add(1))),
            artifacts,
            damaged_artifacts,
        })
    }

    /// The first commit is handed back: it comes last, and until then no program takes this store
    /// for a log.
    async fn copy_all_but_the_first(
        &self,
        found: &Found,
        mut progress: impl FnMut(u64) + Send,
    ) -> Result<StoredCommit, RestoreError> {
        let mut walk =
            Walk::new(&self.from, Position::default(), Until::Commit(found.plan.kept_seq));
        let mut first = None;
        loop {
            let chunk = walk.next().await?;
            if chunk.is_empty() {
                break;
            }
            let rest = if first.is_none() { chunk.get(1..).unwrap_or_default() } else { &chunk };
            put_commits(&self.to, rest).await.map_err(disturbed)?;
            if first.is_none() {
                first = chunk.first().cloned();
            }
            progress(walk.position.next_seq());
        }
        if walk.position != found.kept {
            return Err(RestoreError::OtherPlan {
                kept_seq: found.plan.kept_seq,
                kept_digest: found.plan.kept_digest.to_string(),
            });
        }
        first.ok_or_else(|| RestoreError::Nothing { reason: "the backup is empty".to_owned() })
    }

    async fn copy_artifacts(&self) -> Result<(u64, Vec<String>), RestoreError> {
        let Some((from, to)) = &self.artifacts else { return Ok((0, Vec::new())) };
        let mut missing = Missing::under(from, to, keys::ARTIFACTS);
        let (mut count, mut damaged) = (0_u64, Vec::new());
        loop {
            let page = missing.next_page().await?;
            if page.is_empty() {
                return Ok((count, damaged));
            }
            let copied = copy_artifacts(from, to, page, false).await?;
            count = count.saturating_add(copied.count);
            damaged.extend(copied.damaged);
        }
    }

    /// `log.restored` after the kept commits, unless an earlier run has put it there. The number of
    /// kept commits.
    async fn begin_new_life(&self, found: &Found, old_closed: bool) -> Result<u64, RestoreError> {
        let plan = &found.plan;
        let seq = found.kept.next_seq();
        let key = keys::commit(seq);
        if let Some(bytes) = self.to.object_if_any(&key).await? {
            let ours = decode(seq, bytes).is_ok_and(|stored| {
                let follows = found.kept.clone().advance(&stored).is_ok();
                follows && restored_as(&stored).is_some_and(|id| id == plan.id)
            });
            return if ours { Ok(seq) } else { Err(RestoreError::Disturbed { key }) };
        }
        let fact = LogRestored {
            id: plan.id.clone(),
            epoch: plan.epoch,
            kept_seq: plan.kept_seq,
            kept_digest: plan.kept_digest.clone(),
            from: self.from_place.clone(),
            old_closed,
        };
        let (writer, by) = (&self.writer, &self.by);
        let stored = life_commit(&self.to, writer, by, &found.kept, plan.epoch, Fact::from(fact))?;
        self.write(&key, &stored.bytes).await?;
        Ok(seq)
    }

    async fn write(&self, key: &str, bytes: &bytes::Bytes) -> Result<(), RestoreError> {
        self.to.put(key, bytes).await.map(|_| ()).map_err(disturbed)
    }
}

/// The id in this commit's `log.restored`.
fn restored_as(stored: &StoredCommit) -> Option<String> {
    stored.commit.events.iter().find_map(|event| match authorised(event) {
        Some(Fact::LogRestored(fact)) => Some(fact.id),
        _ => None,
    })
}

fn disturbed(problem: CopyError) -> RestoreError {
    match problem {
        CopyError::Differs { key } => RestoreError::Disturbed { key },
        problem @ CopyError::Store(_) => problem.into(),
    }
}
