//! E4: the times of rules, from examples, and against a model that looks at each day.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use jiff::tz::AmbiguousOffset;
use proptest::prelude::*;

use super::*;

fn micros(text: &str, zone: &str) -> u64 {
    let moment: DateTime = text.parse().unwrap();
    u64::try_from(TimeZone::get(zone).unwrap().to_timestamp(moment).unwrap().as_microsecond()).unwrap()
}

/// The first `wanted` times, in UTC.
fn times(rule: &str, zone: &str, start: &str, wanted: usize) -> Vec<String> {
    let start = micros(start, zone);
    let calendar = Calendar::new(rule, zone, start).unwrap();
    let last = calendar.last().unwrap().unwrap_or(u64::MAX);
    let mut found = Vec::new();
    let mut next = calendar.first_from(start);
    while let Some(time) = next.filter(|time| *time <= last && found.len() < wanted) {
        let shown = Timestamp::from_microsecond(i64::try_from(time).unwrap()).unwrap();
        found.push(shown.strftime("%Y-%m-%dT%H:%M").to_string());
        next = calendar.next(time);
    }
    found
}

#[test]
fn e4_rules_have_the_times_that_rfc_5545_gives_them() {
    // Rule, start, and the days; the time of day is the start's, in UTC.
    for (rule, start, days) in [
        ("FREQ=DAILY;INTERVAL=10;COUNT=3", "1997-09-02", "1997-09-02 1997-09-12 1997-09-22"),
        ("FREQ=WEEKLY;UNTIL=19970916T090000Z", "1997-09-02", "1997-09-02 1997-09-09 1997-09-16"),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
            "1997-08-05",
            "1997-08-05 1997-08-10 1997-08-19 1997-08-24",
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
            "1997-08-05",
            "1997-08-05 1997-08-17 1997-08-19 1997-08-31",
        ),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=1FR", "1997-09-05", "1997-09-05 1997-10-03 1997-11-07"),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", "1997-09-22", "1997-09-22 1997-10-20 1997-11-17"),
        ("FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", "1997-09-28", "1997-09-28 1997-10-29 1997-11-28"),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3", "1997-09-02", "1998-02-13 1998-03-13 1998-11-13"),
        ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04", "1997-09-04 1997-10-07 1997-11-06"),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3",
            "1997-09-29",
            "1997-09-29 1997-10-30 1997-11-27",
        ),
        ("FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "1997-06-10", "1997-06-10 1997-07-10 1998-06-10 1998-07-10"),
        ("FREQ=YEARLY;BYDAY=20MO;COUNT=3", "1997-05-19", "1997-05-19 1998-05-18 1999-05-17"),
        (
            "FREQ=YEARLY;BYMONTH=3;BYDAY=TH;COUNT=4",
            "1997-03-13",
            "1997-03-13 1997-03-20 1997-03-27 1998-03-05",
        ),
        // Month ends and leap days: what a month does not have is left out.
        ("FREQ=MONTHLY;COUNT=4", "2026-01-31", "2026-01-31 2026-03-31 2026-05-31 2026-07-31"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", "2028-01-31", "2028-01-31 2028-02-29 2028-03-31"),
        ("FREQ=YEARLY;COUNT=3", "2096-02-29", "2096-02-29 2104-02-29 2108-02-29"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;COUNT=2", "2024-03-01", "2044-02-29 2072-02-29"),
    ] {
        let expected: Vec<String> = days.split(' ').map(|day| format!("{day}T09:00")).collect();
        assert_eq!(times(rule, "UTC", &format!("{start}T09:00"), 9)[..expected.len()], expected, "{rule}");
        if rule.contains("COUNT") {
            assert_eq!(times(rule, "UTC", &format!("{start}T09:00"), 99).len(), expected.len(), "{rule}");
        }
    }
}

#[test]
fn e4_a_local_time_stays_when_the_clocks_change() {
    let found = times("FREQ=DAILY", "Europe/Madrid", "2026-03-28T18:00", 2);
    assert_eq!(found, ["2026-03-28T17:00", "2026-03-29T16:00"]);
}

#[test]
fn e4_a_time_that_the_clocks_jump_over_is_as_much_later() {
    // In Madrid 02:00 becomes 03:00 on 29 March 2026: 02:30 is 03:30, which is 01:30 in UTC.
    let found = times("FREQ=DAILY", "Europe/Madrid", "2026-03-28T02:30", 3);
    assert_eq!(found, ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]);
    // 03:30 is then the same moment, and comes once.
    let found = times("FREQ=DAILY;BYHOUR=2,3", "Europe/Madrid", "2026-03-29T00:30", 3);
    assert_eq!(found, ["2026-03-29T01:30", "2026-03-30T00:30", "2026-03-30T01:30"]);
}

