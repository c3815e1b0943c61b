//! Decimal numbers, exactly. Not floating point, and no rounding except where a caller asks.
//!
//! The hard part is what a comma means. `1,250.00` and `1,250,000` can be read in one way only;
//! `1,250` cannot, and reading it wrongly is an error of a factor of a thousand, so it is refused
//! unless the text says elsewhere which mark is which.

use std::fmt;

/// A number with so many decimal places: `mantissa / 10^decimals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// The number without its decimal mark.
    pub mantissa: i128,
    /// How many of its digits stand after the mark.
    pub decimals: u8,
}

/// Why a number cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// It is none.
    #[error("this is not a number")]
    NotANumber,
    /// One comma and three digits.
    #[error("the comma could group thousands or mark decimals; write 1234 or 1234.00")]
    Ambiguous,
    /// More than 28 digits, or a result that does not fit.
    #[error("too many digits")]
    TooLong,
    /// A division that does not end, or by zero.
    #[error("this division has no exact result")]
    Inexact,
}

/// Which mark stands before the decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// The dot; commas group digits.
    Dot,
    /// The comma; dots group digits.
    Comma,
    /// The number itself must show it.
    Guess,
    /// The dot. Commas group digits by threes, where nothing else could be meant.
    Strict,
}

/// The most digits of a number; products of two such still fit.
const DIGITS_MAX: usize = 28;

impl Decimal {
    /// Nothing.
    pub const ZERO: Decimal = Decimal { mantissa: 0, decimals: 0 };

    /// Reads digits with marks, without sign or blanks (a blank between digits groups them).
    pub fn parse(text: &str, marks: Marks) -> Result<Decimal, NumberError> {
        let mark = decimal_mark(text, marks)?;
        let (mut mantissa, mut digits, mut decimals, mut after) = (0i128, 0usize, 0u8, false);
        for c in text.bytes() {
            match c {
                b'0'..=b'9' => {
                    digits += 1;
                    if digits > DIGITS_MAX {
                        return Err(NumberError::TooLong);
                    }
                    mantissa = mantissa * 10 + i128::from(c - b'0');
                    decimals += u8::from(after);
                }
                _ if Some(c) == mark && !after => after = true,
                // A group mark after the decimals is none.
                b',' | b'.' | b' ' if !after => {}
                _ => return Err(NumberError::NotANumber),
            }
        }
        if digits == 0 {
            return Err(NumberError::NotANumber);
        }
        Ok(Decimal { mantissa, decimals })
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// The same with the other sign.
    #[must_use]
    pub fn negated(self) -> Decimal {
        Decimal { mantissa: self.mantissa.saturating_neg(), ..self }
    }

    /// The same without its sign.
    #[must_use]
    pub fn size(self) -> Decimal {
        if self.mantissa < 0 { self.negated() } else { self }
    }

    /// The mantissa with so many decimals; none if digits would be lost or it does not fit.
    pub fn scaled(self, decimals: u8) -> Option<i128> {
        if let Some(more) = decimals.checked_sub(self.decimals) {
            return self.mantissa.checked_mul(power(more)?);
        }
        let unit = power(self.decimals - decimals)?;
        (self.mantissa % unit == 0).then(|| self.mantissa / unit)
    }

    /// The sum; none if it does not fit.
    pub fn plus(self, other: Decimal) -> Option<Decimal> {
        let decimals = self.decimals.max(other.decimals);
        let mantissa = self.scaled(decimals)?.checked_add(other.scaled(decimals)?)?;
        Some(Decimal { mantissa, decimals })
    }

    /// The difference; none if it does not fit.
    pub fn minus(self, other: Decimal) -> Option<Decimal> {
        self.plus(other.negated())
    }

    /// The product; none if it does not fit.
    pub fn times(self, other: Decimal) -> Option<Decimal> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        Some(
            Decimal { mantissa, decimals: self.decimals.checked_add(other.decimals)? }
                .trimmed(self.decimals.max(other.decimals)),
        )
    }

