//! Paying in words that people use: names for accounts, decimals for amounts.

use super::submit;
use crate::books;
use crate::errors::{BooksError, TransferError};
use crate::exchange::number::{Decimal, Marks, NumberError};
use crate::host::Host;
use crate::model::{Id, Receipt, TransferInput};
use crate::rows::{self, keys};

/// A payment as somebody says it.
#[derive(Clone, Debug)]
pub struct Payment {
    /// The client's id.
    pub id: Id,
    /// Whose account pays: its code, or `@` and the owner's handle.
    pub payer: String,
    /// Whose account receives.
    pub payee: String,
    /// The unit of the ledger.
    pub unit: String,
    /// A decimal number in that unit.
    pub amount: String,
    /// A note for both sides.
    pub memo: Option<String>,
}

/// An amount as people write it, in minor units: `12.50`, and `12,50` where the comma can only mark decimals.
pub fn amount_of(text: &str, scale: u8) -> Option<u64> {
    let text = text.trim();
    let number = match Decimal::parse(text, Marks::Strict) {
        // One comma between digits, and no dot.
        Err(NumberError::NotANumber)
            if text.split(',').count() == 2
                && text
                    .split(',')
                    .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())) =>
        {
            Decimal::parse(text, Marks::Guess)
        }
        strict => strict,
    };
    u64::try_from(number.ok()?.scaled(scale)?).ok()
}

/// Finds what the words mean, and records the transfer.
pub fn pay(host: &mut dyn Host, payment: Payment) -> Result<Receipt, TransferError> {
    let Payment { id, payer, payee, unit, amount, memo } = payment;
    let ledger = rows::pointer(host, &keys::unit(&unit)).and_then(|id| rows::ledger(host, id));
    let Some(ledger) = ledger else { return Err(TransferError::UnitUnknown(unit)) };
    let mut find = |name: String| {
        books::find_account(host, &unit, &name).map_err(|error| match error {
            BooksError::LedgerNotFound => TransferError::UnitUnknown(unit.clone()),
            _ => TransferError::NameUnknown(name),
        })
    };
    let (debit, credit) = (find(payer)?, find(payee)?);
    let Some(minor) = amount_of(&amount, ledger.scale) else {
        return Err(TransferError::AmountUnreadable(amount));
    };
    let input = TransferInput { memo, ..TransferInput::post(id, debit, credit, minor) };
    submit(host, &input)
}

#[cfg(test)]
mod tests {
    use super::amount_of;

    #[test]
    fn an_amount_is_read_as_people_of_the_place_write_it() {
        for (text, minor) in [
            ("12.50", Some(1_250)),
            ("12,50", Some(1_250)),
            (" 12 ", Some(1_200)),
            ("0,05", Some(5)),
            ("1,234.50", Some(123_450)),
            ("1,234,567", Some(123_456_700)),
            // It could be a thousand or one and a bit.
            ("1,234", None),
            ("1,5,0", None),
            ("1.234,50", None),
            ("12,505", None),
            ("12 50", None),
            (",5", None),
            ("-3", None),
            ("", None),
            ("9999999999999999999999999999", None),
        ] {
            assert_eq!(amount_of(text, 2), minor, "{text}");
        }
    }
}
