//! Transactions, savepoints, batches and snapshots, one rule a test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{SHOP, all, get, header, put, small, unfolded};
use hamlet_store::{Config, Direction, KEY_BYTES_MAX, Namespace, Rows, Scan, Store, StoreError};

fn memory() -> (Store, hamlet_store::Batch) {
    Store::in_memory(Config::default())
}

#[test]
fn only_the_savepoints_writes_are_undone_when_a_nested_call_fails() {
    // T2.
    let (store, mut batch) = memory();
    put(&mut batch, "kept", "before");
    batch.begin();
    batch.set(SHOP, b"outer", b"1").unwrap();
    let outer = batch.savepoint();
    batch.set(SHOP, b"kept", b"changed").unwrap();
    batch.set(SHOP, b"outer", b"2").unwrap();
    let inner = batch.savepoint();
    batch.set(SHOP, b"inner", b"3").unwrap();
    assert!(batch.delete(SHOP, b"kept").unwrap());
    batch.rollback_to(inner);
    assert_eq!(get(&mut batch, "kept").as_deref(), Some("changed"));
    assert_eq!(get(&mut batch, "inner"), None);
    batch.rollback_to(outer);
    assert_eq!(get(&mut batch, "outer").as_deref(), Some("1"));
    assert_eq!(get(&mut batch, "kept").as_deref(), Some("before"));
    batch.set(SHOP, b"after", b"4").unwrap();
    batch.rollback_to(outer);
    batch.set(SHOP, b"last", b"5").unwrap();
    batch.finish(header("f"));
    batch.commit(1).unwrap();
    let seen = all(&mut store.snapshot(), SHOP);
    let keys: Vec<_> = seen.iter().map(|(key, _)| String::from_utf8_lossy(key).into_owned()).collect();
    assert_eq!(keys, ["kept", "last", "outer"]);
    let record = store.journal(2).unwrap().next().unwrap().unwrap();
    assert_eq!(record.entries[0].writes.len(), 2, "the write-set holds what was kept, once");
}

#[test]
fn a_transactions_neighbours_stay_when_it_is_abandoned() {
    let (store, mut batch) = memory();
    for (key, keep) in [("a", true), ("b", false), ("c", true)] {
        batch.begin();
        batch.set(SHOP, key.as_bytes(), b"x").unwrap();
        batch.set(SHOP, b"shared", key.as_bytes()).unwrap();
        if keep { batch.finish(header("f")) } else { batch.abandon() }
    }
    assert_eq!(batch.entries(), 2);
    assert_eq!(get(&mut batch, "shared").as_deref(), Some("c"));
    batch.commit(1).unwrap();
    assert_eq!(all(&mut store.snapshot(), SHOP).len(), 3);
    assert_eq!(get(&mut store.snapshot(), "b"), None);
}

#[test]
fn nothing_is_visible_when_the_batch_is_not_committed() {
    let (store, mut batch) = memory();
    batch.begin();
    batch.set(SHOP, b"a", b"1").unwrap();
    batch.finish(header("f"));
    assert_eq!(get(&mut batch, "a").as_deref(), Some("1"));
    assert_eq!(get(&mut store.snapshot(), "a"), None);
    assert_eq!((store.head(), store.usage(SHOP), batch.usage(SHOP)), (0, 0, 2));
    assert_eq!(batch.commit(1).unwrap(), 1);
    assert_eq!(get(&mut store.snapshot(), "a").as_deref(), Some("1"));
    assert_eq!((store.head(), store.usage(SHOP)), (1, 2));
}

#[test]
fn the_head_stays_when_an_empty_batch_is_committed() {
    let (store, mut batch) = memory();
    put(&mut batch, "a", "1");
    batch.begin();
    batch.set(SHOP, b"a", b"2").unwrap();
    batch.abandon();
    assert_eq!(batch.commit(1).unwrap(), 1);
    assert_eq!(store.head(), 1);
    assert_eq!(get(&mut batch, "a").as_deref(), Some("1"));
}

#[test]
fn an_entry_is_journalled_when_its_transaction_wrote_nothing() {
    // J3: one leaf for every committed command.
    let (store, mut batch) = memory();
    batch.begin();
    batch.finish(header("noop"));
    assert_eq!(batch.commit(9).unwrap(), 1);
    let record = store.journal(1).unwrap().next().unwrap().unwrap();
    assert_eq!((record.sequence, record.time, record.entries.len()), (1, 9, 1));
    assert_eq!(record.entries[0].header, header("noop"));
    store.fold_all().unwrap();
    assert_eq!(store.stats().folded, 1);
}

