//! From a sheet to people and households: which column is what, and what is wrong with which row.
//!
//! Pure: a sheet and a choice of columns in, newcomers and faults out. The rules are those of `hamlet:host/moves`, which
//! checks them again; here they are told row by row before anything is done.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::sheet::{self, COLUMNS, Sheet};

/// Longest name of a party, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Longest line to reach her by, in bytes.
const LINE_BYTES_MAX: usize = 300;
/// Words for kinds, in English, Spanish and German.
const KINDS: [(&str, &[&str]); 3] = [
    ("person", &["", "person", "persona", "p"]),
    ("household", &["household", "family", "hogar", "familia", "haushalt", "familie", "h"]),
    (
        "organisation",
        &["organisation", "organization", "club", "organización", "organizacion", "verein", "o"],
    ),
];

/// Which column is what: a place in the heading for each of [`COLUMNS`].
pub(crate) type Chosen = [Option<usize>; COLUMNS.len()];

/// Somebody of the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Newcomer {
    /// The row, counted from 1 below the heading; none: a household that rows name.
    pub row: Option<usize>,
    pub kind: &'static str,
    pub handle: String,
    pub name: String,
    pub acts_for: Option<String>,
    pub phone: String,
    pub email: String,
    pub address: String,
}

impl Newcomer {
    /// As `moves.newcomer` in JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "kind": self.kind, "handle": self.handle, "name": self.name, "acts-for": self.acts_for,
            "phone": self.phone, "email": self.email, "address": self.address,
        })
    }
}

/// What is wrong with a row; the page has words for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    NoName,
    NameTooLong,
    HandleInvalid,
    HandleTaken,
    KindUnknown,
    ContactInvalid,
}

/// The newcomers of a sheet and what is wrong, by row. `taken` are the handles that are in use.
pub(crate) fn of(
    sheet: &Sheet,
    chosen: &Chosen,
    taken: BTreeSet<String>,
) -> (Vec<Newcomer>, Vec<(usize, Fault)>) {
    let mut taken = taken;
    let mut newcomers = Vec::new();
    let mut faults = Vec::new();
    let column =
        |wanted: &str| COLUMNS.iter().position(|(name, _)| *name == wanted).and_then(|at| *chosen.get(at)?);
    // What is written in the sheet goes before what is made up from names, wherever it stands.
    for (index, row) in sheet.rows.iter().enumerate() {
        let handle = cell(row, column("handle")).to_lowercase();
        if !handle.is_empty() && !taken.insert(handle.clone()) {
            faults.push((index + 1, Fault::HandleTaken));
        }
    }
    let mut households: BTreeMap<String, String> = BTreeMap::new();
    for (index, row) in sheet.rows.iter().enumerate() {
        let at = |name: &str| cell(row, column(name));
        let place = index + 1;
        let name = at("name").to_owned();
        if name.is_empty() {
            faults.push((place, Fault::NoName));
        } else if name.len() > NAME_BYTES_MAX {
            faults.push((place, Fault::NameTooLong));
        }
        let word = at("kind").to_lowercase();
        let kind = KINDS.iter().find(|(_, words)| words.contains(&word.as_str())).map(|(kind, _)| *kind);
        if kind.is_none() {
            faults.push((place, Fault::KindUnknown));
        }
        let handle = match at("handle").to_lowercase() {
            written if written.is_empty() => sheet::handle(&name, &mut taken),
            written => written,
        };
        if !is_handle(&handle) {
            faults.push((place, Fault::HandleInvalid));
        }
        let contact = ["phone", "email", "address"].map(|name| at(name).to_owned());
        if !contact.iter().all(|line| line.len() <= LINE_BYTES_MAX && !line.chars().any(char::is_control)) {
            faults.push((place, Fault::ContactInvalid));
        }
        let kind = kind.unwrap_or("person");
        let household = at("household");
        let acts_for = (kind == "person" && !household.is_empty()).then(|| {
            let handle = households.entry(household.to_lowercase()).or_insert_with(|| {
                let handle = sheet::handle(household, &mut taken);
                newcomers.push(household_of(household, &handle));
                handle
            });
            handle.clone()
        });
        let [phone, email, address] = contact;
        newcomers.push(Newcomer { row: Some(place), kind, handle, name, acts_for, phone, email, address });
    }
    faults.sort_by_key(|(place, _)| *place);
    (newcomers, faults)
}

fn household_of(name: &str, handle: &str) -> Newcomer {
    Newcomer {
        row: None,
        kind: "household",
        handle: handle.to_owned(),
        name: name.chars().take(NAME_BYTES_MAX / 4).collect(),
        acts_for: None,
        phone: String::new(),
        email: String::new(),
        address: String::new(),
    }
}

fn cell(row: &[String], column: Option<usize>) -> &str {
    column.and_then(|column| row.get(column)).map_or("", String::as_str)
}

fn is_handle(text: &str) -> bool {
    (2..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn newcomers(text: &str, taken: &[&str]) -> (Vec<Newcomer>, Vec<(usize, Fault)>) {
        let sheet = sheet::read(text.as_bytes()).unwrap();
        let chosen = sheet::guess(&sheet.heading);
        of(&sheet, &chosen, taken.iter().map(|&handle| handle.to_owned()).collect())
    }

    #[test]
    fn people_come_with_their_household_which_is_there_once() {
        let text = "Name,Household,Phone\nAna Luz,The Mill,555\nBen Luz,the mill,\nCleo,,\n";
        let (found, faults) = newcomers(text, &["ana-luz"]);
        assert_eq!(faults, []);
        let told: Vec<_> =
            found.iter().map(|one| (one.kind, one.handle.as_str(), one.acts_for.as_deref())).collect();
        assert_eq!(
            told,
            [
                ("household", "the-mill", None),
                ("person", "ana-luz-2", Some("the-mill")),
                ("person", "ben-luz", Some("the-mill")),
                ("person", "cleo", None)
            ]
        );
        assert_eq!((found[1].phone.as_str(), found[1].row), ("555", Some(1)));
    }

    #[test]
    fn each_bad_row_is_told_with_what_is_wrong() {
        let long = "x".repeat(301);
        let text = format!(
            "Name,Username,Type,Address\n,ana,person,\nBen,BEN,,\nCleo,ben,,\nDan,-dan,,\nEve,eve,robot,\nFay,fay,club,{long}\nSol,sol,,\n"
        );
        let (_, faults) = newcomers(&text, &["sol"]);
        assert_eq!(
            faults,
            [
                (1, Fault::NoName),
                (3, Fault::HandleTaken),
                (4, Fault::HandleInvalid),
                (5, Fault::KindUnknown),
                (6, Fault::ContactInvalid),
                (7, Fault::HandleTaken)
            ]
        );
    }

    #[test]
    fn a_short_name_that_is_made_up_is_never_one_that_a_later_row_has() {
        let (found, faults) = newcomers("Name,Username\nAna,\nAnother,ana\n", &[]);
        assert_eq!(faults, []);
        assert_eq!((found[0].handle.as_str(), found[1].handle.as_str()), ("ana-2", "ana"));
    }
}
