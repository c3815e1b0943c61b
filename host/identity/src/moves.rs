//! The native provider `hamlet:host/moves`: a whole community moves in from a list, and out again while nobody of it can
//! sign in (W6).
//!
//! It adds parties as `members.add` does, under the same rules, all or none. What they own is no business of this: it is
//! kept by plugins, which bring it in and take it back in the same transaction (`hamlet:host/moving-in`). If it is wrong,
//! half a village is there twice, or somebody who signed in is taken out.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, Mandate, NativeContext, NativeProvider, Noted, Noting, PartyKind};
use hamlet_reflect::Id;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wasmtime::component::Val;

use crate::credential_rows;
use crate::members::{self, MembersError, authority, no_such_function};
use crate::profiles;
use crate::read;
use crate::rows::{self, STEWARDS};
use crate::values::{self, Arguments, Case, Stop, refuse, settle};

/// The interface that it provides.
pub const MOVES: &str = "hamlet:host/moves@0.1.0";

/// Most of one list.
const NEWCOMERS_MAX: usize = 500;
/// Most moves that are listed.
const MOVES_MAX: usize = 100;

/// The provider of `hamlet:host/moves@0.1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub struct MovesProvider;

type Outcome = Result<Option<Val>, Stop<MovesError>>;

/// A move as it is stored under its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Move {
    at: u64,
    by: Option<u128>,
    parties: Vec<u128>,
}

impl NativeProvider for MovesProvider {
    fn interface(&self) -> &'static str {
        MOVES
    }

    /// With the parties, of which it adds many.
    fn room(&self) -> &'static str {
        crate::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let kind = match function {
            "bring" | "undo" => Kind::Command,
            "get" | "list" => Kind::Query,
            _ => return None,
        };
        let access = vec![Access::Group(STEWARDS.into()), Access::Console];
        Some(FunctionRule::new(kind, access))
    }

    fn noted(&self, function: &str, arguments: &[Val], _: Option<&Val>) -> Noting {
        Ok(match function {
            "bring" => {
                let count = values::list(Arguments(arguments).value(1)?)?.len();
                Some(Noted { thing: count.to_string(), party: None, ..Noted::default() })
            }
            "undo" => Some(Noted::default()),
            _ => None,
        })
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "bring" => bring(cx, arguments),
            "undo" => undo(cx, arguments),
            "get" => get(cx, arguments),
            "list" => return list(cx),
            _ => return Err(no_such_function(function)),
        })
    }
}

/// Stewards and the console: all or nobody.
fn bring(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.id(0)?;
    if id.0 == 0 || id.0 == u128::MAX || cx.get(&rows::move_key(id))?.is_some() {
        return refuse(MovesError::IdTaken);
    }
    let newcomers = values::list(arguments.value(1)?)?;
    if newcomers.is_empty() || newcomers.len() > NEWCOMERS_MAX {
        return refuse(MovesError::CountInvalid);
    }
    let mut parties = Vec::with_capacity(newcomers.len());
    // All of them first: whoever acts for a household may stand before it in the list.
    let mut by_handle = BTreeMap::new();
    for (place, newcomer) in newcomers.iter().enumerate() {
        let text = |name: &str| values::field(newcomer, name).and_then(values::text);
        let contact = [text("phone")?, text("email")?, text("address")?];
        if !contact.iter().all(|line| profiles::is_line(line)) {
            return refuse(MovesError::Faulty(place, "contact-invalid"));
        }
        let party = add(cx, newcomer).map_err(|stop| at(place, stop))?;
        profiles::begin(cx, party.0, contact)?;
        by_handle.insert(values::text(values::field(newcomer, "handle")?)?, party);
        parties.push(party);
    }
    for (place, (newcomer, (person, kind))) in newcomers.iter().zip(&parties).enumerate() {
        let Some(handle) = values::option(values::field(newcomer, "acts-for")?, values::text)? else {
            continue;
        };
        let acted_for = by_handle.get(handle).filter(|(_, kind)| *kind != PartyKind::Person);
        let Some((party, _)) = acted_for.filter(|_| *kind == PartyKind::Person) else {
            return refuse(MovesError::Faulty(place, "acts-for-invalid"));
        };
        members::entrust(cx, *person, *party, Mandate::Representative)?;
    }
    let by = authority(cx)?.person().map(|person| person.0);
    let moved = Move { at: cx.now(), by, parties: parties.iter().map(|(party, _)| party.0).collect() };
    let row = serde_json::to_vec(&moved)
        .map_err(|error| CallError::internal(format!("a move cannot be written: {error}")))?;
    cx.set(&rows::move_key(id), &row)?;
    Ok(None)
}

