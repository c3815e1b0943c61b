//! The native provider `hamlet:host/guardians`: from which age somebody acts alone, and who is younger (W6).
//!
//! The kernel refuses what a person under age would change by herself, wherever a function does not say that she may
//! (`Access::Ward`): it reads one bit of her row, which is kept here. Years of birth are sealed under their person's key.
//! Not here: who is whose guardian (`members`). If it is wrong, a child spends, or a grown-up cannot.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_kernel::{CallError, Mandate, NativeContext, NativeProvider, Noted, Noting, settings};
use hamlet_reflect::Id;
use wasmtime::component::Val;

use crate::members::{Authority, authority, no_such_function};
use crate::read;
use crate::rows::{self, STEWARDS};
use crate::values::{self, Arguments, Stop, cases, refuse, settle};

/// The interface that it provides.
pub const GUARDIANS: &str = "hamlet:host/guardians@0.1.0";

/// Highest age that can be set, in years.
const AGE_MAX: u32 = 30;
/// Earliest year of birth.
const BORN_MIN: u32 = 1880;
/// Most people whose year is looked at when the age changes.
const PEOPLE_MAX: usize = 10_000;

/// The provider of `hamlet:host/guardians@0.1.0`.
#[derive(Debug, Clone, Copy, Default)]
pub struct GuardiansProvider;

type Outcome = Result<Option<Val>, Stop<GuardiansError>>;

impl NativeProvider for GuardiansProvider {
    fn interface(&self) -> &'static str {
        GUARDIANS
    }

    /// With the parties: whoever leaves takes her year with her.
    fn room(&self) -> &'static str {
        crate::ROOM
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let stewards = || vec![Access::Group(STEWARDS.into()), Access::Decision, Access::Console];
        let (kind, access) = match function {
            "age" => (Kind::Query, vec![Access::Public, Access::Plugin, Access::Console]),
            "set-age" => (Kind::Command, stewards()),
            "set-born" => (Kind::Command, [vec![Access::Member], stewards()].concat()),
            "born" => (Kind::Query, vec![Access::Member]),
            "ward" => (Kind::Query, vec![Access::Member, Access::Plugin, Access::Console]),
            "review" => (Kind::Command, vec![Access::Console]),
            _ => return None,
        };
        Some(FunctionRule::new(kind, access))
    }

    /// `set-born` says so itself, where somebody else's year is said.
    fn noted(&self, function: &str, _: &[Val], _: Option<&Val>) -> Noting {
        Ok((function == "set-age").then(Noted::default))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let arguments = Arguments(arguments);
        settle(match function {
            "age" => return Ok(Val::U32(age(cx)?)),
            "ward" => {
                let party = read::party(cx, arguments.id(0)?)?;
                return Ok(Val::Bool(party.is_some_and(|party| party.ward)));
            }
            "set-age" => set_age(cx, arguments),
            "set-born" => set_born(cx, arguments),
            "born" => born(cx, arguments),
            "review" => review(cx, arguments),
            _ => return Err(no_such_function(function)),
        })
    }
}

/// The age from which somebody acts alone; 0: none was set.
pub(crate) fn age(cx: &mut dyn NativeContext) -> Result<u32, CallError> {
    let row = cx.get(rows::AGE_KEY)?;
    Ok(row.and_then(|row| Some(u32::from_be_bytes(row.as_ref().try_into().ok()?))).unwrap_or(0))
}

/// Stewards, decisions and the host.
fn set_age(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let years = values::u32(arguments.value(0)?)?;
    if years > AGE_MAX {
        return refuse(GuardiansError::AgeInvalid);
    }
    cx.set(rows::AGE_KEY, &years.to_be_bytes())?;
    for (key, _) in read::prefixed(cx, rows::BORN, None, PEOPLE_MAX)? {
        if let Some(person) = rows::id_at_end(&key) {
            settle_ward(cx, person)?;
        }
    }
    Ok(None)
}

