//! Which functions were found to need more than the sequencer's time.
//!
//! One that was found long runs beside from then on, so it costs the sequencer its time once. But a function that
//! every member calls may be found long by accident (a disk that stood still, one call with a huge list), and beside
//! it would be slower, and contended, for ever: so one that then is short beside, time after time, is given another
//! chance. How soon doubles with each time that it is found long again, from a minute to a day: one that makes use of
//! this costs its neighbours 50 ms in a minute at first, and soon nothing.
//!
//! For the same reason one that did well a thousand times before, or for a second in all, is forgiven, if that was not
//! within the last minute; only the call that took too long then runs beside.
//!
//! A function whose calls fail slowly (a write-set that is always too large, a trap after much work) is taken for long
//! as well, after three: each costs the sequencer a little less than its 50 ms, and nothing comes of it.
//!
//! In memory only: after a restart each is found again.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Task;
use crate::catalogue::Callable;
use crate::kernel::Shared;

/// When it gets another chance at the earliest, the first time; it doubles.
const WAIT: Duration = Duration::from_mins(1);
/// The longest wait.
const WAIT_MAX: Duration = Duration::from_hours(24);
/// Short runs in a row before it does.
const SHORT_RUNS: u32 = 8;

/// So many calls that fail slowly, since it was found long last, are as one that needs too much time.
const SLOW_FAILURES: u32 = 3;

/// So many calls within the time, before one that was not, show that it was an accident; a longer one counts for each of
/// its milliseconds.
const QUICK_RUNS: u32 = 1_000;

/// What was found long. A plugin's other version is another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    /// The hash of the component; empty: a native.
    component: String,
    interface: String,
    /// Found in a transaction of several calls, which says nothing of one.
    with_others: bool,
}

#[derive(Debug)]
struct Found {
    key: Key,
    times: u32,
    last: Instant,
    short_runs: u32,
    /// It has its other chance.
    free: bool,
}

impl Found {
    fn new(key: Key, now: Instant, quick_runs: u32) -> Self {
        Self { key, times: 1, last: now, short_runs: 0, free: quick_runs >= QUICK_RUNS }
    }

    fn again(&mut self, now: Instant, quick_runs: u32) {
        let long_ago = now.duration_since(self.last) >= WAIT;
        self.times = self.times.saturating_add(1);
        (self.last, self.short_runs) = (now, 0);
        self.free = self.free && long_ago && quick_runs >= QUICK_RUNS;
    }

    fn took(&mut self, short: bool, now: Instant) {
        self.short_runs = if short { self.short_runs.saturating_add(1) } else { 0 };
        self.free |= self.short_runs >= SHORT_RUNS && now.duration_since(self.last) >= self.wait();
    }

    fn wait(&self) -> Duration {
        WAIT.saturating_mul(1 << self.times.saturating_sub(1).min(16)).min(WAIT_MAX)
    }
}

/// The functions that were found long, by their names.
#[derive(Debug, Default)]
pub(super) struct Long {
    any: AtomicBool,
    found: Mutex<HashMap<String, Vec<Found>>>,
}

impl Long {
    /// Whether one of a task's functions was found long.
    pub(super) fn knows(&self, shared: &Shared, task: &Task) -> bool {
        if !self.any.load(Ordering::Relaxed) {
            return false;
        }
        let found = self.found.lock();
        task.callables().any(|callable| {
            let Some(of_name) = found.get(&callable.function.name) else { return false };
            let keys = keys(shared, callable, task);
            of_name.iter().any(|one| !one.free && keys.contains(&one.key))
        })
    }

    /// The function at this place among a task's calls was at work when the time was up.
    pub(super) fn found(&self, shared: &Shared, task: &Task, index: usize) {
        let Some(callable) = task.callables().nth(index) else { return };
        let Some(key) = keys(shared, callable, task).into_iter().next() else { return };
        self.remember(callable, key);
    }

    /// A call failed after a while, without needing more time than there is.
    pub(super) fn failed_slowly(&self, shared: &Shared, callable: &Callable) {
        if callable.slow_failures.fetch_add(1, Ordering::Relaxed) + 1 >= SLOW_FAILURES {
            self.remember(callable, alone(shared, callable));
        }
    }

