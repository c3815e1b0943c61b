//! `/stewards/move-in`: a community moves in from a list: read it, say which column is what, mend what is wrong, bring
//! all in at once, print each person's invitation, or take it all back while nobody has signed in.

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{Refused, ask, items, number, text};
use super::home::OrNull as _;
use super::invitations;
use super::log::{self, Names};
use super::newcomers::{self, Chosen, Fault, Newcomer};
use super::prove;
use super::qr;
use super::sheet::{self, COLUMNS, ROWS_MAX, Sheet, SheetError};
use super::shell::{self, Frame, hidden, notice};
use super::upload::Uploaded;
use super::visit::{Member, Posted, Visit, redirect};

const PLACE: &str = "/stewards/move-in";
/// Rows that are shown before all are brought in.
const SHOWN_MAX: usize = 20;
/// Letters of a bad row that are shown with what is wrong.
const CELLS_LETTERS_MAX: usize = 80;
/// For how long the invitations that are printed are good, in days.
const DAYS: u64 = 60;

/// The words for the columns, in the order of [`COLUMNS`].
const WORDS: [&str; COLUMNS.len()] = [
    "move-column-handle",
    "profile-email",
    "profile-phone",
    "profile-address",
    "kind-household",
    "member-kind",
    "member-name",
];

pub(crate) async fn page(member: Member) -> Response {
    first(&member, StatusCode::OK, "").await
}

fn frame(title: &str) -> Frame<'_> {
    Frame { title, place: PLACE, script: true, ..Frame::default() }
}

pub(super) fn denied(visit: &Visit) -> Response {
    let say = &visit.say;
    let body = html! { h1 { (say.t("move-title")) } (notice("bad", &say.t("refused-denied"))) };
    shell::page_with(visit, StatusCode::FORBIDDEN, &frame(&say.t("move-title")), &body)
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
                input type="file" id="sheet" name="sheet" accept=".csv,.txt,.tsv,text/csv,text/plain" aria-describedby="sheet-help" required;
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
    let say = &visit.say;
    if !member.browser.steward {
        return denied(visit);
    }
    let typed = uploaded.text("csv").as_bytes();
    let bytes = uploaded.file("sheet").map_or(typed, |file| file);
    let sheet = match sheet::read(bytes) {
        Ok(sheet) => sheet,
        Err(why) => {
            let words = match why {
                SheetError::Empty => say.t("move-empty"),
                SheetError::TooLong => say.with("move-too-long", &[("rows", &ROWS_MAX.to_string())]),
                SheetError::Unclosed => say.t("move-unclosed"),
            };
            return first(member, StatusCode::UNPROCESSABLE_ENTITY, &words).await;
        }
    };
    let mapped = uploaded.text("mapped") == "yes";
    let chosen = if mapped { chosen(&uploaded, &sheet) } else { sheet::guess(&sheet.heading) };
    let Ok(taken) = handles(visit).await else { return denied(visit) };
    let (newcomers, faults) = newcomers::of(&sheet, &chosen, taken);
    if uploaded.text("do") != "bring" || !faults.is_empty() || newcomers.len() > ROWS_MAX {
        return mapping(member, &sheet, &chosen, &newcomers, &faults, "");
    }
    if let Some(response) = prove::first_from(member, PLACE).await {
        return response;
    }
    let mut visit = visit.clone();
    visit.reason =
        Some(uploaded.text("reason")).filter(|reason| !reason.is_empty()).map(std::sync::Arc::from);
    let order = json!({ "newcomers": newcomers.iter().map(Newcomer::to_json).collect::<Vec<_>>() });
    match ask(&visit, "moves", "bring", order).await {
        Ok(id) => redirect(&format!("{PLACE}/{}", id.as_str().unwrap_or_default())),
        Err(refused) => mapping(member, &sheet, &chosen, &newcomers, &faults, &said(&visit, &refused)),
    }
}

