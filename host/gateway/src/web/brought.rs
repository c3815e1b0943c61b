//! What people bring along when they move in: the columns of a list that plugins take (`hamlet:host/moving-in`).
//!
//! The host knows no balance and no limit. It asks each plugin which columns it takes, guesses them from the heading as it
//! guesses its own, shows what the plugin makes of each row, and hands the rows over in the transaction that adds the
//! people. If it is wrong, a telephone number becomes a balance, and is seen before it is done.

use std::collections::BTreeSet;

use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{Order, Refused, ask_plugin, items, text};
use super::home::OrNull as _;
use super::newcomers::Newcomer;
use super::sheet::Sheet;
use super::shell::notice;
use super::upload::Uploaded;
use super::visit::Visit;

/// The interface by which a plugin takes columns.
const MOVING_IN: &str = "hamlet:host/moving-in@";
/// Most columns of a book that are shown.
const COLUMNS_MAX: usize = 8;
/// Longest cell that is handed over, in letters.
const CELL_LETTERS_MAX: usize = 50;
/// Parties that a plugin is asked about at once.
pub(super) const PARTIES_MAX: usize = 500;

/// A plugin that takes columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taker {
    pub plugin: String,
    pub interface: String,
}

/// Columns of a plugin that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Book {
    pub taker: Taker,
    pub name: String,
    title: String,
    pub columns: Vec<Column>,
    /// Names and titles of where a rest can go.
    rests: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    name: String,
    pub title: String,
    words: Vec<String>,
}

/// A book with the columns of the sheet that were chosen for it, and what came of it.
#[derive(Debug, Clone)]
pub(super) struct Filled {
    pub book: Book,
    chosen: Vec<Option<usize>>,
    /// Where the rest goes; empty: nowhere yet.
    rest_to: String,
    checked: Checked,
}

/// What the plugin makes of the rows.
#[derive(Debug, Clone, Default)]
struct Checked {
    /// Of each row of the sheet, by its place from 1: what was understood.
    read: Vec<(usize, String)>,
    /// Likewise: what is wrong.
    faults: Vec<(usize, String)>,
    rest: Option<String>,
    rest_fault: Option<String>,
    /// Why it said nothing at all.
    failed: Option<String>,
}

/// The plugins that take columns; those that do not answer now among them, so that nothing is taken back in part.
pub(super) fn takers(visit: &Visit) -> Vec<Taker> {
    let catalogue = visit.here.state.kernel.catalogue();
    let plugins = catalogue.plugins.values().filter(|plugin| &*plugin.name != "host");
    plugins
        .filter_map(|plugin| {
            let interface = plugin.interfaces.iter().find(|interface| interface.id.starts_with(MOVING_IN))?;
            Some(Taker { plugin: plugin.name.to_string(), interface: interface.id.clone() })
        })
        .collect()
}

/// The books of all plugins that answer.
pub(super) async fn books(visit: &Visit) -> Vec<Book> {
    let mut found = Vec::new();
    for taker in takers(visit) {
        let answer = ask_plugin(visit, order(&taker, "books", json!({ "language": visit.say.tag() }))).await;
        let books = answer.unwrap_or_default();
        found.extend(items(&books).iter().map(|book| book_of(&taker, book)));
    }
    found
}

