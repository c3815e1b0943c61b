//! `/me/tokens`: what a member's tools show instead of her. A token's text is shown once.

use axum::response::Response;
use hamlet_identity::Secret;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{ask, items, number, text};
use super::home::OrNull as _;
use super::join::base64url;
use super::prove;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::visit::{Member, Posted, Visit, redirect};

const PLACE: &str = "/me/tokens";
/// Longest that a token made here may be good, in days.
const DAYS_MAX: u64 = 3_650;

pub(crate) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, html! {}).await
}

async fn shown(member: &Member, status: StatusCode, top: Markup) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let tokens = ask(visit, "tokens", "list", json!({})).await.unwrap_or_default();
    let body = html! {
        h1 { (say.t("tokens")) }
        p class="lead" { (say.t("tokens-lead")) }
        (top)
        @if !items(&tokens).is_empty() { ul class="rows" { @for token in items(&tokens) { (row(visit, token)) } } }
        section class="card" {
            h2 { (say.t("token-new")) }
            form method="post" action=(PLACE) {
                (hidden(visit))
                (field(&Field { name: "label", label: &say.t("token-label"), help: &say.t("token-label-help"), autocomplete: "off", ..Field::default() }))
                (field(&Field { name: "functions", label: &say.t("token-functions"), help: &say.t("token-functions-help"), autocomplete: "off", optional: true, ..Field::default() }))
                (field(&Field { name: "days", label: &say.t("token-days"), kind: "number", value: "365", ..Field::default() }))
                div class="field tick" {
                    input type="checkbox" id="read-only" name="read-only" value="yes";
                    label for="read-only" { (say.t("token-read-only")) }
                }
                button { (say.t("token-make")) }
            }
        }
        p { a href="/me" { (say.t("back")) } }
    };
    let frame = Frame { title: &say.t("tokens"), place: "/me", script: true, ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

fn row(visit: &Visit, token: &Value) -> Markup {
    let say = &visit.say;
    let scope = token.get("scope").unwrap_or_default_ref();
    let functions: Vec<&str> =
        items(scope.get("functions").unwrap_or_default_ref()).iter().filter_map(Value::as_str).collect();
    let day = |name: &str| number(token, name).map(|time| visit.day(time));
    html! {
        li {
            span class="grow" {
                (text(token, "label")) br;
                span class="soft" {
                    @if functions.is_empty() { (say.t("token-all")) } @else { (functions.join(", ")) }
                    @if scope.get("read-only") == Some(&Value::Bool(true)) { " · " (say.t("token-read-only")) }
                    @if let Some(day) = day("expires") { " · " (say.with("token-expires", &[("day", &day)])) }
                    @if let Some(day) = day("last-used") { " · " (say.with("session-used", &[("day", &day)])) }
                }
            }
            form method="post" action={ (PLACE) "/revoke" } {
                (hidden(visit))
                input type="hidden" name="token" value=(text(token, "id"));
                button class="danger" { (say.t("take-back")) }
            }
        }
    }
}

pub(crate) async fn create(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if let Some(response) = prove::first_from(&member, PLACE).await {
        return response;
    }
    let visit = &member.visit;
    let say = &visit.say;
    let Ok(secret) = Secret::new() else {
        return shown(&member, StatusCode::INTERNAL_SERVER_ERROR, notice("bad", &say.t("host-failed"))).await;
    };
    let functions: Vec<&str> =
        fields.text("functions").split([',', ' ']).filter(|part| !part.is_empty()).collect();
    let days: u64 = fields.text("days").parse().unwrap_or(365).clamp(1, DAYS_MAX);
    let expires = visit.here.state.kernel.now().saturating_add(days * 86_400 * 1_000_000);
    let scope =
        json!({ "functions": functions, "read-only": fields.text("read-only") == "yes", "bulk": false });
    let order = json!({ "order": {
        "hash": base64url(&secret.hash()), "label": fields.text("label"), "scope": scope, "expires": expires.to_string(),
    } });
    let (status, top) = match ask(visit, "tokens", "create", order).await {
        Ok(_) => (StatusCode::OK, made(visit, secret.reveal())),
        Err(refused) => (StatusCode::UNPROCESSABLE_ENTITY, notice("bad", &refused.said(visit))),
    };
    shown(&member, status, top).await
}

fn made(visit: &Visit, secret: &str) -> Markup {
    let say = &visit.say;
    html! {
        section class="card" {
            h2 { (say.t("token-made")) }
            p { (say.t("token-made-lead")) }
            p class="code" { (secret) }
            button class="quiet" type="button" data-copy=(secret) data-copied=(say.t("copied")) hidden { (say.t("copy")) }
        }
    }
}

pub(crate) async fn revoke(Posted { visit: member, fields }: Posted<Member>) -> Response {
    // One that is gone already is no mistake of hers.
    let _gone = ask(&member.visit, "tokens", "revoke", json!({ "token": fields.text("token") })).await;
    redirect(PLACE)
}
