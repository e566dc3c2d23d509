//! Another implementation of the same standards reads what we write, and we read what it writes.

use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{Hash as OtherHash, HashReader};

use super::super::Checkpoint;
use super::super::merkle::{consistency, extends, includes, inclusion};
use super::super::tile::Tile;
use super::formats::{checkpoint, known, signed};
use super::{Kept, leaves};

/// The other implementation's row of all stored hashes.
#[derive(Default)]
struct Other(Vec<OtherHash>);

impl HashReader for &Other {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<OtherHash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[*index as usize]).collect())
    }
}

#[test]
fn both_build_the_same_trees_and_believe_each_others_proofs() {
    let (mut kept, mut other) = (Kept::default(), Other::default());
    let mut roots = Vec::new();
    for number in 0..700_u64 {
        let line = number.to_be_bytes();
        kept.push(super::leaf_hash(&line));
        let stored = tlog_tiles::stored_hashes(number, &line, &&other).unwrap();
        other.0.extend(stored);
        let size = number + 1;
        let root = kept.edge.root();
        roots.push(root);
        let theirs = tlog_tiles::tree_hash(size, &&other).unwrap();
        assert_eq!(theirs.0, root.0, "{size} leaves");
        let at = number * 7 % size;
        let leaf = leaves(at + 1)[at as usize];
        let proof = kept.proof(inclusion(at, size));
        let theirs = tlog_tiles::prove_record(size, at, &&other).unwrap();
        assert!(theirs.iter().map(|hash| hash.0).eq(proof.iter().map(|hash| hash.0)));
        assert!(includes(&leaf, at, size, &root, &proof));
        tlog_tiles::check_record(&theirs, size, OtherHash(root.0), at, OtherHash(leaf.0)).unwrap();
        let (old, old_root) = (at + 1, roots[at as usize]);
        let proof = kept.proof(consistency(old, size));
        let theirs = tlog_tiles::prove_tree(size, old, &&other).unwrap();
        assert!(theirs.iter().map(|hash| hash.0).eq(proof.iter().map(|hash| hash.0)));
        assert!(extends((old, &old_root), (size, &root), &proof));
        let (old_root, root) = (OtherHash(old_root.0), OtherHash(root.0));
        tlog_tiles::check_tree(&theirs, size, root, old, old_root).unwrap();
    }
}

#[test]
fn the_other_reads_our_checkpoint_and_we_read_one_that_it_wrote() {
    let (_, key) = known();
    let note = signed(&checkpoint().text());
    let read = Note::from_bytes(note.as_bytes()).unwrap();
    let verifier = StandardVerifier::new(&key.to_string()).unwrap();
    let (verified, others) = read.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
    assert_eq!((verified.len(), others.len()), (1, 0));
    let theirs = tlog_tiles::Checkpoint::from_bytes(read.text()).unwrap();
    let ours = checkpoint();
    assert_eq!((theirs.origin(), theirs.size()), (ours.origin.as_str(), ours.size));
    assert_eq!(theirs.hash().0, ours.root.0);
    let written = String::from_utf8(theirs.to_bytes()).unwrap();
    assert_eq!(Checkpoint::parse(&written), Some(ours));
    assert_eq!(Note::to_bytes(&read), note.as_bytes());
}

#[test]
fn the_other_gives_tiles_the_same_names_and_the_same_bytes() {
    for (level, index, width) in
        [(0, 0, 256), (0, 1_234_067, 256), (1, 5, 7), (2, 1_000, 255), (7, 999, 1)]
    {
        let tile = Tile { level, index, width };
        let other = tlog_tiles::Tile::new(8, level as u8, index, width as u32, false).path();
        assert_eq!(other, format!("tile/8/{}", tile.path()), "theirs also names the height");
    }
    let mut other = Other::default();
    let kept = Kept::of(&leaves(300));
    for number in 0..300_u64 {
        let stored = tlog_tiles::stored_hashes(number, &number.to_be_bytes(), &&other).unwrap();
        other.0.extend(stored);
    }
    let theirs = |tile: Tile| {
        tlog_tiles::Tile::new(8, tile.level as u8, tile.index, tile.width as u32, false)
            .read_data(&&other)
            .unwrap()
    };
    for (tile, hashes) in kept.edge.partial_tiles(0) {
        assert_eq!(super::super::tile::bytes_of(&hashes), theirs(tile), "{}", tile.path());
    }
    let full = Tile { level: 0, index: 0, width: 256 };
    assert_eq!(super::super::tile::bytes_of(&kept.full[&(0, 0)]), theirs(full));
}
