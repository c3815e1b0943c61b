//! Dead letters: events whose handler failed too often (E2), and what stewards do with them
//! (`hamlet:host/events`, W6).
//!
//! [`set_aside`] moves the subscriber's cursor past the event, so that later ones go on, and keeps a copy
//! of it, since the event's own row goes when all others had it. A steward's `send-again` only marks the
//! letter; the sequencer finds the mark with [`next_marked`] and runs the handler in a transaction of its
//! own, in which [`take`] removes the letter: told at most once more. If that fails, [`failed_again`]
//! takes the mark off.
//!
//! If it is wrong, an event that a subscriber never had is lost without anybody knowing.
//!
//! Rows (namespace `EVENTS`; numbers big end first):
//!
//! ```text
//! x emitter 0 subscriber 0 number     a dead letter: how it came to be, JSON
//! y emitter 0 subscriber 0 number     its event, as it was in the event's row
//! r emitter 0 subscriber 0 number     empty: it is to be sent again
//! ```

use std::sync::Arc;

use hamlet_bundle::{Access, FunctionRule, Kind};
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use super::event::{Delivery, Event};
use super::{Subscriptions, advance, event_key, parse_line};
use crate::call::CallError;
use crate::native::{NativeContext, NativeProvider};
use crate::rows::{OfProvider, OwnRows, from_json, to_json, with_prefix};
use crate::shape;

/// Most dead letters of one answer.
pub const LIST_MAX: usize = 1_000;
/// The longest reason that is kept, in bytes.
const WHY_BYTES_MAX: usize = 500;
/// Marked letters that one look reads.
const MARKED_MAX: usize = 256;

/// How it went with a handler.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// How often it failed.
    pub failures: u32,
    /// How it failed last.
    pub why: &'a str,
    /// Whether the subscriber is told of the gap.
    pub told: bool,
}

/// A dead letter, for stewards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Who emitted the event.
    pub emitter: Arc<str>,
    /// Whose handler failed.
    pub subscriber: Arc<str>,
    /// The emitter's number of it.
    pub number: u64,
    /// The event interface, whole.
    pub interface: String,
    /// Its function.
    pub function: String,
    /// When it was emitted, in microseconds.
    pub emitted: u64,
    /// When it was set aside, in microseconds.
    pub set_aside: u64,
    /// How often the handler failed.
    pub failures: u32,
    /// How it failed last.
    pub why: String,
    /// Whether the subscriber was told of the gap.
    pub told: bool,
    /// Whether it is to be sent again.
    pub sending: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Note {
    set_aside: u64,
    failures: u32,
    why: String,
    told: bool,
}

/// Sets an event aside for its subscriber, in a transaction of its own. False: it had the event already.
///
/// # Errors
/// The store failed, or the event's row is gone.
pub fn set_aside(
    rows: &mut dyn OwnRows,
    subscriptions: &Subscriptions,
    delivery: &Delivery,
    failure: Failure<'_>,
    now: u64,
) -> Result<bool, CallError> {
    let event = rows.get(&event_key(&delivery.emitter, delivery.number))?;
    if !advance(rows, subscriptions, delivery)? {
        return Ok(false);
    }
    let event = event.ok_or_else(|| CallError::internal("an event that is to be set aside has no row"))?;
    let Failure { failures, why, told } = failure;
    let note = Note { set_aside: now, failures, why: shortened(why), told };
    let place = Place::of(delivery);
    rows.set(&place.key(b'x'), &to_json("dead letters", &note)?)?;
    rows.set(&place.key(b'y'), &event)?;
    Ok(true)
}

/// The dead letters in order, at most `limit`.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn list(rows: &mut dyn OwnRows, limit: usize) -> Result<Vec<DeadLetter>, CallError> {
    let mut letters = Vec::new();
    let mut from = Vec::new();
    // A page of the store may be shorter than what was asked for, since it is bounded in bytes.
    while letters.len() < limit {
        let page = with_prefix(rows, b"x", &from, limit - letters.len())?;
        let Some((last, _)) = page.last() else { break };
        from = [last, [0].as_slice()].concat();
        for (key, row) in &page {
            let Some(place) = Place::parse(key) else { continue };
            let note: Note = from_json("dead letters", row)?;
            let event = event(rows, &place)?.ok_or_else(damaged)?;
            let sending = rows.get(&place.key(b'r'))?.is_some();
            letters.push(DeadLetter {
                emitter: place.emitter.into(),
                subscriber: place.subscriber.into(),
                number: place.number,
                interface: event.interface,
                function: event.function,
                emitted: event.time,
                set_aside: note.set_aside,
                failures: note.failures,
                why: note.why,
                told: note.told,
                sending,
            });
        }
    }
    Ok(letters)
}

/// The next letter that is to be sent again and that is `wanted`, by emitter, subscriber and number: whose subscriber
/// runs, and that is not on its way.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn next_marked(
    rows: &mut dyn OwnRows,
    wanted: &mut dyn FnMut(&str, &str, u64) -> bool,
) -> Result<Option<Delivery>, CallError> {
    for (key, _) in with_prefix(rows, b"r", &[], MARKED_MAX)? {
        let Some(place) = Place::parse(&key) else { continue };
        if !wanted(place.emitter, place.subscriber, place.number) {
            continue;
        }
        let Some(event) = event(rows, &place)? else { continue };
        let (emitter, subscriber) = (Arc::from(place.emitter), Arc::from(place.subscriber));
        let delivery = Delivery::of(event, place.number, emitter, subscriber).ok_or_else(damaged)?;
        return Ok(Some(delivery));
    }
    Ok(None)
}

