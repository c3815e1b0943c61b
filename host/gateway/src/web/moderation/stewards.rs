//! `/stewards/moderation`: what was reported, what is hidden, what newcomers may put up.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::super::ask::{ask, items, number, text};
use super::super::home::OrNull as _;
use super::super::log::Names;
use super::super::shell::{self, Field, Frame, field, hidden, notice};
use super::super::visit::{Member, Posted, Visit, redirect};
use super::{STEWARDS, content_of, party_in, place, quoted, said, said_hidden};

pub(super) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, html! {}).await
}

async fn shown(member: &Member, status: StatusCode, top: Markup) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let title = say.t("moderation");
    let frame = Frame { title: &title, place: STEWARDS, ..Frame::default() };
    if !member.browser.steward {
        return shell::denied(visit, &frame);
    }
    let mut names = Names::default();
    let reports = ask(visit, "moderation", "reports", json!({})).await.unwrap_or_default();
    let mut reported = Vec::new();
    for one in items(&reports) {
        reported.push(report(visit, one, &mut names).await);
    }
    let list = ask(visit, "moderation", "list", json!({})).await.unwrap_or_default();
    // What waits for an answer comes first.
    let (waiting, decided): (Vec<&Value>, Vec<&Value>) = items(&list).iter().partition(|one| waits(one));
    let mut hidings = Vec::new();
    for one in waiting.into_iter().chain(decided) {
        hidings.push(hiding(visit, one, &mut names).await);
    }
    let limits = ask(visit, "moderation", "limits", json!({})).await.unwrap_or_default();
    let digits = |name: &str| number(&limits, name).unwrap_or_default().to_string();
    let body = html! {
        h1 { (title) }
        p class="lead" { (say.t("moderation-lead")) }
        (top)
        h2 { (say.t("moderation-reported")) }
        @if reported.is_empty() { p class="soft" { (say.t("moderation-reported-none")) } }
        @for one in reported { (one) }
        h2 { (say.t("moderation-list")) }
        @if hidings.is_empty() { p class="soft" { (say.t("moderation-list-none")) } }
        @else { ul class="rows" { @for one in hidings { (one) } } }
        section class="card" {
            h2 { (say.t("moderation-newcomers")) }
            p { (say.t("moderation-newcomers-about")) }
            form method="post" action=(STEWARDS) {
                (hidden(visit))
                div class="pair" {
                    (field(&Field { name: "days", label: &say.t("moderation-newcomers-days"), value: &digits("days"), digits: true, autocomplete: "off", ..Field::default() }))
                    (field(&Field { name: "a-day", label: &say.t("moderation-newcomers-a-day"), value: &digits("a-day"), digits: true, autocomplete: "off", ..Field::default() }))
                }
                button class="quiet" { (say.t("save")) }
            }
        }
    };
    shell::page_with(visit, status, &frame, &body)
}

fn waits(hiding: &Value) -> bool {
    hiding.get("appeal").unwrap_or_default_ref().get("refused") == Some(&Value::Bool(false))
}

/// Something that was reported: what it says, who reported it and why.
async fn report(visit: &Visit, one: &Value, names: &mut Names) -> Markup {
    let (plugin, name) = (text(one, "plugin"), text(one, "name"));
    let content = content_of(visit, plugin, name).await;
    let author = match &content {
        Some(content) => names.of(visit, text(content, "author")).await,
        None => String::new(),
    };
    let mut reasons = Vec::new();
    for report in items(one.get("reports").unwrap_or_default_ref()) {
        let who = names.of(visit, text(report, "by")).await;
        reasons.push((who, visit.moment(number(report, "at").unwrap_or_default()), text(report, "reason")));
    }
    html! {
        section class="card" {
            p { strong { (author) } " · " span class="soft" { (visit.plugin_title(plugin)) } }
            @match &content { Some(content) => (quoted(content)), None => p class="soft" { (visit.say.t("moderation-gone")) } }
            ul { @for (who, at, why) in &reasons { li { (who) " " span class="soft" { (at) } ": " q { (why) } } } }
            @if let Some(place) = place(plugin, name) { p { a class="button" href=(place) { (visit.say.t("moderation-decide")) } } }
        }
    }
}

/// Something that is hidden.
async fn hiding(visit: &Visit, one: &Value, names: &mut Names) -> Markup {
    let author = match party_in(one, "author") {
        Some(author) => names.of(visit, author).await,
        None => String::new(),
    };
    let day = visit.day(number(one, "at").unwrap_or_default());
    let place = place(text(one, "plugin"), text(one, "name")).unwrap_or_default();
    html! {
        li { span class="grow" {
            a href=(place) { (author) " · " (visit.plugin_title(text(one, "plugin"))) " · " (day) }
            @if waits(one) { " " strong { (visit.say.t("moderation-appeal-new")) } }
            br; span class="soft" { (said_hidden(visit, one)) }
        } }
    }
}

pub(super) async fn set_limits(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let whole = |name: &str| fields.text(name).parse::<u32>().unwrap_or(u32::MAX);
    let order = json!({ "limits": { "days": whole("days"), "a-day": whole("a-day") } });
    match ask(&member.visit, "moderation", "set-limits", order).await {
        Ok(_) => redirect(STEWARDS),
        Err(refused) => {
            let top = notice("bad", &said(&member.visit, &refused));
            shown(&member, StatusCode::UNPROCESSABLE_ENTITY, top).await
        }
    }
}
