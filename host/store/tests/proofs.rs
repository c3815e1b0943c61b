//! The log of leaves (J3): receipts, checkpoints, crashes, the horizon, and a steward who rewrites history.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::{fs, io::Write as _, path::Path, process::Command};

use common::{SHOP, batch_of, files, header, put, signer, small, unfolded, written_log};
use hamlet_proof::{Checkpoint, Hash, Item, Signer, tree};
use hamlet_store::{Config, Record, Store, StoreError, proof::Proofs};
use proptest::prelude::*;

fn one_segment() -> Config {
    Config { segment_bytes: 1 << 20, ..unfolded() }
}

/// Leaf hashes as the journal has them, by nothing but what `hamlet_proof::leaf` says.
fn naive_leaves(store: &Store) -> Vec<Hash> {
    let proofs = store.proofs().unwrap();
    let mut leaves = Vec::new();
    for record in store.journal(1).unwrap().map(Result::unwrap) {
        for (entry, index) in record.entries.iter().zip(0..) {
            let receipt = proofs.receipt(record.sequence, index, &signer(), |_| true).unwrap();
            assert_eq!(receipt.items.len(), entry.writes.len() + 2);
            let rows = entry.writes.iter().map(|write| match &write.value {
                Some(value) => Item::Set { namespace: write.namespace.0, key: &write.key, value },
                None => Item::Deleted { namespace: write.namespace.0, key: &write.key },
            });
            let head = [Item::Arguments(entry.header.arguments), Item::Result(entry.header.result)];
            let items: Vec<Hash> = head
                .into_iter()
                .chain(rows)
                .zip(&receipt.items)
                .map(|(item, shown)| item.hash(&shown.salt))
                .collect();
            assert_eq!(receipt.leaf.root, tree::head(&items));
            leaves.push(receipt.leaf.hash());
        }
    }
    leaves
}

#[test]
fn j3_every_command_has_a_leaf_and_every_receipt_verifies() {
    let (store, mut batch) = Store::in_memory(Config::default());
    for commands in [1, 2, 7, 1, 30] {
        batch_of(&mut batch, commands, &format!("b{commands}x"));
    }
    let proofs = store.proofs().unwrap();
    let checkpoint = Checkpoint::open(&proofs.checkpoint(&signer()).unwrap(), &signer().verifier()).unwrap();
    let leaves = naive_leaves(&store);
    assert_eq!((checkpoint.size, checkpoint.root), (41, tree::head(&leaves)));
    for (sequence, commands) in [(1, 1), (2, 2), (3, 7), (4, 1), (5, 30)] {
        for index in 0..commands {
            let receipt = proofs.receipt(sequence, index, &signer(), |_| true).unwrap();
            assert_eq!(receipt.verify(&signer().verifier()).unwrap(), checkpoint);
            assert_eq!(leaves[usize::try_from(receipt.number).unwrap()], receipt.leaf.hash());
        }
        let missing = proofs.receipt(sequence, commands, &signer(), |_| true).unwrap_err();
        assert!(matches!(missing, StoreError::NoLeaf { .. }), "{missing}");
    }
    assert!(matches!(proofs.wait_for(6), Err(StoreError::NoLeaf { sequence: 6, .. })));
    assert_eq!(proofs.tree_at(0).unwrap().size, 0);
    assert_eq!(proofs.tree_at(3).unwrap().size, 10);
}

#[test]
fn j3_a_receipt_shows_only_what_was_chosen_and_two_equal_rows_look_different() {
    let (store, mut batch) = Store::in_memory(Config::default());
    for _ in 0..2 {
        batch.begin();
        batch.set(SHOP, b"name", b"Agnes").unwrap();
        batch.set(SHOP, b"other", b"secret of the neighbour").unwrap();
        batch.finish(header("f"));
    }
    batch.commit(1).unwrap();
    let proofs = store.proofs().unwrap();
    let receipts =
        [0, 1].map(|index| proofs.receipt(1, index, &signer(), Proofs::only_row(SHOP, b"name")).unwrap());
    for receipt in &receipts {
        assert_eq!(receipt.items.len(), 1);
        receipt.verify(&signer().verifier()).unwrap();
        let text = receipt.to_json();
        assert!(!text.contains("c2VjcmV0"), "base64 of the other row");
        assert!(!String::from_utf8_lossy(&receipt.leaf.encode()).contains("Agnes"));
    }
    assert_ne!(receipts[0].leaf.root, receipts[1].leaf.root, "equal content is hidden by different salts");
    assert_ne!(receipts[0].items[0].salt, receipts[1].items[0].salt);
}

