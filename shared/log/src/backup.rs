//! A second copy of the log in another store: incremental, resumable, verified before it is
//! written, never overwriting.
//!
//! The order makes every moment of a backup a sound one: checkpoints are named first and copied
//! after tiles and commits, so that each comes with all that it covers, however much is sealed
//! meanwhile. Artifacts are stored before the events that name them, so they come last.
//! Snapshots, hint and views are derived (DECISIONS 14) and not copied.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use leviathan_core::ids::Digest;
use leviathan_core::ports::{ObjectStore, StoreError};

use crate::access::Access;
use crate::commit::{StoredCommit, decode};
use crate::copy::{AT_ONCE, Arrived, CopyError, Missing, Names};
use crate::error::LogError;
use crate::keys;
use crate::log::Log;
use crate::position::Position;
use crate::seal::note;
use crate::seal::tile::{Named, entries_in, hashes_in};
use crate::tail::damaged;
use crate::verify::Head;
use crate::walk::{Until, Walk};

/// What a run did, or with `dry_run` would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupReport {
    /// Commits that were in the backup before.
    pub before: u64,
    /// Commits that came to it.
    pub commits: u64,
    /// The last commit in it now; `None`: the log is empty.
    pub head: Option<Head>,
    /// Tiles and checkpoints that came to it.
    pub proofs: u64,
    /// Artifacts that came to it.
    pub artifacts: u64,
    /// Their bytes.
    pub artifact_bytes: u64,
    /// Artifacts whose bytes are not those that their name promises: they were left out.
    pub damaged_artifacts: Vec<String>,
}

/// Why a backup stopped. What was copied before stays, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The log itself.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The backup is of another log, or one of the two was changed.
    #[error(
        "commit {seq} of the log is not commit {seq} of the backup: they are two histories. \
         Nothing was copied. Either this is another log's backup (name another place), or one of \
         the two was replaced: run `leviathanctl log verify` on both, with the head that you noted \
         down"
    )]
    Fork {
        /// The first commit that differs.
        seq: u64,
    },
    /// The log ends before the backup.
    #[error(
        "the backup holds {backup} commits, the log only {log}: the log has lost its newest ones. \
         Nothing was copied. Stop all writers, and restore from this backup"
    )]
    LogIsShorter {
        /// Commits of the log.
        log: u64,
        /// Commits of the backup.
        backup: u64,
    },
    /// The backup's own commits.
    #[error("in the backup: {0}. Make a new one in another place")]
    Backup(LogError),
    /// A store, or what stands in it.
    #[error(
        "{0}; what was copied before stays, and running the same command again goes on from there"
    )]
    Copy(#[from] CopyError),
}

impl From<StoreError> for BackupError {
    fn from(problem: StoreError) -> Self {
        Self::Copy(problem.into())
    }
}

impl Log {
    /// Copies to the store `to` what it lacks: commits, tiles, checkpoints, and with `artifacts`
    /// (the store that holds them) those. Works while the log is written to. `progress` hears how
    /// many objects were copied.
    pub async fn backup(
        &self,
        to: Arc<dyn ObjectStore>,
        artifacts: Option<Arc<dyn ObjectStore>>,
        dry_run: bool,
        progress: impl FnMut(u64) + Send,
    ) -> Result<BackupReport, BackupError> {
        let from = self.access();
        let to = from.beside(to);
        let artifacts = artifacts.map(|store| from.beside(store));
        let mut run = Run { from, to: &to, dry_run, report: BackupReport::default(), progress };
        let end = run.end_of_backup().await?;
        let checkpoints = run.new_checkpoints().await?;
        // The commits before the tiles: a tile that is damaged must not keep them back.
        run.commits(end).await?;
        run.tiles().await?;
        run.checkpoints(checkpoints).await?;
        if let Some(artifacts) = &artifacts {
            run.artifacts(artifacts).await?;
        }
        Ok(run.report)
    }
}

struct Run<'a, P> {
    from: &'a Access,
    to: &'a Access,
    dry_run: bool,
    report: BackupReport,
    progress: P,
}

