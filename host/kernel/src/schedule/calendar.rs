//! The times of a recurrence: a rule on a calendar, in a time zone.
//!
//! Days, weeks, months and years are counted on the zone's calendar, so that a job at 18:00 is at 18:00
//! in summer and in winter. Hours and minutes are plain distances of time.
//!
//! - A day that a month does not have is no time of the rule (RFC 5545, 3.3.10): `BYMONTHDAY=31` comes
//!   seven times a year, a yearly 29 February in leap years. `BYMONTHDAY=-1` is a month's last day.
//! - What the clocks do is decided as jiff's `Disambiguation::Compatible` does, which is RFC 5545's rule
//!   for a time that is given by itself (3.3.5). A local time that comes twice is meant as the first. One
//!   that does not exist is moved on by the length of the gap: 02:30 runs at 03:30 that night. (For
//!   recurrences the RFC would leave it out; then a nightly job would be lost once a year.) Two times
//!   that fall on one moment so are one.
//!
//! Nothing here reads a clock. If it is wrong, rents are due on the wrong day.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::rule::{self, Frequency, Rule, Until};

/// How many days, weeks, months or years are looked at for the next time: 54 years of days, enough for
/// a Monday that is a 29 February. A rule that is rarer has no further time.
const PERIODS_MAX: i64 = 20_000;
/// The last year of a date in `hamlet:host/types`.
const YEAR_MAX: i16 = 2_999;
/// Clocks never move by more than this many days, so that times which are further apart stay in order.
const CLOCKS_DAYS_MAX: i64 = 2;
/// Longest name of a time zone, in bytes.
const ZONE_BYTES_MAX: usize = 100;

/// A recurrence, ready to be asked. Times are microseconds since 1970.
#[derive(Debug)]
pub(super) struct Calendar {
    rule: Rule,
    zone: TimeZone,
    start: i64,
    /// The start on the zone's calendar.
    begin: DateTime,
    /// The times of each day, in order.
    times: Vec<Time>,
}

impl Calendar {
    /// The error is a sentence for whoever wrote rule and zone.
    pub(super) fn new(rule: &str, zone: &str, start: u64) -> Result<Self, String> {
        let rule = rule::parse(rule)?;
        let known = if zone.len() > ZONE_BYTES_MAX { None } else { TimeZone::get(zone).ok() };
        let zone = known.ok_or_else(|| {
            let shown: String = zone.chars().take(ZONE_BYTES_MAX).collect();
            format!("`{shown}` is not in the IANA time zone database")
        })?;
        let start = i64::try_from(start).map_err(|_| "the start is beyond all calendars")?;
        let at = Timestamp::from_microsecond(start).map_err(|_| "the start is beyond all calendars")?;
        let begin = zone.to_datetime(at);
        if begin.year() > YEAR_MAX {
            return Err(format!("the start is after the year {YEAR_MAX}"));
        }
        let times = times_of_day(&rule, begin.time());
        Ok(Self { rule, zone, start, begin, times })
    }

    /// The last time, where the rule says how many there are or until when; else none. The error: it has no time.
    pub(super) fn last(&self) -> Result<Option<u64>, String> {
        let none = || "the rule has no time from its start on".to_owned();
        if let Some(count) = self.rule.count {
            let times = self.after(self.start - 1, usize::try_from(count).unwrap_or(usize::MAX));
            return times.last().copied().map(Some).ok_or_else(none);
        }
        let end = match self.rule.until {
            None => return Ok(None),
            Some(Until::Utc(moment)) => TimeZone::UTC.to_timestamp(moment),
            Some(Until::Local(moment)) => self.zone.to_timestamp(moment),
            Some(Until::Day(day)) => self.zone.to_timestamp(day.to_datetime(Time::MAX)),
        };
        end.ok().and_then(|end| u64::try_from(end.as_microsecond()).ok()).map(Some).ok_or_else(none)
    }

    /// The first time after `after`.
    pub(super) fn next(&self, after: u64) -> Option<u64> {
        self.after(i64::try_from(after).ok()?, 1).first().copied()
    }

    /// The first time that is not before `from`.
    pub(super) fn first_from(&self, from: u64) -> Option<u64> {
        self.after(i64::try_from(from).ok()? - 1, 1).first().copied()
    }

    /// The newest time up to `now`, given that `one` is a time up to `now`.
    ///
    /// By halving, so that a box that was off for a year does not walk through half a million minutes.
    pub(super) fn newest(&self, one: u64, now: u64) -> u64 {
        let (mut newest, mut until) = (one, now);
        while newest < until {
            let middle = newest + (until - newest) / 2;
            match self.next(middle) {
                Some(next) if next <= now => newest = next,
                _ => until = middle,
            }
        }
        newest
    }

    /// The first `wanted` times after `after`, in order; fewer where there are no more.
    fn after(&self, after: i64, wanted: usize) -> Vec<u64> {
        let after = after.max(self.start.saturating_sub(1));
        let times = match self.exact_step() {
            Some(step) => self.distances(after, step, wanted),
            None => self.on_calendar(after, wanted).into_iter().take(wanted).collect(),
        };
        times.into_iter().filter_map(|time| u64::try_from(time).ok()).collect()
    }

