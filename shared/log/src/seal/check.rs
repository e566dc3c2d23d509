//! What `verify` looks at beside the commits: every tile, every bundle of entries and every
//! checkpoint, against the tree that the commits give.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::checkpoint::CheckpointError;
use super::edge::Edge;
use super::merkle::{Hash, leaf_hash};
use super::tile::{LEVELS, Named, Tile, WIDTH, bytes_of, hashes_at};
use super::{Checkpoint, SealFault, VerifierKey, newest, note, objects};
use crate::access::Access;
use crate::commit::{StoredCommit, decode};
use crate::error::LogError;
use crate::keys;
use crate::position::Position;
use crate::tail::damaged;
use crate::verify::Head;

/// A tree that grows along with the commits that are read, and what is stored of it.
pub(crate) struct SealCheck<'a> {
    access: &'a Access,
    key: Option<&'a VerifierKey>,
    edge: Edge,
    entries: Vec<u8>,
    tiles: BTreeSet<Tile>,
    bundles: BTreeSet<(u64, u64)>,
    checkpoints: BTreeSet<u64>,
    /// A trusted checkpoint that is still to be reached.
    trusted: Option<Checkpoint>,
    /// The newest checkpoint that is right.
    pub(crate) newest: Option<Checkpoint>,
    /// Checkpoints that are right.
    pub(crate) checked: u64,
}

impl<'a> SealCheck<'a> {
    /// Nothing is looked at yet.
    pub(crate) fn new(access: &'a Access, key: Option<&'a VerifierKey>) -> Self {
        Self {
            access,
            key,
            edge: Edge::default(),
            entries: Vec::new(),
            tiles: BTreeSet::new(),
            bundles: BTreeSet::new(),
            checkpoints: BTreeSet::new(),
            trusted: None,
            newest: None,
            checked: 0,
        }
    }

    /// Lists what there is, before any commit is read: only what is sealed already is looked at.
    pub(crate) async fn begin(&mut self) -> Result<(), LogError> {
        let (access, store) = (self.access, self.access.store.as_ref());
        for key in objects::list(access, store, keys::CHECKPOINTS, None).await? {
            let size = keys::checkpoint_size(&key).ok_or(SealFault::Foreign { key })?;
            self.checkpoints.insert(size);
        }
        for key in objects::list(access, store, keys::TILES, None).await? {
            match keys::tile_named(&key) {
                Some(Named::Hashes(tile)) => drop(self.tiles.insert(tile)),
                Some(Named::Entries { index, width }) => drop(self.bundles.insert((index, width))),
                None => return Err(SealFault::Foreign { key }.into()),
            }
        }
        Ok(())
    }

    /// Begins at a checkpoint that is trusted already, instead of at the first commit: the log must
    /// have its commit, and the tiles must give its root. Where it has not the tiles (a restore does
    /// not bring them), everything is read, and the events must give the root.
    pub(crate) async fn since(&mut self, trusted: &Checkpoint) -> Result<Position, LogError> {
        let seq = trusted.head.seq;
        let Some(got) = self.access.get(seq).await? else {
            return Err(SealFault::Shorter {
                checkpoint: format!("that is trusted, of size {}", trusted.size),
                sealed: trusted.size,
                sealed_seq: seq,
                found: "that commit is not there".to_owned(),
            }
            .into());
        };
        let stored = decode(seq, got.object.bytes).map_err(|fault| damaged(seq, fault))?;
        if stored.digest != trusted.head.digest {
            return Err(forked(
                trusted.size,
                &format!("the digest of commit {seq}"),
                stored.digest.as_str(),
                trusted.head.digest.as_str(),
            ));
        }
        let Some((tiles, entries)) = self.stored(trusted.size) else {
            self.trusted = Some(trusted.clone());
            return Ok(Position::default());
        };
        let stored_in = |partial: Tile| {
            tiles.iter().copied().find(|tile| tile.level == partial.level).unwrap_or(partial)
        };
        self.edge = newest::edge_within(self.access, trusted, stored_in).await?;
        self.entries = newest::open_entries_within(self.access, &self.edge, entries).await?;
        self.checkpoints = self.checkpoints.split_off(&trusted.size.saturating_add(1));
        self.newest = Some(trusted.clone());
        Ok(Position::after(&stored))
    }

