//! `/recoveries`: letting somebody back in who lost every way to sign in. Every member sees what goes on.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use hamlet_identity::Identity;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{Refused, ask, items, number, text};
use super::home::{OrNull as _, party};
use super::invitations::made;
use super::join::base64url;
use super::log;
use super::prove;
use super::shell::{self, Frame, hidden, notice};
use super::visit::{Member, Posted, Visit, redirect};

const PLACE: &str = "/recoveries";
/// For how long the link is good, in days.
const DAYS: u64 = 7;

pub(crate) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, html! {}).await
}

async fn shown(member: &Member, status: StatusCode, top: Markup) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let going_on = ask(visit, "recoveries", "list", json!({})).await.unwrap_or_default();
    let mut rows = Vec::new();
    for recovery in items(&going_on) {
        rows.push(row(member, recovery).await);
    }
    let body = html! {
        h1 { (say.t("recoveries")) }
        p class="lead" { (say.t("recoveries-lead")) }
        (top)
        @if rows.is_empty() { p class="soft" { (say.t("recoveries-none")) } }
        @for row in rows { (row) }
    };
    let frame =
        Frame { title: &say.t("recoveries"), place: "/members", scripts: &["pages"], ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

async fn row(member: &Member, recovery: &Value) -> Markup {
    let visit = &member.visit;
    let say = &visit.say;
    let (person, by) = (name(visit, text(recovery, "person")).await, name(visit, text(recovery, "by")).await);
    let mut confirmed = Vec::new();
    for one in items(recovery.get("confirmed").unwrap_or_default_ref()) {
        confirmed.push(name(visit, one.as_str().unwrap_or_default()).await);
    }
    let ready = number(recovery, "ready");
    let now = visit.here.state.kernel.now();
    let hers = text(recovery, "person") == party(visit);
    let day = visit.day(number(recovery, "since").unwrap_or_default());
    html! {
        section class="card" {
            h2 { (person) }
            p { (say.with("recovery-begun", &[("by", &by), ("day", &day)])) }
            @if !confirmed.is_empty() { p { (say.with("recovery-confirmed", &[("names", &confirmed.join(", "))])) } }
            p class="soft" {
                @match ready {
                    None => { (say.t("recovery-needs-more")) }
                    Some(ready) if ready > now => { (say.with("recovery-waits", &[("day", &visit.day(ready))])) }
                    Some(_) => { (say.t("recovery-ready")) }
                }
            }
            @if hers { (button(visit, recovery, "cancel", "recovery-cancel-hers", "danger")) }
            @else if ready.is_some_and(|ready| ready <= now) { (button(visit, recovery, "finish", "recovery-finish", "")) }
            @else if ready.is_none() { (button(visit, recovery, "confirm", "recovery-confirm", "quiet")) }
            @if member.browser.steward && !hers { (button(visit, recovery, "cancel", "recovery-cancel", "danger")) }
        }
    }
}

fn button(visit: &Visit, recovery: &Value, act: &str, words: &str, class: &str) -> Markup {
    html! {
        form method="post" action={ (PLACE) "/" (act) } {
            (hidden(visit))
            input type="hidden" name="recovery" value=(text(recovery, "id"));
            (log::reason(visit, &format!("reason-{act}-{}", text(recovery, "id"))))
            button class=(class) { (visit.say.t(words)) }
        }
    }
}

async fn name(visit: &Visit, id: &str) -> String {
    let party = ask(visit, "members", "get", json!({ "party": id })).await.unwrap_or_default();
    text(&party, "name").to_owned()
}

/// Words for what these functions refuse.
fn said(visit: &Visit, refused: &Refused) -> String {
    let say = &visit.say;
    match refused.case.as_str() {
        "exists" => say.t("recovery-exists"),
        "not-yours" => say.t("recovery-not-yours"),
        "needs-others" => say.t("recovery-needs-others"),
        "not-ready" => say.t("recovery-not-ready"),
        _ => refused.said(visit),
    }
}

async fn refusal(member: &Member, refused: &Refused) -> Response {
    let words = said(&member.visit, refused);
    shown(member, StatusCode::UNPROCESSABLE_ENTITY, notice("bad", &words)).await
}

/// Begun from a member's page.
pub(crate) async fn begin(
    Path(handle): Path<String>,
    Posted { visit: member, .. }: Posted<Member>,
) -> Response {
    if let Some(response) = prove::first_from(&member, &format!("/members/{handle}")).await {
        return response;
    }
    let visit = &member.visit;
    let Ok(party) = ask(visit, "members", "find", json!({ "handle": handle })).await else {
        return crate::front::not_found().await.into_response();
    };
    match ask(visit, "recoveries", "begin", json!({ "person": text(&party, "id") })).await {
        Ok(_) => redirect(PLACE),
        Err(refused) => refusal(&member, &refused).await,
    }
}

pub(crate) async fn confirm(Posted { visit: member, fields }: Posted<Member>) -> Response {
    change(&member, "confirm", fields.text("recovery")).await
}

pub(crate) async fn cancel(Posted { visit: member, fields }: Posted<Member>) -> Response {
    change(&member, "cancel", fields.text("recovery")).await
}

async fn change(member: &Member, function: &str, recovery: &str) -> Response {
    if let Some(response) = prove::first_from(member, PLACE).await {
        return response;
    }
    match ask(&member.visit, "recoveries", function, json!({ "recovery": recovery })).await {
        Ok(_) => redirect(PLACE),
        Err(refused) => refusal(member, &refused).await,
    }
}

pub(crate) async fn finish(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if let Some(response) = prove::first_from(&member, PLACE).await {
        return response;
    }
    let visit = &member.visit;
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        return shown(&member, StatusCode::INTERNAL_SERVER_ERROR, notice("bad", &visit.say.t("host-failed")))
            .await;
    }
    let secret = base64url(&random);
    let expires = visit.here.state.kernel.now().saturating_add(DAYS * 86_400 * 1_000_000);
    let order = json!({
        "recovery": fields.text("recovery"), "hash": base64url(&Identity::hash_of(&secret)), "expires": expires.to_string(),
    });
    match ask(visit, "recoveries", "finish", order).await {
        Ok(_) => {
            let link = format!("{}/join/{secret}", visit.site().origin);
            shown(&member, StatusCode::OK, made(visit, &link)).await
        }
        Err(refused) => refusal(&member, &refused).await,
    }
}

/// For her who is not lost at all: somebody is letting somebody in as her.
pub(crate) async fn warning(visit: &Visit) -> Markup {
    let going_on = ask(visit, "recoveries", "list", json!({})).await.unwrap_or_default();
    let me = party(visit);
    let mine = items(&going_on).iter().any(|recovery| text(recovery, "person") == me);
    let say = &visit.say;
    let recent = ask(visit, "recoveries", "recent", json!({ "person": me })).await.unwrap_or_default();
    let recent = recent.as_str().and_then(|at| at.parse::<u64>().ok());
    let until = recent.map(|at| visit.day(at.saturating_add(hamlet_kernel::RECOVERED_FOR_MICROS)));
    html! {
        @if let Some(day) = until { div class="notice" { p { (say.with("recovery-recent", &[("day", &day)])) } } }
        @if mine { div class="notice bad" { p { (say.t("recovery-warning")) } a class="button" href=(PLACE) { (say.t("recovery-look")) } } }
    }
}
