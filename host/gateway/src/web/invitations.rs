//! `/stewards/invitations`: links by which people come in, as text and as a QR code.

use axum::response::Response;
use hamlet_identity::Identity;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{ask, items, number, text};
use super::join::base64url;
use super::qr;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::visit::{Member, Posted, redirect};

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
        script: true,
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
    let visit = &member.visit;
    let say = &visit.say;
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        return shown(&member, StatusCode::INTERNAL_SERVER_ERROR, notice("bad", &say.t("host-failed"))).await;
    }
    let secret = base64url(&random);
    let days: u64 = fields.text("days").parse().unwrap_or(DAYS).clamp(1, DAYS_MAX);
    let expires = visit.here.state.kernel.now().saturating_add(days * 86_400 * 1_000_000);
    let uses: u32 = fields.text("uses").parse().unwrap_or(1);
    let order = json!({
        "hash": base64url(&Identity::hash_of(&secret)), "label": fields.text("label"), "uses": uses,
        "expires": expires.to_string(), "groups": [],
    });
    match ask(visit, "invitations", "create", json!({ "order": order })).await {
        Ok(_) => {
            let link = format!("{}/join/{secret}", visit.site().origin);
            let top = html! {
                section class="card" {
                    h2 { (say.t("invite-made")) }
                    p { (say.t("invite-made-lead")) }
                    (qr::code(&link, &say.t("invite-qr")))
                    p { a class="code" href=(link) { (link) } }
                    button class="quiet" type="button" data-copy=(link) data-copied=(say.t("copied")) hidden { (say.t("copy")) }
                }
            };
            shown(&member, StatusCode::OK, top).await
        }
        Err(refused) => {
            shown(&member, StatusCode::UNPROCESSABLE_ENTITY, notice("bad", &refused.said(visit))).await
        }
    }
}

pub(crate) async fn revoke(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let order = json!({ "invitation": fields.text("invitation") });
    let _gone = ask(&member.visit, "invitations", "revoke", order).await;
    redirect("/stewards/invitations")
}
