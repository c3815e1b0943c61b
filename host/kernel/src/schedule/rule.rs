//! A recurrence rule of RFC 5545, read: what it may say, and what is refused in a sentence.
//!
//! This reads words only; what they come to on a calendar is [`super::calendar`]'s.

use jiff::civil::{Date, DateTime, Weekday};

/// Longest rule, in bytes.
const RULE_BYTES_MAX: usize = 500;
/// The longest step, in units of the frequency.
const INTERVAL_MAX: u32 = 100_000;
/// The most times of a rule that says how many: they are counted out when it is set.
const COUNT_MAX: u32 = 1_024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Frequency {
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// The last moment that a rule allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// All of this day, in the schedule's zone.
    Day(Date),
    /// In the schedule's zone.
    Local(DateTime),
    /// In UTC.
    Utc(DateTime),
}

/// `BYDAY`: a weekday, and which of them in its month or year; none: each.
pub(super) type Day = (Option<i8>, Weekday);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) frequency: Frequency,
    pub(super) interval: u32,
    pub(super) count: Option<u32>,
    pub(super) until: Option<Until>,
    pub(super) months: Vec<i16>,
    /// From the month's end where negative.
    pub(super) month_days: Vec<i16>,
    pub(super) days: Vec<Day>,
    pub(super) hours: Vec<i16>,
    pub(super) minutes: Vec<i16>,
    /// Which of a period's times, from its end where negative.
    pub(super) positions: Vec<i16>,
    pub(super) week_start: Weekday,
}

/// Reads a rule. The error is a sentence for whoever wrote it.
pub(super) fn parse(text: &str) -> Result<Rule, String> {
    if text.len() > RULE_BYTES_MAX {
        return Err(format!("the rule is longer than {RULE_BYTES_MAX} bytes"));
    }
    let text = text.to_ascii_uppercase();
    let text = text.strip_prefix("RRULE:").unwrap_or(&text);
    let mut frequency = None;
    let mut rule = Rule {
        frequency: Frequency::Daily,
        interval: 1,
        count: None,
        until: None,
        months: Vec::new(),
        month_days: Vec::new(),
        days: Vec::new(),
        hours: Vec::new(),
        minutes: Vec::new(),
        positions: Vec::new(),
        week_start: Weekday::Monday,
    };
    let mut seen: Vec<&str> = Vec::new();
    for part in text.split(';') {
        let (name, value) =
            part.split_once('=').ok_or_else(|| format!("`{part}` in the rule is not NAME=VALUE"))?;
        if seen.contains(&name) {
            return Err(format!("the rule says {name} twice"));
        }
        seen.push(name);
        match name {
            "FREQ" => frequency = Some(read_frequency(value)?),
            "INTERVAL" => rule.interval = one(name, value, INTERVAL_MAX)?,
            "COUNT" => rule.count = Some(one(name, value, COUNT_MAX)?),
            "UNTIL" => rule.until = Some(read_until(value)?),
            "BYMONTH" => rule.months = list(name, value, 1, 12, false)?,
            "BYMONTHDAY" => rule.month_days = list(name, value, 1, 31, true)?,
            "BYDAY" => rule.days = value.split(',').map(read_day).collect::<Result<_, _>>()?,
            "BYHOUR" => rule.hours = list(name, value, 0, 23, false)?,
            "BYMINUTE" => rule.minutes = list(name, value, 0, 59, false)?,
            "BYSETPOS" => rule.positions = list(name, value, 1, 366, true)?,
            "WKST" => rule.week_start = weekday(value).ok_or_else(|| unreadable(name, value))?,
            "BYSECOND" | "BYYEARDAY" | "BYWEEKNO" => {
                return Err(format!("this host does not know {name} in a rule"));
            }
            _ => return Err(format!("`{name}` is no part of a rule")),
        }
    }
    rule.frequency = frequency.ok_or("the rule has no FREQ")?;
    rule.check()?;
    Ok(rule)
}

