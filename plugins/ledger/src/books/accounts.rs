//! The life of an account: opened with limits, suspended and let go on, closed when settled.

use crate::errors::BooksError;
use crate::host::{Actor, Host, Scan};
use crate::model::{Account, AccountStatus, Id, Ledger, LedgerStatus, LimitChange, Limits};
use crate::rights;
use crate::rows::{self, Record, keys};

/// The most changes of limits that are listed.
const CHANGES_LISTED_MAX: u32 = 200;

/// What a new account should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountInput {
    /// The client's id.
    pub id: Id,
    /// Its ledger.
    pub ledger: Id,
    /// Its name for tools.
    pub code: String,
    /// Whose it is.
    pub owner: Id,
    /// How far its balance may go.
    pub limits: Limits,
}

/// Opens an account. A repeat with the same content gives the account as it now is.
pub fn open_account(host: &mut dyn Host, input: &AccountInput) -> Result<Account, BooksError> {
    let ledger = rows::ledger(host, input.ledger).ok_or(BooksError::LedgerNotFound)?;
    if host.party(input.owner).is_none() {
        return Err(BooksError::PartyNotFound);
    }
    enter_account(host, &ledger, input)
}

/// Opens an account whose owner is known to exist.
pub fn enter_account(
    host: &mut dyn Host,
    ledger: &Ledger,
    input: &AccountInput,
) -> Result<Account, BooksError> {
    if !input.id.is_valid() {
        return Err(BooksError::IdInvalid);
    }
    if let Some(account) = rows::account(host, input.id) {
        return match difference(host, &account, input) {
            None => Ok(account),
            Some(field) => Err(BooksError::ExistsDifferent(field)),
        };
    }
    if !Account::code_is_valid(&input.code) {
        return Err(BooksError::CodeInvalid);
    }
    let code_key = keys::code(ledger.id, &input.code);
    if rows::pointer(host, &code_key).is_some() {
        return Err(BooksError::CodeTaken);
    }
    if !input.limits.are_valid() {
        return Err(BooksError::LimitInvalid);
    }
    if ledger.status == LedgerStatus::Closed {
        return Err(BooksError::LedgerStatus(ledger.status));
    }
    let (code, opened) = (input.code.clone(), host.now());
    let account = Account::open(input.id, ledger.id, code, input.owner, input.limits, opened);
    rows::set_pointer(host, &code_key, account.id);
    host.set(&keys::owned(account.owner, account.id), &[]);
    note_limits(host, &account);
    save(host, &account);
    Ok(account)
}

/// The first field that differs. Limits are compared with those at the opening: they may have
/// been changed since, and a repeat of the opening is still a repeat.
fn difference(host: &mut dyn Host, account: &Account, input: &AccountInput) -> Option<&'static str> {
    let start = keys::limit_changes(account.id);
    let scan = Scan { start: &start, end: &keys::after(&start), reverse: false, limit: 1, cursor: None };
    let first = host.scan(scan).rows.into_iter().next();
    let opened_with = match first {
        Some((_, row)) => rows::decode::<LimitChange>(host, account.id, &row).limits,
        None => rows::damaged(host),
    };
    let fields = [
        ("ledger", account.ledger == input.ledger),
        ("code", account.code == input.code),
        ("owner", account.owner == input.owner),
        ("limits", opened_with == input.limits),
    ];
    fields.into_iter().find(|(_, same)| !same).map(|(field, _)| field)
}

/// Changes how far an account's balance may go. A balance that is past the new limit stays, and
/// can only come nearer.
pub fn set_limits(host: &mut dyn Host, id: Id, limits: Limits) -> Result<Account, BooksError> {
    let mut account = rows::account(host, id).ok_or(BooksError::AccountNotFound)?;
    if !limits.are_valid() {
        return Err(BooksError::LimitInvalid);
    }
    if account.status == AccountStatus::Closed {
        return Err(BooksError::AccountClosed);
    }
    if account.limits != limits {
        account.limits = limits;
        note_limits(host, &account);
        save(host, &account);
    }
    Ok(account)
}

/// Suspends an account (it receives and does not pay) or lets it go on.
pub fn set_suspended(host: &mut dyn Host, id: Id, suspended: bool) -> Result<Account, BooksError> {
    let mut account = rows::account(host, id).ok_or(BooksError::AccountNotFound)?;
    if account.status == AccountStatus::Closed {
        return Err(BooksError::AccountClosed);
    }
    account.status = if suspended { AccountStatus::Suspended } else { AccountStatus::Open };
    save(host, &account);
    Ok(account)
}

/// Closes an account for good, once nothing is owed, owned or reserved.
pub fn close_account(host: &mut dyn Host, id: Id) -> Result<Account, BooksError> {
    let mut account = rows::account(host, id).ok_or(BooksError::AccountNotFound)?;
    if !host.has_mandate(account.owner) && !rights::is_keeper(host) {
        return Err(BooksError::NoMandate);
    }
    if !account.is_settled() {
        return Err(BooksError::NotSettled);
    }
    if account.status == AccountStatus::Closed {
        return Err(BooksError::AccountClosed);
    }
    account.status = AccountStatus::Closed;
    save(host, &account);
    Ok(account)
}

/// One account.
pub fn get_account(host: &mut dyn Host, id: Id) -> Result<Account, BooksError> {
    let account = rows::account(host, id).ok_or(BooksError::AccountNotFound)?;
    if !rights::may_see_account(host, &account) {
        return Err(BooksError::NoMandate);
    }
    Ok(account)
}

/// How an account's limits changed, newest first, at most 200.
pub fn limit_changes(host: &mut dyn Host, id: Id) -> Result<Vec<LimitChange>, BooksError> {
    get_account(host, id)?;
    let start = keys::limit_changes(id);
    let end = keys::after(&start);
    let scan = Scan { start: &start, end: &end, reverse: true, limit: CHANGES_LISTED_MAX, cursor: None };
    let rows = host.scan(scan).rows;
    Ok(rows.iter().map(|(_, row)| rows::decode(host, id, row)).collect())
}

/// Notes the limits that an account has from now on, and who set them.
fn note_limits(host: &mut dyn Host, account: &Account) {
    let by = match host.actor() {
        Actor::Person(person) => Some(person),
        _ => None,
    };
    let change = LimitChange { at: host.now(), by, limits: account.limits };
    // Two changes can have the same time: then they are numbered.
    let start = keys::limit_changes(account.id);
    let end = keys::after(&start);
    let newest = host.scan(Scan { start: &start, end: &end, reverse: true, limit: 1, cursor: None });
    let newest = newest.rows.first().and_then(|(key, _)| keys::limit_change_of(key));
    let number = match newest {
        Some((at, number)) if at == change.at => number + 1,
        _ => 0,
    };
    host.set(&keys::limit_change(account.id, change.at, number), &change.encode());
}

fn save(host: &mut dyn Host, account: &Account) {
    host.set(&keys::account(account.id), &account.encode());
}