impl<P: FnMut(u64) + Send> Run<'_, P> {
    /// The position of the backup's last commit, which has to be the log's as well.
    async fn end_of_backup(&mut self) -> Result<Position, BackupError> {
        let have = dense(self.to).await?;
        self.report.before = have;
        let Some(last) = have.checked_sub(1) else { return Ok(Position::default()) };
        let theirs = self.to.object(&keys::commit(last)).await?;
        match self.from.get(last).await? {
            Some(ours) if ours.object.bytes == theirs => {}
            Some(_) => return Err(BackupError::Fork { seq: self.fork(last).await? }),
            None => {
                let log = dense(self.from).await?;
                return Err(BackupError::LogIsShorter { log, backup: have });
            }
        }
        let stored =
            decode(last, theirs).map_err(|fault| BackupError::Backup(damaged(last, fault)))?;
        self.report.head = Some(head(&stored));
        Ok(Position::after(&stored))
    }

    /// The first commit that differs; `last` does. From one that differs on all do, because each
    /// names the digest of the one before.
    async fn fork(&self, last: u64) -> Result<u64, BackupError> {
        let (mut same, mut differs) = (0, last);
        while same < differs {
            let middle = same + (differs - same) / 2;
            let key = keys::commit(middle);
            let (ours, theirs) =
                (self.from.object_if_any(&key).await?, self.to.object_if_any(&key).await?);
            if ours == theirs { same = middle + 1 } else { differs = middle }
        }
        Ok(differs)
    }

    async fn commits(&mut self, end: Position) -> Result<(), BackupError> {
        let mut walk = Walk::new(self.from, end, Until::End);
        loop {
            let chunk = walk.next().await?;
            let Some(last) = chunk.last() else { return Ok(()) };
            let (count, newest) = (chunk.len() as u64, head(last));
            if !self.dry_run {
                put_commits(self.to, &chunk).await?;
            }
            self.report.commits = self.report.commits.saturating_add(count);
            self.report.head = Some(newest);
            self.tell();
        }
    }

    async fn new_checkpoints(&self) -> Result<Vec<String>, BackupError> {
        let mut checkpoints = Vec::new();
        let mut missing = Missing::under(self.from, self.to, keys::CHECKPOINTS);
        loop {
            let page = missing.next_page().await?;
            if page.is_empty() {
                return Ok(checkpoints);
            }
            checkpoints.extend(page);
        }
    }

    async fn tiles(&mut self) -> Result<(), BackupError> {
        let mut tiles = Missing::under(self.from, self.to, keys::TILES);
        loop {
            let page = tiles.next_page().await?;
            if page.is_empty() {
                return Ok(());
            }
            self.copy(self.from, page).await?;
        }
    }

    async fn checkpoints(&mut self, checkpoints: Vec<String>) -> Result<(), BackupError> {
        let newest = checkpoints.last().cloned();
        self.copy(self.from, checkpoints).await?;
        if let Some(newest) = newest.filter(|_| !self.dry_run) {
            let bytes = whole(self.from, &newest).await?;
            self.to.store.replace(keys::CHECKPOINT, bytes).await?;
        }
        Ok(())
    }

    async fn copy(&mut self, from: &Access, keys: Vec<String>) -> Result<(), BackupError> {
        let count = keys.len() as u64;
        if !self.dry_run {
            let to = self.to;
            stream::iter(keys)
                .map(|key| async move { to.put(&key, &whole(from, &key).await?).await })
                .buffer_unordered(AT_ONCE)
                .try_collect::<Vec<Arrived>>()
                .await?;
        }
        self.report.proofs = self.report.proofs.saturating_add(count);
        self.tell();
        Ok(())
    }

    async fn artifacts(&mut self, from: &Access) -> Result<(), BackupError> {
        let mut missing = Missing::under(from, self.to, keys::ARTIFACTS);
        loop {
            let page = missing.next_page().await?;
            if page.is_empty() {
                return Ok(());
            }
            let copied = copy_artifacts(from, self.to, page, self.dry_run).await?;
            let report = &mut self.report;
            report.artifacts = report.artifacts.saturating_add(copied.count);
            report.artifact_bytes = report.artifact_bytes.saturating_add(copied.bytes);
            report.damaged_artifacts.extend(copied.damaged);
            self.tell();
        }
    }

    fn tell(&mut self) {
        let report = &self.report;
        let copied = report.commits.saturating_add(report.proofs);
        (self.progress)(copied.saturating_add(report.artifacts));
    }
}

