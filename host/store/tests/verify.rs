//! Verifying a whole store: a changed byte anywhere is found and located (J3).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::{
    fs,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use common::{SHOP, header, signer, unfolded};
use hamlet_proof::{Checkpoint, Hash};
use hamlet_store::{
    Config, Store, StoreError,
    proof::{Finding, verify},
};

const BATCHES: u64 = 8;

fn config() -> Config {
    Config { segment_bytes: 1024, ..unfolded() }
}

/// A small store of several segments, folded and closed, and a checkpoint after each batch.
fn written(dir: &Path) -> Vec<Checkpoint> {
    let (store, mut batch) = Store::open(dir, config()).unwrap();
    let mut checkpoints = Vec::new();
    for number in 1..=BATCHES {
        for row in 0..=number % 3 {
            batch.begin();
            batch.set(SHOP, format!("k{number}-{row}").as_bytes(), &[b'v'; 24]).unwrap();
            batch.set(SHOP, b"last", &number.to_be_bytes()).unwrap();
            batch.delete(SHOP, format!("k{}-0", number - 1).as_bytes()).unwrap();
            batch.finish(header("f"));
        }
        batch.commit(number).unwrap();
        let note = store.proofs().unwrap().checkpoint(&signer()).unwrap();
        checkpoints.push(Checkpoint::open(&note, &signer().verifier()).unwrap());
    }
    store.fold_all().unwrap();
    checkpoints
}

fn findings(dir: &Path) -> Vec<Finding> {
    verify(dir, &[]).unwrap().findings
}

/// In place: a file that is replaced may be flushed, and that thousands of times.
fn set_byte(path: &Path, at: usize, byte: u8) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.write_all_at(&[byte], at as u64).unwrap();
}

fn journal_files(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(dir.join("journal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn j3_nothing_is_found_in_a_whole_store_and_every_old_checkpoint_fits() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoints = written(dir.path());
    let verified = verify(dir.path(), &checkpoints).unwrap();
    assert_eq!(verified.findings, []);
    assert_eq!(verified.notes, Vec::<String>::new());
    assert_eq!(verified.batches, (1, BATCHES));
    let last = checkpoints.last().unwrap();
    assert_eq!((verified.leaves, verified.root), (last.size, last.root));
    assert_eq!((verified.commands, verified.checkpoints), (last.size, checkpoints.len()));
    assert!(verified.rows > 10);
    let (_store, _batch) = Store::open(dir.path(), config()).unwrap();
    assert!(matches!(verify(dir.path(), &[]), Err(StoreError::Locked(_))));
}

#[test]
fn j3_every_changed_byte_of_journal_and_log_is_found_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path());
    let journal = journal_files(dir.path());
    assert!(journal.len() > 2);
    let log = ["leaves", "nodes", "batches"].map(|name| dir.path().join("proofs").join(name));
    for path in journal.iter().chain(&log).chain([&dir.path().join("format")]) {
        let whole = fs::read(path).unwrap();
        for (at, byte) in whole.iter().enumerate() {
            let changed = byte ^ if at % 2 == 0 { 0x01 } else { 0x80 };
            set_byte(path, at, changed);
            let found = findings(dir.path());
            set_byte(path, at, *byte);
            let here = found.iter().find(|finding| finding.file == *path);
            let here = here.unwrap_or_else(|| panic!("byte {at} of {}: {found:?}", path.display()));
            if path.ends_with("format") {
                continue;
            }
            let offset = usize::try_from(here.offset.unwrap()).unwrap();
            if log.contains(path) {
                // To the byte, except in the headers and where a checksum of an entry is what was changed.
                let near = at < 64 || offset == at || path.ends_with("batches") && offset / 64 == at / 64;
                assert!(near, "byte {at} of {}: {here}", path.display());
            } else {
                // At the record whose header or content holds it, or at the byte among the zeros. Where the first byte of
                // the last record became a zero, what is found is the next one, which is none.
                let near =
                    offset <= at && at - offset < 700 || changed == 0 && offset > at && offset - at < 16;
                assert!(near, "byte {at} of {}: {here}", path.display());
                assert!(at < 64 || here.sequence.is_some(), "{here}");
            }
        }
    }
    assert_eq!(findings(dir.path()), []);
}

