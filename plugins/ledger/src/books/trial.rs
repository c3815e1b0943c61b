//! The trial balance: the proof that a ledger sums to zero.
//!
//! It is computed by adding up the accounts, never kept: a running total would only prove that it
//! was itself kept up.

use crate::errors::BooksError;
use crate::host::Host;
use crate::model::{AMOUNT_MAX, Account, Id, Sums};
use crate::rows::{self, keys};

/// What a ledger sums to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrialBalance {
    /// How many accounts.
    pub accounts: u64,
    /// How many transfers.
    pub transfers: u64,
    /// The sums of all accounts' sums.
    pub sums: Sums,
}

/// Adds up all accounts of a ledger. Cost: linear in the accounts of all ledgers, which are read
/// in the order in which they are stored.
pub fn get_trial_balance(host: &mut dyn Host, ledger: Id) -> Result<TrialBalance, BooksError> {
    rows::ledger(host, ledger).ok_or(BooksError::LedgerNotFound)?;
    let mut trial = TrialBalance::default();
    let mut entries = 0;
    let start = keys::accounts();
    rows::scan_all(host, &start, &keys::after(&start), |host, (key, row)| {
        let id = keys::id_at_end(&key).unwrap_or_default();
        let account: Account = rows::decode(host, id, &row);
        if account.ledger == ledger {
            trial.accounts += 1;
            entries += account.history.entries;
            trial.sums.debits_pending += account.sums.debits_pending;
            trial.sums.debits_posted += account.sums.debits_posted;
            trial.sums.credits_pending += account.sums.credits_pending;
            trial.sums.credits_posted += account.sums.credits_posted;
        }
        true
    });
    // Every transfer is an entry of exactly two accounts.
    trial.transfers = entries / 2;
    let sums = trial.sums;
    let totals = [sums.debits_pending, sums.debits_posted, sums.credits_pending, sums.credits_posted];
    if totals.into_iter().any(|total| total > u128::from(AMOUNT_MAX)) {
        return Err(BooksError::TotalOverflow);
    }
    Ok(trial)
}
