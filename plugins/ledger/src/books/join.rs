//! Coming in: a member opens her own account, a steward founds a ledger or opens an account in words that people use.
//!
//! The ids of these accounts follow from ledger and party, so that asking twice opens one account.

use super::accounts::{AccountInput, enter_account, set_limits};
use super::ledgers::{LedgerInput, create_ledger, open_ledger};
use super::settings::{limits_of, set_joining};
use crate::errors::BooksError;
use crate::exchange::ids;
use crate::host::{Actor, Host, Party};
use crate::model::{Account, AccountStatus, Id, Ledger, LedgerKind, LedgerStatus, Limits};
use crate::rows::{self, keys};

/// Codes that are tried for a party: her handle, then with a number behind it.
const CODES_TRIED: u32 = 100;

/// A ledger as a steward founds it, in words that people use.
#[derive(Clone, Debug)]
pub struct Founding {
    /// The client's id.
    pub id: Id,
    /// What people call it.
    pub name: String,
    /// Short code of the unit; small letters are taken as large ones.
    pub unit: String,
    /// What it counts.
    pub kind: LedgerKind,
    /// Decimal places.
    pub scale: u8,
    /// How far below zero an account may go that a member opens for herself; none: not at all.
    pub credit: Option<String>,
    /// Whether members open their own account.
    pub joining: bool,
}

/// Founds a ledger, opens it, and opens the founder's own account when members may. A repeat changes nothing.
pub fn found(host: &mut dyn Host, founding: &Founding) -> Result<Ledger, BooksError> {
    let Founding { id, name, unit, kind, scale, credit, joining } = founding;
    let input = LedgerInput {
        id: *id,
        unit: unit.trim().to_ascii_uppercase(),
        name: name.trim().to_owned(),
        scale: *scale,
        kind: *kind,
    };
    let is_new = rows::ledger(host, *id).is_none();
    let ledger = create_ledger(host, &input)?;
    if !is_new {
        return Ok(ledger);
    }
    let credit = credit.as_deref().filter(|credit| !credit.trim().is_empty()).unwrap_or("0");
    set_joining(host, ledger.id, *joining, Some(credit), None)?;
    open_ledger(host, ledger.id)?;
    if *joining && let Actor::Person(_) = host.actor() {
        join(host, ledger.id)?;
    }
    rows::ledger(host, ledger.id).ok_or(BooksError::LedgerNotFound)
}

/// Opens the actor's own account with the limits of the ledger. One who has one gets that one.
pub fn join(host: &mut dyn Host, ledger: Id) -> Result<Account, BooksError> {
    let ledger = rows::ledger(host, ledger).ok_or(BooksError::LedgerNotFound)?;
    let Actor::Person(person) = host.actor() else { return Err(BooksError::NoMandate) };
    if let Some(known) = account_in(host, ledger.id, person) {
        return match known.status {
            // Whoever closed it, or had it closed, comes back through a steward.
            AccountStatus::Closed => Err(BooksError::AccountClosed),
            _ => Ok(known),
        };
    }
    let Some(limits) = rows::settings(host, ledger.id).joining else { return Err(BooksError::JoiningClosed) };
    if ledger.status != LedgerStatus::Open {
        return Err(BooksError::LedgerStatus(ledger.status));
    }
    let party = host.party(person).ok_or(BooksError::PartyNotFound)?;
    enter(host, &ledger, &party, limits)
}

/// Opens an account for a party, by her handle, with limits as people write them. One who has one gets that one.
pub fn open_for(
    host: &mut dyn Host,
    ledger: Id,
    owner: &str,
    credit: Option<&str>,
    upper: Option<&str>,
) -> Result<Account, BooksError> {
    let ledger = rows::ledger(host, ledger).ok_or(BooksError::LedgerNotFound)?;
    let limits = limits_of(&ledger, credit, upper)?;
    let owner = owner.trim();
    let party =
        host.party_by_handle(owner.strip_prefix('@').unwrap_or(owner)).ok_or(BooksError::PartyNotFound)?;
    match account_in(host, ledger.id, party.id) {
        Some(known) if known.status != AccountStatus::Closed => Ok(known),
        _ => enter(host, &ledger, &party, limits),
    }
}

/// Changes an account's limits, as people write them.
pub fn limit_to(
    host: &mut dyn Host,
    account: Id,
    credit: Option<&str>,
    upper: Option<&str>,
) -> Result<Account, BooksError> {
    let known = rows::account(host, account).ok_or(BooksError::AccountNotFound)?;
    let ledger = rows::ledger(host, known.ledger).ok_or(BooksError::LedgerNotFound)?;
    let limits = limits_of(&ledger, credit, upper)?;
    set_limits(host, account, limits)
}

/// The account of a party in a ledger: an open one before a closed one.
pub fn account_in(host: &mut dyn Host, ledger: Id, party: Id) -> Option<Account> {
    let accounts = super::find::owned_by(host, party).into_iter();
    accounts
        .filter(|account| account.ledger == ledger)
        .min_by_key(|account| account.status == AccountStatus::Closed)
}

/// Opens an account for a party, named after her handle.
pub(crate) fn enter(
    host: &mut dyn Host,
    ledger: &Ledger,
    party: &Party,
    limits: Limits,
) -> Result<Account, BooksError> {
    for number in 1..=CODES_TRIED {
        let code = if number == 1 { party.handle.clone() } else { format!("{}-{number}", party.handle) };
        if rows::pointer(host, &keys::code(ledger.id, &code)).is_some() {
            continue;
        }
        let id = Id(ids::own_account(ledger.id.0, party.id.0, number));
        let input = AccountInput { id, ledger: ledger.id, code, owner: party.id, limits };
        return enter_account(host, ledger, &input);
    }
    Err(BooksError::CodeTaken)
}