/// Some artifacts, copied.
#[derive(Default)]
pub(crate) struct CopiedArtifacts {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
    /// Left out: their bytes are not those that their names promise.
    pub(crate) damaged: Vec<String>,
}

/// Copies these artifacts, each only if its bytes are those that its name promises.
pub(crate) async fn copy_artifacts(
    from: &Access,
    to: &Access,
    keys: Vec<String>,
    dry_run: bool,
) -> Result<CopiedArtifacts, CopyError> {
    let copies = stream::iter(keys).map(|key| async move {
        let bytes = from.object(&key).await?;
        if !is_named_by_its_bytes(&key, &bytes) {
            return Ok::<_, CopyError>((key, None));
        }
        if !dry_run {
            to.put(&key, &bytes).await?;
        }
        Ok((key, Some(bytes.len() as u64)))
    });
    let copies: Vec<(String, Option<u64>)> = copies.buffered(AT_ONCE).try_collect().await?;
    let mut copied = CopiedArtifacts::default();
    for (key, bytes) in copies {
        match bytes {
            Some(bytes) => {
                copied.count = copied.count.saturating_add(1);
                copied.bytes = copied.bytes.saturating_add(bytes);
            }
            None => copied.damaged.push(key),
        }
    }
    Ok(copied)
}

/// How many commits there are from the first on without a gap. One behind a gap was left by a run
/// that was interrupted; it is compared when the next run comes to it.
async fn dense(access: &Access) -> Result<u64, BackupError> {
    let mut names = Names::under(access, keys::EVENTS);
    let mut have = 0;
    while let Some(key) = names.next().await? {
        match keys::commit_seq(&key) {
            Some(seq) if seq == have => have = have.saturating_add(1),
            Some(_) => break,
            None => return Err(BackupError::Backup(LogError::Foreign { key })),
        }
    }
    Ok(have)
}

/// A tile, a bundle of entries or a checkpoint, read again where it came without its end: in the
/// backup it would stay so for ever, because nothing there is overwritten.
async fn whole(from: &Access, key: &str) -> Result<Bytes, StoreError> {
    let mut tries = 0;
    loop {
        let bytes = from.object(key).await?;
        if is_whole(key, &bytes) {
            return Ok(bytes);
        }
        let reason = format!(
            "its {} bytes are not what its name promises: it was read only in part, or is damaged \
             in the log's store (`leviathanctl log verify` tells)",
            bytes.len()
        );
        let problem = StoreError::Unclear { key: key.to_owned(), reason };
        tries = from.patience(tries, problem).await?;
    }
}

/// Whether the object has the form that its key promises, to the last byte.
fn is_whole(key: &str, bytes: &[u8]) -> bool {
    match keys::tile_named(key) {
        Some(Named::Hashes(tile)) => hashes_in(bytes, tile.width).is_some(),
        Some(Named::Entries { width, .. }) => entries_in(bytes, width).is_some(),
        None if keys::checkpoint_size(key).is_some() => {
            bytes.ends_with(b"\n") && note::text_of(bytes).is_ok()
        }
        // Something that is not ours: `verify` names it.
        None => true,
    }
}

/// Several at a time; all of them, or an error.
pub(crate) async fn put_commits(to: &Access, chunk: &[StoredCommit]) -> Result<(), CopyError> {
    stream::iter(chunk)
        .map(|stored| async move {
            to.put(&keys::commit(stored.commit.header.seq), &stored.bytes).await
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<Arrived>>()
        .await?;
    Ok(())
}

fn head(stored: &StoredCommit) -> Head {
    Head { seq: stored.commit.header.seq, digest: stored.digest.clone() }
}

fn is_named_by_its_bytes(key: &str, bytes: &Bytes) -> bool {
    keys::artifact(&Digest::of(bytes)) == key
}
