//! J2 in the store: a batch that is made durable while the next one is filled on top of it. Nobody but the writer sees
//! it before it is durable, and if it fails, all that stood on it fails with it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{io, sync::mpsc, thread};

use common::{SHOP, all, get, header, put, small, unfolded};
use hamlet_store::journal::{DiskFault, DiskOperation};
use hamlet_store::{ApplyError, Batch, CommitError, Config, Rows as _, Store};

fn set(batch: &mut Batch, key: &str, value: &str) {
    batch.begin();
    batch.set(SHOP, key.as_bytes(), value.as_bytes()).unwrap();
    batch.finish(header("stall.put"));
}

/// The `nth` operation of this kind fails.
fn failing(operation: DiskOperation, nth: usize) -> Config {
    let count = AtomicUsize::new(0);
    let fault = DiskFault(Arc::new(move |seen| {
        let hit = seen == operation && count.fetch_add(1, Ordering::SeqCst) + 1 == nth;
        hit.then(|| io::Error::other("on purpose"))
    }));
    Config { disk_fault: Some(fault), ..unfolded() }
}

#[test]
fn j2_only_the_writer_sees_a_sealed_batch_until_it_is_durable() {
    let (store, mut batch) = Store::in_memory(unfolded());
    put(&mut batch, "old", "1");
    set(&mut batch, "new", "2");
    set(&mut batch, "old", "2");
    let sealed = batch.seal(1).unwrap().unwrap();
    assert!(batch.is_sealed());
    assert_eq!((store.head(), batch.head(), batch.entries()), (1, 1, 0));
    assert_eq!(get(&mut store.snapshot(), "new"), None);
    // By key and in order, also what was then changed on top.
    set(&mut batch, "newer", "3");
    set(&mut batch, "old", "3");
    assert_eq!(get(&mut batch, "new").as_deref(), Some("2"));
    let seen = all(&mut *batch, SHOP);
    let seen: Vec<_> = seen.iter().map(|(key, value)| (&key[..], &value[..])).collect();
    assert_eq!(seen, [(&b"new"[..], &b"2"[..]), (b"newer", b"3"), (b"old", b"3")]);

    let flushed = sealed.flush();
    assert_eq!(flushed.result().unwrap(), 2);
    assert_eq!(
        get(&mut store.snapshot(), "new").as_deref(),
        Some("2"),
        "readers before the writer has heard"
    );
    assert_eq!(get(&mut store.snapshot(), "old").as_deref(), Some("2"), "and not what is on top");
    assert_eq!(batch.settle(flushed).unwrap(), 2);
    assert_eq!(batch.commit(1).unwrap(), 3);
    assert_eq!(get(&mut store.snapshot(), "old").as_deref(), Some("3"));
    assert_eq!(batch.usage(SHOP), store.usage(SHOP));
}

#[test]
fn j2_an_open_transaction_goes_on_when_the_batch_below_it_is_settled() {
    let (store, mut batch) = Store::in_memory(unfolded());
    set(&mut batch, "a", "1");
    let sealed = batch.seal(1).unwrap().unwrap();
    batch.begin();
    batch.set(SHOP, b"b", b"2").unwrap();
    let savepoint = batch.savepoint();
    batch.set(SHOP, b"a", b"3").unwrap();
    batch.settle(sealed.flush()).unwrap();
    batch.rollback_to(savepoint);
    assert_eq!(get(&mut batch, "a").as_deref(), Some("1"), "back to the batch below");
    batch.finish(header("f"));
    batch.commit(1).unwrap();
    assert_eq!(all(&mut store.snapshot(), SHOP).len(), 2);
}

#[test]
fn j2_what_stands_on_a_batch_falls_with_it() {
    for (operation, poisoned) in [(DiskOperation::Write, false), (DiskOperation::Flush, true)] {
        let dir = tempfile::tempdir().unwrap();
        let (store, mut batch) = Store::open(dir.path(), failing(operation, 2)).unwrap();
        put(&mut batch, "kept", "1");
        set(&mut batch, "kept", "lost");
        set(&mut batch, "sealed", "lost");
        let sealed = batch.seal(1).unwrap().unwrap();
        set(&mut batch, "on top", "lost");
        batch.begin();
        batch.set(SHOP, b"open", b"lost").unwrap();
        let flushed = sealed.flush();
        assert!(flushed.result().is_err());
        let failed = batch.settle(flushed).unwrap_err();
        assert_eq!(matches!(failed, CommitError::Unknown(_)), poisoned, "{failed}");
        assert_eq!((batch.entries(), store.head()), (0, 1));
        assert!(batch.set(SHOP, b"x", b"").is_err(), "the open transaction is gone too");
        assert_eq!(all(&mut *batch, SHOP).len(), 1);
        assert_eq!(get(&mut batch, "kept").as_deref(), Some("1"));
        assert_eq!(batch.usage(SHOP), store.usage(SHOP));
        set(&mut batch, "after", "2");
        let after = batch.commit(1);
        assert_eq!(after.is_err(), poisoned, "{after:?}");
        drop((store, batch));
        let (store, _batch) = Store::open(dir.path(), unfolded()).unwrap();
        let found = get(&mut store.snapshot(), "on top");
        assert_eq!(found, None, "never on disk");
    }
}

