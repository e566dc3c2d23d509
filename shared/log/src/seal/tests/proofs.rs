//! Proofs in trees of any size: made as RFC 6962 defines them, believed, and not believed once
//! anything about them is changed.

use proptest::prelude::*;

use super::super::merkle::{Hash, consistency, empty_root, extends, includes, inclusion};
use super::{Kept, leaves, path_by_definition, root_by_definition, subproof_by_definition};

#[test]
fn in_small_trees_every_proof_is_that_of_the_definition_and_is_believed_only_where_it_belongs() {
    let all = leaves(34);
    let roots: Vec<Hash> = (1..=all.len()).map(|size| root_by_definition(&all[..size])).collect();
    for size in 1..=all.len() {
        let kept = Kept::of(&all[..size]);
        let root = &roots[size - 1];
        assert_eq!(kept.edge.root(), *root);
        for index in 0..size {
            let proof = kept.proof(inclusion(index as u64, size as u64));
            assert_eq!(proof, path_by_definition(index, &all[..size]), "{index} in {size}");
            for other in 0..=all.len() {
                let right = includes(&all[index], other as u64, size as u64, root, &proof);
                assert_eq!(right, other == index, "{index} as {other} in {size}");
            }
        }
        for old in 1..=size {
            let proof = kept.proof(consistency(old as u64, size as u64));
            assert_eq!(proof, subproof_by_definition(old, &all[..size], true), "{old} to {size}");
            for other in 1..=size {
                let old_root = (other as u64, &roots[other - 1]);
                let right = extends(old_root, (size as u64, root), &proof);
                assert_eq!(right, other == old, "{old} as {other} to {size}");
            }
        }
    }
}

#[test]
fn what_is_not_in_the_tree_has_no_proof() {
    assert_eq!(inclusion(0, 0), None);
    assert_eq!(inclusion(7, 7), None);
    assert_eq!(consistency(0, 7), None);
    assert_eq!(consistency(8, 7), None);
    let root = leaves(1)[0];
    assert!(extends((0, &empty_root()), (1, &root), &[]));
    assert!(!extends((0, &root), (1, &root), &[]));
    assert!(!extends((2, &root), (1, &root), &[]));
}

#[test]
fn the_largest_sizes_end_in_an_answer() {
    let hash = leaves(1)[0];
    let long = vec![hash; 65];
    for proof in [&[][..], &long[..1], &long[..63], &long[..64], &long] {
        for size in [1, u64::MAX - 1, u64::MAX] {
            let _ = includes(&hash, size - 1, size, &hash, proof);
            let _ = extends((size - 1, &hash), (size, &hash), proof);
            let _ = extends((1 << 63, &hash), (size, &hash), proof);
        }
    }
    assert_eq!(inclusion(u64::MAX - 1, u64::MAX).unwrap().len(), 63);
    assert_eq!(inclusion(0, u64::MAX).unwrap().len(), 64);
}

/// A tree that is larger than a tile, and two of its sizes.
fn sizes() -> impl Strategy<Value = (u64, u64)> {
    (1_u64..1_500).prop_flat_map(|new| (1..=new, Just(new)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn an_inclusion_proof_is_believed_and_no_longer_once_a_bit_is_flipped(
        (at, size) in sizes(), bit in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(),
    ) {
        let all = leaves(size);
        let (kept, index) = (Kept::of(&all), at - 1);
        let (leaf, root) = (all[index as usize], kept.edge.root());
        let proof = kept.proof(inclusion(index, size));
        prop_assert!(includes(&leaf, index, size, &root, &proof));
        prop_assert!(!includes(&flip(leaf, bit), index, size, &root, &proof));
        prop_assert!(!includes(&leaf, index, size, &flip(root, bit), &proof));
        prop_assert!(!includes(&leaf, index ^ 1, size, &root, &proof) || size == 1);
        for bad in spoil(&proof, bit, which) {
            prop_assert!(!includes(&leaf, index, size, &root, &bad));
        }
    }

    #[test]
    fn a_consistency_proof_is_believed_and_no_longer_once_a_bit_is_flipped(
        (old, new) in sizes(), bit in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(),
    ) {
        let all = leaves(new);
        let old_root = Kept::of(&all[..old as usize]).edge.root();
        let kept = Kept::of(&all);
        let new_root = kept.edge.root();
        let proof = kept.proof(consistency(old, new));
        prop_assert!(extends((old, &old_root), (new, &new_root), &proof));
        prop_assert!(!extends((old, &flip(old_root, bit)), (new, &new_root), &proof));
        prop_assert!(!extends((old, &old_root), (new, &flip(new_root, bit)), &proof));
        for bad in spoil(&proof, bit, which) {
            prop_assert!(!extends((old, &old_root), (new, &new_root), &bad));
        }
    }
}

fn flip(mut hash: Hash, bit: prop::sample::Index) -> Hash {
    let bit = bit.index(256);
    hash.0[bit / 8] ^= 1 << (bit % 8);
    hash
}

/// The proof with one hash changed, one missing, one more.
fn spoil(proof: &[Hash], bit: prop::sample::Index, which: prop::sample::Index) -> Vec<Vec<Hash>> {
    let mut longer = proof.to_vec();
    longer.push(leaves(1)[0]);
    let mut spoilt = vec![longer];
    if !proof.is_empty() {
        let at = which.index(proof.len());
        let mut changed = proof.to_vec();
        changed[at] = flip(changed[at], bit);
        let mut shorter = proof.to_vec();
        shorter.remove(at);
        spoilt.extend([changed, shorter]);
    }
    spoilt
}
