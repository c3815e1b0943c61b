//! Accounts and transfers as CSV (RFC 4180), in and out.
//!
//! Reading is all or nothing: the first line that cannot be used is the answer. Blanks around a
//! field are not part of it. Amounts are decimal numbers in the ledger's unit with at most as many
//! decimals as its scale; see [`Marks::Strict`] for commas.

use super::number::{Decimal, Marks};
use super::{
    AMOUNT_MAX, CSV_LINES_MAX, Date, MEMO_BYTES_MAX, Problem, REFERENCE_BYTES_MAX, ReadError, ids, names,
};
use std::borrow::Cow;
use std::collections::HashSet;

/// The header of a list of accounts.
pub const ACCOUNTS_HEADER: &str = "code,owner,credit-limit,upper-limit";
/// The header of a list of transfers.
pub const TRANSFERS_HEADER: &str = "date,debit,credit,amount,code,memo,reference";

/// An account that is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// On which line it stands, from 1.
    pub line: u32,
    /// Its code.
    pub code: String,
    /// The handle of its owner; whether there is such a party is not known here.
    pub owner: String,
    /// How far below zero it may go, in minor units; none: without limit.
    pub credit_limit: Option<u64>,
    /// How far above zero it may go, in minor units; none: without limit.
    pub upper_limit: Option<u64>,
}

/// A transfer that is to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferRow {
    /// On which line it stands, from 1.
    pub line: u32,
    /// Its id, from the ledger, the line's number and its content.
    pub id: u128,
    /// The day on which it takes effect.
    pub date: Date,
    /// The code of the account that pays.
    pub debit: String,
    /// The code of the account that receives.
    pub credit: String,
    /// How much, in minor units; at least 1.
    pub amount: u64,
    /// The community's category; 0 where the field is empty.
    pub code: u16,
    /// The note.
    pub memo: Option<String>,
    /// What it is about.
    pub reference: Option<String>,
}

/// A row, or the line that cannot be used and why.
pub type Each<R> = Result<R, (u32, Problem)>;

/// Reads a list of accounts of a ledger with this scale.
pub fn read_accounts(text: &str, scale: u8) -> Result<Vec<AccountRow>, ReadError> {
    all(each_account(text, scale)?)
}

/// The same, each line for itself.
pub fn each_account(text: &str, scale: u8) -> Result<Vec<Each<AccountRow>>, ReadError> {
    let mut codes = HashSet::new();
    read(text, ACCOUNTS_HEADER, |line, fields: &[&str; 4]| {
        let [code, owner, credit, upper] = *fields;
        let row = AccountRow {
            line,
            code: account_code(code)?,
            owner: if owner.is_empty() { return Err(Problem::Missing("owner")) } else { owner.to_owned() },
            credit_limit: limit(credit, scale)?,
            upper_limit: limit(upper, scale)?,
        };
        if codes.insert(row.code.clone()) { Ok(row) } else { Err(Problem::Twice(row.code)) }
    })
}

/// Reads a list of transfers of a ledger with this id and scale.
pub fn read_transfers(text: &str, ledger: u128, scale: u8) -> Result<Vec<TransferRow>, ReadError> {
    all(each_transfer(text, ledger, scale)?)
}

/// The same, each line for itself.
pub fn each_transfer(text: &str, ledger: u128, scale: u8) -> Result<Vec<Each<TransferRow>>, ReadError> {
    read(text, TRANSFERS_HEADER, |line, fields: &[&str; 7]| {
        let [date, debit, credit, sum, category, memo, reference] = *fields;
        let date = Date::parse_iso(date).ok_or_else(|| Problem::Date(shown(date)))?;
        let (debit, credit) = (account_code(debit)?, account_code(credit)?);
        if debit == credit {
            return Err(Problem::SameAccount(debit));
        }
        Ok(TransferRow {
            line,
            id: ids::csv_transfer(ledger, line, date, fields),
            date,
            debit,
            credit,
            amount: match amount(sum, scale)? {
                0 => return Err(Problem::NotPositive),
                amount => amount,
            },
            code: match category {
                "" => 0,
                _ => category.parse().map_err(|_| Problem::Category(shown(category)))?,
            },
            memo: text_field("memo", memo, MEMO_BYTES_MAX)?,
            reference: text_field("reference", reference, REFERENCE_BYTES_MAX)?,
        })
    })
}

