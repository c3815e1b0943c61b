//! Events: what one plugin tells others, in order, after it is committed (E1 to E3).
//!
//! An event interface is a WIT interface of functions without results. The emitter imports it and
//! calls it; subscribers export it; the host stands in between. [`write`] writes a row in the emitter's
//! own transaction, so an event is exactly as true as what it tells of. The sequencer then asks
//! [`Deliveries::next`] what is to be told to whom, and runs the subscriber's function as a command of
//! its own, in whose transaction [`advance`] moves the subscriber's cursor: told exactly once.
//!
//! - Order is that of emission, per emitter and subscriber (E2). One is under way at a time; a handler
//!   that fails is tried again later, longer each time, and what comes after waits. After
//!   [`RETRIES_MAX`] retries the event is set aside as a dead letter ([`letters`]), the subscriber is
//!   told of the gap if it exports `hamlet:host/gaps`, and what comes after goes on.
//! - A paused or absent subscriber's events wait.
//! - A subscriber hears what is emitted from its subscription on.
//! - Depth of causality and events per transaction are limited (E3).
//! - Without a subscriber nothing is written: live streams get events from memory.
//!
//! If it is wrong, subscribers disagree with the emitter about what happened.
//!
//! Rows (namespace `EVENTS`; numbers big end first):
//!
//! ```text
//! n emitter                  the number of its last event (u64)
//! e emitter 0 number         an event that not all its subscribers have had
//! c emitter 0 subscriber     the number of the last event that it had (u64)
//! x, r                       dead letters: see [`letters`]
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hamlet_bundle::Manifest;
use hamlet_reflect::{Function, Id};
use wasmtime::component::Val;

use crate::call::CallError;
use crate::rows::{OwnRows, with_prefix};

mod deliveries;
mod event;
pub mod letters;

pub use deliveries::{Deliveries, RETRIES_MAX, Stuck};
pub use event::Delivery;

use event::Event;

/// Most events of one transaction.
pub const EVENTS_PER_TRANSACTION_MAX: u32 = 10_000;
/// How far an event may be from a person's call, a schedule's or a decision's: an event that a handler
/// of an event emits is at 2.
pub const CAUSALITY_DEPTH_MAX: u8 = 8;
/// Most bytes of an event's arguments.
pub const ARGUMENT_BYTES_MAX: usize = 65_000;
/// Rows that [`tidy`] looks at in one go.
const TIDY_ROWS_MAX: usize = 1_024;

/// Who listens to what: made anew whenever the installed plugins change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscriptions {
    /// Subscribers by emitter and interface, in order.
    by_emitter: BTreeMap<Arc<str>, Listening>,
}

/// Of one emitter: the subscribers of each interface.
type Listening = BTreeMap<Arc<str>, Vec<Arc<str>>>;

impl Subscriptions {
    /// From the manifests of all installed plugins, paused ones too.
    pub fn of<'a>(manifests: impl IntoIterator<Item = &'a Manifest>) -> Self {
        let manifests: Vec<&Manifest> = manifests.into_iter().collect();
        let mut by_emitter: BTreeMap<Arc<str>, Listening> = BTreeMap::new();
        for emitter in &manifests {
            for emit in &emitter.emits {
                let listening = manifests.iter().filter(|other| other.subscribes.contains(&emit.interface));
                let subscribers: Vec<Arc<str>> = listening.map(|other| Arc::from(&*other.name)).collect();
                if !subscribers.is_empty() {
                    let of_emitter = by_emitter.entry(Arc::from(&*emitter.name)).or_default();
                    of_emitter.insert(Arc::from(&*emit.interface), subscribers);
                }
            }
        }
        Self { by_emitter }
    }

    /// Who listens to this interface of this emitter.
    pub fn listening(&self, emitter: &str, interface: &str) -> &[Arc<str>] {
        self.by_emitter.get(emitter).and_then(|of| of.get(interface)).map_or(&[], Vec::as_slice)
    }

    /// All pairs of emitter and subscriber.
    fn lines(&self) -> BTreeSet<(Arc<str>, Arc<str>)> {
        let of = |(emitter, interfaces): (&Arc<str>, &Listening)| {
            let subscribers: Vec<_> = interfaces.values().flatten().map(Arc::clone).collect();
            let emitter = Arc::clone(emitter);
            subscribers.into_iter().map(move |subscriber| (Arc::clone(&emitter), subscriber))
        };
        self.by_emitter.iter().flat_map(of).collect()
    }

    fn listens(&self, emitter: &str, subscriber: &str) -> bool {
        let of = self.by_emitter.get(emitter);
        of.is_some_and(|of| of.values().flatten().any(|name| &**name == subscriber))
    }
}

/// How many events the running transaction emitted. Not rolled back: it bounds work, not rows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Emitted(u32);

