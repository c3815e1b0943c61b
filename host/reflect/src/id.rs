//! Ids: 128 bits that people and JSON see as 32 hex digits and WIT as a record (C5).

use std::fmt;
use std::str::FromStr;

use wasmtime::component::Val;

/// Hex digits of an id.
pub(crate) const ID_DIGITS: usize = 32;

/// A 128-bit identifier, `hamlet:host/types.id` in WIT.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Id(pub u128);

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id has 32 hex digits")]
pub struct IdError;

impl Id {
    /// Puts the two halves of the WIT record together.
    pub const fn from_halves(high: u64, low: u64) -> Self {
        Self(((high as u128) << 64) | low as u128)
    }

    /// The most significant 64 bits.
    pub const fn high(self) -> u64 {
        (self.0 >> 64) as u64
    }

    /// The least significant 64 bits.
    #[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
    pub const fn low(self) -> u64 {
        self.0 as u64
    }

    /// The value that crosses the WIT boundary: the record `{high, low}`.
    pub fn to_val(self) -> Val {
        Val::Record(vec![
            ("high".to_owned(), Val::U64(self.high())),
            ("low".to_owned(), Val::U64(self.low())),
        ])
    }

    /// Reads the record `{high, low}`; none when the value is anything else.
    pub fn from_val(value: &Val) -> Option<Self> {
        let Val::Record(fields) = value else { return None };
        let [(high_name, Val::U64(high)), (low_name, Val::U64(low))] = fields.as_slice() else {
            return None;
        };
        (high_name == "high" && low_name == "low").then(|| Self::from_halves(*high, *low))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

impl FromStr for Id {
    type Err = IdError;

    /// Takes exactly 32 hex digits of either case: no hyphens, no prefix.
    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.len() != ID_DIGITS {
            return Err(IdError);
        }
        text.bytes()
            .try_fold(0u128, |value, byte| {
                let digit = char::from(byte).to_digit(16)?;
                Some(value << 4 | u128::from(digit))
            })
            .map(Self)
            .ok_or(IdError)
    }
}
