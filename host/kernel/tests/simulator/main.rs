//! The simulator, one floor up: the real kernel with real plugins on a disk that loses power, tears writes, fills up
//! and fails. Each command writes in two plugins and a native at once (T2), each has an idempotency key (X1), and one
//! that nobody answered is sent again, as a client would. Then it must have happened exactly once, everywhere.
//!
//! Clock, randomness, disk and order follow from a seed; commands go one at a time, since the threads that would
//! mix them are the operating system's, but in bursts (`burst.rs`): there a gate at the disk decides what runs on top
//! of a batch that is being made durable, and may fail. `HAMLET_SEEDS` says how many seeds (default 12), `HAMLET_SEED` runs one. A
//! failing run prints the command that runs it again. Schedules and deliveries are done by hand (`behind.rs`).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    dead_code
)]

#[path = "../kernel/common.rs"]
mod common;
#[path = "../kernel/gate.rs"]
mod gate;

mod behind;
mod burst;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use behind::{Debts, Owed};
use common::{Hands, NEW_YEAR, Tally, Villagers, anna, granting_all, guest, key, script, text};
use hamlet_kernel::{Actor, Answer, Call, CallError, Entropy, Kernel, KernelConfig, OpenError};
use hamlet_store::disk::Disk as _;
use hamlet_store::disk::simulated::{Change, PowerCut, Random, SimulatedDisk};
use hamlet_store::{Background, Work};
use wasmtime::component::Val;

/// Steps of one run.
const STEPS: u64 = 40;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a number"))
}

fn seeds() -> std::ops::Range<u64> {
    match (number("HAMLET_SEED"), number("HAMLET_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, seeds) => 0..seeds.unwrap_or(12),
    }
}

/// Randomness of the kernel from a seed.
struct Seeded(std::sync::Mutex<Random>);

impl Entropy for Seeded {
    fn fill(&self, out: &mut [u8]) {
        self.0.lock().unwrap().fill(out);
    }
}

/// Files of the operating system, in memory where there is such a folder: only the store is on the simulated disk.
fn folder() -> tempfile::TempDir {
    let shared = Path::new("/dev/shm");
    let parent = if shared.is_dir() { shared.to_owned() } else { std::env::temp_dir() };
    tempfile::tempdir_in(parent).unwrap()
}

/// What happened.
#[derive(Clone, Debug, Default)]
struct Seen {
    done: u64,
    undone: u64,
    unanswered: u64,
    repeated: u64,
    opens: u64,
    /// Events that were heard.
    heard: usize,
    /// Runs of schedules.
    runs: u64,
    /// Bursts in which commands ran on top of a batch that was on its way, and commands of those that fell.
    bursts: u64,
    fallen: u64,
}

/// A command.
#[derive(Clone)]
struct Sent {
    line: String,
    key: u64,
    /// Its nested call fails and is undone.
    half: bool,
    owed: Option<Owed>,
}

impl Sent {
    fn call(&self) -> Call {
        let mut call = script(anna(), "first", &self.line);
        call.idempotency = Some(key(NEW_YEAR, self.key));
        call
    }
}

/// How many commands were done when this one was; the largest number where it was not.
fn count_of(answer: &Result<Answer, CallError>) -> u64 {
    let outputs = answer.as_ref().ok().and_then(|answer| text(answer.result.clone()).ok());
    outputs.and_then(|outputs| outputs.split(',').next()?.parse().ok()).unwrap_or(u64::MAX)
}

struct World {
    seed: u64,
    random: Random,
    disk: SimulatedDisk,
    dir: tempfile::TempDir,
    cache: PathBuf,
    hands: Arc<Hands>,
    kernel: Option<Kernel>,
    /// Commands that were acknowledged.
    done: u64,
    /// … and those of them whose nested call failed and was undone.
    halves: u64,
    gate: Arc<gate::Gate>,
    /// Those that nobody answered, with their keys, in their order.
    waiting: Vec<Sent>,
    keys: u64,
    debts: Debts,
    faulted: bool,
    seen: Seen,
    story: Vec<String>,
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the story of seed {}:", self.seed);
            self.story.iter().for_each(|line| println!("  {line}"));
            println!(
                "run it again: HAMLET_SEED={} cargo nextest run --release -p hamlet-kernel --test simulator",
                self.seed
            );
        }
    }
}

impl World {
    fn new(seed: u64, cache: &Path) -> Self {
        let mut random = Random::new(seed);
        let disk = SimulatedDisk::new(random.number());
        let dir = folder();
        // The store's folder is on the other disk, and its name is durable there.
        disk.make_dir(dir.path()).unwrap();
        for above in dir.path().ancestors() {
            disk.sync_dir(above).unwrap();
        }
        // One secret for all, so that the compiled guests are found (J6).
        std::fs::create_dir_all(dir.path().join("keys")).unwrap();
        std::fs::write(dir.path().join("keys/host.key"), [7; 32]).unwrap();
        let mut world = Self {
            seed,
            random,
            disk,
            dir,
            cache: cache.to_owned(),
            hands: Arc::new(Hands(AtomicU64::new(NEW_YEAR))),
            kernel: None,
            done: 0,
            halves: 0,
            gate: Arc::default(),
            waiting: Vec::new(),
            keys: 0,
            debts: Debts::default(),
            faulted: false,
            seen: Seen::default(),
            story: Vec::new(),
        };
        world.open();
        for name in ["third", "first-alone", "second", "first"] {
            let kernel = world.kernel.clone().unwrap();
            let hash = kernel.stage(&guest(name)).unwrap();
            let call = Call::new(Actor::Console, "host", "plugins", "activate", granting_all(hash));
            kernel.call_blocking(call).unwrap().result.unwrap();
        }
        world
    }

