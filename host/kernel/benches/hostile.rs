//! What a hostile plugin costs its neighbours: the time of a small command's answer (p50, p99) while somebody else's
//! plugin does its worst, beside the same without it.
//!
//! `cargo bench -p hamlet-kernel --bench hostile [WORD …]`. On disk, with the real clock. For each trick five pairs of
//! rounds, quiet and beset in turn, so that what else the box does falls on both; the ratio is the median of the
//! pairs'. `HAMLET_BENCH=short` takes one short pair.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    dead_code
)]

#[path = "../tests/kernel/common.rs"]
mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{Village, anna, berta, guest, guest_with};
use hamlet_kernel::{Actor, Call, Kernel};
use wasmtime::component::Val;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Neighbours who wait for their answers, each before her next call.
const NEIGHBOURS: u64 = 8;
/// Calls of the hostile plugin under way.
const ATTACKERS: u64 = 4;

fn bump(number: u64) -> Call {
    Call::new(berta(), "first", "", "bump", vec![Val::U64(number % 1_000), Val::U64(1)])
}

fn attack(trick: &str, arguments: &[Val]) -> Call {
    Call::new(anna(), "hostile", "", trick, arguments.to_vec())
}

/// How long each neighbour's call took, sorted.
fn neighbours(kernel: &Kernel, time: Duration) -> Vec<Duration> {
    let mut all = Vec::new();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..NEIGHBOURS)
            .map(|neighbour| {
                scope.spawn(move || {
                    let until = Instant::now() + time;
                    let mut times = Vec::new();
                    let mut number = neighbour * 101;
                    while Instant::now() < until {
                        let begun = Instant::now();
                        kernel.call_blocking(bump(number)).unwrap();
                        times.push(begun.elapsed());
                        number += 7;
                    }
                    times
                })
            })
            .collect();
        for thread in threads {
            all.extend(thread.join().unwrap());
        }
    });
    all.sort_unstable();
    all
}

fn quantile(times: &[Duration], part: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place"
    )]
    let at = (times.len() as f64 * part) as usize;
    times[at.min(times.len() - 1)]
}

/// The same while others attack; with how many attacks began.
fn beset(kernel: &Kernel, trick: &str, arguments: &[Val], time: Duration) -> (Vec<Duration>, u64) {
    let (stop, attacks) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..ATTACKERS {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    // Counted as they begin: one may last as long as a round.
                    attacks.fetch_add(1, Ordering::Relaxed);
                    if kernel.call_blocking(attack(trick, arguments)).is_err() {
                        // Refused: it tries again as fast as a client can.
                        std::thread::yield_now();
                    }
                }
            });
        }
        // A plugin is found long once, and costs its 50 ms then (T7): what is measured is what comes after.
        std::thread::sleep(Duration::from_millis(500));
        let times = neighbours(kernel, time);
        stop.store(true, Ordering::Relaxed);
        (times, attacks.load(Ordering::Relaxed))
    })
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let short = std::env::var("HAMLET_BENCH").is_ok_and(|form| form == "short");
    let (pairs, time) = if short { (1, Duration::from_millis(700)) } else { (5, Duration::from_secs(3)) };
    let dir = tempfile::tempdir().unwrap();
    let village = Village::with(|config| {
        config.dir = Some(dir.path().to_owned());
        config.limits.background = true;
        config.limits.beside_time = Duration::from_secs(5);
        config.clock = std::sync::Arc::new(hamlet_kernel::SystemClock);
    });
    village.install(&guest_with("first-alone", |text| text.replace("8 MiB", "8 GiB")));
    village.install(&guest("deputy"));
    village.install(&guest("hostile"));
    let kernel = &village.kernel;
    let tricks: [(&str, Vec<Val>); 9] = [
        ("spin", vec![]),
        ("spin-in-query", vec![]),
        ("eat-memory", vec![Val::U32(10_000)]),
        ("recurse", vec![Val::U64(u64::MAX)]),
        ("long-list", vec![Val::U32(20_000_000)]),
        ("same-text", vec![Val::U32(100), Val::U32(1_000_000)]),
        ("log-flood", vec![Val::U32(1_000), Val::U32(1_000)]),
        ("storage-flood", vec![Val::U32(100), Val::U32(60_000)]),
        ("event-storm", vec![Val::U32(20_000)]),
    ];
    println!("{:<16} {:>9} {:>9} {:>9} {:>9}  p99 ratio", "trick", "quiet p50", "p99", "beset p50", "p99");
    for (trick, arguments) in tricks {
        if !words.is_empty() && !words.iter().any(|word| trick.contains(word.as_str())) {
            continue;
        }
        let mut rounds: Vec<(f64, [Duration; 4], u64)> = (0..pairs)
            .map(|_| {
                let quiet = neighbours(kernel, time);
                let (busy, attacks) = beset(kernel, trick, &arguments, time);
                let shown = [
                    quantile(&quiet, 0.5),
                    quantile(&quiet, 0.99),
                    quantile(&busy, 0.5),
                    quantile(&busy, 0.99),
                ];
                (shown[3].as_secs_f64() / shown[1].as_secs_f64(), shown, attacks)
            })
            .collect();
        rounds.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (ratio, shown, attacks) = &rounds[rounds.len() / 2];
        let all: Vec<String> = rounds.iter().map(|round| format!("{:.2}", round.0)).collect();
        let [a, b, c, d] = shown.map(|time| format!("{:.2} ms", time.as_secs_f64() * 1e3));
        println!(
            "{trick:<16} {a:>9} {b:>9} {c:>9} {d:>9}  {ratio:.2} of {} ({attacks} attacks)",
            all.join(" ")
        );
    }
    let _ = village.call(Actor::Console, "host", "list", vec![]);
}
