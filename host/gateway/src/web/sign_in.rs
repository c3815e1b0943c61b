//! Signing in and out: a passkey, or a password with a code of an authenticator app, or a recovery code.

use axum::response::Response;
use hamlet_identity::{Attempt, SignInError};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::json;

use super::ask::ask;
use super::fields::Fields;
use super::phone;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::visit::{Member, Posted, Visit, escaped, failed, forget_session, inside, redirect};

/// What a form showed and what came of it.
#[derive(Default)]
struct Tried<'a> {
    handle: &'a str,
    to: &'a str,
    problem: String,
}

pub(crate) async fn page(visit: Visit) -> Response {
    let query = visit.path.split_once('?').map_or("", |(_, query)| query).to_owned();
    let query = Fields::parse(&query.into()).unwrap_or_default();
    let to = inside(query.exact("to"));
    if visit.browser.is_some() {
        return redirect(to);
    }
    shown(&visit, StatusCode::OK, &Tried { to, ..Tried::default() })
}

fn shown(visit: &Visit, status: StatusCode, tried: &Tried<'_>) -> Response {
    let say = &visit.say;
    let body = html! {
        h1 { (say.t("sign-in")) }
        (notice("bad", &tried.problem))
        (passkey(visit, tried.to))
        form method="post" action="/sign-in" {
            input type="hidden" name="to" value=(tried.to);
            (field(&Field { name: "handle", label: &say.t("handle"), value: tried.handle, autocomplete: "username webauthn", ..Field::default() }))
            (field(&Field { name: "password", label: &say.t("password"), kind: "password", autocomplete: "current-password", ..Field::default() }))
            button { (say.t("sign-in")) }
        }
        p { a href="/sign-in/recovery" { (say.t("sign-in-recovery")) } }
        @if !visit.resting().is_empty() { p { a href=(phone::PLACE) { (say.t("phone-title")) } } }
    };
    let frame = Frame {
        title: &say.t("sign-in"),
        place: "/sign-in",
        narrow: true,
        scripts: &["pages"],
        ..Frame::default()
    };
    shell::page_with(visit, status, &frame, &body)
}

/// A button for a passkey, shown where the browser can do it.
fn passkey(visit: &Visit, to: &str) -> Markup {
    let say = &visit.say;
    html! {
        form method="post" action="/sign-in/passkey" data-passkey="get" data-conditional data-options="/sign-in/passkey/options"
            data-named="handle" data-to=(to) data-cancelled=(say.t("passkey-cancelled")) hidden {
            p class="notice bad" role="alert" hidden {}
            button { (say.t("sign-in-passkey")) }
            p class="soft" { (say.t("sign-in-passkey-named")) }
            p class="or" { (say.t("or")) }
        }
    }
}

pub(crate) async fn with_password(Posted { visit, fields }: Posted<Visit>) -> Response {
    let (handle, to) = (fields.text("handle"), inside(fields.exact("to")));
    let state = &visit.here.state;
    let attempt = Attempt { handle, address: visit.here.address, mark: visit.mark() };
    let password = fields.exact("password").to_owned();
    match state.identity.sign_in_with_password(&state.kernel, &attempt, password).await {
        // A password alone is half a way in: she was interrupted before the other half, and comes to it now.
        Ok(person) => finish(&visit, person, "/me/secure/app").await,
        Err(SignInError::CodeNeeded(ticket)) => code_page(&visit, StatusCode::OK, &ticket, to, ""),
        Err(error) => refused(&visit, &error, &Tried { handle, to, ..Tried::default() }),
    }
}

