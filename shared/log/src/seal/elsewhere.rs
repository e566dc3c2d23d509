//! The second place of trust, where it is ahead of the log's own store: it has a checkpoint that
//! the store has not.
//!
//! Either commits were lost or replaced, and nothing may be signed. Or only tiles and checkpoints
//! are gone, as after a restore, which makes them again from the events (DECISIONS 9): then the log
//! still has the commit that the checkpoint names. On the way back to it only sizes are signed that
//! the second place has too, with the same bytes; so no checkpoint ever contradicts one that is out
//! in the world.

use std::collections::BTreeSet;

use leviathan_core::ids::Digest;
use leviathan_core::ports::ObjectStore;

use super::edge::Edge;
use super::{Checkpoint, SealFault, VerifierKey, newest, objects};
use crate::access::Access;
use crate::error::LogError;
use crate::keys;
use crate::verify::Head;

/// What a person has to know who restored a log up to an earlier point.
const ON_PURPOSE: &str = "if the log was restored without it on purpose, it needs a key and a second \
                          place of its own (docs/operations/backup-restore.md)";

/// Checkpoints of the second place that the log's own store may lack.
pub(super) struct Elsewhere<'a> {
    second: &'a dyn ObjectStore,
    newest: Checkpoint,
    sizes: BTreeSet<u64>,
}

impl<'a> Elsewhere<'a> {
    /// What the second place has beyond the known size. A place that can't be read says nothing;
    /// that its copy is missing is told when that is written.
    pub(super) async fn beyond(
        access: &Access,
        second: Option<&'a dyn ObjectStore>,
        key: &VerifierKey,
        known: Option<u64>,
    ) -> Result<Option<Self>, LogError> {
        let Some(second) = second else { return Ok(None) };
        let after = known.map(keys::checkpoint);
        let listed = objects::list(access, second, keys::CHECKPOINTS, after.as_deref()).await;
        let listed = listed.unwrap_or_else(|problem| {
            tracing::warn!("the second place of the checkpoints can't be read: {problem}");
            Vec::new()
        });
        let mut sizes = BTreeSet::new();
        for object in listed {
            let size = keys::checkpoint_size(&object).ok_or_else(|| SealFault::Foreign {
                key: format!("{object} in the second place"),
            })?;
            sizes.insert(size);
        }
        let Some(size) = sizes.last() else { return Ok(None) };
        let newest = newest::read(access, second, *size, key).await?;
        Ok(Some(Self { second, newest, sizes }))
    }

    /// The size of its newest checkpoint.
    pub(super) fn size(&self) -> u64 {
        self.newest.size
    }

    /// The log must still have the commit that the newest checkpoint names: asked before anything
    /// is written.
    pub(super) async fn is_of_this_log(
        &self,
        access: &Access,
        here: Option<u64>,
    ) -> Result<(), LogError> {
        let seq = self.newest.head.seq;
        let Some(got) = access.get(seq).await? else { return Err(self.lost(here).into()) };
        let found = Digest::of(&got.object.bytes);
        if found == self.newest.head.digest {
            return Ok(());
        }
        let expected = self.newest.head.digest.to_string();
        let what = format!("the digest of commit {seq}");
        Err(forked(&self.newest, what, found.to_string(), expected))
    }

    fn lost(&self, here: Option<u64>) -> SealFault {
        let here = here.map_or_else(|| "none".to_owned(), |size| size.to_string());
        SealFault::Shorter {
            checkpoint: self.name(),
            sealed: self.newest.size,
            sealed_seq: self.newest.head.seq,
            found: format!(
                "that commit is not there, and the newest checkpoint in the log's own store is \
                 {here}; {ON_PURPOSE}"
            ),
        }
    }

    fn name(&self) -> String {
        format!("{} in the second place", keys::checkpoint(self.newest.size))
    }

    /// Whether a sealing may stop at this size.
    pub(super) fn may_stop(&self, size: u64) -> bool {
        size >= self.newest.size || self.sizes.contains(&size)
    }

    /// The tree has grown from this size to what it is, by this commit.
    pub(super) fn grown(&self, since: u64, edge: &Edge, head: &Head) -> Result<(), LogError> {
        let sealed = self.newest.size;
        if since >= sealed || edge.size() < sealed {
            return Ok(());
        }
        same(&self.newest, edge, head)
    }

    /// What is about to be signed below the newest must be what the second place has.
    pub(super) async fn allows(
        &self,
        access: &Access,
        key: &VerifierKey,
        edge: &Edge,
        head: &Head,
    ) -> Result<(), LogError> {
        if edge.size() >= self.newest.size {
            return Ok(());
        }
        let theirs = newest::read(access, self.second, edge.size(), key).await?;
        same(&theirs, edge, head)
    }
}

fn same(theirs: &Checkpoint, edge: &Edge, head: &Head) -> Result<(), LogError> {
    let ours = (edge.size(), edge.root(), head);
    if ours == (theirs.size, theirs.root, &theirs.head) {
        return Ok(());
    }
    let tell = |size: u64, root: super::Hash, head: &Head| {
        format!("{root:?} over {size} events, up to commit {}:{}", head.seq, head.digest)
    };
    let (found, expected) =
        (tell(edge.size(), ours.1, head), tell(theirs.size, theirs.root, &theirs.head));
    Err(forked(theirs, "the tree over its events".to_owned(), found, expected))
}

fn forked(theirs: &Checkpoint, what: String, found: String, expected: String) -> LogError {
    let checkpoint = format!("{} in the second place", keys::checkpoint(theirs.size));
    let expected = format!("{expected} ({ON_PURPOSE})");
    SealFault::Forked { checkpoint, what, found, expected }.into()
}
