//! `/join/SECRET`: a newcomer comes in by a link, or somebody who is in already gets a way to sign in.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use hamlet_identity::Identity;
use hamlet_reflect::Id;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{as_host, ask, number, text};
use super::fields::Fields;
use super::rules;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::visit::{Posted, Visit, failed};
use super::wards;

/// Longest secret that is looked at.
const SECRET_LENGTH_MAX: usize = 64;

/// For whom a link is.
enum Guest {
    Newcomer,
    /// Her name.
    Member(String),
}

pub(crate) async fn page(Path(secret): Path<String>, visit: Visit) -> Response {
    match guest(&visit, &secret).await {
        Ok(Guest::Newcomer) => newcomer(&visit, StatusCode::OK, &secret, &Fields::default(), None).await,
        Ok(Guest::Member(name)) => member(&visit, &secret, &name).await,
        Err(words) => useless(&visit, &words),
    }
}

/// For whom a link is; in words why nobody can use it.
async fn guest(visit: &Visit, secret: &str) -> Result<Guest, String> {
    if secret.len() > SECRET_LENGTH_MAX {
        return Err(visit.say.t("refused-invitation-unknown"));
    }
    let hash = base64url(&Identity::hash_of(secret));
    let found = as_host(visit, "invitations", "look", json!({ "hash": hash })).await;
    let person = found.map_err(|refused| refused.said(visit))?;
    if person.is_null() {
        return Ok(Guest::Newcomer);
    }
    let party = as_host(visit, "members", "get", json!({ "party": person })).await;
    party.map(|party| Guest::Member(text(&party, "name").to_owned())).map_err(|refused| refused.said(visit))
}

/// A link that lets nobody in.
fn useless(visit: &Visit, words: &str) -> Response {
    let say = &visit.say;
    let body = html! {
        h1 { (say.t("join-useless")) }
        p class="lead" { (words) }
        p { a href="/" { (say.t("home")) } }
    };
    let title = say.t("join-useless");
    let frame = Frame { title: &title, narrow: true, ..Frame::default() };
    shell::page_with(visit, StatusCode::NOT_FOUND, &frame, &body)
}

/// Somebody who is in already gets a way to sign in: there is nothing to type.
async fn member(visit: &Visit, secret: &str, name: &str) -> Response {
    let say = &visit.say;
    let current = ground(visit).await;
    let title = say.with("hello", &[("name", name)]);
    let body = html! {
        h1 { (title) }
        p class="lead" { (say.with("join-member-lead", &[("community", &visit.community.name)])) }
        (other_member(visit))
        form method="post" action={ "/join/" (secret) } {
            (hidden(visit))
            (agreed(visit, &current))
            button { (say.t("join-member")) }
        }
    };
    shell::page(visit, &Frame { title: &title, narrow: true, ..Frame::default() }, &body)
}

/// The newest ground rules; null: none yet.
async fn ground(visit: &Visit) -> Value {
    ask(visit, "papers", "current", json!({})).await.unwrap_or_default()
}

/// What somebody agrees to who comes in: the ground rules, to be read before, and their version, which is recorded.
fn agreed(visit: &Visit, current: &Value) -> Markup {
    let say = &visit.say;
    html! {
        @if let Some(number) = number(current, "number") {
            p { (say.t("join-rules")) " " a href="/rules" { (say.t("rules-title")) } " (" (rules::which(visit, current)) ")" }
            input type="hidden" name="rules" value=(number);
        }
    }
}

/// Says to who is signed in that this browser will be somebody else's.
fn other_member(visit: &Visit) -> Markup {
    let words = visit.browser.as_ref().map(|_| visit.say.t("join-signs-out")).unwrap_or_default();
    notice("", &words)
}

async fn newcomer(
    visit: &Visit,
    status: StatusCode,
    secret: &str,
    typed: &Fields,
    problem: Option<&(&str, String)>,
) -> Response {
    let (say, community) = (&visit.say, &visit.community);
    let current = ground(visit).await;
    let wrong = |name: &str| problem.filter(|(field, _)| *field == name).map(|(_, words)| words.as_str());
    let born = wards::asked(visit, typed.text("born"), wrong("born")).await;
    let body = html! {
        h1 { (say.with("join-title", &[("community", &community.name)])) }
        p class="lead" { (say.t("join-lead")) }
        (notice("bad", wrong("").unwrap_or_default()))
        (other_member(visit))
        form method="post" action={ "/join/" (secret) } {
            (hidden(visit))
            (field(&Field { name: "name", label: &say.t("your-name"), help: &say.t("your-name-help"), value: typed.text("name"), autocomplete: "name", error: wrong("name"), ..Field::default() }))
            (field(&Field { name: "handle", label: &say.t("handle"), help: &say.t("handle-help"), value: typed.text("handle"), autocomplete: "username", error: wrong("handle"), ..Field::default() }))
            (born)
            (agreed(visit, &current))
            button { (say.t("join")) }
        }
    };
    let title = say.with("join-title", &[("community", &community.name)]);
    shell::page_with(visit, status, &Frame { title: &title, narrow: true, ..Frame::default() }, &body)
}

pub(crate) async fn join(Path(secret): Path<String>, Posted { visit, fields }: Posted<Visit>) -> Response {
    let guest = match guest(&visit, &secret).await {
        Ok(guest) => guest,
        Err(words) => return useless(&visit, &words),
    };
    if visit.here.state.address_rates.take(visit.here.address, 10).is_err() {
        let problem = ("", visit.say.t("refused-busy"));
        return newcomer(&visit, StatusCode::TOO_MANY_REQUESTS, &secret, &fields, Some(&problem)).await;
    }
    let hash = base64url(&Identity::hash_of(&secret));
    // The version that stood on the page before her.
    let rules = fields.text("rules").parse::<u32>().ok();
    let born = fields.text("born").parse::<u32>().ok();
    let came = match guest {
        Guest::Member(_) => {
            as_host(&visit, "invitations", "claim", json!({ "hash": hash, "rules": rules })).await
        }
        Guest::Newcomer => {
            let handle = fields.text("handle").to_lowercase();
            let order = json!({ "hash": hash, "handle": handle, "name": fields.text("name"), "rules": rules, "born": born });
            as_host(&visit, "invitations", "redeem", order).await
        }
    };
    match came {
        Ok(person) => match id(&person) {
            Some(person) => visit
                .signed_in(person, "/me/secure")
                .await
                .unwrap_or_else(|error| failed(&error).into_response()),
            None => crate::front::not_found().await.into_response(),
        },
        Err(refused) => {
            let place = match refused.case.as_str() {
                "handle-taken" | "handle-invalid" => "handle",
                "name-invalid" => "name",
                "year-invalid" => "born",
                _ => "",
            };
            let problem = (place, refused.said(&visit));
            newcomer(&visit, StatusCode::UNPROCESSABLE_ENTITY, &secret, &fields, Some(&problem)).await
        }
    }
}

/// An id of an answer.
pub(crate) fn id(value: &Value) -> Option<Id> {
    u128::from_str_radix(value.as_str()?, 16).ok().map(Id)
}

/// The secret of a link: 128 random bits as text.
///
/// # Errors
/// There is no randomness.
pub fn new_link() -> Result<String, getrandom::Error> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    Ok(base64url(&random))
}

/// Bytes as JSON has them (C4).
pub(crate) fn base64url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// The same back; none: it is no such text.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()
}
