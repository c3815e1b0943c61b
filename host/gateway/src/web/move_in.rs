//! `/stewards/move-in`: a community moves in from a list: read it, say which column is what, mend what is wrong, and bring
//! all in at once, with what plugins take of it (`brought`). What can be done afterwards is in `moved`.

use std::collections::BTreeSet;

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{self, Order, Refused, ask, items, number, text};
use super::brought::{self, Filled, select};
use super::home::OrNull as _;
use super::log;
use super::newcomers::{self, Chosen, Fault, Newcomer};
use super::prove;
use super::sheet::{self, COLUMNS, Found, ROWS_MAX, Sheet, SheetError};
use super::shell::{self, Frame, hidden, notice};
use super::upload::Uploaded;
use super::visit::{Member, Visit, redirect};

pub(super) const PLACE: &str = "/stewards/move-in";
/// The kinds of files that a list may be.
const ACCEPT: &str = ".csv,.txt,.tsv,.xlsx,text/csv,text/plain,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Rows that are shown before all are brought in.
const SHOWN_MAX: usize = 20;
/// Letters of a bad row that are shown with what is wrong.
const CELLS_LETTERS_MAX: usize = 80;

/// The words for the columns, in the order of [`COLUMNS`].
const WORDS: [&str; COLUMNS.len()] = [
    "move-column-handle",
    "profile-email",
    "profile-phone",
    "profile-address",
    "move-column-household",
    "member-kind",
    "member-name",
];

pub(crate) async fn page(member: Member) -> Response {
    first(&member, StatusCode::OK, "").await
}

pub(super) fn frame(title: &str) -> Frame<'_> {
    Frame { title, place: PLACE, scripts: &["pages"], ..Frame::default() }
}

pub(super) fn denied(visit: &Visit) -> Response {
    shell::denied(visit, &frame(&visit.say.t("move-title")))
}

async fn first(member: &Member, status: StatusCode, problem: &str) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let Ok(moves) = ask(visit, "moves", "list", json!({})).await else { return denied(visit) };
    let body = html! {
        h1 { (say.t("move-title")) }
        p class="lead" { (say.t("move-lead")) }
        (notice("bad", problem))
        form method="post" action=(PLACE) enctype="multipart/form-data" class="card" {
            (hidden(visit))
            div class="field" {
                label for="sheet" { (say.t("move-file")) }
                p class="help" id="sheet-help" { (say.with("move-file-help", &[("rows", &ROWS_MAX.to_string())])) }
                input type="file" id="sheet" name="sheet" accept=(ACCEPT) aria-describedby="sheet-help" required;
            }
            div class="field" {
                label for="table" { (say.t("move-table")) }
                p class="help" id="table-help" { (say.t("move-table-help")) }
                input type="text" id="table" name="table" maxlength="100" autocomplete="off" aria-describedby="table-help";
            }
            button { (say.t("move-read")) }
        }
        p { a class="button quiet" href={ (PLACE) "/people.csv" } { (say.t("move-out")) } " " span class="soft" { (say.t("move-out-about")) } }
        @if !items(&moves).is_empty() {
            h2 { (say.t("move-moves")) }
            ul class="rows" { @for id in items(&moves) { (row(visit, id.as_str().unwrap_or_default()).await) } }
        }
    };
    shell::page_with(visit, status, &frame(&say.t("move-title")), &body)
}

async fn row(visit: &Visit, id: &str) -> Markup {
    let moved = ask(visit, "moves", "get", json!({ "move": id })).await.unwrap_or_default();
    let count = items(moved.get("arrivals").unwrap_or_default_ref()).len();
    let day = visit.moment(number(&moved, "at").unwrap_or_default());
    html! {
        li { a class="grow" href={ (PLACE) "/" (id) } { (day) } span class="soft" { (visit.say.count("move-count", count.try_into().unwrap_or(u64::MAX))) } }
    }
}

/// Reads what was sent; shows what would come of it; and brings it in where that was said and nothing is wrong.
pub(crate) async fn read(uploaded: Uploaded) -> Response {
    let member = &uploaded.visit;
    let visit = &member.visit;
    if !member.browser.steward {
        return denied(visit);
    }
    let (sheet, table) = match file(&uploaded).await {
        Ok(Found { sheet, table }) => (sheet, table),
        Err(why) => return first(member, StatusCode::UNPROCESSABLE_ENTITY, &unread(visit, &why)).await,
    };
    let mapped = uploaded.text("mapped") == "yes";
    let chosen = if mapped { chosen(&uploaded, &sheet) } else { sheet::guess(&sheet.heading) };
    let Ok(taken) = handles(visit).await else { return denied(visit) };
    let (newcomers, faults) = newcomers::of(&sheet, &chosen, taken);
    let books = brought::books(visit).await;
    let mut books = if mapped {
        brought::by_hand(books, &uploaded, &sheet)
    } else {
        brought::guessed(books, &sheet.heading, &chosen)
    };
    for book in &mut books {
        book.check(visit, &sheet, &newcomers).await;
    }
    let wanted = uploaded.text("do") == "bring";
    let (chosen, newcomers, faults, books) =
        (&chosen, newcomers.as_slice(), faults.as_slice(), books.as_slice());
    let list = List { sheet: &sheet, table: table.as_ref(), chosen, newcomers, faults, books };
    if !wanted || !list.is_fine() {
        return mapping(member, &list, wanted, "");
    }
    if let Some(response) = prove::first_from(member, PLACE).await {
        return response;
    }
    let mut visit = visit.clone();
    visit.reason =
        Some(uploaded.text("reason")).filter(|reason| !reason.is_empty()).map(std::sync::Arc::from);
    match bring(&visit, &list).await {
        Ok(id) => redirect(&format!("{PLACE}/{id}")),
        Err(refused) => mapping(member, &list, true, &said(&visit, &refused)),
    }
}

