//! What the numbers of a spreadsheet are: amounts as they are written, and days, which are numbers with a format.

use quick_xml::events::Event;

use super::SheetError;
use super::workbook::{Xml, attribute};

/// Most formats of a file.
const FORMATS_MAX: usize = 70_000;
/// From the day 0 of a spreadsheet, 1899-12-30, to 1970-01-01.
const DAYS_TO_1970: i64 = 25_569;
/// By how much a spreadsheet that counts from 1904 is behind.
const DAYS_TO_1904: i64 = 1_462;
/// The last day that a spreadsheet has: 9999-12-31.
const DAY_MAX: f64 = 2_958_465.0;

/// Which formats of cells are days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Formats {
    /// By the number of a cell's format.
    days: Vec<bool>,
    /// Days are counted from 1904.
    pub of_1904: bool,
}

impl Formats {
    /// A number as CSV would have it: a day as ISO 8601 writes it, anything else in digits with a dot.
    pub fn written(&self, number: &str, style: usize) -> Result<String, SheetError> {
        if number.is_empty() {
            return Ok(String::new());
        }
        let value: f64 = number.parse().map_err(|_| SheetError::Broken)?;
        if !value.is_finite() {
            return Err(SheetError::Broken);
        }
        let is_day = self.days.get(style).copied().unwrap_or_default();
        let day = if is_day { self.day(value) } else { None };
        // The shortest digits that are this number: what programs write as 0.10000000000000001 is 0.1.
        Ok(day.unwrap_or_else(|| plain(number).unwrap_or_else(|| value.to_string())))
    }

    fn day(&self, value: f64) -> Option<String> {
        if !(1.0..=DAY_MAX).contains(&value) {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is within the days that there are")]
        let day = value.floor() as i64 + if self.of_1904 { DAYS_TO_1904 } else { 0 } - DAYS_TO_1970;
        let date = jiff::civil::Date::new(1970, 1, 1).ok()?;
        date.checked_add(jiff::Span::new().try_days(day).ok()?).ok().map(|date| date.to_string())
    }
}

/// Whole numbers stay as they are, however long: a telephone number or a card's number is no measure.
fn plain(number: &str) -> Option<String> {
    let digits = number.strip_prefix('-').unwrap_or(number);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| number.to_owned())
}

/// The formats of `styles.xml`.
pub(super) fn formats(styles: &str) -> Result<Formats, SheetError> {
    let (mut own, mut days, mut within) = (Vec::new(), Vec::new(), false);
    let mut xml = Xml::of(styles);
    while let Some(event) = xml.next()? {
        match &event {
            Event::Start(element) => match element.local_name().as_ref() {
                "numFmt" => {
                    let id = attribute(element, "numFmtId")?.and_then(|id| id.parse::<u32>().ok());
                    let code = attribute(element, "formatCode")?.unwrap_or_default();
                    own.extend(id.filter(|_| is_day(&code)));
                }
                "cellXfs" => within = true,
                "xf" if within => {
                    let id = attribute(element, "numFmtId")?.and_then(|id| id.parse::<u32>().ok());
                    // Those that every program has are days by their numbers.
                    let day = id.is_some_and(|id| matches!(id, 14..=17 | 22) || own.contains(&id));
                    days.push(day);
                }
                _ => {}
            },
            Event::End(element) if element.local_name().as_ref() == "cellXfs" => within = false,
            _ => {}
        }
        if own.len() > 1_000 || days.len() > FORMATS_MAX {
            return Err(SheetError::TooLarge);
        }
    }
    Ok(Formats { days, of_1904: false })
}

/// Whether a format writes a day: it has a `y` or a `d` outside of what is quoted.
fn is_day(code: &str) -> bool {
    let (mut quoted, mut bracket, mut escaped) = (false, false, false);
    for letter in code.chars() {
        match letter {
            _ if escaped => escaped = false,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '\\' | '_' | '*' => escaped = true,
            '[' => bracket = true,
            ']' => bracket = false,
            'y' | 'Y' | 'd' | 'D' if !bracket => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_number_is_written_as_people_would() {
        let formats = Formats { days: vec![false, true], of_1904: false };
        for (number, style, written) in [
            ("12.5", 0, "12.5"),
            ("0.10000000000000001", 0, "0.1"),
            ("-30", 0, "-30"),
            ("1.2505E3", 0, "1250.5"),
            ("5551234567890123456", 0, "5551234567890123456"),
            ("", 0, ""),
            ("7", 9, "7"),
            ("45352", 1, "2024-03-01"),
            ("45352.75", 1, "2024-03-01"),
            ("61", 1, "1900-03-01"),
            ("-1", 1, "-1"),
            ("99999999", 1, "99999999"),
        ] {
            assert_eq!(formats.written(number, style), Ok(written.to_owned()), "{number}");
        }
        for broken in ["x", "NaN", "inf", "1e999"] {
            assert_eq!(formats.written(broken, 0), Err(SheetError::Broken), "{broken}");
        }
        let mac = Formats { days: vec![true], of_1904: true };
        assert_eq!(mac.written("43890", 0), Ok("2024-03-01".to_owned()));
    }

    #[test]
    fn a_format_is_a_day_by_its_letters() {
        for day in ["yyyy-mm-dd", "dd/mm/yy", "[$-409]d\\-mmm\\-yyyy;@", "D.M.YYYY"] {
            assert!(is_day(day), "{day}");
        }
        for none in ["0.00", "#,##0.00 \"days\"", "[Red]0", "General", "hh:mm", "0\\d", "[$EUR] #,##0"] {
            assert!(!is_day(none), "{none}");
        }
    }
}
