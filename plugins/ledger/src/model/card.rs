//! A card: how somebody without a phone is known at the counter.

use super::{Id, Instant};

/// What is kept of a PIN: a salted hash, sealed under the key of the party that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinHash(pub Vec<u8>);

/// A card of a party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Whose it is.
    pub party: Id,
    /// Who handed it out.
    pub issued_by: Id,
    /// When.
    pub issued: Instant,
    /// Whether it was blocked, or too many wrong PINs were typed.
    pub is_blocked: bool,
    /// Wrong PINs since the last right one.
    pub wrong: u8,
    /// None until it is chosen.
    pub pin: Option<PinHash>,
}

impl Card {
    /// Wrong PINs in a row that block a card.
    pub const WRONG_MAX: u8 = 5;
    /// The shortest PIN.
    pub const PIN_DIGITS_MIN: usize = 4;
    /// The longest.
    pub const PIN_DIGITS_MAX: usize = 8;

    /// Whether `pin` may be one: 4 to 8 digits that are not all the same and do not count up or down.
    pub fn pin_is_valid(pin: &str) -> bool {
        let digits = pin.as_bytes();
        let steps = |step: i16| {
            digits.windows(2).all(|pair| match pair {
                [one, other] => i16::from(*other) - i16::from(*one) == step,
                _ => false,
            })
        };
        (Self::PIN_DIGITS_MIN..=Self::PIN_DIGITS_MAX).contains(&digits.len())
            && digits.iter().all(u8::is_ascii_digit)
            && ![0, 1, -1].into_iter().any(steps)
    }
}

/// Whom a person at the counter has before her.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desk {
    /// The card's number.
    pub card: u32,
    /// Until when the PIN that was typed counts; in the past: it was wrong, or she has gone.
    pub until: Instant,
    /// After a wrong PIN: how many may still be typed.
    pub wrong_left: Option<u8>,
    /// The payment that was entered last.
    pub last: Option<Id>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_that_anybody_would_try_first_is_none() {
        for good in ["1837", "90210", "11223344"] {
            assert!(Card::pin_is_valid(good), "{good}");
        }
        for bad in ["123", "1111", "1234", "8765", "123456789", "12a4", "", "١٢٣٥"] {
            assert!(!Card::pin_is_valid(bad), "{bad}");
        }
    }
}