#[test]
fn e4_a_time_that_comes_twice_is_the_first_of_them_and_comes_once() {
    // In Madrid 03:00 becomes 02:00 on 25 October 2026.
    let found = times("FREQ=DAILY", "Europe/Madrid", "2026-10-24T02:30", 3);
    assert_eq!(found, ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]);
}

#[test]
fn e4_a_day_that_a_country_left_out_falls_on_the_next() {
    // Samoa had no 30 December 2011.
    let found = times("FREQ=DAILY", "Pacific/Apia", "2011-12-29T12:00", 3);
    assert_eq!(found, ["2011-12-29T22:00", "2011-12-30T22:00", "2011-12-31T22:00"]);
}

#[test]
fn e4_hours_and_minutes_are_distances_whatever_the_clocks_do() {
    let found = times("FREQ=HOURLY;INTERVAL=2;COUNT=3", "Europe/Madrid", "2026-03-29T00:30", 9);
    assert_eq!(found, ["2026-03-28T23:30", "2026-03-29T01:30", "2026-03-29T03:30"]);
    let found = times("FREQ=MINUTELY;INTERVAL=15;UNTIL=20260329", "Europe/Madrid", "2026-03-29T23:20", 9);
    assert_eq!(found, ["2026-03-29T21:20", "2026-03-29T21:35", "2026-03-29T21:50"]);
}

#[test]
fn e4_rules_that_rfc_5545_forbids_or_this_host_does_not_know_are_refused() {
    for rule in [
        "",
        "DAILY",
        "FREQ=",
        "FREQ=FORTNIGHTLY",
        "INTERVAL=2",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=SECONDLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=1025",
        "FREQ=DAILY;COUNT=1;UNTIL=20260101",
        "FREQ=DAILY;UNTIL=2026-01-01",
        "FREQ=DAILY;UNTIL=20260230",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYMINUTE=-1",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTHDAY=0",
        "FREQ=DAILY;BYMONTHDAY=-32",
        "FREQ=DAILY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYDAY=é",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=1",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=HOURLY;BYMONTH=1",
        "FREQ=MINUTELY;BYHOUR=1",
        "FREQ=DAILY;BYWEEKNO=1",
        "FREQ=DAILY;X=1",
    ] {
        assert!(Calendar::new(rule, "UTC", 0).is_err(), "{rule}");
    }
    assert!(Calendar::new("rrule:freq=weekly;byday=mo", "Europe/Madrid", 0).is_ok(), "case says nothing");
    assert!(Calendar::new("FREQ=DAILY", "UTC", u64::MAX).is_err());
    assert!(Calendar::new(&format!("FREQ=DAILY;BYHOUR={}", "1,".repeat(300)), "UTC", 0).is_err());
    let rare = Calendar::new("FREQ=DAILY;INTERVAL=100000", "UTC", 0).unwrap();
    assert_eq!(rare.next(u64::MAX), None);
    assert_eq!(rare.next(253_402_300_799_000_000), None, "after the last year");
}

/// What the model looks at, in words.
#[derive(Clone, Debug)]
struct Words {
    frequency: &'static str,
    interval: i64,
    months: Vec<i8>,
    month_days: Vec<i8>,
    days: Vec<(i8, Weekday)>,
    times: Vec<(i8, i8)>,
    hours: Vec<i8>,
    minutes: Vec<i8>,
    positions: Vec<i8>,
    sunday_first: bool,
}

const NAMES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

