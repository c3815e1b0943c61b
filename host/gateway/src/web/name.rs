//! `/stewards/name`: how the box is reached, and a name with a certificate that every browser trusts. And for
//! everybody who still comes by an older name: a link to the new one, because passkeys do not move with the box.

use axum::response::{IntoResponse as _, Response};
use hamlet_identity::Identity;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::json;

use super::ask::as_host;
use super::join::{base64url, new_link};
use super::prove;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::trust;
use super::visit::{Member, Posted, Visit};
use crate::front;
use crate::reach::{NameOrder, ReachError, Reached, Step, Vouched, Way};

/// Before so many days stewards are told that a certificate ends.
const WARN_DAYS: u64 = 21;
const DAY_MICROS: u64 = 86_400 * 1_000_000;
/// How long a link to the new name is good, in microseconds.
const LINK_MICROS: u64 = 600 * 1_000_000;
/// Longest name of a host (RFC 1035).
const NAME_LENGTH_MAX: usize = 253;

/// What was typed, and what came of it.
#[derive(Default)]
struct Tried {
    name: String,
    contact: String,
    problem: String,
    /// Name and value of the record to make.
    record: Option<(String, String)>,
    done: bool,
}

pub(crate) async fn page(member: Member) -> Response {
    if !member.browser.steward {
        return front::not_found().await.into_response();
    }
    shown(&member.visit, StatusCode::OK, &Tried::default())
}

fn shown(visit: &Visit, status: StatusCode, tried: &Tried) -> Response {
    let say = &visit.say;
    let body = html! {
        h1 { (say.t("name-title")) }
        (notice("bad", &tried.problem))
        @if tried.done { (notice("good", &say.t("name-done"))) }
        (now(visit))
        @match &tried.record {
            Some((name, value)) => (record(visit, &tried.name, name, value)),
            None => (form(visit, tried)),
        }
    };
    let title = say.t("name-title");
    shell::page_with(
        visit,
        status,
        &Frame { title: &title, place: "/stewards/name", scripts: &["pages"], ..Frame::default() },
        &body,
    )
}

fn now(visit: &Visit) -> Markup {
    let say = &visit.say;
    let Some(reached) = reached(visit) else { return html! { p class="lead" { (say.t("name-no-https")) } } };
    html! {
        dl class="facts" {
            dt { (say.t("name-now")) } dd { (reached.name) }
            dt { (say.t("name-vouched")) } dd { (say.t(match reached.vouched {
                Vouched::No => "name-by-itself",
                Vouched::ByItself => "name-by-own",
                Vouched::ByAuthority => "name-by-authority",
            })) }
            dt { (say.t("name-ends")) } dd {
                (visit.day(reached.ends)) ". "
                (say.t(if reached.renewed { "name-renewed" } else { "name-not-renewed" }))
            }
            dt { (say.t("name-fingerprint")) } dd { code { (reached.fingerprint) } }
        }
        @if reached.vouched == Vouched::ByItself { p { a href=(trust::PLACE) { (say.t("trust-title")) } } }
    }
}

fn form(visit: &Visit, tried: &Tried) -> Markup {
    let say = &visit.say;
    html! {
        section class="card" {
            h2 { (say.t("name-get")) }
            p { (say.t("name-get-about")) }
            form method="post" action="/stewards/name" {
                (hidden(visit))
                (field(&Field { name: "name", label: &say.t("name"), help: &say.t("name-help"), value: &tried.name, autocomplete: "off", ..Field::default() }))
                (field(&Field { name: "contact", label: &say.t("name-contact"), help: &say.t("name-contact-help"), kind: "email", value: &tried.contact, autocomplete: "email", optional: true, ..Field::default() }))
                fieldset {
                    legend { (say.t("name-way")) }
                    (way(visit, "http", "name-way-http", true))
                    (way(visit, "dns", "name-way-dns", false))
                    (way(visit, "house", "name-way-house", false))
                }
                button { (say.t("name-order")) }
            }
        }
    }
}