#[test]
fn written_bytes_count_each_key_once_when_it_is_written_again() {
    // C7.
    let (_store, mut batch) = memory();
    batch.begin();
    assert_eq!(batch.written_bytes(), 0);
    batch.set(SHOP, b"key", b"12345").unwrap();
    assert_eq!(batch.written_bytes(), 8);
    batch.set(SHOP, b"key", b"1").unwrap();
    assert_eq!(batch.written_bytes(), 4);
    let mark = batch.savepoint();
    batch.set(SHOP, b"key", b"1234567").unwrap();
    batch.set(SHOP, b"other", b"x").unwrap();
    assert_eq!(batch.written_bytes(), 16);
    batch.rollback_to(mark);
    assert_eq!(batch.written_bytes(), 4);
    batch.delete(SHOP, b"key").unwrap();
    assert_eq!(batch.written_bytes(), 3, "a deletion counts its key");
    batch.delete(SHOP, b"never there").unwrap();
    assert_eq!(batch.written_bytes(), 3, "deleting nothing counts nothing");
    batch.finish(header("f"));
    batch.begin();
    assert_eq!(batch.written_bytes(), 0);
}

#[test]
fn usage_follows_every_write_and_undo_when_rows_change() {
    let (store, mut batch) = memory();
    put(&mut batch, "abc", "12345");
    assert_eq!(store.usage(SHOP), 8);
    batch.begin();
    batch.set(SHOP, b"abc", b"1").unwrap();
    batch.set(Namespace(8), b"x", b"y").unwrap();
    assert_eq!((batch.usage(SHOP), batch.usage(Namespace(8))), (4, 2));
    let mark = batch.savepoint();
    batch.delete(SHOP, b"abc").unwrap();
    assert_eq!(batch.usage(SHOP), 0);
    batch.rollback_to(mark);
    assert_eq!(batch.usage(SHOP), 4);
    batch.abandon();
    assert_eq!((batch.usage(SHOP), batch.usage(Namespace(8))), (8, 0));
}

#[test]
fn reads_are_recorded_but_not_of_own_writes() {
    // T7.
    let (_store, mut batch) = memory();
    put(&mut batch, "a", "1");
    put(&mut batch, "m", "1");
    batch.begin();
    batch.get(SHOP, b"a").unwrap();
    batch.get(SHOP, b"a").unwrap();
    batch.get(SHOP, b"missing").unwrap();
    batch.set(SHOP, b"own", b"1").unwrap();
    batch.get(SHOP, b"own").unwrap();
    batch.delete(SHOP, b"maybe").unwrap();
    let keys: Vec<_> = batch.reads().keys().map(|(_, key)| key.to_vec()).collect();
    assert_eq!(keys, [&b"a"[..], b"missing", b"maybe"]);
    let scan =
        Scan { start: b"b", end: Some(b"z"), direction: Direction::Forward, limit: 1, max_bytes: 1000 };
    assert_eq!(&*batch.scan(SHOP, scan).unwrap()[0].0, b"m");
    let reads = batch.reads();
    assert!(reads.covers(SHOP, b"c") && reads.covers(SHOP, b"m"));
    assert!(!reads.covers(SHOP, b"n"), "behind the last row of a limited scan");
    assert!(!reads.covers(SHOP, b"own"));
    assert!(!reads.covers(Namespace(8), b"c"));
    batch.abandon();
    batch.record_reads(false);
    batch.begin();
    batch.get(SHOP, b"a").unwrap();
    assert!(batch.reads().is_empty());
}

#[test]
fn mistakes_are_named_when_limits_are_passed() {
    let (_store, mut batch) = memory();
    assert!(matches!(batch.set(SHOP, b"a", b"1"), Err(StoreError::NoTransaction)));
    batch.begin();
    let long = vec![0; KEY_BYTES_MAX + 1];
    assert!(matches!(batch.set(SHOP, &long, b""), Err(StoreError::KeyTooLong(1025))));
    assert!(matches!(batch.get(SHOP, &long), Err(StoreError::KeyTooLong(1025))));
    batch.set(SHOP, &long[1..], b"").unwrap();
    let big = vec![0; hamlet_store::VALUE_BYTES_MAX + 1];
    assert!(matches!(batch.set(SHOP, b"a", &big), Err(StoreError::ValueTooLong(_))));
}