    /// The tiles, and the width of the bundle of entries, that have the right edge at this size:
    /// of that size, or of a larger one.
    fn stored(&self, size: u64) -> Option<(Vec<Tile>, u64)> {
        let partial = (0..LEVELS).filter_map(|level| Tile::partial(level, size));
        let tiles: Option<Vec<Tile>> = partial
            .map(|tile| self.tiles.range(tile..=Tile { width: WIDTH, ..tile }).next().copied())
            .collect();
        let (index, width) = (size / WIDTH, size % WIDTH);
        let mut entries = self.bundles.range((index, width)..=(index, WIDTH));
        let entries = if width == 0 { Some(0) } else { entries.next().map(|(_, width)| *width) };
        tiles.zip(entries)
    }

    /// Takes the next commit in, and looks at everything that is complete with it.
    pub(crate) async fn take(&mut self, stored: &StoredCommit) -> Result<(), LogError> {
        for line in stored.event_lines() {
            let length = u16::try_from(line.len())
                .map_err(|_| SealFault::TooLong { offset: self.edge.size(), bytes: line.len() })?;
            self.entries.extend_from_slice(&length.to_be_bytes());
            self.entries.extend_from_slice(line);
            self.leaf(leaf_hash(line)).await?;
        }
        let size = self.edge.size();
        if let Some(trusted) = self.trusted.take_if(|trusted| trusted.size <= size) {
            self.reached(&trusted)?;
        }
        if self.checkpoints.remove(&size) {
            self.checkpoint(size, stored).await?;
        }
        Ok(())
    }

    /// The log is as long as a trusted checkpoint, whose commit was found in it.
    fn reached(&self, trusted: &Checkpoint) -> Result<(), LogError> {
        let (size, root) = (self.edge.size(), self.edge.root());
        if (size, root) == (trusted.size, trusted.root) {
            return Ok(());
        }
        let what = "the tree over its events";
        let found = format!("{root:?} over {size} events");
        Err(forked(trusted.size, what, &found, &format!("{:?}", trusted.root)))
    }

    async fn leaf(&mut self, leaf: Hash) -> Result<(), LogError> {
        let grown = self.edge.push(leaf);
        let size = self.edge.size();
        let (index, width) = ((size - 1) / WIDTH, (size - 1) % WIDTH + 1);
        if self.bundles.contains(&(index, width)) {
            self.same(&keys::entries(index, width), &self.entries).await?;
        }
        if width == WIDTH {
            self.entries.clear();
        }
        // Every level up to the first that did not fill has one hash more than before.
        let open = grown.len() as u32;
        for (tile, hashes) in grown {
            if self.tiles.contains(&tile) {
                self.same(&keys::tile(tile), &bytes_of(&hashes)).await?;
            }
        }
        if let Some(tile) = Tile::partial(open, size).filter(|tile| self.tiles.contains(tile)) {
            self.same(&keys::tile(tile), &bytes_of(self.edge.hashes(open))).await?;
        }
        Ok(())
    }

    async fn same(&self, key: &str, expected: &[u8]) -> Result<(), LogError> {
        let found = self.access.bytes_in(self.access.store.as_ref(), key).await?;
        if found.as_deref() == Some(expected) {
            return Ok(());
        }
        let reason = "it is not what the events give".to_owned();
        Err(newest::tile_fault(key.to_owned(), reason))
    }

