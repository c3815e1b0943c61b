//! Arithmetic in amounts, exactly: `(400.00 + 3 * 1.25)`.

use super::super::Problem;
use super::super::number::{Decimal, Marks, NumberError};
use super::super::words::bad_number;

/// How deep parentheses and signs may nest.
const EXPRESSION_DEPTH_MAX: u8 = 16;

/// A number, or sums and products of numbers, and what follows it.
pub(super) fn expression(text: &str) -> Result<(Decimal, &str), Problem> {
    sum(text, EXPRESSION_DEPTH_MAX)
        .map(|(number, rest)| (number, rest.trim_start()))
        .map_err(|why| bad_number(text, why))
}

type Parsed<'t> = Result<(Decimal, &'t str), NumberError>;

fn sum(text: &str, depth: u8) -> Parsed<'_> {
    let (mut number, mut rest) = product(text, depth)?;
    while let Some(after) = rest.trim_start().strip_prefix(['+', '-']) {
        let minus = rest.trim_start().starts_with('-');
        let (next, after) = product(after, depth)?;
        let result = if minus { number.minus(next) } else { number.plus(next) };
        (number, rest) = (result.ok_or(NumberError::TooLong)?, after);
    }
    Ok((number, rest))
}

fn product(text: &str, depth: u8) -> Parsed<'_> {
    let (mut number, mut rest) = factor(text, depth)?;
    while let Some(after) = rest.trim_start().strip_prefix(['*', '/']) {
        let division = rest.trim_start().starts_with('/');
        let (next, after) = factor(after, depth)?;
        let result = if division {
            number.divided_by(next).ok_or(NumberError::Inexact)
        } else {
            number.times(next).ok_or(NumberError::TooLong)
        };
        (number, rest) = (result?, after);
    }
    Ok((number, rest))
}

fn factor(text: &str, depth: u8) -> Parsed<'_> {
    let text = text.trim_start();
    let deeper = depth.checked_sub(1).ok_or(NumberError::TooLong)?;
    if let Some(rest) = text.strip_prefix('-') {
        return factor(rest, deeper).map(|(number, rest)| (number.negated(), rest));
    }
    if let Some(rest) = text.strip_prefix('+') {
        return factor(rest, deeper);
    }
    if let Some(rest) = text.strip_prefix('(') {
        let (number, rest) = sum(rest, deeper)?;
        return rest.trim_start().strip_prefix(')').map(|rest| (number, rest)).ok_or(NumberError::NotANumber);
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',')).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Ok((Decimal::parse(digits, Marks::Dot)?, rest))
}
