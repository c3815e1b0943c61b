//! When an event takes place: local times, repetitions, and clocks that change.
//!
//! A time is kept as people say it, the clock on the wall and the community's time zone, so that the choir at eight stays
//! at eight when the clocks change. A repetition is one of RFC 5545's recurrence rules (section 3.3.10) of those that
//! people use; a day that a month does not have is left out, a time that the clocks jump over is as much later as they
//! jump, and of one that comes twice the first is meant (section 3.3.5).

use std::str::FromStr;

use hamlet_sdk::types::Instant;
use jiff::Span;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Longest event: two weeks, in minutes.
const MINUTES_MAX: u32 = 14 * 24 * 60;
/// Largest distance between repetitions, in their unit.
const INTERVAL_MAX: u8 = 52;
/// Steps that a search for occurrences takes: some hundred years of weeks.
const STEPS_MAX: i64 = 6_000;
/// Days that may be left out of a repetition.
const EXCEPT_MAX: usize = 100;
/// A minute, in microseconds.
const MINUTE: u64 = 60_000_000;

/// How often something repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Frequency {
    /// Every so many days.
    Daily,
    /// Every so many weeks, on the first one's day of the week.
    Weekly,
    /// Every so many months, on the first one's day of the month.
    MonthlyByDay,
    /// Every so many months, on the first one's day of the week in its week of the month; what lies in a fifth week is on
    /// the last one.
    MonthlyByWeekday,
    /// Every so many years, on the first one's day.
    Yearly,
}

/// A repetition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// How often.
    pub frequency: Frequency,
    /// Every how many days, weeks, months or years, 1 to 52.
    pub interval: u8,
    /// The last day, `YYYY-MM-DD`; none: without an end.
    pub until: Option<String>,
    /// Days on which it does not take place, `YYYY-MM-DD`.
    pub except: Vec<String>,
}

/// When an event takes place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// The first beginning, as the clock on the wall shows it: `YYYY-MM-DDTHH:MM`.
    pub start: String,
    /// How long it takes, 1 to 20,160.
    pub minutes: u32,
    /// How it repeats; none: once.
    pub repeats: Option<Recurrence>,
}

/// One time that an event takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Occurrence {
    /// When it begins.
    pub start: Instant,
    /// When it ends.
    pub end: Instant,
    /// On which day of the community's calendar.
    pub day: Date,
}

/// Times that can be read, with all that is needed to count.
struct Rule<'a> {
    start: DateTime,
    minutes: u32,
    until: Option<Date>,
    except: Vec<Date>,
    repeats: Option<&'a Recurrence>,
    zone: TimeZone,
}

/// Where counting one step further leads.
enum Step {
    /// To this time on the wall.
    At(DateTime),
    /// To a month or year that has no such day.
    NoSuchDay,
}

impl Times {
    /// # Errors
    /// [`Error::Time`] for what is no time, too long, or has no occurrence.
    pub fn check(&self, zone: &str) -> Result<(), Error> {
        let rule = self.rule(zone)?;
        let has_one = rule.occurrences(0).next().is_some();
        if has_one { Ok(()) } else { Err(Error::Time) }
    }

    fn rule(&self, zone: &str) -> Result<Rule<'_>, Error> {
        let day = |text: &String| Date::from_str(text).map_err(|_| Error::Time);
        let start = DateTime::from_str(&self.start).map_err(|_| Error::Time)?;
        let good_start =
            (1970..=2200).contains(&start.year()) && start.second() == 0 && start.subsec_nanosecond() == 0;
        let repeats = self.repeats.as_ref();
        let good_interval = repeats.is_none_or(|repeats| (1..=INTERVAL_MAX).contains(&repeats.interval));
        if !good_start || !(1..=MINUTES_MAX).contains(&self.minutes) || !good_interval {
            return Err(Error::Time);
        }
        let until = repeats.and_then(|repeats| repeats.until.as_ref()).map(day).transpose()?;
        let except = repeats.map_or(&[][..], |repeats| &repeats.except);
        if except.len() > EXCEPT_MAX {
            return Err(Error::TooMany(100));
        }
        let except = except.iter().map(day).collect::<Result<_, _>>()?;
        let zone = TimeZone::get(zone).map_err(|_| Error::Time)?;
        Ok(Rule { start, minutes: self.minutes, until, except, repeats, zone })
    }

    /// The times that it takes place, from those that have not ended at `from` on; at most `limit`.
    ///
    /// # Errors
    /// [`Error::Time`] for times that cannot be read.
    pub fn occurrences(&self, zone: &str, from: Instant, limit: usize) -> Result<Vec<Occurrence>, Error> {
        Ok(self.rule(zone)?.occurrences(from).take(limit).collect())
    }

    /// When the last one ends; none: it goes on without an end.
    ///
    /// # Errors
    /// [`Error::Time`] for times that cannot be read.
    pub fn end(&self, zone: &str) -> Result<Option<Instant>, Error> {
        let rule = self.rule(zone)?;
        match (rule.repeats, rule.until) {
            (Some(_), None) => Ok(None),
            _ => Ok(rule.occurrences(0).last().map(|last| last.end)),
        }
    }
}