impl Rule {
    /// What RFC 5545 forbids together, and what would be ambiguous.
    fn check(&self) -> Result<(), String> {
        let by_calendar = [&self.months, &self.month_days, &self.hours, &self.minutes];
        let by_any = by_calendar.iter().any(|list| !list.is_empty()) || !self.days.is_empty();
        let numbered = self.days.iter().any(|(which, _)| which.is_some());
        let why = if self.count.is_some() && self.until.is_some() {
            "the rule has both COUNT and UNTIL"
        } else if self.frequency <= Frequency::Hourly && (by_any || !self.positions.is_empty()) {
            "a rule of hours or minutes is a plain distance of time: for chosen hours of the day, write \
             FREQ=DAILY with BYHOUR and BYMINUTE"
        } else if self.frequency == Frequency::Weekly && !self.month_days.is_empty() {
            "BYMONTHDAY does not go with FREQ=WEEKLY"
        } else if numbered && self.frequency < Frequency::Monthly {
            "BYDAY has a number, which goes with FREQ=MONTHLY and FREQ=YEARLY only"
        } else if numbered && !self.month_days.is_empty() {
            "BYDAY has a number, which does not go with BYMONTHDAY"
        } else if !self.positions.is_empty() && !by_any {
            "BYSETPOS needs another part that begins with BY"
        } else {
            return Ok(());
        };
        Err(why.into())
    }
}

fn unreadable(name: &str, value: &str) -> String {
    format!("{name}={value} in the rule cannot be read")
}

fn read_frequency(value: &str) -> Result<Frequency, String> {
    Ok(match value {
        "MINUTELY" => Frequency::Minutely,
        "HOURLY" => Frequency::Hourly,
        "DAILY" => Frequency::Daily,
        "WEEKLY" => Frequency::Weekly,
        "MONTHLY" => Frequency::Monthly,
        "YEARLY" => Frequency::Yearly,
        "SECONDLY" => return Err("a schedule does not come every second: FREQ=MINUTELY is the most".into()),
        _ => return Err(unreadable("FREQ", value)),
    })
}

fn one(name: &str, value: &str, most: u32) -> Result<u32, String> {
    let number = value.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("{name} in the rule is not a number from 1 to {most}"))
}

/// Numbers, in order and each once.
fn list(name: &str, value: &str, least: i16, most: i16, from_end: bool) -> Result<Vec<i16>, String> {
    let read = |text: &str| {
        let number: i16 = text.parse().ok()?;
        let size = if from_end { number.checked_abs()? } else { number };
        (least..=most).contains(&size).then_some(number)
    };
    let numbers: Option<Vec<i16>> = value.split(',').map(read).collect();
    let mut numbers = numbers.ok_or_else(|| {
        let or = if from_end { ", or that from the end with a minus" } else { "" };
        format!("{name} in the rule is not a list of numbers from {least} to {most}{or}")
    })?;
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

fn read_day(value: &str) -> Result<Day, String> {
    let wrong = || unreadable("BYDAY", value);
    let (which, name) = value.split_at_checked(value.len().saturating_sub(2)).ok_or_else(wrong)?;
    let day = weekday(name).ok_or_else(wrong)?;
    if which.is_empty() {
        return Ok((None, day));
    }
    let which: i8 = which.parse().map_err(|_| wrong())?;
    if which == 0 || !(-53..=53).contains(&which) {
        return Err(wrong());
    }
    Ok((Some(which), day))
}

fn weekday(value: &str) -> Option<Weekday> {
    Some(match value {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

fn read_until(value: &str) -> Result<Until, String> {
    let moment = |text: &str| DateTime::strptime("%Y%m%dT%H%M%S", text);
    let until = match value.strip_suffix('Z') {
        Some(utc) => moment(utc).map(Until::Utc),
        None if value.contains('T') => moment(value).map(Until::Local),
        None => Date::strptime("%Y%m%d", value).map(Until::Day),
    };
    until.map_err(|_| unreadable("UNTIL", value))
}
