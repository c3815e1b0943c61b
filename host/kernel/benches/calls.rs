//! What a call costs: warm and fresh instances, nested calls, queries; one in flight and many.
//!
//! `cargo bench -p hamlet-kernel`. Medians of several rounds. The guest is that of the tests: `bump` reads two rows,
//! writes three of 100 bytes and asks for an id; `peek` reads two.
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

use std::time::{Duration, Instant};

use common::{Village, anna, guest, guest_with, stateless};
use hamlet_kernel::{Call, Kernel};
use wasmtime::component::Val;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 5;

fn bump(number: u64) -> Call {
    Call::new(anna(), "first", "", "bump", vec![Val::U64(number % 10_000), Val::U64(1)])
}

fn peek(number: u64) -> Call {
    Call::new(anna(), "first", "", "peek", vec![Val::U64(number % 10_000)])
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Calls one after another from one thread: the whole way there and back.
fn alone(kernel: &Kernel, calls: u64, call: fn(u64) -> Call) -> Duration {
    median(
        (0..ROUNDS)
            .map(|_| {
                let begun = Instant::now();
                for number in 0..calls {
                    kernel.call_blocking(call(number * 7_919)).unwrap();
                }
                begun.elapsed() / u32::try_from(calls).unwrap()
            })
            .collect(),
    )
}

/// Many in flight: what the sequencer or the workers can do.
fn together(kernel: &Kernel, flights: u64, calls: u64, call: fn(u64) -> Call) -> Duration {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    median(
        (0..ROUNDS)
            .map(|_| {
                let begun = Instant::now();
                runtime.block_on(async {
                    let tasks: Vec<_> = (0..flights)
                        .map(|flight| {
                            let kernel = kernel.clone();
                            tokio::spawn(async move {
                                for number in 0..calls / flights {
                                    kernel.call(call(number * 7_919 + flight * 13)).await.unwrap();
                                }
                            })
                        })
                        .collect();
                    for task in tasks {
                        task.await.unwrap();
                    }
                });
                begun.elapsed() / u32::try_from(calls).unwrap()
            })
            .collect(),
    )
}

/// The sequencer alone: a thousand calls in one transaction, so that neither threads nor commits are counted.
fn inside(kernel: &Kernel, call: fn(u64) -> Call) -> Duration {
    median(
        (0..40)
            .map(|_| {
                let calls: Vec<Call> = (0..1_000).map(|number| call(number * 7_919)).collect();
                let begun = Instant::now();
                common::block_on(kernel.call_all(calls)).unwrap();
                begun.elapsed() / 1_000
            })
            .collect(),
    )
}

fn report(what: &str, time: Duration) {
    let per_second = 1.0 / time.as_secs_f64();
    println!("{what:<58} {:>9.2} us  {per_second:>10.0}/s", time.as_secs_f64() * 1e6);
}

/// Measures one mode in one place, as far as the words on the command line allow.
fn measure(mode: &str, place: &str, kernel: &Kernel) {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let empty = |_| common::script(anna(), "first", "");
    let nested = |_| common::script(anna(), "first", "call second run []");
    let measures: [(&str, &dyn Fn() -> Duration); 8] = [
        ("command inside one transaction", &|| inside(kernel, bump)),
        ("an empty script inside", &|| inside(kernel, empty)),
        ("with a nested call inside", &|| inside(kernel, nested)),
        ("command, 1 in flight", &|| alone(kernel, 1_000, bump)),
        ("command, 64 in flight", &|| together(kernel, 64, 20_000, bump)),
        ("command, 1024 in flight", &|| together(kernel, 1_024, 51_200, bump)),
        ("query, 1 in flight", &|| alone(kernel, 5_000, peek)),
        ("query, 64 in flight", &|| together(kernel, 64, 50_000, peek)),
    ];
    for (what, time) in measures {
        let name = format!("{mode}, {place}: {what}");
        if words.iter().all(|word| name.contains(word.as_str())) {
            report(&name, time());
        }
    }
}

fn main() {
    for (mode, is_stateless) in [("warm", true), ("fresh", false)] {
        let dir = tempfile::tempdir().unwrap();
        for (place, folder) in [("memory", None), ("disk", Some(dir.path().to_owned()))] {
            let village = Village::with(|config| {
                config.dir = folder;
                config.limits.command_time = Duration::from_secs(5);
                config.limits.queue.per_principal = 8_192;
                config.clock = std::sync::Arc::new(hamlet_kernel::SystemClock);
            });
            let change = |text: String| {
                let text = if is_stateless { stateless(text) } else { text };
                text.replace("8 MiB", "8 GiB")
            };
            for name in ["third", "first-alone", "second", "first"] {
                village.install(&if name == "third" { guest(name) } else { guest_with(name, change) });
            }
            measure(mode, place, &village.kernel);
        }
    }
}
