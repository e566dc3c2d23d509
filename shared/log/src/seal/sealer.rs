//! Sealing: from the newest checkpoint to the end of the log, in create-only writes.
//!
//! Everything that is written follows from the log and its size alone, also the signature. So two
//! sealers at the same size write the same bytes, whoever dies half-way has done harmless work for
//! the next, and "exists already" is success exactly where the bytes are the same.
//!
//! Never a fork: before anything is signed, the newest checkpoint is read, its tiles must give its
//! root, the commit that it names must stand in the log with the digest that it has there, and the
//! commits after it must follow on that one by `prev`. What is signed was read from the store for
//! this purpose, with a LIST first, so that a hole is not taken for the end (DECISIONS 8).

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use leviathan_core::ports::{ObjectStore, Signer};

use super::edge::Edge;
use super::elsewhere::Elsewhere;
use super::merkle::leaf_hash;
use super::tile::{WIDTH, bytes_of};
use super::{Checkpoint, SealFault, VerifierKey, newest, objects};
use crate::access::Access;
use crate::commit::{StoredCommit, decode};
use crate::error::LogError;
use crate::keys;
use crate::listing::Listing;
use crate::position::Position;
use crate::tail::{damaged, read_next};
use crate::verify::Head;

/// After so many commits a sealing stops at the end of one, and the next goes on: a tick has a time
/// limit.
const MOST_COMMITS: u64 = 4_096;

/// Objects written at the same time.
const WRITES: usize = 8;

/// What a sealer remembers from one checkpoint to the next, so that it need not read it again.
#[derive(Debug, Default)]
pub(crate) struct Sealed {
    edge: Edge,
    /// The bytes of the unfinished bundle of entries.
    entries: Vec<u8>,
    /// The last commit that is sealed.
    head: Option<Head>,
}

impl Sealed {
    /// Whether the first so many events are sealed.
    pub(crate) fn covers(&self, events: u64) -> bool {
        self.edge.size() >= events
    }

    fn size(&self) -> Option<u64> {
        self.head.as_ref().map(|_| self.edge.size())
    }
}

/// One run.
pub(crate) struct Sealer<'a> {
    access: &'a Access,
    signer: &'a dyn Signer,
    second: Option<&'a dyn ObjectStore>,
    key: VerifierKey,
}

impl<'a> Sealer<'a> {
    /// A run with this signer.
    pub(crate) fn new(
        access: &'a Access,
        signer: &'a dyn Signer,
        second: Option<&'a dyn ObjectStore>,
    ) -> Result<Self, LogError> {
        let key = VerifierKey::new(signer.name(), &signer.public_key())
            .map_err(|problem| SealFault::BadKey(problem.to_string()))?;
        Ok(Self { access, signer, second, key })
    }

    /// Seals what is new. `memory` is empty after a failure to write: the next run reads anew.
    pub(crate) async fn seal(
        &self,
        memory: &mut Option<Sealed>,
    ) -> Result<Option<Checkpoint>, LogError> {
        let (mut sealed, ahead) = if self.access.rules.consistency_before_signing {
            self.newest(memory).await?
        } else {
            Default::default()
        };
        *memory = None;
        let since = sealed.edge.size();
        let position = self.read_on(&mut sealed, ahead.as_ref()).await?;
        if sealed.edge.size() == since {
            *memory = Some(sealed);
            return Ok(None);
        }
        let (Some(head), Some(recorded_at)) = (sealed.head.clone(), position.recorded_at) else {
            return Ok(None);
        };
        if let Some(ahead) = &ahead {
            ahead.allows(self.access, &self.key, &sealed.edge, &head).await?;
        }
        let rules = self.access.rules;
        if rules.tiles_before_checkpoint {
            self.write_partial(&sealed, since).await?;
        }
        let checkpoint = Checkpoint {
            origin: self.key.name().to_owned(),
            size: sealed.edge.size(),
            root: sealed.edge.root(),
            head,
            recorded_at,
        };
        let note = self.sign(&checkpoint).await?;
        let object = keys::checkpoint(checkpoint.size);
        if !rules.copies_come_last {
            self.copy(&object, &note).await?;
        }
        objects::create(self.access, self.access.store.as_ref(), &object, &note).await?;
        if !rules.tiles_before_checkpoint {
            self.write_partial(&sealed, since).await?;
        }
        *memory = Some(sealed);
        objects::replace(self.access, keys::CHECKPOINT, &note).await?;
        if rules.copies_come_last {
            self.copy(&object, &note).await?;
        }
        Ok(Some(checkpoint))
    }

