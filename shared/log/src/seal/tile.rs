//! Tiles of c2sp.org/tlog-tiles: the tree's complete nodes, cut into pieces of up to 256 hashes.
//!
//! The tile `(level, index)` holds the nodes of tree level `8 * level`, 256 from
//! `256 * index` on. A tile with fewer is *partial*: it is the tree's right edge at some size, has
//! its width in its name, and stays when a fuller one follows. Pure.

use super::merkle::{Hash, Node, combine};

/// Hashes in a full tile, and entries in a full bundle.
pub const WIDTH: u64 = 256;

/// Tree levels that one tile level spans.
const HEIGHT: u32 = 8;

/// Levels that a tree of 2^64 leaves can have.
pub const LEVELS: u32 = 8;

/// Which tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    /// 0 holds leaves' hashes.
    pub level: u32,
    /// From the left, within its level.
    pub index: u64,
    /// How many hashes: 1 to 256.
    pub width: u64,
}

/// How many hashes of a tile level a tree of this size has.
pub fn hashes_at(level: u32, size: u64) -> u64 {
    size.checked_shr(level.saturating_mul(HEIGHT)).unwrap_or(0)
}

impl Tile {
    /// The rightmost tile of this level in a tree of this size, where it is partial.
    pub fn partial(level: u32, size: u64) -> Option<Self> {
        let hashes = hashes_at(level, size);
        let (index, width) = (hashes / WIDTH, hashes % WIDTH);
        (width > 0).then_some(Self { level, index, width })
    }

    /// The tile that has this node's hash, or what it is combined from, in a tree of this size.
    /// `None` where the tree does not have the node.
    pub fn of(node: Node, size: u64) -> Option<Self> {
        let level = node.level / HEIGHT;
        let (first, count) = slots(node)?;
        let hashes = hashes_at(level, size);
        if first.checked_add(count)? > hashes {
            return None;
        }
        let index = first / WIDTH;
        let width = (hashes - index * WIDTH).min(WIDTH);
        Some(Self { level, index, width })
    }

    /// The node's hash out of this tile's hashes, which must be the tile [`of`](Self::of) it.
    pub fn hash(self, node: Node, hashes: &[Hash]) -> Option<Hash> {
        let (first, count) = slots(node)?;
        let from = usize::try_from(first.checked_sub(self.index.checked_mul(WIDTH)?)?).ok()?;
        let to = from.checked_add(usize::try_from(count).ok()?)?;
        complete(hashes.get(from..to)?)
    }

    /// The path below `tile/`: `<level>/<index>[.p/<width>]`.
    pub fn path(self) -> String {
        format!("{}/{}", self.level, index_path(self.index, self.width))
    }

    /// How many leaves the tree has at least that this tile belongs to; `None` beyond 2^64.
    pub fn least_size(self) -> Option<u64> {
        let hashes = self.index.checked_mul(WIDTH)?.checked_add(self.width)?;
        let shift = self.level.checked_mul(HEIGHT)?;
        hashes.checked_mul(1_u64.checked_shl(shift)?)
    }
}

/// Where in its tile level's row of hashes a node begins, and how many it is combined from.
fn slots(node: Node) -> Option<(u64, u64)> {
    let within = node.level % HEIGHT;
    Some((node.index.checked_mul(1 << within)?, 1 << within))
}

/// The root over so many hashes, a power of two.
fn complete(hashes: &[Hash]) -> Option<Hash> {
    match hashes {
        [] => None,
        [one] => Some(*one),
        several => {
            let (left, right) = several.split_at(several.len() / 2);
            combine(&[complete(left)?, complete(right)?])
        }
    }
}

/// The root over a full tile's hashes: one hash of the level above.
pub(super) fn root_of_full(hashes: &[Hash]) -> Option<Hash> {
    if hashes.len() as u64 == WIDTH { complete(hashes) } else { None }
}

/// `<index>[.p/<width>]`: three digits a folder, all but the last behind an `x`.
fn index_path(index: u64, width: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    if width < WIDTH { format!("{path}.p/{width}") } else { path }
}

/// The path below `tile/` of a bundle of entries.
pub fn entries_path(index: u64, width: u64) -> String {
    format!("entries/{}", index_path(index, width))
}

/// What a key below `tile/` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A tile of hashes.
    Hashes(Tile),
    /// A bundle of entries: its index and how many it has.
    Entries {
        /// From the left.
        index: u64,
        /// 1 to 256.
        width: u64,
    },
}

/// Reads a path below `tile/`; `None` where it is not exactly as we spell it.
pub fn parse(path: &str) -> Option<Named> {
    let (kind, rest) = path.split_once('/')?;
    let (number, width) = match rest.split_once(".p/") {
        Some((number, width)) => (number, width.parse().ok()?),
        None => (rest, WIDTH),
    };
    let mut index = 0_u64;
    for part in number.split('/') {
        let digits = part.strip_prefix('x').unwrap_or(part);
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    let named = if kind == "entries" {
        Named::Entries { index, width }
    } else {
        Named::Hashes(Tile { level: kind.parse().ok()?, index, width })
    };
    // One spelling only: what reads as a tile and is spelled otherwise is not ours.
    let again = match named {
        Named::Hashes(tile) => tile.path(),
        Named::Entries { index, width } => entries_path(index, width),
    };
    let sensible = (1..=WIDTH).contains(&width);
    (sensible && again == path).then_some(named)
}

/// The hashes in a tile's bytes; `None` where they are not as many as its width.
pub fn hashes_in(bytes: &[u8], width: u64) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    let whole = rest.is_empty() && hashes.len() as u64 == width;
    whole.then(|| hashes.iter().copied().map(Hash).collect())
}

/// A tile's bytes.
pub fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The entries in a bundle's bytes: each behind its length, two bytes, big-endian. `None` where
/// they are not `width` whole ones.
pub fn entries_in(bytes: &[u8], width: u64) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        rest = after;
    }
    (rest.is_empty() && entries.len() as u64 == width).then_some(entries)
}
