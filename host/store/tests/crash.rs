//! `kill -9` while a child process writes: everything that it reported through a pipe is there,
//! nothing is half there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use common::{SHOP, get, header};
use hamlet_store::{Batch, Config, Rows, Store};

const CHILD_DIR: &str = "HAMLET_STORE_CRASH_DIR";
const ROUNDS: u64 = 12;
const ACCOUNTS: u64 = 50;
const START: i64 = 1000;

fn config() -> Config {
    Config {
        segment_bytes: 256 * 1024,
        fold_bytes: 200_000,
        fold_interval: Duration::from_millis(30),
        ..Config::default()
    }
}

fn balance(rows: &mut impl Rows, account: u64) -> i64 {
    get(rows, &format!("a{account:03}")).map_or(START, |text| text.parse().unwrap())
}

/// A transfer between two accounts and its own row: the sum of balances never changes.
fn transfer(batch: &mut Batch, number: u64) {
    let (from, to) = (number * 7 % ACCOUNTS, (number * 13 + 1) % ACCOUNTS);
    if from == to {
        return;
    }
    let (a, b) = (balance(batch, from), balance(batch, to));
    batch.begin();
    batch.set(SHOP, format!("a{from:03}").as_bytes(), (a - 1).to_string().as_bytes()).unwrap();
    batch.set(SHOP, format!("a{to:03}").as_bytes(), (b + 1).to_string().as_bytes()).unwrap();
    batch.set(SHOP, format!("t{number:010}").as_bytes(), &[b'x'; 100]).unwrap();
    batch.finish(header("f"));
}

/// Not a test of its own: what the other one starts and kills.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let (store, mut batch) = Store::open(Path::new(&dir), config()).unwrap();
    let mut number = get(&mut store.snapshot(), "number").map_or(0, |text| text.parse().unwrap());
    let mut out = std::io::stdout();
    loop {
        for _ in 0..number % 40 {
            number += 1;
            transfer(&mut batch, number);
        }
        number += 1;
        batch.begin();
        batch.set(SHOP, b"number", number.to_string().as_bytes()).unwrap();
        batch.finish(header("f"));
        let sequence = batch.commit(1).unwrap();
        writeln!(out, "\nacknowledged {sequence} {number}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn everything_acknowledged_is_there_when_the_process_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_writes_until_it_is_killed", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let out = child.stdout.take().unwrap();
        let (begun, first) = std::sync::mpsc::channel();
        let reading = std::thread::spawn(move || {
            let mut last = None;
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let mut words = line.split(' ');
                if words.next() == Some("acknowledged") {
                    // The last line may be cut short by the kill.
                    let numbers: Vec<u64> = words.map_while(|word| word.parse().ok()).collect();
                    if let [sequence, number] = numbers[..] {
                        last = last.max(Some((sequence, number)));
                        let _ = begun.send(());
                    }
                }
            }
            last
        });
        // However busy the machine is, something is acknowledged before the kill.
        first.recv_timeout(Duration::from_mins(1)).expect("the child acknowledged nothing");
        std::thread::sleep(Duration::from_millis(120 + 37 * round % 200));
        child.kill().unwrap();
        child.wait().unwrap();
        let (sequence, number) = reading.join().unwrap().expect("the child acknowledged nothing");
        check(dir.path(), sequence, number, round % 3 == 0);
    }
}

fn check(dir: &Path, sequence: u64, number: u64, fold: bool) {
    let (store, batch) = Store::open(dir, config()).unwrap();
    assert!(store.head() >= sequence, "acknowledged {sequence}, found {}", store.head());
    let mut snapshot = store.snapshot();
    let found: u64 = get(&mut snapshot, "number").unwrap().parse().unwrap();
    assert!(found >= number);
    let rows = common::all(&mut snapshot, SHOP);
    let bytes: usize = rows.iter().map(|(key, value)| key.len() + value.len()).sum();
    assert_eq!(store.usage(SHOP), bytes as u64);
    let sum: i64 = (0..ACCOUNTS).map(|account| balance(&mut snapshot, account)).sum();
    assert_eq!(sum, START * ACCOUNTS.cast_signed(), "a transfer is half there");
    let journalled = store.journal(1).unwrap().map(Result::unwrap).flat_map(|record| record.entries);
    let transfers = journalled.filter(|entry| entry.writes.len() == 3).count();
    assert_eq!(rows.iter().filter(|(key, _)| key[0] == b't').count(), transfers);
    // J3: the log of proofs has a leaf for every command, those included that it had not followed yet.
    let commands: usize = store.journal(1).unwrap().map(|record| record.unwrap().entries.len()).sum();
    let proofs = store.proofs().unwrap();
    assert_eq!(proofs.wait_for(store.head()).unwrap().size, commands as u64);
    if fold {
        store.fold_all().unwrap();
    }
    drop((store, batch));
    assert_eq!(hamlet_store::proof::verify(dir, &[]).unwrap().findings, []);
}
