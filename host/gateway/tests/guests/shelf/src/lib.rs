//! A guest that takes columns when people move in: how many jars each has on the shelf. Thirteen jars fall down.
wit_bindgen::generate!({ world: "test:speaker/shelf", path: ["../../../../../wit/host", "../wit"], generate_all });

use exports::hamlet::host::moving_in::{Book, Checked, Column, Error, Fault, Guest, Id, PartyId, RestPlace, Row};
use hamlet::host::{members, storage};

struct Plugin;

const SHELF: &str = "jars";

fn count(row: &Row) -> Result<i64, String> {
    match row.cells.first().map_or("", String::as_str) {
        "" => Ok(0),
        cell => cell.parse().map_err(|_| format!("<{cell}> are no jars.")),
    }
}

fn key(party: &PartyId) -> Vec<u8> {
    [party.high.to_be_bytes(), party.low.to_be_bytes()].concat()
}

fn kept(party: &PartyId) -> Option<String> {
    storage::get(&key(party)).ok().flatten().and_then(|row| String::from_utf8(row).ok())
}

impl Guest for Plugin {
    fn books(language: String) -> Vec<Book> {
        let title = if language == "es" { "Los tarros" } else { "The <jars>" };
        let column = Column { name: SHELF.into(), title: "Jars".into(), words: vec!["jars".into()] };
        let rest = RestPlace { name: "cellar".into(), title: "The cellar".into() };
        vec![Book { name: SHELF.into(), title: title.into(), columns: vec![column], rests: vec![rest] }]
    }

    fn check(_: String, rows: Vec<Row>, rest: Option<String>, _: String) -> Result<Checked, Error> {
        let counts: Vec<_> = rows.iter().map(count).collect();
        let fault = |(row, count): (usize, &Result<i64, String>)| {
            Some(Fault { row: row as u32, why: count.as_ref().err()?.clone() })
        };
        let sum: i64 = counts.iter().flatten().sum();
        let said = |count: &Result<i64, String>| match count {
            Ok(count) if *count != 0 => format!("{count} jars on the shelf"),
            _ => String::new(),
        };
        Ok(Checked {
            read: counts.iter().map(said).collect(),
            faults: counts.iter().enumerate().filter_map(fault).collect(),
            rest: (sum != 0).then(|| format!("{sum} jars")),
            rest_fault: rest.filter(|rest| rest != "cellar").map(|_| "There is no such cellar.".into()),
        })
    }

    fn bring(_: Id, _: String, rows: Vec<Row>, rest: Option<String>) -> Result<(), Error> {
        let mut sum = 0;
        for (at, row) in rows.iter().enumerate() {
            let count = count(row).map_err(|why| Error::Faulty(Fault { row: at as u32, why }))?;
            if count == 0 {
                continue;
            }
            sum += count;
            let party = members::find(&row.handle).map_err(|_| Error::NotNew(row.handle.clone()))?;
            // After some were put up: the whole transaction has to go.
            if count == 99 {
                return Err(Error::Refused("That shelf is too small.".into()));
            }
            storage::set(&key(&party.id), count.to_string().as_bytes()).map_err(|_| Error::TooMany)?;
        }
        if sum != 0 && rest.is_none() { Err(Error::RestNeeded) } else { Ok(()) }
    }

    fn undo(_: Id, parties: Vec<PartyId>) -> Result<(), Error> {
        for party in parties {
            if kept(&party).as_deref() == Some("13") {
                return Err(Error::HappenedSince);
            }
            storage::delete(&key(&party)).map_err(|_| Error::TooMany)?;
        }
        Ok(())
    }

    fn written(_: String, parties: Vec<PartyId>) -> Vec<Vec<String>> {
        parties.iter().map(|party| vec![kept(party).unwrap_or_default()]).collect()
    }
}

export!(Plugin);
