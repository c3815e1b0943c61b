//! `/stewards/devices`: drivers, tablets and meters that may call. A device's key is shown once.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{ask, items, text};
use super::log;
use super::prove;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::token_form::{self, NewToken, Row};
use super::visit::{Member, Posted, Visit, redirect};

const PLACE: &str = "/stewards/devices";

pub(crate) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, html! {}).await
}

async fn shown(member: &Member, status: StatusCode, top: Markup) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let frame = Frame { title: &say.t("devices"), place: PLACE, scripts: &["pages"], ..Frame::default() };
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
                (token_form::asked(visit, "device-functions-help", false))
                (log::reason(visit, "reason"))
                button { (say.t("device-make")) }
            }
        }
    };
    shell::page_with(visit, status, &frame, &body)
}

fn row(visit: &Visit, device: &Value) -> Markup {
    let row = Row {
        place: PLACE,
        field: "device",
        label: text(device, "name"),
        functions: token_form::functions(device),
        read_only: false,
        never_used: "device-never-used",
    };
    row.drawn(visit, device)
}

pub(crate) async fn create(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if let Some(response) = prove::first_from(&member, PLACE).await {
        return response;
    }
    let visit = &member.visit;
    let say = &visit.say;
    let Some(new) = NewToken::read(visit, &fields) else {
        return shown(&member, StatusCode::INTERNAL_SERVER_ERROR, notice("bad", &say.t("host-failed"))).await;
    };
    let order = json!({ "order": {
        "hash": new.hash, "name": fields.text("name"), "functions": new.functions, "expires": new.expires,
    } });
    let (status, top) = match ask(visit, "devices", "create", order).await {
        Ok(_) => (StatusCode::OK, new.shown(visit, "device-made")),
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

pub(crate) async fn revoke(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if let Some(response) = prove::first_from(&member, PLACE).await {
        return response;
    }
    // One that is gone already is no mistake of hers.
    let _gone = ask(&member.visit, "devices", "revoke", json!({ "device": fields.text("device") })).await;
    redirect(PLACE)
}