impl Rule<'_> {
    fn occurrences(&self, from: Instant) -> impl Iterator<Item = Occurrence> {
        let first = self.first_step(from);
        let steps = (first..first + STEPS_MAX).map_while(|step| self.local(step));
        let starts = steps.filter_map(|step| match step {
            Step::At(local) => Some(local),
            Step::NoSuchDay => None,
        });
        let starts = starts.take_while(|local| self.until.is_none_or(|until| local.date() <= until));
        let starts = starts.filter(|local| !self.except.contains(&local.date()));
        starts.filter_map(|local| self.occurrence(local)).filter(move |occurrence| occurrence.end > from)
    }

    /// A step that is surely not behind `from`, so that what began long ago is not counted from its beginning.
    fn first_step(&self, from: Instant) -> i64 {
        let Some(repeats) = self.repeats else { return 0 };
        let begun = self
            .start
            .to_zoned(self.zone.clone())
            .ok()
            .and_then(|start| u64::try_from(start.timestamp().as_microsecond()).ok());
        let days = from.saturating_sub(begun.unwrap_or(from)) / (24 * 60 * MINUTE);
        // Longest possible steps, so that it is never too far.
        let longest = match repeats.frequency {
            Frequency::Daily => 1,
            Frequency::Weekly => 7,
            Frequency::MonthlyByDay | Frequency::MonthlyByWeekday => 31,
            Frequency::Yearly => 366,
        } * u64::from(repeats.interval);
        let margin = 2 + u64::from(self.minutes) / (24 * 60);
        i64::try_from(days.saturating_sub(margin) / longest.max(1)).unwrap_or_default()
    }

    /// The beginning at a step, on the wall; none past the end of counting.
    fn local(&self, step: i64) -> Option<Step> {
        let Some(repeats) = self.repeats else { return (step == 0).then_some(Step::At(self.start)) };
        let count = step.checked_mul(i64::from(repeats.interval))?;
        let move_by = |span: Span| self.start.checked_add(span).ok();
        match repeats.frequency {
            Frequency::Daily => move_by(Span::new().try_days(count).ok()?).map(Step::At),
            Frequency::Weekly => move_by(Span::new().try_weeks(count).ok()?).map(Step::At),
            Frequency::MonthlyByDay => {
                let there = move_by(Span::new().try_months(count).ok()?)?;
                Some(if there.day() == self.start.day() { Step::At(there) } else { Step::NoSuchDay })
            }
            Frequency::Yearly => {
                let there = move_by(Span::new().try_years(count).ok()?)?;
                Some(if there.day() == self.start.day() { Step::At(there) } else { Step::NoSuchDay })
            }
            Frequency::MonthlyByWeekday => {
                let month = self
                    .start
                    .date()
                    .first_of_month()
                    .checked_add(Span::new().try_months(count).ok()?)
                    .ok()?;
                let week = (self.start.day() - 1) / 7 + 1;
                let nth = if week > 4 { -1 } else { week };
                let date = month.nth_weekday_of_month(nth, self.start.weekday()).ok()?;
                Some(Step::At(date.to_datetime(self.start.time())))
            }
        }
    }

    fn occurrence(&self, local: DateTime) -> Option<Occurrence> {
        let start = self.zone.to_ambiguous_zoned(local).compatible().ok()?;
        let start = u64::try_from(start.timestamp().as_microsecond()).ok()?;
        Some(Occurrence { start, end: start + u64::from(self.minutes) * MINUTE, day: local.date() })
    }
}

/// The instant of a local time that a form gives, such as `2026-11-24T18:00`.
///
/// # Errors
/// [`Error::Time`].
pub fn instant(local: &str, zone: &str) -> Result<Instant, Error> {
    let times = Times { start: local.to_owned(), minutes: 1, repeats: None };
    times.occurrences(zone, 0, 1)?.first().map(|only| only.start).ok_or(Error::Time)
}

