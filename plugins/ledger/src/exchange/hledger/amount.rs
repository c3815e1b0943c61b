//! An amount as hledger writes it: sign, commodity on either side, digits with their marks.

use super::super::Problem;
use super::super::number::{Decimal, Marks, NumberError};
use super::super::words::{bad_number, syntax};

/// An amount as it stands in the text.
#[derive(Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) negative: bool,
    /// Digits and marks.
    pub(super) digits: &'a str,
    pub(super) exponent: i8,
    pub(super) commodity: &'a str,
}

impl<'a> Written<'a> {
    /// `[-] [COMMODITY] [-] NUMBER [COMMODITY]`, and what follows it.
    pub(super) fn parse(text: &'a str) -> Result<(Written<'a>, &'a str), Problem> {
        let (mut negative, mut rest) = sign(text);
        let mut commodity = "";
        if !rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | ',')) {
            (commodity, rest) = quoted_or_symbol(rest).ok_or_else(|| syntax(text))?;
            let (again, after) = sign(rest.trim_start());
            (negative, rest) = (negative != again, after);
        }
        let (digits, after) = rest.split_at(number_length(rest));
        if digits.is_empty() {
            return Err(syntax(text));
        }
        let (exponent, after) = exponent(after);
        let mut rest = after.trim_start();
        if commodity.is_empty()
            && let Some((name, after)) = quoted_or_symbol(rest)
        {
            (commodity, rest) = (name, after.trim_start());
        }
        Ok((Written { negative, digits, exponent, commodity }, rest))
    }

    pub(super) fn number(&self, marks: Marks) -> Result<Decimal, Problem> {
        let mut number = Decimal::parse(self.digits, marks).map_err(|why| bad_number(self.digits, why))?;
        if self.exponent != 0 {
            let power =
                Decimal { mantissa: 10i128.pow(u32::from(self.exponent.unsigned_abs())), decimals: 0 };
            let scaled = if self.exponent > 0 { number.times(power) } else { number.divided_by(power) };
            number = scaled.ok_or_else(|| bad_number(self.digits, NumberError::TooLong))?;
        }
        Ok(if self.negative { number.negated() } else { number })
    }
}

/// A sign and the blanks behind it.
fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest.trim_start()),
        None => (false, text),
    }
}

/// How many bytes belong to a number: digits, marks, and single blanks that group three digits.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut length = 0;
    while let Some(byte) = bytes.get(length) {
        let group = *byte == b' '
            && length > 0
            && bytes.get(length + 1..length + 4).is_some_and(|next| next.iter().all(u8::is_ascii_digit))
            && !bytes.get(length + 4).is_some_and(u8::is_ascii_digit);
        if !(byte.is_ascii_digit() || matches!(byte, b'.' | b',') || group) {
            break;
        }
        length += 1;
    }
    length
}

/// `E3`, right behind the digits.
fn exponent(text: &str) -> (i8, &str) {
    let none = (0, text);
    let Some(rest) = text.strip_prefix(['E', 'e']) else { return none };
    let (negative, digits) =
        rest.strip_prefix('-').map_or((false, rest.strip_prefix('+').unwrap_or(rest)), |rest| (true, rest));
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, after) = digits.split_at(length);
    match digits.parse::<i8>() {
        Ok(n) if n <= 12 => (if negative { -n } else { n }, after),
        _ => none,
    }
}

/// A commodity in quotes or a symbol that needs none, and what follows it.
fn quoted_or_symbol(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix('"') {
        return rest.split_once('"');
    }
    let forbidden = |c: char| {
        c.is_whitespace()
            || c.is_ascii_digit()
            || matches!(
                c,
                '-' | '+' | '.' | ',' | ';' | '@' | '*' | '=' | '{' | '}' | '(' | ')' | '"' | '~' | '[' | ']'
            )
    };
    let length = text.find(forbidden).unwrap_or(text.len());
    (length > 0).then(|| text.split_at(length))
}

/// What follows lot prices, dates and notes, which say nothing about balances.
pub(super) fn skip_lot(mut text: &str) -> Result<&str, Problem> {
    loop {
        text = text.trim_start();
        let close = match text.as_bytes().first() {
            Some(b'{') => '}',
            Some(b'[') => ']',
            Some(b'(') => ')',
            _ => return Ok(text),
        };
        let (_, after) = text.split_once(close).ok_or_else(|| syntax(text))?;
        text = after.trim_start_matches('}');
    }
}