#[test]
fn j2_no_second_batch_is_sealed_and_a_lost_one_ends_all_writing() {
    let (_store, mut batch) = Store::in_memory(unfolded());
    assert!(batch.seal(1).unwrap().is_none(), "an empty one needs no flush");
    set(&mut batch, "a", "1");
    let sealed = batch.seal(1).unwrap().unwrap();
    assert!(sealed.bytes() > 0);
    set(&mut batch, "b", "2");
    assert!(matches!(batch.seal(1), Err(CommitError::Poisoned)));
    assert_eq!(batch.entries(), 1, "and nothing is discarded for it");
    drop(sealed);
    assert!(matches!(batch.commit(1), Err(CommitError::Poisoned)));
}

#[test]
fn t7_what_ran_beside_conflicts_with_a_sealed_batch_that_it_did_not_see() {
    let (store, mut batch) = Store::in_memory(unfolded());
    put(&mut batch, "stock", "5");
    put(&mut batch, "other", "5");
    let propose = |key: &str| {
        let mut beside = store.beside();
        beside.begin();
        beside.get(SHOP, key.as_bytes()).unwrap();
        beside.set(SHOP, b"sum", key.as_bytes()).unwrap();
        beside.finish(header("f"))
    };
    let (mut on_it, mut on_another) = (propose("stock"), propose("other"));
    set(&mut batch, "stock", "4");
    let sealed = batch.seal(1).unwrap().unwrap();
    batch.begin();
    assert!(
        matches!(batch.apply(&mut on_it), Err(ApplyError::Conflict(_))),
        "not durable yet, and it counts"
    );
    batch.abandon();
    let flushed = sealed.flush();
    let mut with_it = propose("stock");
    batch.begin();
    assert!(matches!(batch.apply(&mut on_it), Err(ApplyError::Conflict(_))), "durable, and not heard of");
    batch.abandon();
    batch.begin();
    batch.apply(&mut with_it).unwrap();
    batch.finish(header("f"));
    batch.settle(flushed).unwrap();
    batch.begin();
    assert!(batch.apply(&mut on_another).is_err(), "another has written the sum by now");
    batch.abandon();
    batch.commit(1).unwrap();
    assert_eq!(get(&mut store.snapshot(), "sum").as_deref(), Some("stock"));
}

/// Batches flushed by another thread while the writer fills the next, folds and merges in between.
#[test]
fn j2_history_is_the_same_when_another_thread_flushes() {
    let dir = tempfile::tempdir().unwrap();
    let mut model: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
    {
        let (_store, mut batch) = Store::open(dir.path(), small()).unwrap();
        let (flights, arriving) = mpsc::channel::<hamlet_store::Sealed>();
        let (landing, landed) = mpsc::channel();
        let flusher = thread::spawn(move || {
            for sealed in arriving {
                landing.send(sealed.flush()).unwrap();
            }
        });
        for round in 0_u32..300 {
            for number in 0..7 {
                let key = format!("k{}", (round * 31 + number * 17) % 200).into_bytes();
                batch.begin();
                let before = batch.get(SHOP, &key).unwrap();
                assert_eq!(before.as_deref(), model.get(&key).map(Vec::as_slice), "round {round}");
                if (round + number).is_multiple_of(5) {
                    batch.delete(SHOP, &key).unwrap();
                    model.remove(&key);
                } else {
                    let value = format!("{round}-{number}").into_bytes();
                    batch.set(SHOP, &key, &value).unwrap();
                    model.insert(key, value);
                }
                batch.finish(header("f"));
            }
            if round % 10 == 0 {
                let seen = all(&mut *batch, SHOP);
                assert!(
                    seen.iter()
                        .map(|(key, value)| (key, &value[..]))
                        .eq(model.iter().map(|(k, v)| (k, &v[..])))
                );
            }
            if batch.is_sealed() {
                batch.settle(landed.recv().unwrap()).unwrap();
            }
            flights.send(batch.seal(1).unwrap().unwrap()).unwrap();
        }
        batch.settle(landed.recv().unwrap()).unwrap();
        drop(flights);
        flusher.join().unwrap();
    }
    let (store, _batch) = Store::open(dir.path(), small()).unwrap();
    let found: BTreeMap<_, _> =
        all(&mut store.snapshot(), SHOP).into_iter().map(|(key, value)| (key, value.to_vec())).collect();
    assert!(found == model);
    assert_eq!(store.head(), 300);
}
