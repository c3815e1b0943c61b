//! Keeping what a list says, and taking it back.

use super::{Checked, MovingError, OPENING, Row, USUAL, check};
use crate::books::{self, AccountInput, enter, enter_account};
use crate::errors::{BooksError, TransferError};
use crate::exchange::ids;
use crate::host::{Host, Party};
use crate::model::{Account, AccountStatus, Id, Ledger, Limits, Moved, Receipt, TransferInput};
use crate::posting::{Terms, record_list};
use crate::rows::{self, Record, keys};

/// Opens an account for each row that says anything, and enters its balance; all or nothing.
pub fn bring(
    host: &mut dyn Host,
    id: Id,
    ledger: Id,
    list: &[Row],
    rest_to: Option<&str>,
) -> Result<(), MovingError> {
    let Checked { ledger, rows: openings, rest, fits } = check(host, ledger, list, rest_to)?;
    let moved_key = keys::moved(id, ledger.id);
    if !id.is_valid() || host.get(&moved_key).is_some() {
        return Err(MovingError::Exists);
    }
    if !fits {
        return Err(MovingError::RestNeeded);
    }
    let equity = opening_account(host, &ledger)?;
    let usual = rows::settings(host, ledger.id).joining.unwrap_or(USUAL);
    let mut moved = Moved::default();
    let mut inputs = Vec::new();
    for (place, (row, opening)) in list.iter().zip(openings).enumerate() {
        let Some(opening) = opening.map_err(|fault| MovingError::Faulty(place, fault))? else { continue };
        let party = newcomer(host, &row.handle)?;
        if books::account_in(host, ledger.id, party.id).is_some() {
            return Err(MovingError::NotNew(row.handle.clone()));
        }
        let account = enter(host, &ledger, &party, opening.limits(usual)).map_err(|error| refused(&error))?;
        moved.accounts.push(account.id);
        inputs.extend(entry(id, equity.id, account.id, opening.balance.into()));
    }
    if let Some(code) = rest_to.filter(|code| rest != 0 && *code != OPENING) {
        let account = rows::pointer(host, &keys::code(ledger.id, code)).ok_or(MovingError::RestNeeded)?;
        // The list's plus is this account's minus.
        let input = entry(id, equity.id, account, -rest).ok_or(MovingError::RestNeeded)?;
        moved.rest = Some(input.id);
        inputs.push(input);
    }
    post(host, &inputs)?;
    host.set(&moved_key, &moved.encode());
    Ok(())
}

/// Takes back what was brought in with a move, in all ledgers; `parties` are all who came with it, and are out again.
pub fn undo(host: &mut dyn Host, id: Id, parties: &[Id]) -> Result<(), MovingError> {
    let start = keys::moved_all(id);
    let mut found = Vec::new();
    rows::scan_all(host, &start, &keys::after(&start), |host, (key, row)| {
        let moved: Moved = rows::decode(host, id, &row);
        found.push((key, moved));
        true
    });
    let mut back = Vec::new();
    for (_, moved) in &found {
        for account in &moved.accounts {
            let account = known(host, *account);
            if host.party(account.owner).is_some_and(|owner| owner.is_active) {
                return Err(MovingError::StillHere);
            }
            back.extend(reversed(host, id, &account)?);
        }
        if let Some(rest) = moved.rest {
            back.push(against(host, id, rest));
        }
    }
    let brought: Vec<Id> = found.iter().flat_map(|(_, moved)| moved.accounts.iter().copied()).collect();
    let mut accounts = Vec::new();
    for party in parties {
        if host.party(*party).is_some_and(|party| party.is_active) {
            return Err(MovingError::StillHere);
        }
        accounts.extend(books::owned_by(host, *party));
    }
    // One that was opened for her later is fine as long as nothing happened on it.
    if accounts.iter().any(|account| !brought.contains(&account.id) && account.history.entries > 0) {
        return Err(MovingError::HappenedSince);
    }
    post(host, &back)?;
    let all = accounts.iter().map(|account| account.id).chain(brought);
    for account in all {
        leave(host, account);
    }
    for (key, _) in &found {
        host.delete(key);
    }
    Ok(())
}