/// Herself where nobody said it; her guardian; a steward while she never signed in; decisions and the host.
fn set_born(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let (person, year) = (arguments.id(0)?, values::u32(arguments.value(1)?)?);
    let Some(party) = read::person(cx, person)? else { return refuse(GuardiansError::NoSuchPerson) };
    let who = authority(cx)?;
    let (own, mandate) = match who.person() {
        Some(caller) if caller == person => (true, None),
        Some(caller) => (false, cx.mandate(caller, person)?),
        None => (false, None),
    };
    let guardian = mandate == Some(Mandate::Guardian);
    let may = match who {
        Authority::Whole => true,
        // Nobody makes herself older.
        _ if own => cx.get(&rows::born_key(person))?.is_none(),
        // Of somebody who signs in by herself a steward says nothing: he could make anybody a child.
        Authority::Steward(_) => guardian || !party.credentialed,
        Authority::Person(_) | Authority::Nobody => guardian,
    };
    if !may {
        return refuse(GuardiansError::NotYours);
    }
    if !say_born(cx, person, year)? {
        return refuse(GuardiansError::YearInvalid);
    }
    if !own && !guardian {
        cx.note(Noted::about(person))?;
    }
    Ok(None)
}

/// Keeps in which year a person was born; false: it cannot be that year.
pub(crate) fn say_born(cx: &mut dyn NativeContext, person: Id, year: u32) -> Result<bool, CallError> {
    if !(BORN_MIN..=this_year(cx)).contains(&year) {
        return Ok(false);
    }
    let sealed = cx
        .seal(person, &year.to_be_bytes())?
        .map_err(|refusal| CallError::internal(format!("a year cannot be sealed: {refusal:?}")))?;
    cx.set(&rows::born_key(person), &sealed)?;
    settle_ward(cx, person)?;
    Ok(true)
}

/// Herself and her guardian.
fn born(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let person = arguments.id(0)?;
    let Some(caller) = authority(cx)?.person() else { return refuse(GuardiansError::NotYours) };
    if !matches!(cx.mandate(caller, person)?, Some(Mandate::SelfActing | Mandate::Guardian)) {
        return refuse(GuardiansError::NotYours);
    }
    Ok(Some(values::some(year_of(cx, person)?.map(Val::U32))))
}

/// The host itself.
fn review(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let person = arguments.id(0)?;
    if read::person(cx, person)?.is_none() {
        return refuse(GuardiansError::NoSuchPerson);
    }
    Ok(Some(Val::Bool(settle_ward(cx, person)?)))
}

fn year_of(cx: &mut dyn NativeContext, person: Id) -> Result<Option<u32>, CallError> {
    let Some(sealed) = cx.get(&rows::born_key(person))? else { return Ok(None) };
    let plain = cx.open(person, &sealed)?.ok();
    Ok(plain.and_then(|plain| Some(u32::from_be_bytes(plain.as_slice().try_into().ok()?))))
}

/// Keeps in her row whether a person is under age; whether she is. Who never said a year acts alone.
fn settle_ward(cx: &mut dyn NativeContext, person: Id) -> Result<bool, CallError> {
    let (age, born) = (age(cx)?, year_of(cx, person)?);
    let ward = born.is_some_and(|born| is_under_age(born, this_year(cx), age));
    if let Some(mut party) = read::party(cx, person)?
        && party.ward != ward
    {
        party.ward = ward;
        cx.set(&rows::party_key(person), &party.encode())?;
    }
    Ok(ward)
}

/// Whether somebody who was born in this year does not reach the age in the present one either.
fn is_under_age(born: u32, present: u32, age: u32) -> bool {
    present < born.saturating_add(age)
}

/// The calendar year, by UTC: on New Year's Eve a community's own may differ by hours.
fn this_year(cx: &mut dyn NativeContext) -> u32 {
    settings::month(&settings::utc(), cx.now()) / 12
}

/// Forgets a person's year, because she leaves.
pub(crate) fn end_of(cx: &mut dyn NativeContext, person: Id) -> Result<(), CallError> {
    cx.delete(&rows::born_key(person)).map(drop)
}

cases! {
    /// `hamlet:host/guardians.error`. The WIT documents each case.
    enum GuardiansError {
        NoSuchPerson = "no-such-person",
        AgeInvalid = "age-invalid",
        YearInvalid = "year-invalid",
        NotYours = "not-yours",
    }
}

#[cfg(test)]
mod tests {
    use super::is_under_age;

    #[test]
    fn somebody_acts_alone_from_the_year_in_which_she_reaches_the_age() {
        for (born, present, age, under) in [
            (2010, 2025, 16, true),
            (2010, 2026, 16, false),
            (2026, 2026, 16, true),
            (2026, 2026, 0, false),
            (1950, 2026, 30, false),
            (u32::MAX, 2026, 16, true),
        ] {
            assert_eq!(is_under_age(born, present, age), under, "{born} {present} {age}");
        }
    }
}
