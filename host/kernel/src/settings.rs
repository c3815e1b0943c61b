//! What a community set for itself: name, place, time zone, language (`hamlet:host/settings`, W6).
//!
//! The time zone decides what a calendar day and a month are ([`today`], [`month`]). The IANA
//! database is compiled in, so that a box without one has the same calendar. If it is wrong, ceilings
//! of grants begin anew on the wrong day.

use hamlet_bundle::{Access, FunctionRule, Kind};
use hamlet_store::{Rows, Value};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use wasmtime::component::Val;

use crate::call::CallError;
use crate::namespaces::SETTINGS;
use crate::native::{NativeContext, NativeProvider};
use crate::rows::{OwnRows, ReadOnly, from_json, to_json};
use crate::shape;

/// Longest text of the settings, in bytes.
pub const TEXT_BYTES_MAX: usize = 200;

const COMMUNITY_KEY: &[u8] = b"community";

/// The community's own words and choices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Community {
    /// Its name.
    pub name: String,
    /// Its place, in its own words.
    pub place: String,
    /// The IANA time zone of its calendar.
    pub zone: String,
    /// Its first language, BCP 47.
    pub language: String,
}

impl Default for Community {
    /// What holds before anybody set anything.
    fn default() -> Self {
        Self { name: "A community".into(), place: String::new(), zone: "UTC".into(), language: "en".into() }
    }
}

/// What is set, read from a snapshot or a running transaction.
///
/// # Errors
/// The store failed, or the row is damaged.
pub fn community(rows: &mut dyn Rows) -> Result<Community, CallError> {
    read(&mut ReadOnly { rows, namespace: SETTINGS })
}

/// The community's time zone. Cost: a look-up and a short parse.
///
/// # Errors
/// As [`community`].
pub fn zone(rows: &mut dyn Rows) -> Result<TimeZone, CallError> {
    // A zone that was set once and is unknown to a newer database would stop every payment.
    Ok(TimeZone::get(&community(rows)?.zone).unwrap_or(TimeZone::UTC))
}

/// The calendar day, remembered: many calls of one day ask for it, and reading zones takes microseconds.
#[derive(Debug, Default)]
pub struct Calendar {
    /// The settings' row of which the rest was made.
    row: Option<Value>,
    /// When the day begins and ends, in microseconds since 1970.
    from: u64,
    until: u64,
    day: String,
    /// The same in days since 1970-01-01.
    number: i32,
}

impl Calendar {
    /// The calendar day of a time in the community's zone, `YYYY-MM-DD`.
    ///
    /// # Errors
    /// As [`community`].
    pub fn today(&mut self, rows: &mut dyn Rows, micros: u64) -> Result<&str, CallError> {
        self.look(rows, micros)?;
        Ok(&self.day)
    }

    /// The same day as [`Calendar::today`], in days since 1970-01-01.
    ///
    /// # Errors
    /// As [`community`].
    pub fn day(&mut self, rows: &mut dyn Rows, micros: u64) -> Result<i32, CallError> {
        self.look(rows, micros)?;
        Ok(self.number)
    }

    fn look(&mut self, rows: &mut dyn Rows, micros: u64) -> Result<(), CallError> {
        let row = rows.get(SETTINGS, COMMUNITY_KEY)?;
        if self.row != row || !(self.from..self.until).contains(&micros) {
            self.turn_to(&zone(rows)?, micros);
            self.row = row;
        }
        Ok(())
    }

    fn turn_to(&mut self, zone: &TimeZone, micros: u64) {
        let date = zone.to_datetime(timestamp(micros)).date();
        let start = |date: jiff::civil::Date| Some(micros_of(date.to_zoned(zone.clone()).ok()?.timestamp()));
        // At the end of time a day has no morrow: it is then made anew at each call.
        self.from = start(date).unwrap_or(micros);
        self.until = date.tomorrow().ok().and_then(start).unwrap_or(micros);
        self.day = date.to_string();
        // Zones know no more of a day than where it begins: the count is that of the same date in UTC.
        let begin = date.to_zoned(TimeZone::UTC).map_or(0, |midnight| midnight.timestamp().as_second());
        self.number = i32::try_from(begin.div_euclid(24 * 3_600)).unwrap_or(i32::MAX);
    }
}

fn micros_of(time: Timestamp) -> u64 {
    u64::try_from(time.as_microsecond()).unwrap_or(0)
}

/// Coordinated universal time, for what is the same everywhere.
pub fn utc() -> TimeZone {
    TimeZone::UTC
}

/// The calendar month of a time, counted from the year 0.
pub fn month(zone: &TimeZone, micros: u64) -> u32 {
    let date = zone.to_datetime(timestamp(micros)).date();
    let months = i32::from(date.year()) * 12 + i32::from(date.month()) - 1;
    u32::try_from(months).unwrap_or(0)
}