/// An instant as the clock on the wall shows it: `YYYY-MM-DDTHH:MM`.
#[must_use]
pub fn local(instant: Instant, zone: &str) -> Option<String> {
    let stamp = jiff::Timestamp::from_microsecond(i64::try_from(instant).ok()?).ok()?;
    let zoned = stamp.to_zoned(TimeZone::get(zone).ok()?);
    Some(zoned.strftime("%Y-%m-%dT%H:%M").to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const MADRID: &str = "Europe/Madrid";

    fn times(start: &str, frequency: Frequency, interval: u8, until: Option<&str>) -> Times {
        let until = until.map(str::to_owned);
        let repeats = Some(Recurrence { frequency, interval, until, except: Vec::new() });
        Times { start: start.to_owned(), minutes: 60, repeats }
    }

    fn starts(times: &Times, zone: &str, from: &str, limit: usize) -> Vec<String> {
        let from = instant(from, zone).unwrap();
        let all = times.occurrences(zone, from, limit).unwrap();
        all.iter()
            .map(|one| jiff::Timestamp::from_microsecond(one.start.try_into().unwrap()).unwrap().to_string())
            .collect()
    }

    #[test]
    fn the_choir_stays_at_eight_when_the_clocks_change() {
        let choir = times("2026-10-20T20:00", Frequency::Weekly, 1, None);
        let found = starts(&choir, MADRID, "2026-10-20T00:00", 2);
        assert_eq!(found, ["2026-10-20T18:00:00Z", "2026-10-27T19:00:00Z"]);
        // A time that is jumped over is as much later; one that comes twice is the first.
        let early = times("2026-03-28T02:30", Frequency::Daily, 1, None);
        assert_eq!(
            starts(&early, MADRID, "2026-03-28T00:00", 3),
            ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]
        );
        let late = times("2026-10-25T02:30", Frequency::Daily, 1, None);
        assert_eq!(starts(&late, MADRID, "2026-10-25T00:00", 1), ["2026-10-25T00:30:00Z"]);
        let lord_howe = times("2026-04-04T12:00", Frequency::Daily, 1, None);
        assert_eq!(
            starts(&lord_howe, "Australia/Lord_Howe", "2026-04-04T00:00", 2),
            ["2026-04-04T01:00:00Z", "2026-04-05T01:30:00Z"]
        );
    }

    #[test]
    fn days_that_a_month_does_not_have_are_left_out() {
        let days = |times: &Times, from: &str, limit| -> Vec<String> {
            let all = times.occurrences(MADRID, instant(from, MADRID).unwrap(), limit).unwrap();
            all.iter().map(|one| one.day.to_string()).collect()
        };
        let end = times("2026-01-31T10:00", Frequency::MonthlyByDay, 1, None);
        assert_eq!(
            days(&end, "2026-01-01T00:00", 4),
            ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"]
        );
        let leap = times("2024-02-29T10:00", Frequency::Yearly, 1, None);
        assert_eq!(days(&leap, "2024-03-01T00:00", 2), ["2028-02-29", "2032-02-29"]);
        let third = times("2026-01-15T10:00", Frequency::MonthlyByWeekday, 1, None);
        assert_eq!(days(&third, "2026-01-16T00:00", 2), ["2026-02-19", "2026-03-19"]);
        let last = times("2026-01-29T10:00", Frequency::MonthlyByWeekday, 1, Some("2026-03-26"));
        assert_eq!(days(&last, "2026-01-01T00:00", 9), ["2026-01-29", "2026-02-26", "2026-03-26"]);
        assert!(last.end(MADRID).unwrap().is_some() && third.end(MADRID).unwrap().is_none());
        // Far ahead it does not count from the beginning.
        let daily = times("1990-01-01T10:00", Frequency::Daily, 1, None);
        assert_eq!(days(&daily, "2190-01-01T00:00", 1), ["2190-01-01"]);
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for start in [
            "",
            "x",
            "2026-13-01T10:00",
            "2026-11-24",
            "1960-01-01T10:00",
            "9999-12-31T23:59",
            "2026-11-24T18:00:01",
        ] {
            let times = Times { start: start.to_owned(), minutes: 1, repeats: None };
            // A day alone is midnight, as jiff reads it.
            assert_eq!(times.check(MADRID).is_ok(), start == "2026-11-24", "{start}");
        }
        let mut times = times("2026-11-24T18:00", Frequency::Daily, 0, None);
        assert_eq!(times.check(MADRID), Err(Error::Time));
        times.repeats = None;
        assert_eq!(times.check("Europe/Atlantis"), Err(Error::Time));
        times.minutes = 0;
        assert_eq!(times.check(MADRID), Err(Error::Time));
    }
}