/// What was sent: a file, or the text of one that was read before. Off the threads that serve, for it takes as long as the
/// file is large.
async fn file(uploaded: &Uploaded) -> Result<Found, SheetError> {
    let bytes = match uploaded.file("sheet") {
        Some(file) => file.clone(),
        None => bytes::Bytes::copy_from_slice(uploaded.text("csv").as_bytes()),
    };
    let wanted = Some(uploaded.text("table").to_owned()).filter(|table| !table.is_empty());
    let reading = tokio::task::spawn_blocking(move || sheet::read_file(&bytes, wanted.as_deref()));
    reading.await.unwrap_or(Err(SheetError::Broken))
}

/// Why a file cannot be read, and what to do about it.
fn unread(visit: &Visit, why: &SheetError) -> String {
    let say = &visit.say;
    match why {
        SheetError::Empty => say.t("move-empty"),
        SheetError::TooLong => say.with("move-too-long", &[("rows", &ROWS_MAX.to_string())]),
        SheetError::Unclosed => say.t("move-unclosed"),
        SheetError::Broken => say.t("move-broken"),
        SheetError::Encrypted => say.t("move-encrypted"),
        SheetError::OldKind => say.t("move-old-kind"),
        SheetError::TooLarge => say.t("move-too-large"),
        SheetError::Macros => say.t("move-macros"),
        SheetError::FormulaWithoutValue(place) => say.with("move-formula", &[("place", place)]),
        SheetError::NoSuchTable(tables) => say.with("move-no-table", &[("tables", &tables.join(", "))]),
    }
}

/// A list, what is said of its columns, and what would come of it.
struct List<'a> {
    sheet: &'a Sheet,
    /// Of a spreadsheet that was just read: the name of the table, and those of the others.
    table: Option<&'a (String, Vec<String>)>,
    chosen: &'a Chosen,
    newcomers: &'a [Newcomer],
    faults: &'a [(usize, Fault)],
    books: &'a [Filled],
}

impl List<'_> {
    /// Whether all of it could be brought in.
    fn is_fine(&self) -> bool {
        self.rows_are_fine() && self.books.iter().all(Filled::is_fine)
    }

    /// Whether nothing is wrong with any row.
    fn rows_are_fine(&self) -> bool {
        self.faults.is_empty()
            && self.newcomers.len() <= ROWS_MAX
            && self.books.iter().all(|book| book.faults().is_empty())
    }
}

/// Brings in people and what they bring along, in one transaction; the move's id.
async fn bring(visit: &Visit, list: &List<'_>) -> Result<String, Refused> {
    let id = visit.new_id().to_string();
    let newcomers: Vec<Value> = list.newcomers.iter().map(Newcomer::to_json).collect();
    let people = json!({ "move": id, "newcomers": newcomers });
    let mut orders = vec![Order { plugin: "host", interface: "moves", function: "bring", arguments: people }];
    orders.extend(list.books.iter().filter_map(|book| book.bring(&id, list.sheet, list.newcomers)));
    match ask::all(visit, orders).await {
        Ok(()) => Ok(id),
        Err((_, refused)) => Err(refused),
    }
}

/// Words for what these functions refuse. Rows were checked before: what is refused now changed in between.
pub(super) fn said(visit: &Visit, refused: &Refused) -> String {
    match refused.case.as_str() {
        "faulty" | "not-new" | "rest-needed" | "no-such-book" => visit.say.t("move-changed"),
        "somebody-came" => visit.say.t("move-somebody-came"),
        "happened-since" => visit.say.t("move-happened-since"),
        _ => refused.said(visit),
    }
}

fn chosen(uploaded: &Uploaded, sheet: &Sheet) -> Chosen {
    COLUMNS.map(|(name, _)| {
        let place: usize = uploaded.text(&format!("column-{name}")).parse().ok()?;
        (place < sheet.heading.len()).then_some(place)
    })
}

/// All handles that are in use.
async fn handles(visit: &Visit) -> Result<BTreeSet<String>, Refused> {
    let mut found = BTreeSet::new();
    let mut cursor = Value::Null;
    loop {
        let page =
            ask(visit, "members", "list", json!({ "filter": {}, "limit": 0, "cursor": cursor })).await?;
        let parties = items(page.get("parties").unwrap_or_default_ref());
        found.extend(parties.iter().map(|party| text(party, "handle").to_owned()));
        cursor = page.get("next").cloned().unwrap_or_default();
        if cursor.is_null() {
            return Ok(found);
        }
    }
}

