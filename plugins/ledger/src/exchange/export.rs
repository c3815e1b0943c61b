//! A ledger as a plain-text journal that `hledger check -s` and `bean-check` accept, whatever
//! people wrote into memos and references.
//!
//! The text is made in pieces: [`head`], then [`account`] for each account, then [`transfer`]
//! for each transfer; joined they are the journal. A transfer is a transaction with two postings.
//! Beancount wants accounts opened before they are used, and imported history is older than the
//! accounts, so accounts open on the earliest day and the true one is metadata.

use super::number::Decimal;
use super::{Date, names};
use std::fmt::Write as _;

/// Which program should read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// hledger's journal format.
    Hledger,
    /// Beancount's.
    Beancount,
}

/// What is exported of a ledger itself.
#[derive(Clone, Copy, Debug)]
pub struct Ledger<'a> {
    /// Its unit, for example `LEAF`.
    pub unit: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// Its decimal places.
    pub scale: u8,
}

/// What is exported of a transfer.
#[derive(Clone, Copy, Debug)]
pub struct Transfer<'a> {
    /// Its id.
    pub id: u128,
    /// The day on which it takes effect.
    pub date: Date,
    /// The code of the account that paid.
    pub debit: &'a str,
    /// The code of the account that received.
    pub credit: &'a str,
    /// In minor units.
    pub amount: u64,
    /// The community's category.
    pub code: u16,
    /// The note.
    pub memo: Option<&'a str>,
    /// What it is about.
    pub reference: Option<&'a str>,
}

/// Writes what stands at the beginning.
pub fn head(text: &mut String, format: Format, ledger: Ledger<'_>) {
    match format {
        Format::Hledger => {
            let unit = names::hledger_commodity(ledger.unit);
            let one =
                Decimal { mantissa: 10i128.pow(u32::from(ledger.scale)) * 1000, decimals: ledger.scale };
            // hledger wants the decimal mark even where no decimals follow.
            let mark = if ledger.scale == 0 { "." } else { "" };
            put(text, format_args!("; {}\ncommodity {one}{mark} {unit}\n\n", one_line(ledger.name)));
        }
        Format::Beancount => {
            let unit = names::beancount_commodity(ledger.unit);
            let (name, day) = (quoted(ledger.name), Date::EARLIEST);
            put(text, format_args!("option \"title\" {name}\noption \"operating_currency\" \"{unit}\"\n"));
            put(text, format_args!("{day} commodity {unit}\n  name: {name}\n\n"));
        }
    }
}

/// Writes an account.
pub fn account(text: &mut String, format: Format, ledger: Ledger<'_>, code: &str, opened: Date) {
    match format {
        Format::Hledger => put(text, format_args!("account {code}  ; opened {opened}\n")),
        Format::Beancount => {
            let (name, unit, day) =
                (names::beancount_account(code), names::beancount_commodity(ledger.unit), Date::EARLIEST);
            put(text, format_args!("{day} open {name} {unit}\n  code: \"{code}\"\n  opened: {opened}\n"));
        }
    }
}

/// Writes a transfer.
pub fn transfer(text: &mut String, format: Format, ledger: Ledger<'_>, transfer: &Transfer<'_>) {
    let Transfer { id, date, debit, credit, code, .. } = transfer;
    let amount = Decimal { mantissa: i128::from(transfer.amount), decimals: ledger.scale };
    let (memo, reference) = (transfer.memo.unwrap_or_default(), transfer.reference);
    match format {
        Format::Hledger => {
            let unit = names::hledger_commodity(ledger.unit);
            // A code in front, so that a memo beginning with a bracket or a star is not taken for one.
            put(text, format_args!("\n{date} * ({code}) {}  ; id:{id:032x}", one_line(memo)));
            if let Some(reference) = reference {
                put(text, format_args!(", ref:{}", one_line(reference)));
            }
            put(text, format_args!("\n    {debit}  -{amount} {unit}\n    {credit}  {amount} {unit}\n"));
        }
        Format::Beancount => {
            let unit = names::beancount_commodity(ledger.unit);
            put(text, format_args!("\n{date} * {}\n  id: \"{id:032x}\"\n  code: {code}\n", quoted(memo)));
            if let Some(reference) = reference {
                put(text, format_args!("  reference: {}\n", quoted(reference)));
            }
            let (debit, credit) = (names::beancount_account(debit), names::beancount_account(credit));
            put(text, format_args!("  {debit}  -{amount} {unit}\n  {credit}  {amount} {unit}\n"));
        }
    }
}

/// Appends to a string, which cannot fail.
fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}

/// Text for hledger, which knows no escapes: characters that end a description or begin a tag or a
/// date are replaced by their full-width forms, which people read as the same.
fn one_line(text: &str) -> String {
    let replaced = text.chars().map(|c| match c {
        ';' => '；',
        ':' => '：',
        ',' => '，',
        '[' => '［',
        ']' => '］',
        '|' => '｜',
        _ if breaks_lines(c) => ' ',
        _ => c,
    });
    replaced.collect::<String>().trim().to_owned()
}

/// Text for Beancount, in quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            _ if breaks_lines(c) => quoted.push(' '),
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether some program takes this for a line's end or does not take it at all.
fn breaks_lines(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}