#[test]
fn j3_a_changed_row_of_the_state_is_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    written(dir.path());
    let path = dir.path().join("state.redb");
    let whole = fs::read(&path).unwrap();
    let places: Vec<usize> =
        whole.windows(8).enumerate().filter(|(_, window)| window == b"vvvvvvvv").map(|(at, _)| at).collect();
    let mut found_any = 0;
    for at in places {
        set_byte(&path, at, whole[at] ^ 1);
        // A page that a later fold replaced holds no row any more: a change there means nothing.
        let found = findings(dir.path());
        set_byte(&path, at, whole[at]);
        found_any += usize::from(!found.is_empty());
        assert!(found.iter().all(|finding| finding.file == path), "{found:?}");
    }
    assert!(found_any > 10, "{found_any}");
}

#[test]
fn j3_what_is_cut_appended_lost_or_foreign_is_found() {
    let fresh = || {
        let dir = tempfile::tempdir().unwrap();
        written(dir.path());
        dir
    };
    let found_at = |dir: &Path, file: &Path| {
        let found = findings(dir);
        assert!(found.iter().any(|finding| finding.file.ends_with(file)), "{}: {found:?}", file.display());
    };
    for name in ["leaves", "nodes", "batches"] {
        let dir = fresh();
        let path = dir.path().join("proofs").join(name);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], &[0]].concat()).unwrap();
        found_at(dir.path(), &path);
        if name != "batches" {
            // Entries that were cut off whole are what a crash leaves: derived again.
            fs::write(&path, &whole[..whole.len() - 1]).unwrap();
            found_at(dir.path(), &path);
        }
        fs::remove_file(&path).unwrap();
        found_at(dir.path(), &path);
    }
    let dir = fresh();
    fs::remove_file(&journal_files(dir.path())[1]).unwrap();
    assert!(findings(dir.path()).iter().any(|finding| finding.what.contains("missing")));
    let dir = fresh();
    fs::write(dir.path().join("journal/note"), "x").unwrap();
    found_at(dir.path(), Path::new("journal/note"));
    fs::write(dir.path().join("evil"), "x").unwrap();
    found_at(dir.path(), Path::new("evil"));
    fs::write(dir.path().join("lock"), "x").unwrap();
    found_at(dir.path(), Path::new("lock"));
}

#[test]
fn j3_a_history_made_anew_is_exposed_by_the_first_checkpoint_that_it_breaks() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoints = written(dir.path());
    // Another history, whole in itself.
    let other = tempfile::tempdir().unwrap();
    written(other.path());
    let verified = verify(other.path(), &checkpoints).unwrap();
    assert_eq!(verified.checkpoints, 0);
    assert_eq!(verified.findings.len(), checkpoints.len());
    assert_eq!(verified.findings[0].sequence, Some(1));
    assert!(verified.findings[0].what.contains("history was rewritten"), "{}", verified.findings[0]);
    let mut longer = checkpoints[0].clone();
    (longer.size, longer.root) = (1000, Hash([1; 32]));
    let verified = verify(dir.path(), &[checkpoints[5].clone(), longer]).unwrap();
    assert_eq!(verified.checkpoints, 1);
    assert!(verified.findings[0].what.contains("history was cut"), "{:?}", verified.findings);
}

#[test]
fn j3_a_store_whose_old_batches_were_dropped_is_verified_by_what_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoints = written(dir.path());
    let (store, batch) = Store::open(dir.path(), config()).unwrap();
    let oldest = store.drop_before(6).unwrap();
    assert!(oldest > 2, "{oldest}");
    drop((store, batch));
    let verified = verify(dir.path(), &checkpoints).unwrap();
    assert_eq!(verified.findings, []);
    assert_eq!((verified.batches, verified.checkpoints), ((oldest, BATCHES), checkpoints.len()));
    for name in ["leaves", "nodes", "batches"] {
        let path = dir.path().join("proofs").join(name);
        let whole = fs::read(&path).unwrap();
        for (at, byte) in whole.iter().enumerate() {
            set_byte(&path, at, byte ^ 0x10);
            let found = findings(dir.path());
            set_byte(&path, at, *byte);
            assert!(!found.is_empty(), "byte {at} of {name}");
        }
    }
}