#[test]
fn j3_history_only_grew_as_every_earlier_checkpoint_shows() {
    let dir = tempfile::tempdir().unwrap();
    let mut old: Vec<String> = Vec::new();
    for round in 0..6 {
        let (store, mut batch) = Store::open(dir.path(), small()).unwrap();
        batch_of(&mut batch, 5 + round, &format!("r{round}"));
        put(&mut batch, "x", "y");
        let proofs = store.proofs().unwrap();
        for note in &old {
            let proof = proofs.consistency_since(note, &signer()).unwrap();
            let (before, after) = proof.verify(&signer().verifier()).unwrap();
            assert!(before.size < after.size);
            proofs.check(&before).unwrap();
        }
        old.push(proofs.checkpoint(&signer()).unwrap());
    }
    let (store, _batch) = Store::open(dir.path(), small()).unwrap();
    assert_eq!(store.proofs().unwrap().checkpoint(&signer()).unwrap(), old[5], "the same after reopening");
    let stranger = Signer::from_seed("village.example/log", &[8; 32]).unwrap();
    let foreign = store.proofs().unwrap().consistency_since(&old[0], &stranger).unwrap_err();
    assert!(matches!(foreign, StoreError::Checkpoint(_)), "{foreign}");
}

#[test]
fn j3_the_log_is_the_same_whether_it_followed_or_was_derived_anew() {
    let dir = tempfile::tempdir().unwrap();
    {
        let (store, mut batch) = Store::open(dir.path(), small()).unwrap();
        for round in 0..40 {
            batch_of(&mut batch, 1 + round % 7, &format!("r{round}-"));
        }
        store.proofs().unwrap().save_all().unwrap();
    }
    let followed = files(dir.path());
    fs::remove_dir_all(dir.path().join("proofs")).unwrap();
    {
        let (store, _batch) = Store::open(dir.path(), small()).unwrap();
        store.proofs().unwrap().save_all().unwrap();
    }
    let derived = files(dir.path());
    assert_eq!(followed[..2], derived[..2]);
    // Entries differ in where their cycle began, and in their checksum.
    for (one, other) in followed[2].chunks(64).zip(derived[2].chunks(64)).skip(1) {
        assert_eq!(one[..52], other[..52]);
    }
    let per_leaf = (followed[0].len() + followed[1].len()) / 157;
    assert!(per_leaf < 130, "{per_leaf} bytes a leaf");
}

#[test]
fn j3_the_log_is_whole_again_when_a_crash_took_any_part_of_what_was_not_durable() {
    let dir = tempfile::tempdir().unwrap();
    let note = written_log(dir.path(), one_segment());
    let whole = files(dir.path());
    let names = ["leaves", "nodes", "batches"];
    // What was not flushed may be missing, cut, or zeros; and entries may be there in any combination.
    for (at, name) in names.iter().enumerate() {
        let path = dir.path().join("proofs").join(name);
        let length = whole[at].len();
        for cut in (0..=length).rev().step_by(101) {
            for zeros in [false, true] {
                for (name, bytes) in names.iter().zip(&whole) {
                    fs::write(dir.path().join("proofs").join(name), bytes).unwrap();
                }
                let mut torn = whole[at][..cut].to_vec();
                if zeros {
                    torn.resize(length, 0);
                }
                fs::write(&path, torn).unwrap();
                let (store, _batch) = Store::open(dir.path(), one_segment()).unwrap();
                let proofs = store.proofs().unwrap();
                assert_eq!(proofs.checkpoint(&signer()).unwrap(), note, "{name} cut at {cut}");
                proofs.save_all().unwrap();
                drop(store);
            }
        }
    }
    // Holes among the last cycle's entries.
    for hole in 1..=20 {
        for (name, bytes) in names.iter().zip(&whole) {
            fs::write(dir.path().join("proofs").join(name), bytes).unwrap();
        }
        let mut holed = whole[2].clone();
        holed[hole * 64..hole * 64 + 64].fill(0);
        fs::write(dir.path().join("proofs/batches"), holed).unwrap();
        let (store, _batch) = Store::open(dir.path(), one_segment()).unwrap();
        assert_eq!(store.proofs().unwrap().checkpoint(&signer()).unwrap(), note, "hole at {hole}");
    }
}