fn book_of(taker: &Taker, book: &Value) -> Book {
    let words = |column: &Value| {
        let words = items(column.get("words").unwrap_or_default_ref()).iter();
        words.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let columns = items(book.get("columns").unwrap_or_default_ref()).iter().take(COLUMNS_MAX);
    let pair = |rest: &Value| (text(rest, "name").to_owned(), text(rest, "title").to_owned());
    Book {
        taker: taker.clone(),
        name: text(book, "name").to_owned(),
        title: text(book, "title").to_owned(),
        columns: columns
            .map(|column| Column {
                name: text(column, "name").to_owned(),
                title: text(column, "title").to_owned(),
                words: words(column),
            })
            .collect(),
        rests: items(book.get("rests").unwrap_or_default_ref()).iter().map(pair).collect(),
    }
}

/// A call of a plugin that takes columns.
pub(super) fn order<'a>(taker: &'a Taker, function: &'a str, arguments: Value) -> Order<'a> {
    Order { plugin: &taker.plugin, interface: &taker.interface, function, arguments }
}

impl Book {
    /// The name of a field of its form: names of plugins, books and columns have letters that may stand in one.
    fn field(&self, what: &str) -> String {
        format!("take-{}-{}-{what}", self.taker.plugin, self.name)
    }

    /// With the columns that were chosen by hand.
    fn by_hand(self, uploaded: &Uploaded, columns: usize) -> Filled {
        let place = |column: &Column| {
            let place: usize = uploaded.text(&self.field(&column.name)).parse().ok()?;
            (place < columns).then_some(place)
        };
        let chosen = self.columns.iter().map(place).collect();
        let rest_to = uploaded.text(&self.field("rest")).to_owned();
        Filled { chosen, rest_to, checked: Checked::default(), book: self }
    }
}

/// All books with the columns that were chosen by hand.
pub(super) fn by_hand(books: Vec<Book>, uploaded: &Uploaded, sheet: &Sheet) -> Vec<Filled> {
    books.into_iter().map(|book| book.by_hand(uploaded, sheet.heading.len())).collect()
}

/// All books with the columns that are guessed, of those that are not `taken`: first headings that are just such words,
/// then headings that have one in them; each once.
pub(super) fn guessed(books: Vec<Book>, heading: &[String], taken: &[Option<usize>]) -> Vec<Filled> {
    let heading: Vec<String> = heading.iter().map(|cell| cell.trim().to_lowercase()).collect();
    let mut taken: BTreeSet<usize> = taken.iter().flatten().copied().collect();
    let mut chosen: Vec<Vec<Option<usize>>> =
        books.iter().map(|book| vec![None; book.columns.len()]).collect();
    for exact in [true, false] {
        for (book, chosen) in books.iter().zip(&mut chosen) {
            // What is said in more words stands behind: it is looked for first where a part is enough.
            for (column, place) in book.columns.iter().zip(chosen).rev().filter(|(_, place)| place.is_none())
            {
                let fits = |cell: &str| {
                    column.words.iter().any(|word| {
                        if exact {
                            cell == word.as_str()
                        } else {
                            word.len() > 3 && cell.contains(word.as_str())
                        }
                    })
                };
                let found =
                    heading.iter().enumerate().find(|(at, cell)| !taken.contains(at) && fits(cell.as_str()));
                *place = found.map(|(at, _)| at);
                taken.extend(*place);
            }
        }
    }
    let filled = books.into_iter().zip(chosen);
    filled
        .map(|(book, chosen)| Filled { book, chosen, rest_to: String::new(), checked: Checked::default() })
        .collect()
}

impl Filled {
    /// Whether anything is brought into it.
    fn is_used(&self) -> bool {
        self.chosen.iter().any(Option::is_some)
    }

    /// What the plugin gets of the sheet: those who stand in a row of it, with their cells.
    fn rows(&self, sheet: &Sheet, newcomers: &[Newcomer]) -> Vec<(usize, Value)> {
        let of = |newcomer: &Newcomer| {
            let place = newcomer.row?;
            let row = sheet.rows.get(place.checked_sub(1)?)?;
            let cell = |place: &Option<usize>| {
                let cell = place.and_then(|place| row.get(place)).map_or("", String::as_str);
                cell.chars().take(CELL_LETTERS_MAX).collect::<String>()
            };
            let cells: Vec<String> = self.chosen.iter().map(cell).collect();
            Some((place, json!({ "handle": newcomer.handle, "cells": cells })))
        };
        newcomers.iter().filter_map(of).collect()
    }

    fn rest_to(&self) -> Value {
        if self.rest_to.is_empty() { Value::Null } else { json!(self.rest_to) }
    }

    /// Asks the plugin what would come of it.
    pub async fn check(&mut self, visit: &Visit, sheet: &Sheet, newcomers: &[Newcomer]) {
        if !self.is_used() {
            return;
        }
        let (places, rows): (Vec<usize>, Vec<Value>) = self.rows(sheet, newcomers).into_iter().unzip();
        let arguments = json!({
            "book": self.book.name, "rows": rows, "rest": self.rest_to(), "language": visit.say.tag(),
        });
        self.checked = match ask_plugin(visit, order(&self.book.taker, "check", arguments)).await {
            Err(refused) => Checked { failed: Some(refused.said(visit)), ..Checked::default() },
            Ok(answer) => checked(&answer, &places),
        };
    }

    /// The call that brings it in; none where nothing is.
    pub fn bring<'a>(&'a self, id: &str, sheet: &Sheet, newcomers: &[Newcomer]) -> Option<Order<'a>> {
        let rows: Vec<Value> = self.rows(sheet, newcomers).into_iter().map(|(_, row)| row).collect();
        let arguments = json!({ "move": id, "book": self.book.name, "rows": rows, "rest": self.rest_to() });
        self.is_used().then(|| order(&self.book.taker, "bring", arguments))
    }

    /// What is wrong with rows, by their places.
    pub fn faults(&self) -> &[(usize, String)] {
        &self.checked.faults
    }

    /// Whether it can be brought in as it stands.
    pub fn is_fine(&self) -> bool {
        let Checked { faults, rest, rest_fault, failed, .. } = &self.checked;
        let has_place = rest.is_none() || !self.rest_to.is_empty();
        faults.is_empty() && failed.is_none() && rest_fault.is_none() && has_place
    }

    /// What was understood of a row.
    pub fn read(&self, place: usize) -> Option<&str> {
        let found = self.checked.read.iter().find(|(at, _)| *at == place);
        found.map(|(_, read)| read.as_str()).filter(|read| !read.is_empty())
    }

    /// Its part of the form: which column is what, and where a rest goes.
    pub fn form(&self, visit: &Visit, heading: &[String], tried: bool) -> Markup {
        let say = &visit.say;
        let rest = self.book.field("rest");
        let missing = tried && self.rest_to.is_empty();
        html! {
            section class="card" {
                h2 { (self.book.title) }
                p { (say.t("move-book-about")) }
                @for (column, place) in self.book.columns.iter().zip(&self.chosen) {
                    (select(&self.book.field(&column.name), &column.title, &say.t("move-no-column"), heading, *place))
                }
                @if let Some(why) = &self.checked.failed { (notice("bad", why)) }
                @if let Some(sum) = &self.checked.rest {
                    p class="notice" { (say.with("move-rest", &[("sum", sum)])) }
                    div class="field" {
                        label for=(rest) { (say.t("move-rest-to")) }
                        @if missing { p class="error" id={ (rest) "-error" } { (say.t("move-rest-missing")) } }
                        @if let Some(why) = &self.checked.rest_fault { p class="error" id={ (rest) "-error" } { (why) } }
                        select id=(rest) name=(rest) aria-invalid=[(missing || self.checked.rest_fault.is_some()).then_some("true")]
                            aria-describedby=[(missing || self.checked.rest_fault.is_some()).then(|| format!("{rest}-error"))] {
                            option value="" { (say.t("move-rest-choose")) }
                            @for (name, title) in &self.book.rests { option value=(name) selected[*name == self.rest_to] { (title) } }
                        }
                    }
                }
            }
        }
    }
}

