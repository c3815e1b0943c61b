//! `/phone`: several people on one phone, each behind a PIN. Whoever uses it now lets her session rest, and the next one
//! takes hers up.
//!
//! What rests opens nothing but this page, on which the names of those who share the phone stand. What a PIN opens has
//! proved nothing lately: what is dangerous asks for the whole way in. If it is wrong, one person of a household acts as
//! another.

use axum::response::{IntoResponse as _, Response};
use hamlet_identity::{AsideError, Resting};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::json;

use super::ask::{as_host, text};
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::visit::{Member, Posted, Visit, change_sessions, failed, redirect};

/// Where it is.
pub(super) const PLACE: &str = "/phone";
/// Most people whose sessions rest in one browser.
const RESTING_MAX: usize = 5;

/// What went wrong, and at which session.
#[derive(Default)]
struct Tried {
    /// The session whose PIN was typed; none: her own new one.
    at: Option<String>,
    problem: String,
}

pub(crate) async fn page(visit: Visit) -> Response {
    shown(&visit, StatusCode::OK, &Tried::default()).await
}

async fn shown(visit: &Visit, status: StatusCode, tried: &Tried) -> Response {
    let say = &visit.say;
    let resting = match resting(visit) {
        Ok(resting) => resting,
        Err(response) => return response,
    };
    let mut others = Vec::with_capacity(resting.len());
    for (_, one) in &resting {
        let party = as_host(visit, "members", "get", json!({ "party": one.person.to_string() })).await;
        others.push((one, text(&party.unwrap_or_default(), "name").to_owned()));
    }
    let own = visit.browser.as_ref();
    let body = html! {
        h1 { (say.t("phone-title")) }
        p class="lead" { (say.t("phone-lead")) }
        @if tried.at.is_none() { (notice("bad", &tried.problem)) }
        @if let Some(browser) = own { (mine(visit, browser.has_pin, &browser.handle)) }
        // Whoever is signed in now rests first, and for that she needs a PIN.
        @let may = own.is_none_or(|browser| browser.has_pin);
        @for (one, name) in &others { (other(visit, one, name, may, tried)) }
        @if own.is_none() { p { a class="button quiet" href="/sign-in" { (say.t("phone-somebody-else")) } } }
        @if !others.is_empty() {
            form method="post" action="/phone/forget" { (hidden(visit)) button class="danger" { (say.t("phone-forget")) } }
        }
    };
    let title = say.t("phone-title");
    shell::page_with(visit, status, &Frame { title: &title, narrow: true, ..Frame::default() }, &body)
}

/// The part of whoever uses the phone now.
fn mine(visit: &Visit, has_pin: bool, handle: &str) -> Markup {
    let say = &visit.say;
    html! {
        section class="card" {
            h2 { (say.with("phone-now", &[("handle", handle)])) }
            @if has_pin {
                form method="post" action="/phone/lay-aside" { (hidden(visit)) button { (say.t("phone-lay-aside")) } }
            }
            form method="post" action="/phone/pin" {
                (hidden(visit))
                (pin(visit, "pin", &say.t("phone-own-pin"), None))
                button class="quiet" { (say.t("phone-keep-pin")) }
            }
        }
    }
}

/// Somebody whose session rests.
fn other(visit: &Visit, one: &Resting, name: &str, may: bool, tried: &Tried) -> Markup {
    let say = &visit.say;
    let key = one.session.to_string();
    let problem = (tried.at.as_ref() == Some(&key)).then_some(tried.problem.as_str());
    html! {
        section class="card" {
            h2 { (name) }
            @if may {
                form method="post" action="/phone/take-up" {
                    (hidden(visit))
                    input type="hidden" name="session" value=(key);
                    (pin(visit, &format!("pin-{key}"), &say.with("phone-pin-of", &[("name", name)]), problem))
                    button { (say.with("phone-take-up", &[("name", name)])) }
                }
            } @else { p class="soft" { (say.t("phone-pin-first")) } }
        }
    }
}

fn pin(visit: &Visit, name: &str, label: &str, error: Option<&str>) -> Markup {
    let help = visit.say.t("phone-pin-help");
    let help = if name == "pin" { help.as_str() } else { "" };
    field(&Field {
        name,
        label,
        help,
        kind: "password",
        autocomplete: "off",
        error,
        digits: true,
        ..Field::default()
    })
}

