//! The commands of `members`. Each says first who may, then checks, then writes.

use hamlet_kernel::{CallError, Mandate, NativeContext, Noted, PartyKind};
use hamlet_reflect::Id;
use wasmtime::component::Val;

use super::{Authority, MembersError, authority};
use crate::credential_rows;
use crate::profiles;
use crate::read::{self, PAGE};
use crate::recovered;
use crate::recoveries;
use crate::rows::{self, Party, STEWARDS};
use crate::sessions;
use crate::values::{Arguments, Stop, refuse};
use crate::{moderation, papers};

pub(super) type Outcome = Result<Option<Val>, Stop<MembersError>>;

/// Stewards and decisions (the manifest's access says so): a new party.
pub(super) fn add(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let kind = rows::kind_from_label(arguments.text(0)?)
        .ok_or_else(|| CallError::arguments("an unknown kind of party"))?;
    let (handle, name) = (arguments.text(1)?, arguments.text(2)?);
    Ok(Some(new_party(cx, kind, handle, name)?.to_val()))
}

/// A newcomer, who may be added: that was decided before.
pub(crate) fn add_person(
    cx: &mut dyn NativeContext,
    handle: &str,
    name: &str,
) -> Result<Id, Stop<MembersError>> {
    new_party(cx, PartyKind::Person, handle, name)
}

pub(crate) fn new_party(
    cx: &mut dyn NativeContext,
    kind: PartyKind,
    handle: &str,
    name: &str,
) -> Result<Id, Stop<MembersError>> {
    if !rows::is_name(handle) {
        return refuse(MembersError::HandleInvalid);
    }
    if !is_party_name(name) {
        return refuse(MembersError::NameInvalid);
    }
    if cx.get(&rows::handle_key(handle))?.is_some() {
        return refuse(MembersError::HandleTaken);
    }
    if kind == PartyKind::Commons && cx.get(rows::COMMONS_KEY)?.is_some() {
        return refuse(MembersError::OneCommons);
    }
    // Random, not growing with time: an id must not tell when somebody joined.
    let mut id = [0; 16];
    cx.random(&mut id);
    let id = Id(u128::from_be_bytes(id));
    let mut party = Party {
        kind,
        active: true,
        mandated: false,
        credentialed: false,
        ward: false,
        since: cx.now(),
        handle: handle.to_owned(),
        sealed_name: Vec::new(),
    };
    // The row comes first: a value can be sealed only for a party that exists.
    cx.set(&rows::party_key(id), &party.encode())?;
    party.sealed_name = seal(cx, id, name)?;
    cx.set(&rows::party_key(id), &party.encode())?;
    cx.set(&rows::handle_key(handle), &id.0.to_be_bytes())?;
    if kind == PartyKind::Commons {
        cx.set(rows::COMMONS_KEY, &id.0.to_be_bytes())?;
    }
    Ok(id)
}

/// Whoever decides for the party, and stewards.
pub(super) fn rename(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let (id, name) = (arguments.id(0)?, arguments.text(1)?);
    let mut party = active(cx, id)?;
    let who = authority(cx)?;
    if !who.runs_the_community() && !who.decides_for(cx, id)? {
        return refuse(MembersError::NoMandate);
    }
    if !is_party_name(name) {
        return refuse(MembersError::NameInvalid);
    }
    party.sealed_name = seal(cx, id, name)?;
    cx.set(&rows::party_key(id), &party.encode())?;
    note_for_another(cx, who, id, "")?;
    Ok(None)
}

/// Stewards and decisions. What the party may do ends in this transaction; what it owns stays.
pub(super) fn remove(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.id(0)?;
    let mut party = active(cx, id)?;
    end_part(cx, id, &mut party)?;
    Ok(None)
}

/// Whoever decides for the party: it is not asked why.
pub(super) fn leave(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let id = arguments.id(0)?;
    let mut party = active(cx, id)?;
    if !authority(cx)?.decides_for(cx, id)? {
        return refuse(MembersError::NoMandate);
    }
    end_part(cx, id, &mut party)?;
    Ok(None)
}