fn add(cx: &mut dyn NativeContext, newcomer: &Val) -> Result<(Id, PartyKind), Stop<MembersError>> {
    let text = |name: &str| values::field(newcomer, name).and_then(values::text);
    let kind = rows::kind_from_label(text("kind")?)
        .ok_or_else(|| CallError::arguments("an unknown kind of party"))?;
    if kind == PartyKind::Commons {
        return Err(Stop::Refused(MembersError::OneCommons));
    }
    let party = members::new_party(cx, kind, text("handle")?, text("name")?)?;
    Ok((party, kind))
}

/// What `add` refuses, with its place in the list.
fn at(place: usize, stop: Stop<MembersError>) -> Stop<MovesError> {
    let flaw = match stop {
        Stop::Doomed(error) => return Stop::Doomed(error),
        Stop::Refused(MembersError::HandleTaken) => "handle-taken",
        Stop::Refused(MembersError::HandleInvalid) => "handle-invalid",
        Stop::Refused(MembersError::NameInvalid) => "name-invalid",
        Stop::Refused(_) => "kind-invalid",
    };
    Stop::Refused(MovesError::Faulty(place, flaw))
}

/// Stewards and the console, while nobody of it can sign in.
fn undo(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.id(0)?;
    let moved = read(cx, id)?;
    for party in &moved.parties {
        if came(cx, Id(*party))? {
            return refuse(MovesError::SomebodyCame);
        }
    }
    for party in &moved.parties {
        let wiped = members::take_out(cx, Id(*party));
        wiped.map_err(|stop| match stop {
            Stop::Doomed(error) => Stop::Doomed(error),
            Stop::Refused(_) => Stop::Refused(MovesError::SomebodyCame),
        })?;
    }
    cx.delete(&rows::move_key(id))?;
    Ok(None)
}

/// Whether a party can act by itself: it has a way to sign in, or had a token.
fn came(cx: &mut dyn NativeContext, party: Id) -> Result<bool, CallError> {
    let known = read::party(cx, party)?;
    Ok(known.is_some_and(|party| party.credentialed) || credential_rows::read(cx, party)?.ways_in() > 0)
}

fn get(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.id(0)?;
    let moved = read(cx, id)?;
    let mut arrivals = Vec::with_capacity(moved.parties.len());
    for party in moved.parties.iter().map(|party| Id(*party)) {
        let Some(known) = read::party(cx, party)? else { continue };
        arrivals.push(values::record([
            ("party", party.to_val()),
            ("kind", Val::Enum(rows::kind_label(known.kind).to_owned())),
            ("came", Val::Bool(came(cx, party)?)),
        ]));
    }
    Ok(Some(values::record([
        ("id", id.to_val()),
        ("at", Val::U64(moved.at)),
        ("by", values::some(moved.by.map(|by| Id(by).to_val()))),
        ("arrivals", Val::List(arrivals)),
    ])))
}

fn list(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let found = read::prefixed(cx, rows::MOVES, None, MOVES_MAX)?;
    let mut ids: Vec<Val> =
        found.iter().filter_map(|(key, _)| rows::id_at_end(key)).map(Id::to_val).collect();
    ids.reverse();
    Ok(Val::List(ids))
}

fn read(cx: &mut dyn NativeContext, id: Id) -> Result<Move, Stop<MovesError>> {
    let row = cx.get(&rows::move_key(id))?;
    match row.and_then(|row| serde_json::from_slice(&row).ok()) {
        Some(moved) => Ok(moved),
        None => refuse(MovesError::NoSuchMove),
    }
}

/// `hamlet:host/moves.error`. The WIT documents each case.
#[derive(Debug, Clone, PartialEq, Eq)]
enum MovesError {
    /// The place in the list, and what is wrong.
    Faulty(usize, &'static str),
    CountInvalid,
    IdTaken,
    NoSuchMove,
    SomebodyCame,
}

impl Case for MovesError {
    fn to_val(&self) -> Val {
        let (case, payload) = match self {
            Self::Faulty(place, flaw) => {
                let place = Val::U32(u32::try_from(*place).unwrap_or(u32::MAX));
                let fault = values::record([("place", place), ("what", Val::Enum((*flaw).to_owned()))]);
                ("faulty", Some(Box::new(fault)))
            }
            Self::CountInvalid => ("count-invalid", None),
            Self::IdTaken => ("id-taken", None),
            Self::NoSuchMove => ("no-such-move", None),
            Self::SomebodyCame => ("somebody-came", None),
        };
        Val::Variant(case.to_owned(), payload)
    }
}
