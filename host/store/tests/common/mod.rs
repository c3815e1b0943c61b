//! What several tests of the store need.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

use std::time::Duration;

use hamlet_store::{Batch, Config, EntryHeader, Namespace, Rows, Scan, Value};

pub const SHOP: Namespace = Namespace(7);

/// Small sizes, so that a short test meets many segments, folds and merges.
pub fn small() -> Config {
    Config {
        segment_bytes: 4096,
        fold_bytes: 20_000,
        fold_interval: Duration::from_millis(20),
        writer_cache_bytes: 4096,
        state_cache_bytes: 1 << 20,
        ..Config::default()
    }
}

/// Never folds by itself.
pub fn unfolded() -> Config {
    Config { fold_bytes: usize::MAX, fold_interval: Duration::from_hours(1), ..small() }
}

pub fn header(function: &str) -> EntryHeader {
    EntryHeader {
        time: 1,
        caller: b"somebody".to_vec(),
        plugin: "shop".into(),
        version: "0.1.0".into(),
        function: function.into(),
        idempotency: Some([3; 16]),
        arguments: [1; 32],
        result: [2; 32],
    }
}

/// One transaction that sets one row, committed.
pub fn put(batch: &mut Batch, key: &str, value: &str) -> u64 {
    batch.begin();
    batch.set(SHOP, key.as_bytes(), value.as_bytes()).unwrap();
    batch.finish(header("stall.put"));
    batch.commit(1).unwrap()
}

pub fn get(rows: &mut impl Rows, key: &str) -> Option<String> {
    let value = rows.get(SHOP, key.as_bytes()).unwrap()?;
    Some(String::from_utf8(value.to_vec()).unwrap())
}

pub fn all(rows: &mut impl Rows, ns: Namespace) -> Vec<(Vec<u8>, Value)> {
    let scan = Scan {
        start: b"",
        end: None,
        direction: hamlet_store::Direction::Forward,
        limit: usize::MAX,
        max_bytes: usize::MAX,
    };
    let rows = rows.scan(ns, scan).unwrap();
    rows.into_iter().map(|(key, value)| (key.into_vec(), value)).collect()
}