    fn remember(&self, callable: &Callable, key: Key) {
        callable.slow_failures.store(0, Ordering::Relaxed);
        let (plugin, function) = (&*callable.plugin, &callable.function.name);
        tracing::info!(
            plugin,
            function,
            "a command runs beside the sequencer from now on: it takes too much of its time"
        );
        let (now, quick_runs) = (Instant::now(), callable.quick_runs.swap(0, Ordering::Relaxed));
        let mut found = self.found.lock();
        let of_name = found.entry(callable.function.name.clone()).or_default();
        match of_name.iter_mut().find(|one| one.key == key) {
            Some(one) => one.again(now, quick_runs),
            None => of_name.push(Found::new(key, now, quick_runs)),
        }
        self.any.store(true, Ordering::Relaxed);
    }

    /// A task ran beside, and took so long.
    pub(super) fn took(&self, shared: &Shared, task: &Task, time: Duration) {
        if !self.any.load(Ordering::Relaxed) {
            return;
        }
        let short = time < shared.limits.command_time / 2;
        let now = Instant::now();
        let mut found = self.found.lock();
        for callable in task.callables() {
            let Some(of_name) = found.get_mut(&callable.function.name) else { continue };
            let keys = keys(shared, callable, task);
            for one in of_name.iter_mut().filter(|one| keys.contains(&one.key)) {
                one.took(short, now);
            }
        }
    }
}

/// Under which a function of a task is known: the first is that under which it would be found.
fn keys(shared: &Shared, callable: &Callable, task: &Task) -> Vec<Key> {
    let alone = alone(shared, callable);
    match task {
        Task::All(..) => vec![Key { with_others: true, ..alone.clone() }, alone],
        Task::Call(..) | Task::DryRun(..) | Task::Duty(..) => vec![alone],
    }
}

/// Under which it is known when it is called by itself.
fn alone(shared: &Shared, callable: &Callable) -> Key {
    let table = shared.table();
    let plugin = table.catalogue.plugins.get(&callable.plugin);
    let component = plugin.map(|plugin| plugin.component.clone()).unwrap_or_default();
    Key { component, interface: callable.interface.id.clone(), with_others: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(now: Instant) -> Found {
        Found::new(Key { component: String::new(), interface: String::new(), with_others: false }, now, 0)
    }

    #[test]
    fn t7_the_wait_for_another_chance_doubles_to_a_day() {
        let mut found = found(Instant::now());
        let waits: Vec<u64> = [1, 2, 3, 11, 12, u32::MAX]
            .into_iter()
            .map(|times| {
                found.times = times;
                found.wait().as_secs()
            })
            .collect();
        assert_eq!(waits, [60, 120, 240, 61_440, 86_400, 86_400]);
    }

    #[test]
    fn t7_another_chance_is_for_those_that_are_short_time_after_time_and_only_after_the_wait() {
        let begun = Instant::now();
        let (soon, later) = (begun + WAIT / 2, begun + WAIT);
        let after = |runs: &[(bool, Instant)]| {
            let mut found = found(begun);
            for (short, at) in runs {
                found.took(*short, *at);
            }
            found.free
        };
        assert!(after(&[(true, later); 8]));
        assert!(!after(&[(true, later); 7]));
        assert!(!after(&[(true, soon); 100]));
        assert!(!after(&[[(true, later); 7].as_slice(), &[(false, later)], &[(true, later); 7]].concat()));
        let mut twice = found(begun);
        twice.again(begun, 0);
        for _ in 0..8 {
            twice.took(true, later);
        }
        assert!(!twice.free, "it waits twice as long");
    }

    #[test]
    fn t7_an_accident_is_forgiven_once_a_minute_to_what_is_quick_otherwise() {
        let begun = Instant::now();
        let key = found(begun).key;
        let again = |at: Instant, quick_runs: u32| {
            let mut found = Found::new(key.clone(), begun, QUICK_RUNS);
            assert!(found.free);
            found.again(at, quick_runs);
            found.free
        };
        assert!(again(begun + WAIT, QUICK_RUNS));
        assert!(!again(begun + WAIT, QUICK_RUNS - 1));
        assert!(!again(begun + WAIT / 2, QUICK_RUNS));
        assert!(!Found::new(key, begun, QUICK_RUNS - 1).free);
    }
}
