//! What is decided about a ledger: who comes in by herself, who sees balances, whether there is a counter.

use crate::errors::BooksError;
use crate::host::Host;
use crate::model::{AMOUNT_MAX, Id, Ledger, LedgerStatus, Limits, Settings, Visibility};
use crate::posting::amount_of;
use crate::rights;
use crate::rows::{self, Record, keys};

/// What is decided about a ledger. For every member.
pub fn get_settings(host: &mut dyn Host, ledger: Id) -> Result<Settings, BooksError> {
    rows::ledger(host, ledger).ok_or(BooksError::LedgerNotFound)?;
    Ok(rows::settings(host, ledger))
}

/// Lets members open their own account, within these limits, or no longer.
pub fn set_joining(
    host: &mut dyn Host,
    ledger: Id,
    joining: bool,
    credit: Option<&str>,
    upper: Option<&str>,
) -> Result<Settings, BooksError> {
    let known = usable(host, ledger)?;
    let limits = limits_of(&known, credit, upper)?;
    Ok(change(host, ledger, |settings| settings.joining = joining.then_some(limits)))
}

/// Sets who sees balances.
pub fn set_visibility(
    host: &mut dyn Host,
    ledger: Id,
    visibility: Visibility,
) -> Result<Settings, BooksError> {
    usable(host, ledger)?;
    Ok(change(host, ledger, |settings| settings.visibility = visibility))
}

/// Sets how much one person may pay out for others in a day at the counter; none: no counter.
pub fn set_counter(host: &mut dyn Host, ledger: Id, ceiling: Option<&str>) -> Result<Settings, BooksError> {
    let known = usable(host, ledger)?;
    let ceiling = limit(&known, ceiling)?;
    Ok(change(host, ledger, |settings| settings.counter = ceiling))
}

/// Limits as people write them, in the ledger's unit; blank: without limit.
pub fn limits_of(ledger: &Ledger, credit: Option<&str>, upper: Option<&str>) -> Result<Limits, BooksError> {
    Ok(Limits { credit: limit(ledger, credit)?, upper: limit(ledger, upper)? })
}

fn limit(ledger: &Ledger, text: Option<&str>) -> Result<Option<u64>, BooksError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    match amount_of(text, ledger.scale) {
        Some(amount) if amount <= AMOUNT_MAX => Ok(Some(amount)),
        Some(_) => Err(BooksError::LimitInvalid),
        // What was given is repeated, but not at any length.
        None => Err(BooksError::AmountUnreadable(text.chars().take(40).collect())),
    }
}

/// The ledger, if a keeper of the books may still decide about it.
fn usable(host: &mut dyn Host, id: Id) -> Result<Ledger, BooksError> {
    let ledger = rows::ledger(host, id).ok_or(BooksError::LedgerNotFound)?;
    if !rights::is_keeper(host) {
        return Err(BooksError::NoMandate);
    }
    match ledger.status {
        LedgerStatus::Closed => Err(BooksError::LedgerStatus(ledger.status)),
        _ => Ok(ledger),
    }
}

fn change(host: &mut dyn Host, ledger: Id, change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = rows::settings(host, ledger);
    change(&mut settings);
    host.set(&keys::settings(ledger), &settings.encode());
    settings
}
