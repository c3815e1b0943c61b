//! The tree against a naive RFC 6962, and against the reference implementation's known answers.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation, missing_docs)]

use hamlet_proof::{
    Frontier, Hash, Nodes, ProofError,
    tree::{self, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion},
};
use proptest::prelude::*;

/// RFC 6962, 2.1, word by word.
fn naive_head(leaves: &[Hash]) -> Hash {
    match leaves.len() {
        0 => Hash::of_nothing(),
        1 => leaves[0],
        n => {
            let k = n.next_power_of_two() / 2;
            Hash::of_node(naive_head(&leaves[..k]), naive_head(&leaves[k..]))
        }
    }
}

fn naive_path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    let n = leaves.len();
    if n == 1 {
        return Vec::new();
    }
    let k = n.next_power_of_two() / 2;
    let (mut path, other) = if m < k {
        (naive_path(m, &leaves[..k]), naive_head(&leaves[k..]))
    } else {
        (naive_path(m - k, &leaves[k..]), naive_head(&leaves[..k]))
    };
    path.push(other);
    path
}

fn naive_subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    let n = leaves.len();
    if m == n {
        return if whole { Vec::new() } else { vec![naive_head(leaves)] };
    }
    let k = n.next_power_of_two() / 2;
    let (mut path, other) = if m <= k {
        (naive_subproof(m, &leaves[..k], whole), naive_head(&leaves[k..]))
    } else {
        (naive_subproof(m - k, &leaves[k..], false), naive_head(&leaves[..k]))
    };
    path.push(other);
    path
}

/// All nodes in the list's order, as the store keeps them on disk.
struct List(Vec<Hash>);

impl List {
    fn of(leaves: &[Hash]) -> (Self, Frontier) {
        let (mut list, mut frontier) = (Vec::new(), Frontier::default());
        for leaf in leaves {
            frontier.push(*leaf, |node| list.push(node));
        }
        (Self(list), frontier)
    }
}

impl Nodes for List {
    type Error = ProofError;
    fn node(&self, level: u32, n: u64) -> Result<Hash, ProofError> {
        Ok(self.0[tree::node_position(level, n) as usize])
    }
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|n| Hash::of_leaf(&n.to_be_bytes())).collect()
}

#[test]
fn heads_and_proofs_are_those_of_rfc_6962_for_every_size_up_to_seventy() {
    let all = leaves(70);
    let mut frontier = Frontier::default();
    for size in 0..=all.len() {
        let leaves = &all[..size];
        let (list, grown) = List::of(leaves);
        let head = naive_head(leaves);
        assert_eq!(frontier.root(), head);
        assert_eq!(grown, frontier);
        assert_eq!(list.0.len() as u64, tree::node_count(size as u64));
        assert_eq!(Frontier::load(&list, size as u64).unwrap(), frontier);
        for index in 0..size {
            let path = inclusion_proof(&list, index as u64, size as u64).unwrap();
            assert_eq!(path, naive_path(index, leaves));
            assert_eq!(path, inclusion_proof(leaves, index as u64, size as u64).unwrap());
            verify_inclusion(leaves[index], index as u64, size as u64, &path, head).unwrap();
        }
        for old in 0..=size {
            let path = consistency_proof(&list, old as u64, size as u64).unwrap();
            if old > 0 {
                assert_eq!(path, naive_subproof(old, leaves, true), "{old} {size}");
            }
            verify_consistency(old as u64, naive_head(&all[..old]), size as u64, head, &path).unwrap();
        }
        if size < all.len() {
            frontier.push(all[size], |_| {});
        }
    }
}

fn hex(text: &str) -> Hash {
    let digits = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    Hash(std::array::from_fn(|n| digits(2 * n)))
}

