//! The native provider `hamlet:host/papers`: the ground rules in versions, who has seen which, and the stewards' notes
//! for whoever comes after them (W6).
//!
//! Texts of the community are public and kept in the clear, all versions of them; what a member has seen is a number
//! under her id. Notes name people and keys: they are sealed under the commons' key. If it is wrong, somebody is held to
//! rules that she was never shown.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, NativeContext, NativeProvider, Noting};
use hamlet_reflect::Id;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::members::{authority, no_such_function};
use crate::read;
use crate::rows::{self, STEWARDS};
use crate::values::{self, Arguments, Stop, cases, refuse, settle};

/// The interface that it provides.
pub const PAPERS: &str = "hamlet:host/papers@0.1.0";

/// Longest of the ground texts, in bytes.
const TEXT_BYTES_MAX: usize = 8_000;
/// Longest notes, in bytes.
const NOTES_BYTES_MAX: usize = 16_000;

/// The provider of `hamlet:host/papers@0.1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub struct PapersProvider;

type Outcome = Result<Option<Val>, Stop<PapersError>>;

/// A version as it is stored under its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Version {
    at: u64,
    by: Option<u128>,
    rules: String,
    privacy: String,
    credit: String,
}

impl NativeProvider for PapersProvider {
    fn interface(&self) -> &'static str {
        PAPERS
    }

    fn room(&self) -> &'static str {
        crate::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let stewards = || Access::Group(STEWARDS.into());
        let (kind, access) = match function {
            "publish" => (Kind::Command, vec![stewards(), Access::Decision, Access::Console]),
            "set-notes" => (Kind::Command, vec![stewards()]),
            "notes" => (Kind::Query, vec![stewards()]),
            "current" => (Kind::Query, vec![Access::Public, Access::Console]),
            "earlier" | "accepted" => (Kind::Query, vec![Access::Member]),
            "accept" => (Kind::Command, vec![Access::Member, Access::Ward]),
            _ => return None,
        };
        Some(FunctionRule::new(kind, access))
    }

    /// The new rules are said in the log; the notes, which stewards write for themselves, are not.
    fn noted(&self, function: &str, _: &[Val], _: Option<&Val>) -> Noting {
        Ok((function == "publish").then(hamlet_kernel::Noted::default))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "publish" => publish(cx, arguments),
            "current" => {
                let newest = newest(cx)?;
                return Ok(values::some(newest.map(|(number, version)| shown(number, version))));
            }
            "earlier" => earlier(cx, arguments),
            "accept" => accept(cx, arguments),
            "accepted" => return accepted(cx),
            "notes" => return notes(cx),
            "set-notes" => set_notes(cx, arguments),
            _ => return Err(no_such_function(function)),
        })
    }
}

/// Stewards and decisions.
fn publish(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let ground = arguments.value(0)?;
    let text = |name| Ok::<_, CallError>(values::text(values::field(ground, name)?)?.trim().to_owned());
    let by = authority(cx)?.person().map(|person| person.0);
    let version = Version {
        at: cx.now(),
        by,
        rules: text("rules")?,
        privacy: text("privacy")?,
        credit: text("credit")?,
    };
    let texts = [&version.rules, &version.privacy, &version.credit];
    if texts.iter().any(|text| text.len() > TEXT_BYTES_MAX) || texts.iter().all(|text| text.is_empty()) {
        return refuse(PapersError::TextInvalid);
    }
    let number = newest(cx)?.map_or(1, |(number, _)| number.saturating_add(1));
    let row = serde_json::to_vec(&version)
        .map_err(|error| CallError::internal(format!("the ground rules cannot be written: {error}")))?;
    cx.set(&rows::ground_key(number), &row)?;
    Ok(Some(Val::U32(number)))
}

fn newest(cx: &mut dyn NativeContext) -> Result<Option<(u32, Version)>, CallError> {
    let end = rows::after(rows::GROUND);
    let found = cx.scan(hamlet_store::Scan {
        start: rows::GROUND,
        end: end.as_deref(),
        direction: hamlet_store::Direction::Reverse,
        limit: 1,
        max_bytes: usize::MAX,
    })?;
    Ok(found.first().and_then(|(key, row)| {
        let number = u32::from_be_bytes(*key.last_chunk()?);
        Some((number, serde_json::from_slice(row).ok()?))
    }))
}

