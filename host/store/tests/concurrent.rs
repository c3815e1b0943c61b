//! Many readers beside the writer, the folding thread and the merging thread.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use common::{SHOP, all, get, header, small};
use hamlet_store::{Rows, Store};

const ACCOUNTS: u64 = 30;
const START: u64 = 1_000_000;

fn key(account: u64) -> String {
    format!("a{account:02}")
}

fn number(rows: &mut impl Rows, key: &str) -> u64 {
    get(rows, key).unwrap().parse().unwrap()
}

#[test]
fn every_snapshot_is_one_moment_when_readers_run_beside_writes_folds_and_merges() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut batch) = Store::open(dir.path(), small()).unwrap();
    batch.begin();
    for account in 0..ACCOUNTS {
        batch.set(SHOP, key(account).as_bytes(), START.to_string().as_bytes()).unwrap();
    }
    batch.finish(header("f"));
    batch.commit(1).unwrap();
    let done = AtomicBool::new(false);
    let checked = std::thread::scope(|scope| {
        let reader = || {
            let (mut last, mut checked) = (0, 0u64);
            while !done.load(Ordering::Relaxed) {
                let mut snapshot = store.snapshot();
                assert!(snapshot.sequence() >= last, "sequences never go back");
                last = snapshot.sequence();
                let got: u64 = (0..ACCOUNTS).map(|n| number(&mut snapshot, &key(n))).sum();
                let rows = all(&mut snapshot, SHOP);
                let scanned: u64 = rows
                    .iter()
                    .map(|(_, value)| std::str::from_utf8(value).unwrap().parse::<u64>().unwrap())
                    .sum();
                assert_eq!((got, scanned), (START * ACCOUNTS, START * ACCOUNTS));
                let bytes: usize = rows.iter().map(|(key, value)| key.len() + value.len()).sum();
                assert_eq!(snapshot.usage(SHOP), bytes as u64);
                checked += 1;
            }
            checked
        };
        let readers = [scope.spawn(reader), scope.spawn(reader)];
        let end = Instant::now() + Duration::from_millis(1500);
        let mut n = 0;
        while Instant::now() < end {
            for _ in 0..=(n % 30) {
                n += 1;
                let (from, to) = (n * 7 % ACCOUNTS, (n * 11 + 1) % ACCOUNTS);
                batch.begin();
                let paid = number(&mut batch, &key(from)) - 1;
                batch.set(SHOP, key(from).as_bytes(), paid.to_string().as_bytes()).unwrap();
                let received = number(&mut batch, &key(to)) + 1;
                batch.set(SHOP, key(to).as_bytes(), received.to_string().as_bytes()).unwrap();
                if n.is_multiple_of(5) { batch.abandon() } else { batch.finish(header("f")) }
            }
            batch.commit(n).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        readers.map(|reader| reader.join().unwrap())
    });
    assert!(checked.iter().all(|checked| *checked > 10), "{checked:?}");
    assert!(store.stats().folds > 2, "{:?}", store.stats());
}
