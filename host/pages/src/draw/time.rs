//! `<h-time value="MICROSECONDS" format="…">`: an instant as the viewer's own clock and language say it.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::Viewer;
use crate::tree::{Element, Node};
use crate::words::{Language, Unit};

/// From here on a relative time says the day instead of how many days.
const RELATIVE_DAYS_MAX: i64 = 7;

pub(super) fn draw(element: &Element, viewer: &Viewer<'_>) -> Option<Vec<Node>> {
    let at: i64 = element.get("value")?.parse().ok()?;
    let format = element.get("format").unwrap_or("datetime");
    let text = written(at, format, viewer.language, &viewer.zone, viewer.now)?;
    let machine = Timestamp::from_microsecond(at).ok()?.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut drawn = Element::new("time").with("datetime", machine);
    if format == "relative" {
        drawn.set("title", written(at, "datetime", viewer.language, &viewer.zone, viewer.now)?);
    }
    Some(vec![drawn.text(text).into()])
}

/// An instant (microseconds since 1970) in words. `format`: `date`, `time`, `datetime`, `relative`. None when no
/// calendar has it.
pub fn written(at: i64, format: &str, language: Language, zone: &TimeZone, now: i64) -> Option<String> {
    let local = Timestamp::from_microsecond(at).ok()?.to_zoned(zone.clone());
    Some(match format {
        "date" => date(&local, language),
        "time" => time(&local),
        "relative" => relative(&local, now, language, zone)?,
        _ => format!("{}, {}", date(&local, language), time(&local)),
    })
}

fn date(local: &Zoned, language: Language) -> String {
    let (day, month, year) = (local.day(), language.month(local.month()), local.year());
    match language {
        Language::English => format!("{day} {month} {year}"),
        Language::Spanish => format!("{day} de {month} de {year}"),
    }
}

fn time(local: &Zoned) -> String {
    format!("{:02}:{:02}", local.hour(), local.minute())
}

fn relative(local: &Zoned, now: i64, language: Language, zone: &TimeZone) -> Option<String> {
    let seconds = (local.timestamp().as_microsecond().saturating_sub(now)) / 1_000_000;
    let today = Timestamp::from_microsecond(now).ok()?.to_zoned(zone.clone());
    let days = i64::from(today.date().until(local.date()).ok()?.get_days());
    Some(match seconds.abs() {
        0..60 => language.relative(seconds, Unit::Now),
        60..3_600 => language.relative(seconds / 60, Unit::Minute),
        3_600..43_200 => language.relative(seconds / 3_600, Unit::Hour),
        _ if days == 0 => language.relative(seconds / 3_600, Unit::Hour),
        _ if days.abs() < RELATIVE_DAYS_MAX => language.relative(days, Unit::Day),
        _ => date(local, language),
    })
}

/// What a field `datetime-local` gives (`2026-11-23T05:40`), as microseconds since 1970. A time that a change of
/// clocks skips is taken as the clock shows after it.
pub fn instant_from_local(text: &str, zone: &TimeZone) -> Option<i64> {
    let local: DateTime = text.trim().parse().ok()?;
    Some(zone.to_ambiguous_timestamp(local).compatible().ok()?.as_microsecond())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_instant_is_said_by_the_viewers_clock() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        let now = instant_from_local("2026-11-23T12:00", &zone).unwrap();
        let minute = 60_000_000;
        let rows = [
            (0, "date", "23 November 2026", "23 de noviembre de 2026"),
            (0, "time", "12:00", "12:00"),
            (0, "datetime", "23 November 2026, 12:00", "23 de noviembre de 2026, 12:00"),
            (0, "relative", "just now", "ahora mismo"),
            (-3, "relative", "3 minutes ago", "hace 3 minutos"),
            (1, "relative", "in 1 minute", "dentro de 1 minuto"),
            (-121, "relative", "2 hours ago", "hace 2 horas"),
            (-60 * 24, "relative", "yesterday", "ayer"),
            (60 * 24, "relative", "tomorrow", "mañana"),
            (-60 * 24 * 5, "relative", "5 days ago", "hace 5 días"),
            (-60 * 24 * 30, "relative", "24 October 2026", "24 de octubre de 2026"),
        ];
        for (minutes, format, english, spanish) in rows {
            let at = now + minutes * minute;
            assert_eq!(written(at, format, Language::English, &zone, now).unwrap(), english);
            assert_eq!(written(at, format, Language::Spanish, &zone, now).unwrap(), spanish);
        }
        assert_eq!(written(i64::MAX, "date", Language::English, &zone, now), None);
        assert_eq!(written(0, "relative", Language::English, &zone, i64::MIN), None);
    }

    #[test]
    fn a_local_time_is_read_as_the_clock_of_the_place_shows_it() {
        assert_eq!(instant_from_local("1970-01-01T02:00", &TimeZone::fixed(jiff::tz::offset(2))), Some(0));
        for bad in ["", "x", "2026-13-01T00:00", "99999-01-01T00:00"] {
            assert_eq!(instant_from_local(bad, &TimeZone::UTC), None, "{bad}");
        }
    }
}
