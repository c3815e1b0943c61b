//! Which event goes to whom next: the sequencer's memory of its deliveries.
//!
//! All of it can be lost: the rows say what is still to be told, and a restart only forgets how
//! often a handler failed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::event::{Delivery, Event};
use super::{Subscriptions, cursor_key, event_key, event_prefix, number, parse_event_key};
use crate::call::CallError;
use crate::rows::{OwnRows, with_prefix};

/// The wait after the first failure, in microseconds; it doubles.
const FIRST_WAIT_MICROS: u64 = 1_000_000;
/// The longest wait, in microseconds: an hour.
const WAIT_MICROS_MAX: u64 = 3_600 * 1_000_000;
/// How often an event's handler is tried again, over some five hours, before the event is set aside (E2).
pub const RETRIES_MAX: u32 = 16;
/// Rows that one look for the next event reads at a time.
const PAGE: usize = 16;

/// Emitter and subscriber.
type LineKey = (Arc<str>, Arc<str>);

/// The lines from emitters to subscribers, and how each is doing.
#[derive(Debug, Default)]
pub struct Deliveries {
    subscriptions: Arc<Subscriptions>,
    lines: BTreeMap<LineKey, Line>,
    /// The line that was served last: the next one comes after it.
    last: Option<LineKey>,
}

#[derive(Debug, Default)]
struct Line {
    /// Nothing was found to tell since the emitter last committed something.
    asleep: bool,
    /// An event is with the subscriber: the next must wait for its end (E2).
    under_way: bool,
    /// Failures in a row of the event at the head.
    failures: u32,
    not_before: u64,
}

/// A line whose handler fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// Who emitted the event.
    pub emitter: Arc<str>,
    /// Whose handler fails.
    pub subscriber: Arc<str>,
    /// How often in a row.
    pub failures: u32,
    /// When it is tried again, in microseconds.
    pub next_try: u64,
}

impl Deliveries {
    /// Follows other subscriptions from now on. Every line is looked at once, since rows may wait
    /// from before a restart.
    pub fn follow(&mut self, subscriptions: Arc<Subscriptions>) {
        let lines = subscriptions.lines();
        let mut old = std::mem::take(&mut self.lines);
        for key in lines {
            let line = old.remove(&key).unwrap_or_default();
            self.lines.insert(key, Line { asleep: false, ..line });
        }
        self.subscriptions = subscriptions;
    }

    /// What is followed.
    pub fn subscriptions(&self) -> &Arc<Subscriptions> {
        &self.subscriptions
    }

    /// A transaction that emitted events of this plugin is committed.
    pub fn wake(&mut self, emitter: &str) {
        for (_, line) in self.lines.iter_mut().filter(|((of, _), _)| **of == *emitter) {
            line.asleep = false;
        }
    }

    /// Whether [`Self::next`] may find something now. Cheap.
    pub fn pending(&self, now: u64) -> bool {
        self.lines.values().any(|line| line.ready(now))
    }

    /// The earliest time at which a line that failed is tried again.
    pub fn next_try(&self) -> Option<u64> {
        let waiting =
            self.lines.values().filter(|line| !line.asleep && !line.under_way && line.not_before > 0);
        waiting.map(|line| line.not_before).min()
    }

