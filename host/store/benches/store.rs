//! How fast the store alone is: no sandbox, no HTTP.
//!
//! A transaction is that of a payment: two accounts read and written (random among N), two new rows
//! with growing keys, each looked for and then written. Keys of 40 bytes, values of 150.
//! `cargo bench -p hamlet-store [-- memory|fsync|sustained|open|proofs]`; `HAMLET_BENCH_DIR` chooses the disk.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    missing_docs
)]

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use hamlet_store::{Batch, Config, EntryHeader, Namespace, Rows, Store};

const NS: Namespace = Namespace(3);
const RUNS: usize = 3;

/// xorshift64*: cheap, so that it does not count.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % bound
    }
}

struct Load {
    random: Random,
    accounts: u64,
    number: u64,
    header: EntryHeader,
    key: [u8; 40],
    value: [u8; 150],
}

impl Load {
    fn new(accounts: u64) -> Self {
        let header = EntryHeader {
            time: 1_700_000_000_000_000,
            caller: vec![7; 16],
            plugin: Arc::from("shop"),
            version: Arc::from("0.1.0"),
            function: Arc::from("stall.sell"),
            idempotency: Some([9; 16]),
            arguments: [1; 32],
            result: [2; 32],
        };
        Self {
            random: Random(88_172_645_463_325_252),
            accounts,
            number: 0,
            header,
            key: [b'k'; 40],
            value: [b'v'; 150],
        }
    }

    fn key(&mut self, table: u8, number: u64) -> &[u8] {
        self.key[0] = table;
        self.key[1..9].copy_from_slice(&number.to_be_bytes());
        &self.key
    }

    fn transaction(&mut self, batch: &mut Batch) {
        self.number += 1;
        self.value[..8].copy_from_slice(&self.number.to_be_bytes());
        batch.begin();
        for _ in 0..2 {
            let account = self.random.below(self.accounts);
            let value = self.value;
            let key = self.key(b'a', account);
            let old = batch.get(NS, key).unwrap();
            assert!(old.is_some());
            batch.set(NS, key, &value).unwrap();
        }
        for table in [b't', b'x'] {
            let value = self.value;
            let number = self.number;
            let key = self.key(table, number);
            assert!(batch.get(NS, key).unwrap().is_none());
            batch.set(NS, key, &value).unwrap();
        }
        batch.finish(self.header.clone());
    }

    fn fill(&mut self, batch: &mut Batch) {
        for account in 0..self.accounts {
            batch.begin();
            let value = self.value;
            batch.set(NS, self.key(b'a', account), &value).unwrap();
            batch.finish(self.header.clone());
            if batch.entries() == 4096 {
                batch.commit(1).unwrap();
            }
        }
        batch.commit(1).unwrap();
    }

    /// Commits batches for a while; transactions, seconds, and the writer's processor seconds.
    fn run(&mut self, batch: &mut Batch, size: usize, lasting: Duration) -> (u64, f64, f64) {
        let (start, processor) = (Instant::now(), thread_seconds());
        let before = self.number;
        while start.elapsed() < lasting {
            for _ in 0..size {
                self.transaction(batch);
            }
            batch.commit(1).unwrap();
        }
        (self.number - before, start.elapsed().as_secs_f64(), thread_seconds() - processor)
    }
}