    async fn checkpoint(&mut self, size: u64, stored: &StoredCommit) -> Result<(), LogError> {
        let object = keys::checkpoint(size);
        let bytes = self.access.bytes_in(self.access.store.as_ref(), &object).await?;
        let found = self.open(&object, &bytes.unwrap_or_default())?;
        if found.size != size {
            let reason = format!("it is one over {} events, not over {size}", found.size);
            return Err(SealFault::Checkpoint { key: object, reason }.into());
        }
        let root = self.edge.root();
        if found.root != root {
            return Err(forked(
                size,
                "the root over its events",
                &format!("{root:?}"),
                &format!("{:?}", found.root),
            ));
        }
        let header = &stored.commit.header;
        let head = Head { seq: header.seq, digest: stored.digest.clone() };
        if found.head != head || found.recorded_at != header.recorded_at {
            let told = |head: &Head| format!("{}:{}", head.seq, head.digest);
            return Err(forked(size, "its last commit", &told(&head), &told(&found.head)));
        }
        self.newest = Some(found);
        self.checked = self.checked.saturating_add(1);
        Ok(())
    }

    fn open(&self, name: &str, bytes: &Bytes) -> Result<Checkpoint, SealFault> {
        if let Some(key) = self.key {
            return newest::open(name, bytes, key);
        }
        let found = note::text_of(bytes)
            .map_err(CheckpointError::from)
            .and_then(|text| Checkpoint::parse(text).ok_or(CheckpointError::Text));
        found.map_err(|problem| SealFault::checkpoint(name, &problem))
    }

    /// At the end of the log: nothing that was sealed may lie beyond it, and the newest checkpoint
    /// must have all of its tiles.
    pub(crate) async fn finish(&self, last: Option<u64>) -> Result<(), LogError> {
        let size = self.edge.size();
        let end = last.map_or_else(
            || "the log is empty".to_owned(),
            |seq| format!("the log ends after {size} events, with commit {seq}"),
        );
        if let Some(trusted) = &self.trusted {
            return Err(SealFault::Shorter {
                checkpoint: format!("that is trusted, of size {}", trusted.size),
                sealed: trusted.size,
                sealed_seq: trusted.head.seq,
                found: end,
            }
            .into());
        }
        if let Some(sealed) = self.checkpoints.last().copied().filter(|sealed| *sealed > size) {
            let object = keys::checkpoint(sealed);
            let bytes = self.access.bytes_in(self.access.store.as_ref(), &object).await?;
            let found = self.open(&object, &bytes.unwrap_or_default())?;
            return Err(SealFault::Shorter {
                checkpoint: object,
                sealed,
                sealed_seq: found.head.seq,
                found: end,
            }
            .into());
        }
        if let Some(between) = self.checkpoints.first() {
            let reason = "no commit ends after so many events".to_owned();
            let key = keys::checkpoint(*between);
            return Err(SealFault::Checkpoint { key, reason }.into());
        }
        let beyond = |tile: &&Tile| tile.least_size().is_none_or(|least| least > size);
        if let Some(tile) = self.tiles.iter().find(beyond) {
            let reason = format!("it is of a longer log: {end}");
            return Err(newest::tile_fault(keys::tile(*tile), reason));
        }
        self.complete()
    }

    fn complete(&self) -> Result<(), LogError> {
        let Some(newest) = &self.newest else { return Ok(()) };
        let missing = |key| Err(newest::tile_fault(key, "it is missing".to_owned()));
        for level in 0..LEVELS {
            let full = hashes_at(level, newest.size) / WIDTH;
            let full = (0..full).map(|index| Tile { level, index, width: WIDTH });
            for tile in full.chain(Tile::partial(level, newest.size)) {
                if !self.tiles.contains(&tile) {
                    return missing(keys::tile(tile));
                }
                if level == 0 && !self.bundles.contains(&(tile.index, tile.width)) {
                    return missing(keys::entries(tile.index, tile.width));
                }
            }
        }
        Ok(())
    }
}

fn forked(size: u64, what: &str, found: &str, expected: &str) -> LogError {
    SealFault::Forked {
        checkpoint: keys::checkpoint(size),
        what: what.to_owned(),
        found: found.to_owned(),
        expected: expected.to_owned(),
    }
    .into()
}
