//! The queries of `members`. They show no more than their WIT says; names are opened on the way out.

use std::collections::BTreeMap;

use hamlet_kernel::{CallError, NativeContext};
use hamlet_reflect::Id;
use wasmtime::component::Val;

use super::{Authority, MembersError, authority};
use crate::read::{self, PAGE};
use crate::rows::{self, Party};
use crate::values::{self, Arguments, Stop};

type Outcome = Result<Option<Val>, Stop<MembersError>>;

/// Most parties a page.
const LIMIT_MAX: usize = 200;

/// Most parties that one page looks at.
const LOOKED_AT_MAX: usize = 2_000;

/// Most mandates that one call lists.
const MANDATES_MAX: usize = 1_000;

pub(super) fn get(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.id(0)?;
    let party = read::party(cx, id)?.ok_or(Stop::Refused(MembersError::NoSuchParty))?;
    Ok(Some(shown(cx, id, &party)?))
}

pub(super) fn find(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let handle = arguments.text(0)?;
    if !rows::is_name(handle) {
        return Err(Stop::Refused(MembersError::NoSuchParty));
    }
    let found = cx.get(&rows::handle_key(handle))?;
    let id = found.as_deref().and_then(rows::id_at_end);
    let id = id.ok_or(Stop::Refused(MembersError::NoSuchParty))?;
    let party = read::party(cx, id)?.ok_or(Stop::Refused(MembersError::NoSuchParty))?;
    Ok(Some(shown(cx, id, &party)?))
}

pub(super) fn list(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let filter = arguments.value(0)?;
    let kind = values::option(values::field(filter, "kind")?, values::text)?;
    let kind = kind.and_then(rows::kind_from_label);
    let group = values::option(values::field(filter, "group")?, values::text)?;
    let limit = match values::u32(arguments.value(1)?)? {
        0 => LIMIT_MAX,
        limit => LIMIT_MAX.min(usize::try_from(limit).unwrap_or(LIMIT_MAX)),
    };
    let cursor = values::option(arguments.value(2)?, values::text)?;
    if cursor.is_some_and(|cursor| !rows::is_name(cursor)) {
        return Err(Stop::Refused(MembersError::CursorInvalid));
    }
    // The first key after the cursor's handle.
    let start = cursor.map(|handle| [rows::handle_key(handle).as_slice(), &[0]].concat());
    let handles = read::prefixed(cx, b"h", start.as_deref(), LOOKED_AT_MAX)?;
    let mut parties = Vec::new();
    let mut next = (handles.len() == LOOKED_AT_MAX).then(|| handles.last()).flatten();
    for handle in &handles {
        let Some(id) = rows::id_at_end(&handle.1) else { continue };
        if let Some(group) = group
            && !read::in_group(cx, id, group)?
        {
            continue;
        }
        let Some(party) = read::party(cx, id)? else { continue };
        if kind.is_some_and(|kind| kind != party.kind) {
            continue;
        }
        parties.push(shown(cx, id, &party)?);
        if parties.len() == limit {
            let end = handles.last().is_some_and(|last| last.0 == handle.0);
            next = if end { next } else { Some(handle) };
            break;
        }
    }
    let next = next.and_then(|(key, _)| Some(String::from_utf8_lossy(key.get(1..)?).into_owned()));
    Ok(Some(values::record([("parties", Val::List(parties)), ("next", values::some(next.map(Val::String)))])))
}

pub(super) fn mandates(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let mut person = values::option(arguments.value(0)?, values::id)?;
    let party = values::option(arguments.value(1)?, values::id)?;
    let who = authority(cx)?;
    if person.is_none() && party.is_none() {
        person = who.person();
    }
    let pairs = match (person, party) {
        (Some(person), Some(party)) => {
            let row = cx.get(&rows::mandate_key(person, party))?;
            row.map(|row| vec![(person, party, row)]).unwrap_or_default()
        }
        (Some(person), None) => pairs(cx, &rows::mandates_of(person), |other| (person, other))?,
        (None, Some(party)) => pairs(cx, &rows::mandates_for(party), |other| (other, party))?,
        (None, None) => Vec::new(),
    };
    let mut entries = Vec::new();
    let mut decides = BTreeMap::new();
    for (person, party, row) in pairs {
        if !may_see(cx, who, person, party, &mut decides)? {
            continue;
        }
        let Some((mandate, since)) = rows::decode_mandate(&row) else { continue };
        entries.push(values::record([
            ("person", person.to_val()),
            ("party", party.to_val()),
            ("mandate", Val::Enum(mandate.label().to_owned())),
            ("since", Val::U64(since)),
        ]));
    }
    Ok(Some(Val::List(entries)))
}

pub(super) fn groups(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.id(0)?;
    read::party(cx, id)?.ok_or(Stop::Refused(MembersError::NoSuchParty))?;
    let prefix = rows::groups_of(id);
    let groups = read::prefixed(cx, &prefix, None, PAGE)?;
    let names = groups.iter().filter_map(|(key, _)| key.get(prefix.len()..));
    let names = names.map(|name| Val::String(String::from_utf8_lossy(name).into_owned()));
    Ok(Some(Val::List(names.collect())))
}

type Pair = (Id, Id, hamlet_store::Value);

fn pairs(
    cx: &mut dyn NativeContext,
    prefix: &[u8],
    pair: impl Fn(Id) -> (Id, Id),
) -> Result<Vec<Pair>, CallError> {
    let found = read::prefixed(cx, prefix, None, MANDATES_MAX)?;
    Ok(found
        .into_iter()
        .filter_map(|(key, row)| {
            let (person, party) = pair(rows::id_at_end(&key)?);
            Some((person, party, row))
        })
        .collect())
}

/// Her own mandates, those for parties that she decides for, and to stewards all.
fn may_see(
    cx: &mut dyn NativeContext,
    who: Authority,
    person: Id,
    party: Id,
    decides: &mut BTreeMap<Id, bool>,
) -> Result<bool, CallError> {
    if who.runs_the_community() || who.person() == Some(person) {
        return Ok(true);
    }
    if let Some(known) = decides.get(&party) {
        return Ok(*known);
    }
    let answer = who.decides_for(cx, party)?;
    decides.insert(party, answer);
    Ok(answer)
}

/// A party as its WIT record. A name whose key was destroyed is empty.
fn shown(cx: &mut dyn NativeContext, id: Id, party: &Party) -> Result<Val, CallError> {
    let name = cx.open(id, &party.sealed_name)?;
    let name = name.ok().and_then(|plain| String::from_utf8(plain).ok()).unwrap_or_default();
    let status = if party.active { "active" } else { "left" };
    Ok(values::record([
        ("id", id.to_val()),
        ("kind", Val::Enum(rows::kind_label(party.kind).to_owned())),
        ("name", Val::String(name)),
        ("handle", Val::String(party.handle.clone())),
        ("status", Val::Enum(status.to_owned())),
        ("since", Val::U64(party.since)),
    ]))
}