fn timestamp(micros: u64) -> Timestamp {
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

fn read(rows: &mut dyn OwnRows) -> Result<Community, CallError> {
    match rows.get(COMMUNITY_KEY)? {
        Some(row) => from_json("settings", &row),
        None => Ok(Community::default()),
    }
}

/// The native provider.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings;

impl NativeProvider for Settings {
    fn interface(&self) -> &'static str {
        "hamlet:host/settings@0.1.0"
    }

    fn rule(&self, function: &str) -> Option<FunctionRule> {
        let (kind, access) = match function {
            "get" => (Kind::Query, vec![Access::Public, Access::Plugin, Access::Console]),
            "set" => {
                (Kind::Command, vec![Access::Group("stewards".into()), Access::Decision, Access::Console])
            }
            _ => return None,
        };
        Some(FunctionRule::new(kind, access))
    }

    fn call(&self, cx: &mut dyn NativeContext, function: &str, arguments: &[Val]) -> Result<Val, CallError> {
        let rows = &mut crate::rows::OfProvider(cx);
        match function {
            "get" => Ok(to_val(&read(rows)?)),
            "set" => set(rows, &from_val(shape::argument(arguments, 0)?)?),
            _ => Err(CallError::internal("no such function of settings")),
        }
    }
}

fn set(rows: &mut dyn OwnRows, community: &Community) -> Result<Val, CallError> {
    let texts = [&community.name, &community.place, &community.language];
    if community.name.trim().is_empty() || texts.iter().any(|text| text.len() > TEXT_BYTES_MAX) {
        return Ok(shape::refused("text-invalid"));
    }
    if community.zone.len() > TEXT_BYTES_MAX || TimeZone::get(&community.zone).is_err() {
        return Ok(shape::refused("zone-unknown"));
    }
    rows.set(COMMUNITY_KEY, &to_json("settings", community)?)?;
    Ok(shape::done())
}

fn to_val(community: &Community) -> Val {
    shape::record([
        ("name", shape::string(&community.name)),
        ("place", shape::string(&community.place)),
        ("zone", shape::string(&community.zone)),
        ("language", shape::string(&community.language)),
    ])
}

fn from_val(value: &Val) -> Result<Community, CallError> {
    let text = |name: &str| shape::field(value, name).and_then(shape::text).map(str::to_owned);
    Ok(Community {
        name: text("name")?,
        place: text("place")?,
        zone: text("zone")?,
        language: text("language")?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
    use super::*;
    use crate::rows::fake::Context;

    fn village() -> Community {
        Community {
            name: "Mill Lane".into(),
            place: "by the river".into(),
            zone: "Pacific/Auckland".into(),
            language: "en-NZ".into(),
        }
    }

    fn call_set(cx: &mut Context, community: &Community) -> Val {
        Settings.call(cx, "set", &[to_val(community)]).unwrap()
    }

    #[test]
    fn w6_what_was_set_is_what_is_read_by_call_and_by_the_kernel() {
        let mut cx = Context::new(SETTINGS);
        assert_eq!(Settings.call(&mut cx, "get", &[]).unwrap(), to_val(&Community::default()));
        assert_eq!(call_set(&mut cx, &village()), shape::done());
        assert_eq!(Settings.call(&mut cx, "get", &[]).unwrap(), to_val(&village()));
        assert_eq!(community(&mut cx.memory).unwrap(), village());
    }

    #[test]
    fn w6_settings_are_refused_by_name_when_zone_or_text_is_wrong() {
        let mut cx = Context::new(SETTINGS);
        let zone = Community { zone: "Middle/Earth".into(), ..village() };
        let nameless = Community { name: "  ".into(), ..village() };
        let long = Community { place: "x".repeat(201), ..village() };
        assert_eq!(call_set(&mut cx, &zone), shape::refused("zone-unknown"));
        assert_eq!(call_set(&mut cx, &nameless), shape::refused("text-invalid"));
        assert_eq!(call_set(&mut cx, &long), shape::refused("text-invalid"));
        assert!(cx.memory.0.is_empty());
    }

    #[test]
    fn t9_the_calendar_is_that_of_the_communitys_zone() {
        // 2025-12-31T11:30:00Z is half past midnight of New Year's Day in Auckland.
        let micros = 1_767_180_600_000_000;
        let auckland = TimeZone::get("Pacific/Auckland").unwrap();
        let today = |zone: &TimeZone, micros| {
            let mut calendar = Calendar::default();
            calendar.turn_to(zone, micros);
            calendar
        };
        let day = today(&auckland, micros);
        assert_eq!((&*day.day, day.number), ("2026-01-01", 20_454));
        assert_eq!(day.until - day.from, 24 * 3_600 * 1_000_000);
        assert_eq!(today(&auckland, day.until - 1).day, "2026-01-01");
        assert_eq!(today(&auckland, day.until).day, "2026-01-02");
        let in_utc = today(&TimeZone::UTC, micros);
        assert_eq!((&*in_utc.day, in_utc.number), ("2025-12-31", 20_453));
        assert_eq!(today(&TimeZone::UTC, 0).number, 0);
        assert_eq!(month(&auckland, micros), month(&TimeZone::UTC, micros) + 1);
        assert_eq!(today(&TimeZone::UTC, u64::MAX).day.len(), 10);
    }

    #[test]
    fn w1_only_stewards_decisions_and_the_console_set_and_anybody_reads() {
        let set = Settings.rule("set").unwrap();
        assert_eq!(set.kind, Kind::Command);
        assert!(!set.access.contains(&Access::Member) && !set.access.contains(&Access::Plugin));
        assert!(set.access.contains(&Access::Decision));
        assert_eq!(Settings.rule("get").unwrap().kind, Kind::Query);
        assert!(Settings.rule("other").is_none());
    }
}
