//! `/stewards/devices`: drivers, tablets and meters that may call. A device's key is shown once.

use axum::response::Response;
use hamlet_identity::Secret;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{ask, items, number, text};
use super::home::OrNull as _;
use super::join::base64url;
use super::log;
use super::prove;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::visit::{Member, Posted, Visit, redirect};

const PLACE: &str = "/stewards/devices";
/// Longest that a key made here may be good, in days.
const DAYS_MAX: u64 = 3_650;

pub(crate) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, html! {}).await
}

async fn shown(member: &Member, status: StatusCode, top: Markup) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let frame = Frame { title: &say.t("devices"), place: PLACE, script: true, ..Frame::default() };
    let devices = match ask(visit, "devices", "list", json!({})).await {
        Ok(devices) => devices,
        Err(refused) => {
            let body = html! { h1 { (say.t("devices")) } (notice("bad", &refused.said(visit))) };
            return shell::page_with(visit, StatusCode::FORBIDDEN, &frame, &body);
        }
    };
    let body = html! {
        h1 { (say.t("devices")) }
        p class="lead" { (say.t("devices-lead")) }
        (top)
        @if !items(&devices).is_empty() { ul class="rows" { @for device in items(&devices) { (row(visit, device)) } } }
        section class="card" {
            h2 { (say.t("device-new")) }
            form method="post" action=(PLACE) {
                (hidden(visit))
                (field(&Field { name: "name", label: &say.t("device-name"), help: &say.t("device-name-help"), autocomplete: "off", ..Field::default() }))
                (field(&Field { name: "functions", label: &say.t("token-functions"), help: &say.t("device-functions-help"), autocomplete: "off", ..Field::default() }))
                (field(&Field { name: "days", label: &say.t("token-days"), kind: "number", value: "365", ..Field::default() }))
                (log::reason(visit, "reason"))
                button { (say.t("device-make")) }
            }
        }
    };
    shell::page_with(visit, status, &frame, &body)
}

fn row(visit: &Visit, device: &Value) -> Markup {
    let say = &visit.say;
    let functions: Vec<&str> =
        items(device.get("functions").unwrap_or_default_ref()).iter().filter_map(Value::as_str).collect();
    let day = |name: &str| number(device, name).map(|time| visit.day(time));
    html! {
        li {
            span class="grow" {
                (text(device, "name")) br;
                span class="soft" {
                    (functions.join(", "))
                    @if let Some(day) = day("expires") { " · " (say.with("token-expires", &[("day", &day)])) }
                    @match day("last-used") {
                        Some(day) => { " · " (say.with("session-used", &[("day", &day)])) }
                        None => { " · " (say.t("device-never-used")) }
                    }
                }
            }
            form method="post" action={ (PLACE) "/revoke" } {
                (hidden(visit))
                input type="hidden" name="device" value=(text(device, "id"));
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
    let order = json!({ "order": {
        "hash": base64url(&secret.hash()), "name": fields.text("name"), "functions": functions,
        "expires": expires.to_string(),
    } });
    let (status, top) = match ask(visit, "devices", "create", order).await {
        Ok(_) => (StatusCode::OK, made(visit, secret.reveal())),
        Err(refused) => {
            let words = match refused.case.as_str() {
                "pattern-invalid" => say.t("device-pattern-invalid"),
                _ => refused.said(visit),
            };
            (StatusCode::UNPROCESSABLE_ENTITY, notice("bad", &words))
        }
    };
    shown(&member, status, top).await
}

fn made(visit: &Visit, secret: &str) -> Markup {
    let say = &visit.say;
    html! {
        section class="card" {
            h2 { (say.t("device-made")) }
            p { (say.t("token-made-lead")) }
            p class="code" { (secret) }
            button class="quiet" type="button" data-copy=(secret) data-copied=(say.t("copied")) hidden { (say.t("copy")) }
        }
    }
}

pub(crate) async fn revoke(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if let Some(response) = prove::first_from(&member, PLACE).await {
        return response;
    }
    // One that is gone already is no mistake of hers.
    let _gone = ask(&member.visit, "devices", "revoke", json!({ "device": fields.text("device") })).await;
    redirect(PLACE)
}
