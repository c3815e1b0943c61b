//! How much slower commands are while a backup is made: throughput of one community without and with a backup
//! running all the time, in turns, and the ratio of the medians. At most a tenth should be lost.
//!
//! `cargo bench -p hamlet-backup [-- SECONDS ROUNDS]`. Read the ratio, not the digits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use hamlet_backup::age::Identity as Key;
use hamlet_backup::{Pace, make};
use hamlet_kernel::{Actor, Call, Kernel};
use hamlet_reflect::Id;
use serde_json::json;
use wasmtime::component::Val;

const CALLERS: u64 = 4;
const IN_FLIGHT: usize = 64;
/// Renames before it begins, so that there is something to copy.
const BEFORE: u64 = 200_000;

fn open(home: &Path) -> (Kernel, Vec<Id>) {
    let kernel = support::founded(home, |config| config.limits.queue.per_principal = 8_192);
    let parties = (0..100).map(|number| {
        let arguments = json!({ "kind": "household", "handle": format!("house-{number}"), "name": "House" });
        let id = kernel.call_json(Actor::Console, "host", "members", "add", &arguments).unwrap().unwrap();
        id.as_str().unwrap().parse().unwrap()
    });
    let parties = parties.collect();
    (kernel, parties)
}

fn rename(parties: &[Id], number: u64) -> Call {
    let party = parties[usize::try_from(number).unwrap() % parties.len()];
    let name = Val::String(format!("House number {number} behind the mill"));
    Call::new(Actor::Console, "host", "members", "rename", vec![party.to_val(), name])
}

/// Commands a second, for so long.
fn throughput(kernel: &Kernel, parties: &[Id], time: Duration) -> f64 {
    let done = AtomicU32::new(0);
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let local = tokio::task::LocalSet::new();
        let flights = (0..CALLERS * IN_FLIGHT as u64).map(|flight| {
            let (kernel, parties, done) = (kernel.clone(), parties.to_vec(), &done);
            async move {
                let mut number = flight * 7_919;
                while begun.elapsed() < time {
                    number += 1;
                    kernel.call(rename(&parties, number)).await.unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        local.run_until(futures_util::future::join_all(flights)).await;
    });
    f64::from(done.into_inner()) / begun.elapsed().as_secs_f64()
}

fn main() {
    let words: Vec<u64> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let seconds = Duration::from_secs(words.first().copied().unwrap_or(5));
    let rounds = words.get(1).copied().unwrap_or(5);
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let (kernel, parties) = open(&home);
    let begun = kernel.metrics().commands.load(Ordering::Relaxed);
    while kernel.metrics().commands.load(Ordering::Relaxed) < begun + BEFORE {
        throughput(&kernel, &parties, Duration::from_secs(2));
    }
    let key = [Key::generate().unwrap().recipient()];
    let (mut without, mut with, mut bytes) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        without.push(throughput(&kernel, &parties, seconds));
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let copying = scope.spawn(|| {
                hamlet_backup::step_back();
                let mut bytes = 0;
                while !stop.load(Ordering::Relaxed) {
                    let (_, made, _) = make(&kernel, &home, &key, Pace::default(), std::io::sink()).unwrap();
                    bytes += made.bytes;
                }
                bytes
            });
            with.push(throughput(&kernel, &parties, seconds));
            stop.store(true, Ordering::Relaxed);
            bytes += copying.join().unwrap();
        });
    }
    without.sort_by(f64::total_cmp);
    with.sort_by(f64::total_cmp);
    let (without, with) = (without[without.len() / 2], with[with.len() / 2]);
    println!("without a backup {without:>10.0} commands/s");
    println!("while one runs   {with:>10.0} commands/s, {} MB copied", bytes >> 20);
    println!("kept             {:>10.3}", with / without);
    kernel.shutdown();
}
