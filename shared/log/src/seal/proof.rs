//! Proofs about single events: made from tiles, checked with nothing but a key.
//!
//! The proof itself has the form of c2sp.org/tlog-proof, so that other tools can check it against
//! the event's line. Around it a [`Bundle`] carries what a person wants to see with it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use leviathan_core::event::Event;
use serde::{Deserialize, Serialize};

use super::merkle::{
    Hash, MAX_PROOF, Span, combine, consistency, extends, includes, inclusion, leaf_hash,
};
use super::tile::{Tile, WIDTH, entries_in};
use super::{Checkpoint, SealFault, VerifierKey, newest};
use crate::access::Access;
use crate::commit::{StoredCommit, decode};
use crate::error::LogError;
use crate::keys;
use crate::listing::Listing;
use crate::tail::damaged;

/// The first line of a proof.
const MAGIC: &str = "c2sp.org/tlog-proof@v1";

/// The format of a bundle.
const FORMAT: u32 = 1;

/// How a person names an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventName {
    /// Its place in the log.
    Offset(u64),
    /// Its `event_id`.
    Id(String),
}

impl From<&str> for EventName {
    fn from(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Id(text.to_owned()), Self::Offset)
    }
}

/// One event with the proof that it stands in the log: all that is needed to check it, but for the
/// key, which whoever checks must have from a place of trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Of the bundle: 1.
    pub format: u32,
    /// The event's line as it is stored.
    pub event: String,
    /// The header line of its commit: who wrote it, and when. For a person: the proof is about the
    /// event's line.
    pub header: String,
    /// Index, hashes and signed checkpoint, as c2sp.org/tlog-proof spells them.
    pub proof: String,
    /// The key that is said to have signed. Proves nothing by itself.
    pub key: String,
}

/// What a bundle proves.
#[derive(Debug, Clone, PartialEq)]
pub struct Proven {
    /// The event.
    pub event: Event,
    /// The checkpoint that covers it.
    pub checkpoint: Checkpoint,
}

impl Bundle {
    /// Reads a bundle as it lies in a file.
    pub fn read(bytes: &[u8]) -> Result<Self, SealFault> {
        serde_json::from_slice(bytes).map_err(|problem| SealFault::NotProven {
            reason: format!(
                "this is no bundle ({problem}). Name the file that `leviathanctl log prove --save` \
                 wrote"
            ),
        })
    }

    /// Checks the bundle with this key, and nothing else.
    pub fn check(&self, key: &VerifierKey) -> Result<Proven, SealFault> {
        let bad = |reason: &str| SealFault::NotProven {
            reason: format!("{reason}. Have it made again: `leviathanctl log prove`"),
        };
        if self.format != FORMAT {
            return Err(bad("its format is not 1: a later program made it"));
        }
        let (index, hashes, note) =
            read_proof(&self.proof).ok_or_else(|| bad("its proof can't be read"))?;
        let checkpoint =
            Checkpoint::open(note.as_bytes(), key).map_err(|problem| SealFault::NotProven {
                reason: format!(
                    "its checkpoint is not believed: {problem}. Check that the key is the one that \
                     was noted down for this log; if it is, have the bundle made again: \
                     `leviathanctl log prove`"
                ),
            })?;
        let event: Event = serde_json::from_str(&self.event)
            .map_err(|_| bad("its event is not a line of a log"))?;
        if event.offset != index {
            return Err(bad("its event has another offset than its proof"));
        }
        let leaf = leaf_hash(self.event.as_bytes());
        if !includes(&leaf, index, checkpoint.size, &checkpoint.root, &hashes) {
            return Err(bad("its event is not in the tree that was signed"));
        }
        Ok(Proven { event, checkpoint })
    }
}

fn write_proof(index: u64, hashes: &[Hash], note: &str) -> String {
    let lines: String = hashes.iter().map(|hash| STANDARD.encode(hash.0) + "\n").collect();
    format!("{MAGIC}\nindex {index}\n{lines}\n{note}")
}