    /// The quotient, if it is exact within 12 decimals.
    pub fn divided_by(self, other: Decimal) -> Option<Decimal> {
        const PLACES: u8 = 12;
        // (a / 10^x) / (b / 10^y) = a * 10^(PLACES + y - x) / b, at PLACES decimals.
        let shift = PLACES.checked_add(other.decimals)?;
        let numerator = if shift >= self.decimals {
            self.mantissa.checked_mul(power(shift - self.decimals)?)?
        } else {
            return None;
        };
        let exact = other.mantissa != 0 && numerator.checked_rem(other.mantissa)? == 0;
        let mantissa = if exact { numerator.checked_div(other.mantissa)? } else { return None };
        Some(Decimal { mantissa, decimals: PLACES }.trimmed(0))
    }

    /// Without zeros at its end, down to so many decimals.
    #[must_use]
    pub fn trimmed(mut self, least: u8) -> Decimal {
        while self.decimals > least && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.decimals -= 1;
        }
        self
    }

    /// Rounded half to even to at most so many decimals.
    #[must_use]
    pub fn rounded(self, decimals: u8) -> Decimal {
        let Some(unit) = self.decimals.checked_sub(decimals).filter(|n| *n > 0).and_then(power) else {
            return self;
        };
        let (quotient, rest) = (self.mantissa.div_euclid(unit), self.mantissa.rem_euclid(unit));
        let up = rest > unit - rest || (rest == unit - rest && quotient % 2 != 0);
        Decimal { mantissa: quotient + i128::from(up), decimals }
    }

    /// Whether it is at most so many tenths of a unit of the last of so many decimals away from zero.
    pub fn within(self, tenths: i128, decimals: u8) -> bool {
        let limit = Decimal { mantissa: tenths, decimals: decimals.saturating_add(1) };
        let wide = limit.decimals.max(self.decimals);
        match (self.scaled(wide), limit.scaled(wide)) {
            (Some(value), Some(limit)) => value.unsigned_abs() <= limit.unsigned_abs(),
            _ => false,
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits =
            format!("{:0>width$}", self.mantissa.unsigned_abs(), width = usize::from(self.decimals) + 1);
        let (whole, fraction) = digits.split_at(digits.len() - usize::from(self.decimals));
        let sign = if self.mantissa < 0 { "-" } else { "" };
        if fraction.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
    }
}

/// Ten to this power; none if it does not fit.
fn power(exponent: u8) -> Option<i128> {
    10i128.checked_pow(u32::from(exponent))
}

