//! Proving again that it is she, before what is dangerous: a session that was left open on a table opens no doors.

use axum::response::Response;
use hamlet_identity::SignInError;
use http::StatusCode;
use maud::html;
use serde_json::json;

use super::ask::ask;
use super::fields::Fields;
use super::home::has_way_in;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::sign_in::{path_to, said};
use super::visit::{Member, Posted, Visit, failed, inside, redirect};

pub(crate) async fn page(member: Member) -> Response {
    let query = member.visit.path.split_once('?').map_or("", |(_, query)| query).to_owned();
    let query = Fields::parse(&query.into()).unwrap_or_default();
    shown(&member.visit, StatusCode::OK, inside(query.exact("to")), "").await
}

async fn shown(visit: &Visit, status: StatusCode, to: &str, problem: &str) -> Response {
    let say = &visit.say;
    let ways = ask(visit, "credentials", "get", json!({})).await.unwrap_or_default();
    let set = |name: &str| ways.get(name).is_some_and(|value| !value.is_null());
    let body = html! {
        h1 { (say.t("prove-title")) }
        p { (say.t("prove-lead")) }
        (notice("bad", problem))
        form method="post" action="/prove/passkey" data-passkey="get" data-options="/prove/passkey/options" data-to=(to)
            data-csrf=(visit.csrf()) data-cancelled=(say.t("passkey-cancelled")) hidden {
            p class="notice bad" role="alert" hidden {}
            button { (say.t("prove-passkey")) }
        }
        @if set("password") {
            form method="post" action="/prove" {
                (hidden(visit))
                input type="hidden" name="to" value=(to);
                (field(&Field { name: "password", label: &say.t("password"), kind: "password", autocomplete: "current-password", ..Field::default() }))
                @if set("second-factor") {
                    (field(&Field { name: "code", label: &say.t("code"), help: &say.t("code-help"), autocomplete: "one-time-code", ..Field::default() }))
                }
                button { (say.t("go-on")) }
            }
        }
    };
    let frame = Frame { title: &say.t("prove-title"), narrow: true, scripts: &["pages"], ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

pub(crate) async fn with_password(Posted { visit, fields }: Posted<Member>) -> Response {
    let to = inside(fields.exact("to"));
    let state = &visit.visit.here.state;
    let given = (fields.exact("password").to_owned(), fields.text("code"));
    let address = visit.visit.here.address;
    match state.identity.prove(&state.kernel, visit.browser.person, given, address).await {
        Ok(()) => done(&visit, to).await,
        Err(error @ SignInError::Failed(_)) => axum::response::IntoResponse::into_response(failed(&error)),
        Err(error) => {
            let problem = said(&visit.visit, &error);
            shown(&visit.visit, StatusCode::UNPROCESSABLE_ENTITY, to, &problem).await
        }
    }
}

pub(crate) async fn done(member: &Member, to: &str) -> Response {
    let signed_in = member.visit.signed_in(member.browser.person, to).await;
    signed_in.unwrap_or_else(|error| axum::response::IntoResponse::into_response(failed(&error)))
}

/// Sends somebody to prove herself first, unless she did lately, or has no way to yet: then she is just setting one up.
/// She comes back to the page that she asked for.
pub(crate) async fn first(member: &Member) -> Option<Response> {
    first_from(member, &member.visit.path).await
}

/// The same; she comes back to `page`, from which she sent a form.
pub(crate) async fn first_from(member: &Member, page: &str) -> Option<Response> {
    let visit = &member.visit;
    if member.browser.is_fresh(visit.here.state.kernel.now()) {
        return None;
    }
    let ways = ask(visit, "credentials", "get", json!({})).await.unwrap_or_default();
    has_way_in(&ways).then(|| redirect(&path_to(page)))
}
