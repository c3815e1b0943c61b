//! `/stewards/mail`: the server by which e-mail leaves. Its password goes in and never comes out.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::super::ask::{as_host, ask, number, text};
use super::super::fields::Fields;
use super::super::home::OrNull as _;
use super::super::prove;
use super::super::shell::{self, Field, field, hidden, notice};
use super::super::visit::{Member, Posted, redirect};
use super::carry::Server;
use super::{beside, denied, frame};

const PATH: &str = "/stewards/mail";

pub(super) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, html! {}, None).await
}

async fn shown(member: &Member, status: StatusCode, top: Markup, typed: Option<&Fields>) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let title = say.t("mail");
    let Ok(mail) = ask(visit, "notices", "mail", json!({})).await else { return denied(visit, &title) };
    let server = mail.get("server").unwrap_or_default_ref();
    let port = number(server, "port").unwrap_or(465).to_string();
    let value = |name: &'static str, kept: &str| {
        typed.map_or_else(|| kept.to_owned(), |typed| typed.text(name).to_owned())
    };
    let security = value("security", if server.is_null() { "tls" } else { text(server, "security") });
    let body = html! {
        h1 { (title) }
        p class="lead" { (say.t("mail-lead")) }
        (top)
        (went(member, &mail))
        section class="card" {
            form method="post" action=(PATH) autocomplete="off" {
                (hidden(visit))
                (field(&Field { name: "name", label: &say.t("mail-server"), help: &say.t("mail-server-help"), value: &value("name", text(server, "name")), autocomplete: "off", ..Field::default() }))
                div class="pair" {
                    div class="field" {
                        label for="security" { (say.t("mail-security")) }
                        select id="security" name="security" {
                            @for (kind, words) in [("tls", "mail-tls"), ("starttls", "mail-starttls"), ("plain", "mail-plain")] {
                                option value=(kind) selected[security == kind] { (say.t(words)) }
                            }
                        }
                    }
                    (field(&Field { name: "port", label: &say.t("mail-port"), kind: "number", value: &value("port", &port), ..Field::default() }))
                }
                (field(&Field { name: "account", label: &say.t("mail-account"), value: &value("account", text(server, "account")), autocomplete: "off", optional: true, ..Field::default() }))
                (field(&Field { name: "password", label: &say.t("password"), help: &say.t(if mail.get("has-password") == Some(&Value::Bool(true)) { "mail-password-kept" } else { "mail-password-help" }), kind: "password", autocomplete: "new-password", optional: true, ..Field::default() }))
                (field(&Field { name: "sender", label: &say.t("mail-sender"), help: &say.t("mail-sender-help"), kind: "email", value: &value("sender", text(server, "sender")), autocomplete: "off", ..Field::default() }))
                button name="do" value="save" { (say.t("save")) }
                @if !server.is_null() { button name="do" value="forget" class="danger" formnovalidate { (say.t("mail-forget")) } }
            }
        }
        @if !server.is_null() {
            form method="post" action={ (PATH) "/try" } { (hidden(visit)) button class="quiet" { (say.t("mail-try")) } }
        }
        p { a href="/stewards" { (say.t("back")) } }
    };
    shell::page_with(visit, status, &frame(&title), &body)
}

/// How the last e-mail went, and how many wait.
fn went(member: &Member, mail: &Value) -> Markup {
    let visit = &member.visit;
    let say = &visit.say;
    html! {
        @if mail.get("server").is_none_or(Value::is_null) { (notice("", &say.t("mail-none"))) }
        @if let Some(why) = mail.get("failed").and_then(Value::as_str) {
            (notice("bad", &say.with("mail-failed", &[("why", why)])))
        }
        @if let Some(sent) = number(mail, "sent") { p { (say.with("mail-sent", &[("when", &visit.moment(sent))])) } }
        @if let Some(waiting @ 1..) = number(mail, "waiting") { p { (say.with("mail-waiting", &[("number", &waiting.to_string())])) } }
    }
}

pub(super) async fn set(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let visit = &member.visit;
    if !member.browser.steward {
        return denied(visit, &visit.say.t("mail"));
    }
    if let Some(response) = prove::first_from(&member, PATH).await {
        return response;
    }
    let order = if fields.text("do") == "forget" {
        json!({ "server": null, "password": null })
    } else {
        let password = Some(fields.exact("password")).filter(|password| !password.is_empty());
        json!({ "password": password, "server": {
            "name": fields.text("name"), "port": fields.text("port").parse::<u16>().unwrap_or(0),
            "security": fields.text("security"), "account": fields.text("account"), "sender": fields.text("sender"),
            "pages": visit.site().origin,
        } })
    };
    match ask(visit, "notices", "set-mail", order).await {
        Ok(_) => redirect(PATH),
        Err(refused) => {
            let why = match refused.case.as_str() {
                "invalid" | "arguments" => visit.say.t("mail-wrong"),
                _ => refused.said(visit),
            };
            shown(&member, StatusCode::UNPROCESSABLE_ENTITY, notice("bad", &why), Some(&fields)).await
        }
    }
}

/// Greets the server with the account, without sending anything.
pub(super) async fn try_out(Posted { visit: member, .. }: Posted<Member>) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    if !member.browser.steward {
        return denied(visit, &say.t("mail"));
    }
    let mail = ask(visit, "notices", "mail", json!({})).await.unwrap_or_default();
    let password = as_host(visit, "notices", "password", json!({})).await.unwrap_or_default();
    let Some(server) = Server::of(mail.get("server").unwrap_or_default_ref(), &password) else {
        return redirect(PATH);
    };
    match beside(move || server.greet()).await {
        Some(Ok(())) => shown(&member, StatusCode::OK, notice("good", &say.t("mail-answers")), None).await,
        Some(Err(why)) => {
            let why = notice("bad", &say.with("mail-failed", &[("why", &why)]));
            shown(&member, StatusCode::UNPROCESSABLE_ENTITY, why, None).await
        }
        None => redirect(PATH),
    }
}