impl Words {
    fn rule(&self) -> String {
        let mut text = format!("FREQ={};INTERVAL={}", self.frequency, self.interval);
        let mut part = |name: &str, numbers: &[i8]| {
            if !numbers.is_empty() {
                let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                text = format!("{text};{name}={}", numbers.join(","));
            }
        };
        part("BYMONTH", &self.months);
        part("BYMONTHDAY", &self.month_days);
        part("BYHOUR", &self.hours);
        part("BYMINUTE", &self.minutes);
        part("BYSETPOS", &self.positions);
        if !self.days.is_empty() {
            let name = |(which, day): &(i8, Weekday)| {
                let name = NAMES[usize::try_from(day.to_monday_zero_offset()).unwrap()];
                if *which == 0 { name.to_owned() } else { format!("{which}{name}") }
            };
            let names: Vec<String> = self.days.iter().map(name).collect();
            text = format!("{text};BYDAY={}", names.join(","));
        }
        if self.sunday_first { text + ";WKST=SU" } else { text }
    }

    /// The number of the period in which a day is.
    fn period(&self, day: Date) -> i64 {
        let days = day.duration_since(Date::constant(1, 1, 1)).as_hours() / 24; // a Monday
        match self.frequency {
            "DAILY" => days,
            "WEEKLY" => (days + i64::from(self.sunday_first)).div_euclid(7),
            "MONTHLY" => i64::from(day.year()) * 12 + i64::from(day.month()),
            _ => i64::from(day.year()),
        }
    }

    fn fits(&self, day: Date, begin: Date) -> bool {
        let yearly_plain = self.frequency == "YEARLY" && self.month_days.is_empty() && self.days.is_empty();
        let month = if self.months.is_empty() {
            !yearly_plain || day.month() == begin.month()
        } else {
            self.months.contains(&day.month())
        };
        let by_day = matches!(self.frequency, "MONTHLY" | "YEARLY") && self.days.is_empty();
        let month_day = if self.month_days.is_empty() {
            !by_day || day.day() == begin.day()
        } else {
            let from_end = day.day() - day.days_in_month() - 1;
            self.month_days.contains(&day.day()) || self.month_days.contains(&from_end)
        };
        let weekday = if self.days.is_empty() {
            self.frequency != "WEEKLY" || day.weekday() == begin.weekday()
        } else {
            self.days.iter().any(|(which, weekday)| {
                let in_year = self.frequency == "YEARLY" && self.months.is_empty();
                let (place, length) = if in_year {
                    (day.day_of_year(), day.days_in_year())
                } else {
                    (i16::from(day.day()), i16::from(day.days_in_month()))
                };
                let numbered = match i16::from(*which) {
                    0 => true,
                    which if which > 0 => (place - 1) / 7 + 1 == which,
                    which => (length - place) / 7 + 1 == -which,
                };
                day.weekday() == *weekday && numbered
            })
        };
        month && month_day && weekday
    }

    /// All times of the rule from `begin` on, looking at each day of four years.
    fn model(&self, zone: &TimeZone, begin: DateTime, start: i64) -> Vec<i64> {
        let mut periods: std::collections::BTreeMap<i64, Vec<DateTime>> = std::collections::BTreeMap::new();
        let first = Date::new(begin.year(), 1, 1).unwrap().checked_sub(jiff::Span::new().days(7)).unwrap();
        for day in first.series(jiff::Span::new().days(1)).take(4 * 366) {
            let turn = (self.period(day) - self.period(begin.date())).rem_euclid(self.interval) == 0;
            if turn && self.fits(day, begin.date()) {
                let moments = self
                    .times
                    .iter()
                    .map(|(hour, minute)| day.at(*hour, *minute, begin.second(), begin.subsec_nanosecond()));
                periods.entry(self.period(day)).or_default().extend(moments);
            }
        }
        let chosen = periods.into_values().flat_map(|moments| {
            let place = |position: &i8| {
                let position = isize::from(*position);
                let length = isize::try_from(moments.len()).unwrap();
                usize::try_from(if position > 0 { position - 1 } else { length + position }).ok()
            };
            if self.positions.is_empty() {
                return moments;
            }
            self.positions.iter().filter_map(place).filter_map(|place| moments.get(place).copied()).collect()
        });
        let mut times: Vec<i64> = chosen
            .map(|moment| {
                let offset = match zone.to_ambiguous_timestamp(moment).offset() {
                    AmbiguousOffset::Unambiguous { offset } => offset,
                    AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
                };
                offset.to_timestamp(moment).unwrap().as_microsecond()
            })
            .filter(|time| *time >= start)
            .collect();
        times.sort_unstable();
        times.dedup();
        times
    }
}