/// Words for what these functions refuse. Rows were checked before: what is refused now changed in between.
fn said(visit: &Visit, refused: &Refused) -> String {
    match refused.case.as_str() {
        "faulty" => visit.say.t("move-changed"),
        "somebody-came" => visit.say.t("move-somebody-came"),
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

/// Which column is what, what would come of it, and what is wrong.
fn mapping(
    member: &Member,
    sheet: &Sheet,
    chosen: &Chosen,
    newcomers: &[Newcomer],
    faults: &[(usize, Fault)],
    problem: &str,
) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let fine = faults.is_empty() && newcomers.len() <= ROWS_MAX;
    let body = html! {
        h1 { (say.t("move-title")) }
        (notice("bad", problem))
        form method="post" action=(PLACE) enctype="multipart/form-data" {
            (hidden(visit))
            input type="hidden" name="mapped" value="yes";
            input type="hidden" name="csv" value=(csv(sheet));
            section class="card" {
                h2 { (say.t("move-columns")) }
                p { (say.t("move-columns-about")) }
                @for (((name, _), words), place) in COLUMNS.iter().zip(WORDS).zip(chosen) {
                    div class="field" {
                        label for={ "column-" (name) } { (say.t(words)) }
                        select id={ "column-" (name) } name={ "column-" (name) } {
                            option value="" { (say.t("move-no-column")) }
                            @for (index, cell) in sheet.heading.iter().enumerate() {
                                option value=(index) selected[*place == Some(index)] { (cell) }
                            }
                        }
                    }
                }
                button class="quiet" name="do" value="look" { (say.t("move-look-again")) }
            }
            @if !faults.is_empty() {
                section class="card" {
                    h2 { (say.t("move-faults")) }
                    p { (say.t("move-faults-about")) }
                    ul { @for (place, fault) in faults { li { (say.with("move-row", &[("row", &place.to_string()), ("cells", &cells(sheet, *place))])) " " (say.t(words_of(*fault))) } } }
                }
            }
            section class="card" {
                h2 { (say.count("move-count", newcomers.len().try_into().unwrap_or(u64::MAX))) }
                (preview(visit, newcomers))
                @if fine {
                    (log::reason(visit, "reason"))
                    p { (say.t("move-do-about")) }
                    button name="do" value="bring" { (say.t("move-do")) }
                }
            }
        }
        p { a href=(PLACE) { (say.t("back")) } }
    };
    let status = if fine && problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    shell::page_with(visit, status, &frame(&say.t("move-title")), &body)
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

fn preview(visit: &Visit, newcomers: &[Newcomer]) -> Markup {
    let say = &visit.say;
    html! {
        ul class="rows" {
            @for one in newcomers.iter().take(SHOWN_MAX) {
                li { span class="grow" {
                    (one.name) " " span class="soft" { (one.handle) }
                    @if one.kind != "person" { " · " (say.t(if one.kind == "household" { "kind-household" } else { "kind-organisation" })) }
                    @if let Some(household) = &one.acts_for { " · " (say.with("move-acts-for", &[("household", household)])) }
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

/// One move: who came, and what can be done with it.
pub(crate) async fn one(Path(id): Path<String>, member: Member) -> Response {
    moved(&member, &id, StatusCode::OK, "").await
}

async fn moved(member: &Member, id: &str, status: StatusCode, problem: &str) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let moved = match ask(visit, "moves", "get", json!({ "move": id })).await {
        Ok(moved) => moved,
        Err(refused) if refused.case == "denied" => return denied(visit),
        Err(_) => return crate::front::not_found().await.into_response(),
    };
    let arrivals = items(moved.get("arrivals").unwrap_or_default_ref());
    let came = arrivals.iter().any(|arrival| arrival.get("came") == Some(&Value::Bool(true)));
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(arrivals.len());
    for arrival in arrivals {
        rows.push((
            names.of(visit, text(arrival, "party")).await,
            arrival.get("came") == Some(&Value::Bool(true)),
        ));
    }
    let place = format!("{PLACE}/{id}");
    let body = html! {
        h1 { (say.count("move-count", rows.len().try_into().unwrap_or(u64::MAX))) }
        p class="lead" { (visit.moment(number(&moved, "at").unwrap_or_default())) }
        (notice("bad", problem))
        form method="post" action={ (place) "/invitations" } class="card" {
            (hidden(visit))
            p { (say.with("move-print-about", &[("days", &DAYS.to_string())])) }
            button { (say.t("move-print")) }
        }
        ul class="rows" {
            @for (name, came) in &rows { li { span class="grow" { (name) } @if *came { span class="soft" { (say.t("move-came")) } } } }
        }
        section class="card" {
            h2 { (say.t("move-undo")) }
            @if came { p { (say.t("move-somebody-came")) } }
            @else {
                form method="post" action={ (place) "/undo" } {
                    (hidden(visit))
                    p { (say.t("move-undo-about")) }
                    (log::reason(visit, "reason"))
                    button class="danger" { (say.t("move-undo")) }
                }
            }
        }
        p { a href=(PLACE) { (say.t("back")) } }
    };
    shell::page_with(visit, status, &frame(&say.t("move-title")), &body)
}

pub(crate) async fn undo(Path(id): Path<String>, Posted { visit: member, .. }: Posted<Member>) -> Response {
    if let Some(response) = prove::first_from(&member, &format!("{PLACE}/{id}")).await {
        return response;
    }
    match ask(&member.visit, "moves", "undo", json!({ "move": id })).await {
        Ok(_) => redirect(PLACE),
        Err(refused) => {
            let words = said(&member.visit, &refused);
            moved(&member, &id, StatusCode::UNPROCESSABLE_ENTITY, &words).await
        }
    }
}

/// An invitation for each person who has not signed in yet, to be printed and cut apart. Shown once.
pub(crate) async fn print(Path(id): Path<String>, Posted { visit: member, .. }: Posted<Member>) -> Response {
    if let Some(response) = prove::first_from(&member, &format!("{PLACE}/{id}")).await {
        return response;
    }
    let visit = &member.visit;
    let say = &visit.say;
    let Ok(moved) = ask(visit, "moves", "get", json!({ "move": id })).await else { return denied(visit) };
    let mut names = Names::default();
    let mut cards = Vec::new();
    for arrival in items(moved.get("arrivals").unwrap_or_default_ref()) {
        if text(arrival, "kind") != "person" || arrival.get("came") == Some(&Value::Bool(true)) {
            continue;
        }
        let party = text(arrival, "party");
        let name = names.of(visit, party).await;
        match invitations::for_party(visit, party, DAYS).await {
            Ok(link) => cards.push((name, link)),
            Err(words) => return self::moved(&member, &id, StatusCode::UNPROCESSABLE_ENTITY, &words).await,
        }
    }
    let body = html! {
        h1 class="noprint" { (say.t("move-print")) }
        p class="noprint" { (say.t("invite-made-lead")) " " button class="quiet" type="button" data-print hidden { (say.t("print")) } }
        @for (name, link) in cards {
            section class="card slip" {
                h2 { (name) }
                p { (say.with("move-slip", &[("community", &visit.community.name)])) }
                (qr::code(&link, &say.t("invite-qr")))
                p class="code" { (link) }
            }
        }
        p class="noprint" { a href={ (PLACE) "/" (id) } { (say.t("back")) } }
    };
    shell::page(visit, &frame(&say.t("move-print")), &body)
}
