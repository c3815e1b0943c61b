//! What the host's page of moving in says of balances and limits (`hamlet:host/moving-in`), in the viewer's language.

use super::words::Words;
use crate::host::Host;
use crate::model::{Id, Ledger, Limits, written_amount};
use crate::moving::cells::{CellFault, Opening};
use crate::moving::{self, Checked, MovingError, OPENING, Row};
use crate::rows;

/// A column of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What people call it.
    pub title: String,
    /// Headings by which it is known.
    pub words: Vec<String>,
}

/// A ledger into which something can be brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// Its id.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// In the order of [`moving::COLUMNS`].
    pub columns: Vec<Column>,
    /// Codes of accounts, and what people call them.
    pub rests: Vec<(String, String)>,
}

/// What would come of a list, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Of each row.
    pub read: Vec<String>,
    /// Rows, from 0, and what is wrong with them.
    pub faults: Vec<(usize, String)>,
    /// What is left over.
    pub rest: Option<String>,
    /// Why it cannot go where it was to go.
    pub rest_fault: Option<String>,
}

/// Headings that people give to a balance, in English, Spanish and German.
const BALANCE: [&str; 8] = [
    "balance",
    "account balance",
    "current balance",
    "saldo",
    "saldo actual",
    "kontostand",
    "guthaben",
    "stand",
];
/// To how far below zero somebody may go.
const CREDIT: [&str; 12] = [
    "credit limit",
    "creditlimit",
    "credit-limit",
    "limit",
    "overdraft",
    "límite de crédito",
    "limite de credito",
    "límite",
    "crédito",
    "kreditlimit",
    "kreditrahmen",
    "überziehung",
];
/// To how far above.
const UPPER: [&str; 9] = [
    "upper limit",
    "upper-limit",
    "highest balance",
    "maximum balance",
    "balance limit",
    "límite superior",
    "saldo máximo",
    "obergrenze",
    "höchststand",
];

/// The ledgers into which something can be brought.
pub fn books(host: &mut dyn Host, locale: &str) -> Vec<Book> {
    let words = Words::all(locale);
    let ledgers = moving::ledgers(host);
    ledgers.iter().map(|ledger| book(host, &words, ledger)).collect()
}

fn book(host: &mut dyn Host, words: &Words, ledger: &Ledger) -> Book {
    let unit = ledger.unit.as_str();
    let titles = [
        words.with("moving-balance", &[("unit", unit)]),
        words.with("moving-credit", &[("unit", unit)]),
        words.with("moving-upper", &[("unit", unit)]),
    ];
    let known: [&[&str]; 3] = [&BALANCE, &CREDIT, &UPPER];
    let lower = unit.to_lowercase();
    let columns = moving::COLUMNS.into_iter().zip(titles).zip(known).map(|((name, title), known)| {
        // What names the unit goes before what could be of any ledger.
        let mut words = vec![title.to_lowercase()];
        words.extend(known.iter().map(|word| format!("{word} {lower}")));
        words.extend(known.iter().map(|word| format!("{word} ({lower})")));
        words.extend(known.iter().map(|word| (*word).to_owned()));
        Column { name, title, words }
    });
    let columns = columns.collect();
    let rests = moving::rests(host, ledger.id).into_iter();
    let rests = rests.map(|code| {
        let title = if code == OPENING { words.say("moving-rest-stays") } else { code.clone() };
        (code, title)
    });
    let title = format!("{} ({unit})", ledger.name);
    Book { name: ledger.id.to_string(), title, columns, rests: rests.collect() }
}

/// What would come of a list.
pub fn check(
    host: &mut dyn Host,
    ledger: Id,
    list: &[Row],
    rest_to: Option<&str>,
    locale: &str,
) -> Result<Told, MovingError> {
    let words = Words::all(locale);
    let Checked { ledger, rows, rest, fits } = moving::check(host, ledger, list, rest_to)?;
    let usual = rows::settings(host, ledger.id).joining.unwrap_or(moving::USUAL);
    let mut told =
        Told { read: Vec::with_capacity(rows.len()), faults: Vec::new(), rest: None, rest_fault: None };
    for (place, row) in rows.iter().enumerate() {
        told.read.push(match row {
            Ok(Some(opening)) => read(&words, &ledger, opening, usual),
            Ok(None) => String::new(),
            Err(fault) => {
                told.faults.push((place, faulty(&words, &ledger, *fault)));
                String::new()
            }
        });
    }
    if rest != 0 && told.faults.is_empty() {
        told.rest = Some(balance(&words, &ledger, rest));
        told.rest_fault = rest_to.filter(|_| !fits).map(|_| words.say("moving-rest-full"));
    }
    Ok(told)
}

/// What is wrong with a cell, in English: for the error that names a row.
pub fn fault_in_english(ledger: Option<&Ledger>, fault: CellFault) -> String {
    ledger.map_or_else(String::new, |ledger| faulty(&Words::all("en"), ledger, fault))
}

fn read(words: &Words, ledger: &Ledger, opening: &Opening, usual: Limits) -> String {
    let Limits { credit, upper } = opening.limits(usual);
    let mut said = vec![balance(words, ledger, opening.balance.into())];
    said.push(match credit {
        Some(credit) => words.with("moving-may", &[("credit", &words.amount(credit, ledger))]),
        None => words.say("moving-may-all"),
    });
    said.extend(upper.map(|upper| words.with("moving-up-to", &[("upper", &words.amount(upper, ledger))])));
    said.join(", ")
}

fn balance(words: &Words, ledger: &Ledger, balance: i128) -> String {
    let size = u64::try_from(balance.unsigned_abs()).unwrap_or(u64::MAX);
    format!("{}{}", if balance < 0 { "\u{2212}" } else { "" }, words.amount(size, ledger))
}

fn faulty(words: &Words, ledger: &Ledger, fault: CellFault) -> String {
    match fault {
        CellFault::Unreadable => words.say("moving-unreadable"),
        CellFault::Ambiguous => {
            let example = written_amount(125_000, 2).replace('.', &words.decimal().to_string());
            words.with("moving-ambiguous", &[("example", &example)])
        }
        CellFault::TooPrecise => {
            words.with("moving-too-precise", &[("unit", &ledger.unit), ("places", &ledger.scale.to_string())])
        }
        CellFault::TooLarge => words.say("moving-too-large"),
    }
}
