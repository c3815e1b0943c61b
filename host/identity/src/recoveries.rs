//! The native provider `hamlet:host/recoveries`: a person who lost every way in is let back in by others (W6).
//!
//! Nobody alone can: see [`begin`] and [`confirm`]. If this is wrong, a steward takes over a member's account, or a
//! community with one steward is locked out for ever.

use std::time::Duration;

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, NativeContext, NativeProvider, Noted, RECOVERED_FOR_MICROS};
use hamlet_reflect::Id;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::browsers::micros;
use crate::invitations;
use crate::members::{Authority, authority, no_such_function};
use crate::notices;
use crate::read;
use crate::recovered;
use crate::rows::{self, STEWARDS};
use crate::values::{self, Arguments, Stop, cases, refuse, settle};

/// The interface that it provides.
pub const RECOVERIES: &str = "hamlet:host/recoveries@0.1.0";

/// Between the last confirmation and the link: time for her who was not lost to say so.
const WAITING: Duration = Duration::from_hours(48);
/// Stewards besides the person from which on stewards alone decide.
const STEWARDS_ENOUGH: usize = 2;
/// Ordinary members who confirm where there are fewer.
const MEMBERS_ENOUGH: usize = 2;
/// Most that go on at once and are listed.
const RECOVERIES_MAX: usize = 200;

/// The provider of `hamlet:host/recoveries@0.1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecoveriesProvider;

type Outcome = Result<Option<Val>, Stop<RecoveriesError>>;

/// A recovery as it is stored under its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Recovery {
    person: u128,
    by: u128,
    since: u64,
    confirmed: Vec<u128>,
    /// When the last confirmation that it needed came.
    enough_since: Option<u64>,
}

impl Recovery {
    fn ready(&self) -> Option<u64> {
        self.enough_since.map(|since| since.saturating_add(micros(WAITING)))
    }
}

impl NativeProvider for RecoveriesProvider {
    fn interface(&self) -> &'static str {
        RECOVERIES
    }

    /// With the parties: whoever leaves takes her recovery with her.
    fn room(&self) -> &'static str {
        crate::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let kind = match function {
            "begin" | "confirm" | "cancel" | "finish" => Kind::Command,
            "list" | "recent" => Kind::Query,
            _ => return None,
        };
        // Whoever is under age confirms nobody, and can still say that a recovery of hers is not hers.
        let ward = (function == "cancel").then_some(Access::Ward);
        let access = [Access::Member].into_iter().chain(ward).collect();
        Some(FunctionRule::new(kind, access))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "begin" => begin(cx, arguments),
            "confirm" => confirm(cx, arguments),
            "cancel" => cancel(cx, arguments),
            "finish" => finish(cx, arguments),
            "list" => return list(cx),
            "recent" => return recent(cx, arguments),
            _ => return Err(no_such_function(function)),
        })
    }
}

/// The stewards besides a person, as far as it matters how many there are.
fn other_stewards(cx: &mut dyn NativeContext, person: Id) -> Result<usize, CallError> {
    let found = read::prefixed(cx, &rows::members_of(STEWARDS), None, STEWARDS_ENOUGH + 1)?;
    Ok(found.iter().filter(|(key, _)| rows::id_at_end(key) != Some(person)).count())
}

/// A steward; where nobody else is one, any member. Never the person herself: she would not need it.
fn begin(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let person = arguments.id(0)?;
    if read::person(cx, person)?.is_none() {
        return refuse(RecoveriesError::NoSuchPerson);
    }
    let who = authority(cx)?;
    let Some(by) = who.person() else { return refuse(RecoveriesError::NotYours) };
    let may = matches!(who, Authority::Steward(_)) || other_stewards(cx, person)? == 0;
    if by == person || !may {
        return refuse(RecoveriesError::NotYours);
    }
    if cx.get(&rows::recovery_of(person))?.is_some()
        || read::prefixed(cx, rows::RECOVERIES, None, RECOVERIES_MAX)?.len() >= RECOVERIES_MAX
    {
        return refuse(RecoveriesError::Exists);
    }
    let id = cx.new_id();
    let since = cx.now();
    let recovery = Recovery { person: person.0, by: by.0, since, confirmed: Vec::new(), enough_since: None };
    write(cx, id, &recovery)?;
    cx.set(&rows::recovery_of(person), &id.0.to_be_bytes())?;
    cx.note(Noted::about(person))?;
    notices::tell(cx, person, "notice-recovery", &[], "/recoveries")?;
    Ok(Some(id.to_val()))
}