/// Takes a letter out to send it again, in the transaction of the handler. False: it was dropped or sent
/// meanwhile.
///
/// # Errors
/// The store failed.
pub fn take(rows: &mut dyn OwnRows, delivery: &Delivery) -> Result<bool, CallError> {
    let place = Place::of(delivery);
    Ok(rows.delete(&place.key(b'r'))? && remove(rows, &place)?)
}

/// Notes that the handler failed once more, after it was rolled back, in a transaction of its own.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn failed_again(rows: &mut dyn OwnRows, delivery: &Delivery, why: &str) -> Result<(), CallError> {
    let place = Place::of(delivery);
    rows.delete(&place.key(b'r'))?;
    let Some(row) = rows.get(&place.key(b'x'))? else { return Ok(()) };
    let mut note: Note = from_json("dead letters", &row)?;
    note.failures = note.failures.saturating_add(1);
    note.why = shortened(why);
    rows.set(&place.key(b'x'), &to_json("dead letters", &note)?)
}

/// The native provider.
#[derive(Clone, Copy, Debug, Default)]
pub struct Events;

impl NativeProvider for Events {
    fn interface(&self) -> &'static str {
        "hamlet:host/events@0.1.0"
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let kind = match function {
            "list" => Kind::Query,
            "send-again" | "drop" => Kind::Command,
            _ => return None,
        };
        let access = vec![Access::Group("stewards".into()), Access::Decision, Access::Console];
        Some(FunctionRule::new(kind, access))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let rows = &mut OfProvider(cx);
        if function == "list" {
            return Ok(Val::List(list(rows, LIST_MAX)?.iter().map(to_val).collect()));
        }
        let place = Place {
            emitter: shape::text(shape::argument(arguments, 0)?)?,
            subscriber: shape::text(shape::argument(arguments, 1)?)?,
            number: shape::number(shape::argument(arguments, 2)?)?,
        };
        // No plugin has so long a name, and no row so long a key.
        let known = [place.emitter, place.subscriber].iter().all(|name| name.len() <= NAME_BYTES_MAX);
        if !known || rows.get(&place.key(b'x'))?.is_none() {
            return Ok(shape::refused("no-such-letter"));
        }
        match function {
            "send-again" => rows.set(&place.key(b'r'), &[])?,
            "drop" => {
                rows.delete(&place.key(b'r'))?;
                remove(rows, &place)?;
            }
            _ => return Err(CallError::internal("no such function of events")),
        }
        Ok(shape::done())
    }
}

/// Longer than any plugin's name, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// Which letter.
struct Place<'a> {
    emitter: &'a str,
    subscriber: &'a str,
    number: u64,
}

impl<'a> Place<'a> {
    fn of(delivery: &'a Delivery) -> Self {
        Self { emitter: &delivery.emitter, subscriber: &delivery.subscriber, number: delivery.number }
    }

    fn key(&self, kind: u8) -> Vec<u8> {
        let number = self.number.to_be_bytes();
        [&[kind], self.emitter.as_bytes(), &[0], self.subscriber.as_bytes(), &[0], &number].concat()
    }

    fn parse(key: &'a [u8]) -> Option<Self> {
        let (rest, number) = key.get(1..)?.split_last_chunk::<8>()?;
        let (zero, line) = rest.split_last()?;
        (*zero == 0).then_some(())?;
        let (emitter, subscriber) = parse_line(line)?;
        Some(Self { emitter, subscriber, number: u64::from_be_bytes(*number) })
    }
}

fn event(rows: &mut dyn OwnRows, place: &Place<'_>) -> Result<Option<Event>, CallError> {
    let row = rows.get(&place.key(b'y'))?;
    row.map(|row| Event::decode(&row).ok_or_else(damaged)).transpose()
}

fn remove(rows: &mut dyn OwnRows, place: &Place<'_>) -> Result<bool, CallError> {
    rows.delete(&place.key(b'y'))?;
    rows.delete(&place.key(b'x'))
}

fn damaged() -> CallError {
    CallError::internal("a damaged row of dead letters")
}

fn shortened(why: &str) -> String {
    let mut end = why.len().min(WHY_BYTES_MAX);
    while !why.is_char_boundary(end) {
        end -= 1;
    }
    why.get(..end).unwrap_or_default().to_owned()
}

fn to_val(letter: &DeadLetter) -> Val {
    shape::record([
        ("emitter", shape::string(&letter.emitter)),
        ("subscriber", shape::string(&letter.subscriber)),
        ("number", Val::U64(letter.number)),
        ("interface", shape::string(&letter.interface)),
        ("function", shape::string(&letter.function)),
        ("emitted", Val::U64(letter.emitted)),
        ("set-aside", Val::U64(letter.set_aside)),
        ("failures", Val::U32(letter.failures)),
        ("why", shape::string(&letter.why)),
        ("told", Val::Bool(letter.told)),
        ("sending", Val::Bool(letter.sending)),
    ])
}

#[cfg(test)]
mod tests;
