//! What a member sends while ground rules wait that she has not seen: it is held, not lost. She is shown them with all
//! that she typed in the page, and when she goes on it is sent again as it was, with the number of the version.
//!
//! A layer around all pages, so that no form can forget it; plugins' forms are held like the host's. Nothing is kept
//! here: what waits is in her page. If it is wrong, somebody is held to rules that she was never shown.

use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, StatusCode};
use maud::html;
use serde_json::{Value, json};

use super::ask::{ask, number};
use super::guard::{CSRF, check_origin, check_token, read};
use super::rules;
use super::shell::{self, Frame, hidden};
use super::visit::{Visit, redirect};
use crate::problem::Problem;

/// The field that says which version she went on with.
const SEEN: &str = "rules-seen";
const FORM: &str = "application/x-www-form-urlencoded";
const FILES: &str = "multipart/form-data";
/// What anybody may post to without having seen the newest version: reading it, choosing a language, coming in, securing
/// her own account, and going. A path that is one of these or lies below it.
const ALWAYS: [&str; 15] = [
    "/rules/accept",
    "/stewards/rules",
    "/language",
    "/demo",
    "/join",
    "/setup",
    "/sign-in",
    "/sign-out",
    "/prove",
    "/phone",
    "/me/secure",
    "/me/sessions",
    "/me/leave",
    "/me/erase",
    "/recoveries/cancel",
];

/// Holds what a member sends until she has seen the newest version.
pub(super) async fn hold(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if request.method() != Method::POST || is_open(path) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let visit = Visit::from_request_parts(&mut parts.clone(), &()).await;
    let waits = match &visit {
        Ok(visit) => waiting(visit).await,
        Err(_) => None,
    };
    let (Ok(visit), Some(version)) = (visit, waits) else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    // What was sent from elsewhere is refused behind, and is never shown as hers.
    if check_origin(&parts.headers).is_err() {
        return next.run(Request::from_parts(parts, body)).await;
    }
    let kind = parts.headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let is = |wanted: &str| {
        kind.get(..wanted.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(wanted.as_bytes()))
    };
    if is(FILES) {
        // A file cannot wait in a page.
        return redirect("/rules?file");
    }
    if !is(FORM) {
        // A script sent it: it reads no page.
        let detail = "There are new ground rules. Read them first, at /rules.";
        return Problem::host(StatusCode::CONFLICT, "rules-unseen", "Ground rules wait", detail)
            .into_response();
    }
    let body = match read(body).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    let sent: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let of = |name: &str| sent.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let seen = of(SEEN).and_then(|seen| seen.parse::<u32>().ok());
    if check_token(&visit, of(CSRF).unwrap_or_default()).is_err() {
        return next.run(Request::from_parts(parts, body.into())).await;
    }
    match seen {
        Some(seen) if ask(&visit, "papers", "accept", json!({ "number": seen })).await.is_ok() => {
            next.run(without_seen(parts, &sent)).await
        }
        // None yet, or a newer one was published while she read.
        _ => shown(&visit, &version, &sent),
    }
}

/// The newest version, where somebody is signed in who has not seen it.
async fn waiting(visit: &Visit) -> Option<Value> {
    visit.browser.as_ref()?;
    let current = ask(visit, "papers", "current", json!({})).await.ok()?;
    rules::unseen(visit, &current).await.then_some(current)
}

/// What she sent, as it was.
fn without_seen(mut parts: http::request::Parts, sent: &[(String, String)]) -> Request {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(sent.iter().filter(|(name, _)| name != SEEN));
    let body = Bytes::from(body.finish());
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    Request::from_parts(parts, Body::from(body))
}

fn shown(visit: &Visit, version: &Value, sent: &[(String, String)]) -> Response {
    let say = &visit.say;
    let title = say.t("rules-title");
    let own = [CSRF, SEEN];
    let body = html! {
        h1 { (title) }
        p class="lead" { (rules::which(visit, version)) }
        p class="notice" role="status" { (say.t("rules-held")) }
        (rules::texts(visit, version))
        form method="post" action=(visit.path) {
            (hidden(visit))
            input type="hidden" name=(SEEN) value=(number(version, "number").unwrap_or_default());
            @for (name, value) in sent.iter().filter(|(name, _)| !own.contains(&name.as_str())) {
                input type="hidden" name=(name) value=(value);
            }
            button { (say.t("rules-go-on-and-do")) }
        }
        p class="soft" { (say.t("rules-or-leave")) " " a href="/me/leave" { (say.t("leave-title")) } }
    };
    // Not done: what she sent is in conflict with what she has yet to see.
    shell::page_with(
        visit,
        StatusCode::CONFLICT,
        &Frame { title: &title, narrow: true, ..Frame::default() },
        &body,
    )
}

/// Whether something may be posted there at any time.
fn is_open(path: &str) -> bool {
    ALWAYS.iter().any(|known| is_below(path, known)) || super::plugin::is_asked_by_frame(path)
}

fn is_below(path: &str, known: &str) -> bool {
    path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_always_open_is_that_path_and_what_lies_below_it() {
        for (path, open) in [
            ("/me/secure", true),
            ("/me/secure/passkey/options", true),
            ("/me/secured", false),
            ("/rules/accept", true),
            ("/rules", false),
            ("/me/name", false),
            ("/p/shop/do/pay", false),
            ("/p/shop/frame/stock/list", true),
            ("/p/frame/do/stock/list", false),
        ] {
            assert_eq!(is_open(path), open, "{path}");
        }
    }
}
