//! The calendar against other people's: `icalendar` reads the feed, and `recurring-ical-events` expands the same
//! repetitions over changes of clocks (both from PyPI). See `compare.py`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../board/double.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod double;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use board::audience::Audience;
use board::events::{self, Frequency, Gathering, Plan, Recurrence, Times};
use board::post::Words;
use double::{ANA, DAY, NOON, Village};
use hamlet_sdk::types::Instant;

const ZONES: [&str; 4] = ["Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"];
const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
/// Repetitions that are compared.
const RULES: usize = 400;
/// Times of each.
const TIMES: usize = 60;

/// Marsaglia's xorshift: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

fn random_times(random: &mut Random) -> Times {
    let day = jiff::civil::date(2025, 1, 1)
        .checked_add(jiff::Span::new().days(i64::try_from(random.below(900)).unwrap()));
    // Often in the hour in which clocks change.
    let hour = if random.below(2) == 0 { 1 + random.below(3) } else { random.below(24) };
    let start = format!("{}T{hour:02}:{:02}", day.unwrap(), random.below(4) * 15);
    let frequency = [
        Frequency::Daily,
        Frequency::Weekly,
        Frequency::MonthlyByDay,
        Frequency::MonthlyByWeekday,
        Frequency::Yearly,
    ][usize::try_from(random.below(5)).unwrap()];
    let interval = u8::try_from(1 + random.below(4)).unwrap();
    let mut times = Times {
        start,
        minutes: 30 + u32::try_from(random.below(300)).unwrap(),
        repeats: Some(Recurrence { frequency, interval, until: None, except: Vec::new() }),
    };
    // Some end, and some leave days out.
    let some = times.occurrences(ZONES[0], 0, 12).unwrap();
    let repeats = times.repeats.as_mut().unwrap();
    if random.below(3) == 0 {
        repeats.until = some.last().map(|one| one.day.to_string());
    }
    for one in some.iter().skip(1).filter(|_| random.below(5) == 0) {
        repeats.except.push(one.day.to_string());
    }
    times
}

/// RFC 5545, 3.3.10, but for the end, which is given apart: it is to be in UTC.
fn rule(times: &Times) -> String {
    let repeats = times.repeats.as_ref().unwrap();
    let start: jiff::civil::DateTime = times.start.parse().unwrap();
    let frequency = match repeats.frequency {
        Frequency::Daily => "DAILY".to_owned(),
        Frequency::Weekly => "WEEKLY".to_owned(),
        Frequency::MonthlyByDay => format!("MONTHLY;BYMONTHDAY={}", start.day()),
        Frequency::MonthlyByWeekday => {
            let week = (start.day() - 1) / 7 + 1;
            let day = WEEKDAYS[usize::try_from(start.weekday().to_monday_zero_offset()).unwrap()];
            format!("MONTHLY;BYDAY={}{day}", if week > 4 { -1 } else { week })
        }
        Frequency::Yearly => "YEARLY".to_owned(),
    };
    format!("FREQ={frequency};INTERVAL={}", repeats.interval)
}

fn micros(date: &str) -> Instant {
    events::instant(date, "UTC").unwrap()
}

/// A feed with all that can be in one.
fn feed() -> String {
    let village = Village::new();
    for (number, title) in
        ["Harvest; day, \\ all", "Añada \"nueva\" 🎉", "A\r\nBEGIN:VEVENT"].into_iter().enumerate()
    {
        let words = Words { title: title.to_owned(), text: "é".repeat(200), place: "Square, 1".to_owned() };
        let repeats =
            Recurrence { frequency: Frequency::Weekly, interval: 1, until: None, except: Vec::new() };
        let times = Times { start: format!("2026-11-2{number}T20:00"), minutes: 60, repeats: Some(repeats) };
        let gathering = Gathering { times, capacity: None };
        let plan = Plan { words, audience: Audience::Members, party: None, gathering };
        events::plan(village.with(ANA), plan).unwrap();
    }
    events::make_feed(&village).unwrap();
    let secret = events::address(&village).unwrap().unwrap();
    village.now.set(NOON + DAY);
    events::feed(village.anybody(), &secret, "Three Springs").unwrap()
}

#[test]
fn other_calendars_read_the_same_times() {
    let mut random = Random(20_260_901);
    let mut rules = Vec::new();
    for at in 0..RULES {
        let (times, zone) = (random_times(&mut random), ZONES[at % ZONES.len()]);
        // From somewhere in the middle, as a page asks.
        let from = micros("2025-01-01T00:00") + random.below(700) * DAY;
        let found = times.occurrences(zone, from, TIMES).unwrap();
        rules.push(hamlet_testing::json!({
            "zone": zone, "start": times.start, "minutes": times.minutes, "rule": rule(&times), "from": from, "most": TIMES,
            "until": times.repeats.as_ref().unwrap().until, "except": times.repeats.as_ref().unwrap().except,
            "found": found.iter().map(|one| [one.start, one.end]).collect::<Vec<_>>(),
        }));
    }
    let input = hamlet_testing::json!({ "rules": rules, "feed": feed() }).to_string();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calendar/compare");
    let mut child =
        Command::new(script).arg(env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}