/// An event that a plugin emits.
#[derive(Clone, Copy, Debug)]
pub struct Emission<'a> {
    /// The plugin.
    pub emitter: &'a Arc<str>,
    /// The event interface, whole.
    pub interface: &'a str,
    /// Its function.
    pub function: &'a str,
    /// One value per parameter, in binary.
    pub arguments: &'a [u8],
    /// How far the running transaction is from a call without events: 0, or [`Delivery::depth`].
    pub depth: u8,
    /// The transaction's time, in microseconds.
    pub time: u64,
}

/// Checks an event against the limits and gives its row for [`write`]; none when nobody subscribed to it.
///
/// # Errors
/// Dooms the transaction when a limit of E3 is passed.
pub fn prepare(
    subscriptions: &Subscriptions,
    emitted: &mut Emitted,
    emission: Emission<'_>,
) -> Result<Option<Vec<u8>>, CallError> {
    let quota = |what: String| CallError::Quota { plugin: Arc::clone(emission.emitter), what };
    emitted.0 += 1;
    if emitted.0 > EVENTS_PER_TRANSACTION_MAX {
        return Err(quota(format!("{EVENTS_PER_TRANSACTION_MAX} events in a transaction")));
    }
    if subscriptions.listening(emission.emitter, emission.interface).is_empty() {
        return Ok(None);
    }
    if emission.depth >= CAUSALITY_DEPTH_MAX {
        return Err(quota(format!("{CAUSALITY_DEPTH_MAX} events that cause one another")));
    }
    let event = Event::of(&emission);
    if event.arguments.len() > ARGUMENT_BYTES_MAX {
        return Err(quota(format!("{ARGUMENT_BYTES_MAX} bytes of an event's arguments")));
    }
    Ok(Some(event.encode()))
}

/// Writes an event that was prepared into the running transaction; gives its number.
///
/// Cost: some four row operations, and one more per subscriber.
///
/// # Errors
/// The store fails, or a row is damaged.
pub fn write(
    rows: &mut dyn OwnRows,
    subscriptions: &Subscriptions,
    emitter: &str,
    interface: &str,
    row: &[u8],
) -> Result<u64, CallError> {
    let last = number(rows, &last_key(emitter))?.unwrap_or(0);
    let number = last.checked_add(1).ok_or_else(|| CallError::internal("event numbers have run out"))?;
    rows.set(&last_key(emitter), &number.to_be_bytes())?;
    rows.set(&event_key(emitter, number), row)?;
    for subscriber in subscriptions.listening(emitter, interface) {
        start_here(rows, emitter, subscriber, last)?;
    }
    Ok(number)
}

/// [`prepare`] and [`write`]; 0 where nobody subscribed.
///
/// # Errors
/// As theirs.
#[cfg(test)]
pub fn emit(
    rows: &mut dyn OwnRows,
    subscriptions: &Subscriptions,
    emitted: &mut Emitted,
    emission: Emission<'_>,
) -> Result<u64, CallError> {
    match prepare(subscriptions, emitted, emission)? {
        Some(row) => write(rows, subscriptions, emission.emitter, emission.interface, &row),
        None => Ok(0),
    }
}

/// A new subscriber's cursor: it has had all before this event.
fn start_here(rows: &mut dyn OwnRows, emitter: &str, subscriber: &str, last: u64) -> Result<(), CallError> {
    let key = cursor_key(emitter, subscriber);
    if rows.get(&key)?.is_none() { rows.set(&key, &last.to_be_bytes()) } else { Ok(()) }
}

/// Moves the subscriber's cursor past an event, in the transaction of the handler and before it runs.
/// False: it had the event already, and must not be told again.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn advance(
    rows: &mut dyn OwnRows,
    subscriptions: &Subscriptions,
    delivery: &Delivery,
) -> Result<bool, CallError> {
    let key = cursor_key(&delivery.emitter, &delivery.subscriber);
    if number(rows, &key)?.is_none_or(|had| had >= delivery.number) {
        return Ok(false);
    }
    rows.set(&key, &delivery.number.to_be_bytes())?;
    let listening = subscriptions.listening(&delivery.emitter, &delivery.interface);
    drop_if_had_by_all(rows, &delivery.emitter, delivery.number, listening)?;
    Ok(true)
}

fn drop_if_had_by_all(
    rows: &mut dyn OwnRows,
    emitter: &str,
    event: u64,
    listening: &[Arc<str>],
) -> Result<bool, CallError> {
    for subscriber in listening {
        // Who has no cursor yet subscribed after this event.
        if number(rows, &cursor_key(emitter, subscriber))?.is_some_and(|had| had < event) {
            return Ok(false);
        }
    }
    rows.delete(&event_key(emitter, event))
}

