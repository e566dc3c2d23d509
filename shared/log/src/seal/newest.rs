//! Finding and reading checkpoints, and the tree's right edge at one of them.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use leviathan_core::ports::ObjectStore;

use super::merkle::{Hash, leaf_hash};
use super::tile::{LEVELS, Tile, WIDTH, entries_in, hashes_in};
use super::{Checkpoint, Edge, SealFault, VerifierKey, note, objects};
use crate::access::Access;
use crate::error::LogError;
use crate::keys;

/// The checkpoint whose size the mutable copy tells, where it is there: where to begin a LIST. What
/// the copy itself says is never believed.
pub(super) async fn told(
    access: &Access,
    key: &VerifierKey,
) -> Result<Option<Checkpoint>, LogError> {
    let store = access.store.as_ref();
    let copy = access.bytes_in(store, keys::CHECKPOINT).await?;
    let told = copy.as_deref().and_then(|bytes| note::text_of(bytes).ok());
    let Some(told) = told.and_then(Checkpoint::parse) else { return Ok(None) };
    let bytes = access.bytes_in(store, &keys::checkpoint(told.size)).await?;
    Ok(bytes.map(|bytes| of_size(told.size, &bytes, key)).transpose()?)
}

/// The size of the newest checkpoint in the store. Where `known` is the size of one that exists, a
/// single LIST begins there.
pub(super) async fn newest_size(
    access: &Access,
    store: &dyn ObjectStore,
    known: Option<u64>,
) -> Result<Option<u64>, LogError> {
    let before = known.and_then(|size| size.checked_sub(1)).map(keys::checkpoint);
    let mut listed = objects::list(access, store, keys::CHECKPOINTS, before.as_deref()).await?;
    if before.is_some() && listed.is_empty() {
        // What was told exists no more, or never did.
        listed = objects::list(access, store, keys::CHECKPOINTS, None).await?;
    }
    let listed = match listed.pop() {
        Some(last) => match keys::checkpoint_size(&last) {
            Some(size) => Some(size),
            None => return Err(SealFault::Foreign { key: last }.into()),
        },
        None => None,
    };
    // A LIST without it may be an old one: the object itself says whether it exists.
    match known {
        Some(known) if listed.is_none_or(|size| size < known) => {
            let size = is_there(access, store, known).await?.then_some(known);
            Ok(size.or(listed))
        }
        _ => Ok(listed),
    }
}

/// Whether there is a checkpoint over so many events.
pub(super) async fn is_there(
    access: &Access,
    store: &dyn ObjectStore,
    size: u64,
) -> Result<bool, LogError> {
    Ok(access.bytes_in(store, &keys::checkpoint(size)).await?.is_some())
}

/// The checkpoint under the key of this size, if this key signed it.
pub(crate) async fn read(
    access: &Access,
    store: &dyn ObjectStore,
    size: u64,
    key: &VerifierKey,
) -> Result<Checkpoint, LogError> {
    let object = keys::checkpoint(size);
    let bytes = access.bytes_in(store, &object).await?;
    let bytes = bytes.ok_or_else(|| SealFault::Checkpoint {
        key: object.clone(),
        reason: "LIST names it, GET does not find it".to_owned(),
    })?;
    Ok(of_size(size, &bytes, key)?)
}

/// The checkpoint in the bytes of the object of this size.
fn of_size(size: u64, bytes: &[u8], key: &VerifierKey) -> Result<Checkpoint, SealFault> {
    let object = keys::checkpoint(size);
    let checkpoint = open(&object, bytes, key)?;
    if checkpoint.size != size {
        let reason = format!("it is one over {} events, not over {size}", checkpoint.size);
        return Err(SealFault::Checkpoint { key: object, reason });
    }
    Ok(checkpoint)
}

/// The checkpoint in these bytes, if this key signed it; `name` is what errors call it.
pub(super) fn open(name: &str, bytes: &[u8], key: &VerifierKey) -> Result<Checkpoint, SealFault> {
    Checkpoint::open(bytes, key).map_err(|problem| SealFault::checkpoint(name, &problem))
}

