//! `/me`: one's own name, ways in, sessions.

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{ask, items, number, text};
use super::home::party;
use super::phone;
use super::shell::{self, Field, Frame, field, hidden};
use super::sign_in::sign_out_form;
use super::visit::{Member, Posted, redirect};

pub(crate) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, None).await
}

async fn shown(member: &Member, status: StatusCode, problem: Option<&str>) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let me = ask(visit, "members", "get", json!({ "party": party(visit) })).await.unwrap_or_default();
    let sessions = ask(visit, "sessions", "list", json!({})).await.unwrap_or_default();
    let own = member.browser.session.to_string();
    let others = items(&sessions).iter().any(|session| text(session, "id") != own);
    let body = html! {
        h1 { (say.t("me-title")) }
        section class="card" {
            form method="post" action="/me/name" {
                (hidden(visit))
                (field(&Field { name: "name", label: &say.t("your-name"), help: &say.t("your-name-help"), value: text(&me, "name"), autocomplete: "name", error: problem, ..Field::default() }))
                p class="soft" { (say.with("your-handle", &[("handle", text(&me, "handle"))])) }
                button { (say.t("save")) }
            }
        }
        section class="card" {
            h2 { (say.t("profile-title")) }
            p { (say.t("profile-about")) }
            a class="button quiet" href="/me/profile" { (say.t("profile-title")) }
        }
        section class="card" {
            h2 { (say.t("secure-title")) }
            p { (say.t("secure-about")) }
            a class="button quiet" href="/me/secure" { (say.t("secure-account")) }
        }
        section class="card" {
            h2 { (say.t("sessions")) }
            p { (say.t("sessions-about")) }
            ul class="rows" { @for session in items(&sessions) { (row(member, session, &own)) } }
            @if others {
                form method="post" action="/me/sessions/end-all" { (hidden(visit)) button class="danger" { (say.t("sessions-end-others")) } }
            }
        }
        section class="card" {
            h2 { (say.t("phone-title")) }
            p { (say.t("phone-about")) }
            a class="button quiet" href=(phone::PLACE) { (say.t("phone-title")) }
        }
        section class="card" {
            h2 { (say.t("tokens")) }
            p { (say.t("tokens-about")) }
            a class="button quiet" href="/me/tokens" { (say.t("tokens")) }
        }
        section class="card" {
            h2 { (say.t("me-yours")) }
            p { (say.t("me-yours-about")) }
            a class="button quiet" href="/me/privacy" { (say.t("privacy-title")) } " "
            a class="button quiet" href="/me/export" { (say.t("export-title")) } " "
            a class="button quiet" href="/me/leave" { (say.t("leave-title")) }
        }
        (sign_out_form(visit))
    };
    shell::page_with(
        visit,
        status,
        &Frame { title: &say.t("me-title"), place: "/me", ..Frame::default() },
        &body,
    )
}

fn row(member: &Member, session: &Value, own: &str) -> Markup {
    let visit = &member.visit;
    let say = &visit.say;
    let here = text(session, "id") == own;
    let used = visit.day(number(session, "last-used").unwrap_or_default());
    html! {
        li {
            span class="grow" {
                (text(session, "label")) br;
                span class="soft" { (if here { say.t("session-here") } else { say.with("session-used", &[("day", &used)]) }) }
            }
            @if !here {
                form method="post" action="/me/sessions/end" {
                    (hidden(visit))
                    input type="hidden" name="session" value=(text(session, "id"));
                    button class="danger" { (say.t("session-end")) }
                }
            }
        }
    }
}

pub(crate) async fn rename(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let visit = &member.visit;
    let order = json!({ "party": party(visit), "name": fields.text("name") });
    match ask(visit, "members", "rename", order).await {
        Ok(_) => redirect("/me"),
        Err(refused) => shown(&member, StatusCode::UNPROCESSABLE_ENTITY, Some(&refused.said(visit))).await,
    }
}

pub(crate) async fn end_session(Posted { visit: member, fields }: Posted<Member>) -> Response {
    // One that has ended already is no mistake of hers.
    let _ended = ask(&member.visit, "sessions", "end", json!({ "session": fields.text("session") })).await;
    redirect("/me")
}

pub(crate) async fn end_other_sessions(Posted { visit: member, .. }: Posted<Member>) -> Response {
    let order = json!({ "person": party(&member.visit), "keep": member.browser.session.to_string() });
    let _ended = ask(&member.visit, "sessions", "end-all", order).await;
    redirect("/me")
}
