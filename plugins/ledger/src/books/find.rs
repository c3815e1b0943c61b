//! Finding accounts: by code, by owner, page by page.

use crate::errors::BooksError;
use crate::host::{Actor, Host, Scan};
use crate::model::{Account, AccountStatus, Id};
use crate::rights;
use crate::rows::{self, keys};

/// Accounts in a page.
const PAGE_ACCOUNTS: u32 = 200;
/// The most accounts of a party that are listed, and the most choices.
const LISTED_MAX: usize = 1_000;

/// A page of accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPage {
    /// In order of their codes.
    pub accounts: Vec<Account>,
    /// The code behind which the next page begins.
    pub next: Option<String>,
}

/// The account of a ledger with this code; or, for `@handle`, the first of that party there that
/// is not closed.
pub fn find_account(host: &mut dyn Host, unit: &str, code: &str) -> Result<Id, BooksError> {
    let ledger = rows::pointer(host, &keys::unit(unit)).ok_or(BooksError::LedgerNotFound)?;
    let Some(handle) = code.strip_prefix('@') else {
        let key = Some(keys::code(ledger, code)).filter(|_| Account::code_is_valid(code));
        let found = key.and_then(|key| rows::pointer(host, &key));
        return found.ok_or(BooksError::AccountNotFound);
    };
    let party = host.party_by_handle(handle).ok_or(BooksError::PartyNotFound)?;
    let accounts = owned_by(host, party.id).into_iter();
    let mut usable =
        accounts.filter(|account| account.ledger == ledger && account.status != AccountStatus::Closed);
    usable.next().map(|account| account.id).ok_or(BooksError::AccountNotFound)
}

/// The accounts of a party; none: the actor's own.
pub fn accounts_of(host: &mut dyn Host, party: Option<Id>) -> Result<Vec<Account>, BooksError> {
    let ((Some(party), _) | (None, Actor::Person(party))) = (party, host.actor()) else {
        return Err(BooksError::PartyNotFound);
    };
    if host.party(party).is_none() {
        return Err(BooksError::PartyNotFound);
    }
    if !rights::may_see(host, party) {
        return Err(BooksError::NoMandate);
    }
    Ok(owned_by(host, party))
}

/// All accounts of a ledger.
pub fn accounts(host: &mut dyn Host, ledger: Id, cursor: Option<&str>) -> Result<AccountPage, BooksError> {
    rows::ledger(host, ledger).ok_or(BooksError::LedgerNotFound)?;
    if !rights::may_read_all(host) {
        return Err(BooksError::NoMandate);
    }
    let (ids, next) = page_of(host, ledger, cursor)?;
    Ok(AccountPage { accounts: load(host, &ids), next })
}

/// The ids of a page of a ledger's accounts in order of their codes, and where the next one begins.
pub(super) fn page_of(
    host: &mut dyn Host,
    ledger: Id,
    cursor: Option<&str>,
) -> Result<(Vec<Id>, Option<String>), BooksError> {
    if cursor.is_some_and(|code| !Account::code_is_valid(code)) {
        return Err(BooksError::CursorInvalid);
    }
    let start = keys::codes(ledger);
    let cursor = cursor.map(|code| keys::code(ledger, code));
    let page = host.scan(Scan {
        start: &start,
        end: &keys::after(&start),
        reverse: false,
        limit: PAGE_ACCOUNTS,
        cursor: cursor.as_deref(),
    });
    let next = page.next.as_deref().and_then(|key| keys::text_behind(key, start.len()));
    let next = next.map(str::to_owned);
    Ok((page.rows.iter().filter_map(|(_, id)| keys::id_at_end(id)).collect(), next))
}

/// The accounts that the actor could let a plugin spend from, each with the unit of its ledger.
pub fn choices(host: &mut dyn Host) -> Vec<(Account, String)> {
    let mut choices = Vec::new();
    for party in host.mandated_parties() {
        for account in owned_by(host, party) {
            if account.status != AccountStatus::Closed && choices.len() < LISTED_MAX {
                let unit = rows::ledger(host, account.ledger).map(|ledger| ledger.unit);
                choices.push((account, unit.unwrap_or_default()));
            }
        }
    }
    choices
}

/// The accounts of a party, by their ids.
pub(crate) fn owned_by(host: &mut dyn Host, owner: Id) -> Vec<Account> {
    let start = keys::owned_by(owner);
    let mut ids = Vec::new();
    rows::scan_all(host, &start, &keys::after(&start), |_, (key, _)| {
        ids.extend(keys::id_at_end(&key));
        ids.len() < LISTED_MAX
    });
    load(host, &ids)
}

pub(super) fn load(host: &mut dyn Host, ids: &[Id]) -> Vec<Account> {
    let keys: Vec<_> = ids.iter().map(|id| keys::account(*id)).collect();
    let rows = rows::get_many(host, &keys);
    let found = ids.iter().zip(rows).filter_map(|(id, row)| row.map(|row| (*id, row)));
    found.map(|(id, row)| rows::decode(host, id, &row)).collect()
}
