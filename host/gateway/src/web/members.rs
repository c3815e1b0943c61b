//! `/members`: who is there, and what stewards do for them.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{Refused, ask, items, number, text};
use super::fields::Fields;
use super::home::{OrNull as _, party as party_of};
use super::log;
use super::mandates;
use super::moderation;
use super::profile;
use super::prove;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::visit::{Member, Posted, Visit, escaped, redirect};
use super::wards;

/// Parties a page.
const PAGE: u32 = 50;

pub(crate) async fn page(member: Member) -> Response {
    listed(&member, StatusCode::OK, "").await
}

async fn listed(member: &Member, status: StatusCode, problem: &str) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let query = visit.path.split_once('?').map_or("", |(_, query)| query).to_owned();
    let query = Fields::parse(&query.into()).unwrap_or_default();
    let cursor = Some(query.exact("after")).filter(|cursor| !cursor.is_empty());
    let order = json!({ "filter": {}, "limit": PAGE, "cursor": cursor });
    let found = ask(visit, "members", "list", order).await.unwrap_or_default();
    let parties = items(found.get("parties").unwrap_or_default_ref());
    let body = html! {
        h1 { (say.t("members")) }
        ul class="rows" {
            @for party in parties.iter().filter(|party| text(party, "status") == "active") {
                li {
                    a class="grow" href={ "/members/" (text(party, "handle")) } { (text(party, "name")) }
                    span class="soft" { (kind(visit, text(party, "kind"))) }
                }
            }
        }
        @if member.browser.steward {
            section class="card" {
                h2 { (say.t("member-add")) }
                p { (say.t("member-add-about")) }
                (notice("bad", problem))
                form method="post" action="/members" {
                    (hidden(visit))
                    div class="field" {
                        label for="kind" { (say.t("member-kind")) }
                        select id="kind" name="kind" {
                            option value="person" { (say.t("kind-person")) }
                            option value="household" { (say.t("kind-household")) }
                            option value="organisation" { (say.t("kind-organisation")) }
                        }
                    }
                    div class="pair" {
                        (field(&Field { name: "name", label: &say.t("member-name"), autocomplete: "off", ..Field::default() }))
                        (field(&Field { name: "handle", label: &say.t("handle"), autocomplete: "off", ..Field::default() }))
                    }
                    (log::reason(visit, "reason-add"))
                    button { (say.t("add")) }
                }
            }
        }
        @if let Some(next) = found.get("next").and_then(serde_json::Value::as_str) {
            p { a class="button quiet" href={ "/members?after=" (escaped(next)) } { (say.t("more")) } }
        }
    };
    let frame = Frame { title: &say.t("members"), place: "/members", ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

/// Somebody without a phone, a household or an organisation: a steward adds them.
pub(crate) async fn add(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let visit = &member.visit;
    let handle = fields.text("handle").to_lowercase();
    let order = json!({ "kind": fields.text("kind"), "handle": handle, "name": fields.text("name") });
    match ask(visit, "members", "add", order).await {
        Ok(_) => redirect(&format!("/members/{handle}")),
        Err(refused) => listed(&member, StatusCode::UNPROCESSABLE_ENTITY, &refused.said(visit)).await,
    }
}

/// What a steward can do for a member.
fn for_stewards(visit: &Visit, handle: &str, party: &Value, groups: &Value) -> Markup {
    let say = &visit.say;
    let person = text(party, "kind") == "person";
    html! {
        section class="card" {
            h2 { (say.t("for-stewards")) }
            @if person {
                form method="post" action={ "/members/" (handle) "/invite" } { (hidden(visit)) button class="quiet" { (say.t("member-way-in")) } }
                p class="help" { (say.t("member-way-in-about")) }
            }
            h3 { (say.t("groups")) }
            ul class="rows" {
                @for group in items(groups) {
                    @let group = group.as_str().unwrap_or_default();
                    li {
                        span class="grow" { (group) }
                        form method="post" action={ "/members/" (handle) "/groups" } {
                            (hidden(visit))
                            input type="hidden" name="group" value=(group);
                            input type="hidden" name="leave" value="yes";
                            button class="danger" { (say.t("group-leave")) }
                        }
                    }
                }
            }
            form method="post" action={ "/members/" (handle) "/groups" } {
                (hidden(visit))
                (field(&Field { name: "group", label: &say.t("group-join"), help: &say.t("group-join-help"), autocomplete: "off", ..Field::default() }))
                (log::reason(visit, "reason-group"))
                button class="quiet" { (say.t("add")) }
            }
        }
    }
}

/// Puts somebody into a group, or takes her out.
pub(crate) async fn groups(
    Path(handle): Path<String>,
    Posted { visit: member, fields }: Posted<Member>,
) -> Response {
    let function = if fields.text("leave").is_empty() { "join-group" } else { "leave-group" };
    let order = |party: &str| json!({ "party": party, "group": fields.text("group") });
    let said = |visit: &Visit, refused: &Refused| refused.said(visit);
    change(&member, &handle, ("members", function), order, said).await
}

/// Changes what is kept of somebody, from a form on her page, and goes back to it. A fresh proof comes first, as before
/// every grant: a steward may make another steward here, and who may act for somebody may empty her account.
/// `act`: an interface of the host's and its function; `order`: its arguments for her id; `said`: words for a refusal.
pub(super) async fn change(
    member: &Member,
    handle: &str,
    act: (&str, &str),
    order: impl FnOnce(&str) -> Value,
    said: impl FnOnce(&Visit, &Refused) -> String,
) -> Response {
    let visit = &member.visit;
    let place = format!("/members/{handle}");
    if let Some(response) = prove::first_from(member, &place).await {
        return response;
    }
    let Ok(party) = ask(visit, "members", "find", json!({ "handle": handle })).await else {
        return crate::front::not_found().await.into_response();
    };
    match ask(visit, act.0, act.1, order(text(&party, "id"))).await {
        Ok(_) => redirect(&place),
        Err(refused) => not_done(visit, handle, &said(visit, &refused)),
    }
}

/// Why something on a person's page was not done, and the way back to it.
pub(super) fn not_done(visit: &Visit, handle: &str, words: &str) -> Response {
    shell::not_done(visit, "/members", &format!("/members/{handle}"), words)
}

fn kind(visit: &Visit, kind: &str) -> String {
    let say = &visit.say;
    match kind {
        "household" => say.t("kind-household"),
        "organisation" => say.t("kind-organisation"),
        "commons" => say.t("kind-commons"),
        _ => String::new(),
    }
}

pub(crate) async fn one(Path(handle): Path<String>, member: Member) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let Ok(party) = ask(visit, "members", "find", json!({ "handle": handle })).await else {
        return crate::front::not_found().await.into_response();
    };
    let groups =
        ask(visit, "members", "groups", json!({ "party": text(&party, "id") })).await.unwrap_or_default();
    let since = visit.day(number(&party, "since").unwrap_or_default());
    let body = html! {
        h1 { (text(&party, "name")) }
        p class="lead" { (text(&party, "handle")) @let kind = kind(visit, text(&party, "kind")); @if !kind.is_empty() { " · " (kind) } }
        p { (say.with("member-since", &[("day", &since)])) }
        @if text(&party, "status") == "active" { (profile::card(visit, &handle, &party).await) }
        @if !items(&groups).is_empty() {
            p { (say.t("groups")) ": " @for (place, group) in items(&groups).iter().enumerate() {
                @if place > 0 { ", " } (group.as_str().unwrap_or_default())
            } }
        }
        @if text(&party, "kind") == "person" && text(&party, "id") != party_of(visit)
            && (member.browser.steward || items(&groups).iter().any(|group| group == hamlet_identity::STEWARDS)) {
            details {
                summary { (say.t("recovery-lost")) }
                p { (say.t("recoveries-lead")) }
                form method="post" action={ "/members/" (handle) "/recover" } { (hidden(visit)) (log::reason(visit, "reason-recover")) button class="quiet" { (say.t("recovery-begin")) } }
                p { a href="/recoveries" { (say.t("recoveries")) } }
            }
        }
        @if text(&party, "status") == "active" { (mandates::card(&member, &handle, &party).await) (wards::card(&member, &handle, &party).await) (moderation::card(&member, &handle, &party).await) }
        @if member.browser.steward && text(&party, "status") == "active" { (for_stewards(visit, &handle, &party, &groups)) }
        p { a href="/members" { (say.t("members")) } }
    };
    shell::page(visit, &Frame { title: text(&party, "name"), place: "/members", ..Frame::default() }, &body)
}