/// The hashes of one tile, which must be there.
pub(super) async fn tile(access: &Access, tile: Tile) -> Result<Vec<Hash>, LogError> {
    let key = keys::tile(tile);
    let bytes = access.bytes_in(access.store.as_ref(), &key).await?;
    let hashes = bytes.as_deref().map(|bytes| hashes_in(bytes, tile.width));
    match hashes {
        Some(Some(hashes)) => Ok(hashes),
        Some(None) => Err(tile_fault(key, format!("it has not {} hashes", tile.width))),
        None => Err(tile_fault(key, "it is missing".to_owned())),
    }
}

pub(super) fn tile_fault(key: String, reason: String) -> LogError {
    SealFault::Tile { key, reason }.into()
}

/// The tree's right edge at a checkpoint, from its partial tiles: at most 8 GETs, whatever the
/// size, and what comes back has the checkpoint's root.
pub(super) async fn edge(access: &Access, checkpoint: &Checkpoint) -> Result<Edge, LogError> {
    edge_within(access, checkpoint, |partial| partial).await
}

/// The same, out of tiles that may have more hashes: `stored` says which one to read.
pub(super) async fn edge_within(
    access: &Access,
    checkpoint: &Checkpoint,
    stored: impl Fn(Tile) -> Tile,
) -> Result<Edge, LogError> {
    let partial = (0..LEVELS).map(|level| {
        let partial = Tile::partial(level, checkpoint.size)?;
        Some((partial.width, stored(partial)))
    });
    let levels: Vec<Vec<Hash>> = stream::iter(partial)
        .map(|partial| async move {
            let Some((width, stored)) = partial else { return Ok(Vec::new()) };
            let mut hashes = tile(access, stored).await?;
            hashes.truncate(usize::try_from(width).unwrap_or(usize::MAX));
            Ok::<_, LogError>(hashes)
        })
        .buffered(LEVELS as usize)
        .try_collect()
        .await?;
    let edge = Edge::from_tiles(checkpoint.size, levels);
    edge.filter(|edge| edge.root() == checkpoint.root).ok_or_else(|| {
        let key = format!("{}: a tile of the right edge at size {}", keys::TILES, checkpoint.size);
        let checkpoint = keys::checkpoint(checkpoint.size);
        tile_fault(key, format!("the tiles don't give the root that stands in {checkpoint}"))
    })
}

/// The bytes of the unfinished bundle of entries at this edge; empty where the last one is full.
pub(super) async fn open_entries(access: &Access, edge: &Edge) -> Result<Vec<u8>, LogError> {
    open_entries_within(access, edge, edge.size() % WIDTH).await
}

/// The same, out of a stored bundle of so many entries, which may be more.
pub(super) async fn open_entries_within(
    access: &Access,
    edge: &Edge,
    stored: u64,
) -> Result<Vec<u8>, LogError> {
    let (index, width) = (edge.size() / WIDTH, edge.size() % WIDTH);
    if width == 0 {
        return Ok(Vec::new());
    }
    let key = keys::entries(index, stored);
    let Some(bytes) = access.bytes_in(access.store.as_ref(), &key).await? else {
        return Err(tile_fault(key, "it is missing".to_owned()));
    };
    let width = usize::try_from(width).unwrap_or(usize::MAX);
    let lines = entries_in(&bytes, stored).unwrap_or_default();
    let lines: Vec<&[u8]> = lines.into_iter().take(width).collect();
    if lines.iter().map(|line| leaf_hash(line)).eq(edge.hashes(0).iter().copied()) {
        let length = lines.iter().map(|line| line.len().saturating_add(2)).sum();
        return Ok(bytes.get(..length).unwrap_or_default().to_vec());
    }
    Err(tile_fault(key, "its entries are not those that the tile of their hashes has".to_owned()))
}