/// Which byte of the number marks its decimals, if any does.
fn decimal_mark(text: &str, marks: Marks) -> Result<Option<u8>, NumberError> {
    let bytes = text.as_bytes();
    let count = |mark: u8| text.matches(char::from(mark)).count();
    let last = |mark: u8| bytes.iter().rposition(|c| *c == mark);
    match marks {
        Marks::Dot => Ok(Some(b'.')),
        Marks::Comma => Ok(Some(b',')),
        Marks::Strict => {
            let plain =
                bytes.first().is_some_and(u8::is_ascii_digit) && bytes.last().is_some_and(u8::is_ascii_digit);
            let whole = text.split('.').next().unwrap_or_default();
            let mut groups = whole.split(',').skip(1).peekable();
            let grouped = groups.peek().is_some();
            if !plain
                || text.contains(' ')
                || groups.any(|g| g.len() != 3)
                || whole.find(',').is_some_and(|n| n > 3)
            {
                return Err(NumberError::NotANumber);
            }
            if grouped && count(b',') == 1 && count(b'.') == 0 {
                return Err(NumberError::Ambiguous);
            }
            Ok(Some(b'.'))
        }
        Marks::Guess => match (count(b'.'), count(b',')) {
            (1, 0) => Ok(Some(b'.')),
            // None, or the same several times, which can only group.
            (_, 0) | (0, 2..) => Ok(None),
            (0, 1) => {
                let comma = last(b',').unwrap_or_default();
                let thousands =
                    bytes.len() - comma == 4 && (1..=3).contains(&comma) && !text.starts_with('0');
                if thousands { Err(NumberError::Ambiguous) } else { Ok(Some(b',')) }
            }
            // Both: the last one marks the decimals.
            _ if last(b'.') > last(b',') => Ok(Some(b'.')),
            _ => Ok(Some(b',')),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn decimal(mantissa: i128, decimals: u8) -> Decimal {
        Decimal { mantissa, decimals }
    }

    #[test]
    fn marks_are_read_as_written_or_refused_when_unclear() {
        use Marks::{Comma, Dot, Guess, Strict};
        use NumberError::{Ambiguous, NotANumber, TooLong};
        type Row = (&'static str, Marks, Result<(i128, u8), NumberError>);
        let table: &[Row] = &[
            ("12.50", Strict, Ok((1250, 2))),
            ("12", Strict, Ok((12, 0))),
            ("1,250.00", Strict, Ok((125_000, 2))),
            ("1,250,000", Strict, Ok((1_250_000, 0))),
            ("1,250", Strict, Err(Ambiguous)),
            ("12,50", Strict, Err(NotANumber)),
            ("1234,567.00", Strict, Err(NotANumber)),
            ("1.2.3", Strict, Err(NotANumber)),
            ("1.250,000", Strict, Err(NotANumber)),
            ("1.", Strict, Err(NotANumber)),
            (".5", Strict, Err(NotANumber)),
            ("1 000", Strict, Err(NotANumber)),
            ("", Strict, Err(NotANumber)),
            ("1,250", Dot, Ok((1250, 0))),
            ("1.250", Dot, Ok((1250, 3))),
            ("1,250", Comma, Ok((1250, 3))),
            ("1.250,00", Comma, Ok((125_000, 2))),
            ("1,250", Guess, Err(Ambiguous)),
            ("0,250", Guess, Ok((250, 3))),
            ("10,50", Guess, Ok((1050, 2))),
            ("1.250", Guess, Ok((1250, 3))),
            ("18,000,000", Guess, Ok((18_000_000, 0))),
            ("1.000.000,5", Guess, Ok((10_000_005, 1))),
            ("9,99,99,999.00", Guess, Ok((9_999_999_900, 2))),
            ("1 000 000.9455", Guess, Ok((10_000_009_455, 4))),
            ("12345678901234567890123456789", Guess, Err(TooLong)),
            (",", Guess, Err(NotANumber)),
        ];
        for (text, marks, expected) in table {
            let found = Decimal::parse(text, *marks).map(|d| (d.mantissa, d.decimals));
            assert_eq!(found, *expected, "{text} {marks:?}");
        }
    }

    #[test]
    fn rounding_is_half_to_even_on_both_sides_of_zero() {
        for (from, to) in [(25, 2), (35, 4), (-25, -2), (-35, -4), (26, 3), (-26, -3), (24, 2), (-24, -2)] {
            assert_eq!(decimal(from, 1).rounded(0), decimal(to, 0), "{from}");
        }
    }

    #[test]
    fn digits_are_never_lost_in_scaling() {
        assert_eq!(decimal(1250, 3).scaled(2), Some(125));
        assert_eq!(decimal(1251, 3).scaled(2), None);
        assert_eq!(decimal(i128::MAX, 0).scaled(1), None);
        assert_eq!(decimal(-5, 2).to_string(), "-0.05");
        assert_eq!(decimal(1, 1).divided_by(decimal(4, 0)), Some(decimal(25, 3)));
        assert_eq!(decimal(1, 0).divided_by(decimal(3, 0)), None);
        assert_eq!(decimal(1, 0).divided_by(decimal(0, 0)), None);
        assert_eq!(decimal(i128::MIN, 0).divided_by(decimal(-1, 0)), None);
    }

    #[test]
    fn within_counts_tenths_of_the_last_place() {
        assert!(decimal(5, 3).within(5, 2));
        assert!(!decimal(51, 4).within(5, 2));
        assert!(decimal(-5, 3).within(5, 2));
        assert!(!decimal(1, 0).within(5, 0));
    }
}