fn way(visit: &Visit, value: &str, words: &str, chosen: bool) -> Markup {
    let id = format!("way-{value}");
    html! {
        div class="tick" {
            input type="radio" name="way" id=(id) value=(value) checked[chosen];
            label for=(id) { (visit.say.t(words)) }
        }
    }
}

fn record(visit: &Visit, asked: &str, name: &str, value: &str) -> Markup {
    let say = &visit.say;
    html! {
        section class="card" {
            h2 { (say.t("name-record")) }
            p { (say.t("name-record-about")) }
            dl class="facts" {
                dt { (say.t("name-record-name")) } dd { code { (name) } }
                dt { (say.t("name-record-value")) } dd { code { (value) } }
            }
            form method="post" action="/stewards/name/go-on" {
                (hidden(visit))
                input type="hidden" name="name" value=(asked);
                button { (say.t("name-go-on")) }
            }
        }
    }
}

pub(crate) async fn order(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if !member.browser.steward {
        return front::not_found().await.into_response();
    }
    if let Some(response) = prove::first(&member).await {
        return response;
    }
    let visit = &member.visit;
    let name = fields.text("name").to_ascii_lowercase();
    let mut tried = Tried { name, contact: fields.text("contact").to_owned(), ..Tried::default() };
    if !is_name(&tried.name) {
        tried.problem = visit.say.t("name-invalid");
        return shown(visit, StatusCode::UNPROCESSABLE_ENTITY, &tried);
    }
    let Some(reach) = &visit.here.state.reach else { return front::not_found().await.into_response() };
    let way = match fields.text("way") {
        "dns" => Way::Dns,
        "house" => Way::House,
        _ => Way::Http,
    };
    let order = NameOrder { name: tried.name.clone(), contact: tried.contact.clone(), way };
    let came = reach.order(order).await;
    answer(visit, came, tried)
}

pub(crate) async fn go_on(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if !member.browser.steward {
        return front::not_found().await.into_response();
    }
    if let Some(response) = prove::first(&member).await {
        return response;
    }
    let Some(reach) = &member.visit.here.state.reach else { return front::not_found().await.into_response() };
    let came = reach.go_on().await;
    let mut tried = Tried::default();
    if matches!(came, Err(ReachError::NotShown(_))) {
        // The authority looks once: it gives another value for the next time.
        fields.text("name").clone_into(&mut tried.name);
    }
    answer(&member.visit, came, tried)
}

fn answer(visit: &Visit, came: Result<Step, ReachError>, mut tried: Tried) -> Response {
    match came {
        Ok(Step::Done) => shown(visit, StatusCode::OK, &Tried { done: true, ..Tried::default() }),
        Ok(Step::Record { name, value }) => {
            tried.record = Some((name, value));
            shown(visit, StatusCode::OK, &tried)
        }
        Err(error) => {
            tracing::warn!(%error, "no certificate for a name");
            let say = &visit.say;
            tried.problem = match &error {
                ReachError::NotShown(why) => say.with("name-not-shown", &[("why", why)]),
                ReachError::Authority(why) => say.with("name-refused", &[("why", why)]),
                ReachError::NothingBegun => say.t("name-nothing-begun"),
                ReachError::Kept(why) => say.with("name-not-kept", &[("why", why)]),
            };
            shown(visit, StatusCode::UNPROCESSABLE_ENTITY, &tried)
        }
    }
}

