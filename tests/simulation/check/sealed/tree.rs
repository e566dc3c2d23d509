//! The tree of RFC 6962 over event lines, and consistency proofs out of stored tiles. Nothing here
//! is the log's own code: two that are wrong in the same way would agree.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

pub(crate) type Hash = [u8; 32];

/// Hashes in a full tile.
pub(super) const WIDTH: usize = 256;

fn hash(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// Of one entry.
pub(crate) fn leaf(line: &[u8]) -> Hash {
    hash(&[&[0], line])
}

fn node(left: &Hash, right: &Hash) -> Hash {
    hash(&[&[1], left, right])
}

/// The largest power of two below this.
fn split_of(count: usize) -> usize {
    let mut split = 1;
    while split * 2 < count {
        split *= 2;
    }
    split
}

/// RFC 6962, 2.1, word for word.
pub(crate) fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => hash(&[]),
        [leaf] => *leaf,
        several => {
            let (left, right) = several.split_at(split_of(several.len()));
            node(&root(left), &root(right))
        }
    }
}

/// What a tile or a bundle's name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// `None`: a bundle of entries.
    pub(super) level: Option<usize>,
    pub(super) index: usize,
    pub(super) width: usize,
}

impl Piece {
    /// Out of `tile/0/x001/x234/067.p/5` or `tile/entries/067`.
    pub(super) fn named(key: &str) -> Option<Self> {
        let (kind, rest) = key.strip_prefix("tile/")?.split_once('/')?;
        let level = if kind == "entries" { None } else { Some(kind.parse().ok()?) };
        let (path, width) = match rest.split_once(".p/") {
            Some((path, width)) => (path, width.parse().ok()?),
            None => (rest, WIDTH),
        };
        let mut index = 0;
        let folders: Vec<&str> = path.split('/').collect();
        for (at, folder) in folders.iter().enumerate() {
            let is_last = at + 1 == folders.len();
            let digits = if is_last { folder } else { folder.strip_prefix('x')? };
            let number: usize = digits.parse().ok().filter(|_| digits.len() == 3)?;
            index = index * 1_000 + number;
        }
        Some(Self { level, index, width })
    }

    /// The leaves that each hash of the tile stands for.
    fn span(self) -> usize {
        WIDTH.pow(u32::try_from(self.level.unwrap_or_default()).expect("a level is small"))
    }

    /// The leaves below it.
    pub(super) fn leaves(self) -> Range<usize> {
        let first = self.index * WIDTH * self.span();
        first..first + self.width * self.span()
    }

    /// What a tile of hashes has to hold, over these leaves; `None` where it needs more.
    pub(super) fn hashes(self, leaves: &[Hash]) -> Option<Vec<u8>> {
        let below = leaves.get(self.leaves())?;
        Some(below.chunks(self.span()).flat_map(root).collect())
    }
}

/// The names of all tiles that a tree of this size has at its right edge and before it.
pub(super) fn pieces(size: usize) -> Vec<Piece> {
    let mut all = Vec::new();
    let (mut level, mut hashes) = (0, size);
    while hashes > 0 {
        for index in 0..hashes.div_ceil(WIDTH) {
            let width = WIDTH.min(hashes - index * WIDTH);
            all.push(Piece { level: Some(level), index, width });
            if level == 0 {
                all.push(Piece { level: None, index, width });
            }
        }
        level += 1;
        hashes /= WIDTH;
    }
    all
}

/// The stored tiles of a tree of one size.
pub(super) struct Stored<'a> {
    pub(super) tiles: &'a BTreeMap<String, Bytes>,
    pub(super) size: usize,
}

