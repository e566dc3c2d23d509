//! The pure parts of sealing, against the public test data of Certificate Transparency, against
//! RFC 6962's definitions written down naively, and against another implementation.

mod formats;
mod other;
mod proofs;
mod trees;
mod vectors;

use super::Edge;
use super::merkle::{Hash, Node, Span, combine, leaf_hash, node_hash};
use super::tile::{Tile, hashes_in};

/// A tree whose every tile is kept: a source of any node, as the store is.
#[derive(Default)]
struct Kept {
    edge: Edge,
    full: std::collections::BTreeMap<(u32, u64), Vec<Hash>>,
}

impl Kept {
    fn of(leaves: &[Hash]) -> Self {
        let mut kept = Self::default();
        leaves.iter().for_each(|leaf| kept.push(*leaf));
        kept
    }

    fn push(&mut self, leaf: Hash) {
        for (tile, hashes) in self.edge.push(leaf) {
            assert_eq!(
                hashes_in(&super::tile::bytes_of(&hashes), tile.width),
                Some(hashes.clone())
            );
            self.full.insert((tile.level, tile.index), hashes);
        }
    }

    fn node(&self, node: Node) -> Hash {
        let tile = Tile::of(node, self.edge.size()).unwrap();
        let full = self.full.get(&(tile.level, tile.index));
        let hashes = full.map_or_else(|| self.edge.hashes(tile.level), Vec::as_slice);
        assert_eq!(hashes.len() as u64, tile.width);
        tile.hash(node, hashes).unwrap()
    }

    fn proof(&self, spans: Option<Vec<Span>>) -> Vec<Hash> {
        let span = |span: Span| {
            let nodes: Vec<Hash> = span.nodes().into_iter().map(|node| self.node(node)).collect();
            combine(&nodes).unwrap()
        };
        spans.unwrap().into_iter().map(span).collect()
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

/// RFC 6962's definition, for one leaf or more.
fn root_by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [one] => *one,
        several => {
            let (left, right) = several.split_at(largest_below(several.len()));
            node_hash(&root_by_definition(left), &root_by_definition(right))
        }
    }
}

fn largest_below(length: usize) -> usize {
    length.next_power_of_two() / 2
}

/// RFC 6962's `PATH`.
fn path_by_definition(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(largest_below(leaves.len()));
    let (mut path, sibling) = if index < left.len() {
        (path_by_definition(index, left), right)
    } else {
        (path_by_definition(index - left.len(), right), left)
    };
    path.push(root_by_definition(sibling));
    path
}

/// RFC 6962's `SUBPROOF`.
fn subproof_by_definition(old: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if known { Vec::new() } else { vec![root_by_definition(leaves)] };
    }
    let (left, right) = leaves.split_at(largest_below(leaves.len()));
    let (mut proof, sibling) = if old <= left.len() {
        (subproof_by_definition(old, left, known), right)
    } else {
        (subproof_by_definition(old - left.len(), right, false), left)
    };
    proof.push(root_by_definition(sibling));
    proof
}
