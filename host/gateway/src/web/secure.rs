//! `/me/secure`: what a person signs in with. A passkey, or a password with an authenticator app; then recovery codes
//! to print.

use axum::response::{IntoResponse, Response};
use hamlet_identity::{NewFactor, SignInError};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{ask, items, number, text};
use super::home::{OrNull as _, party};
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::sign_in::said;
use super::visit::{Member, Posted, Visit, failed, redirect};
use super::{prove, qr};

pub(crate) async fn page(member: Member) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let ways = ask(visit, "credentials", "get", json!({})).await.unwrap_or_default();
    let set = |name: &str| ways.get(name).is_some_and(|value| !value.is_null());
    let passkeys = items(ways.get("passkeys").unwrap_or_default_ref());
    let new = passkeys.is_empty() && !set("password");
    let body = html! {
        h1 { (say.t(if new { "secure-title-new" } else { "secure-title" })) }
        p class="lead" { (say.t(if new { "secure-lead-new" } else { "secure-lead" })) }
        section class="card" {
            h2 { (say.t("passkeys")) }
            p { (say.t("passkeys-about")) }
            ul class="rows" { @for passkey in passkeys { (passkey_row(visit, passkey)) } }
            form method="post" action="/me/secure/passkey" data-passkey="create" data-options="/me/secure/passkey/options"
                data-csrf=(visit.csrf()) data-cancelled=(say.t("passkey-cancelled")) hidden {
                p class="notice bad" role="alert" hidden {}
                button { (say.t("passkey-add")) }
            }
            @if !visit.is_secure() && !visit.site().name.ends_with("localhost") { p class="soft" { (say.t("passkey-needs-https")) } }
            noscript { p class="soft" { (say.t("passkey-needs-script")) } }
        }
        section class="card" {
            h2 { (say.t("password-and-app")) }
            p { (say.t("password-and-app-about")) }
            ul class="rows" {
                li { span { (say.t("password")) } a class="button quiet" href="/me/secure/password" { (say.t(if set("password") { "change" } else { "set-up" })) } }
                @if set("password") {
                    li { span { (say.t("app")) } a class="button quiet" href="/me/secure/app" { (say.t(if set("second-factor") { "change" } else { "set-up" })) } }
                }
            }
        }
        @if !new {
            section class="card" {
                h2 { (say.t("recovery-codes")) }
                p { (say.count("recovery-codes-left", number(&ways, "recovery-codes").unwrap_or_default())) }
                a class="button quiet" href="/me/secure/codes" { (say.t("recovery-codes-new")) }
            }
        }
        @if !new { p { a href="/" { (say.t("home")) } } }
    };
    shell::page(
        visit,
        &Frame {
            title: &say.t("secure-title"),
            place: "/me",
            narrow: new,
            scripts: &["pages"],
            ..Frame::default()
        },
        &body,
    )
}

fn passkey_row(visit: &Visit, passkey: &Value) -> Markup {
    html! {
        li {
            span class="grow" { (text(passkey, "name")) }
            form method="post" action="/me/secure/passkey/remove" {
                (hidden(visit))
                input type="hidden" name="passkey" value=(text(passkey, "id"));
                button class="danger" { (visit.say.t("remove")) }
            }
        }
    }
}

pub(crate) async fn remove_passkey(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if let Some(response) = prove::first(&member).await {
        return response;
    }
    let visit = &member.visit;
    let passkey = json!({ "passkey": fields.text("passkey") });
    match ask(visit, "credentials", "remove-passkey", passkey).await {
        Ok(_) => redirect("/me/secure"),
        Err(refused) => sorry(visit, &refused.said(visit)),
    }
}

fn sorry(visit: &Visit, words: &str) -> Response {
    let say = &visit.say;
    let body = html! { h1 { (say.t("not-done")) } (notice("bad", words)) p { a href="/me/secure" { (say.t("back")) } } };
    let frame = Frame { title: &say.t("not-done"), place: "/me", ..Frame::default() };
    shell::page_with(visit, StatusCode::UNPROCESSABLE_ENTITY, &frame, &body)
}

pub(crate) async fn password_page(member: Member) -> Response {
    if let Some(response) = prove::first(&member).await {
        return response;
    }
    password_shown(&member, StatusCode::OK, None)
}