/// A name of the public kind: labels of letters, digits and hyphens, at least two of them, none an address.
fn is_name(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= NAME_LENGTH_MAX
        && name.contains('.')
        && name.split('.').all(label)
        && last.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// How it is reached, where it has a name that somebody vouches for.
fn named(visit: &Visit) -> Option<Reached> {
    reached(visit).filter(|reached| reached.vouched != Vouched::No)
}

pub(super) fn reached(visit: &Visit) -> Option<Reached> {
    visit.here.state.reach.as_ref().and_then(|reach| reach.now())
}

/// For stewards: that the certificate ends soon.
pub(crate) fn warning(visit: &Visit) -> Markup {
    let steward = visit.browser.as_ref().is_some_and(|browser| browser.steward);
    let Some(reached) = reached(visit).filter(|_| steward) else { return html! {} };
    let now = visit.here.state.kernel.now();
    if reached.vouched == Vouched::No || reached.ends > now.saturating_add(WARN_DAYS * DAY_MICROS) {
        return html! {};
    }
    html! {
        div class="notice bad" {
            p { (visit.say.with("name-ends-soon", &[("day", &visit.day(reached.ends))])) }
            a class="button" href="/stewards/name" { (visit.say.t("name-title")) }
        }
    }
}

/// For who comes by another name than the box has now: the way there.
pub(crate) fn moved(visit: &Visit) -> Markup {
    let Some(reached) = named(visit) else { return html! {} };
    if visit.site().name == reached.name {
        return html! {};
    }
    html! {
        div class="notice" {
            p { (visit.say.with("moved", &[("name", &reached.name)])) }
            @if reached.vouched == Vouched::ByItself {
                p { (visit.say.t("moved-first")) " " a href=(trust::PLACE) { (visit.say.t("trust-title")) } }
            }
            form method="post" action="/me/come-along" { (hidden(visit)) button { (visit.say.t("moved-go")) } }
        }
    }
}

/// Takes her, who has just proved that it is she, to the new name by a link of her own, where she adds a passkey.
pub(crate) async fn come_along(Posted { visit: member, .. }: Posted<Member>) -> Response {
    if let Some(response) = prove::first(&member).await {
        return response;
    }
    let visit = &member.visit;
    let Some(reached) = named(visit) else {
        return front::not_found().await.into_response();
    };
    let Ok(secret) = new_link() else { return sorry(visit, &visit.say.t("host-failed")) };
    let expires = visit.here.state.kernel.now().saturating_add(LINK_MICROS);
    // The host's own authority, because she has ways in already: she proved it a moment ago.
    let order = json!({ "order": {
        "hash": base64url(&Identity::hash_of(&secret)), "label": "", "uses": 1, "expires": expires.to_string(),
        "groups": [], "person": member.browser.person.to_string(),
    } });
    match as_host(visit, "invitations", "create", order).await {
        Ok(_) => {
            // A link and no redirect: the pages' policy lets no form lead elsewhere.
            let say = &visit.say;
            let title = say.t("moved-title");
            let body = html! {
                h1 { (title) }
                p class="lead" { (say.with("moved-lead", &[("name", &reached.name)])) }
                p { a class="button" href={ (reached.url) "/join/" (secret) } { (say.with("moved-on", &[("name", &reached.name)])) } }
            };
            shell::page(visit, &Frame { title: &title, narrow: true, ..Frame::default() }, &body)
        }
        Err(refused) => sorry(visit, &refused.said(visit)),
    }
}

fn sorry(visit: &Visit, words: &str) -> Response {
    let title = visit.say.t("not-done");
    let body = html! { h1 { (title) } (notice("bad", words)) };
    let frame = Frame { title: &title, narrow: true, ..Frame::default() };
    shell::page_with(visit, StatusCode::UNPROCESSABLE_ENTITY, &frame, &body)
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn a_public_name_has_two_labels_and_is_no_address() {
        for good in ["oak.example", "a.b-c.org", "xn--strae-oqa.de", "3.de"] {
            assert!(is_name(good), "{good}");
        }
        let long = format!("{}.org", "a.".repeat(130));
        for bad in
            ["", "oak", "-a.org", "a-.org", "a..org", "192.0.2.1", "Oak.org", "a b.org", "a.org/x", &long]
        {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