    fn config(&self) -> KernelConfig {
        let mut config = KernelConfig::in_dir(self.dir.path());
        config.cache_dir = Some(self.cache.clone());
        config.clock = Arc::clone(&self.hands) as _;
        config.entropy = Arc::new(Seeded(std::sync::Mutex::new(Random::new(self.seed))));
        config.directory = Arc::new(Villagers);
        config.natives = vec![Arc::new(Tally)];
        config.limits.background = false;
        // Whatever else this box does: no command runs beside because it waited for a core.
        config.limits.command_time = Duration::from_secs(30);
        config.limits.batch_time = Duration::from_secs(30);
        config.store.disk_fault = Some(self.gate.fault());
        let entropy = std::sync::Mutex::new(Random::new(self.seed.wrapping_add(1)));
        config.store.entropy = hamlet_store::Entropy(Arc::new(move |bytes| {
            entropy.lock().unwrap().fill(bytes);
            Ok(())
        }));
        config.store.disk = Arc::new(self.disk.clone());
        config.store.background = Background::ByHand;
        config.store.segment_bytes = 16 * 1024;
        config
    }

    fn tell(&mut self, what: impl Into<String>) {
        self.story.push(what.into());
    }

    fn open(&mut self) {
        self.kernel = None;
        for attempt in 0.. {
            match Kernel::open(self.config()) {
                Ok(kernel) => {
                    self.kernel = Some(kernel);
                    break;
                }
                Err(error) => {
                    self.tell(format!("opening failed: {error}"));
                    let expected = matches!(error, OpenError::Store(_) | OpenError::Other(_));
                    assert!(self.faulted && expected && attempt < 4, "the kernel cannot be opened: {error}");
                    self.disk.restart(PowerCut::Sectors);
                    self.disk.set_room(u64::MAX);
                }
            }
        }
        self.seen.opens += 1;
        self.tell("opened");
    }

    fn restart(&mut self, power: bool) {
        self.disk.cut_power();
        self.kernel = None;
        let ways = [PowerCut::Everything, PowerCut::Sectors];
        let way = ways[usize::try_from(self.random.below(2)).unwrap()];
        self.disk.restart(if power { way } else { PowerCut::Nothing });
        self.tell(format!("restarted, {}", if power { format!("{way:?}") } else { "killed".into() }));
        // The steward has made room.
        self.disk.set_room(u64::MAX);
        self.faulted = false;
        self.open();
        self.settle();
        self.check();
    }

    /// A client that got no answer sends it again, with the same key (X1).
    fn settle(&mut self) {
        let again = |sent: Sent| {
            let answer = self.kernel.as_ref().unwrap().call_blocking(sent.call());
            (sent, answer)
        };
        let mut answers: Vec<_> = std::mem::take(&mut self.waiting).into_iter().map(again).collect();
        // Some were done before, and are only answered now: in the order of the journal, as their counts tell it.
        answers.sort_by_key(|(_, answer)| count_of(answer));
        for (sent, answer) in answers {
            self.seen.repeated += 1;
            self.tell(format!("again: {}", sent.line));
            self.answered(sent, answer);
        }
        assert!(self.waiting.is_empty(), "the disk works, and yet it is not answered");
    }

    fn send(&mut self, sent: Sent) {
        let answer = self.kernel.as_ref().unwrap().call_blocking(sent.call());
        self.answered(sent, answer);
    }

    fn answered(&mut self, sent: Sent, answer: Result<Answer, CallError>) {
        let line = sent.line.clone();
        match answer {
            Ok(answer) => {
                let result = text(answer.result);
                self.tell(format!("{line}: {result:?}"));
                match result {
                    Ok(outputs) => {
                        self.done += 1;
                        self.halves += u64::from(sent.half);
                        sent.owed.into_iter().for_each(|owed| self.debts.add(owed));
                        self.seen.done += 1;
                        assert!(outputs.starts_with(&format!("{},", self.done)), "the count: {outputs}");
                    }
                    Err(why) => {
                        assert_eq!(why, "no");
                        self.seen.undone += 1;
                    }
                }
            }
            Err(CallError::Trapped { .. }) => self.seen.undone += 1,
            Err(error) => {
                assert!(self.faulted, "{line}: {error}");
                assert!(
                    matches!(error, CallError::Commit(_) | CallError::Store(_) | CallError::ShuttingDown),
                    "{error:?}"
                );
                self.tell(format!("{line}: {error}"));
                self.seen.unanswered += 1;
                self.waiting.push(sent);
            }
        }
    }