/// Ends what a party may do, and what others may do for it.
pub(super) fn end_part(
    cx: &mut dyn NativeContext,
    id: Id,
    party: &mut Party,
) -> Result<(), Stop<MembersError>> {
    if party.kind == PartyKind::Commons {
        return refuse(MembersError::OneCommons);
    }
    if is_last_steward(cx, id)? {
        return refuse(MembersError::LastSteward);
    }
    party.active = false;
    cx.set(&rows::party_key(id), &party.encode())?;
    sweep(cx, &rows::mandates_of(id), |cx, key, _| {
        let Some(other) = rows::id_at_end(key) else { return Ok(()) };
        cx.delete(&rows::mandate_back_key(other, id)).map(drop)
    })?;
    sweep(cx, &rows::mandates_for(id), |cx, key, _| {
        let Some(person) = rows::id_at_end(key) else { return Ok(()) };
        cx.delete(&rows::mandate_key(person, id)).map(drop)
    })?;
    let groups = rows::groups_of(id);
    sweep(cx, &groups, |cx, key, _| {
        let group = key.get(groups.len()..).unwrap_or_default();
        cx.delete(&rows::group_back_key(&String::from_utf8_lossy(group), id)).map(drop)
    })?;
    sweep(cx, &rows::tokens_of(id), |cx, key, hash| {
        if let Some(token) = rows::id_at_end(key) {
            cx.delete(&rows::token_id_key(token))?;
        }
        if let Ok(hash) = hash.try_into() {
            cx.delete(&rows::token_key(hash))?;
        }
        Ok(())
    })?;
    sessions::end_of(cx, id)?;
    credential_rows::clear(cx, id)?;
    recoveries::end_of(cx, id)?;
    profiles::end_of(cx, id)?;
    recovered::end_of(cx, id)?;
    papers::end_of(cx, id)?;
    moderation::end_of(cx, id)?;
    crate::guardians::end_of(cx, id)?;
    Ok(())
}

/// Whoever decides for the party, and decisions; a steward the very first mandate of a party, and
/// of a person only while she has never had a token. More would let stewards act for anybody.
pub(super) fn give_mandate(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let (person, id) = (arguments.id(0)?, arguments.id(1)?);
    let mandate =
        Mandate::from_label(arguments.text(2)?).ok_or_else(|| CallError::arguments("an unknown mandate"))?;
    let holder = active(cx, person)?;
    let mut party = active(cx, id)?;
    if holder.kind != PartyKind::Person || person == id {
        return refuse(MembersError::MandateInvalid);
    }
    let Some(row) = rows::encode_mandate(mandate, cx.now()) else {
        return refuse(MembersError::MandateInvalid);
    };
    let who = authority(cx)?;
    // Who is under age cannot give one herself: a steward gives her first guardian, and all see it.
    let child = party.ward && mandate == Mandate::Guardian;
    let first = !party.mandated && (!party.credentialed || child);
    let by_steward = matches!(who, Authority::Steward(_)) && first;
    if !by_steward && !who.decides_for(cx, id)? {
        return refuse(MembersError::NoMandate);
    }
    write_mandate(cx, person, id, &mut party, &row)?;
    note_for_another(cx, who, id, "")?;
    Ok(None)
}

fn write_mandate(
    cx: &mut dyn NativeContext,
    person: Id,
    id: Id,
    party: &mut Party,
    row: &[u8],
) -> Result<(), CallError> {
    cx.set(&rows::mandate_key(person, id), row)?;
    cx.set(&rows::mandate_back_key(id, person), row)?;
    if !party.mandated {
        party.mandated = true;
        cx.set(&rows::party_key(id), &party.encode())?;
    }
    Ok(())
}

/// A mandate for a party that was just added, by whoever added it: that it may be given was decided before.
pub(crate) fn entrust(
    cx: &mut dyn NativeContext,
    person: Id,
    id: Id,
    mandate: Mandate,
) -> Result<(), CallError> {
    let (Some(mut party), Some(row)) = (read::party(cx, id)?, rows::encode_mandate(mandate, cx.now())) else {
        return Err(CallError::internal("a mandate for nobody"));
    };
    write_mandate(cx, person, id, &mut party, &row)
}

