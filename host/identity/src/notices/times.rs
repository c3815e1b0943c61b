//! When e-mail comes: at which hour what she wants gathered, and between which hours nothing.
//!
//! Whole hours of the community's calendar. Where a clock is put forward over an hour, the next one stands for it.

use hamlet_kernel::{CallError, NativeContext, settings};
use hamlet_reflect::Id;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use super::{NoticesError, Outcome, kept};
use crate::values::{self, Arguments, refuse};

const HOURS: u8 = 24;
/// In the evening, when people look.
const DIGEST_HOUR: u8 = 18;

/// Hours in which nothing comes: from the first on, until the second begins; over midnight where that is smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Quiet {
    begins: u8,
    ends: u8,
}

/// What somebody chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Times {
    digest: u8,
    quiet: Option<Quiet>,
}

impl Default for Times {
    fn default() -> Self {
        Self { digest: DIGEST_HOUR, quiet: None }
    }
}

impl Times {
    /// What a person chose; what holds for all where she did not.
    pub fn of(cx: &mut dyn NativeContext, person: Id) -> Result<Self, CallError> {
        match cx.get(&kept::times_key(person))? {
            Some(sealed) => Ok(kept::open(cx, person, &sealed)?.unwrap_or_default()),
            None => Ok(Self::default()),
        }
    }

    fn is_good(self) -> bool {
        let quiet =
            self.quiet.is_none_or(|Quiet { begins, ends }| begins < HOURS && ends < HOURS && begins != ends);
        self.digest < HOURS && quiet
    }

    /// The first time from `at` on that is not quiet.
    pub fn not_quiet(self, zone: &TimeZone, at: u64) -> u64 {
        let Some((Quiet { begins, ends }, moment)) = self.quiet.zip(timestamp(at)) else { return at };
        let hour = u8::try_from(zone.to_datetime(moment).hour()).unwrap_or_default();
        let is_quiet =
            if begins < ends { (begins..ends).contains(&hour) } else { hour >= begins || hour < ends };
        if is_quiet { next(zone, at, ends) } else { at }
    }

    /// When what is told at `at` comes gathered.
    pub fn gathered(self, zone: &TimeZone, at: u64) -> u64 {
        self.not_quiet(zone, next(zone, at, self.digest))
    }
}

/// The next time after `at` at which the clock shows this hour; `at` itself where there is none.
fn next(zone: &TimeZone, at: u64, hour: u8) -> u64 {
    let Some(moment) = timestamp(at) else { return at };
    let hour = i8::try_from(hour).unwrap_or_default();
    let mut date = zone.to_datetime(moment).date();
    for _ in 0..3 {
        let there = zone.to_ambiguous_timestamp(date.at(hour, 0, 0, 0)).compatible().ok();
        let there = there.and_then(|there| u64::try_from(there.as_microsecond()).ok());
        if let Some(there) = there.filter(|there| *there > at) {
            return there;
        }
        let Ok(tomorrow) = date.tomorrow() else { return at };
        date = tomorrow;
    }
    at
}

fn timestamp(micros: u64) -> Option<Timestamp> {
    Timestamp::from_microsecond(i64::try_from(micros).ok()?).ok()
}

/// The community's time zone.
pub(super) fn zone(cx: &mut dyn NativeContext) -> Result<TimeZone, CallError> {
    settings::zone(cx.rows())
}

/// Herself.
pub(super) fn times(cx: &mut dyn NativeContext) -> Result<Val, CallError> {
    let times = match cx.actor().person() {
        Some(person) => Times::of(cx, person)?,
        None => Times::default(),
    };
    let quiet = times
        .quiet
        .map(|Quiet { begins, ends }| values::record([("begins", Val::U8(begins)), ("ends", Val::U8(ends))]));
    Ok(values::record([("digest", Val::U8(times.digest)), ("quiet", values::some(quiet))]))
}