/// A party that was added in this transaction.
fn newcomer(host: &mut dyn Host, handle: &str) -> Result<Party, MovingError> {
    let now = host.now();
    let party = host.party_by_handle(handle).filter(|party| party.since == now && !party.is_commons);
    party.ok_or_else(|| MovingError::NotNew(handle.to_owned()))
}

/// The account of the commons against which balances are opened; made where it is not there yet.
fn opening_account(host: &mut dyn Host, ledger: &Ledger) -> Result<Account, MovingError> {
    let no_commons = || MovingError::Refused("there is no commons".to_owned());
    let commons = host.commons().ok_or_else(no_commons)?;
    if let Some(account) = rows::pointer(host, &keys::code(ledger.id, OPENING)) {
        let account = known(host, account);
        let usable = account.owner == commons.id && account.status == AccountStatus::Open;
        let taken =
            || MovingError::Refused(format!("the account {OPENING} is not open, or not the commons'"));
        return usable.then_some(account).ok_or_else(taken);
    }
    let limits = Limits { credit: None, upper: None };
    let id = Id(ids::account(ledger.id.0, OPENING));
    let input = AccountInput { id, ledger: ledger.id, code: OPENING.to_owned(), owner: commons.id, limits };
    enter_account(host, ledger, &input).map_err(|error| refused(&error))
}

fn known(host: &mut dyn Host, id: Id) -> Account {
    match rows::account(host, id) {
        Some(account) => account,
        None => rows::damaged(host),
    }
}

/// The entry that gives an account this balance; none for zero.
fn entry(moved: Id, equity: Id, account: Id, balance: i128) -> Option<TransferInput> {
    let amount = u64::try_from(balance.unsigned_abs()).ok().filter(|amount| *amount > 0)?;
    let (debit, credit) = if balance > 0 { (equity, account) } else { (account, equity) };
    Some(TransferInput {
        reference: Some(format!("host/moves/{moved}")),
        ..TransferInput::post(Id(ids::opening(moved.0, account.0, false)), debit, credit, amount)
    })
}

/// The entry that takes back what opened an account; none where it was opened with nothing.
fn reversed(host: &mut dyn Host, moved: Id, account: &Account) -> Result<Option<TransferInput>, MovingError> {
    let opening = Id(ids::opening(moved.0, account.id.0, false));
    match (account.history.entries, account.history.newest) {
        (0, _) => Ok(None),
        (1, Some(newest)) if newest == opening => Ok(Some(against(host, moved, opening))),
        _ => Err(MovingError::HappenedSince),
    }
}

/// The entry that pays an earlier one back.
fn against(host: &mut dyn Host, moved: Id, original: Id) -> TransferInput {
    let Some(entry) = rows::transfer(host, original) else { rows::damaged(host) };
    TransferInput {
        reference: Some(format!("host/moves/{moved}")),
        corrects: Some(original),
        ..TransferInput::post(
            Id(ids::opening(moved.0, original.0, true)),
            entry.credit,
            entry.debit,
            entry.amount,
        )
    }
}

/// Records all of it, or says why the first that was refused was.
fn post(host: &mut dyn Host, inputs: &[TransferInput]) -> Result<(), MovingError> {
    let answers: Result<Vec<Receipt>, TransferError> =
        record_list(host, inputs, Terms::MovingIn).into_iter().collect();
    answers.map(drop).map_err(|error| MovingError::Refused(error.to_string()))
}

/// Closes an account whose owner goes again, and gives up its code for whoever comes in her stead.
fn leave(host: &mut dyn Host, id: Id) {
    let mut account = known(host, id);
    if account.status == AccountStatus::Closed {
        return;
    }
    host.delete(&keys::code(account.ledger, &account.code));
    account.code = format!("undone-{id}");
    account.status = AccountStatus::Closed;
    rows::set_pointer(host, &keys::code(account.ledger, &account.code), id);
    host.set(&keys::account(id), &account.encode());
}

fn refused(error: &BooksError) -> MovingError {
    MovingError::Refused(error.to_string())
}