/// All rows, or the first line that cannot be used.
fn all<R>(rows: Vec<Each<R>>) -> Result<Vec<R>, ReadError> {
    rows.into_iter().map(|row| row.map_err(|(line, problem)| problem.at(line))).collect()
}

/// Writes a list of accounts that [`read_accounts`] reads.
pub fn write_accounts<'a>(rows: impl IntoIterator<Item = &'a AccountRow>, scale: u8) -> String {
    let limit = |limit: Option<u64>| limit.map(|n| written(n, scale)).unwrap_or_default();
    write(
        ACCOUNTS_HEADER,
        rows.into_iter().map(|row| {
            [row.code.clone(), row.owner.clone(), limit(row.credit_limit), limit(row.upper_limit)]
        }),
    )
}

/// Writes a list of transfers that [`read_transfers`] reads.
pub fn write_transfers<'a>(rows: impl IntoIterator<Item = &'a TransferRow>, scale: u8) -> String {
    write(
        TRANSFERS_HEADER,
        rows.into_iter().map(|row| {
            [
                row.date.to_string(),
                row.debit.clone(),
                row.credit.clone(),
                written(row.amount, scale),
                row.code.to_string(),
                row.memo.clone().unwrap_or_default(),
                row.reference.clone().unwrap_or_default(),
            ]
        }),
    )
}

/// An amount in minor units as a decimal number of the ledger's unit: 1250 at scale 2 is `12.50`.
pub fn written(amount: u64, scale: u8) -> String {
    Decimal { mantissa: i128::from(amount), decimals: scale }.to_string()
}

/// A decimal number as minor units of a ledger with this scale.
fn amount(text: &str, scale: u8) -> Result<u64, Problem> {
    if text.starts_with('-') {
        return Err(Problem::NotPositive);
    }
    let number =
        Decimal::parse(text, Marks::Strict).map_err(|why| Problem::Number { text: shown(text), why })?;
    if number.decimals > scale {
        return Err(Problem::TooPrecise { text: shown(text), scale });
    }
    let minor = number.scaled(scale).and_then(|n| u64::try_from(n).ok());
    minor.filter(|n| *n <= AMOUNT_MAX).ok_or(Problem::TooLarge)
}

/// A limit: empty or `-` is none.
fn limit(text: &str, scale: u8) -> Result<Option<u64>, Problem> {
    if matches!(text, "" | "-") { Ok(None) } else { amount(text, scale).map(Some) }
}

fn account_code(text: &str) -> Result<String, Problem> {
    if names::is_code(text) { Ok(text.to_owned()) } else { Err(Problem::Code(shown(text))) }
}

fn text_field(field: &'static str, text: &str, max: usize) -> Result<Option<String>, Problem> {
    match text {
        "" => Ok(None),
        _ if text.len() > max => Err(Problem::TooLongField { field, max }),
        _ => Ok(Some(text.to_owned())),
    }
}

/// As much of a field as an error should repeat.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Reads lines of `N` fields below this header, each by `row`. A wrong header, or too many lines, is the whole answer.
fn read<const N: usize, R>(
    text: &str,
    header: &'static str,
    mut row: impl FnMut(u32, &[&str; N]) -> Result<R, Problem>,
) -> Result<Vec<Each<R>>, ReadError> {
    let mut records = Records { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
    let mut rows = Vec::new();
    match records.next() {
        Some((_, Ok(fields))) if fields.iter().map(|f| f.trim()).eq(header.split(',')) => {}
        first => return Err(Problem::Header(header).at(first.map_or(1, |(line, _)| line))),
    }
    while let Some((line, fields)) = records.next() {
        if rows.len() >= CSV_LINES_MAX {
            // How many there are is only counted; nobody needs to hear of the mistakes in them.
            return Err(ReadError::TooLong(
                u32::try_from(rows.len() + 1 + records.count()).unwrap_or(u32::MAX),
            ));
        }
        let fields = match fields {
            Ok(fields) => fields,
            Err(problem) => {
                rows.push(Err((line, problem)));
                continue;
            }
        };
        let trimmed: Vec<&str> = fields.iter().map(|field| field.trim()).collect();
        rows.push(match trimmed.as_slice().try_into() {
            Ok(fields) => row(line, fields).map_err(|problem| (line, problem)),
            Err(_) => Err((line, Problem::Fields { expected: N, found: trimmed.len() })),
        });
    }
    Ok(rows)
}

/// The records of a text by RFC 4180, with the lines on which they begin; empty lines are none.
/// Written here because the line of a record after `CR LF` or inside quotes must be right.
struct Records<'a> {
    rest: &'a str,
    line: u32,
}

