//! Moving in: balances and limits that people bring from elsewhere (`hamlet:host/moving-in`).
//!
//! The host adds the people; in the same transaction each gets her account here, with her limits, and an **opening
//! entry** against the account [`OPENING`] of the commons, which is equity in an accountant's words. What the list
//! leaves over stands there, and goes on to the account of the commons that a steward chose for it. So the books balance
//! at every step, and nobody who was here before pays or receives anything.
//!
//! It is the one place where a steward writes into another's account, so it is narrow: only for a party that was added in
//! this very transaction, and with an account that it opens itself. Taking it back writes the entries the other way round
//! and closes the accounts, once their owners are out again; it is refused as soon as anything else happened on one of
//! them.
//!
//! [`cells`] reads what people write; `record` keeps it.

pub mod cells;
mod record;

pub use record::{bring, undo};

use crate::books::{self, account_in};
use crate::host::Host;
use crate::model::{AccountStatus, Id, Ledger, LedgerStatus, Limits, written_amount};
use crate::rows::{self, keys};
use cells::{CellFault, Columns, Opening};

/// The code of the account of the commons against which balances are opened.
pub const OPENING: &str = "opening-balances";
/// What a row can say, in this order.
pub const COLUMNS: [&str; 3] = ["balance", "credit-limit", "upper-limit"];
/// What newcomers get where members do not open their own account.
pub const USUAL: Limits = Limits { credit: Some(0), upper: None };
/// Most rows.
pub const ROWS_MAX: usize = 500;
/// Most accounts of the commons that are offered for the rest.
const RESTS_MAX: usize = 50;

/// What a list says of one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Her short name.
    pub handle: String,
    /// In the order of [`COLUMNS`].
    pub cells: Vec<String>,
}

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MovingError {
    /// There is no such ledger, or it is closed.
    NoSuchBook,
    /// More than [`ROWS_MAX`].
    TooMany,
    /// A row, from 0, and what is wrong with it.
    Faulty(usize, CellFault),
    /// Nobody has this short name, or she was here before.
    NotNew(String),
    /// There is a rest, and no place that takes it was chosen.
    RestNeeded,
    /// This move is in this ledger already.
    Exists,
    /// Somebody of it paid or was paid.
    HappenedSince,
    /// Somebody of it takes part still.
    StillHere,
    /// The books refused it.
    Refused(String),
}

/// What would come of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The ledger.
    pub ledger: Ledger,
    /// Of each row, what it says or what is wrong with it.
    pub rows: Vec<Result<Option<Opening>, CellFault>>,
    /// What the balances add up to.
    pub rest: i128,
    /// Whether the place that was chosen can take it; true where there is no rest.
    pub fits: bool,
}

/// The ledgers into which something can be brought.
pub fn ledgers(host: &mut dyn Host) -> Vec<Ledger> {
    let mut ledgers = books::ledgers(host);
    ledgers.retain(|ledger| ledger.status != LedgerStatus::Closed);
    ledgers
}

/// The codes of the accounts of the commons that can take a rest, [`OPENING`] first: there it can simply stay.
pub fn rests(host: &mut dyn Host, ledger: Id) -> Vec<String> {
    let mut codes = vec![OPENING.to_owned()];
    let Some(commons) = host.commons() else { return codes };
    let accounts = books::owned_by(host, commons.id).into_iter();
    let usable = accounts.filter(|account| account.ledger == ledger && account.status == AccountStatus::Open);
    codes.extend(usable.map(|account| account.code).filter(|code| code != OPENING).take(RESTS_MAX));
    codes
}

/// What would come of a list.
pub fn check(
    host: &mut dyn Host,
    ledger: Id,
    list: &[Row],
    rest_to: Option<&str>,
) -> Result<Checked, MovingError> {
    let ledger = usable(host, ledger)?;
    if list.len() > ROWS_MAX {
        return Err(MovingError::TooMany);
    }
    let columns = Columns::of(&list.iter().map(|row| row.cells.as_slice()));
    let rows: Vec<_> = list.iter().map(|row| columns.read(&row.cells, &ledger.unit, ledger.scale)).collect();
    let rest = rows.iter().flatten().flatten().map(|opening| i128::from(opening.balance)).sum();
    let fits = rest == 0 || rest_to.is_some_and(|code| takes(host, &ledger, code, rest));
    Ok(Checked { ledger, rows, rest, fits })
}

/// Whether an account of the commons can take a rest: what the list has in plus, it has in minus afterwards.
fn takes(host: &mut dyn Host, ledger: &Ledger, code: &str, rest: i128) -> bool {
    let Ok(amount) = u64::try_from(rest.unsigned_abs()) else { return false };
    if code == OPENING {
        return true;
    }
    let account = rows::pointer(host, &keys::code(ledger.id, code)).and_then(|id| rows::account(host, id));
    let commons = host.commons().map(|commons| commons.id);
    let Some(account) = account.filter(|account| Some(account.owner) == commons) else { return false };
    let left = if rest > 0 { account.available() } else { account.room() };
    account.status == AccountStatus::Open && left.is_none_or(|left| amount <= left)
}

/// What stands in a ledger for these parties, as [`bring`] reads it: balance, credit limit, upper limit.
pub fn written(host: &mut dyn Host, ledger: Id, parties: &[Id]) -> Vec<Vec<String>> {
    let Some(ledger) = rows::ledger(host, ledger) else { return Vec::new() };
    let mut all = Vec::with_capacity(parties.len());
    for party in parties.iter().take(ROWS_MAX) {
        let account = account_in(host, ledger.id, *party);
        let open = account.filter(|account| account.status != AccountStatus::Closed);
        all.push(open.map_or_else(
            || vec![String::new(); COLUMNS.len()],
            |account| {
                let limit = |limit: Option<u64>| {
                    limit.map_or_else(|| cells::NONE.to_owned(), |limit| written_amount(limit, ledger.scale))
                };
                let balance = written_balance(account.balance().into(), ledger.scale);
                vec![balance, limit(account.limits.credit), limit(account.limits.upper)]
            },
        ));
    }
    all
}

/// A balance as people write it.
pub fn written_balance(balance: i128, scale: u8) -> String {
    let sign = if balance < 0 { "-" } else { "" };
    // What does not fit is far past what any ledger holds.
    let size = u64::try_from(balance.unsigned_abs()).unwrap_or(u64::MAX);
    format!("{sign}{}", written_amount(size, scale))
}

fn usable(host: &mut dyn Host, ledger: Id) -> Result<Ledger, MovingError> {
    let ledger = rows::ledger(host, ledger);
    ledger.filter(|ledger| ledger.status != LedgerStatus::Closed).ok_or(MovingError::NoSuchBook)
}