/// Leaf inputs and answers of the Certificate Transparency reference tests (google/certificate-transparency
/// `merkle_tree_test.cc`, the same in transparency-dev/merkle; facts of RFC 6962's SHA-256 tree).
const INPUTS: [&[u8]; 8] =
    [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43", b"PQRSTUVW", b"`abcdefghijklmno"];
const HEADS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const A: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const B: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const C: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";
const D: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const E: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const F: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";

#[test]
fn answers_are_those_of_the_certificate_transparency_tests() {
    let leaves: Vec<Hash> = INPUTS.iter().map(|input| Hash::of_leaf(input)).collect();
    for (size, head) in HEADS.iter().enumerate() {
        assert_eq!(tree::head(&leaves[..size]), hex(head), "size {size}");
    }
    let inclusion: [(u64, u64, &[&str]); 5] = [
        (0, 1, &[]),
        (0, 8, &[A, B, C]),
        (5, 8, &[D, E, HEADS[4]]),
        (2, 3, &[HEADS[2]]),
        (1, 5, &[HEADS[1], B, D]),
    ];
    for (index, size, path) in inclusion {
        let wanted: Vec<Hash> = path.iter().map(|hash| hex(hash)).collect();
        assert_eq!(inclusion_proof(&leaves[..], index, size).unwrap(), wanted, "{index} of {size}");
    }
    let consistency: [(u64, u64, &[&str]); 4] =
        [(1, 1, &[]), (1, 8, &[A, B, C]), (6, 8, &[F, E, HEADS[4]]), (2, 5, &[B, D])];
    for (old, new, path) in consistency {
        let wanted: Vec<Hash> = path.iter().map(|hash| hex(hash)).collect();
        assert_eq!(consistency_proof(&leaves[..], old, new).unwrap(), wanted, "{old} to {new}");
    }
}

#[test]
fn what_is_outside_is_named_when_it_is_asked_for() {
    let leaves = leaves(3);
    assert_eq!(inclusion_proof(&leaves[..], 3, 3), Err(ProofError::OutOfTree { index: 3, size: 3 }));
    assert_eq!(consistency_proof(&leaves[..], 3, 2), Err(ProofError::Shrunk { old: 3, new: 2 }));
    let head = tree::head(&leaves);
    assert!(matches!(verify_inclusion(leaves[0], 0, 0, &[], head), Err(ProofError::OutOfTree { .. })));
    assert!(matches!(verify_inclusion(leaves[0], 0, u64::MAX, &[], head), Err(ProofError::TooLarge(_))));
    assert!(matches!(verify_consistency(1, head, u64::MAX, head, &[]), Err(ProofError::TooLarge(_))));
}

proptest! {
    #[test]
    fn no_altered_inclusion_proof_holds(
        size in 1u64..200, index in 0u64..200, other in 0u64..300, flip in 0usize..4096, cut in any::<bool>(),
    ) {
        let index = index % size;
        let leaves = leaves(size as usize);
        let (list, frontier) = List::of(&leaves);
        let (leaf, head) = (leaves[index as usize], frontier.root());
        let path = inclusion_proof(&list, index, size).unwrap();
        if other != index {
            prop_assert!(verify_inclusion(leaf, other, size, &path, head).is_err());
        }
        let mut altered = path.clone();
        match (altered.len(), cut) {
            (0, _) => altered.push(head),
            (_, true) => drop(altered.pop()),
            (length, false) => altered[flip / 256 % length].0[flip / 8 % 32] ^= 1 << (flip % 8),
        }
        prop_assert!(verify_inclusion(leaf, index, size, &altered, head).is_err());
        let mut altered = path.clone();
        altered.push(head);
        prop_assert!(verify_inclusion(leaf, index, size, &altered, head).is_err());
        prop_assert!(verify_inclusion(Hash::of_leaf(b"other"), index, size, &path, head).is_err());
    }

    #[test]
    fn no_consistency_proof_holds_when_one_old_leaf_was_rewritten(
        new in 2u64..200, old in 1u64..200, changed in 0u64..200,
    ) {
        let old = 1 + old % new;
        let changed = changed % old;
        let honest = leaves(new as usize);
        let mut forged = honest.clone();
        forged[changed as usize] = Hash::of_leaf(b"forged");
        let (list, frontier) = List::of(&forged);
        let old_head = tree::head(&honest[..old as usize]);
        let path = consistency_proof(&list, old, new).unwrap();
        let refused = verify_consistency(old, old_head, new, frontier.root(), &path);
        let past = matches!(refused, Err(ProofError::OtherPast { .. }));
        prop_assert!(past, "{:?}", refused);
        // Nor does the honest proof help the forger.
        let honest_path = consistency_proof(&honest[..], old, new).unwrap();
        prop_assert!(verify_consistency(old, old_head, new, frontier.root(), &honest_path).is_err());
    }

    #[test]
    fn arbitrary_proofs_end_in_an_error(
        old in any::<u64>(), new in any::<u64>(), path in prop::collection::vec(any::<[u8; 32]>(), 0..80),
    ) {
        let path: Vec<Hash> = path.into_iter().map(Hash).collect();
        let head = Hash([7; 32]);
        let some = Hash([8; 32]);
        prop_assert!(verify_inclusion(some, old, new, &path, head).is_err());
        prop_assert!(verify_consistency(old, some, new, head, &path).is_err());
    }
}
