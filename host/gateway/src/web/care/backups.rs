//! `/stewards/backups`: copies of the whole community.
//!
//! The host makes them and sends them away; what opens them is a steward's key that it does not have. Trying one out
//! needs that key for a moment: it is typed, used and forgotten.

use std::io::Read as _;

use axum::body::Body;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use maud::{Markup, html};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::super::ask::{ask, items, number, text};
use super::super::home::OrNull as _;
use super::super::prove;
use super::super::shell::{self, Field, field, hidden, notice};
use super::super::visit::{Member, Posted, Visit, redirect};
use super::{beside, bytes, denied, frame};
use crate::caretaker::Copies;
use crate::front;

const PATH: &str = "/stewards/backups";
/// Outcomes that are shown.
const NOTES_SHOWN: usize = 12;
/// Copies that are listed.
const COPIES_SHOWN: usize = 60;
/// How much of a file is on its way at a time.
const PIECE_BYTES: usize = 128 << 10;
const PIECES_MAX: usize = 4;

pub(super) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, html! {}).await
}

async fn shown(member: &Member, status: StatusCode, top: Markup) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let title = say.t("backups");
    if !member.browser.steward {
        return denied(visit, &title);
    }
    let Some(caretaker) = visit.here.state.caretaker.clone() else {
        let body = html! { h1 { (title) } (notice("bad", &say.t("backups-not-here"))) };
        return shell::page_with(visit, StatusCode::NOT_FOUND, &frame(&title), &body);
    };
    let copies = beside(move || caretaker.copies()).await.unwrap_or_default();
    let state = ask(visit, "backups", "current", json!({})).await.unwrap_or_default();
    let notes = ask(visit, "backups", "notes", json!({})).await.unwrap_or_default();
    let body = html! {
        h1 { (title) }
        p class="lead" { (say.t("backups-lead")) }
        (top)
        (keys(visit, &state, &copies))
        @if copies.recipients > 0 {
            section class="card" {
                h2 { (say.t("backups-now")) }
                p { (say.with("backups-folder", &[("folder", &copies.folder)])) }
                @if copies.same_disk { (notice("bad", &say.t("backups-same-disk"))) }
                form method="post" action={ (PATH) "/make" } { (hidden(visit)) button { (say.t("backups-make")) } }
            }
        }
        (there(visit, &copies))
        (plan_form(visit, &copies))
        (went(visit, &notes))
    };
    shell::page_with(visit, status, &frame(&title), &body)
}

/// For whom copies are locked.
fn keys(visit: &Visit, state: &Value, copies: &Copies) -> Markup {
    let say = &visit.say;
    let keys = items(state.get("keys").unwrap_or_default_ref());
    let me = super::super::home::party(visit);
    let mine = keys.iter().find(|key| text(key, "person") == me);
    html! {
        section class="card" {
            h2 { (say.t("backups-keys")) }
            @if copies.recipients == 0 { (notice("bad", &say.t("backups-no-key"))) }
            @else { p { (say.with("backups-keys-number", &[("number", &copies.recipients.to_string())])) } }
            @if let Some(key) = mine {
                p { (say.with("backups-your-key", &[("day", &visit.day(number(key, "since").unwrap_or_default()))])) " " code { (text(key, "recipient")) } }
            }
            p { a class=@if mine.is_some() { "button quiet" } @else { "button" } href={ (PATH) "/key" } {
                (say.t(if mine.is_some() { "backups-key-anew" } else { "backups-key-make" }))
            } }
        }
    }
}

/// The copies that are there.
fn there(visit: &Visit, copies: &Copies) -> Markup {
    let say = &visit.say;
    html! {
        h2 { (say.t("backups-there")) }
        @if copies.there.is_empty() { p { (say.t("backups-none")) } }
        ul class="rows" {
            @for copy in copies.there.iter().rev().take(COPIES_SHOWN) {
                li {
                    span class="grow" { (visit.moment(copy.made)) br; span class="soft" { (copy.file) " · " (bytes(copy.bytes)) } }
                    a class="button quiet" href={ (PATH) "/get/" (copy.file) } download=(copy.file) { (say.t("backups-download")) span class="unseen" { " " (copy.file) } }
                }
            }
        }
        @if let Some(keys) = &copies.keys {
            p { (say.t("backups-keys-file")) " " a href={ (PATH) "/get/" (keys) } download=(keys) { (keys) } }
        }
        @if let Some(newest) = copies.there.last() {
            section class="card" {
                h2 { (say.t("backups-try")) }
                p { (say.t("backups-try-about")) }
                form method="post" action={ (PATH) "/try" } autocomplete="off" {
                    (hidden(visit))
                    div class="field" {
                        label for="file" { (say.t("backups-which")) }
                        select id="file" name="file" {
                            @for copy in copies.there.iter().rev().take(COPIES_SHOWN) {
                                option value=(copy.file) selected[copy.file == newest.file] { (visit.moment(copy.made)) }
                            }
                        }
                    }
                    (field(&Field { name: "secret", label: &say.t("backups-secret"), help: &say.t("backups-secret-help"), kind: "password", autocomplete: "off", ..Field::default() }))
                    button { (say.t("backups-try-do")) }
                }
            }
        }
    }
}