    /// The distance between times of hours and minutes.
    fn exact_step(&self) -> Option<i64> {
        let minutes = match self.rule.frequency {
            Frequency::Minutely => 1,
            Frequency::Hourly => 60,
            _ => return None,
        };
        Some(i64::from(self.rule.interval) * minutes * 60_000_000)
    }

    fn distances(&self, after: i64, step: i64, wanted: usize) -> Vec<i64> {
        let end = Timestamp::MAX.as_microsecond();
        let next = (after - self.start).div_euclid(step) + 1;
        let first = next.checked_mul(step).and_then(|passed| passed.checked_add(self.start));
        let times = std::iter::successors(first, |time| time.checked_add(step));
        times.take_while(|time| *time <= end).take(wanted).collect()
    }

    /// Goes through the periods until no later one can have an earlier time than those found.
    fn on_calendar(&self, after: i64, wanted: usize) -> BTreeSet<i64> {
        let mut found = BTreeSet::new();
        let Ok(at) = Timestamp::from_microsecond(after) else { return found };
        let margin = SignedDuration::from_hours(24 * CLOCKS_DAYS_MAX);
        let floor = self.zone.to_datetime(at).date().checked_sub(margin).unwrap_or(Date::MIN);
        let interval = i64::from(self.rule.interval);
        let begin = self.period_of(floor).max(0).div_euclid(interval);
        for turn in 0..PERIODS_MAX {
            let first = (begin + turn).checked_mul(interval).and_then(|period| self.first_day(period));
            let Some(first) = first.filter(|day| day.year() <= YEAR_MAX) else { break };
            if self.enough(&found, wanted, first) {
                break;
            }
            for moment in self.moments(&self.days(first), floor) {
                if self.enough(&found, wanted, moment.date()) {
                    break;
                }
                found.extend(self.instant(moment).filter(|time| *time > after));
            }
        }
        found
    }

    /// Whether `wanted` times were found that clocks cannot move behind a time of this day.
    fn enough(&self, found: &BTreeSet<i64>, wanted: usize, day: Date) -> bool {
        if found.len() < wanted {
            return false;
        }
        let last = found.iter().nth(wanted.saturating_sub(1));
        let last = last.and_then(|time| Timestamp::from_microsecond(*time).ok());
        let last = last.map(|time| self.zone.to_datetime(time).date());
        last.is_none_or(|last| day.duration_since(last) > SignedDuration::from_hours(24 * CLOCKS_DAYS_MAX))
    }

    /// See the head of this file for what the clocks do.
    fn instant(&self, moment: DateTime) -> Option<i64> {
        Some(self.zone.to_timestamp(moment).ok()?.as_microsecond())
    }

    /// The times of a period, which has these days, in order; those before `floor` may be left out.
    fn moments<'a>(&'a self, days: &'a [Date], floor: Date) -> impl Iterator<Item = DateTime> + 'a {
        let width = self.times.len();
        let count = days.len() * width;
        let places: Box<dyn Iterator<Item = usize>> = if self.rule.positions.is_empty() {
            Box::new(days.partition_point(|day| *day < floor) * width..count)
        } else {
            let place = |position: &i16| {
                let size = usize::from(position.unsigned_abs());
                if *position > 0 { Some(size - 1) } else { count.checked_sub(size) }
            };
            let chosen: BTreeSet<usize> = self.rule.positions.iter().filter_map(place).collect();
            Box::new(chosen.into_iter())
        };
        places.filter_map(move |place| {
            Some(days.get(place / width)?.to_datetime(*self.times.get(place % width)?))
        })
    }

    /// How many units of the frequency a day is from the start's.
    fn period_of(&self, day: Date) -> i64 {
        let begin = self.begin.date();
        let days = |to: Date, from: Date| to.duration_since(from).as_hours() / 24;
        match self.rule.frequency {
            Frequency::Weekly => days(day, self.week_of(begin)).div_euclid(7),
            Frequency::Monthly => months_of(day) - months_of(begin),
            Frequency::Yearly => i64::from(day.year()) - i64::from(begin.year()),
            Frequency::Daily | Frequency::Hourly | Frequency::Minutely => days(day, begin),
        }
    }

    /// The first day of the period that is so many units from the start's.
    fn first_day(&self, period: i64) -> Option<Date> {
        let begin = self.begin.date();
        let days_on = |from: Date, days: i64| {
            from.checked_add(SignedDuration::from_secs(days.checked_mul(86_400)?)).ok()
        };
        match self.rule.frequency {
            Frequency::Weekly => days_on(self.week_of(begin), period.checked_mul(7)?),
            Frequency::Monthly => {
                let months = months_of(begin).checked_add(period)?;
                let year = i16::try_from(months.div_euclid(12)).ok()?;
                Date::new(year, i8::try_from(months.rem_euclid(12) + 1).ok()?, 1).ok()
            }
            Frequency::Yearly => {
                let year = i64::from(begin.year()).checked_add(period)?;
                Date::new(i16::try_from(year).ok()?, 1, 1).ok()
            }
            Frequency::Daily | Frequency::Hourly | Frequency::Minutely => days_on(begin, period),
        }
    }

