//! `/groups`: what each group is for, who is in it, and what it may do.
//!
//! What a group may do is read from the functions that admit it, in the words of their authors: there is no second list
//! that could say something else.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use hamlet_bundle::Access;

use super::ask::{Refused, ask, items, number, text};
use super::home::{OrNull as _, party};
use super::log;
use super::prove;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::visit::{Member, Posted, Visit, redirect};

const PLACE: &str = "/groups";
/// Members of a group that its page shows.
const SHOWN_MAX: u32 = 200;

pub(crate) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, "").await
}

async fn shown(member: &Member, status: StatusCode, problem: &str) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let groups = ask(visit, "groups", "list", json!({})).await.unwrap_or_default();
    let body = html! {
        h1 { (say.t("groups")) }
        p class="lead" { (say.t("groups-lead")) }
        (notice("bad", problem))
        ul class="rows" {
            @for group in items(&groups) {
                li {
                    a class="grow" href={ (PLACE) "/" (text(group, "name")) } { (text(group, "name")) }
                    span class="soft" { (say.count("group-size", number(group, "size").unwrap_or_default())) }
                }
            }
        }
        @if member.browser.steward {
            section class="card" {
                h2 { (say.t("group-new")) }
                form method="post" action=(PLACE) {
                    (hidden(visit))
                    (field(&Field { name: "name", label: &say.t("group-name"), help: &say.t("group-join-help"), autocomplete: "off", ..Field::default() }))
                    (settings(visit, "", false))
                    (log::reason(visit, "reason"))
                    button { (say.t("add")) }
                }
            }
        }
    };
    shell::page_with(visit, status, &frame(&say.t("groups")), &body)
}

fn frame(title: &str) -> Frame<'_> {
    Frame { title, place: PLACE, ..Frame::default() }
}

/// What a group is for and who lets people in.
fn settings(visit: &Visit, purpose: &str, open: bool) -> Markup {
    let say = &visit.say;
    html! {
        (field(&Field { name: "purpose", label: &say.t("group-purpose"), help: &say.t("group-purpose-help"), value: purpose, autocomplete: "off", optional: true, ..Field::default() }))
        div class="field tick" {
            input type="checkbox" id="open" name="open" value="yes" checked[open];
            label for="open" { (say.t("group-open")) }
        }
    }
}

pub(crate) async fn one(Path(name): Path<String>, member: Member) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let groups = ask(visit, "groups", "list", json!({})).await.unwrap_or_default();
    let Some(group) = items(&groups).iter().find(|group| text(group, "name") == name) else {
        return crate::front::not_found().await.into_response();
    };
    let open = text(group, "joining") == "open";
    let mine = group.get("mine") == Some(&Value::Bool(true));
    let order = json!({ "filter": { "group": name }, "limit": SHOWN_MAX });
    let found = ask(visit, "members", "list", order).await.unwrap_or_default();
    let parties = items(found.get("parties").unwrap_or_default_ref());
    let may = may(visit, &name);
    let place = format!("{PLACE}/{name}");
    let body = html! {
        h1 { (name) }
        p class="lead" { @if text(group, "purpose").is_empty() { (say.t("group-no-purpose")) } @else { (text(group, "purpose")) } }
        @if mine {
            form method="post" action={ (place) "/leave" } { (hidden(visit)) button class="danger" { (say.t("group-go")) } }
        } @else if open {
            form method="post" action={ (place) "/join" } { (hidden(visit)) button { (say.t("group-come")) } }
        }
        section class="card" {
            h2 { (say.t("group-who")) }
            @if parties.is_empty() { p { (say.t("group-nobody")) } }
            ul class="rows" {
                @for party in parties { li { a class="grow" href={ "/members/" (text(party, "handle")) } { (text(party, "name")) } } }
            }
        }
        section class="card" {
            h2 { (say.t("group-may")) }
            @if may.is_empty() { p { (say.t("group-may-nothing")) } }
            @for (title, sentences) in may { h3 { (title) } ul { @for sentence in sentences { li { (sentence) } } } }
        }
        @if member.browser.steward && name != hamlet_identity::STEWARDS {
            section class="card" {
                h2 { (say.t("for-stewards")) }
                form method="post" action=(PLACE) {
                    (hidden(visit))
                    input type="hidden" name="name" value=(name);
                    (settings(visit, text(group, "purpose"), open))
                    (log::reason(visit, "reason"))
                    button { (say.t("save")) }
                }
            }
        }
        p { a href=(PLACE) { (say.t("groups")) } }
    };
    shell::page(visit, &frame(&name), &body)
}

