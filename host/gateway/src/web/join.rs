//! `/join/SECRET`: a newcomer comes in by a link, or somebody who is in already gets a way to sign in.

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use hamlet_identity::Identity;
use hamlet_reflect::Id;
use http::StatusCode;
use maud::html;
use serde_json::{Value, json};

use super::ask::as_host;
use super::fields::Fields;
use super::shell::{self, Field, Frame, field, notice};
use super::visit::{Posted, Visit, failed};

/// Longest secret that is looked at.
const SECRET_LENGTH_MAX: usize = 64;

pub(crate) async fn page(Path(secret): Path<String>, visit: Visit) -> Response {
    shown(&visit, StatusCode::OK, &secret, &Fields::default(), None)
}

fn shown(
    visit: &Visit,
    status: StatusCode,
    secret: &str,
    typed: &Fields,
    problem: Option<&(&str, String)>,
) -> Response {
    let (say, community) = (&visit.say, &visit.community);
    let wrong = |name: &str| problem.filter(|(field, _)| *field == name).map(|(_, words)| words.as_str());
    let body = html! {
        h1 { (say.with("join-title", &[("community", &community.name)])) }
        p class="lead" { (say.t("join-lead")) }
        (notice("bad", wrong("").unwrap_or_default()))
        form method="post" action={ "/join/" (secret) } {
            (field(&Field { name: "name", label: &say.t("your-name"), help: &say.t("your-name-help"), value: typed.text("name"), autocomplete: "name", error: wrong("name"), ..Field::default() }))
            (field(&Field { name: "handle", label: &say.t("handle"), help: &say.t("handle-help"), value: typed.text("handle"), autocomplete: "username", error: wrong("handle"), ..Field::default() }))
            button { (say.t("join")) }
        }
    };
    let title = say.with("join-title", &[("community", &community.name)]);
    shell::page_with(visit, status, &Frame { title: &title, narrow: true, ..Frame::default() }, &body)
}

pub(crate) async fn join(Path(secret): Path<String>, Posted { visit, fields }: Posted<Visit>) -> Response {
    if secret.len() > SECRET_LENGTH_MAX {
        return crate::front::not_found().await.into_response();
    }
    if visit.here.state.address_rates.take(visit.here.address, 10).is_err() {
        let problem = ("", visit.say.t("refused-busy"));
        return shown(&visit, StatusCode::TOO_MANY_REQUESTS, &secret, &fields, Some(&problem));
    }
    let hash = base64url(&Identity::hash_of(&secret));
    // A link for somebody who is in already needs no name.
    let claimed = as_host(&visit, "invitations", "claim", json!({ "hash": hash })).await;
    let came = if claimed.is_ok() {
        claimed
    } else {
        let handle = fields.text("handle").to_lowercase();
        let order = json!({ "hash": hash, "handle": handle, "name": fields.text("name") });
        as_host(&visit, "invitations", "redeem", order).await
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
                _ => "",
            };
            let problem = (place, refused.said(&visit));
            shown(&visit, StatusCode::UNPROCESSABLE_ENTITY, &secret, &fields, Some(&problem))
        }
    }
}

/// An id of an answer.
pub(crate) fn id(value: &Value) -> Option<Id> {
    u128::from_str_radix(value.as_str()?, 16).ok().map(Id)
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
