//! `/stewards/hand-over`: what hangs on one person, so that the community outlives her: a page to fill in and print.

use axum::response::Response;
use http::StatusCode;
use maud::html;
use serde_json::json;

use super::ask::{ask, items, text};
use super::home::OrNull as _;
use super::shell::{self, Frame, hidden, notice};
use super::visit::{Member, Posted, redirect};

const PLACE: &str = "/stewards/hand-over";
/// What is asked, one after another, where nothing was written yet.
const QUESTIONS: [&str; 7] = [
    "hand-over-box",
    "hand-over-name",
    "hand-over-mail",
    "hand-over-keys",
    "hand-over-backup",
    "hand-over-money",
    "hand-over-people",
];

pub(crate) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, None, "").await
}

async fn shown(member: &Member, status: StatusCode, typed: Option<&str>, problem: &str) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let frame = Frame { title: &say.t("hand-over"), place: PLACE, scripts: &["pages"], ..Frame::default() };
    let notes = match ask(visit, "papers", "notes", json!({})).await {
        Ok(notes) => notes.as_str().unwrap_or_default().to_owned(),
        Err(refused) => {
            let body = html! { h1 { (say.t("hand-over")) } (notice("bad", &refused.said(visit))) };
            return shell::page_with(visit, StatusCode::FORBIDDEN, &frame, &body);
        }
    };
    let filter = json!({ "filter": { "group": hamlet_identity::STEWARDS }, "limit": 0 });
    let stewards = ask(visit, "members", "list", filter).await.unwrap_or_default();
    let stewards = items(stewards.get("parties").unwrap_or_default_ref());
    let empty = || QUESTIONS.map(|question| format!("{}\n\n", say.t(question))).concat();
    let value = match typed {
        Some(typed) => typed.to_owned(),
        None if notes.is_empty() => empty(),
        None => notes,
    };
    let body = html! {
        h1 { (say.t("hand-over")) }
        p class="lead" { (say.t("hand-over-lead")) }
        (notice("bad", problem))
        section class="card" {
            h2 { (say.t("hand-over-stewards")) }
            @if stewards.len() == 1 { p class="notice bad" { (say.with("hand-over-one", &[("name", stewards.first().map_or("", |only| text(only, "name")))])) } }
            ul { @for steward in stewards { li { (text(steward, "name")) } } }
        }
        section class="card" {
            h2 { (say.t("hand-over-here")) }
            dl {
                dt { (say.t("hand-over-address")) } dd { (visit.site().origin) }
                dt { (say.t("hand-over-version")) } dd { (env!("CARGO_PKG_VERSION")) }
            }
        }
        form method="post" action=(PLACE) class="card" {
            (hidden(visit))
            div class="field" {
                label for="notes" { (say.t("hand-over-notes")) }
                p class="help" id="notes-help" { (say.t("hand-over-notes-help")) }
                textarea id="notes" name="notes" rows="24" maxlength="16000" aria-describedby="notes-help" { (value) }
            }
            button { (say.t("save")) } " "
            button class="quiet" type="button" data-print hidden { (say.t("print")) }
        }
    };
    shell::page_with(visit, status, &frame, &body)
}

pub(crate) async fn save(Posted { visit: member, fields }: Posted<Member>) -> Response {
    // Browsers send line breaks as two.
    let text = fields.text("notes").replace("\r\n", "\n");
    match ask(&member.visit, "papers", "set-notes", json!({ "text": text })).await {
        Ok(_) => redirect(PLACE),
        Err(refused) => {
            let words = match refused.case.as_str() {
                "text-invalid" => member.visit.say.t("rules-too-long"),
                _ => refused.said(&member.visit),
            };
            shown(&member, StatusCode::UNPROCESSABLE_ENTITY, Some(&text), &words).await
        }
    }
}
