//! iCalendar (RFC 5545): a feed that a phone's calendar subscribes to.
//!
//! Each time that an event takes place is written by itself, in UTC. So there is no rule and no table of time zones for a
//! phone to read in its own way, and every calendar shows the hour that the community means; a feed is fetched again and
//! again anyway.

use std::fmt::Write as _;

use hamlet_sdk::types::Instant;

use super::calendar::Occurrence;
use crate::post::Number;

/// Octets of a line before it is folded (section 3.1).
const LINE_OCTETS_MAX: usize = 75;

/// One time that an event takes place, as a feed tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The event.
    pub number: Number,
    /// Which time.
    pub at: Occurrence,
    /// When it was changed last.
    pub changed: Instant,
    /// What it is.
    pub title: String,
    /// More of it.
    pub text: String,
    /// Where.
    pub place: String,
}

/// A calendar of these, under a name. `domain` makes the ids unique in the world (section 3.8.4.7).
#[must_use]
pub fn feed(name: &str, domain: &str, entries: &[Entry]) -> String {
    let mut out = Lines(String::new());
    out.line("BEGIN:VCALENDAR");
    out.line("VERSION:2.0");
    out.line("PRODID:-//Hamlet//Board//EN");
    out.line("CALSCALE:GREGORIAN");
    out.line("METHOD:PUBLISH");
    out.text("X-WR-CALNAME", name);
    for entry in entries {
        out.line("BEGIN:VEVENT");
        out.line(&format!("UID:{}-{}@{domain}", entry.number, entry.at.start / 1_000_000));
        out.line(&format!("DTSTAMP:{}", utc(entry.changed)));
        out.line(&format!("DTSTART:{}", utc(entry.at.start)));
        out.line(&format!("DTEND:{}", utc(entry.at.end)));
        out.text("SUMMARY", &entry.title);
        for (name, value) in [("DESCRIPTION", &entry.text), ("LOCATION", &entry.place)] {
            if !value.is_empty() {
                out.text(name, value);
            }
        }
        out.line("END:VEVENT");
    }
    out.line("END:VCALENDAR");
    out.0
}

struct Lines(String);

impl Lines {
    /// A value of type TEXT, escaped (section 3.3.11).
    fn text(&mut self, name: &str, value: &str) {
        let mut line = format!("{name}:");
        for letter in value.chars() {
            match letter {
                '\\' | ';' | ',' => line.extend(['\\', letter]),
                '\n' => line.push_str("\\n"),
                // Control characters are no part of a text (section 3.1).
                letter if letter.is_control() && letter != '\t' => {}
                letter => line.push(letter),
            }
        }
        self.line(&line);
    }

    /// A line, folded between characters where it is too long.
    fn line(&mut self, line: &str) {
        let mut octets = 0;
        for letter in line.chars() {
            if octets + letter.len_utf8() > LINE_OCTETS_MAX {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(letter);
            octets += letter.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// `20261124T170000Z`.
fn utc(instant: Instant) -> String {
    let stamp = i64::try_from(instant).ok().and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok());
    let mut text = String::new();
    let _ = write!(text, "{}", stamp.unwrap_or_default().strftime("%Y%m%dT%H%M%SZ"));
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn entry(title: &str, text: &str) -> Entry {
        let at = Occurrence {
            start: 1_795_539_600_000_000,
            end: 1_795_543_200_000_000,
            day: jiff::civil::date(2026, 11, 24),
        };
        Entry {
            number: 7,
            at,
            changed: 0,
            title: title.to_owned(),
            text: text.to_owned(),
            place: String::new(),
        }
    }

    #[test]
    fn an_event_is_written_as_the_standard_says() {
        let feed = feed("Three Springs", "oak.example", &[entry("Harvest; day, \\", "Bring:\n- a bowl")]);
        for line in [
            "X-WR-CALNAME:Three Springs",
            "UID:7-1795539600@oak.example",
            "DTSTAMP:19700101T000000Z",
            "DTSTART:20261124T170000Z",
            "DTEND:20261124T180000Z",
            "SUMMARY:Harvest\\; day\\, \\\\",
            "DESCRIPTION:Bring:\\n- a bowl",
        ] {
            assert!(feed.contains(&format!("\r\n{line}\r\n")), "{line} in {feed}");
        }
        assert!(!feed.contains("LOCATION"));
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_no_text_begins_another(title in ".*", text in "(BEGIN:VEVENT|\r|\n|;|é|.){0,120}") {
            let feed = feed(&title, "a.example", &[entry(&title, &text)]);
            let mut lines = 0;
            for line in feed.split("\r\n") {
                prop_assert!(line.len() <= LINE_OCTETS_MAX && !line.contains(['\r', '\n']));
                lines += usize::from(line == "BEGIN:VEVENT");
            }
            prop_assert_eq!(lines, 1);
        }
    }
}
