//! The Merkle tree of RFC 6962 over SHA-256: hashes, the spans that a proof is made of, and the
//! checks of both proofs (as RFC 9162 2.1.3.2 and 2.1.4.2 write them down). Pure.
//!
//! A *node* is the root of a complete subtree: `(level, index)` covers the leaves from
//! `index << level` on, `1 << level` of them. Only such hashes never change as the tree grows, so
//! only they are stored; the hash of any other range is combined out of them.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash of the tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// The most hashes that a proof in a tree of 2^64 leaves can have.
pub const MAX_PROOF: usize = 64;

/// Of a leaf: an event's line, without its newline.
pub fn leaf_hash(line: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(line).finalize().into())
}

/// Of an inner node.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([1])
            .chain_update(left.0)
            .chain_update(right.0)
            .finalize()
            .into(),
    )
}

/// Of the tree without leaves.
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// The root of a complete subtree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Node {
    /// 0 is the leaves' level.
    pub level: u32,
    /// From the left, within its level.
    pub index: u64,
}

/// A range of leaves that is a subtree of some tree: its hash is one element of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first leaf.
    pub start: u64,
    /// One past the last leaf; more than `start`.
    pub end: u64,
}

impl Span {
    /// The complete subtrees that it consists of, from left to right; what [`combine`] makes its
    /// hash of. At most 64.
    pub fn nodes(self) -> Vec<Node> {
        let mut nodes = Vec::new();
        let mut at = self.start;
        while at < self.end {
            // The largest one that begins here and does not reach beyond the end.
            let fits = (self.end - at).ilog2();
            let level = if at == 0 { fits } else { at.trailing_zeros().min(fits) };
            nodes.push(Node { level, index: at >> level });
            at += 1 << level;
        }
        nodes
    }
}

/// The hash of a span, out of the hashes of its nodes from left to right; `None` for none.
pub fn combine(hashes: &[Hash]) -> Option<Hash> {
    let (last, rest) = hashes.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

/// What the inclusion proof of leaf `index` in a tree of `size` leaves consists of, from the leaf
/// upwards; `None` where there is no such leaf.
pub fn inclusion(index: u64, size: u64) -> Option<Vec<Span>> {
    if index >= size {
        return None;
    }
    let mut spans = Vec::new();
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = split(start, end);
        if index < middle {
            spans.push(Span { start: middle, end });
            end = middle;
        } else {
            spans.push(Span { start, end: middle });
            start = middle;
        }
    }
    spans.reverse();
    Some(spans)
}

/// What the proof consists of that a tree of `new` leaves begins with the tree of its first `old`
/// leaves; `None` where `old` is larger, or is 0: everything extends the empty tree.
pub fn consistency(old: u64, new: u64) -> Option<Vec<Span>> {
    if old == 0 || old > new {
        return None;
    }
    let mut spans = Vec::new();
    let (mut start, mut end) = (0, new);
    while old != end {
        let middle = split(start, end);
        if old <= middle {
            spans.push(Span { start: middle, end });
            end = middle;
        } else {
            spans.push(Span { start, end: middle });
            start = middle;
        }
    }
    // The old tree's own root is known to whoever checks.
    if start != 0 {
        spans.push(Span { start, end });
    }
    spans.reverse();
    Some(spans)
}

/// Where the left subtree of this range ends: the largest power of two below its length.
fn split(start: u64, end: u64) -> u64 {
    start + (1 << (end - start - 1).ilog2())
}

/// Whether the proof shows that this leaf stands at `index` in the tree of `size` leaves with this
/// root.
pub fn includes(leaf: &Hash, index: u64, size: u64, root: &Hash, proof: &[Hash]) -> bool {
    if index >= size || proof.len() > MAX_PROOF {
        return false;
    }
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            climb_past_lone(&mut node, &mut last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether the proof shows that the tree of `new` leaves begins with the tree of `old` leaves.
pub fn extends(old: (u64, &Hash), new: (u64, &Hash), proof: &[Hash]) -> bool {
    let ((old_size, old_root), (new_size, new_root)) = (old, new);
    if old_size > new_size || proof.len() > MAX_PROOF.saturating_add(1) {
        return false;
    }
    if old_size == new_size {
        return proof.is_empty() && old_root == new_root;
    }
    if old_size == 0 {
        return proof.is_empty() && *old_root == empty_root();
    }
    // A complete old tree is itself the first node of the way up, and is not in the proof.
    let (first, rest) = if old_size.is_power_of_two() {
        (*old_root, proof)
    } else {
        let Some((first, rest)) = proof.split_first() else { return false };
        (*first, rest)
    };
    let (mut node, mut last) = (old_size - 1, new_size - 1);
    let ones = node.trailing_ones();
    // 64 ones would be an old tree of 2^64 leaves, which no u64 counts.
    node >>= ones;
    last >>= ones;
    let (mut old_hash, mut new_hash) = (first, first);
    for hash in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = node_hash(hash, &old_hash);
            new_hash = node_hash(hash, &new_hash);
            climb_past_lone(&mut node, &mut last);
        } else {
            new_hash = node_hash(&new_hash, hash);
        }
        node >>= 1;
        last >>= 1;
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// A node without a sibling is its own parent: goes up until it is a right child.
fn climb_past_lone(node: &mut u64, last: &mut u64) {
    if *node & 1 == 0 {
        let lone = node.trailing_zeros().min(63);
        *node >>= lone;
        *last >>= lone;
    }
}
