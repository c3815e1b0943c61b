//! Small things that both parsers need to take a line apart and to say what is wrong with it.

use super::Problem;
use super::number::{Decimal, NumberError};
use super::raw::Amount;

/// The first word and the rest without blanks in front.
pub(super) fn split_word(text: &str) -> (&str, &str) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start())
}

/// What a quantity counts for at this price for one, or for all of it.
pub(super) fn priced(quantity: Decimal, price: Amount, total: bool) -> Result<Amount, Problem> {
    let number = match total {
        true if quantity.mantissa < 0 => Some(price.number.negated()),
        true => Some(price.number),
        false => quantity.times(price.number),
    };
    Ok(Amount { number: number.ok_or(Problem::TooLarge)?, ..price })
}

pub(super) fn syntax(text: &str) -> Problem {
    Problem::Syntax(shown(text))
}

pub(super) fn bad_number(text: &str, why: NumberError) -> Problem {
    Problem::Number { text: shown(text), why }
}

/// As much of a text as an error should repeat.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
