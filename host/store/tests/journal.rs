//! The journal engines: conformance (J2), torn tails, damage, failing disks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use common::{get, put, small, unfolded};
use hamlet_store::{
    CommitError, Config, Store, StoreError,
    journal::{
        AppendError, Appended, DiskFault, DiskOperation, Journal, MemoryJournal, SegmentJournal,
        SegmentOptions,
        conformance::{self, Subject},
    },
};

struct InMemory(MemoryJournal);

impl Subject for InMemory {
    fn open(&mut self) -> Box<dyn Journal> {
        Box::new(self.0.clone())
    }
}

struct Segments {
    dir: tempfile::TempDir,
    segment_bytes: u64,
}

impl Subject for Segments {
    fn open(&mut self) -> Box<dyn Journal> {
        let options = SegmentOptions { segment_bytes: self.segment_bytes, ..SegmentOptions::default() };
        Box::new(SegmentJournal::open(self.dir.path(), 0, options).unwrap())
    }
}

#[test]
fn the_memory_engine_conforms() {
    conformance::check(|| InMemory(MemoryJournal::default())).unwrap();
}

#[test]
fn the_segment_engine_conforms_whatever_the_segments_size() {
    for segment_bytes in [0, 200, 4096, 1 << 20, 64 << 20] {
        conformance::check(|| Segments { dir: tempfile::tempdir().unwrap(), segment_bytes })
            .unwrap_or_else(|broken| panic!("segments of {segment_bytes} bytes: {broken}"));
    }
}