/// A choice among the columns of a sheet.
pub(super) fn select(
    name: &str,
    title: &str,
    none: &str,
    heading: &[String],
    chosen: Option<usize>,
) -> Markup {
    html! {
        div class="field" {
            label for=(name) { (title) }
            select id=(name) name=(name) {
                option value="" { (none) }
                @for (index, cell) in heading.iter().enumerate() {
                    option value=(index) selected[chosen == Some(index)] { (cell) }
                }
            }
        }
    }
}

/// The answer of `check`, with the places that its rows have in the sheet.
fn checked(answer: &Value, places: &[usize]) -> Checked {
    let read = items(answer.get("read").unwrap_or_default_ref()).iter();
    let read = read.zip(places).map(|(read, place)| (*place, read.as_str().unwrap_or_default().to_owned()));
    let faults = items(answer.get("faults").unwrap_or_default_ref()).iter();
    let fault = |fault: &Value| {
        let row = usize::try_from(fault.get("row")?.as_u64()?).ok()?;
        Some((*places.get(row)?, text(fault, "why").to_owned()))
    };
    let said = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    Checked {
        read: read.collect(),
        faults: faults.filter_map(fault).collect(),
        rest: said("rest"),
        rest_fault: said("rest-fault"),
        failed: None,
    }
}