    /// The tree at the newest checkpoint, from memory where that is the one; and what the second
    /// place has beyond it.
    async fn newest(
        &self,
        memory: &mut Option<Sealed>,
    ) -> Result<(Sealed, Option<Elsewhere<'a>>), LogError> {
        let (access, store) = (self.access, self.access.store.as_ref());
        let remembered = memory.as_ref().and_then(Sealed::size);
        let told = match remembered {
            Some(_) => None,
            None => newest::told(access, &self.key).await?,
        };
        let known = remembered.or_else(|| told.as_ref().map(|told| told.size));
        // The second place first: whatever it has, the log's own store has had before.
        let elsewhere = Elsewhere::beyond(access, self.second, &self.key, known).await?;
        let listed = newest::newest_size(access, store, known).await?;
        // What an old LIST does not name may be there all the same: asked before anybody is alarmed.
        let mut size = listed.max(told.as_ref().map(|told| told.size));
        for there in [remembered, elsewhere.as_ref().map(Elsewhere::size)].into_iter().flatten() {
            if size < Some(there) && newest::is_there(access, store, there).await? {
                size = Some(there);
            }
        }
        if let (Some(sealed), Some(memory)) =
            (remembered.filter(|was| size < Some(*was)), memory.as_ref())
        {
            return Err(forgotten(sealed, memory, size).into());
        }
        let ahead = elsewhere.filter(|elsewhere| size < Some(elsewhere.size()));
        if let Some(ahead) = &ahead {
            ahead.is_of_this_log(access, size).await?;
        }
        let Some(size) = size else { return Ok((Sealed::default(), ahead)) };
        if let Some(memory) = memory.take_if(|memory| memory.size() == Some(size)) {
            return Ok((memory, ahead));
        }
        let checkpoint = match told.filter(|told| told.size == size) {
            Some(told) => told,
            None => newest::read(access, store, size, &self.key).await?,
        };
        let edge = newest::edge(access, &checkpoint).await?;
        let entries = newest::open_entries(access, &edge).await?;
        Ok((Sealed { edge, entries, head: Some(checkpoint.head) }, ahead))
    }

    /// Reads the commits after the sealed ones into the tree and writes the tiles that they fill.
    async fn read_on(
        &self,
        sealed: &mut Sealed,
        ahead: Option<&Elsewhere<'_>>,
    ) -> Result<Position, LogError> {
        let mut listing = Listing::default();
        let mut position = Position::default();
        let mut first = sealed.head.as_ref().map_or(0, |head| head.seq);
        let stop = first.saturating_add(MOST_COMMITS);
        let mut linked = sealed.head.is_none();
        loop {
            let mut chunk = listing.fetch(self.access, first).await?;
            if chunk.is_empty() {
                // Appended since the LIST, or the LIST was an old one; and a deleted last commit
                // has left its marker.
                match self.access.get(first).await? {
                    Some(got) => chunk.push(got),
                    None if linked => return Ok(position),
                    None => return Err(self.shorter(sealed, first)),
                }
            }
            for got in chunk {
                if linked {
                    let stored = read_next(&position, got.object.bytes)?;
                    let seq = stored.commit.header.seq;
                    position.advance(&stored).map_err(|fault| damaged(seq, fault))?;
                    let since = sealed.edge.size();
                    self.take(sealed, &stored).await?;
                    if let (Some(ahead), Some(head)) = (ahead, &sealed.head) {
                        ahead.grown(since, &sealed.edge, head)?;
                    }
                } else {
                    let stored =
                        decode(first, got.object.bytes).map_err(|fault| damaged(first, fault))?;
                    link(sealed, &stored)?;
                    position = Position::after(&stored);
                    linked = true;
                }
                first = position.next_seq();
                let may_stop = ahead.is_none_or(|ahead| ahead.may_stop(sealed.edge.size()));
                if first >= stop && may_stop {
                    return Ok(position);
                }
            }
        }
    }

    fn shorter(&self, sealed: &Sealed, seq: u64) -> LogError {
        SealFault::Shorter {
            checkpoint: keys::checkpoint(sealed.edge.size()),
            sealed: sealed.edge.size(),
            sealed_seq: seq,
            found: "that commit is not there any more, nor any after it".to_owned(),
        }
        .into()
    }

