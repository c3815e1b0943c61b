//! Who may put something up: the muted may not, newcomers only so much a day.

use hamlet_kernel::{CallError, NativeContext};
use hamlet_reflect::Id;
use wasmtime::component::Val;

use super::kept::{DAY_MICROS, Limits, Mute};
use super::{ModerationError, Outcome, kept, reason, tell};
use crate::members::authority;
use crate::read;
use crate::rows::STEWARDS;
use crate::values::{self, Arguments, Stop, refuse};

/// Longest mute, and longest time as a newcomer, in days.
const DAYS_MAX: u32 = 365;
/// Most that can be allowed a day.
const A_DAY_MAX: u32 = 1_000;

/// A plugin, for whoever acts.
pub(super) fn admit(cx: &mut dyn NativeContext) -> Outcome {
    let Some(person) = cx.actor().person() else { return Ok(None) };
    let now = cx.now();
    if let Some(mute) = kept::get::<Mute>(cx, &kept::mute_key(person))?.filter(|mute| now < mute.until) {
        return refuse(ModerationError::Muted(mute.until));
    }
    let limits = kept::get::<Limits>(cx, kept::LIMITS_KEY)?.unwrap_or_default();
    let since = read::person(cx, person)?.map_or(0, |party| party.since);
    let is_newcomer = now < since.saturating_add(u64::from(limits.days).saturating_mul(DAY_MICROS));
    if is_newcomer
        && !cx.in_group(person, STEWARDS)?
        && kept::count(cx, &kept::put_up_key(person))? > limits.a_day
    {
        return refuse(ModerationError::Newcomer(limits.a_day));
    }
    Ok(None)
}

/// Stewards and decisions.
pub(super) fn mute(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let person = someone(cx, arguments)?;
    let days = values::u32(arguments.value(1)?)?;
    let why = reason(arguments, 2)?;
    if !(1..=DAYS_MAX).contains(&days) {
        return refuse(ModerationError::DaysInvalid);
    }
    if cx.in_group(person, STEWARDS)? {
        return refuse(ModerationError::IsSteward);
    }
    let until = cx.now().saturating_add(u64::from(days).saturating_mul(DAY_MICROS));
    let sealed = kept::seal(cx, Some(person), why)?;
    kept::write(cx, &kept::mute_key(person), &Mute { until, reason: sealed })?;
    tell(cx, person, "notice-muted", &[("days", &days.to_string()), ("reason", why)], "/log")?;
    Ok(None)
}

/// Stewards and decisions. Of somebody who is not muted nothing is changed.
pub(super) fn unmute(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let person = someone(cx, arguments)?;
    reason(arguments, 1)?;
    cx.delete(&kept::mute_key(person))?;
    Ok(None)
}

/// She herself and stewards.
pub(super) fn muted(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Result<Val, CallError> {
    let person = arguments.id(0)?;
    let who = authority(cx)?;
    let may = who.runs_the_community() || who.person() == Some(person);
    let now = cx.now();
    let Some(mute) = kept::get::<Mute>(cx, &kept::mute_key(person))?.filter(|mute| may && now < mute.until)
    else {
        return Ok(Val::Option(None));
    };
    let reason = kept::open(cx, Some(person), &mute.reason)?;
    let shown = values::record([("until", Val::U64(mute.until)), ("reason", Val::String(reason))]);
    Ok(values::some(Some(shown)))
}

/// Members.
pub(super) fn limits(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let limits = kept::get::<Limits>(cx, kept::LIMITS_KEY)?.unwrap_or_default();
    Ok(values::record([("days", Val::U32(limits.days)), ("a-day", Val::U32(limits.a_day))]))
}

/// Stewards and decisions.
pub(super) fn set_limits(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let given = arguments.value(0)?;
    let number = |name| values::u32(values::field(given, name)?);
    let limits = Limits { days: number("days")?, a_day: number("a-day")? };
    if limits.days > DAYS_MAX || limits.a_day > A_DAY_MAX {
        return refuse(ModerationError::DaysInvalid);
    }
    kept::write(cx, kept::LIMITS_KEY, &limits)?;
    Ok(None)
}

/// Forgets what is counted of somebody who leaves, and that she was muted.
pub(crate) fn end_of(cx: &mut dyn NativeContext, person: Id) -> Result<(), CallError> {
    for key in [kept::mute_key(person), kept::put_up_key(person), kept::reported_key(person)] {
        cx.delete(&key)?;
    }
    Ok(())
}

/// The person of the first argument.
fn someone(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Result<Id, Stop<ModerationError>> {
    let person = arguments.id(0)?;
    if read::person(cx, person)?.is_some() { Ok(person) } else { refuse(ModerationError::NoSuchPerson) }
}