/// Drops cursors of those who no longer listen, and events for which only they had waited; in a
/// transaction of its own after the installed plugins changed. `from` is empty at first; gives where
/// to go on, none when done.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn tidy(
    rows: &mut dyn OwnRows,
    subscriptions: &Subscriptions,
    from: &[u8],
) -> Result<Option<Vec<u8>>, CallError> {
    if from.is_empty() {
        for (key, _) in with_prefix(rows, b"c", &[], TIDY_ROWS_MAX)? {
            let line = parse_line(key.get(1..).unwrap_or_default());
            if line.is_some_and(|(emitter, subscriber)| !subscriptions.listens(emitter, subscriber)) {
                rows.delete(&key)?;
            }
        }
    }
    let page = with_prefix(rows, b"e", from, TIDY_ROWS_MAX)?;
    for (key, row) in &page {
        let Some((emitter, number)) = parse_event_key(key) else { continue };
        let listening = Event::decode(row).map(|event| subscriptions.listening(emitter, &event.interface));
        drop_if_had_by_all(rows, emitter, number, listening.unwrap_or(&[]))?;
    }
    let more = page.last().filter(|_| page.len() == TIDY_ROWS_MAX);
    Ok(more.map(|(last, _)| [last, [0].as_slice()].concat()))
}

/// How far a subscriber is behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    /// Who emits.
    pub emitter: Arc<str>,
    /// Who has not heard yet.
    pub subscriber: Arc<str>,
    /// Events that it has not had, at most [`BEHIND_MAX`].
    pub events: usize,
    /// When the oldest of them was emitted, in microseconds.
    pub since: u64,
}

/// Events of one line that [`behind`] counts.
pub const BEHIND_MAX: usize = 1_000;

/// The subscribers that have not had all events that they listen to.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn behind(rows: &mut dyn OwnRows, subscriptions: &Subscriptions) -> Result<Vec<Behind>, CallError> {
    let mut all = Vec::new();
    for (emitter, subscriber) in subscriptions.lines() {
        // Who has no cursor has not been told of anything yet, and nothing waits for it.
        let Some(had) = number(rows, &cursor_key(&emitter, &subscriber))? else { continue };
        let from = event_key(&emitter, had.saturating_add(1));
        let mut line: Option<Behind> = None;
        for (_, row) in with_prefix(rows, &event_prefix(&emitter), &from, BEHIND_MAX)? {
            let Some(event) = Event::decode(&row) else { continue };
            if !subscriptions.listening(&emitter, &event.interface).contains(&subscriber) {
                continue;
            }
            let line = line.get_or_insert_with(|| Behind {
                emitter: Arc::clone(&emitter),
                subscriber: Arc::clone(&subscriber),
                events: 0,
                since: event.time,
            });
            line.events += 1;
        }
        all.extend(line);
    }
    Ok(all)
}

/// The parties that may see an event on a live stream: those in the parameter that the manifest names
/// (E1). Nobody, if it names none or the value is no list of ids.
pub fn audience(manifest: &Manifest, interface: &str, function: &Function, arguments: &[Val]) -> Vec<Id> {
    let emit = manifest.emits.iter().find(|emit| emit.interface == interface);
    let parameter = emit.and_then(|emit| emit.audience.get(&function.name));
    let place = parameter.and_then(|name| function.params.iter().position(|param| param.name == *name));
    match place.and_then(|place| arguments.get(place)) {
        Some(Val::List(parties)) => parties.iter().filter_map(Id::from_val).collect(),
        Some(one) => Id::from_val(one).into_iter().collect(),
        None => Vec::new(),
    }
}

fn number(rows: &mut dyn OwnRows, key: &[u8]) -> Result<Option<u64>, CallError> {
    let Some(row) = rows.get(key)? else { return Ok(None) };
    let bytes = <[u8; 8]>::try_from(&*row).map_err(|_| CallError::internal("a damaged row of events"))?;
    Ok(Some(u64::from_be_bytes(bytes)))
}

fn last_key(emitter: &str) -> Vec<u8> {
    [b"n", emitter.as_bytes()].concat()
}

fn event_prefix(emitter: &str) -> Vec<u8> {
    [b"e", emitter.as_bytes(), &[0]].concat()
}

fn event_key(emitter: &str, number: u64) -> Vec<u8> {
    [b"e", emitter.as_bytes(), &[0], &number.to_be_bytes()].concat()
}

fn cursor_key(emitter: &str, subscriber: &str) -> Vec<u8> {
    [b"c", emitter.as_bytes(), &[0], subscriber.as_bytes()].concat()
}

/// A plugin's name holds no zero byte.
fn parse_line(bytes: &[u8]) -> Option<(&str, &str)> {
    let zero = bytes.iter().position(|byte| *byte == 0)?;
    let (emitter, subscriber) = (bytes.get(..zero)?, bytes.get(zero + 1..)?);
    Some((std::str::from_utf8(emitter).ok()?, std::str::from_utf8(subscriber).ok()?))
}

fn parse_event_key(key: &[u8]) -> Option<(&str, u64)> {
    let (rest, number) = key.get(1..)?.split_last_chunk::<8>()?;
    let (zero, emitter) = rest.split_last()?;
    (*zero == 0).then_some(())?;
    Some((std::str::from_utf8(emitter).ok()?, u64::from_be_bytes(*number)))
}

#[cfg(test)]
mod tests;
