//! Paying in words that people use: names for accounts, decimals for amounts.

use super::submit;
use crate::books;
use crate::errors::{BooksError, TransferError};
use crate::exchange::number::{Decimal, Marks, NumberError};
use crate::host::Host;
use crate::model::{Id, Receipt, TransferInput, TransferKind};
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
        Err(NumberError::NotANumber) if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b',') => {
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
    let input = TransferInput {
        id,
        debit,
        credit,
        amount: minor,
        kind: TransferKind::Post,
        code: 0,
        effective: None,
        memo,
        reference: None,
        corrects: None,
        linked: false,
    };
    submit(host, &input)
}
