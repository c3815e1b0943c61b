//! Durable, validated, journalled transfers through the real component in the real kernel, on disk.
//!
//! In-process, arguments prebuilt; every answer counted came after the fsync of its batch. The peer is
//! `benches/postgres/run`. `HAMLET_BENCH=short` is the form for CI;
//! `HAMLET_BENCH_INSTANCES=warm` or `fresh` leaves out the other, `HAMLET_BENCH_ONLY` the measures without these words. Results: `host/BENCHMARKS.md`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    missing_docs
)]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hamlet_bundle::{BuildOptions, Package};
use hamlet_kernel::{Actor, Answer, Call, CallError, Kernel, KernelConfig};
use hamlet_testing::{Id, json};
use uuid::Uuid;
use wasmtime::component::Val;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One way of running the benchmark.
struct Plan {
    accounts: u64,
    seconds: f64,
    rounds: usize,
    /// Transfers that are there before anything is measured.
    stored: u64,
}

fn main() {
    let short = std::env::var("HAMLET_BENCH").is_ok_and(|form| form == "short");
    let plans = if short {
        vec![Plan { accounts: 1_000, seconds: 1.0, rounds: 1, stored: 0 }]
    } else {
        vec![
            Plan { accounts: 10_000, seconds: 5.0, rounds: 3, stored: 1_000_000 },
            Plan { accounts: 1_000_000, seconds: 5.0, rounds: 3, stored: 1_000_000 },
        ]
    };
    let only = std::env::var("HAMLET_BENCH_ONLY").unwrap_or_default();
    let mode = std::env::var("HAMLET_BENCH_INSTANCES").unwrap_or_default();
    let package =
        hamlet_bundle::build(Path::new(env!("CARGO_MANIFEST_DIR")), &BuildOptions::default(), &mut |_| {})
            .unwrap()
            .package;
    for plan in &plans {
        for stateless in [true, false] {
            if mode == if stateless { "fresh" } else { "warm" } {
                continue;
            }
            let mut world = World::open(package.clone(), stateless, plan.accounts);
            println!(
                "\nledger: {} accounts, {} instance",
                plan.accounts,
                if stateless { "one per batch (stateless)" } else { "fresh for each call" }
            );
            if stateless && plan.stored > 0 {
                world.fill(plan.stored);
                println!("  {} transfers stored before", plan.stored);
            }
            if "inside".contains(&only) {
                world.inside(plan);
            }
            for skewed in [false, true] {
                for in_flight in [1, 64, 1_024] {
                    let name =
                        format!("single in-flight={in_flight} {}", if skewed { "skewed" } else { "uniform" });
                    if name.contains(&only) {
                        world.singles(&name, plan, in_flight, skewed);
                    }
                }
            }
            if stateless {
                for (length, at_once) in [(100, 1), (1_000, 1), (8_000, 1), (100, 8), (1_000, 4), (8_000, 2)]
                {
                    let name = format!("list of {length} in-flight={at_once}");
                    if name.contains(&only) {
                        world.lists(&name, plan, length, at_once);
                    }
                }
                if "sustained".contains(&only) && !short {
                    world.sustained();
                }
            }
            world.report();
        }
    }
}

struct World {
    kernel: Kernel,
    dir: tempfile::TempDir,
    payer: Id,
    accounts: Vec<Id>,
    counter: Arc<AtomicU64>,
    transfers: u64,
}

