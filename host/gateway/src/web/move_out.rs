//! `/stewards/move-in/people.csv`: the list that a community moved in with, as it is now, at any time: who is here, in
//! which household, how to reach them, and what plugins keep that can be brought in (`brought`).
//!
//! It holds what the steward who takes it may see and no more: lines that are for others' eyes stay empty. Read again by
//! `sheet`, it is the same list. If it is wrong, somebody's address leaves in a file that she gave to nobody.

use std::collections::BTreeMap;

use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use serde_json::{Value, json};

use super::ask::{Refused, ask, items, text};
use super::brought;
use super::home::OrNull as _;
use super::move_in::PLACE;
use super::prove;
use super::sheet::Sheet;
use super::shell;
use super::visit::{Member, Visit};

/// The heading, in words that `sheet` reads.
const HEADING: [&str; 7] = ["Name", "Short name", "Kind", "Household", "Phone", "E-mail", "Address"];

pub(crate) async fn file(member: Member) -> Response {
    if !member.browser.steward {
        return super::move_in::denied(&member.visit);
    }
    // Back to the page: a browser that was sent on to a file would leave her before an empty window.
    if let Some(response) = prove::first_from(&member, PLACE).await {
        return response;
    }
    let sheet = match sheet(&member.visit).await {
        Ok(sheet) => sheet,
        Err(refused) => return shell::not_done(&member.visit, PLACE, PLACE, &refused.said(&member.visit)),
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"people.csv\"")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, super::move_in::csv(&sheet)).into_response()
}

/// All who take part, by short name; a household before its people is not needed.
async fn sheet(visit: &Visit) -> Result<Sheet, Refused> {
    let (mut parties, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let page =
            ask(visit, "members", "list", json!({ "filter": {}, "limit": 0, "cursor": cursor })).await?;
        parties.extend_from_slice(items(page.get("parties").unwrap_or_default_ref()));
        cursor = page.get("next").cloned().unwrap_or_default();
        if cursor.is_null() {
            break;
        }
    }
    parties.retain(|party| text(party, "status") == "active" && text(party, "kind") != "commons");
    let mut household_of: BTreeMap<String, String> = BTreeMap::new();
    for household in parties.iter().filter(|party| text(party, "kind") == "household") {
        let whose = json!({ "party": text(household, "id") });
        for entry in items(&ask(visit, "members", "mandates", whose).await?) {
            household_of
                .entry(text(entry, "person").to_owned())
                .or_insert_with(|| text(household, "name").to_owned());
        }
    }
    let mut rows = Vec::with_capacity(parties.len());
    for party in &parties {
        let id = text(party, "id");
        let profile = ask(visit, "profiles", "get", json!({ "party": id })).await.unwrap_or_default();
        let contact = profile.get("contact").unwrap_or_default_ref();
        let line = |name: &str| text(contact.get(name).unwrap_or_default_ref(), "text").to_owned();
        rows.push(vec![
            text(party, "name").to_owned(),
            text(party, "handle").to_owned(),
            text(party, "kind").to_owned(),
            household_of.get(id).cloned().unwrap_or_default(),
            line("phone"),
            line("email"),
            line("address"),
        ]);
    }
    let mut heading = HEADING.map(str::to_owned).to_vec();
    let ids: Vec<&str> = parties.iter().map(|party| text(party, "id")).collect();
    for book in brought::books(visit).await {
        heading.extend(book.columns.iter().map(|column| column.title.clone()));
        for (row, cells) in rows.iter_mut().zip(brought::written(visit, &book, &ids).await?) {
            row.extend(cells);
        }
    }
    Ok(Sheet { heading, rows: tamed(rows) })
}

/// Rows of which no cell is a formula.
fn tamed(rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    rows.into_iter().map(|row| row.iter().map(|cell| tame(cell)).collect()).collect()
}

/// What a program that shows tables would take for a formula, led by an apostrophe. A telephone number and a number with
/// its sign are none.
fn tame(cell: &str) -> String {
    let rest =
        |allowed: &[u8]| cell.bytes().skip(1).all(|byte| byte.is_ascii_digit() || allowed.contains(&byte));
    let number = (cell.starts_with('+') && rest(b" .,-/()")) || (cell.starts_with('-') && rest(b"."));
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number;
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::sheet;
    use super::*;

    #[test]
    fn what_goes_out_comes_in_again_and_no_cell_is_a_formula() {
        let rows = [
            ["Ana \"Luz\", the baker", "+51 555 (0101)"],
            ["=HYPERLINK(\"x\")", "+cmd|' /C calc'!A0"],
            ["@a", "-1+2"],
        ];
        assert_eq!(tame("-12.50"), "-12.50");
        let rows: Vec<Vec<String>> = rows.map(|row| row.map(str::to_owned).to_vec()).to_vec();
        let (heading, first) = (vec!["Name".to_owned(), "Phone".to_owned()], rows.first().cloned());
        let sheet = Sheet { heading, rows: tamed(rows) };
        let read = sheet::read(super::super::move_in::csv(&sheet).as_bytes()).unwrap();
        assert_eq!(read.heading, sheet.heading);
        assert_eq!(read.rows.first(), first.as_ref());
        for cell in read.rows.iter().skip(1).flatten() {
            assert!(cell.starts_with('\''), "{cell}");
        }
    }
}
