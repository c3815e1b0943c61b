//! Balances that others may see: what each ledger's visibility says, and nothing more.

use super::find::{load, page_of};
use crate::errors::BooksError;
use crate::host::{Actor, Host};
use crate::model::{Account, AccountStatus, Id, Visibility};
use crate::rights;
use crate::rows;

/// A page of balances.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BalancePage {
    /// Accounts that are not closed, in order of their codes.
    pub accounts: Vec<Account>,
    /// The code behind which the next page begins.
    pub next: Option<String>,
}

/// Whether whoever looks may see all balances of a ledger.
pub fn are_visible(host: &mut dyn Host, ledger: Id) -> bool {
    match rows::settings(host, ledger).visibility {
        Visibility::Public => true,
        Visibility::Members => matches!(host.actor(), Actor::Person(_)) || rights::may_read_all(host),
        Visibility::Owner => rights::may_read_all(host),
    }
}

/// The balances of a ledger, for whom its visibility admits.
pub fn balances(host: &mut dyn Host, ledger: Id, cursor: Option<&str>) -> Result<BalancePage, BooksError> {
    rows::ledger(host, ledger).ok_or(BooksError::LedgerNotFound)?;
    if !are_visible(host, ledger) {
        return Err(BooksError::NoMandate);
    }
    let (ids, next) = page_of(host, ledger, cursor)?;
    let mut accounts = load(host, &ids);
    accounts.retain(|account| account.status != AccountStatus::Closed);
    Ok(BalancePage { accounts, next })
}
