//! What the host does by itself (events, schedules), in the simulated village: what is owed, and what was done of it.
//!
//! The first guest emits, the third hears; the first sets schedules for one time and for each hour. Whatever the disk
//! does: an event of a command that happened is heard once and in order (E2), one that the guest cannot take is told
//! as a gap in its place, nothing is heard of what was undone; a schedule runs once for its time, one that comes again
//! once for each of its times (E4), and one that fails leaves nothing.

use std::sync::atomic::Ordering;

use hamlet_kernel::Call;
use wasmtime::component::Val;

use crate::common::{NEW_YEAR, anna, text};
use crate::{World, counter};

const MINUTE: u64 = 60_000_000;
const HOUR: u64 = 60 * MINUTE;
/// Rounds of an hour in which whatever is owed must be done in the end: seventeen tries of one event take five hours,
/// and a restart forgets how many there were.
const ROUNDS_MAX: usize = 400;

/// What a command leaves to be done, if it happens.
#[derive(Clone, Debug)]
pub enum Owed {
    /// It emitted an event with this text.
    Event(String),
    /// A schedule of this name at a time; it counts itself.
    Once(String, u64),
    /// One of this name for each hour from a time on.
    Hourly(String, u64),
    /// One at this time that fails after it wrote.
    Failing(String),
}

/// What is owed by all commands that happened.
#[derive(Default)]
pub struct Debts {
    /// What the third guest must hear, in order.
    heard: Vec<String>,
    /// … of which so many were heard at the last look.
    known: usize,
    events: u64,
    once: Vec<(String, u64)>,
    hourly: Vec<(String, u64)>,
    failing: Vec<String>,
    /// Most runs of each schedule that were seen.
    pub runs: u64,
}

impl Debts {
    /// A command with this happened.
    pub fn add(&mut self, owed: Owed) {
        match owed {
            Owed::Event(text) => {
                self.events += 1;
                let gap = format!("gap:first/{}/test:kit/noticed@0.1.0/happened", self.events);
                self.heard.push(if text == "poison" { gap } else { text });
            }
            Owed::Once(name, due) => self.once.push((name, due)),
            Owed::Hourly(name, from) => self.hourly.push((name, from)),
            Owed::Failing(name) => self.failing.push(name),
        }
    }

    pub fn heard(&self) -> usize {
        self.known
    }
}

impl World {
    /// A statement that leaves something to be done, and what.
    pub fn owing(&mut self) -> (String, Option<Owed>) {
        let number = self.keys;
        let due = self.now() + self.random.below(3 * HOUR);
        match self.random.below(10) {
            0..4 => (format!("; emit e{number}"), Some(Owed::Event(format!("e{number}")))),
            4 if self.random.one_in(6) => ("; emit poison".into(), Some(Owed::Event("poison".into()))),
            5 | 6 => {
                let name = format!("s{number}");
                (format!("; at {name} {due} [add {name} 1]"), Some(Owed::Once(name, due)))
            }
            7 if self.debts.hourly.len() < 3 => {
                let name = format!("t{number}");
                let line = format!("; every {name} FREQ=HOURLY UTC {due} each [add {name} 1]");
                (line, Some(Owed::Hourly(name, due)))
            }
            8 => {
                let name = format!("f{number}");
                (format!("; at {name} {due} [add {name} 1; fail no]"), Some(Owed::Failing(name)))
            }
            _ => (String::new(), None),
        }
    }

    fn now(&self) -> u64 {
        self.kernel.as_ref().unwrap().now()
    }

    /// Time goes on, or the clock is set back; a steward says that it is right (T9).
    pub fn time_passes(&mut self) {
        let by = self.random.below(90 * MINUTE);
        if self.random.one_in(5) {
            self.hands.0.fetch_sub(by.min(self.hands.0.load(Ordering::SeqCst) - NEW_YEAR), Ordering::SeqCst);
            self.tell(format!("the clock is set back by {} minutes", by / MINUTE));
        } else {
            self.hands.0.fetch_add(by, Ordering::SeqCst);
            self.tell(format!("{} minutes pass", by / MINUTE));
        }
        self.kernel.as_ref().unwrap().confirm_clock();
        self.work_behind();
    }

    /// The host does what is owed now, as far as the disk lets it.
    pub fn work_behind(&mut self) {
        let kernel = self.kernel.clone().unwrap();
        // On a disk that takes nothing there is always more to do.
        for _ in 0..8 {
            if !kernel.work_behind().unwrap_or(false) {
                break;
            }
        }
        self.tell("the host did what it owed");
    }

    /// E2, E4: nothing was done twice, too early, or out of order.
    pub fn check_behind(&mut self) {
        let kernel = self.kernel.as_ref().unwrap();
        let call = Call::new(anna(), "third", "", "look", vec![Val::String("get heard".into())]);
        let heard = text(kernel.call_blocking(call).unwrap().result).unwrap();
        let heard: Vec<&str> = heard.split(' ').skip(1).collect();
        assert!(self.debts.heard.iter().map(String::as_str).take(heard.len()).eq(heard.iter().copied()));
        assert!(heard.len() >= self.debts.known, "E2: what was heard is forgotten");
        self.debts.known = heard.len();
        let now = kernel.now();
        let mut runs = 0;
        for (name, due) in &self.debts.once {
            let count = counter(kernel, "first", name);
            assert!(count <= u64::from(*due <= now), "E4: {name} ran {count} times, due {due}, now {now}");
            runs += count;
        }
        for (name, from) in &self.debts.hourly {
            let (count, times) = (counter(kernel, "first", name), times(*from, now));
            assert!(count <= times, "E4: {name} from {from} ran {count} times of {times} until {now}");
            runs += count;
        }
        for name in &self.debts.failing {
            assert_eq!(counter(kernel, "first", name), 0, "E4: what failed left something: {name}");
        }
        assert!(runs >= self.debts.runs, "E4: a run is forgotten");
        self.debts.runs = runs;
    }

    /// On a disk that works everything that is owed is done in the end.
    pub fn settle_debts(&mut self) {
        self.tell("the end");
        for _ in 0..ROUNDS_MAX {
            self.hands.0.fetch_add(HOUR + MINUTE, Ordering::SeqCst);
            self.kernel.as_ref().unwrap().confirm_clock();
            self.work_behind();
            self.check_behind();
            if self.debts.known == self.debts.heard.len() && self.all_ran() {
                return;
            }
        }
        panic!("heard {} of {}, or a schedule did not run", self.debts.known, self.debts.heard.len());
    }

    fn all_ran(&self) -> bool {
        let kernel = self.kernel.as_ref().unwrap();
        let now = kernel.now();
        self.debts.once.iter().all(|(name, _)| counter(kernel, "first", name) == 1)
            && self
                .debts
                .hourly
                .iter()
                .all(|(name, from)| counter(kernel, "first", name) == times(*from, now))
    }
}

/// How many times an hourly schedule from `from` on had until `now`: it is a plain distance of time, to the microsecond.
fn times(from: u64, now: u64) -> u64 {
    now.checked_sub(from).map_or(0, |passed| passed / HOUR + 1)
}
