//! Whole files for people: a statement, a list of accounts, a journal.

use super::{Format, export_journal};
use crate::books;
use crate::errors::{BooksError, ExchangeError, LookupError};
use crate::exchange::csv::{AccountRow, write_accounts, written_table};
use crate::host::Host;
use crate::model::{Id, Side, TransferKind, written_amount};
use crate::rows;
use crate::statement::{Filter, Line, statement};

/// Most transfers of a statement that is saved.
pub const STATEMENT_LINES_MAX: usize = 2_000;
/// Most accounts of a list, and most bytes of a journal, that are saved at once.
const ACCOUNTS_MAX: usize = 20_000;
const JOURNAL_BYTES_MAX: usize = 8 << 20;
/// The header of a statement.
const STATEMENT_HEADER: &str = "date,with,amount,balance,memo,reference,entered-by";

/// A text to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// What it is.
    pub media_type: &'static str,
    /// What is in it.
    pub text: String,
}

/// The lines of a statement that a filter leaves, oldest first: at most so many, the newest ones.
pub fn all_lines(
    host: &mut dyn Host,
    account: Id,
    filter: &Filter,
    most: usize,
) -> Result<Vec<Line>, LookupError> {
    let mut lines = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = statement(host, account, filter, 200, cursor.as_deref())?;
        lines.extend(page.lines);
        cursor = page.next;
        if cursor.is_none() || lines.len() >= most {
            break;
        }
    }
    lines.truncate(most);
    lines.reverse();
    Ok(lines)
}

/// A statement as comma-separated values.
pub fn statement_csv(host: &mut dyn Host, account: Id, filter: &Filter) -> Result<File, LookupError> {
    let lines = all_lines(host, account, filter, STATEMENT_LINES_MAX)?;
    let account = rows::account(host, account).ok_or(LookupError::AccountNotFound)?;
    let scale = rows::ledger(host, account.ledger).map_or(0, |ledger| ledger.scale);
    let rows = lines.iter().map(|line| {
        let transfer = &line.transfer.transfer;
        let moved = match transfer.kind {
            TransferKind::Post | TransferKind::PostPending(_) => transfer.amount,
            TransferKind::Pending(_) | TransferKind::VoidPending(_) => 0,
        };
        let sign = if line.side == Side::Debit && moved > 0 { "-" } else { "" };
        [
            transfer.effective.to_string(),
            line.counterparty.clone(),
            format!("{sign}{}", written_amount(moved, scale)),
            signed(line.balance, scale),
            line.transfer.memo.clone().unwrap_or_default(),
            transfer.reference.clone().unwrap_or_default(),
            line.actor_name.clone().unwrap_or_default(),
        ]
    });
    let text = written_table(STATEMENT_HEADER, rows);
    Ok(File { name: format!("statement-{}.csv", account.code), media_type: "text/csv", text })
}

/// All accounts of a ledger as an import reads them.
pub fn accounts_csv(host: &mut dyn Host, ledger: Id) -> Result<File, ExchangeError> {
    let known = rows::ledger(host, ledger).ok_or(ExchangeError::LedgerNotFound)?;
    let mut list = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = books::accounts(host, ledger, cursor.as_deref()).map_err(|error| match error {
            BooksError::LedgerNotFound => ExchangeError::LedgerNotFound,
            _ => ExchangeError::CursorInvalid,
        })?;
        for account in page.accounts {
            let owner = host.party(account.owner).map(|party| party.handle).unwrap_or_default();
            list.push(AccountRow {
                line: 0,
                code: account.code,
                owner,
                credit_limit: account.limits.credit,
                upper_limit: account.limits.upper,
            });
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
        if list.len() >= ACCOUNTS_MAX {
            return Err(ExchangeError::TooLong(u32::try_from(list.len()).unwrap_or(u32::MAX)));
        }
    }
    let name = format!("accounts-{}.csv", known.unit.to_lowercase());
    Ok(File { name, media_type: "text/csv", text: write_accounts(&list, known.scale) })
}

/// The whole ledger as one journal.
pub fn journal_file(host: &mut dyn Host, ledger: Id, format: Format) -> Result<File, ExchangeError> {
    let known = rows::ledger(host, ledger).ok_or(ExchangeError::LedgerNotFound)?;
    let (mut text, mut cursor): (String, Option<String>) = (String::new(), None);
    loop {
        let piece = export_journal(host, ledger, format, cursor.as_deref())?;
        text.push_str(&piece.text);
        if text.len() > JOURNAL_BYTES_MAX {
            return Err(ExchangeError::TooLong(u32::try_from(text.len()).unwrap_or(u32::MAX)));
        }
        cursor = piece.next;
        if cursor.is_none() {
            break;
        }
    }
    let extension = match format {
        Format::Hledger => "journal",
        Format::Beancount => "beancount",
    };
    Ok(File { name: format!("{}.{extension}", known.unit.to_lowercase()), media_type: "text/plain", text })
}

/// A balance as people write it.
fn signed(balance: i64, scale: u8) -> String {
    let sign = if balance < 0 { "-" } else { "" };
    format!("{sign}{}", written_amount(balance.unsigned_abs(), scale))
}
