//! A copy that is taken while the store is written to is a whole store at one batch, and grows on as one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::{fs, path::Path};

use common::{SHOP, get, header, put, signer, unfolded};
use hamlet_store::{
    Config, Store, StoreError,
    backup::{Backup, Restore},
    proof::verify,
};
use proptest::prelude::*;

fn config() -> Config {
    Config { segment_bytes: 4096, ..unfolded() }
}

fn restore(backup: &Backup, dir: &Path) {
    let restore = Restore::begin(dir).unwrap();
    for file in backup.files() {
        restore.file(&file.name, &mut file.read().unwrap()).unwrap();
    }
    backup.rows(|block| restore.rows(block)).unwrap();
    restore.finish(backup.moment()).unwrap();
}

#[test]
fn a_copy_stands_at_one_batch_whatever_is_committed_while_it_is_read() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, mut batch) = Store::open(here.path(), config()).unwrap();
    for number in 0..40 {
        put(&mut batch, &format!("k{number}"), "before");
        if number == 25 {
            store.fold_all().unwrap();
        }
    }
    let note = store.proofs().unwrap().checkpoint(&signer()).unwrap();
    let backup = store.backup().unwrap();
    assert_eq!((backup.moment().sequence, backup.moment().folded), (40, 26));
    for number in 0..40 {
        put(&mut batch, &format!("k{number}"), "after");
    }
    store.fold_all().unwrap();
    let dir = there.path().join("copy");
    restore(&backup, &dir);
    let checkpoint = hamlet_proof::Checkpoint::open(&note, &signer().verifier()).unwrap();
    let seen = verify(&dir, std::slice::from_ref(&checkpoint)).unwrap();
    assert_eq!(seen.findings, []);
    assert_eq!((seen.batches, seen.checkpoints), ((1, 40), 1));
    assert_eq!((seen.leaves, seen.root), (backup.moment().leaves, backup.moment().root));
    let (copy, mut batch) = Store::open(&dir, config()).unwrap();
    assert_eq!(copy.head(), 40);
    for number in 0..40 {
        assert_eq!(get(&mut copy.snapshot(), &format!("k{number}")).unwrap(), "before");
    }
    put(&mut batch, "k1", "gone on");
    let grown = copy.proofs().unwrap().consistency_since(&note, &signer()).unwrap();
    grown.verify(&signer().verifier()).unwrap();
    drop((copy, batch));
    assert_eq!(verify(&dir, &[checkpoint]).unwrap().findings, []);
}

#[test]
fn a_copy_of_a_store_whose_old_batches_were_dropped_has_the_rows_that_they_wrote() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, mut batch) = Store::open(here.path(), config()).unwrap();
    for number in 0..60 {
        put(&mut batch, &format!("k{number}"), "x".repeat(100).as_str());
    }
    store.fold_all().unwrap();
    let oldest = store.drop_before(50).unwrap();
    assert!(oldest > 1, "{oldest}");
    let dir = there.path().join("copy");
    restore(&store.backup().unwrap(), &dir);
    assert_eq!(verify(&dir, &[]).unwrap().findings, []);
    let (copy, _batch) = Store::open(&dir, config()).unwrap();
    for number in 0..60 {
        assert_eq!(get(&mut copy.snapshot(), &format!("k{number}")).unwrap().len(), 100);
    }
    assert_eq!(copy.usage(SHOP), store.usage(SHOP));
}

#[test]
fn half_a_restore_is_no_store_and_a_restore_touches_nothing_that_is_there() {
    let (here, there) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, mut batch) = Store::open(here.path(), config()).unwrap();
    batch.begin();
    batch.set(SHOP, b"k", b"v").unwrap();
    batch.finish(header("f"));
    batch.commit(1).unwrap();
    let backup = store.backup().unwrap();
    let half = there.path().join("half");
    let begun = Restore::begin(&half).unwrap();
    backup.rows(|block| begun.rows(block)).unwrap();
    drop(begun);
    assert!(matches!(Store::open(&half, config()).map(drop), Err(StoreError::NotAStore { .. })));
    assert!(matches!(Restore::begin(&half).map(drop), Err(StoreError::BadCopy(_))));
    let begun = Restore::begin(&there.path().join("names")).unwrap();
    for name in
        ["../x", "journal/../../x", "journal/1.seg", "state.redb", "format", "proofs/", "proofs/x/leaves"]
    {
        assert!(matches!(begun.file(name, &mut &b"x"[..]), Err(StoreError::BadCopy(_))), "{name}");
    }
    assert!(!there.path().join("x").exists());
    assert!(matches!(Store::in_memory(config()).0.backup().map(drop), Err(StoreError::NoFiles)));
    fs::remove_dir_all(&half).unwrap();
}

proptest! {
    #[test]
    fn any_bytes_are_rows_or_refused(block in prop::collection::vec(any::<u8>(), 0..200)) {
        let dir = tempfile::tempdir().unwrap();
        let restore = Restore::begin(&dir.path().join("s")).unwrap();
        let _ = restore.rows(&block);
    }
}