fn code_page(visit: &Visit, status: StatusCode, ticket: &str, to: &str, problem: &str) -> Response {
    let say = &visit.say;
    let body = html! {
        h1 { (say.t("code-title")) }
        (notice("bad", problem))
        form method="post" action="/sign-in/code" {
            input type="hidden" name="ticket" value=(ticket);
            input type="hidden" name="to" value=(to);
            (field(&Field { name: "code", label: &say.t("code"), help: &say.t("code-help"), autocomplete: "one-time-code", ..Field::default() }))
            button { (say.t("sign-in")) }
        }
    };
    let frame = Frame { title: &say.t("code-title"), narrow: true, ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

pub(crate) async fn with_code(Posted { visit, fields }: Posted<Visit>) -> Response {
    let (ticket, to) = (fields.text("ticket"), inside(fields.exact("to")));
    let state = &visit.here.state;
    let code = fields.text("code");
    match state.identity.sign_in_with_code(&state.kernel, ticket, code, visit.here.address).await {
        Ok(person) => finish(&visit, person, to).await,
        Err(SignInError::Wrong | SignInError::Refused(_)) => {
            code_page(&visit, StatusCode::UNPROCESSABLE_ENTITY, ticket, to, &visit.say.t("code-wrong"))
        }
        Err(error) => refused(&visit, &error, &Tried { to, ..Tried::default() }),
    }
}

pub(crate) async fn recovery_page(visit: Visit) -> Response {
    recovery_shown(&visit, StatusCode::OK, "", "")
}

fn recovery_shown(visit: &Visit, status: StatusCode, handle: &str, problem: &str) -> Response {
    let say = &visit.say;
    let body = html! {
        h1 { (say.t("recovery-title")) }
        p { (say.t("recovery-lead")) }
        (notice("bad", problem))
        form method="post" action="/sign-in/recovery" {
            (field(&Field { name: "handle", label: &say.t("handle"), value: handle, autocomplete: "username", ..Field::default() }))
            (field(&Field { name: "code", label: &say.t("recovery-code"), autocomplete: "off", ..Field::default() }))
            button { (say.t("sign-in")) }
        }
        p class="soft" { (say.t("recovery-none")) }
    };
    let frame = Frame { title: &say.t("recovery-title"), narrow: true, ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

pub(crate) async fn with_recovery_code(Posted { visit, fields }: Posted<Visit>) -> Response {
    let handle = fields.text("handle");
    let state = &visit.here.state;
    let attempt = Attempt { handle, address: visit.here.address, mark: visit.mark() };
    match state.identity.sign_in_with_recovery_code(&state.kernel, &attempt, fields.text("code")).await {
        // Whatever she lost, she sets it anew now.
        Ok(person) => finish(&visit, person, "/me/secure").await,
        Err(error) => {
            let problem = said(&visit, &error);
            recovery_shown(&visit, StatusCode::UNPROCESSABLE_ENTITY, handle, &problem)
        }
    }
}

async fn finish(visit: &Visit, person: hamlet_reflect::Id, to: &str) -> Response {
    visit
        .signed_in(person, to)
        .await
        .unwrap_or_else(|error| axum::response::IntoResponse::into_response(failed(&error)))
}

fn refused(visit: &Visit, error: &SignInError, tried: &Tried<'_>) -> Response {
    let status = match error {
        SignInError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    shown(
        visit,
        status,
        &Tried {
            problem: said(visit, error),
            ..Tried { handle: tried.handle, to: tried.to, problem: String::new() }
        },
    )
}

/// Why nobody was signed in, in her language.
pub(crate) fn said(visit: &Visit, error: &SignInError) -> String {
    let say = &visit.say;
    match error {
        SignInError::Wrong => say.t("sign-in-wrong"),
        SignInError::TooMany(wait) => say.count("sign-in-too-many", wait.as_secs() + 1),
        SignInError::TooLate => say.t("too-late"),
        SignInError::CodeNeeded(_) => say.t("code-title"),
        SignInError::Password(error) => say.t(match error {
            hamlet_identity::PasswordError::TooShort => "password-too-short",
            hamlet_identity::PasswordError::TooLong => "password-too-long",
            hamlet_identity::PasswordError::TooEasy => "password-too-easy",
            hamlet_identity::PasswordError::Failed => "host-failed",
        }),
        SignInError::Passkey(error) => match error {
            hamlet_identity::PasskeyError::NoHostName => say.t("passkey-no-host-name"),
            hamlet_identity::PasskeyError::TooLate => say.t("too-late"),
            hamlet_identity::PasskeyError::Busy => say.t("refused-busy"),
            hamlet_identity::PasskeyError::Refused(why) => {
                tracing::debug!(why, "a passkey was refused");
                say.t("passkey-refused")
            }
        },
        SignInError::Refused(case) => say.with("refused", &[("case", case)]),
        SignInError::Failed(why) => {
            tracing::error!(why, "nobody could be signed in");
            say.t("host-failed")
        }
    }
}

pub(crate) async fn sign_out(Posted { visit, .. }: Posted<Member>) -> Response {
    let session = visit.browser.session.to_string();
    let _ended = ask(&visit.visit, "sessions", "end", json!({ "session": session })).await;
    let mut response = redirect(if visit.visit.resting().is_empty() { "/" } else { phone::PLACE });
    forget_session(&mut response);
    // What the browser kept of her pages goes too (ASVS 14.3.1). Not its whole storage: there it keeps the checkpoint by
    // which its owner would see a rewritten past. What `sw.js` keeps of pages, it forgets itself.
    let data = http::HeaderValue::from_static("\"cache\"");
    response.headers_mut().insert("clear-site-data", data);
    response
}

/// A form that signs out.
pub(crate) fn sign_out_form(visit: &Visit) -> Markup {
    html! { form method="post" action="/sign-out" { (hidden(visit)) button class="quiet" { (visit.say.t("sign-out")) } } }
}

/// The way to sign in and come back.
pub(crate) fn path_to(path: &str) -> String {
    format!("/prove?to={}", escaped(path))
}
