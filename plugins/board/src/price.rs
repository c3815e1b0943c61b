//! Prices: read from what people type, checked against the community's currencies, written again.

use crate::error::Error;
use crate::post::Price;
use crate::world::World;

/// Most digits of a price: the ledger's amounts have as many.
const DIGITS_MAX: usize = 18;

/// A price in a currency: `12`, `12.50`, `12,50`.
///
/// # Errors
/// [`Error::Price`] for what is no such number.
pub fn read(text: &str, unit: &str) -> Result<Price, Error> {
    let text = text.trim();
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}");
    let good =
        !whole.is_empty() && digits.len() <= DIGITS_MAX && digits.bytes().all(|byte| byte.is_ascii_digit());
    let ends_well = !text.ends_with(['.', ',']);
    let amount = digits.parse().ok().filter(|_| good && ends_well && !unit.is_empty()).ok_or(Error::Price)?;
    let scale = u8::try_from(fraction.len()).map_err(|_| Error::Price)?;
    Ok(Price::Amount { amount, scale, unit: unit.to_owned() })
}

/// Whether the community has this currency, with so many decimal places at least.
pub(crate) fn check(world: &impl World, price: &Price) -> Result<(), Error> {
    let Price::Amount { scale, unit, .. } = price else { return Ok(()) };
    let known = world.units().into_iter().find(|known| known.symbol == *unit).ok_or(Error::Price)?;
    if *scale <= known.scale { Ok(()) } else { Err(Error::Price) }
}

/// An amount in minor units as a decimal number: 1250 with two places is `12.50`.
#[must_use]
pub fn written(amount: u64, scale: u8) -> String {
    let (digits, scale) = (amount.to_string(), usize::from(scale));
    if scale == 0 {
        return digits;
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    format!("{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prices_are_read_as_people_type_them() {
        let leaf = |amount, scale| Ok(Price::Amount { amount, scale, unit: "LEAF".to_owned() });
        for (text, price) in [("12", leaf(12, 0)), (" 12.50 ", leaf(1250, 2)), ("0,5", leaf(5, 1))] {
            assert_eq!(read(text, "LEAF"), price, "{text}");
        }
        for text in ["", ".", "1.", ".5", "-1", "1.2.3", "1 000", "1e3", "1234567890123456789", "٣"] {
            assert_eq!(read(text, "LEAF"), Err(Error::Price), "{text}");
        }
        assert_eq!(read("1", ""), Err(Error::Price));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(amount in 0_u64..1_000_000_000_000, scale in 0_u8..6) {
            let price = Price::Amount { amount, scale, unit: "H".to_owned() };
            prop_assert_eq!(read(&written(amount, scale), "H"), Ok(price));
        }

        #[test]
        fn nothing_that_is_typed_breaks_it(text in ".*") {
            let _ = read(&text, "H");
        }
    }
}