#[test]
fn namespaces_do_not_meet_when_they_are_neighbours() {
    // J4.
    let (store, mut batch) = memory();
    batch.begin();
    for ns in [0, 1, u32::MAX - 1, u32::MAX] {
        for key in [&b""[..], b"\xff\xff\xff\xff\xff"] {
            batch.set(Namespace(ns), key, &ns.to_be_bytes()).unwrap();
        }
    }
    batch.finish(header("f"));
    batch.commit(1).unwrap();
    store.fold_all().unwrap();
    for ns in [0, 1, u32::MAX - 1, u32::MAX] {
        let rows = all(&mut store.snapshot(), Namespace(ns));
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|(_, value)| **value == ns.to_be_bytes()));
        assert_eq!(all(&mut batch, Namespace(ns)), rows);
    }
    assert!(all(&mut batch, Namespace(2)).is_empty());
}

#[test]
fn an_old_snapshot_keeps_its_moment_when_rows_are_overwritten_and_folded() {
    // T6.
    let dir = tempfile::tempdir().unwrap();
    let (store, mut batch) = Store::open(dir.path(), small()).unwrap();
    put(&mut batch, "a", "0");
    let mut snapshots = vec![store.snapshot()];
    for n in 1..=200 {
        put(&mut batch, "a", &n.to_string());
        put(&mut batch, &format!("b{n}"), "x");
        if n % 50 == 0 {
            store.fold_all().unwrap();
            snapshots.push(store.snapshot());
        }
    }
    for (n, snapshot) in snapshots.iter_mut().enumerate() {
        assert_eq!(get(snapshot, "a"), Some((n * 50).to_string()));
        assert_eq!(all(snapshot, SHOP).len(), 1 + n * 50);
    }
    assert!(store.stats().folds >= 4, "{:?}", store.stats());
}

#[test]
fn layers_stay_few_and_memory_is_given_back_when_many_batches_are_committed() {
    let (store, mut batch) = Store::in_memory(unfolded());
    for n in 0..5000u32 {
        put(&mut batch, &format!("k{}", n % 700), &n.to_string());
    }
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let merged = |stats: hamlet_store::Stats| stats.layers <= 30 && stats.unfolded_rows < 3000;
    while !merged(store.stats()) && std::time::Instant::now() < deadline {
        std::thread::yield_now();
    }
    let stats = store.stats();
    assert!(stats.layers <= 30, "{stats:?}");
    assert!(stats.unfolded_rows < 3000, "overwritten rows are dropped by merging: {stats:?}");
    for n in 4300..5000 {
        assert_eq!(get(&mut store.snapshot(), &format!("k{}", n % 700)), Some(n.to_string()));
    }
    store.fold_all().unwrap();
    let stats = store.stats();
    assert_eq!((stats.layers, stats.unfolded_rows, stats.unfolded_bytes), (0, 0, 0));
}

#[test]
fn scans_obey_limits_when_they_are_given() {
    let (store, mut batch) = memory();
    for n in 0..10 {
        put(&mut batch, &format!("k{n}"), "0123456789");
    }
    let scan = |limit, max_bytes| Scan {
        start: b"k2",
        end: Some(b"k8"),
        direction: Direction::Reverse,
        limit,
        max_bytes,
    };
    let mut snapshot = store.snapshot();
    let mut keys = |limit, max_bytes| -> Vec<String> {
        let rows = snapshot.scan(SHOP, scan(limit, max_bytes)).unwrap();
        rows.into_iter().map(|(key, _)| String::from_utf8(key.into_vec()).unwrap()).collect()
    };
    assert_eq!(keys(3, 1000), ["k7", "k6", "k5"]);
    assert_eq!(keys(100, 24), ["k7", "k6"]);
    assert_eq!(keys(100, 1), ["k7"], "the first is returned whatever its size");
    assert_eq!(keys(0, 1000), Vec::<String>::new());
    assert_eq!(keys(100, 1000).len(), 6);
    let backwards =
        Scan { start: b"k8", end: Some(b"k2"), direction: Direction::Forward, limit: 9, max_bytes: 99 };
    assert!(batch.scan(SHOP, backwards).unwrap().is_empty());
}