/// Members.
fn earlier(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let number = values::u32(arguments.value(0)?)?;
    let row = cx.get(&rows::ground_key(number))?;
    match row.and_then(|row| serde_json::from_slice(&row).ok()) {
        Some(version) => Ok(Some(shown(number, version))),
        None => refuse(PapersError::NoSuchVersion),
    }
}

/// A member, for herself. Only the newest: nobody goes on with rules that are no more.
fn accept(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let number = values::u32(arguments.value(0)?)?;
    let person = authority(cx)?.person();
    let newest = newest(cx)?.map(|(number, _)| number);
    let (Some(person), true) = (person, newest == Some(number)) else {
        return refuse(PapersError::NoSuchVersion);
    };
    went_on(cx, person, number)?;
    Ok(None)
}

/// Notes that somebody came in with this version before her eyes. One that is not the newest any more is not noted: she
/// is shown the newest before the next thing that she does.
pub(crate) fn came_in_with(
    cx: &mut dyn NativeContext,
    person: Id,
    number: Option<u32>,
) -> Result<(), CallError> {
    let newest = newest(cx)?.map(|(number, _)| number);
    match number.filter(|number| newest == Some(*number)) {
        Some(number) => went_on(cx, person, number),
        None => Ok(()),
    }
}

fn went_on(cx: &mut dyn NativeContext, person: Id, number: u32) -> Result<(), CallError> {
    let row = [&number.to_be_bytes()[..], &cx.now().to_be_bytes()].concat();
    cx.set(&rows::seen_key(person), &row)
}

fn accepted(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let Some(person) = authority(cx)?.person() else { return Ok(Val::Option(None)) };
    let row = cx.get(&rows::seen_key(person))?;
    let seen = row.and_then(|row| {
        let (number, at) = row.split_first_chunk::<4>()?;
        Some((u32::from_be_bytes(*number), u64::from_be_bytes(at.try_into().ok()?)))
    });
    Ok(values::some(seen.map(|(number, at)| Val::Tuple(vec![Val::U32(number), Val::U64(at)]))))
}

fn notes(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let sealed = cx.get(rows::NOTES_KEY)?;
    let (Some(sealed), Some(commons)) = (sealed, read::commons(cx)?) else {
        return Ok(Val::String(String::new()));
    };
    let plain = cx.open(commons, &sealed)?.ok();
    Ok(Val::String(plain.and_then(|plain| String::from_utf8(plain).ok()).unwrap_or_default()))
}

/// Stewards.
fn set_notes(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let text = arguments.text(0)?;
    if text.len() > NOTES_BYTES_MAX {
        return refuse(PapersError::TextInvalid);
    }
    let Some(commons) = read::commons(cx)? else {
        return Err(Stop::Doomed(CallError::internal("a community without a commons has no notes")));
    };
    let sealed = cx
        .seal(commons, text.as_bytes())?
        .map_err(|refusal| CallError::internal(format!("notes cannot be sealed: {refusal:?}")))?;
    cx.set(rows::NOTES_KEY, &sealed)?;
    Ok(None)
}

/// Forgets what a person has seen, because she leaves.
pub(crate) fn end_of(cx: &mut dyn NativeContext, person: Id) -> Result<(), CallError> {
    cx.delete(&rows::seen_key(person)).map(drop)
}

fn shown(number: u32, version: Version) -> Val {
    let ground = values::record([
        ("rules", Val::String(version.rules)),
        ("privacy", Val::String(version.privacy)),
        ("credit", Val::String(version.credit)),
    ]);
    values::record([
        ("number", Val::U32(number)),
        ("at", Val::U64(version.at)),
        ("by", values::some(version.by.map(|by| Id(by).to_val()))),
        ("ground", ground),
    ])
}

cases! {
    /// `hamlet:host/papers.error`. The WIT documents each case.
    enum PapersError {
        TextInvalid = "text-invalid",
        NoSuchVersion = "no-such-version",
    }
}