impl<'a> Iterator for Records<'a> {
    type Item = (u32, Result<Vec<Cow<'a, str>>, Problem>);

    fn next(&mut self) -> Option<Self::Item> {
        while self.rest.starts_with(['\r', '\n']) {
            self.take(1);
        }
        if self.rest.is_empty() {
            return None;
        }
        let (line, mut fields) = (self.line, Vec::new());
        loop {
            match self.field() {
                Ok(field) => fields.push(field),
                Err(problem) => {
                    // Nothing after a quote that is out of place can be understood.
                    self.rest = "";
                    return Some((line, Err(problem)));
                }
            }
            if !self.rest.starts_with(',') {
                return Some((line, Ok(fields)));
            }
            self.take(1);
        }
    }
}

impl<'a> Records<'a> {
    /// The next so many bytes.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        let lines = taken.bytes().filter(|c| *c == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.rest = rest;
        taken
    }

    /// One field, up to a comma or the line's end.
    fn field(&mut self) -> Result<Cow<'a, str>, Problem> {
        let blanks = self.rest.len() - self.rest.trim_start_matches(' ').len();
        if !self.rest.get(blanks..).is_some_and(|rest| rest.starts_with('"')) {
            let end = self.rest.find([',', '\r', '\n']).unwrap_or(self.rest.len());
            return Ok(Cow::Borrowed(self.take(end)));
        }
        self.take(blanks + 1);
        let mut field = Cow::Borrowed("");
        loop {
            let end = self.rest.find('"').ok_or_else(|| Problem::Csv("a quote is not closed".to_owned()))?;
            let part = self.take(end);
            if field.is_empty() {
                field = Cow::Borrowed(part);
            } else {
                field.to_mut().push_str(part);
            }
            self.take(1);
            if !self.rest.starts_with('"') {
                break;
            }
            field.to_mut().push_str(self.take(1));
        }
        let blanks = self.rest.len() - self.rest.trim_start_matches(' ').len();
        self.take(blanks);
        let ended = self.rest.is_empty() || self.rest.starts_with([',', '\r', '\n']);
        if ended { Ok(field) } else { Err(Problem::Csv("there is text behind a closing quote".to_owned())) }
    }
}

/// Writes any table; what begins as a formula in a spreadsheet is made text (OWASP, CSV injection).
pub fn written_table<const N: usize>(header: &str, rows: impl Iterator<Item = [String; N]>) -> String {
    let harmless = |field: String| {
        let is_number = field.strip_prefix('-').is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        });
        match field.chars().next() {
            Some('=' | '+' | '@' | '-' | '\t' | '\r') if !is_number => format!("'{field}"),
            _ => field,
        }
    };
    write(header, rows.map(|row| row.map(harmless)))
}

fn write<const N: usize>(header: &str, rows: impl Iterator<Item = [String; N]>) -> String {
    let mut text = header.to_owned();
    text.push('\n');
    for row in rows {
        for (n, field) in row.iter().enumerate() {
            if n > 0 {
                text.push(',');
            }
            if field.contains(['"', ',', '\n', '\r']) {
                text.push('"');
                text.push_str(&field.replace('"', "\"\""));
                text.push('"');
            } else {
                text.push_str(field);
            }
        }
        text.push('\n');
    }
    text
}