#[test]
fn the_suite_fails_when_an_engine_breaks_a_rule() {
    /// Accepts anything after anything.
    struct Careless(MemoryJournal);
    impl Journal for Careless {
        fn head(&self) -> u64 {
            self.0.head()
        }
        fn append(&mut self, _: u64, term: u64, payload: &[u8]) -> Result<Appended, AppendError> {
            self.0.append(self.0.head(), term, payload)
        }
        fn reader(&self) -> Arc<dyn hamlet_store::journal::JournalRead> {
            self.0.reader()
        }
    }
    struct Subjected(MemoryJournal);
    impl Subject for Subjected {
        fn open(&mut self) -> Box<dyn Journal> {
            Box::new(Careless(self.0.clone()))
        }
    }
    let broken = conformance::check(|| Subjected(MemoryJournal::default())).unwrap_err();
    assert!(broken.contains("stale"), "{broken}");
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        fs::read_dir(dir.join("journal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// A store of so many batches, closed, none of them folded; each sets its number and `last`.
fn written(config: &Config, batches: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut batch) = Store::open(dir.path(), config.clone()).unwrap();
    for n in 1..=batches {
        batch.begin();
        batch.set(common::SHOP, format!("k{n}").as_bytes(), b"value").unwrap();
        batch.set(common::SHOP, b"last", n.to_string().as_bytes()).unwrap();
        batch.finish(common::header("f"));
        assert_eq!(batch.commit(n).unwrap(), n);
    }
    // So that the log knows of all of them, however busy the box is.
    if let Ok(proofs) = store.proofs() {
        proofs.wait_for(batches).unwrap();
    }
    dir
}

fn one_segment() -> Config {
    Config { segment_bytes: 16 * 1024, ..unfolded() }
}

/// What must hold of a store that was reopened: a whole number of batches, all up to some head.
fn check_whole(store: &Store, at_least: u64, at_most: u64) {
    let head = store.head();
    assert!((at_least..=at_most).contains(&head), "head {head}, not {at_least} to {at_most}");
    let mut snapshot = store.snapshot();
    assert_eq!(get(&mut snapshot, "last"), (head > 0).then(|| head.to_string()));
    for n in 1..=at_most {
        assert_eq!(get(&mut snapshot, &format!("k{n}")).is_some(), n <= head, "k{n} of {head}");
    }
    assert_eq!(store.journal(1).unwrap().map(Result::unwrap).count() as u64, head);
}

/// Where records begin, read from the headers' length field.
fn record_ends(bytes: &[u8], records: u64) -> Vec<usize> {
    let mut ends = vec![64];
    for _ in 0..records {
        let at = *ends.last().unwrap();
        let length = u32::from_le_bytes(bytes[at + 24..at + 28].try_into().unwrap()) as usize;
        ends.push(at + 40 + length);
    }
    ends
}

#[test]
fn only_whole_batches_are_there_when_the_tail_is_cut_at_any_byte() {
    // The log of proofs would say that what is cut here was committed (tested below).
    let config = || Config { proofs: false, ..one_segment() };
    let dir = written(&config(), 5);
    let path = &segments(dir.path())[0];
    let whole = fs::read(path).unwrap();
    let ends = record_ends(&whole, 5);
    // Both as a power cut leaves it: missing bytes are absent, or zeros of the preallocated room.
    for cut in ends[3]..=ends[5] {
        for zeros in [false, true] {
            let mut torn = whole[..cut].to_vec();
            if zeros {
                torn.resize(whole.len(), 0);
            }
            for later in segments(dir.path()).iter().skip(1) {
                fs::remove_file(later).unwrap();
            }
            fs::write(path, &torn).unwrap();
            let _ = fs::remove_file(dir.path().join("state.redb"));

            let (store, mut batch) = Store::open(dir.path(), config()).unwrap();
            let expected = ends.iter().filter(|end| **end <= cut).count() as u64 - 1;
            // A record whose last bytes are zeros is whole when they are cut and refilled.
            let more = u64::from(zeros);
            check_whole(&store, expected, expected + more);
            let next = store.head() + 1;
            assert_eq!(put(&mut batch, "after", "x"), next);
            drop((store, batch));
            let (store, _batch) = Store::open(dir.path(), config()).unwrap();
            assert_eq!((store.head(), get(&mut store.snapshot(), "after").as_deref()), (next, Some("x")));
        }
    }
}

#[test]
fn the_last_batch_is_cut_when_any_of_its_bytes_is_altered() {
    let dir = written(&one_segment(), 3);
    let path = &segments(dir.path())[0];
    let whole = fs::read(path).unwrap();
    let ends = record_ends(&whole, 3);
    for at in ends[2]..ends[3] {
        let mut altered = whole.clone();
        altered[at] ^= 0x40;
        fs::write(path, &altered).unwrap();
        let _ = fs::remove_file(dir.path().join("state.redb"));
        let _ = fs::remove_dir_all(dir.path().join("proofs"));
        let (store, _batch) = Store::open(dir.path(), one_segment()).unwrap();
        check_whole(&store, 2, 2);
        // The torn bytes are gone from the file: a later crash cannot find them.
        let repaired = fs::read(path).unwrap();
        assert!(repaired[ends[2]..].iter().all(|byte| *byte == 0));
        assert_eq!(repaired.len(), whole.len());
    }
}

#[test]
fn j3_the_last_batch_is_not_cut_when_the_log_of_proofs_knows_that_it_was_committed() {
    let dir = written(&one_segment(), 3);
    let path = &segments(dir.path())[0];
    let mut altered = fs::read(path).unwrap();
    let ends = record_ends(&altered, 3);
    altered[ends[2] + 50] ^= 0x40;
    fs::write(path, &altered).unwrap();
    let refused = Store::open(dir.path(), one_segment()).map(drop).unwrap_err();
    assert!(matches!(&refused, StoreError::Damaged { offset, .. } if *offset == ends[2] as u64), "{refused}");
    assert_eq!(fs::read(path).unwrap(), altered, "the file is left as it is");
}

#[test]
fn damage_is_named_and_nothing_is_cut_when_a_valid_batch_follows() {
    let dir = written(&one_segment(), 4);
    let path = &segments(dir.path())[0];
    let whole = fs::read(path).unwrap();
    let ends = record_ends(&whole, 4);
    for at in ends[1]..ends[2] {
        let mut altered = whole.clone();
        altered[at] ^= 0x40;
        fs::write(path, &altered).unwrap();
        let _ = fs::remove_file(dir.path().join("state.redb"));
        let refused = Store::open(dir.path(), one_segment()).map(drop).unwrap_err();
        assert!(
            matches!(&refused, StoreError::Damaged { offset, .. } if *offset == ends[1] as u64),
            "byte {at}: {refused}"
        );
        assert_eq!(fs::read(path).unwrap(), altered, "the file is left as it is");
    }
}

#[test]
fn damage_is_named_when_a_middle_segment_is_altered_or_gone() {
    let config = unfolded();
    let dir = written(&config, 60);
    let paths = segments(dir.path());
    assert!(paths.len() > 2, "{paths:?}");
    let whole = fs::read(&paths[1]).unwrap();
    for at in [0, 20, 30, 70, 200] {
        let mut altered = whole.clone();
        altered[at] ^= 1;
        fs::write(&paths[1], &altered).unwrap();
        let refused = Store::open(dir.path(), config.clone()).map(drop).unwrap_err();
        assert!(
            matches!(&refused, StoreError::Damaged { segment, .. } if *segment == paths[1]),
            "{at}: {refused}"
        );
    }
    fs::remove_file(&paths[1]).unwrap();
    let refused = Store::open(dir.path(), config.clone()).map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
    fs::write(&paths[1], &whole).unwrap();
    fs::rename(&paths[0], dir.path().join("elsewhere")).unwrap();
    let refused = Store::open(dir.path(), config.clone()).map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::StateLost { .. }), "{refused}");
    fs::rename(dir.path().join("elsewhere"), &paths[0]).unwrap();
    let (store, _batch) = Store::open(dir.path(), config).unwrap();
    check_whole(&store, 60, 60);
}