    fn command(&mut self) {
        let sent = self.next_command();
        self.send(sent);
    }

    fn next_command(&mut self) -> Sent {
        self.keys += 1;
        self.hands.0.fetch_add(1_000, Ordering::SeqCst);
        let (number, nested) = (self.keys, "call second run [add total 1; set last x]; native add 1");
        let (owing, owed) = self.owing();
        let (line, half) = match self.random.below(6) {
            0 => (format!("add total 1; {nested}{owing}; fail no"), false),
            1 => (format!("add total 1; {nested}{owing}; trap"), false),
            2 => (
                format!(
                    "add total 1; call second run [add total 1; fail no]; native add 1; set h{number} 1{owing}"
                ),
                true,
            ),
            _ => (format!("add total 1; set row{number} {number}; {nested}{owing}"), false),
        };
        Sent { line, key: number, half, owed }
    }

    fn step(&mut self) {
        let kernel = self.kernel.clone().unwrap();
        match self.random.below(26) {
            0..10 => self.command(),
            23..26 => self.burst(),
            20 => self.work_behind(),
            21 | 22 => self.time_passes(),
            10 => drop(kernel.store().work(Work::Fold)),
            11 => drop(kernel.store().work(Work::SaveProofs)),
            12 | 13 => {
                self.tell("the power will go");
                self.faulted = true;
                self.disk.cut_power_after(self.random.below(12));
            }
            14 => {
                drop(kernel);
                return self.restart(true);
            }
            15 => {
                drop(kernel);
                return self.restart(false);
            }
            16 => self.fault(Change::Write),
            17 => self.fault(Change::Flush),
            18 => {
                self.tell("the disk is full");
                self.faulted = true;
                self.disk.set_room(self.disk.used());
            }
            _ => {
                self.tell("the disk has room");
                self.disk.set_room(u64::MAX);
            }
        }
        drop(kernel);
        if self.disk.is_down() {
            return self.restart(true);
        }
        if !self.waiting.is_empty() {
            // The steward starts the host again.
            self.restart(false);
        }
    }

    fn fault(&mut self, change: Change) {
        self.tell(format!("the next {change:?} fails"));
        self.faulted = true;
        self.disk.fail_next(change);
    }

    /// T2, X1: what was done is there in all three places, once each, and nothing else is.
    fn check(&mut self) {
        let kernel = self.kernel.as_ref().unwrap();
        let look = |plugin: &str, line: &str| {
            let call = Call::new(anna(), plugin, "", "look", vec![Val::String(line.into())]);
            text(kernel.call_blocking(call).unwrap().result).unwrap()
        };
        let total = |plugin| counter(kernel, plugin, "total");
        assert_eq!(total("first"), self.done, "in the first plugin");
        assert_eq!(total("second"), self.done - self.halves, "in the second");
        assert_eq!(look("first", "native get"), self.done.to_string(), "in the native");
        for record in kernel.store().journal(1).unwrap() {
            record.unwrap();
        }
        let proofs = kernel.store().proofs().unwrap();
        proofs.wait_for(kernel.head()).unwrap();
        self.check_behind();
    }
}

/// The counter behind `add`, through a scan of the rows of all namespaces' key: the guest shows bytes only.
fn counter(kernel: &Kernel, plugin: &str, name: &str) -> u64 {
    let line = format!("?add {name} 0");
    let call = script(anna(), plugin, &line);
    let dry = common::block_on(kernel.dry_run(call)).unwrap();
    text(dry.result).unwrap().parse().unwrap()
}

#[test]
fn x1_t2_each_command_happens_exactly_once_everywhere_whatever_the_disk_does() {
    let cache = folder();
    let mut all = Seen::default();
    for seed in seeds() {
        let mut world = World::new(seed, cache.path());
        for _ in 0..STEPS {
            world.step();
        }
        world.disk.set_room(u64::MAX);
        world.restart(false);
        world.settle_debts();
        all.heard += world.debts.heard();
        all.runs += world.debts.runs;
        let seen = &world.seen;
        all.done += seen.done;
        all.undone += seen.undone;
        all.unanswered += seen.unanswered;
        all.repeated += seen.repeated;
        all.opens += seen.opens;
        all.bursts += seen.bursts;
        all.fallen += seen.fallen;
    }
    println!("{all:?}");
    if seeds().count() >= 10 {
        assert!(all.done > 100 && all.undone > 20 && all.unanswered > 5 && all.repeated > 5, "{all:?}");
        assert!(all.heard > 20 && all.runs > 20, "{all:?}");
        assert!(all.bursts > 10 && all.fallen > 5, "{all:?}");
    }
}

#[test]
fn a_seed_gives_the_same_run_each_time() {
    let cache = folder();
    let run = |seed| {
        let mut world = World::new(seed, cache.path());
        for _ in 0..STEPS {
            world.step();
        }
        (world.disk.trace().0, world.story.clone())
    };
    assert_eq!(run(3), run(3));
}