fn password_shown(member: &Member, status: StatusCode, problem: Option<&str>) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let body = html! {
        h1 { (say.t("password-title")) }
        form method="post" action="/me/secure/password" {
            (hidden(visit))
            // So that a browser that keeps passwords knows whose it is.
            input type="text" name="username" value=(member.browser.handle) autocomplete="username" hidden;
            (field(&Field { name: "password", label: &say.t("password-new"), help: &say.t("password-help"), kind: "password", autocomplete: "new-password", error: problem, ..Field::default() }))
            button { (say.t("go-on")) }
        }
    };
    let frame = Frame { title: &say.t("password-title"), place: "/me", narrow: true, ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

pub(crate) async fn set_password(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if let Some(response) = prove::first(&member).await {
        return response;
    }
    let visit = &member.visit;
    let state = &visit.here.state;
    let me = ask(visit, "members", "get", json!({ "party": party(visit) })).await.unwrap_or_default();
    let name = text(&me, "name").to_owned();
    let mut about: Vec<&str> = name.split_whitespace().collect();
    about.extend([name.as_str(), member.browser.handle.as_str(), visit.community.name.as_str()]);
    let password = fields.exact("password").to_owned();
    match state.identity.set_password(&state.kernel, member.browser.person, password, &about).await {
        Ok(()) => {
            let ways = ask(visit, "credentials", "get", json!({})).await.unwrap_or_default();
            let app = ways.get("second-factor").is_some_and(|since| !since.is_null());
            redirect(if app { "/me/secure" } else { "/me/secure/app" })
        }
        Err(error @ SignInError::Failed(_)) => failed(&error).into_response(),
        Err(error) => password_shown(&member, StatusCode::UNPROCESSABLE_ENTITY, Some(&said(visit, &error))),
    }
}

pub(crate) async fn app_page(member: Member) -> Response {
    if let Some(response) = prove::first(&member).await {
        return response;
    }
    let visit = &member.visit;
    let begun = visit.here.state.identity.begin_second_factor(
        member.browser.person,
        &visit.community.name,
        &member.browser.handle,
    );
    match begun {
        Ok(factor) => app_shown(visit, StatusCode::OK, &factor, None),
        Err(error) => failed(&error).into_response(),
    }
}

fn app_shown(visit: &Visit, status: StatusCode, factor: &NewFactor, problem: Option<&str>) -> Response {
    let say = &visit.say;
    let body = html! {
        h1 { (say.t("app-title")) }
        p { (say.t("app-lead")) }
        (qr::code(&factor.address, &say.t("app-qr")))
        p { a class="button quiet" href=(factor.address) { (say.t("app-open")) } }
        details { summary { (say.t("app-type")) } p class="code" { (factor.text) } }
        form method="post" action="/me/secure/app" {
            (hidden(visit))
            input type="hidden" name="ticket" value=(factor.ticket);
            (field(&Field { name: "code", label: &say.t("code"), help: &say.t("app-code-help"), autocomplete: "one-time-code", digits: true, error: problem, ..Field::default() }))
            button { (say.t("go-on")) }
        }
    };
    let frame = Frame { title: &say.t("app-title"), place: "/me", narrow: true, ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

pub(crate) async fn finish_app(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if let Some(response) = prove::first(&member).await {
        return response;
    }
    let visit = &member.visit;
    let state = &visit.here.state;
    let (person, ticket) = (member.browser.person, fields.text("ticket"));
    match state.identity.finish_second_factor(&state.kernel, person, ticket, fields.text("code")).await {
        Ok(()) => redirect("/me/secure/codes?after=app"),
        Err(error) => {
            let again = state.identity.second_factor_again(
                person,
                &visit.community.name,
                &member.browser.handle,
                ticket,
            );
            match again {
                Some(factor) => {
                    let words = visit.say.t("code-wrong");
                    app_shown(visit, StatusCode::UNPROCESSABLE_ENTITY, &factor, Some(&words))
                }
                None => sorry(visit, &said(visit, &error)),
            }
        }
    }
}

/// After a first way in, codes are made at once; later they are asked for.
pub(crate) async fn codes_page(member: Member) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let ways = ask(visit, "credentials", "get", json!({})).await.unwrap_or_default();
    if number(&ways, "recovery-codes") == Some(0) && visit.path.contains("?after=") {
        return made(&member).await;
    }
    if visit.path.contains("?after=") {
        return redirect("/me/secure");
    }
    let body = html! {
        h1 { (say.t("recovery-codes-new")) }
        p { (say.t("recovery-codes-warning")) }
        form method="post" action="/me/secure/codes" { (hidden(visit)) button { (say.t("recovery-codes-new")) } }
        p { a href="/me/secure" { (say.t("back")) } }
    };
    let frame = Frame { title: &say.t("recovery-codes-new"), place: "/me", narrow: true, ..Frame::default() };
    shell::page(visit, &frame, &body)
}

pub(crate) async fn new_codes(Posted { visit: member, .. }: Posted<Member>) -> Response {
    if let Some(response) = prove::first(&member).await {
        return response;
    }
    made(&member).await
}

async fn made(member: &Member) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let state = &visit.here.state;
    let codes = match state.identity.new_recovery_codes(&state.kernel, member.browser.person).await {
        Ok(codes) => codes,
        Err(error) => return failed(&error).into_response(),
    };
    let on = if is_founding(member).await { super::start::PLACE } else { "/" };
    let body = html! {
        h1 { (say.t("recovery-sheet")) }
        p { (say.with("recovery-sheet-lead", &[("community", &visit.community.name), ("handle", &member.browser.handle)])) }
        section class="card" { ul class="codes" { @for code in &codes { li { (code) } } } }
        p class="noprint" {
            button class="quiet" type="button" data-print hidden { (say.t("print")) } " "
            a class="button" href=(on) { (say.t("recovery-sheet-kept")) }
        }
    };
    let frame = Frame {
        title: &say.t("recovery-sheet"),
        place: "/me",
        narrow: true,
        scripts: &["pages"],
        ..Frame::default()
    };
    shell::page(visit, &frame, &body)
}

/// Whether she is a steward of a community in which nothing is installed yet: then she goes on with what it begins with.
async fn is_founding(member: &Member) -> bool {
    let installed = ask(&member.visit, "plugins", "list", json!({})).await;
    member.browser.steward && installed.is_ok_and(|installed| items(&installed).is_empty())
}
