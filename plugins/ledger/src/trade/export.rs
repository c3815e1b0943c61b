//! Exporting a ledger as a plain-text journal, piece by piece: its head, its accounts in the order
//! of their codes, its transfers in the order of their ids.

use std::collections::BTreeMap;

use super::Format;
use crate::errors::ExchangeError;
use crate::exchange::{Date, export};
use crate::host::{Host, Scan};
use crate::model::{Account, Day, Id, Ledger, Transfer};
use crate::posting::read_memo;
use crate::rows::{self, keys};

/// How many rows a piece looks at.
const PIECE_ROWS: u32 = 1_000;

/// A piece of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its text.
    pub text: String,
    /// Where the next piece begins; none at the end.
    pub next: Option<String>,
}

/// Where a piece begins.
enum Cursor {
    /// Behind the account with this code; none: at the head.
    Accounts(Option<String>),
    /// Behind the transfer with this id.
    Transfers(Id),
}

impl Cursor {
    fn read(cursor: Option<&str>) -> Result<Self, ExchangeError> {
        let Some(cursor) = cursor else { return Ok(Cursor::Accounts(None)) };
        let account = cursor.strip_prefix("account ").filter(|code| Account::code_is_valid(code));
        let transfer = cursor.strip_prefix("transfer ").and_then(|id| id.parse().ok());
        match (account, transfer) {
            (Some(code), _) => Ok(Cursor::Accounts(Some(code.to_owned()))),
            (None, Some(id)) => Ok(Cursor::Transfers(id)),
            (None, None) => Err(ExchangeError::CursorInvalid),
        }
    }
}

/// The ledger as a journal that the tools of `format` accept. Memos are in it where the actor may
/// read them; reservations are left out until they are posted.
pub fn export_journal(
    host: &mut dyn Host,
    ledger: Id,
    format: Format,
    cursor: Option<&str>,
) -> Result<Piece, ExchangeError> {
    let ledger = rows::ledger(host, ledger).ok_or(ExchangeError::LedgerNotFound)?;
    Ok(match Cursor::read(cursor)? {
        Cursor::Accounts(behind) => accounts(host, &ledger, format, behind.as_deref()),
        Cursor::Transfers(behind) => transfers(host, &ledger, format, behind),
    })
}

fn accounts(host: &mut dyn Host, ledger: &Ledger, format: Format, behind: Option<&str>) -> Piece {
    let exported = exported(ledger);
    let mut text = String::new();
    if behind.is_none() {
        export::head(&mut text, format, exported);
    }
    let start = keys::codes(ledger.id);
    let cursor = behind.map(|code| keys::code(ledger.id, code));
    let page = host.scan(Scan {
        start: &start,
        end: &keys::after(&start),
        reverse: false,
        limit: PIECE_ROWS,
        cursor: cursor.as_deref(),
    });
    for (_, id) in &page.rows {
        let account = keys::id_at_end(id).and_then(|id| rows::account(host, id));
        let Some(account) = account else { rows::damaged(host) };
        export::account(&mut text, format, exported, &account.code, date(unix_day(account.opened)));
    }
    let next = page.next.as_deref().and_then(|key| keys::text_behind(key, start.len()));
    // Id zero is never used, so it stands before the first transfer.
    let next = next.map_or(format!("transfer {}", Id::default()), |code| format!("account {code}"));
    Piece { text, next: Some(next) }
}

fn transfers(host: &mut dyn Host, ledger: &Ledger, format: Format, behind: Id) -> Piece {
    let exported = exported(ledger);
    let mut text = String::new();
    let start = keys::transfers();
    let page = host.scan(Scan {
        start: &start,
        end: &keys::after(&start),
        reverse: false,
        limit: PIECE_ROWS,
        cursor: Some(&keys::transfer(behind)),
    });
    let mut known = BTreeMap::new();
    for (key, row) in &page.rows {
        let id = keys::id_at_end(key).unwrap_or_default();
        let transfer: Transfer = rows::decode(host, id, row);
        let [debit, credit] = [transfer.debit, transfer.credit].map(|id| account(host, &mut known, id));
        if debit.ledger != ledger.id || transfer.posted_amount() == 0 {
            continue;
        }
        let memo = memo(host, &transfer, [debit.owner, credit.owner]);
        export::transfer(
            &mut text,
            format,
            exported,
            &export::Transfer {
                id: id.0,
                date: date(transfer.effective),
                debit: &debit.code,
                credit: &credit.code,
                amount: transfer.amount,
                code: transfer.code,
                memo: memo.as_deref(),
                reference: transfer.reference.as_deref(),
            },
        );
    }
    let next = page.next.as_deref().and_then(keys::id_at_end).map(|id| format!("transfer {id}"));
    Piece { text, next }
}

fn exported(ledger: &Ledger) -> export::Ledger<'_> {
    export::Ledger { unit: &ledger.unit, name: &ledger.name, scale: ledger.scale }
}

fn account(host: &mut dyn Host, known: &mut BTreeMap<Id, Account>, id: Id) -> Account {
    if let Some(account) = known.get(&id) {
        return account.clone();
    }
    let Some(account) = rows::account(host, id) else { rows::damaged(host) };
    known.insert(id, account.clone());
    account
}

fn memo(host: &mut dyn Host, transfer: &Transfer, owners: [Id; 2]) -> Option<String> {
    let reader = owners.into_iter().find(|owner| transfer.has_memo && host.has_mandate(*owner))?;
    read_memo(host, transfer, reader)
}

fn date(day: Day) -> Date {
    let (year, month, day) = day.date();
    let small = |number: u32| u8::try_from(number).unwrap_or(1);
    // Both calendars go from 1900 to 2999.
    Date::new(u16::try_from(year).unwrap_or(1900), small(month), small(day)).unwrap_or(Date::EARLIEST)
}

/// The day of an instant in UTC: close enough for the note of when an account was opened.
fn unix_day(instant: u64) -> Day {
    const DAYS_BEFORE_1970: u32 = 25_567;
    let days = instant / 86_400_000_000;
    Day(DAYS_BEFORE_1970).plus(u32::try_from(days).unwrap_or(u32::MAX))
}