fn plan_form(visit: &Visit, copies: &Copies) -> Markup {
    let say = &visit.say;
    html! {
        section class="card" {
            h2 { (say.t("backups-plan")) }
            form method="post" action={ (PATH) "/plan" } {
                (hidden(visit))
                (field(&Field { name: "every", label: &say.t("backups-every"), help: &say.t("backups-every-help"), kind: "number", value: &copies.every_hours.to_string(), ..Field::default() }))
                (field(&Field { name: "keep", label: &say.t("backups-keep"), help: &say.t("backups-keep-help"), kind: "number", value: &copies.keep.to_string(), ..Field::default() }))
                button { (say.t("save")) }
            }
        }
    }
}

/// How the last ones went.
fn went(visit: &Visit, notes: &Value) -> Markup {
    let say = &visit.say;
    html! {
        @if !items(notes).is_empty() {
            h2 { (say.t("backups-went")) }
            ul class="rows" {
                @for note in items(notes).iter().take(NOTES_SHOWN) {
                    @let outcome = text(note, "outcome");
                    li { span class="grow" {
                        strong class=@if matches!(outcome, "failed" | "unfit") { "error" } @else { "" } { (say.t(outcome_words(outcome))) }
                        " " span class="soft" { (visit.moment(number(note, "at").unwrap_or_default())) } br;
                        (text(note, "said"))
                    } }
                }
            }
        }
    }
}

fn outcome_words(outcome: &str) -> &'static str {
    match outcome {
        "made" => "backups-made",
        "tried" => "backups-tried",
        "unfit" => "backups-unfit",
        _ => "backups-failed",
    }
}

/// A steward who proved lately that it is she; else what she is answered.
async fn guard(member: &Member) -> Option<Response> {
    if !member.browser.steward {
        return Some(denied(&member.visit, &member.visit.say.t("backups")));
    }
    prove::first_from(member, PATH).await
}

pub(super) async fn make(Posted { visit: member, .. }: Posted<Member>) -> Response {
    if !member.browser.steward {
        return denied(&member.visit, &member.visit.say.t("backups"));
    }
    let Some(caretaker) = member.visit.here.state.caretaker.clone() else { return redirect(PATH) };
    outcome(&member, beside(move || caretaker.make_copy()).await).await
}

/// Whoever has the key that is typed here reads everything: so she proves first that it is she.
pub(super) async fn try_out(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if let Some(response) = guard(&member).await {
        return response;
    }
    let Some(caretaker) = member.visit.here.state.caretaker.clone() else { return redirect(PATH) };
    let (file, secret) = (fields.text("file").to_owned(), fields.text("secret").to_owned());
    outcome(&member, beside(move || caretaker.try_copy(&file, &secret)).await).await
}

async fn outcome(member: &Member, done: Option<Result<String, String>>) -> Response {
    match done {
        Some(Ok(said)) => shown(member, StatusCode::OK, notice("good", &said)).await,
        Some(Err(why)) => shown(member, StatusCode::UNPROCESSABLE_ENTITY, notice("bad", &why)).await,
        None => {
            let why = member.visit.say.t("host-failed");
            shown(member, StatusCode::INTERNAL_SERVER_ERROR, notice("bad", &why)).await
        }
    }
}

pub(super) async fn plan(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let visit = &member.visit;
    let numbers = fields.text("every").parse::<u32>().ok().zip(fields.text("keep").parse::<u32>().ok());
    let Some((every, keep)) = numbers else {
        let why = notice("bad", &visit.say.t("backups-plan-wrong"));
        return shown(&member, StatusCode::UNPROCESSABLE_ENTITY, why).await;
    };
    let order = json!({ "plan": { "every-hours": every, "keep": keep } });
    match ask(visit, "backups", "set-plan", order).await {
        Ok(_) => redirect(PATH),
        Err(refused) if refused.case == "out-of-range" => {
            let why = notice("bad", &visit.say.t("backups-plan-wrong"));
            shown(&member, StatusCode::UNPROCESSABLE_ENTITY, why).await
        }
        Err(refused) => {
            let why = notice("bad", &refused.said(visit));
            shown(&member, StatusCode::UNPROCESSABLE_ENTITY, why).await
        }
    }
}

/// Sends a copy away, a piece at a time: it may be larger than memory.
pub(super) async fn download(Path(file): Path<String>, member: Member) -> Response {
    if let Some(response) = guard(&member).await {
        return response;
    }
    let Some(caretaker) = member.visit.here.state.caretaker.clone() else { return redirect(PATH) };
    let name = file.clone();
    let found = beside(move || {
        let file = caretaker.open_copy(&name)?;
        let length = file.metadata().ok()?.len();
        Some((file, length))
    });
    let Some((mut from, length)) = found.await.flatten() else {
        return front::not_found().await.into_response();
    };
    let (pieces, mut received) = mpsc::channel::<std::io::Result<Bytes>>(PIECES_MAX);
    tokio::task::spawn_blocking(move || {
        let mut buffer = vec![0; PIECE_BYTES];
        loop {
            let piece = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => Ok(Bytes::copy_from_slice(buffer.get(..count).unwrap_or_default())),
                Err(error) => Err(error),
            };
            let ended = piece.is_err();
            // Whoever took it may have gone.
            if pieces.blocking_send(piece).is_err() || ended {
                break;
            }
        }
    });
    let body = Body::from_stream(stream::poll_fn(move |cx| received.poll_recv(cx)));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{file}\""))
        .unwrap_or(HeaderValue::from_static("attachment"));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (CONTENT_DISPOSITION, disposition),
        (CONTENT_LENGTH, HeaderValue::from(length)),
    ];
    (headers, body).into_response()
}