    /// Takes one commit's events into the tree, and writes what they fill: entries first, then the
    /// tiles from the lowest level up.
    async fn take(&self, sealed: &mut Sealed, stored: &StoredCommit) -> Result<(), LogError> {
        let store = self.access.store.as_ref();
        for line in stored.event_lines() {
            let offset = sealed.edge.size();
            let length = u16::try_from(line.len())
                .map_err(|_| SealFault::TooLong { offset, bytes: line.len() })?;
            sealed.entries.extend_from_slice(&length.to_be_bytes());
            sealed.entries.extend_from_slice(line);
            let grown = sealed.edge.push(leaf_hash(line));
            if grown.is_empty() {
                continue;
            }
            let entries = Bytes::from(std::mem::take(&mut sealed.entries));
            let key = keys::entries(offset / WIDTH, WIDTH);
            objects::create(self.access, store, &key, &entries).await?;
            for (tile, hashes) in grown {
                let bytes = Bytes::from(bytes_of(&hashes));
                objects::create(self.access, store, &keys::tile(tile), &bytes).await?;
            }
        }
        sealed.head = Some(Head { seq: stored.commit.header.seq, digest: stored.digest.clone() });
        Ok(())
    }

    /// Writes the right edge: the tiles and entries that are not full yet.
    async fn write_partial(&self, sealed: &Sealed, since: u64) -> Result<(), LogError> {
        let mut writes: Vec<(String, Bytes)> = sealed
            .edge
            .partial_tiles(since)
            .map(|(tile, hashes)| (keys::tile(tile), Bytes::from(bytes_of(&hashes))))
            .collect();
        let width = sealed.edge.size() % WIDTH;
        if width > 0 {
            let key = keys::entries(sealed.edge.size() / WIDTH, width);
            writes.push((key, Bytes::copy_from_slice(&sealed.entries)));
        }
        stream::iter(writes)
            .map(Ok::<_, LogError>)
            .try_for_each_concurrent(WRITES, |(key, bytes)| async move {
                objects::create(self.access, self.access.store.as_ref(), &key, &bytes).await
            })
            .await
    }

    async fn sign(&self, checkpoint: &Checkpoint) -> Result<Bytes, LogError> {
        let text = checkpoint.text();
        let signature = self.signer.sign(text.as_bytes()).await.map_err(SealFault::from)?;
        if !self.key.verifies(&text, &signature) {
            let reason = "what the signer gave is no signature by its own public key".to_owned();
            return Err(SealFault::BadKey(reason).into());
        }
        Ok(Bytes::from(self.key.note(&text, &signature)))
    }

    async fn copy(&self, object: &str, note: &Bytes) -> Result<(), LogError> {
        let Some(second) = self.second else { return Ok(()) };
        match objects::create(self.access, second, object, note).await {
            Err(LogError::Store { source }) => {
                Err(SealFault::SecondPlace { reason: source.to_string() }.into())
            }
            Err(LogError::Seal(SealFault::Other { key, found, computed })) => {
                let key = format!("{key} in the second place");
                Err(SealFault::Other { key, found, computed }.into())
            }
            other => other,
        }
    }
}

/// The checkpoint that this process has made or read is not there any more.
fn forgotten(sealed: u64, memory: &Sealed, here: Option<u64>) -> SealFault {
    let here = here.map_or_else(|| "none".to_owned(), |size| size.to_string());
    SealFault::Shorter {
        checkpoint: keys::checkpoint(sealed),
        sealed,
        sealed_seq: memory.head.as_ref().map_or(0, |head| head.seq),
        found: format!("the newest checkpoint in the log's own store is {here} now"),
    }
}

/// The commit that the newest checkpoint names must be this one.
fn link(sealed: &Sealed, stored: &StoredCommit) -> Result<(), LogError> {
    let Some(head) = &sealed.head else { return Ok(()) };
    if head.digest == stored.digest {
        return Ok(());
    }
    Err(SealFault::Forked {
        checkpoint: keys::checkpoint(sealed.edge.size()),
        what: format!("the digest of commit {}", head.seq),
        found: stored.digest.to_string(),
        expected: head.digest.to_string(),
    }
    .into())
}