    /// The next event to tell, in turn of the lines; `runs` says whether a subscriber answers now.
    ///
    /// Its line then waits for [`Self::succeeded`] or [`Self::failed`].
    ///
    /// # Errors
    /// The store failed.
    pub fn next(
        &mut self,
        rows: &mut dyn OwnRows,
        now: u64,
        runs: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Delivery>, CallError> {
        for key in self.ready_in_turn(now) {
            if !runs(&key.1) {
                continue;
            }
            match next_of(rows, &self.subscriptions, &key)? {
                Found::Delivery(delivery) => {
                    self.at(&key, |line| line.under_way = true);
                    self.last = Some(key);
                    return Ok(Some(delivery));
                }
                Found::Nothing => self.at(&key, |line| line.asleep = true),
                Found::Damaged(number) => {
                    tracing::error!(emitter = &*key.0, subscriber = &*key.1, number, "a damaged event");
                    self.at(&key, |line| line.fail(now));
                }
            }
        }
        Ok(None)
    }

    /// The handler's transaction is committed, or the event turned out to be told already.
    pub fn succeeded(&mut self, delivery: &Delivery) {
        self.at(&key_of(delivery), |line| *line = Line::default());
    }

    /// The handler failed in any way, and its transaction is rolled back: it is tried again later. Gives how
    /// often it failed in a row; above [`RETRIES_MAX`] the event is to be set aside.
    pub fn failed(&mut self, delivery: &Delivery, now: u64) -> u32 {
        let mut failures = 0;
        self.at(&key_of(delivery), |line| {
            line.under_way = false;
            line.fail(now);
            failures = line.failures;
        });
        failures
    }

    /// The handler did not get to run (`busy`, `contended`, a failed commit): it is tried again at a time, in
    /// microseconds, without counting.
    pub fn postponed(&mut self, delivery: &Delivery, until: u64) {
        self.at(&key_of(delivery), |line| (line.under_way, line.not_before) = (false, until));
    }

    /// The event is being set aside, beside the sequencer: its line waits for the end of that.
    pub fn hold(&mut self, delivery: &Delivery) {
        self.at(&key_of(delivery), |line| line.under_way = true);
    }

    /// The lines whose handlers fail, for stewards and metrics.
    pub fn stuck(&self) -> Vec<Stuck> {
        let failing = self.lines.iter().filter(|(_, line)| line.failures > 0);
        failing
            .map(|((emitter, subscriber), line)| Stuck {
                emitter: Arc::clone(emitter),
                subscriber: Arc::clone(subscriber),
                failures: line.failures,
                next_try: line.not_before,
            })
            .collect()
    }

    fn at(&mut self, key: &LineKey, change: impl FnOnce(&mut Line)) {
        if let Some(line) = self.lines.get_mut(key) {
            change(line);
        }
    }

    fn ready_in_turn(&self, now: u64) -> Vec<LineKey> {
        let ready = self.lines.iter().filter(|(_, line)| line.ready(now)).map(|(key, _)| key.clone());
        let (served, not_yet): (Vec<_>, Vec<_>) =
            ready.partition(|key| self.last.as_ref().is_some_and(|last| key <= last));
        [not_yet, served].concat()
    }
}

impl Line {
    fn ready(&self, now: u64) -> bool {
        !self.asleep && !self.under_way && self.not_before <= now
    }

    fn fail(&mut self, now: u64) {
        // 2^12 seconds are over an hour.
        let wait = (FIRST_WAIT_MICROS << self.failures.min(12)).min(WAIT_MICROS_MAX);
        self.failures = self.failures.saturating_add(1);
        self.not_before = now.saturating_add(wait);
    }
}

enum Found {
    Delivery(Delivery),
    Nothing,
    Damaged(u64),
}

fn next_of(
    rows: &mut dyn OwnRows,
    subscriptions: &Subscriptions,
    (emitter, subscriber): &LineKey,
) -> Result<Found, CallError> {
    // Who has no cursor subscribed after the last event.
    let Some(mut had) = number(rows, &cursor_key(emitter, subscriber))? else { return Ok(Found::Nothing) };
    let prefix = event_prefix(emitter);
    while let Some(from) = had.checked_add(1) {
        let page = with_prefix(rows, &prefix, &event_key(emitter, from), PAGE)?;
        for (key, row) in &page {
            let Some((_, number)) = parse_event_key(key) else { continue };
            had = number;
            let Some(event) = Event::decode(row) else { return Ok(Found::Damaged(number)) };
            if !subscriptions.listening(emitter, &event.interface).contains(subscriber) {
                continue;
            }
            let delivery = Delivery::of(event, number, Arc::clone(emitter), Arc::clone(subscriber));
            return Ok(delivery.map_or(Found::Damaged(number), Found::Delivery));
        }
        if page.len() < PAGE {
            break;
        }
    }
    Ok(Found::Nothing)
}

fn key_of(delivery: &Delivery) -> LineKey {
    (Arc::clone(&delivery.emitter), Arc::clone(&delivery.subscriber))
}