/// Whoever decides for the party, the person herself, and decisions. From the next command on she
/// acts for it no more. Not stewards: they could clear the way for a mandate of their own.
pub(super) fn withdraw_mandate(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let (person, id) = (arguments.id(0)?, arguments.id(1)?);
    let who = authority(cx)?;
    let concerned = who.person() == Some(person) || who.decides_for(cx, id)?;
    let exists = cx.get(&rows::mandate_key(person, id))?.is_some();
    if !concerned {
        return refuse(MembersError::NoMandate);
    }
    if !exists {
        return refuse(MembersError::NoSuchMandate);
    }
    cx.delete(&rows::mandate_key(person, id))?;
    cx.delete(&rows::mandate_back_key(id, person))?;
    Ok(None)
}

/// Stewards and decisions.
pub(super) fn join_group(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let (id, group) = (arguments.id(0)?, arguments.text(1)?);
    let party = active(cx, id)?;
    if !rows::is_name(group) || (group == STEWARDS && party.kind != PartyKind::Person) {
        return refuse(MembersError::GroupInvalid);
    }
    Ok(Some(Val::Bool(join(cx, id, group)?)))
}

/// Puts a party into a group whose name was checked; false when it was in it.
pub(crate) fn join(cx: &mut dyn NativeContext, id: Id, group: &str) -> Result<bool, CallError> {
    if read::in_group(cx, id, group)? {
        return Ok(false);
    }
    let now = cx.now().to_be_bytes();
    cx.set(&rows::group_key(id, group), &now)?;
    cx.set(&rows::group_back_key(group, id), &[])?;
    Ok(true)
}

/// Stewards, decisions, and whoever decides for the party. The last steward stays.
pub(super) fn leave_group(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let (id, group) = (arguments.id(0)?, arguments.text(1)?);
    active(cx, id)?;
    let who = authority(cx)?;
    if !who.runs_the_community() && !who.decides_for(cx, id)? {
        return refuse(MembersError::NoMandate);
    }
    if !rows::is_name(group) {
        return refuse(MembersError::GroupInvalid);
    }
    if group == STEWARDS && is_last_steward(cx, id)? {
        return refuse(MembersError::LastSteward);
    }
    let was = cx.delete(&rows::group_key(id, group))?;
    cx.delete(&rows::group_back_key(group, id))?;
    if was {
        note_for_another(cx, who, id, group)?;
    }
    Ok(Some(Val::Bool(was)))
}

/// What a steward, a decision or the holder of the box does to a party that is not theirs goes into the steward log.
pub(super) fn note_for_another(
    cx: &mut dyn NativeContext,
    who: Authority,
    party: Id,
    thing: &str,
) -> Result<(), CallError> {
    if !who.runs_the_community() || (who != Authority::Whole && who.decides_for(cx, party)?) {
        return Ok(());
    }
    cx.note(Noted { thing: thing.to_owned(), party: Some(party), ..Noted::default() })
}

fn is_party_name(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= rows::PARTY_NAME_LENGTH_MAX
}

/// A party that takes part.
fn active(cx: &mut dyn NativeContext, id: Id) -> Result<Party, Stop<MembersError>> {
    match read::party(cx, id)? {
        None => refuse(MembersError::NoSuchParty),
        Some(party) if !party.active => refuse(MembersError::HasLeft),
        Some(party) => Ok(party),
    }
}

fn seal(cx: &mut dyn NativeContext, party: Id, name: &str) -> Result<Vec<u8>, CallError> {
    cx.seal(party, name.as_bytes())?
        .map_err(|refusal| CallError::internal(format!("a name could not be sealed: {refusal:?}")))
}

fn is_last_steward(cx: &mut dyn NativeContext, party: Id) -> Result<bool, CallError> {
    let two = read::prefixed(cx, &rows::members_of(STEWARDS), None, 2)?;
    let [(only, _)] = two.as_slice() else { return Ok(false) };
    Ok(rows::id_at_end(only) == Some(party))
}

/// Deletes all rows whose keys begin with `prefix`, and with each what `also` finds of it elsewhere.
fn sweep(
    cx: &mut dyn NativeContext,
    prefix: &[u8],
    mut also: impl FnMut(&mut dyn NativeContext, &[u8], &[u8]) -> Result<(), CallError>,
) -> Result<(), CallError> {
    loop {
        let page = read::prefixed(cx, prefix, None, PAGE)?;
        if page.is_empty() {
            return Ok(());
        }
        for (key, value) in page {
            cx.delete(&key)?;
            also(cx, &key, &value)?;
        }
    }
}