fn few(values: std::ops::RangeInclusive<i8>) -> impl Strategy<Value = Vec<i8>> {
    let sorted = |values: std::collections::BTreeSet<i8>| values.into_iter().filter(|v| *v != 0).collect();
    prop_oneof![2 => Just(Vec::new()), 1 => proptest::collection::btree_set(values, 1..4).prop_map(sorted)]
}

fn words() -> impl Strategy<Value = Words> {
    let frequency = prop_oneof![Just("DAILY"), Just("WEEKLY"), Just("MONTHLY"), Just("YEARLY")];
    let day =
        (-5_i8..=5, 0_i8..7).prop_map(|(which, day)| (which, Weekday::from_monday_zero_offset(day).unwrap()));
    let days = prop_oneof![Just(Vec::new()), proptest::collection::vec(day, 1..4)];
    let clock = (few(0..=23), few(0..=59));
    let dates = (few(1..=12), few(-31..=31), days, few(-4..=4));
    (frequency, 1_i64..5, dates, clock, any::<bool>()).prop_map(
        |(frequency, interval, (months, mut month_days, mut days, mut positions), clock, sunday_first)| {
            if frequency == "WEEKLY" {
                month_days.clear();
            }
            if matches!(frequency, "DAILY" | "WEEKLY") || !month_days.is_empty() {
                for day in &mut days {
                    day.0 = 0;
                }
            }
            let (hours, minutes) = clock;
            let parts = [&months, &month_days, &hours, &minutes];
            if days.is_empty() && parts.iter().all(|part| part.is_empty()) {
                positions.clear();
            }
            let times = Vec::new();
            Words {
                frequency,
                interval,
                months,
                month_days,
                days,
                times,
                hours,
                minutes,
                positions,
                sunday_first,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn e4_times_are_those_of_a_model_that_looks_at_each_day(
        words in words(),
        zone in prop_oneof![
            Just("UTC"), Just("Europe/Madrid"), Just("America/New_York"), Just("Pacific/Auckland"),
            Just("Australia/Lord_Howe"), Just("Africa/Cairo"), Just("America/Havana"), Just("Pacific/Apia"),
            Just("Africa/Casablanca"), Just("Asia/Kathmandu"),
        ],
        // 2008 to 2035, which has Samoa's lost day; whole minutes.
        start in 19_000_000_u64..34_500_000,
    ) {
        let start = start * 60_000_000 + 7;
        let tz = TimeZone::get(zone).unwrap();
        let at = i64::try_from(start).unwrap();
        let begin = tz.to_datetime(Timestamp::from_microsecond(at).unwrap());
        let or = |named: &[i8], own: i8| if named.is_empty() { vec![own] } else { named.to_vec() };
        let (hours, minutes) = (or(&words.hours, begin.hour()), or(&words.minutes, begin.minute()));
        let times = hours.iter().flat_map(|hour| minutes.iter().map(|minute| (*hour, *minute))).collect();
        let words = Words { times, ..words };
        let calendar = Calendar::new(&words.rule(), zone, start).unwrap();
        // The model's last days may lack what belongs to their period.
        let end = start + 2 * 366 * 86_400_000_000;
        let expected: Vec<u64> = words.model(&tz, begin, at).into_iter().map(|time| u64::try_from(time).unwrap())
            .filter(|time| *time < end).take(60).collect();
        let mut found = Vec::new();
        let mut next = calendar.first_from(start);
        while let Some(time) = next.filter(|time| *time < end && found.len() < expected.len().max(1)) {
            found.push(time);
            next = calendar.next(time);
        }
        prop_assert_eq!(&found, &expected, "{}", words.rule());
        // All at once, and by halving, are the same times.
        let all = calendar.after(at - 1, expected.len());
        prop_assert_eq!(&all, &expected, "{}", words.rule());
        if let (Some(first), Some(last)) = (expected.first(), expected.last()) {
            prop_assert_eq!(calendar.newest(*first, *last), *last);
            let before = expected.iter().rev().nth(1).unwrap_or(first);
            prop_assert_eq!(calendar.newest(*first, (*last - 1).max(*first)), *before);
        }
    }
}
