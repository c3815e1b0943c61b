//! Calendar days, as every format here writes them. Not a calendar: there is no arithmetic beyond
//! what an id needs, and no notion of today.

use std::fmt;

/// A day of the proleptic Gregorian calendar between 1900 and 2999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The earliest day that a ledger knows.
    pub const EARLIEST: Date = Date { year: 1900, month: 1, day: 1 };

    /// The day, if there is one.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let length = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap(year) => 29,
            2 => 28,
            _ => return None,
        };
        ((1900..=2999).contains(&year) && (1..=length).contains(&day)).then_some(Date { year, month, day })
    }

    /// `YYYY-MM-DD`, exactly.
    pub fn parse_iso(text: &str) -> Option<Date> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
        let year = digits(&[*y1, *y2, *y3, *y4])?;
        let (month, day) = (digits(&[*m1, *m2])?, digits(&[*d1, *d2])?);
        Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }

    /// Day and month of one or two digits, with the separators `-`, `/` or `.` (the same one twice),
    /// and a year of four digits in front, or `default_year`.
    pub fn parse_loose(text: &str, default_year: Option<u16>) -> Result<Date, LooseDateError> {
        let bad = LooseDateError::NotADate;
        let separator = text.chars().find(|c| matches!(c, '-' | '/' | '.')).ok_or(bad)?;
        let mut parts = text.split(separator);
        let (Some(first), Some(second)) = (parts.next(), parts.next()) else { return Err(bad) };
        let third = parts.next();
        if parts.next().is_some() {
            return Err(bad);
        }
        let (year, month, day) = match third {
            Some(day) if first.len() == 4 => (digits(first.as_bytes()).ok_or(bad)?, second, day),
            Some(_) => return Err(bad),
            None => (default_year.ok_or(LooseDateError::NoYear)?, first, second),
        };
        let short = |part: &str| {
            (1..=2)
                .contains(&part.len())
                .then(|| digits(part.as_bytes()))
                .flatten()
                .and_then(|n| u8::try_from(n).ok())
        };
        Date::new(year, short(month).ok_or(bad)?, short(day).ok_or(bad)?).ok_or(bad)
    }

    /// Milliseconds from 1970 to the beginning of the day in UTC; zero before 1970.
    pub fn unix_milliseconds(self) -> u64 {
        // Days since 0000-03-01, so that the leap day is the last of its year.
        let (year, month) = (u64::from(self.year), u64::from(self.month));
        let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
        let days =
            365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + u64::from(self.day) - 1;
        days.saturating_sub(DAYS_TO_1970) * 86_400_000
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Days from 0000-03-01 to 1970-01-01.
const DAYS_TO_1970: u64 = 719_468;

/// Why a loosely written date is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LooseDateError {
    /// It is not one.
    NotADate,
    /// It has no year, and there is none by default.
    NoYear,
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Up to four ASCII digits as a number.
fn digits(text: &[u8]) -> Option<u16> {
    if text.is_empty() || text.len() > 4 {
        return None;
    }
    text.iter().try_fold(0u16, |n, c| c.is_ascii_digit().then(|| n * 10 + u16::from(c - b'0')))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_days_that_exist_are_dates() {
        for (text, good) in [
            ("2024-02-29", true),
            ("2023-02-29", false),
            ("2000-02-29", true),
            ("1900-02-29", false),
            ("1899-12-31", false),
            ("2999-12-31", true),
            ("2024-13-01", false),
            ("2024-00-01", false),
            ("2024-1-1", false),
            ("2024-04-31", false),
            ("2024-04-3é", false),
        ] {
            assert_eq!(Date::parse_iso(text).is_some(), good, "{text}");
        }
    }

    #[test]
    fn a_loose_date_takes_its_year_from_the_default() {
        let expected = Date::new(2024, 1, 5);
        for text in ["2024/1/5", "2024-01-05", "2024.1.05", "1/5", "01.05"] {
            assert_eq!(Date::parse_loose(text, Some(2024)).ok(), expected, "{text}");
        }
        assert_eq!(Date::parse_loose("1/5", None), Err(LooseDateError::NoYear));
        for text in ["", "2024", "2024-1/5", "24/1/5", "2024/1/5/6", "2024//5", "1/5/2024", "/", "2024/001/5"]
        {
            assert_eq!(Date::parse_loose(text, Some(2024)), Err(LooseDateError::NotADate), "{text}");
        }
    }

    #[test]
    fn milliseconds_agree_with_known_days() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1970-03-01", 59),
            ("2000-01-01", 10_957),
            ("2024-02-29", 19_782),
            ("1950-01-01", 0),
        ] {
            assert_eq!(Date::parse_iso(text).unwrap().unix_milliseconds(), days * 86_400_000, "{text}");
        }
    }
}