/// What stands in a book for parties, one list of cells each.
pub(super) async fn written(
    visit: &Visit,
    book: &Book,
    parties: &[&str],
) -> Result<Vec<Vec<String>>, Refused> {
    let mut all = Vec::with_capacity(parties.len());
    for some in parties.chunks(PARTIES_MAX) {
        let arguments = json!({ "book": book.name, "parties": some });
        let answer = ask_plugin(visit, order(&book.taker, "written", arguments)).await?;
        let cells = |row: &Value| {
            let mut cells: Vec<String> =
                items(row).iter().map(|cell| cell.as_str().unwrap_or_default().to_owned()).collect();
            cells.resize(book.columns.len(), String::new());
            cells
        };
        let mut rows: Vec<Vec<String>> = items(&answer).iter().map(cells).collect();
        rows.resize(some.len(), vec![String::new(); book.columns.len()]);
        all.append(&mut rows);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn book(name: &str, unit: &str) -> Book {
        let column = |name: &str, words: &[&str]| Column {
            name: name.to_owned(),
            title: String::new(),
            words: words
                .iter()
                .flat_map(|word| [format!("{word} ({unit})"), format!("{word} {unit}"), (*word).to_owned()])
                .collect(),
        };
        Book {
            taker: Taker { plugin: "till".into(), interface: format!("{MOVING_IN}0.1.0") },
            name: name.to_owned(),
            title: String::new(),
            columns: vec![column("balance", &["balance"]), column("top", &["highest balance"])],
            rests: Vec::new(),
        }
    }

    fn guess(heading: &[&str], taken: &[Option<usize>]) -> Vec<Vec<Option<usize>>> {
        let heading: Vec<String> = heading.iter().map(|&cell| cell.to_owned()).collect();
        let books = vec![book("hours", "hour"), book("leaves", "leaf")];
        guessed(books, &heading, taken).into_iter().map(|filled| filled.chosen).collect()
    }

    #[test]
    fn columns_are_guessed_for_the_book_that_they_name_and_each_once() {
        assert_eq!(guess(&["Name", "Balance"], &[Some(0)]), [[Some(1), None], [None, None]]);
        assert_eq!(guess(&["Name", "Balance (LEAF)"], &[Some(0)]), [[None, None], [Some(1), None]]);
        assert_eq!(
            guess(&["Balance leaf", "Balance", "Highest balance"], &[]),
            [[Some(1), Some(2)], [Some(0), None]]
        );
        assert_eq!(guess(&["Old balance"], &[]), [[Some(0), None], [None, None]]);
        assert_eq!(guess(&["Balance"], &[Some(0)]), [[None, None], [None, None]], "it is something else");
    }

    #[test]
    fn what_a_plugin_says_is_told_of_the_row_that_it_is_about() {
        let answer = json!({
            "read": ["1.00", "", "x"],
            "faults": [{ "row": 1, "why": "no" }, { "row": 9, "why": "nowhere" }, { "why": "odd" }],
            "rest": "1.00",
        });
        let told = checked(&answer, &[2, 5]);
        assert_eq!(told.read, [(2, "1.00".to_owned()), (5, String::new())]);
        assert_eq!(told.faults, [(5, "no".to_owned())]);
        assert_eq!((told.rest.as_deref(), told.rest_fault), (Some("1.00"), None));
        assert!(checked(&Value::Null, &[1]).read.is_empty(), "a plugin may say anything");
    }
}