/// The sessions that rest in her browser, with their cookies.
#[expect(clippy::result_large_err, reason = "what is refused is a page that is ready to be sent, and rare")]
fn resting(visit: &Visit) -> Result<Vec<(String, Resting)>, Response> {
    let state = &visit.here.state;
    let mut found = Vec::new();
    for cookie in visit.resting().into_iter().take(RESTING_MAX) {
        let rests = state.identity.resting(&state.kernel, &[cookie]);
        let rests = rests.map_err(|error| failed(&error).into_response())?;
        found.extend(rests.into_iter().map(|one| (cookie.to_owned(), one)));
    }
    Ok(found)
}

pub(crate) async fn set_pin(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let state = &member.visit.here.state;
    match state.identity.set_pin(&state.kernel, &member.browser.hash, fields.text("pin")).await {
        Ok(()) => redirect(PLACE),
        Err(error) => refused(&member.visit, error, None).await,
    }
}

pub(crate) async fn lay_aside(Posted { visit: member, .. }: Posted<Member>) -> Response {
    let visit = &member.visit;
    let resting = match resting(visit) {
        Ok(resting) => resting,
        Err(response) => return response,
    };
    // One session a person: an older one of hers ends.
    let (same, others): (Vec<_>, Vec<_>) =
        resting.iter().partition(|(_, one)| one.person == member.browser.person);
    if others.len() >= RESTING_MAX {
        let tried = Tried { at: None, problem: visit.say.t("phone-too-many") };
        return shown(visit, StatusCode::UNPROCESSABLE_ENTITY, &tried).await;
    }
    let state = &visit.here.state;
    if let Err(error) = state.identity.lay_aside(&state.kernel, &member.browser.hash).await {
        return refused(visit, error, None).await;
    }
    for (_, one) in same {
        end(visit, one).await;
    }
    let kept: Vec<&str> =
        others.iter().map(|(cookie, _)| cookie.as_str()).chain(visit.session_cookie()).collect();
    let mut response = redirect(PLACE);
    change_sessions(&mut response, None, &kept);
    response
}

pub(crate) async fn take_up(Posted { visit, fields }: Posted<Visit>) -> Response {
    let resting = match resting(&visit) {
        Ok(resting) => resting,
        Err(response) => return response,
    };
    let key = fields.text("session");
    let Some((cookie, wanted)) = resting.iter().find(|(_, one)| one.session.to_string() == key) else {
        return redirect(PLACE);
    };
    let state = &visit.here.state;
    if visit.browser.as_ref().is_some_and(|browser| !browser.has_pin) {
        return refused(&visit, AsideError::NoPin, None).await;
    }
    let pin = fields.text(&format!("pin-{key}"));
    if let Err(error) = state.identity.take_up(&state.kernel, &wanted.hash, pin).await {
        return refused(&visit, error, Some(key)).await;
    }
    let mut kept: Vec<&str> =
        resting.iter().map(|(cookie, _)| cookie.as_str()).filter(|kept| kept != cookie).collect();
    if let Some(browser) = &visit.browser {
        match state.identity.lay_aside(&state.kernel, &browser.hash).await {
            Ok(()) => kept.extend(visit.session_cookie()),
            Err(error) => return refused(&visit, error, None).await,
        }
    }
    let mut response = redirect("/");
    change_sessions(&mut response, Some(cookie), &kept);
    response
}

pub(crate) async fn forget(Posted { visit, .. }: Posted<Visit>) -> Response {
    let resting = match resting(&visit) {
        Ok(resting) => resting,
        Err(response) => return response,
    };
    for (_, one) in &resting {
        end(&visit, one).await;
    }
    let mut response = redirect(if visit.browser.is_some() { PLACE } else { "/" });
    change_sessions(&mut response, visit.session_cookie().filter(|_| visit.browser.is_some()), &[]);
    response
}

/// Ends a session that rests. One that has ended already is as well.
async fn end(visit: &Visit, one: &Resting) {
    let _ended = as_host(visit, "sessions", "end", json!({ "session": one.session.to_string() })).await;
}

async fn refused(visit: &Visit, error: AsideError, at: Option<&str>) -> Response {
    let say = &visit.say;
    let problem = match error {
        AsideError::PinInvalid => say.t("phone-pin-invalid"),
        AsideError::NoPin => say.t("phone-pin-first"),
        AsideError::Ended => say.t("phone-ended"),
        AsideError::Wrong(left) => say.count("phone-pin-wrong", left.into()),
        AsideError::Failed(error) => return failed(&error).into_response(),
    };
    // One that has ended is not on the page any more.
    let at = at.filter(|_| !matches!(error, AsideError::Ended)).map(str::to_owned);
    shown(visit, StatusCode::UNPROCESSABLE_ENTITY, &Tried { at, problem }).await
}