/// What this group may do and every member may not: per plugin, the first sentences of the functions' own words.
fn may(visit: &Visit, name: &str) -> Vec<(String, Vec<String>)> {
    let catalogue = visit.here.state.kernel.catalogue();
    let mut found = Vec::new();
    for plugin in catalogue.plugins.values().filter(|plugin| plugin.active) {
        let sentences = plugin.functions.iter().filter_map(|callable| {
            let admits = |wanted: &dyn Fn(&Access) -> bool| callable.rule.access.iter().any(wanted);
            let for_group = admits(&|access| matches!(access, Access::Group(group) if group == name))
                && !admits(&|access| matches!(access, Access::Member | Access::Public));
            for_group.then(|| first_sentence(&callable.function.docs, &callable.function.name))
        });
        let sentences: Vec<String> = sentences.collect();
        if !sentences.is_empty() {
            let title = if &*plugin.name == "host" {
                visit.say.t("group-may-host")
            } else {
                visit.title_of(plugin).to_owned()
            };
            found.push((title, sentences));
        }
    }
    found
}

/// The first sentence of a doc comment; the function's name where it has none.
pub(crate) fn first_sentence(docs: &str, name: &str) -> String {
    let first = docs.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    let end = first.find(". ").map_or(first.len(), |end| end + 1);
    let sentence = first.get(..end).unwrap_or_default().trim();
    if sentence.is_empty() { name.to_owned() } else { sentence.to_owned() }
}

/// A steward says what a group is for.
pub(crate) async fn set(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let visit = &member.visit;
    if let Some(response) = prove::first_from(&member, PLACE).await {
        return response;
    }
    let joining = if fields.text("open") == "yes" { "open" } else { "by-stewards" };
    let name = fields.text("name").to_lowercase();
    let order = json!({ "name": name, "purpose": fields.text("purpose"), "joining": joining });
    match ask(visit, "groups", "set", order).await {
        Ok(_) => redirect(&format!("{PLACE}/{name}")),
        Err(refused) => shown(&member, StatusCode::UNPROCESSABLE_ENTITY, &said(visit, &refused)).await,
    }
}

/// Words for what these functions refuse.
fn said(visit: &Visit, refused: &Refused) -> String {
    let say = &visit.say;
    match refused.case.as_str() {
        "name-invalid" | "group-invalid" => say.t("group-name-invalid"),
        "purpose-too-long" => say.t("group-purpose-too-long"),
        "stewards-never-open" => say.t("group-stewards-never-open"),
        "not-open" => say.t("group-not-open"),
        "last-steward" => say.t("leave-last-steward"),
        _ => refused.said(visit),
    }
}

pub(crate) async fn join(Path(name): Path<String>, Posted { visit: member, .. }: Posted<Member>) -> Response {
    let outcome = ask(&member.visit, "groups", "join", json!({ "name": name })).await;
    after(&member, &name, outcome).await
}

pub(crate) async fn leave(
    Path(name): Path<String>,
    Posted { visit: member, .. }: Posted<Member>,
) -> Response {
    let order = json!({ "party": party(&member.visit), "group": name });
    let outcome = ask(&member.visit, "members", "leave-group", order).await;
    after(&member, &name, outcome).await
}

async fn after(member: &Member, name: &str, outcome: Result<Value, Refused>) -> Response {
    match outcome {
        // A group that was empty and said nothing of itself is gone with the last who leaves it.
        Ok(_) => redirect(PLACE),
        Err(refused) => {
            let problem = format!("{name}: {}", said(&member.visit, &refused));
            shown(member, StatusCode::UNPROCESSABLE_ENTITY, &problem).await
        }
    }
}
