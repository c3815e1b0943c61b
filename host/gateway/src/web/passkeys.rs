//! What the script of the pages asks for passkeys: options and answers as JSON. Everything else works without it.

use axum::Json;
use axum::response::{IntoResponse, Response};
use hamlet_identity::SignInError;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::ask::{ask, text};
use super::home::party;
use super::prove;
use super::sign_in::said;
use super::visit::{Member, Posted, Visit, inside};
use crate::problem::Problem;

/// Longest short name that is looked up, in bytes.
const HANDLE_LENGTH_MAX: usize = 100;

/// Of whatever passkey the browser finds by itself; with a short name typed, of that account's.
pub(crate) async fn sign_in_options(Posted { visit, fields }: Posted<Visit>) -> Response {
    let state = &visit.here.state;
    let handle = fields.text("handle");
    if handle.is_empty() {
        return options(&visit, state.identity.begin_passkey_sign_in(&visit.site()));
    }
    if handle.len() > HANDLE_LENGTH_MAX || state.address_rates.take(visit.here.address, 10).is_err() {
        let words = visit.say.t("refused-busy");
        return Problem::host(StatusCode::TOO_MANY_REQUESTS, "busy", "Not now", words).into_response();
    }
    options(&visit, state.identity.begin_passkey_sign_in_as(&state.kernel, &visit.site(), handle))
}

/// Of her own passkeys: who she is, is known.
pub(crate) async fn prove_options(Posted { visit: member, .. }: Posted<Member>) -> Response {
    let visit = &member.visit;
    let state = &visit.here.state;
    let begun = state.identity.begin_passkey_proof(&state.kernel, &visit.site(), member.browser.person);
    options(visit, begun)
}

pub(crate) async fn sign_in(Posted { visit, fields }: Posted<Visit>) -> Response {
    let state = &visit.here.state;
    let answer = fields.exact("credential").as_bytes();
    match state.identity.sign_in_with_passkey(&state.kernel, &visit.site(), answer).await {
        Ok(person) => on(visit.signed_in(person, "/").await, &visit, inside(fields.exact("to"))),
        Err(error) => refused(&visit, &error),
    }
}

pub(crate) async fn prove(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let visit = &member.visit;
    let state = &visit.here.state;
    let answer = fields.exact("credential").as_bytes();
    match state.identity.sign_in_with_passkey(&state.kernel, &visit.site(), answer).await {
        Ok(person) if person == member.browser.person => {
            on(visit.signed_in(person, "/").await, visit, inside(fields.exact("to")))
        }
        Ok(_) => refused(visit, &SignInError::Wrong),
        Err(error) => refused(visit, &error),
    }
}

pub(crate) async fn new_options(Posted { visit: member, .. }: Posted<Member>) -> Response {
    if let Some(response) = prove::first(&member).await {
        return stale(&member.visit, &response);
    }
    let visit = &member.visit;
    let state = &visit.here.state;
    let me = ask(visit, "members", "get", json!({ "party": party(visit) })).await.unwrap_or_default();
    let names = (member.browser.handle.as_str(), text(&me, "name"));
    options(visit, state.identity.begin_passkey(&state.kernel, &visit.site(), member.browser.person, names))
}

pub(crate) async fn add(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if let Some(response) = prove::first(&member).await {
        return stale(&member.visit, &response);
    }
    let visit = &member.visit;
    let state = &visit.here.state;
    let label = visit.label();
    let name = if fields.text("name").is_empty() { label.as_str() } else { fields.text("name") };
    let made = (name, fields.exact("credential").as_bytes());
    match state.identity.add_passkey(&state.kernel, &visit.site(), member.browser.person, made).await {
        Ok(()) => Json(json!({ "to": "/me/secure/codes?after=passkey" })).into_response(),
        Err(error) => refused(visit, &error),
    }
}

fn options(visit: &Visit, made: Result<Vec<u8>, SignInError>) -> Response {
    match made {
        Ok(options) => ([(CONTENT_TYPE, "application/json")], options).into_response(),
        Err(error) => refused(visit, &error),
    }
}

/// Done: the cookies of a redirect, but the script goes on by itself.
fn on(signed_in: Result<Response, SignInError>, visit: &Visit, to: &str) -> Response {
    match signed_in {
        Ok(redirect) => {
            let mut response = Json::<Value>(json!({ "to": to })).into_response();
            for cookie in redirect.headers().get_all(http::header::SET_COOKIE) {
                response.headers_mut().append(http::header::SET_COOKIE, cookie.clone());
            }
            response
        }
        Err(error) => refused(visit, &error),
    }
}

fn refused(visit: &Visit, error: &SignInError) -> Response {
    let words = said(visit, error);
    Problem::host(StatusCode::UNPROCESSABLE_ENTITY, "passkey", "Not done", words).into_response()
}

fn stale(visit: &Visit, _to_prove: &Response) -> Response {
    let words = visit.say.t("prove-first");
    Problem::host(StatusCode::FORBIDDEN, "prove-first", "Prove that it is you", words).into_response()
}
