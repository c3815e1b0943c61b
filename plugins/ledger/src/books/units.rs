//! In what a thing counts, for the pages that the host makes itself.

use crate::host::Host;
use crate::model::Id;
use crate::rows;

/// The fields of the contract whose numbers count in a ledger's unit.
pub const COUNTED: [&str; 11] = [
    "amount",
    "available",
    "balance",
    "counter",
    "credit",
    "credits-pending",
    "credits-posted",
    "debit-balance",
    "debits-pending",
    "debits-posted",
    "upper",
];

/// Unit and scale of a ledger, of the ledger of an account, or of that of a transfer.
pub fn unit_of(host: &mut dyn Host, thing: &str) -> Option<(String, u8)> {
    let id: Id = thing.parse().ok()?;
    let ledger = rows::ledger(host, id).or_else(|| {
        let account = rows::account(host, id).or_else(|| {
            let transfer = rows::transfer(host, id)?;
            rows::account(host, transfer.debit)
        })?;
        rows::ledger(host, account.ledger)
    })?;
    Some((ledger.unit, ledger.scale))
}
