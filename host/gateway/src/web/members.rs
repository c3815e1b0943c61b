//! `/members`: who is there.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use maud::html;
use serde_json::json;

use super::ask::{ask, items, number, text};
use super::fields::Fields;
use super::home::OrNull as _;
use super::shell::{self, Frame};
use super::visit::{Member, escaped};

/// Parties a page.
const PAGE: u32 = 50;

pub(crate) async fn page(member: Member) -> Response {
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
        @if let Some(next) = found.get("next").and_then(serde_json::Value::as_str) {
            p { a class="button quiet" href={ "/members?after=" (escaped(next)) } { (say.t("more")) } }
        }
    };
    shell::page(visit, &Frame { title: &say.t("members"), place: "/members", ..Frame::default() }, &body)
}

fn kind(visit: &super::visit::Visit, kind: &str) -> String {
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
        @if !items(&groups).is_empty() {
            p { (say.t("groups")) ": " @for (place, group) in items(&groups).iter().enumerate() {
                @if place > 0 { ", " } (group.as_str().unwrap_or_default())
            } }
        }
        p { a href="/members" { (say.t("members")) } }
    };
    shell::page(visit, &Frame { title: text(&party, "name"), place: "/members", ..Frame::default() }, &body)
}
