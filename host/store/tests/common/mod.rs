//! What several tests of the store need.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::{fs, path::Path, time::Duration};

use hamlet_proof::Signer;
use hamlet_store::{Batch, Config, EntryHeader, Namespace, Rows, Scan, Store, Value};

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

/// A key that is the same in every test.
pub fn signer() -> Signer {
    Signer::from_seed("village.example/log", &[7; 32]).unwrap()
}

/// `commands` in one batch, each with rows of its own.
pub fn batch_of(batch: &mut Batch, commands: u32, text: &str) -> u64 {
    for number in 0..commands {
        batch.begin();
        batch.set(SHOP, format!("{text}{number}").as_bytes(), text.as_bytes()).unwrap();
        if number % 3 == 1 {
            let before = format!("{text}{}", number - 1);
            batch.delete(SHOP, before.as_bytes()).unwrap();
        }
        batch.finish(header(&format!("stall.f{}", number % 2)));
    }
    batch.commit(1).unwrap()
}

/// The bytes of the log's three files.
pub fn files(dir: &Path) -> Vec<Vec<u8>> {
    ["leaves", "nodes", "batches"].map(|name| fs::read(dir.join("proofs").join(name)).unwrap()).to_vec()
}

/// A log of twenty batches, closed, with the note of its head.
pub fn written_log(dir: &Path, config: Config) -> String {
    let (store, mut batch) = Store::open(dir, config).unwrap();
    for round in 0..20 {
        batch_of(&mut batch, 1 + round % 4, &format!("r{round}-"));
        if round % 6 == 0 {
            store.proofs().unwrap().save_all().unwrap();
        }
    }
    store.proofs().unwrap().checkpoint(&signer()).unwrap()
}

/// Rewrites one row of the journal as somebody with root would: payload, checksums and all.
pub fn rewrite_journal(dir: &Path, sequence: u64, change: impl Fn(&mut Vec<u8>)) {
    let path = fs::read_dir(dir.join("journal")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&path).unwrap();
    let salt = bytes[24..40].to_vec();
    let crc = |bytes: &[u8]| crc32c::crc32c_append(crc32c::crc32c(&salt[8..]), bytes);
    let mut at = 64;
    loop {
        let length = u32::from_le_bytes(bytes[at + 24..at + 28].try_into().unwrap()) as usize;
        if bytes[at + 8..at + 16] == sequence.to_le_bytes() {
            let mut payload = bytes[at + 40..at + 40 + length].to_vec();
            change(&mut payload);
            assert_eq!(payload.len(), length);
            bytes[at + 28..at + 32].copy_from_slice(&crc(&payload).to_le_bytes());
            let head = crc(&bytes[at..at + 36]);
            bytes[at + 36..at + 40].copy_from_slice(&head.to_le_bytes());
            bytes[at + 40..at + 40 + length].copy_from_slice(&payload);
            break;
        }
        at += 40 + length;
    }
    fs::write(path, bytes).unwrap();
}
