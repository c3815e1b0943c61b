//! `<h-time value="MICROSECONDS" format="…">`: an instant as the viewer's own clock and language say it.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::Viewer;
use crate::tree::{Element, Node};
use crate::words::Say;

/// From here on a relative time says the day instead of how many days.
const RELATIVE_DAYS_MAX: i64 = 7;

pub(super) fn draw(element: &Element, viewer: &Viewer<'_>) -> Option<Vec<Node>> {
    let at: i64 = element.get("value")?.parse().ok()?;
    let format = element.get("format").unwrap_or("datetime");
    let text = written(at, format, viewer.say, &viewer.zone, viewer.now)?;
    let machine = Timestamp::from_microsecond(at).ok()?.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let mut drawn = Element::new("time").with("datetime", machine);
    if format == "relative" {
        drawn.set("title", written(at, "datetime", viewer.say, &viewer.zone, viewer.now)?);
    }
    Some(vec![drawn.text(text).into()])
}

/// An instant (microseconds since 1970) in words. `format`: `date`, `time`, `datetime`, `relative`. None when no
/// calendar has it.
pub fn written(at: i64, format: &str, say: &Say, zone: &TimeZone, now: i64) -> Option<String> {
    let local = Timestamp::from_microsecond(at).ok()?.to_zoned(zone.clone());
    Some(match format {
        "date" => date(&local, say),
        "time" => time(&local),
        "relative" => relative(&local, now, say, zone)?,
        _ => format!("{}, {}", date(&local, say), time(&local)),
    })
}

fn date(local: &Zoned, say: &Say) -> String {
    let (day, year) = (local.day().to_string(), local.year().to_string());
    say.with("date", &[("day", &day), ("month", &say.month(local.month())), ("year", &year)])
}

fn time(local: &Zoned) -> String {
    format!("{:02}:{:02}", local.hour(), local.minute())
}

fn relative(local: &Zoned, now: i64, say: &Say, zone: &TimeZone) -> Option<String> {
    let seconds = (local.timestamp().as_microsecond().saturating_sub(now)) / 1_000_000;
    let today = Timestamp::from_microsecond(now).ok()?.to_zoned(zone.clone());
    let days = i64::from(today.date().until(local.date()).ok()?.get_days());
    let (ago, far) = (seconds < 0, seconds.unsigned_abs());
    let said = |ahead, before, count| say.count(if ago { before } else { ahead }, count);
    Some(match far {
        0..60 => say.t("relative-now"),
        60..3_600 => said("relative-minutes-ahead", "relative-minutes-ago", far / 60),
        _ if far < 43_200 || days == 0 => said("relative-hours-ahead", "relative-hours-ago", far / 3_600),
        _ if days.abs() < RELATIVE_DAYS_MAX => {
            said("relative-days-ahead", "relative-days-ago", days.unsigned_abs())
        }
        _ => date(local, say),
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
    use crate::words::tests::speak;

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
            assert_eq!(written(at, format, &speak("en"), &zone, now).unwrap(), english);
            assert_eq!(written(at, format, &speak("es"), &zone, now).unwrap(), spanish);
        }
        assert_eq!(written(i64::MAX, "date", &speak("en"), &zone, now), None);
        assert_eq!(written(0, "relative", &speak("en"), &zone, i64::MIN), None);
    }

    #[test]
    fn a_local_time_is_read_as_the_clock_of_the_place_shows_it() {
        assert_eq!(instant_from_local("1970-01-01T02:00", &TimeZone::fixed(jiff::tz::offset(2))), Some(0));
        for bad in ["", "x", "2026-13-01T00:00", "99999-01-01T00:00"] {
            assert_eq!(instant_from_local(bad, &TimeZone::UTC), None, "{bad}");
        }
    }
}