impl World {
    fn open(mut package: Package, stateless: bool, accounts: u64) -> Self {
        // On the disk of the checkout, not in memory.
        let dir = tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target")).unwrap();
        package.manifest.stateless = stateless;
        package.manifest_text =
            package
                .manifest_text
                .lines()
                .map(|line| {
                    if line.starts_with("stateless") {
                        format!("stateless = {stateless}")
                    } else {
                        line.into()
                    }
                })
                .collect::<Vec<_>>()
                .join("\n");
        let mut config = KernelConfig::in_dir(dir.path());
        hamlet_identity::Identity::new().register(&mut config);
        let kernel = Kernel::open(config).unwrap();
        let founding = hamlet_identity::Founding {
            commons_handle: "commons".into(),
            commons_name: "Commons".into(),
            handle: "payer".into(),
            name: "Payer".into(),
            token: Some(([7; 32], "bench".into())),
        };
        let payer = hamlet_identity::found(&kernel, &founding).unwrap().steward;
        let hash = kernel.stage(&package).unwrap();
        kernel
            .call_json(
                Actor::Console,
                "host",
                "plugins",
                "activate",
                &json!({ "component": hash, "granting": "all" }),
            )
            .unwrap()
            .unwrap();
        let call = |function: &str, arguments| {
            kernel.call_json(Actor::Person(payer), "ledger", "books", function, &arguments).unwrap().unwrap()
        };
        let ledger = call(
            "create-ledger",
            json!({ "input": { "id": Id(Uuid::now_v7().as_u128()).to_string(), "unit": "TEST", "name": "Test",
                "scale": 2, "kind": "mutual-credit" } }),
        )["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let ids: Vec<Id> = (0..accounts).map(|_| Id(Uuid::now_v7().as_u128())).collect();
        let callable = kernel.function("ledger", "books", "open-account").unwrap();
        let calls = ids.iter().enumerate().map(|(number, id)| {
            let input = json!({ "input": { "id": id.to_string(), "ledger": ledger, "code": format!("a{number}"),
                "owner": payer.to_string(), "limits": { "credit": "1000000000000" } } });
            let values = hamlet_reflect::json::arguments(&callable.function, &input).unwrap();
            Call::new(Actor::Person(payer), "ledger", "books", "open-account", values)
        });
        run_all(&kernel, calls, 1_024, accepted);
        call("open-ledger", json!({ "ledger": ledger }));
        let counter = Arc::new(AtomicU64::new(1));
        Self { kernel, dir, payer, accounts: ids, counter, transfers: 0 }
    }

    /// The value of one `transfer-input`.
    fn transfer(&self, debit: Id, credit: Id) -> Val {
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let id = Id(Uuid::now_v7().as_u128() & !0xffff_ffff | u128::from(number & 0xffff_ffff));
        let field = |name: &str, value| (name.to_owned(), value);
        Val::Record(vec![
            field("id", id.to_val()),
            field("debit", debit.to_val()),
            field("credit", credit.to_val()),
            field("amount", Val::U64(1 + number % 100)),
            field("kind", Val::Variant("post".into(), None)),
            field("code", Val::U16(1)),
            field("effective", Val::Option(None)),
            field("memo", Val::Option(None)),
            field("reference", Val::Option(None)),
            field("corrects", Val::Option(None)),
            field("linked", Val::Bool(false)),
        ])
    }

    /// `count` transfers between accounts drawn uniformly or with Zipf's exponent 1.5.
    fn draw(&self, count: usize, skewed: bool, seed: u64) -> Vec<Val> {
        let mut random = Random(seed | 1);
        let mut pick = || {
            let n = self.accounts.len() as f64;
            let position = if skewed { zipf(random.unit(), n) } else { random.unit() * n };
            self.accounts[(position as usize).min(self.accounts.len() - 1)]
        };
        (0..count)
            .map(|_| {
                let debit = pick();
                let mut credit = pick();
                while credit == debit {
                    credit = pick();
                }
                self.transfer(debit, credit)
            })
            .collect()
    }

    fn single(&self, transfer: Val) -> Call {
        Call::new(Actor::Person(self.payer), "ledger", "transfers", "submit", vec![transfer])
    }

    fn list(&self, transfers: Vec<Val>) -> Call {
        Call::new(Actor::Person(self.payer), "ledger", "transfers", "submit-all", vec![Val::List(transfers)])
    }

    fn fill(&mut self, count: u64) {
        for seed in 0..count / 1_000 {
            let call = self.list(self.draw(1_000, false, seed + 99));
            accepted_list(&self.kernel.call_blocking(call).unwrap(), 1_000);
        }
        self.transfers += count / 1_000 * 1_000;
    }

    fn singles(&mut self, name: &str, plan: &Plan, in_flight: usize, skewed: bool) {
        let (mut rates, mut spent) = (Vec::new(), Vec::new());
        for round in 0..plan.rounds {
            // As many as the last round did in the wished time; the first round finds that out.
            let guess = rates.last().map_or(in_flight as f64 * 200.0, |rate| rate * plan.seconds);
            let count = (guess as usize).clamp(200, 1_000_000);
            let calls: Vec<Call> = self
                .draw(count, skewed, 7 + round as u64 * 31)
                .into_iter()
                .map(|transfer| self.single(transfer))
                .collect();
            let (begun, processor) = (Instant::now(), Processor::now());
            run_all(&self.kernel, calls.into_iter(), in_flight, accepted);
            rates.push(count as f64 / begun.elapsed().as_secs_f64());
            spent.push(processor.since(count));
            self.transfers += count as u64;
        }
        println!(
            "  {name:<36} {:>9.0} transfers/s (median of {}); {}",
            median(&mut rates),
            plan.rounds,
            spent.last().map_or_else(String::new, ToString::to_string)
        );
    }

    /// Two hundred commands in one transaction: what a transfer costs the sequencer without its commit.
    fn inside(&mut self, plan: &Plan) {
        let mut rates = Vec::new();
        for round in 0..plan.rounds * 20 {
            let transfers = self.draw(200, false, 77 + round as u64);
            let calls: Vec<Call> = transfers.into_iter().map(|transfer| self.single(transfer)).collect();
            let begun = Instant::now();
            let answers = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap()
                .block_on(self.kernel.call_all(calls))
                .unwrap();
            rates.push(200.0 / begun.elapsed().as_secs_f64());
            assert!(answers.iter().all(|answer| answer.result.is_ok()));
            self.transfers += 200;
        }
        println!(
            "  {:<36} {:>9.0} transfers/s (median of {})",
            "200 in one transaction",
            median(&mut rates),
            rates.len()
        );
    }

    fn lists(&mut self, name: &str, plan: &Plan, length: usize, at_once: usize) {
        let (mut rates, mut spent) = (Vec::new(), Vec::new());
        for round in 0..plan.rounds {
            let calls = (60_000 / length).max(4 * at_once);
            let prebuilt: Vec<Call> = (0..calls)
                .map(|n| self.list(self.draw(length, false, (round * 1_000 + n) as u64 + 5)))
                .collect();
            let (begun, processor) = (Instant::now(), Processor::now());
            run_all(&self.kernel, prebuilt.into_iter(), at_once, |answer| accepted_list(answer, length));
            rates.push((calls * length) as f64 / begun.elapsed().as_secs_f64());
            spent.push(processor.since(calls * length));
            self.transfers += (calls * length) as u64;
        }
        println!(
            "  {name:<36} {:>9.0} transfers/s (median of {}); {}",
            median(&mut rates),
            plan.rounds,
            spent.last().map_or_else(String::new, ToString::to_string)
        );
    }

    /// Half a minute at 1,024 in flight: folding must keep up.
    fn sustained(&mut self) {
        let begun = Instant::now();
        let mut done = 0_u32;
        let mut spent = Duration::ZERO;
        while begun.elapsed() < Duration::from_mins(1) && spent < Duration::from_secs(30) {
            let calls: Vec<Call> = self
                .draw(100_000, false, 1_000 + u64::from(done))
                .into_iter()
                .map(|transfer| self.single(transfer))
                .collect();
            let slice = Instant::now();
            run_all(&self.kernel, calls.into_iter(), 1_024, accepted);
            spent += slice.elapsed();
            done += 100_000;
        }
        let stats = self.kernel.store_stats();
        self.transfers += u64::from(done);
        println!(
            "  {:<36} {:>9.0} transfers/s over {:.0} s; {} batches not folded at the end",
            "single in-flight=1024 sustained",
            f64::from(done) / spent.as_secs_f64(),
            spent.as_secs_f64(),
            stats.head - stats.folded
        );
    }

    fn report(self) {
        let stats = self.kernel.store_stats();
        println!(
            "  on disk: journal {} MiB, state {} MiB; {:.0} bytes of journal a transfer ({} transfers)",
            stats.journal_bytes >> 20,
            stats.state_bytes >> 20,
            stats.journal_bytes as f64 / self.transfers.max(1) as f64,
            self.transfers
        );
        self.kernel.shutdown();
        drop(self.dir);
    }
}

/// Processor time of this process so far by the name of the thread, in nanoseconds.
///
/// A machine that is shared gives other rates every minute; this it gives nearly the same.
struct Processor(BTreeMap<String, u64>);

impl Processor {
    fn now() -> Self {
        let mut now = BTreeMap::new();
        let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return Self(now) };
        for thread in threads.flatten() {
            let read = |file: &str| std::fs::read_to_string(thread.path().join(file)).unwrap_or_default();
            let spent = read("schedstat").split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0);
            let name = read("comm").trim().trim_start_matches("hamlet-").to_owned();
            *now.entry(name).or_default() += spent;
        }
        Self(now)
    }

    /// What one of so many transfers took: microseconds of each thread that took more than a twentieth of one.
    fn since(&self, transfers: usize) -> String {
        let each = |name: &String, now: u64| {
            now.saturating_sub(self.0.get(name).copied().unwrap_or(0)) as f64 / 1_000.0 / transfers as f64
        };
        let now = Self::now();
        let spent =
            now.0.iter().map(|(name, now)| (name, each(name, *now))).filter(|(_, micros)| *micros > 0.05);
        let words: Vec<String> = spent.map(|(name, micros)| format!("{name} {micros:.2}")).collect();
        format!("µs of processor each: {}", words.join(", "))
    }
}