impl Stored<'_> {
    /// The hash over these leaves, put together from the highest tiles that have it.
    fn over(&self, leaves: Range<usize>) -> Option<Hash> {
        let count = leaves.len();
        let mut level = 0;
        while WIDTH.pow(level + 1) <= count && leaves.start.is_multiple_of(WIDTH.pow(level + 1)) {
            level += 1;
        }
        let span = WIDTH.pow(level);
        if count == span {
            return self.hash(level, leaves.start / span);
        }
        let middle = leaves.start + split_of(count);
        Some(node(&self.over(leaves.start..middle)?, &self.over(middle..leaves.end)?))
    }

    fn hash(&self, level: u32, number: usize) -> Option<Hash> {
        let (index, hashes) = (number / WIDTH, self.size / WIDTH.pow(level));
        let width = WIDTH.min(hashes.checked_sub(index * WIDTH)?);
        let path = path(index);
        let end = if width == WIDTH { String::new() } else { format!(".p/{width}") };
        let bytes = self.tiles.get(&format!("tile/{level}/{path}{end}"))?;
        bytes.chunks(32).nth(number % WIDTH)?.try_into().ok()
    }

    /// The proof that the tree is the one of the first so many leaves, grown (RFC 6962, 2.1.2).
    pub(super) fn consistency(&self, first: usize) -> Option<Vec<Hash>> {
        self.subproof(first, 0..self.size, true)
    }

    fn subproof(&self, first: usize, leaves: Range<usize>, is_whole: bool) -> Option<Vec<Hash>> {
        if first == leaves.len() {
            return if is_whole { Some(Vec::new()) } else { Some(vec![self.over(leaves)?]) };
        }
        let split = split_of(leaves.len());
        let middle = leaves.start + split;
        let (mut proof, other) = if first <= split {
            (self.subproof(first, leaves.start..middle, is_whole)?, middle..leaves.end)
        } else {
            let right = self.subproof(first - split, middle..leaves.end, false)?;
            (right, leaves.start..middle)
        };
        proof.push(self.over(other)?);
        Some(proof)
    }
}

/// Three digits a folder, all but the last behind an `x`.
pub(super) fn path(index: usize) -> String {
    let mut path = format!("{:03}", index % 1_000);
    let mut rest = index / 1_000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1_000);
        rest /= 1_000;
    }
    path
}

/// RFC 9162, 2.1.4.2, step by step.
pub(super) fn is_consistent(
    (first, first_root): (usize, Hash),
    (second, second_root): (usize, Hash),
    proof: &[Hash],
) -> bool {
    if first == second {
        return proof.is_empty() && first_root == second_root;
    }
    let mut path = proof.to_vec();
    if first.is_power_of_two() {
        path.insert(0, first_root);
    }
    let Some((seed, rest)) = path.split_first() else { return false };
    let (mut f, mut s) = (first - 1, second - 1);
    while f % 2 == 1 {
        (f, s) = (f / 2, s / 2);
    }
    let (mut first_found, mut second_found) = (*seed, *seed);
    for c in rest {
        if s == 0 {
            return false;
        }
        if f % 2 == 1 || f == s {
            first_found = node(c, &first_found);
            second_found = node(c, &second_found);
            while f % 2 == 0 && f != 0 {
                (f, s) = (f / 2, s / 2);
            }
        } else {
            second_found = node(&second_found, c);
        }
        (f, s) = (f / 2, s / 2);
    }
    first_found == first_root && second_found == second_root && s == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|number| leaf(&number.to_le_bytes())).collect()
    }

    fn tiles(leaves: &[Hash]) -> BTreeMap<String, Bytes> {
        let hashes = pieces(leaves.len()).into_iter().filter_map(|piece| {
            let end =
                if piece.width == WIDTH { String::new() } else { format!(".p/{}", piece.width) };
            let key = format!("tile/{}/{}{end}", piece.level?, path(piece.index));
            assert_eq!(Piece::named(&key), Some(piece), "{key}");
            Some((key, Bytes::from(piece.hashes(leaves)?)))
        });
        hashes.collect()
    }

    #[test]
    fn a_tree_is_consistent_with_its_beginnings_and_with_nothing_else() {
        let all = leaves(600);
        for second in [1, 2, 3, 7, 8, 9, 255, 256, 257, 511, 512, 513, 600] {
            let tiles = tiles(&all[..second]);
            let stored = Stored { tiles: &tiles, size: second };
            let end = (second, root(&all[..second]));
            for first in (1..=second.min(20)).chain([second.div_ceil(2), second - second / 3]) {
                let proof = stored.consistency(first).expect("all tiles are there");
                let begin = (first, root(&all[..first]));
                assert!(is_consistent(begin, end, &proof), "{first} of {second}");
                let other = (first, leaf(b"another tree"));
                assert!(!is_consistent(other, end, &proof), "{first} of {second}");
                assert!(!is_consistent(begin, (second, other.1), &proof), "{first} of {second}");
            }
        }
    }

    #[test]
    fn the_root_of_no_leaves_and_of_one_are_those_of_the_rfc() {
        let hex = |hash: Hash| data_encoding::HEXLOWER.encode(&hash);
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex(root(&[])), empty);
        let of_nothing = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(hex(root(&[leaf(b"")])), of_nothing);
    }
}