/// Which column is what, what would come of it, and what is wrong. `tried`: she wanted to bring it in.
fn mapping(member: &Member, list: &List<'_>, tried: bool, problem: &str) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let faults = faults(visit, list);
    let heading = &list.sheet.heading;
    let body = html! {
        h1 { (say.t("move-title")) }
        (notice("bad", problem))
        @if let Some((name, others)) = list.table.filter(|(_, others)| !others.is_empty()) {
            p class="notice" { (say.with("move-table-read", &[("table", name), ("others", &others.join(", "))])) }
        }
        form method="post" action=(PLACE) enctype="multipart/form-data" {
            (hidden(visit))
            input type="hidden" name="mapped" value="yes";
            input type="hidden" name="csv" value=(csv(list.sheet));
            section class="card" {
                h2 { (say.t("move-columns")) }
                p { (say.t("move-columns-about")) }
                @for (((name, _), words), place) in COLUMNS.iter().zip(WORDS).zip(list.chosen) {
                    (select(&format!("column-{name}"), &say.t(words), &say.t("move-no-column"), heading, *place))
                }
            }
            @for book in list.books { (book.form(visit, heading, tried)) }
            p { button class="quiet" name="do" value="look" { (say.t("move-look-again")) } }
            @if !faults.is_empty() {
                section class="card" {
                    h2 { (say.t("move-faults")) }
                    p { (say.t("move-faults-about")) }
                    ul { @for (place, fault) in &faults { li { (say.with("move-row", &[("row", &place.to_string()), ("cells", &cells(list.sheet, *place))])) " " (fault) } } }
                }
            }
            section class="card" {
                h2 { (say.count("move-count", list.newcomers.len().try_into().unwrap_or(u64::MAX))) }
                (preview(visit, list))
                @if list.rows_are_fine() {
                    (log::reason(visit, "reason"))
                    p { (say.t("move-do-about")) }
                    button name="do" value="bring" { (say.t("move-do")) }
                }
            }
        }
        p { a href=(PLACE) { (say.t("back")) } }
    };
    let fine = list.is_fine() || (list.rows_are_fine() && !tried);
    let status = if fine && problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    shell::page_with(visit, status, &frame(&say.t("move-title")), &body)
}

/// What is wrong, row by row: what the host says and what plugins say.
fn faults(visit: &Visit, list: &List<'_>) -> Vec<(usize, String)> {
    let own = list.faults.iter().map(|(place, fault)| (*place, visit.say.t(words_of(*fault))));
    let mut all: Vec<(usize, String)> = own.collect();
    all.extend(list.books.iter().flat_map(Filled::faults).cloned());
    all.sort_by_key(|(place, _)| *place);
    all
}

/// What a row holds, so that it is found in the list whatever its line there.
fn cells(sheet: &Sheet, place: usize) -> String {
    let row = place.checked_sub(1).and_then(|index| sheet.rows.get(index));
    row.map_or_else(String::new, |row| row.join(", ").chars().take(CELLS_LETTERS_MAX).collect())
}

fn words_of(fault: Fault) -> &'static str {
    match fault {
        Fault::NoName => "move-fault-no-name",
        Fault::NameTooLong => "refused-name-invalid",
        Fault::HandleInvalid => "refused-handle-invalid",
        Fault::HandleTaken => "move-fault-handle-taken",
        Fault::KindUnknown => "move-fault-kind",
        Fault::ContactInvalid => "profile-line-invalid",
    }
}

fn preview(visit: &Visit, list: &List<'_>) -> Markup {
    let say = &visit.say;
    let newcomers = list.newcomers;
    html! {
        ul class="rows" {
            @for one in newcomers.iter().take(SHOWN_MAX) {
                li { span class="grow" {
                    (one.name) " " span class="soft" { (one.handle) }
                    @if one.kind != "person" { " · " (say.t(if one.kind == "household" { "kind-household" } else { "kind-organisation" })) }
                    @if let Some(household) = &one.acts_for { " · " (say.with("move-acts-for", &[("household", household)])) }
                    @for read in list.books.iter().filter_map(|book| book.read(one.row?)) { br; span class="soft" { (read) } }
                } }
            }
        }
        @if newcomers.len() > SHOWN_MAX { p class="soft" { (say.count("move-and-more", (newcomers.len() - SHOWN_MAX).try_into().unwrap_or(u64::MAX))) } }
    }
}

/// A sheet as text (RFC 4180): to be sent again with another choice of columns, or taken away.
pub(super) fn csv(sheet: &Sheet) -> String {
    let line = |cells: &Vec<String>| {
        let quoted = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        quoted.collect::<Vec<_>>().join(",")
    };
    std::iter::once(&sheet.heading).chain(&sheet.rows).map(line).collect::<Vec<_>>().join("\n")
}
