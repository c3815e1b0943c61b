//! `hamlet:host/moving-in`, answered by [`crate::moving`], in the words of [`crate::pages::moving`].

use super::Component;
use super::exports::hamlet::host::moving_in as contract;
use super::house::House;
use crate::host::Host;
use crate::model::Id;
use crate::moving::{self, MovingError, Row};
use crate::pages::moving as words;
use crate::rows;

impl contract::Guest for Component {
    fn books(language: String) -> Vec<contract::Book> {
        let books = words::books(&mut House::new(), &language).into_iter();
        books
            .map(|book| contract::Book {
                name: book.name,
                title: book.title,
                columns: book.columns.into_iter().map(column).collect(),
                rests: book
                    .rests
                    .into_iter()
                    .map(|(name, title)| contract::RestPlace { name, title })
                    .collect(),
            })
            .collect()
    }

    fn check(
        book: String,
        rows: Vec<contract::Row>,
        rest: Option<String>,
        language: String,
    ) -> Result<contract::Checked, contract::Error> {
        let rows = list(rows);
        let told = words::check(&mut House::new(), ledger(&book), &rows, rest.as_deref(), &language)
            .map_err(|error| error_of(ledger(&book), error))?;
        let faults = told.faults.into_iter().map(|(row, why)| contract::Fault { row: place(row), why });
        Ok(contract::Checked {
            read: told.read,
            faults: faults.collect(),
            rest: told.rest,
            rest_fault: told.rest_fault,
        })
    }

    fn bring(
        moved: contract::Id,
        book: String,
        rows: Vec<contract::Row>,
        rest: Option<String>,
    ) -> Result<(), contract::Error> {
        moving::bring(&mut House::new(), moved.into(), ledger(&book), &list(rows), rest.as_deref())
            .map_err(|error| error_of(ledger(&book), error))
    }

    fn undo(moved: contract::Id, parties: Vec<contract::PartyId>) -> Result<(), contract::Error> {
        let parties: Vec<Id> = parties.into_iter().map(Id::from).collect();
        moving::undo(&mut House::new(), moved.into(), &parties)
            .map_err(|error| error_of(Id::default(), error))
    }

    fn written(book: String, parties: Vec<contract::PartyId>) -> Vec<Vec<String>> {
        let parties: Vec<Id> = parties.into_iter().map(Id::from).collect();
        moving::written(&mut House::new(), ledger(&book), &parties)
    }
}

fn column(column: words::Column) -> contract::Column {
    contract::Column { name: column.name.to_owned(), title: column.title, words: column.words }
}

fn list(rows: Vec<contract::Row>) -> Vec<Row> {
    rows.into_iter().map(|contract::Row { handle, cells }| Row { handle, cells }).collect()
}

/// The ledger of a book; one that names none is of no ledger.
fn ledger(book: &str) -> Id {
    book.parse().unwrap_or_default()
}

fn place(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

fn error_of(ledger: Id, error: MovingError) -> contract::Error {
    match error {
        MovingError::NoSuchBook => contract::Error::NoSuchBook,
        MovingError::TooMany => contract::Error::TooMany,
        MovingError::Faulty(row, fault) => {
            let host: &mut dyn Host = &mut House::new();
            let why = words::fault_in_english(rows::ledger(host, ledger).as_ref(), fault);
            contract::Error::Faulty(contract::Fault { row: place(row), why })
        }
        MovingError::NotNew(handle) => contract::Error::NotNew(handle),
        MovingError::RestNeeded => contract::Error::RestNeeded,
        MovingError::Exists => contract::Error::Exists,
        MovingError::HappenedSince => contract::Error::HappenedSince,
        MovingError::StillHere => contract::Error::StillHere,
        MovingError::Refused(why) => contract::Error::Refused(why),
    }
}