    /// The first day of a day's week.
    fn week_of(&self, day: Date) -> Date {
        let back = i64::from(day.weekday().since(self.rule.week_start));
        day.checked_sub(SignedDuration::from_hours(24 * back)).unwrap_or(day)
    }

    /// The days of a period that the rule names, in order.
    fn days(&self, first: Date) -> Vec<Date> {
        let (rule, begin) = (&self.rule, self.begin.date());
        let mut days = match rule.frequency {
            Frequency::Weekly => {
                let own = [(None, begin.weekday())];
                let named = if rule.days.is_empty() { own.as_slice() } else { &rule.days };
                let week = first.series(jiff::Span::new().days(1)).take(7);
                week.filter(|day| self.in_months(*day) && on(named, day.weekday())).collect()
            }
            Frequency::Monthly if self.in_months(first) => self.in_month(first),
            Frequency::Monthly => Vec::new(),
            Frequency::Yearly if rule.months.is_empty() && rule.month_days.is_empty() => {
                if rule.days.is_empty() {
                    Date::new(first.year(), begin.month(), begin.day()).into_iter().collect()
                } else {
                    self.weekdays(first, first.days_in_year())
                }
            }
            Frequency::Yearly => {
                let months = (1..=12).filter_map(|month| Date::new(first.year(), month, 1).ok());
                months.filter(|first| self.in_months(*first)).flat_map(|first| self.in_month(first)).collect()
            }
            Frequency::Daily | Frequency::Hourly | Frequency::Minutely => {
                let fits = self.in_months(first)
                    && (rule.month_days.is_empty() || self.month_days(first).contains(&first))
                    && (rule.days.is_empty() || on(&rule.days, first.weekday()));
                fits.then_some(first).into_iter().collect()
            }
        };
        days.sort_unstable();
        days.dedup();
        days
    }

    fn in_months(&self, day: Date) -> bool {
        self.rule.months.is_empty() || self.rule.months.contains(&i16::from(day.month()))
    }

    /// The days that the rule names in a month, of which `day` is one.
    fn in_month(&self, day: Date) -> Vec<Date> {
        let first = day.first_of_month();
        if !self.rule.month_days.is_empty() {
            let days = self.month_days(first).into_iter();
            let plain = |day: &Date| self.rule.days.is_empty() || on(&self.rule.days, day.weekday());
            return days.filter(plain).collect();
        }
        if !self.rule.days.is_empty() {
            return self.weekdays(first, i16::from(first.days_in_month()));
        }
        Date::new(first.year(), first.month(), self.begin.day()).into_iter().collect()
    }

    /// `BYMONTHDAY`, in a day's month.
    fn month_days(&self, day: Date) -> Vec<Date> {
        let length = i16::from(day.days_in_month());
        let of = |number: &i16| {
            let number = if *number > 0 { *number } else { length + 1 + number };
            Date::new(day.year(), day.month(), i8::try_from(number).ok()?).ok()
        };
        self.rule.month_days.iter().filter_map(of).collect()
    }

    /// `BYDAY`, with its numbers, in a span of days.
    fn weekdays(&self, first: Date, length: i16) -> Vec<Date> {
        let mut named = Vec::new();
        for (which, weekday) in &self.rule.days {
            let offset = i16::from(first.weekday().until(*weekday));
            let places = (offset..length).step_by(7);
            let chosen: Vec<i16> = match which {
                None => places.collect(),
                Some(which) if *which > 0 => {
                    places.skip(usize::from(which.unsigned_abs()) - 1).take(1).collect()
                }
                Some(which) => places.rev().skip(usize::from(which.unsigned_abs()) - 1).take(1).collect(),
            };
            let day = |place: i16| first.checked_add(SignedDuration::from_hours(24 * i64::from(place))).ok();
            named.extend(chosen.into_iter().filter_map(day));
        }
        named
    }
}

fn on(days: &[rule::Day], weekday: Weekday) -> bool {
    days.iter().any(|(_, named)| *named == weekday)
}

/// Months since the year 0.
fn months_of(day: Date) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month()) - 1
}

/// `BYHOUR` and `BYMINUTE`, and what they do not say from the start.
fn times_of_day(rule: &Rule, begin: Time) -> Vec<Time> {
    let or = |named: &[i16], own: i8| if named.is_empty() { vec![i16::from(own)] } else { named.to_vec() };
    let (hours, minutes) = (or(&rule.hours, begin.hour()), or(&rule.minutes, begin.minute()));
    let at = |hour: i16, minute: i16| {
        let (hour, minute) = (i8::try_from(hour).ok()?, i8::try_from(minute).ok()?);
        Time::new(hour, minute, begin.second(), begin.subsec_nanosecond()).ok()
    };
    let all = hours.iter().flat_map(|hour| minutes.iter().filter_map(move |minute| at(*hour, *minute)));
    all.collect()
}

#[cfg(test)]
mod tests;
