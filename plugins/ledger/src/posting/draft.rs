//! What can be said of a request without looking at the books.

use super::rules::Amount;
use crate::errors::TransferError;
use crate::model::{AMOUNT_MAX, Day, TransferInput, TransferKind};

/// A request whose fields are in range.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// As it was given.
    pub input: &'a TransferInput,
    /// How much is asked for.
    pub amount: Amount,
    /// The day on which it takes effect.
    pub effective: Day,
}

impl<'a> Draft<'a> {
    /// Reads a request, on the day `today`. The order of the checks is their precedence.
    pub fn read(input: &'a TransferInput, amount: Amount, today: Day) -> Result<Self, TransferError> {
        if !input.id.is_valid() {
            return Err(TransferError::IdInvalid);
        }
        if let Some(memo) = too_long(input.memo.as_deref(), TransferInput::MEMO_BYTES_MAX) {
            return Err(TransferError::MemoTooLong(memo));
        }
        if let Some(reference) = too_long(input.reference.as_deref(), TransferInput::REFERENCE_BYTES_MAX) {
            return Err(TransferError::ReferenceTooLong(reference));
        }
        let effective = match &input.effective {
            None => today,
            Some(date) => read_date(date, today)?,
        };
        if let TransferKind::Pending(seconds) = input.kind
            && !(1..=TransferKind::TIMEOUT_SECONDS_MAX).contains(&seconds)
        {
            return Err(TransferError::TimeoutInvalid(seconds));
        }
        if let Amount::Exactly(amount) = amount {
            if let TransferKind::VoidPending(_) = input.kind {
                return Err(TransferError::AmountMustBeZero);
            }
            if !(1..=AMOUNT_MAX).contains(&amount) {
                return Err(TransferError::AmountInvalid);
            }
        }
        Ok(Self { input, amount, effective })
    }
}

fn too_long(text: Option<&str>, bytes_max: usize) -> Option<u32> {
    let length = text.map_or(0, str::len);
    (length > bytes_max).then(|| u32::try_from(length).unwrap_or(u32::MAX))
}

fn read_date(date: &str, today: Day) -> Result<Day, TransferError> {
    match date.parse::<Day>() {
        Ok(day) if day <= today.plus(TransferInput::DAYS_AHEAD_MAX) => Ok(day),
        // What was given is repeated, but not at any length.
        _ => Err(TransferError::DateInvalid(date.chars().take(40).collect())),
    }
}