/// Somebody else: a steward where there are enough of them, else an ordinary member.
fn confirm(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.id(0)?;
    let mut recovery = open(cx, id)?;
    let who = authority(cx)?;
    let Some(by) = who.person() else { return refuse(RecoveriesError::NotYours) };
    if by.0 == recovery.person {
        return refuse(RecoveriesError::NotYours);
    }
    if by.0 == recovery.by || recovery.confirmed.contains(&by.0) {
        return refuse(RecoveriesError::NeedsOthers);
    }
    let by_stewards = other_stewards(cx, Id(recovery.person))? >= STEWARDS_ENOUGH;
    if by_stewards != matches!(who, Authority::Steward(_)) {
        return refuse(RecoveriesError::NotYours);
    }
    recovery.confirmed.push(by.0);
    let enough = if by_stewards { 1 } else { MEMBERS_ENOUGH };
    if recovery.confirmed.len() >= enough && recovery.enough_since.is_none() {
        recovery.enough_since = Some(cx.now());
    }
    write(cx, id, &recovery)?;
    cx.note(Noted::about(Id(recovery.person)))?;
    Ok(None)
}

/// The person herself, and stewards.
fn cancel(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.id(0)?;
    let recovery = open(cx, id)?;
    let who = authority(cx)?;
    let hers = who.person() == Some(Id(recovery.person));
    if !hers && !matches!(who, Authority::Steward(_)) {
        return refuse(RecoveriesError::NotYours);
    }
    delete(cx, id, &recovery)?;
    cx.note(Noted::about(Id(recovery.person)))?;
    Ok(None)
}

/// Whoever began it, and stewards; when it is time.
fn finish(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.id(0)?;
    let recovery = open(cx, id)?;
    let who = authority(cx)?;
    let began = who.person() == Some(Id(recovery.by));
    if !began && !matches!(who, Authority::Steward(_)) {
        return refuse(RecoveriesError::NotYours);
    }
    if recovery.ready().is_none_or(|ready| ready > cx.now()) {
        return refuse(RecoveriesError::NotReady);
    }
    let hash = values::hash(arguments.value(1)?, RecoveriesError::Invalid)?;
    let expires = values::u64(arguments.value(2)?)?;
    if !invitations::let_back_in(cx, &hash, Id(recovery.person), expires, who.person())? {
        return refuse(RecoveriesError::Invalid);
    }
    delete(cx, id, &recovery)?;
    cx.note(Noted::about(Id(recovery.person)))?;
    Ok(None)
}

fn list(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let ids = |ids: Vec<u128>| Val::List(ids.into_iter().map(|id| Id(id).to_val()).collect());
    let mut shown = Vec::new();
    for (key, row) in read::prefixed(cx, rows::RECOVERIES, None, RECOVERIES_MAX)? {
        let (Some(id), Some(recovery)) = (rows::id_at_end(&key), decode(&row)) else { continue };
        let ready = recovery.ready();
        shown.push(values::record([
            ("id", id.to_val()),
            ("person", Id(recovery.person).to_val()),
            ("by", Id(recovery.by).to_val()),
            ("since", Val::U64(recovery.since)),
            ("confirmed", ids(recovery.confirmed)),
            ("ready", values::some(ready.map(Val::U64))),
        ]));
    }
    Ok(Val::List(shown))
}

/// Every member: it stands in the steward log anyhow.
fn recent(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Result<Val, CallError> {
    let at = recovered::at(cx, arguments.id(0)?)?;
    let now = cx.now();
    let at = at.filter(|at| now < at.saturating_add(RECOVERED_FOR_MICROS));
    Ok(values::some(at.map(Val::U64)))
}

/// Ends the recovery of a person who leaves.
pub(crate) fn end_of(cx: &mut dyn NativeContext, person: Id) -> Result<(), CallError> {
    let id = cx.get(&rows::recovery_of(person))?.and_then(|row| rows::id_at_end(&row));
    if let Some(id) = id {
        cx.delete(&rows::recovery_key(id))?;
        cx.delete(&rows::recovery_of(person))?;
    }
    Ok(())
}

fn open(cx: &mut dyn NativeContext, id: Id) -> Result<Recovery, Stop<RecoveriesError>> {
    match cx.get(&rows::recovery_key(id))?.and_then(|row| decode(&row)) {
        Some(recovery) => Ok(recovery),
        None => refuse(RecoveriesError::NoSuchRecovery),
    }
}

fn decode(row: &[u8]) -> Option<Recovery> {
    serde_json::from_slice(row).ok()
}

fn write(cx: &mut dyn NativeContext, id: Id, recovery: &Recovery) -> Result<(), CallError> {
    let row = serde_json::to_vec(recovery)
        .map_err(|error| CallError::internal(format!("a recovery cannot be written: {error}")))?;
    cx.set(&rows::recovery_key(id), &row)
}

fn delete(cx: &mut dyn NativeContext, id: Id, recovery: &Recovery) -> Result<(), CallError> {
    cx.delete(&rows::recovery_key(id))?;
    cx.delete(&rows::recovery_of(Id(recovery.person))).map(drop)
}

cases! {
    /// `hamlet:host/recoveries.error`. The WIT documents each case.
    enum RecoveriesError {
        NoSuchPerson = "no-such-person",
        NoSuchRecovery = "no-such-recovery",
        Exists = "exists",
        NotYours = "not-yours",
        NeedsOthers = "needs-others",
        NotReady = "not-ready",
        Invalid = "invalid",
    }
}