#[test]
fn a_stored_value_is_not_taken_for_a_batch_when_it_looks_like_one() {
    // A plugin that copied a segment's bytes from elsewhere into its storage.
    let other = written(&one_segment(), 9);
    let bait = fs::read(&segments(other.path())[0]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let config = Config { segment_bytes: 1 << 20, ..unfolded() };
    let (store, mut batch) = Store::open(dir.path(), config.clone()).unwrap();
    put(&mut batch, "a", "1");
    batch.begin();
    batch.set(common::SHOP, b"bait", &bait).unwrap();
    batch.finish(common::header("f"));
    batch.commit(1).unwrap();
    drop((store, batch));
    let path = &segments(dir.path())[0];
    let mut torn = fs::read(path).unwrap();
    let start = record_ends(&torn, 1)[1];
    torn[start..start + 8].fill(0);
    fs::write(path, &torn).unwrap();
    fs::remove_dir_all(dir.path().join("proofs")).unwrap();
    let (store, _batch) = Store::open(dir.path(), config).unwrap();
    assert_eq!((store.head(), get(&mut store.snapshot(), "a").as_deref()), (1, Some("1")));
}

#[test]
fn a_folded_store_is_refused_when_its_journal_is_older() {
    let dir = written(&one_segment(), 3);
    let path = &segments(dir.path())[0];
    let old = fs::read(path).unwrap();
    {
        let (store, mut batch) = Store::open(dir.path(), one_segment()).unwrap();
        put(&mut batch, "more", "x");
        store.fold_all().unwrap();
    }
    fs::write(path, &old).unwrap();
    let refused = Store::open(dir.path(), one_segment()).map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::Mismatch { head: 3, folded: 4, .. }), "{refused}");
    fs::remove_file(path).unwrap();
    let refused = Store::open(dir.path(), one_segment()).map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::Mismatch { head: 0, folded: 4, .. }), "{refused}");
}

#[test]
fn the_state_is_rebuilt_from_the_journal_when_it_is_lost() {
    let dir = written(&small(), 50);
    {
        let (store, _batch) = Store::open(dir.path(), small()).unwrap();
        store.fold_all().unwrap();
    }
    fs::remove_file(dir.path().join("state.redb")).unwrap();
    let (store, _batch) = Store::open(dir.path(), small()).unwrap();
    check_whole(&store, 50, 50);
}

#[test]
fn a_second_process_is_refused_by_name_when_the_store_is_open() {
    let dir = tempfile::tempdir().unwrap();
    let first = Store::open(dir.path(), small()).unwrap();
    let refused = Store::open(dir.path(), small()).map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::Locked(_)), "{refused}");
    drop(first);
    Store::open(dir.path(), small()).map(drop).unwrap();
}

#[test]
fn a_newer_format_is_refused_with_a_sentence() {
    let dir = written(&small(), 1);
    let path = dir.path().join("format");
    assert_eq!(fs::read_to_string(&path).unwrap(), "hamlet-store 2\n");
    fs::write(&path, "hamlet-store 3\n").unwrap();
    let refused = Store::open(dir.path(), small()).map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::FormatTooNew { found: 3, known: 2 }));
    assert!(refused.to_string().starts_with("this community's store was written by a newer Hamlet"));
    fs::write(&path, "something").unwrap();
    let refused = Store::open(dir.path(), small()).map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::NotAStore { .. }));
    fs::remove_file(&path).unwrap();
    let refused = Store::open(dir.path(), small()).map(drop).unwrap_err();
    assert!(matches!(refused, StoreError::NotAStore { .. }));
}

#[test]
fn old_segments_go_only_when_asked_and_only_folded_ones() {
    let config = unfolded();
    let dir = written(&config, 60);
    let (store, mut batch) = Store::open(dir.path(), config.clone()).unwrap();
    let before = store.stats().segments;
    assert_eq!(store.drop_before(50).unwrap(), 1, "nothing is folded");
    store.fold_all().unwrap();
    assert_eq!(store.stats().segments, before, "folding drops nothing");
    let oldest = store.drop_before(50).unwrap();
    assert!(oldest > 30 && oldest <= 50, "{oldest}");
    assert!(store.stats().segments < before);
    assert!(matches!(store.journal(1).map(drop), Err(StoreError::Dropped { oldest: o }) if o == oldest));
    assert_eq!(store.journal(50).unwrap().count(), 11);
    put(&mut batch, "after", "x");
    drop((store, batch));
    let (store, _batch) = Store::open(dir.path(), config).unwrap();
    assert_eq!((store.head(), get(&mut store.snapshot(), "k1").as_deref()), (61, Some("value")));
}

