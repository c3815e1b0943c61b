//! `/stewards/invitations`: links by which people come in, as text and as a QR code.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use hamlet_identity::Identity;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{ask, items, number, text};
use super::join::{base64url, new_link};
use super::qr;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::visit::{Member, Posted, Visit, redirect};

/// For how long a link is good when nothing else is said, in days.
const DAYS: u64 = 14;
/// Longest that a link may be good, in days.
const DAYS_MAX: u64 = 365;

pub(crate) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, html! {}).await
}

async fn shown(member: &Member, status: StatusCode, top: Markup) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let listed = ask(visit, "invitations", "list", json!({})).await;
    let body = match listed {
        Err(refused) => html! { h1 { (say.t("invitations")) } (notice("bad", &refused.said(visit))) },
        Ok(invitations) => html! {
            h1 { (say.t("invitations")) }
            (top)
            section class="card" {
                h2 { (say.t("invite-title")) }
                form method="post" action="/stewards/invitations" {
                    (hidden(visit))
                    (field(&Field { name: "label", label: &say.t("invite-label"), help: &say.t("invite-label-help"), optional: true, ..Field::default() }))
                    div class="pair" {
                        (field(&Field { name: "uses", label: &say.t("invite-uses"), kind: "number", value: "1", ..Field::default() }))
                        (field(&Field { name: "days", label: &say.t("invite-days"), kind: "number", value: &DAYS.to_string(), ..Field::default() }))
                    }
                    button { (say.t("invite")) }
                }
            }
            @if !items(&invitations).is_empty() {
                h2 { (say.t("invitations-open")) }
                ul class="rows" { @for invitation in items(&invitations) { (row(member, invitation)) } }
            }
        },
    };
    let frame = Frame {
        title: &say.t("invitations"),
        place: "/stewards/invitations",
        scripts: &["pages"],
        ..Frame::default()
    };
    shell::page_with(visit, status, &frame, &body)
}

fn row(member: &Member, invitation: &Value) -> Markup {
    let visit = &member.visit;
    let say = &visit.say;
    let count = |name: &str| number(invitation, name).unwrap_or_default().to_string();
    let day = visit.day(number(invitation, "expires").unwrap_or_default());
    html! {
        li {
            span class="grow" {
                (text(invitation, "label")) br;
                span class="soft" { (say.with("invitation-used", &[("used", &count("used")), ("uses", &count("uses")), ("day", &day)])) }
            }
            form method="post" action="/stewards/invitations/revoke" {
                (hidden(visit))
                input type="hidden" name="invitation" value=(text(invitation, "id"));
                button class="danger" { (say.t("take-back")) }
            }
        }
    }
}

pub(crate) async fn create(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let days: u64 = fields.text("days").parse().unwrap_or(DAYS).clamp(1, DAYS_MAX);
    let order = Order {
        label: fields.text("label"),
        uses: fields.text("uses").parse().unwrap_or(1),
        days,
        person: None,
    };
    match make(&member.visit, &order).await {
        Ok(link) => shown(&member, StatusCode::OK, made(&member.visit, &link)).await,
        Err(words) => shown(&member, StatusCode::UNPROCESSABLE_ENTITY, notice("bad", &words)).await,
    }
}

/// What an invitation is to be.
struct Order<'a> {
    label: &'a str,
    uses: u32,
    days: u64,
    /// For somebody who is in already; else for newcomers.
    person: Option<&'a str>,
}

/// Makes an invitation; its link. The error is in words.
async fn make(visit: &Visit, order: &Order<'_>) -> Result<String, String> {
    let secret = new_link().map_err(|_| visit.say.t("host-failed"))?;
    let expires = visit.here.state.kernel.now().saturating_add(order.days * 86_400 * 1_000_000);
    let order = json!({ "order": {
        "hash": base64url(&Identity::hash_of(&secret)), "label": order.label, "uses": order.uses,
        "expires": expires.to_string(), "groups": [], "person": order.person,
    } });
    ask(visit, "invitations", "create", order).await.map_err(|refused| refused.said(visit))?;
    Ok(format!("{}/join/{secret}", visit.site().origin))
}

/// A link for a party that is in already.
pub(crate) async fn for_party(visit: &Visit, party: &str, days: u64) -> Result<String, String> {
    make(visit, &Order { label: "", uses: 1, days, person: Some(party) }).await
}

/// A link by which so many newcomers come in. The error is in words.
pub(super) async fn for_newcomers(visit: &Visit, label: &str, uses: u32) -> Result<String, String> {
    make(visit, &Order { label, uses, days: DAYS, person: None }).await
}

/// A link, to be shown once: as a QR code, as text.
pub(crate) fn made(visit: &Visit, link: &str) -> Markup {
    let say = &visit.say;
    html! {
        section class="card" {
            h2 { (say.t("invite-made")) }
            p { (say.t("invite-made-lead")) }
            (qr::code(link, &say.t("invite-qr")))
            p { a class="code" href=(link) { (link) } }
            button class="quiet" type="button" data-copy=(link) data-copied=(say.t("copied")) hidden { (say.t("copy")) }
            button class="quiet" type="button" data-print hidden { (say.t("print")) }
        }
    }
}

/// A link by which somebody who is in already gets a way to sign in, on a page of its own.
pub(crate) async fn for_person(
    Path(handle): Path<String>,
    Posted { visit: member, .. }: Posted<Member>,
) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let Ok(party) = ask(visit, "members", "find", json!({ "handle": handle })).await else {
        return crate::front::not_found().await.into_response();
    };
    let order = Order { label: &handle, uses: 1, days: DAYS, person: Some(text(&party, "id")) };
    let top = match make(visit, &order).await {
        Ok(link) => made(visit, &link),
        Err(words) => notice("bad", &words),
    };
    let body = html! {
        h1 { (text(&party, "name")) }
        (top)
        p { a href={ "/members/" (handle) } { (say.t("back")) } }
    };
    let frame =
        Frame { title: text(&party, "name"), place: "/members", scripts: &["pages"], ..Frame::default() };
    shell::page(visit, &frame, &body)
}

pub(crate) async fn revoke(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let order = json!({ "invitation": fields.text("invitation") });
    let _gone = ask(&member.visit, "invitations", "revoke", order).await;
    redirect("/stewards/invitations")
}