/// Most lists in flight at a time.
const LISTS_MAX: usize = 8;

/// Makes the calls with so many in flight at any time, and looks at each answer. A list that the others overtook (T7: tried
/// three times, then named) is sent again, as whoever calls would; that it was is said.
fn run_all(
    kernel: &Kernel,
    calls: impl Iterator<Item = Call>,
    in_flight: usize,
    look: impl Fn(&Answer) + Copy,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let calls = std::cell::RefCell::new(calls);
    let local = tokio::task::LocalSet::new();
    let calls = std::rc::Rc::new(calls);
    let overtaken = std::rc::Rc::new(std::cell::Cell::new(0_u32));
    runtime.block_on(local.run_until(async {
        let workers = (0..in_flight).map(|_| {
            let (calls, overtaken) = (std::rc::Rc::clone(&calls), std::rc::Rc::clone(&overtaken));
            let kernel = kernel.clone();
            async move {
                loop {
                    let Some(call) = calls.borrow_mut().next() else { break };
                    // One that is alone cannot be overtaken, and a transfer by itself is never long.
                    let mut again = (in_flight > 1 && in_flight <= LISTS_MAX).then(|| call.clone());
                    let mut answer = kernel.call(call).await;
                    while let (Err(CallError::Contended { .. }), Some(call)) = (&answer, again.take()) {
                        overtaken.set(overtaken.get() + 1);
                        again = Some(call.clone());
                        answer = kernel.call(call).await;
                    }
                    look(&answer.unwrap());
                }
            }
        });
        futures_util::future::join_all(workers).await;
    }));
    if overtaken.get() > 0 {
        println!("  {} were overtaken by others and sent again:", overtaken.get());
    }
}

fn accepted(answer: &Answer) {
    assert!(answer.result.is_ok(), "{:?}", answer.result);
}

fn accepted_list(answer: &Answer, length: usize) {
    let Ok(Some(Val::List(items))) = &answer.result else { panic!("{:?}", answer.result) };
    assert_eq!(items.len(), length);
    for item in items {
        assert!(matches!(item, Val::Variant(case, _) if case == "ok"), "{item:?}");
    }
}

/// The value at `unit` of Zipf's law with exponent 1.5 over 0..n, by inversion of its continuous form.
fn zipf(unit: f64, n: f64) -> f64 {
    let tail = 1.0 - n.powf(-0.5);
    (1.0 - unit * tail).powf(-2.0) - 1.0
}

/// xorshift64*: the same draws on every machine.
struct Random(u64);

impl Random {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}