/// Fails the operation of one kind, the so-many-th time.
fn failing(operation: DiskOperation, nth: usize, kind: io::ErrorKind) -> Config {
    let count = AtomicUsize::new(0);
    let fault = DiskFault(Arc::new(move |seen| {
        let hit = seen == operation && count.fetch_add(1, Ordering::SeqCst) + 1 == nth;
        hit.then(|| io::Error::from(kind))
    }));
    Config { disk_fault: Some(fault), ..one_segment() }
}

#[test]
fn a_batch_is_discarded_as_a_whole_and_the_next_works_when_the_disk_is_full() {
    for (operation, nth) in [(DiskOperation::Preallocate, 1), (DiskOperation::Write, 2)] {
        let dir = tempfile::tempdir().unwrap();
        let config = failing(operation, nth, io::ErrorKind::StorageFull);
        let (store, mut batch) = Store::open(dir.path(), config).unwrap();
        for _ in 1..nth {
            put(&mut batch, "before", "1");
        }
        let head = store.head();
        for key in ["a", "b"] {
            batch.begin();
            batch.set(common::SHOP, key.as_bytes(), b"lost").unwrap();
            batch.set(common::SHOP, b"before", b"lost").unwrap();
            batch.finish(common::header("f"));
        }
        let failed = batch.commit(1).unwrap_err();
        assert!(matches!(failed, CommitError::NoSpace(_)), "{failed}");
        assert_eq!((store.head(), batch.entries()), (head, 0));
        assert_eq!(get(&mut batch, "a"), None);
        assert_eq!(get(&mut batch, "before"), (nth > 1).then(|| "1".to_owned()));
        assert_eq!(batch.usage(common::SHOP), store.usage(common::SHOP));
        assert_eq!(put(&mut batch, "c", "kept"), head + 1);
        drop((store, batch));
        let (store, _batch) = Store::open(dir.path(), one_segment()).unwrap();
        assert_eq!((store.head(), get(&mut store.snapshot(), "a")), (head + 1, None));
        assert_eq!(get(&mut store.snapshot(), "c").as_deref(), Some("kept"));
    }
}

#[test]
fn the_store_takes_nothing_more_until_reopened_when_a_flush_fails() {
    // J2: unknown is settled by reading the record back.
    let dir = tempfile::tempdir().unwrap();
    let (store, mut batch) =
        Store::open(dir.path(), failing(DiskOperation::Flush, 2, io::ErrorKind::Other)).unwrap();
    put(&mut batch, "a", "1");
    batch.begin();
    batch.set(common::SHOP, b"b", b"2").unwrap();
    batch.finish(common::header("f"));
    let failed = batch.commit(1).unwrap_err();
    assert!(matches!(failed, CommitError::Unknown(_)), "{failed}");
    assert_eq!((store.head(), get(&mut store.snapshot(), "b"), get(&mut batch, "b")), (1, None, None));
    batch.begin();
    batch.set(common::SHOP, b"c", b"3").unwrap();
    batch.finish(common::header("f"));
    assert!(matches!(batch.commit(1), Err(CommitError::Poisoned)));
    drop((store, batch));
    let (store, mut batch) = Store::open(dir.path(), one_segment()).unwrap();
    // Here the write had reached the file, so the batch is found, as a whole.
    assert_eq!((store.head(), get(&mut store.snapshot(), "b").as_deref()), (2, Some("2")));
    assert_eq!(get(&mut store.snapshot(), "c"), None);
    assert_eq!(put(&mut batch, "d", "4"), 3);
}

#[test]
fn a_writer_of_an_older_term_is_refused_when_a_newer_one_wrote() {
    // J2.
    let dir = tempfile::tempdir().unwrap();
    {
        let config = Config { term: 5, ..one_segment() };
        let (_store, mut batch) = Store::open(dir.path(), config).unwrap();
        put(&mut batch, "a", "1");
    }
    let (store, mut batch) = Store::open(dir.path(), Config { term: 4, ..one_segment() }).unwrap();
    batch.begin();
    batch.set(common::SHOP, b"a", b"2").unwrap();
    batch.finish(common::header("f"));
    assert!(matches!(batch.commit(1), Err(CommitError::Stale { head: 1 })));
    assert_eq!(get(&mut store.snapshot(), "a").as_deref(), Some("1"));
}