/// Herself.
pub(super) fn set_times(cx: &mut dyn NativeContext, arguments: Arguments<'_>) -> Outcome {
    let Some(person) = cx.actor().person() else { return refuse(NoticesError::NoSuchParty) };
    let order = arguments.value(0)?;
    let quiet = values::option(values::field(order, "quiet")?, |quiet| {
        Ok(Quiet { begins: hour(quiet, "begins")?, ends: hour(quiet, "ends")? })
    })?;
    let times = Times { digest: hour(order, "digest")?, quiet };
    if !times.is_good() {
        return refuse(NoticesError::Invalid);
    }
    if let Some(sealed) = kept::seal(cx, person, &times)? {
        cx.set(&kept::times_key(person), &sealed)?;
    }
    Ok(None)
}

fn hour(record: &Val, name: &str) -> Result<u8, CallError> {
    match values::field(record, name)? {
        Val::U8(hour) => Ok(*hour),
        _ => Err(CallError::arguments("expected an hour")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn madrid() -> TimeZone {
        TimeZone::get("Europe/Madrid").unwrap()
    }

    fn at(text: &str) -> u64 {
        let moment: jiff::Zoned = format!("{text}[Europe/Madrid]").parse().unwrap();
        u64::try_from(moment.timestamp().as_microsecond()).unwrap()
    }

    fn quiet(begins: u8, ends: u8) -> Times {
        Times { quiet: Some(Quiet { begins, ends }), ..Times::default() }
    }

    #[test]
    fn what_comes_in_quiet_hours_comes_at_their_end_also_over_midnight_and_where_the_clock_is_put_forward() {
        for (times, told, comes) in [
            (quiet(22, 7), "2026-06-01T21:59", "2026-06-01T21:59"),
            (quiet(22, 7), "2026-06-01T22:00", "2026-06-02T07:00"),
            (quiet(22, 7), "2026-06-02T06:59", "2026-06-02T07:00"),
            (quiet(22, 7), "2026-06-02T07:00", "2026-06-02T07:00"),
            (quiet(13, 16), "2026-06-02T15:30", "2026-06-02T16:00"),
            // There is no two o'clock on the 29th of March.
            (quiet(22, 2), "2026-03-29T01:30", "2026-03-29T03:00"),
            (Times::default(), "2026-06-01T23:00", "2026-06-01T23:00"),
        ] {
            assert_eq!(times.not_quiet(&madrid(), at(told)), at(comes), "{told}");
        }
    }

    #[test]
    fn what_is_gathered_comes_at_its_hour_of_this_day_or_the_next_and_never_in_quiet_hours() {
        for (times, told, comes) in [
            (Times::default(), "2026-06-01T17:59", "2026-06-01T18:00"),
            (Times::default(), "2026-06-01T18:00", "2026-06-02T18:00"),
            // Over the night on which an hour comes twice.
            (Times::default(), "2026-10-24T18:30", "2026-10-25T18:00"),
            (quiet(17, 20), "2026-06-01T09:00", "2026-06-01T20:00"),
        ] {
            assert_eq!(times.gathered(&madrid(), at(told)), at(comes), "{told}");
        }
    }

    #[test]
    fn nothing_is_held_back_for_longer_than_a_day_and_an_hour_and_nothing_comes_in_quiet_hours() {
        let start = at("2026-01-01T00:00");
        for step in 0..(366 * 24 * 2) {
            let told = start + step * 1_800_000_000;
            for times in [quiet(22, 7), quiet(2, 3), quiet(4, 2), quiet(0, 23)] {
                let comes = times.not_quiet(&madrid(), told);
                assert!((told..=told + 25 * 3_600_000_000).contains(&comes), "{times:?} {told}");
                assert_eq!(times.not_quiet(&madrid(), comes), comes, "{times:?} {told}");
            }
        }
    }

    #[test]
    fn hours_that_no_clock_shows_are_no_times() {
        for bad in [quiet(7, 7), quiet(24, 7), quiet(7, 24), Times { digest: 24, quiet: None }] {
            assert!(!bad.is_good(), "{bad:?}");
        }
        assert!(quiet(22, 7).is_good() && Times::default().is_good());
        // Times that no calendar has come at once.
        assert_eq!(quiet(0, 23).not_quiet(&madrid(), u64::MAX), u64::MAX);
        assert_eq!(Times::default().gathered(&madrid(), u64::MAX), u64::MAX);
    }
}
