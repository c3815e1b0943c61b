//! The native provider `hamlet:host/backups`: the plan of copies, stewards' public keys, and how the last copies went.
//!
//! It makes no copy and opens none: it holds public keys only. If it is wrong, copies are locked for somebody who left,
//! or nobody learns that they fail.
//!
//! Rows (in a room of its own): `p` the plan, `k` person → a key, `n` time → a note; all JSON, without personal data.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, NativeContext, NativeProvider};
use hamlet_reflect::Id;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::members::{authority, no_such_function};
use crate::read;
use crate::rows::{self, STEWARDS};
use crate::values::{self, Arguments, Stop, cases, refuse, settle};

/// The interface that it provides.
pub const BACKUPS: &str = "hamlet:host/backups@0.1.0";

/// Notes that are kept.
const NOTES_MAX: usize = 100;
/// Keys that are listed: more stewards than that have one.
const KEYS_MAX: usize = 64;
const EVERY_HOURS_MAX: u32 = 8_760;
const KEEP_MAX: u32 = 10_000;
const SAID_BYTES_MAX: usize = 2_000;
const FILE_BYTES_MAX: usize = 200;
/// `age1` and 58 letters of Bech32.
const RECIPIENT_LENGTH: usize = 62;
const BECH32: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

const PLAN_KEY: &[u8] = b"p";
const OUTCOMES: [&str; 4] = ["made", "failed", "tried", "unfit"];

#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    every_hours: u32,
    keep: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Key {
    recipient: String,
    since: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Note {
    at: u64,
    outcome: String,
    file: String,
    said: String,
}

/// The provider of `hamlet:host/backups@0.1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub struct BackupsProvider;

type Outcome = Result<Option<Val>, Stop<BackupsError>>;

impl NativeProvider for BackupsProvider {
    fn interface(&self) -> &'static str {
        BACKUPS
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let stewards = || vec![Access::Group(STEWARDS.into()), Access::Decision, Access::Console];
        let (kind, access) = match function {
            "current" | "notes" => (Kind::Query, stewards()),
            "set-plan" | "forget-key" => (Kind::Command, stewards()),
            "set-key" => (Kind::Command, vec![Access::Group(STEWARDS.into())]),
            "noted" => (Kind::Command, vec![Access::Console]),
            _ => return None,
        };
        Some(FunctionRule::new(kind, access))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "current" => return current(cx),
            "notes" => return notes(cx),
            "set-plan" => set_plan(cx, arguments),
            "set-key" => set_key(cx, arguments),
            "forget-key" => forget_key(cx, arguments),
            "noted" => noted(cx, arguments),
            _ => return Err(no_such_function(function)),
        })
    }
}

fn current(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let plan: Option<Plan> = cx.get(PLAN_KEY)?.and_then(|row| decoded(&row));
    let plan = plan.map(|plan| {
        values::record([("every-hours", Val::U32(plan.every_hours)), ("keep", Val::U32(plan.keep))])
    });
    let mut keys = Vec::new();
    for (row, key) in read::prefixed(cx, b"k", None, KEYS_MAX)? {
        let (Some(person), Some(key)) = (rows::id_at_end(&row), decoded::<Key>(&key)) else { continue };
        // Who is no steward any more opens no later copy.
        if cx.in_group(person, STEWARDS)? {
            keys.push(values::record([
                ("person", person.to_val()),
                ("recipient", Val::String(key.recipient)),
                ("since", Val::U64(key.since)),
            ]));
        }
    }
    Ok(values::record([("plan", values::some(plan)), ("keys", Val::List(keys))]))
}

fn notes(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let mut notes: Vec<Val> = read::prefixed(cx, b"n", None, NOTES_MAX * 2)?
        .iter()
        .filter_map(|(_, row)| decoded::<Note>(row))
        .map(|note| {
            values::record([
                ("at", Val::U64(note.at)),
                ("outcome", Val::Enum(note.outcome)),
                ("file", Val::String(note.file)),
                ("said", Val::String(note.said)),
            ])
        })
        .collect();
    notes.reverse();
    Ok(Val::List(notes))
}

fn set_plan(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let plan = arguments.value(0)?;
    let every_hours = values::u32(values::field(plan, "every-hours")?)?;
    let keep = values::u32(values::field(plan, "keep")?)?;
    if every_hours > EVERY_HOURS_MAX || keep > KEEP_MAX {
        return refuse(BackupsError::OutOfRange);
    }
    set(cx, PLAN_KEY, &Plan { every_hours, keep })
}

fn set_key(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let recipient = arguments.text(0)?;
    let Some(person) = cx.actor().person() else { return refuse(BackupsError::NotASteward) };
    let letters = recipient.strip_prefix("age1").filter(|_| recipient.len() == RECIPIENT_LENGTH);
    if !letters.is_some_and(|letters| letters.chars().all(|letter| BECH32.contains(letter))) {
        return refuse(BackupsError::NotAKey);
    }
    let since = cx.now();
    set(cx, &key_key(person), &Key { recipient: recipient.to_owned(), since })
}

fn forget_key(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let person = arguments.id(0)?;
    if authority(cx)?.person().is_some_and(|caller| caller != person) {
        return refuse(BackupsError::NotASteward);
    }
    cx.delete(&key_key(person))?;
    Ok(None)
}

fn noted(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let outcome = arguments.text(0)?.to_owned();
    let (file, said) = (arguments.text(1)?.to_owned(), arguments.text(2)?.to_owned());
    let known = OUTCOMES.contains(&outcome.as_str());
    if !known || file.len() > FILE_BYTES_MAX || said.len() > SAID_BYTES_MAX {
        return refuse(BackupsError::OutOfRange);
    }
    let kept = read::prefixed(cx, b"n", None, NOTES_MAX * 2)?;
    for (key, _) in kept.iter().take((kept.len() + 1).saturating_sub(NOTES_MAX)) {
        cx.delete(key)?;
    }
    // Two of one moment are two.
    let key = [b"n".as_slice(), &cx.new_id().0.to_be_bytes()].concat();
    let at = cx.now();
    set(cx, &key, &Note { at, outcome, file, said })
}

fn key_key(person: Id) -> Vec<u8> {
    [b"k".as_slice(), &person.0.to_be_bytes()].concat()
}

/// A row; one that this version cannot read is as good as none.
fn decoded<T: DeserializeOwned>(row: &[u8]) -> Option<T> {
    serde_json::from_slice(row).ok()
}

fn set(cx: &mut dyn NativeContext, key: &[u8], row: &impl Serialize) -> Outcome {
    let row = serde_json::to_vec(row).map_err(|error| CallError::internal(error.to_string()))?;
    cx.set(key, &row)?;
    Ok(None)
}

cases! {
    /// `hamlet:host/backups.error`. The WIT documents each case.
    enum BackupsError {
        NotASteward = "not-a-steward",
        NotAKey = "not-a-key",
        OutOfRange = "out-of-range",
    }
}
