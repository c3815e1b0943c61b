//! Paying in words that people use: names for accounts, decimals for amounts.

use super::submit;
use crate::books;
use crate::errors::{BooksError, TransferError};
use crate::exchange::number::{Decimal, Marks};
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
    let minor = Decimal::parse(&amount, Marks::Strict).ok().and_then(|number| number.scaled(ledger.scale));
    let Some(minor) = minor.and_then(|minor| u64::try_from(minor).ok()) else {
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
