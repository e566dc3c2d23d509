//! The right edge of a growing tree: all that is needed to add leaves and to know the root.

use super::merkle::{Hash, Node, Span, combine, empty_root};
use super::tile::{LEVELS, Tile, WIDTH, hashes_at, root_of_full};

/// The rightmost, unfinished tile of each level.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edge {
    size: u64,
    /// By tile level; each with fewer than 256 hashes.
    levels: Vec<Vec<Hash>>,
}

/// A tile that came to be, with its hashes.
pub type Grown = (Tile, Vec<Hash>);

impl Edge {
    /// Of the tree of this size with these partial tiles, one a level from 0 on. `None` where they
    /// are not as many hashes as that size has.
    pub fn from_tiles(size: u64, levels: Vec<Vec<Hash>>) -> Option<Self> {
        let right = (0..LEVELS).zip(levels.iter().map(Some).chain(std::iter::repeat(None)));
        for (level, hashes) in right {
            let found = hashes.map_or(0, Vec::len) as u64;
            if found != hashes_at(level, size) % WIDTH {
                return None;
            }
        }
        Some(Self { size, levels })
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf. Tiles that it filled, from the lowest level up.
    pub fn push(&mut self, leaf: Hash) -> Vec<Grown> {
        let mut grown = Vec::new();
        let mut hash = leaf;
        self.size = self.size.saturating_add(1);
        for level in 0..LEVELS {
            let at = level as usize;
            if self.levels.len() <= at {
                self.levels.push(Vec::new());
            }
            let Some(hashes) = self.levels.get_mut(at) else { break };
            hashes.push(hash);
            let Some(root) = root_of_full(hashes) else { break };
            let index = (hashes_at(level, self.size) / WIDTH).saturating_sub(1);
            grown.push((Tile { level, index, width: WIDTH }, std::mem::take(hashes)));
            hash = root;
        }
        grown
    }

    /// The hashes of a level's unfinished tile, from the left.
    pub fn hashes(&self, level: u32) -> &[Hash] {
        self.levels.get(level as usize).map_or(&[], Vec::as_slice)
    }

    /// The unfinished tiles that a tree of `since` leaves did not have yet.
    pub fn partial_tiles(&self, since: u64) -> impl Iterator<Item = Grown> {
        (0..LEVELS)
            .filter(move |level| hashes_at(*level, since) != hashes_at(*level, self.size))
            .filter_map(|level| {
                let tile = Tile::partial(level, self.size)?;
                Some((tile, self.hashes(level).to_vec()))
            })
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        let nodes = Span { start: 0, end: self.size }.nodes();
        let hashes: Option<Vec<Hash>> = nodes.into_iter().map(|node| self.hash(node)).collect();
        hashes.and_then(|hashes| combine(&hashes)).unwrap_or_else(empty_root)
    }

    fn hash(&self, node: Node) -> Option<Hash> {
        let tile = Tile::of(node, self.size)?;
        tile.hash(node, self.hashes(tile.level))
    }
}
