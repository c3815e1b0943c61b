//! The smallest words: ids, days, instants, amounts.
//!
//! Not money with a unit: an amount is a count of minor units of the ledger that it stands in,
//! and no rule ever mixes two ledgers. If a day were counted wrongly here, every balance "as of" a
//! date would be wrong with it.

use std::fmt;
use std::str::FromStr;

/// The largest amount, sum or limit (C5): 2^63 - 1, so that a balance always fits 64 signed bits.
pub const AMOUNT_MAX: u64 = i64::MAX.unsigned_abs();

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Instant = u64;

/// The name of a ledger, an account, a transfer or a party; shown as 32 hex digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u128);

impl Id {
    /// Whether it may name anything: zero and all ones are what forgotten fields look like.
    pub fn is_valid(self) -> bool {
        self.0 != 0 && self.0 != u128::MAX
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for Id {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hex {
            return Err(());
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| ())
    }
}

/// A calendar day, counted from 1900-01-01; the last one is 2999-12-31.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub u32);

impl Day {
    /// 1900-01-01.
    pub const FIRST: Day = Day(0);
    /// 2999-12-31.
    pub const LAST: Day = Day(401_766);
    /// From 0000-03-01, where the calendar's own count begins, to 1900-01-01.
    const OFFSET: u32 = 693_901;

    /// The day of a date that exists; none for others and for years outside 1900 to 2999.
    pub fn from_date(year: u32, month: u32, day: u32) -> Option<Day> {
        let exists = (1900..=2999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day);
        if !exists {
            return None;
        }
        // Years that begin in March put the leap day last, so that months have a formula
        // (Hinnant, "chrono-compatible low-level date algorithms").
        let year = if month <= 2 { year - 1 } else { year };
        let month = (month + 9) % 12;
        let of_year = (153 * month + 2) / 5 + day - 1;
        let of_era = (year % 400) * 365 + (year % 400) / 4 - (year % 400) / 100 + of_year;
        Some(Day((year / 400) * 146_097 + of_era - Self::OFFSET))
    }

    /// The day that is so many days after 1970-01-01; none outside the years 1900 to 2999.
    pub fn since_1970(days: i32) -> Option<Day> {
        let day = u32::try_from(i64::from(days) + 25_567).ok().map(Day)?;
        (day <= Self::LAST).then_some(day)
    }

    /// Year, month and day of the month.
    pub fn date(self) -> (u32, u32, u32) {
        let days = self.0 + Self::OFFSET;
        let of_era = days % 146_097;
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = (days / 146_097) * 400 + year_of_era + u32::from(month <= 2);
        (year, month, day)
    }

    /// So many days later, but not after the last day.
    #[must_use]
    pub fn plus(self, days: u32) -> Day {
        Day(self.0.saturating_add(days)).min(Self::LAST)
    }
}

fn days_in_month(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (date, shape) = (text.as_bytes(), text.len() == 10 && text.is_ascii());
        let number = |range: std::ops::Range<usize>| {
            let digits = text.get(range)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u32>().ok())?
        };
        let dashes = date.get(4) == Some(&b'-') && date.get(7) == Some(&b'-');
        if !shape || !dashes {
            return Err(());
        }
        let day = (|| Day::from_date(number(0..4)?, number(5..7)?, number(8..10)?))();
        day.ok_or(())
    }
}

/// A sum as an amount; sums that the rules let through always fit.
pub fn to_amount(sum: u128) -> u64 {
    u64::try_from(sum).map_or(AMOUNT_MAX, |sum| sum.min(AMOUNT_MAX))
}

/// An amount as people write it: 1250 with scale 2 is `12.50`.
pub fn written_amount(amount: u64, scale: u8) -> String {
    let scale = usize::from(scale);
    let digits = format!("{amount:0>width$}", width = scale + 1);
    match digits.split_at_checked(digits.len() - scale) {
        Some((whole, fraction)) if scale > 0 => format!("{whole}.{fraction}"),
        _ => digits,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_day_reads_as_written_when_its_date_exists() {
        for (text, count) in [
            ("1900-01-01", 0),
            ("1900-02-28", 58),
            ("1900-03-01", 59),
            ("1970-01-01", 25_567),
            ("2000-02-29", 36_583),
            ("2999-12-31", Day::LAST.0),
        ] {
            let day: Day = text.parse().unwrap();
            assert_eq!((day.0, day.to_string()), (count, text.to_owned()));
        }
    }

    #[test]
    fn a_day_is_counted_from_1970_when_the_host_says_so() {
        assert_eq!(Day::since_1970(0), "1970-01-01".parse().ok());
        assert_eq!(Day::since_1970(20_454), "2026-01-01".parse().ok());
        assert_eq!(Day::since_1970(-25_567), Some(Day::FIRST));
        assert_eq!(Day::since_1970(-25_568), None);
        assert_eq!(Day::since_1970(376_199), Some(Day::LAST));
        assert_eq!(Day::since_1970(376_200), None);
        assert_eq!(Day::since_1970(i32::MIN).or(Day::since_1970(i32::MAX)), None);
    }

    #[test]
    fn every_day_is_one_after_the_day_before() {
        let mut before = Day::FIRST.date();
        for count in 1..=Day::LAST.0 {
            let date = Day(count).date();
            assert!(date > before, "{date:?} after {before:?}");
            assert_eq!(Day::from_date(date.0, date.1, date.2), Some(Day(count)));
            before = date;
        }
        assert_eq!(before, (2999, 12, 31));
    }

    #[test]
    fn a_date_is_refused_when_it_does_not_exist_or_is_written_otherwise() {
        for text in [
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "1899-12-31",
            "3000-01-01",
            "2026-1-01",
            "26-01-01",
            "2026/01/01",
            "+026-01-01",
            "",
            "2026-01-0é",
            "2026-01-011",
        ] {
            assert_eq!(text.parse::<Day>(), Err(()), "{text}");
        }
    }

    #[test]
    fn an_amount_is_written_with_its_scale() {
        assert_eq!(written_amount(1250, 2), "12.50");
        assert_eq!(written_amount(5, 2), "0.05");
        assert_eq!(written_amount(5, 0), "5");
        assert_eq!(written_amount(AMOUNT_MAX, 9), "9223372036.854775807");
    }

    #[test]
    fn an_id_reads_back_when_it_was_shown() {
        let id = Id(0x0199_0000_0000_7000_8000_0000_0000_0abc);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("+0".parse::<Id>(), Err(()));
    }
}
