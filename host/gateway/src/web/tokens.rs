//! `/me/tokens`: what a member's tools show instead of her. A token's text is shown once.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{ask, items, text};
use super::home::OrNull as _;
use super::prove;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::token_form::{self, NewToken, Row};
use super::visit::{Member, Posted, Visit, redirect};

const PLACE: &str = "/me/tokens";

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
                (token_form::asked(visit, "token-functions-help", true))
                div class="field tick" {
                    input type="checkbox" id="read-only" name="read-only" value="yes";
                    label for="read-only" { (say.t("token-read-only")) }
                }
                button { (say.t("token-make")) }
            }
        }
        p { a href="/me" { (say.t("back")) } }
    };
    let frame = Frame { title: &say.t("tokens"), place: "/me", scripts: &["pages"], ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

fn row(visit: &Visit, token: &Value) -> Markup {
    let scope = token.get("scope").unwrap_or_default_ref();
    let functions = token_form::functions(scope);
    let row = Row {
        place: PLACE,
        field: "token",
        label: text(token, "label"),
        functions: if functions.is_empty() { visit.say.t("token-all") } else { functions },
        read_only: scope.get("read-only") == Some(&Value::Bool(true)),
        never_used: "",
    };
    row.drawn(visit, token)
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
    let read_only = fields.text("read-only") == "yes";
    let scope = json!({ "functions": new.functions, "read-only": read_only, "bulk": false });
    let order = json!({ "order": {
        "hash": new.hash, "label": fields.text("label"), "scope": scope, "expires": new.expires,
    } });
    let (status, top) = match ask(visit, "tokens", "create", order).await {
        Ok(_) => (StatusCode::OK, new.shown(visit, "token-made")),
        Err(refused) => (StatusCode::UNPROCESSABLE_ENTITY, notice("bad", &refused.said(visit))),
    };
    shown(&member, status, top).await
}

pub(crate) async fn revoke(Posted { visit: member, fields }: Posted<Member>) -> Response {
    // One that is gone already is no mistake of hers.
    let _gone = ask(&member.visit, "tokens", "revoke", json!({ "token": fields.text("token") })).await;
    redirect(PLACE)
}