/// Processor time of this thread: what the writer costs when others use the machine too.
fn thread_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn folder() -> tempfile::TempDir {
    let parent = std::env::var_os("HAMLET_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    tempfile::tempdir_in(parent).unwrap()
}

/// Nothing is folded while this is measured.
fn unfolded() -> Config {
    Config {
        fold_bytes: usize::MAX,
        overlay_bytes_max: usize::MAX,
        fold_interval: Duration::from_hours(1),
        ..Config::default()
    }
}

fn memory() {
    for accounts in [10_000, 1_000_000] {
        for size in [1, 64, 1024, 4096] {
            let mut processor = Vec::new();
            let rates = (0..RUNS).map(|_| {
                let (store, mut batch) = Store::in_memory(unfolded());
                let mut load = Load::new(accounts);
                load.fill(&mut batch);
                store.fold_all().unwrap();
                load.run(&mut batch, size, Duration::from_millis(200));
                let (count, seconds, busy) = load.run(&mut batch, size, Duration::from_millis(700));
                processor.push(busy * 1e6 / count as f64);
                count as f64 / seconds
            });
            let rate = median(rates.collect());
            let busy = median(processor);
            println!(
                "in memory      accounts {accounts:>8}  batch {size:>5}  {rate:>9.0} tx/s  {:>6.2} µs/tx  {busy:>6.2} µs of processor",
                1e6 / rate
            );
        }
    }
}

fn fsync() {
    for size in [1, 64, 1024, 4096] {
        let mut bytes = 0.0;
        let mut processor = Vec::new();
        let rates = (0..RUNS).map(|_| {
            let dir = folder();
            let (store, mut batch) = Store::open(dir.path(), unfolded()).unwrap();
            let mut load = Load::new(10_000);
            load.fill(&mut batch);
            store.fold_all().unwrap();
            let before: u64 = batch_bytes(&store);
            let (count, seconds, busy) = load.run(&mut batch, size, Duration::from_secs(2));
            processor.push(busy * 1e6 / count as f64);
            bytes = (batch_bytes(&store) - before) as f64 / count as f64;
            count as f64 / seconds
        });
        let rate = median(rates.collect());
        println!(
            "fsync, burst   accounts    10000  batch {size:>5}  {rate:>9.0} tx/s  {:>6.2} µs/tx  {:>6.2} µs of processor  {bytes:>5.0} journal bytes/tx",
            1e6 / rate,
            median(processor)
        );
    }
}

/// Bytes of payloads in the journal.
fn batch_bytes(store: &Store) -> u64 {
    // Preallocated room would hide what a transaction takes.
    store.stats().journal_used_bytes
}

fn sustained() {
    for accounts in [10_000, 1_000_000] {
        for size in [1024, 4096] {
            let mut notes = String::new();
            let rates = (0..RUNS).map(|_| {
                let dir = folder();
                let (store, mut batch) = Store::open(dir.path(), Config::default()).unwrap();
                let mut load = Load::new(accounts);
                load.fill(&mut batch);
                store.fold_all().unwrap();
                let before = store.stats();
                let start = Instant::now();
                let (count, taken, busy) = load.run(&mut batch, size, Duration::from_secs(10));
                let at_end = store.stats();
                store.fold_all().unwrap();
                let seconds = start.elapsed().as_secs_f64();
                let after = store.stats();
                notes = format!(
                    "taken in {:.0}/s at {:.2} µs of processor; {} folds, {} merges, at the end {} layers {:.0} MiB unfolded; state {:.0} bytes/tx",
                    count as f64 / taken,
                    busy * 1e6 / count as f64,
                    after.folds - before.folds,
                    after.merges - before.merges,
                    at_end.layers,
                    at_end.unfolded_bytes as f64 / 1_048_576.0,
                    (after.state_bytes - before.state_bytes) as f64 / count as f64,
                );
                count as f64 / seconds
            });
            let rate = median(rates.collect());
            println!(
                "sustained      accounts {accounts:>8}  batch {size:>5}  {rate:>9.0} tx/s until all is folded ({notes})"
            );
        }
    }
}

fn open() {
    let dir = folder();
    let mut load = Load::new(100_000);
    {
        let (store, mut batch) = Store::open(dir.path(), Config::default()).unwrap();
        load.fill(&mut batch);
        load.run(&mut batch, 1024, Duration::from_secs(10));
        store.fold_all().unwrap();
    }
    let start = Instant::now();
    let (store, mut batch) = Store::open(dir.path(), unfolded()).unwrap();
    println!("open           all folded, {} batches: {:?}", store.head(), start.elapsed());
    let before = load.number;
    load.run(&mut batch, 1024, Duration::from_millis(500));
    let unfolded_transactions = load.number - before;
    drop((store, batch));
    let start = Instant::now();
    let (store, _batch) = Store::open(dir.path(), unfolded()).unwrap();
    println!(
        "open           {unfolded_transactions} transactions unfolded: {:?}, {:?}",
        start.elapsed(),
        store.stats()
    );
}

/// What the log of leaves costs a transaction: the writer's thread, and all threads together until every
/// leaf is derived; and what a receipt costs.
fn proofs() {
    use hamlet_proof::Signer;
    for size in [64, 1024, 4096] {
        for proofs in [false, true] {
            let (mut writer, mut whole) = (Vec::new(), Vec::new());
            let rates = (0..RUNS).map(|_| {
                let dir = folder();
                let (store, mut batch) = Store::open(dir.path(), Config { proofs, ..unfolded() }).unwrap();
                let mut load = Load::new(10_000);
                load.fill(&mut batch);
                store.fold_all().unwrap();
                let wait = || proofs.then(|| store.proofs().unwrap().wait_for(store.head()).unwrap());
                wait();
                let (start, before) = (Instant::now(), process_seconds());
                let (count, _, busy) = load.run(&mut batch, size, Duration::from_secs(2));
                wait();
                let seconds = start.elapsed().as_secs_f64();
                writer.push(busy * 1e6 / count as f64);
                whole.push((process_seconds() - before) * 1e6 / count as f64);
                count as f64 / seconds
            });
            let rate = median(rates.collect());
            println!(
                "proofs {:<3}     batch {size:>5}  {rate:>9.0} tx/s until all leaves are there  {:>6.2} µs of the writer's processor, {:>6.2} µs of all",
                if proofs { "on" } else { "off" },
                median(writer),
                median(whole)
            );
        }
    }
    let dir = folder();
    let (store, mut batch) = Store::open(dir.path(), unfolded()).unwrap();
    let mut load = Load::new(10_000);
    load.fill(&mut batch);
    load.run(&mut batch, 256, Duration::from_secs(3));
    let proofs = store.proofs().unwrap();
    proofs.save_all().unwrap();
    let head = proofs.head();
    let bytes: u64 = ["leaves", "nodes", "batches"]
        .iter()
        .map(|name| std::fs::metadata(dir.path().join("proofs").join(name)).unwrap().len())
        .sum();
    println!(
        "proofs         {} leaves, {:.1} bytes each on disk",
        head.size,
        bytes as f64 / head.size as f64
    );
    let signer = Signer::from_seed("bench", &[1; 32]).unwrap();
    let count = 2000;
    let start = Instant::now();
    for _ in 0..count {
        let number = load.random.below(head.size);
        proofs.consistency(number, head.size).unwrap();
    }
    println!(
        "proofs         consistency proof {:.1} µs",
        start.elapsed().as_secs_f64() * 1e6 / f64::from(count)
    );
    let start = Instant::now();
    for _ in 0..count {
        let sequence = head.sequence - load.random.below(100);
        proofs.receipt(sequence, 7, &signer, |_| true).unwrap();
    }
    println!("proofs         whole receipt {:.1} µs", start.elapsed().as_secs_f64() * 1e6 / f64::from(count));
    drop((store, batch));
    let start = Instant::now();
    let (store, _batch) = Store::open(dir.path(), unfolded()).unwrap();
    println!(
        "proofs         opened again in {:?} at leaf {}",
        start.elapsed(),
        store.proofs().unwrap().head().size
    );
}

/// Processor time of the whole process.
fn process_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let all: [(&str, fn()); 5] =
        [("memory", memory), ("fsync", fsync), ("sustained", sustained), ("open", open), ("proofs", proofs)];
    for (name, run) in all {
        if wanted.is_empty() || wanted.iter().any(|want| want == name) {
            run();
        }
    }
}