#[test]
fn j3_leaves_and_proofs_stay_when_old_batches_are_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut batch) = Store::open(dir.path(), unfolded()).unwrap();
    for round in 0..60 {
        batch_of(&mut batch, 4, &format!("r{round}-"));
    }
    let proofs = store.proofs().unwrap();
    let before = proofs.receipt(2, 1, &signer(), |_| true).unwrap();
    store.fold_all().unwrap();
    let oldest = store.drop_before(50).unwrap();
    assert!(oldest > 10 && proofs.durable() >= oldest - 1, "{oldest}");
    assert!(matches!(proofs.receipt(2, 1, &signer(), |_| true), Err(StoreError::Dropped { .. })));
    let bare = proofs.bare_receipt(2, 1, &signer()).unwrap();
    bare.verify(&signer().verifier()).unwrap();
    assert_eq!(bare.leaf, before.leaf);
    before.verify(&signer().verifier()).unwrap();
    drop((store, batch));
    let (store, batch) = Store::open(dir.path(), unfolded()).unwrap();
    assert_eq!(store.proofs().unwrap().bare_receipt(2, 1, &signer()).unwrap(), bare);
    drop((store, batch));
    fs::remove_dir_all(dir.path().join("proofs")).unwrap();
    let refused = Store::open(dir.path(), unfolded()).map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::LeavesLost { proved: 0, .. }), "{refused}");
}

#[test]
fn j3_the_python_verifier_agrees_with_what_a_store_gives_out() {
    let dir = tempfile::tempdir().unwrap();
    let old = written_log(dir.path(), one_segment());
    let (store, mut batch) = Store::open(dir.path(), one_segment()).unwrap();
    batch_of(&mut batch, 9, "more");
    let proofs = store.proofs().unwrap();
    let receipt = proofs.receipt(21, 4, &signer(), |_| true).unwrap();
    let growth = proofs.consistency_since(&old, &signer()).unwrap();
    let mut altered = receipt.clone();
    altered.leaf.time += 1;
    let run = |text: &str| {
        let path = dir.path().join("document");
        fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proof/verify/hamlet-verify.py");
        let key = signer().verifier().to_string();
        let output = Command::new("python3").arg(script).args(["--key", &key]).arg(&path).output();
        output.expect("python3, which the independent verifier needs").status.code()
    };
    assert_eq!(run(&receipt.to_json()), Some(0));
    assert_eq!(run(&growth.to_json()), Some(0));
    assert_eq!(run(&old), Some(0));
    assert_eq!(run(&altered.to_json()), Some(1));
}

fn batches() -> impl Strategy<Value = Vec<(u8, bool)>> {
    prop::collection::vec((0u8..12, any::<bool>()), 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn j3_any_history_gives_the_tree_of_its_leaves(batches in batches()) {
        let dir = tempfile::tempdir().unwrap();
        let mut opened = Store::open(dir.path(), small()).unwrap();
        for (commands, reopen) in batches {
            if commands > 0 {
                batch_of(&mut opened.1, commands.into(), &format!("{commands}-"));
            }
            if reopen {
                drop(opened);
                opened = Store::open(dir.path(), small()).unwrap();
            }
        }
        let store = &opened.0;
        let proofs = store.proofs().unwrap();
        let head = proofs.wait_for(store.head()).unwrap();
        let leaves = naive_leaves(store);
        prop_assert_eq!((head.size, head.root), (leaves.len() as u64, tree::head(&leaves)));
        let records: Vec<Record> = store.journal(1).unwrap().map(Result::unwrap).collect();
        let mut size = 0;
        for record in records {
            let first = size;
            size += record.entries.len() as u64;
            let at = proofs.tree_at(record.sequence).unwrap();
            let until = usize::try_from(size).unwrap();
            prop_assert_eq!((at.size, at.root), (size, tree::head(&leaves[..until])));
            let path = proofs.consistency(first, head.size).unwrap();
            let old = tree::head(&leaves[..usize::try_from(first).unwrap()]);
            tree::verify_consistency(first, old, head.size, head.root, &path).unwrap();
        }
    }
}