fn read_proof(text: &str) -> Option<(u64, Vec<Hash>, &str)> {
    let (head, note) = text.split_once("\n\n")?;
    let mut lines = head.split('\n');
    if lines.next()? != MAGIC {
        return None;
    }
    let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
    let mut hashes = Vec::new();
    for line in lines {
        let hash = STANDARD.decode(line).ok()?;
        hashes.push(Hash(hash.try_into().ok()?));
    }
    let exact = hashes.len() <= MAX_PROOF && write_proof(index, &hashes, note) == text;
    exact.then_some((index, hashes, note))
}

/// Proves one event by the newest checkpoint. With an id of ours or an offset at most 7 GETs in a
/// log of a million events; a client's id is looked for in the whole log.
pub(crate) async fn prove(
    access: &Access,
    key: &VerifierKey,
    name: &EventName,
) -> Result<Bundle, LogError> {
    let (note, checkpoint) = signed(access, key).await?;
    let (stored, index, known) = find(access, name, checkpoint.size).await?;
    let at = index.saturating_sub(stored.commit.header.first_offset);
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    let line = stored.event_lines().nth(at).unwrap_or_default();
    let spans = inclusion(index, checkpoint.size).ok_or_else(|| SealFault::NotSealed {
        what: format!("the event at offset {index}"),
        sealed: checkpoint.size,
    })?;
    let hashes = hashes_of(access, &spans, checkpoint.size, known).await?;
    if !includes(&leaf_hash(line), index, checkpoint.size, &checkpoint.root, &hashes) {
        return Err(SealFault::NotProven {
            reason: format!(
                "the event at offset {index} is not the one that was sealed, or a tile was \
                 changed; run `leviathanctl log verify`"
            ),
        }
        .into());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let header = stored.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(Bundle {
        format: FORMAT,
        event: text(line),
        header: text(header),
        proof: write_proof(index, &hashes, &note),
        key: key.to_string(),
    })
}

/// Proves that the log at the newer checkpoint begins with the log at the older one.
pub(crate) async fn prove_extends(
    access: &Access,
    old: &Checkpoint,
    new: &Checkpoint,
) -> Result<Vec<Hash>, LogError> {
    let spans = consistency(old.size, new.size).unwrap_or_default();
    let hashes = hashes_of(access, &spans, new.size, BTreeMap::new()).await?;
    if extends((old.size, &old.root), (new.size, &new.root), &hashes) {
        return Ok(hashes);
    }
    Err(SealFault::Forked {
        checkpoint: keys::checkpoint(old.size),
        what: format!("the tree over its {} events", old.size),
        found: format!("another one at size {}", new.size),
        expected: format!("{:?}", old.root),
    }
    .into())
}

/// The newest checkpoint, by its mutable copy: the signature vouches for it, so the copy can at
/// worst be an older one. Where there is none, by LIST.
async fn signed(access: &Access, key: &VerifierKey) -> Result<(String, Checkpoint), LogError> {
    let store = access.store.as_ref();
    let copy = access.bytes_in(store, keys::CHECKPOINT).await?;
    let opened = copy.and_then(|note| {
        let checkpoint = newest::open(keys::CHECKPOINT, &note, key).ok()?;
        Some((String::from_utf8(note.to_vec()).ok()?, checkpoint))
    });
    if let Some(found) = opened {
        return Ok(found);
    }
    let Some(size) = newest::newest_size(access, store, None).await? else {
        let what = "the log".to_owned();
        return Err(SealFault::NotSealed { what, sealed: 0 }.into());
    };
    let checkpoint = newest::read(access, store, size, key).await?;
    let note = access.bytes_in(store, &keys::checkpoint(size)).await?.unwrap_or_default();
    Ok((String::from_utf8_lossy(&note).into_owned(), checkpoint))
}

/// Tiles whose hashes are known already.
type Tiles = BTreeMap<Tile, Vec<Hash>>;

/// The event's commit, its offset, and the hashes that came along.
async fn find(
    access: &Access,
    name: &EventName,
    size: u64,
) -> Result<(StoredCommit, u64, Tiles), LogError> {
    match name {
        EventName::Offset(offset) => by_offset(access, *offset, size).await,
        EventName::Id(id) => {
            let ours = id.split_once('-').and_then(|(seq, _)| seq.parse::<u64>().ok());
            if let Some(seq) = ours
                && let Some(got) = access.get(seq).await?
            {
                let stored = decode(seq, got.object.bytes).map_err(|fault| damaged(seq, fault))?;
                if let Some(offset) = offset_of(&stored, id) {
                    return Ok((stored, offset, Tiles::new()));
                }
            }
            search(access, id).await
        }
    }
}

fn offset_of(stored: &StoredCommit, id: &str) -> Option<u64> {
    stored.commit.events.iter().find(|event| event.event_id == id).map(|event| event.offset)
}

async fn by_offset(
    access: &Access,
    offset: u64,
    size: u64,
) -> Result<(StoredCommit, u64, Tiles), LogError> {
    let not_sealed =
        || SealFault::NotSealed { what: format!("the event at offset {offset}"), sealed: size };
    if offset >= size {
        return Err(not_sealed().into());
    }
    let index = offset / WIDTH;
    let width = size.saturating_sub(index.saturating_mul(WIDTH)).min(WIDTH);
    let key = keys::entries(index, width);
    let bytes = access.bytes_in(access.store.as_ref(), &key).await?.unwrap_or_default();
    let lines = entries_in(&bytes, width)
        .ok_or_else(|| newest::tile_fault(key.clone(), "it is missing or cut".to_owned()))?;
    let line = usize::try_from(offset % WIDTH).ok().and_then(|at| lines.get(at));
    let event: Option<Event> = line.and_then(|line| serde_json::from_slice(line).ok());
    let event = event
        .filter(|event| event.offset == offset)
        .ok_or_else(|| newest::tile_fault(key, "it holds another event there".to_owned()))?;
    let hashes = lines.into_iter().map(leaf_hash).collect();
    let known = Tiles::from([(Tile { level: 0, index, width }, hashes)]);
    let seq = event.seq;
    let got = access.get(seq).await?.ok_or(LogError::NoSuchCommit { seq })?;
    let stored = decode(seq, got.object.bytes).map_err(|fault| damaged(seq, fault))?;
    Ok((stored, offset, known))
}

/// A client's ids are not unique: one that several events have must be told by its offset.
async fn search(access: &Access, id: &str) -> Result<(StoredCommit, u64, Tiles), LogError> {
    let mut listing = Listing::default();
    let (mut next, mut found) = (0, None);
    loop {
        let chunk = listing.fetch(access, next).await?;
        if chunk.is_empty() {
            break;
        }
        for got in chunk {
            let stored = decode(next, got.object.bytes).map_err(|fault| damaged(next, fault))?;
            next = next.saturating_add(1);
            for event in stored.commit.events.iter().filter(|event| event.event_id == id) {
                if let Some((_, other)) = &found {
                    return Err(SealFault::NoEvent(format!(
                        "several events have the id {id:?}, at offsets {other} and {} at least; \
                         name the offset",
                        event.offset
                    ))
                    .into());
                }
                found = Some((stored.clone(), event.offset));
            }
        }
    }
    match found {
        Some((stored, offset)) => Ok((stored, offset, Tiles::new())),
        None => Err(SealFault::NoEvent(format!(
            "there is no event {id:?} in this log; name its event_id or its offset"
        ))
        .into()),
    }
}

/// The hash of each span in a tree of this size, reading each tile once.
async fn hashes_of(
    access: &Access,
    spans: &[Span],
    size: u64,
    mut tiles: Tiles,
) -> Result<Vec<Hash>, LogError> {
    let mut proof = Vec::with_capacity(spans.len());
    for span in spans {
        let mut hashes = Vec::new();
        for node in span.nodes() {
            let missing = || SealFault::NotProven { reason: "the tree has no such node".into() };
            let tile = Tile::of(node, size).ok_or_else(missing)?;
            let known = match tiles.entry(tile) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(newest::tile(access, tile).await?)
                }
            };
            hashes.push(tile.hash(node, known).ok_or_else(missing)?);
        }
        proof.extend(combine(&hashes));
    }
    Ok(proof)
}
