//! `/me/inbox`: what a member was told, what she wants to be told about, and where e-mail to her goes.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use hamlet_identity::Secret;
use hamlet_kernel::catalogue::HOST;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::super::ask::{as_host, ask, items, number, text};
use super::super::home::party;
use super::super::join::base64url;
use super::super::prove;
use super::super::shell::{self, Field, Frame, field, hidden, notice};
use super::super::visit::{Member, Posted, Visit, redirect};
use super::super::words::Say;
use crate::front;

const PATH: &str = "/me/inbox";
/// When quiet hours end, as long as nothing was chosen.
const MORNING: u64 = 7;
/// What the host itself sends: the title's message, and the text's.
const OF_HOST: [(&str, &str); 13] = [
    ("notice-token", "notice-token-about"),
    ("notice-passkey", "notice-passkey-about"),
    ("notice-recovery", "notice-recovery-about"),
    ("notice-signed-in", "notice-signed-in-about"),
    ("notice-confirm", "notice-confirm-about"),
    ("notice-backup", "notice-backup-about"),
    ("notice-reported", "notice-reported-about"),
    ("notice-appeal", "notice-appeal-about"),
    ("notice-hidden", "notice-hidden-about"),
    ("notice-shown", "notice-shown-about"),
    ("notice-upheld", "notice-upheld-about"),
    ("notice-content-erased", "notice-content-erased-about"),
    ("notice-muted", "notice-muted-about"),
];

/// How many notices whoever is signed in has not read.
pub(crate) fn unread(visit: &Visit) -> u32 {
    let state = &visit.here.state;
    visit.browser.as_ref().map_or(0, |browser| hamlet_identity::unread_notices(&state.kernel, browser.person))
}

/// Title and text of a notice in a language: the host's are messages, a plugin's are its own words.
pub(super) fn said(say: &Say, notice: &Value) -> (String, String) {
    let (title, body) = (text(notice, "title"), text(notice, "text"));
    let of_host = OF_HOST.iter().find(|(known, _)| *known == title);
    let Some((title, about)) = of_host.filter(|_| text(notice, "source") == HOST) else {
        return (title.to_owned(), body.to_owned());
    };
    let values: serde_json::Map<String, Value> = serde_json::from_str(body).unwrap_or_default();
    let values: Vec<(&str, &str)> =
        values.iter().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect();
    (say.with(title, &values), say.with(about, &values))
}

/// Where a notice leads; none: nowhere. A plugin's own pages only.
pub(super) fn leads(notice: &Value) -> Option<String> {
    let (source, path) = (text(notice, "source"), text(notice, "path"));
    let plain = !path.is_empty() && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    match source {
        _ if !plain => None,
        HOST => Some(path.to_owned()),
        plugin => {
            let path = path.trim_start_matches('/');
            let inside = !path.split(['/', '?', '#']).any(|part| part == "..");
            inside.then(|| format!("/p/{plugin}/{path}"))
        }
    }
}

pub(super) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, html! {}).await
}

async fn shown(member: &Member, status: StatusCode, top: Markup) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let notices = ask(visit, "notices", "list", json!({})).await.unwrap_or_default();
    let choices = ask(visit, "notices", "choices", json!({})).await.unwrap_or_default();
    let address = ask(visit, "notices", "address", json!({})).await.unwrap_or_default();
    let hours = ask(visit, "notices", "times", json!({})).await.unwrap_or_default();
    let mail = as_host(visit, "notices", "mail", json!({})).await.unwrap_or_default();
    let is_sent = mail.get("server").is_some_and(|server| !server.is_null());
    let title = say.t("inbox");
    let unread = items(&notices).iter().any(|notice| notice.get("read") == Some(&Value::Bool(false)));
    let body = html! {
        h1 { (title) }
        (top)
        @if items(&notices).is_empty() { p { (say.t("inbox-none")) } }
        @if unread {
            form method="post" action={ (PATH) "/read" } { (hidden(visit)) button class="quiet" { (say.t("inbox-read-all")) } }
        }
        ul class="rows" { @for notice in items(&notices) { (row(visit, notice)) } }
        (where_to(visit, &address, is_sent))
        (wishes(visit, &choices))
        @if !text(&address, "email").is_empty() { (times(visit, &hours)) }
    };
    shell::page_with(visit, status, &Frame { title: &title, place: PATH, ..Frame::default() }, &body)
}

fn row(visit: &Visit, notice: &Value) -> Markup {
    let say = &visit.say;
    let (title, body) = said(say, notice);
    let is_read = notice.get("read") == Some(&Value::Bool(true));
    let source = text(notice, "source");
    let from = if source == HOST { visit.community.name.clone() } else { visit.plugin_title(source) };
    html! {
        li {
            div class="grow" {
                @if is_read { (title) } @else { strong { (title) } " " span class="soft" { "· " (say.t("inbox-new")) } }
                @if !body.is_empty() { br; (body) }
                br;
                span class="soft" { (from) " · " (visit.moment(number(notice, "at").unwrap_or_default())) }
                @if let Some(path) = leads(notice) { br; a href=(path) { (say.t("inbox-look")) span class="unseen" { ": " (title) } } }
            }
            form method="post" action={ (PATH) "/forget" } {
                (hidden(visit))
                input type="hidden" name="notice" value=(text(notice, "id"));
                button class="quiet" aria-label={ (say.t("remove")) ": " (title) } { (say.t("remove")) }
            }
        }
    }
}

/// Her address.
fn where_to(visit: &Visit, address: &Value, is_sent: bool) -> Markup {
    let say = &visit.say;
    let email = text(address, "email");
    html! {
        section class="card" {
            h2 { (say.t("inbox-address")) }
            @if email.is_empty() { p { (say.t("inbox-address-none")) } }
            @else if let Some(day) = number(address, "confirmed") {
                p { (say.with("inbox-address-good", &[("email", email), ("day", &visit.day(day))])) }
            } @else if is_sent { p class="notice" { (say.with("inbox-address-asked", &[("email", email)])) } }
            @if !is_sent && !email.is_empty() { p class="notice" { (say.t("inbox-address-no-server")) } }
            form method="post" action={ (PATH) "/address" } {
                (hidden(visit))
                (field(&Field { name: "email", label: &say.t("inbox-email"), help: &say.t("inbox-email-help"), kind: "email", value: email, autocomplete: "email", ..Field::default() }))
                button class="quiet" { (say.t(if email.is_empty() { "inbox-email-set" } else { "inbox-email-change" })) }
            }
            @if !email.is_empty() {
                form method="post" action={ (PATH) "/address/forget" } { (hidden(visit)) button class="danger" { (say.t("inbox-email-forget")) } }
            }
        }
    }
}

/// What she wants to be told about, topic by topic.
fn wishes(visit: &Visit, choices: &Value) -> Markup {
    let say = &visit.say;
    html! {
        section class="card" {
            h2 { (say.t("inbox-wishes")) }
            form method="post" action={ (PATH) "/choose" } {
                (hidden(visit))
                @for (at, choice) in items(choices).iter().enumerate() {
                    @let (source, topic) = (text(choice, "source"), text(choice, "topic"));
                    @let id = format!("way-{at}");
                    div class="field" {
                        label for=(id) {
                            @if source == HOST { (say.t(topic_words(topic))) }
                            @else {
                                (visit.plugin_title(source)) ": " (text(choice, "title"))
                            }
                        }
                        input type="hidden" name="topic" value={ (source) "/" (topic) };
                        select id=(id) name="way" {
                            @for (way, words) in ways(say) {
                                @if ["inbox", "email"].contains(&way) || choice.get("fixed") != Some(&Value::Bool(true)) {
                                    option value=(way) selected[text(choice, "way") == way] { (words) }
                                }
                            }
                        }
                    }
                }
                button { (say.t("save")) }
            }
        }
    }
}

/// How notices of a topic may reach somebody.
/// What a topic of the host's is called.
fn topic_words(topic: &str) -> &'static str {
    match topic {
        hamlet_identity::CARE => "topic-care",
        hamlet_identity::MODERATION_TOPIC => "topic-moderation",
        _ => "topic-security",
    }
}

fn ways(say: &Say) -> [(&'static str, String); 4] {
    [
        ("inbox", say.t("way-inbox")),
        ("email", say.t("way-email")),
        ("digest", say.t("way-digest")),
        ("none", say.t("way-none")),
    ]
}

/// When e-mail comes to her.
fn times(visit: &Visit, times: &Value) -> Markup {
    let say = &visit.say;
    let quiet = times.get("quiet").filter(|quiet| !quiet.is_null());
    let hour = |name: &str| quiet.and_then(|quiet| number(quiet, name));
    html! {
        section class="card" {
            h2 { (say.t("inbox-times")) }
            p { (say.t("inbox-times-help")) }
            form method="post" action={ (PATH) "/times" } {
                (hidden(visit))
                (hours("digest", &say.t("inbox-times-digest"), None, number(times, "digest")))
                (hours("begins", &say.t("inbox-times-quiet"), Some(&say.t("inbox-times-loud")), hour("begins")))
                (hours("ends", &say.t("inbox-times-until"), None, hour("ends").or(Some(MORNING))))
                button { (say.t("save")) }
            }
        }
    }
}

/// An hour of the day to choose; `none`: what it says where none is.
fn hours(name: &str, label: &str, none: Option<&str>, chosen: Option<u64>) -> Markup {
    html! {
        div class="field" {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                @if let Some(none) = none { option value="" selected[chosen.is_none()] { (none) } }
                @for hour in 0..24 { option value=(hour) selected[chosen == Some(hour)] { (hour) ":00" } }
            }
        }
    }
}

pub(super) async fn set_times(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let hour = |name: &str| fields.text(name).parse::<u8>().ok();
    let quiet = hour("begins").map(|begins| json!({ "begins": begins, "ends": hour("ends") }));
    let order = json!({ "times": { "digest": hour("digest"), "quiet": quiet } });
    if ask(&member.visit, "notices", "set-times", order).await.is_ok() {
        return redirect(PATH);
    }
    let why = notice("bad", &member.visit.say.t("inbox-times-wrong"));
    shown(&member, StatusCode::UNPROCESSABLE_ENTITY, why).await
}

pub(super) async fn read(Posted { visit: member, .. }: Posted<Member>) -> Response {
    change(&member, "mark-read", json!({})).await
}

pub(super) async fn forget(Posted { visit: member, fields }: Posted<Member>) -> Response {
    change(&member, "forget", json!({ "notice": fields.text("notice") })).await
}

pub(super) async fn choose(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let visit = &member.visit;
    let present = ask(visit, "notices", "choices", json!({})).await.unwrap_or_default();
    for (topic, way) in fields.all("topic").into_iter().zip(fields.all("way")) {
        let Some((source, topic)) = topic.split_once('/') else { continue };
        let same = items(&present).iter().any(|choice| {
            text(choice, "source") == source && text(choice, "topic") == topic && text(choice, "way") == way
        });
        if same {
            continue;
        }
        let order = json!({ "source": source, "topic": topic, "way": way });
        if let Err(refused) = ask(visit, "notices", "choose", order).await {
            let why = notice("bad", &refused.said(visit));
            return shown(&member, StatusCode::UNPROCESSABLE_ENTITY, why).await;
        }
    }
    redirect(PATH)
}

pub(super) async fn forget_address(Posted { visit: member, .. }: Posted<Member>) -> Response {
    if let Some(response) = prove::first_from(&member, PATH).await {
        return response;
    }
    change(&member, "forget-address", json!({})).await
}

async fn change(member: &Member, function: &str, order: Value) -> Response {
    match ask(&member.visit, "notices", function, order).await {
        Ok(_) => redirect(PATH),
        Err(refused) => {
            let why = notice("bad", &refused.said(&member.visit));
            shown(member, StatusCode::UNPROCESSABLE_ENTITY, why).await
        }
    }
}

/// Sends a link to an address: only whoever opens it confirms that it is hers.
pub(super) async fn address(Posted { visit: member, fields }: Posted<Member>) -> Response {
    if let Some(response) = prove::first_from(&member, PATH).await {
        return response;
    }
    let visit = &member.visit;
    let say = &visit.say;
    let Ok(secret) = Secret::new() else {
        return shown(&member, StatusCode::INTERNAL_SERVER_ERROR, notice("bad", &say.t("host-failed"))).await;
    };
    let link = format!("{}/confirm-address/{}", visit.site().origin, secret.reveal());
    let order = json!({
        "person": party(visit), "email": fields.text("email"), "link": link, "hash": base64url(&secret.hash()),
    });
    match as_host(visit, "notices", "ask-address", order).await {
        Ok(_) => redirect(PATH),
        Err(refused) => {
            let why = match refused.case.as_str() {
                "invalid" => say.t("inbox-email-wrong"),
                "too-many" => say.t("inbox-email-often"),
                _ => refused.said(visit),
            };
            shown(&member, StatusCode::UNPROCESSABLE_ENTITY, notice("bad", &why)).await
        }
    }
}

/// The page of a link that was sent. Looking at it confirms nothing: programs that scan mail look at links.
pub(super) async fn confirm_page(Path(secret): Path<String>, visit: Visit) -> Response {
    let say = &visit.say;
    let title = say.t("confirm-address");
    let body = html! {
        h1 { (title) }
        p { (say.with("confirm-address-lead", &[("community", &visit.community.name)])) }
        form method="post" action={ "/confirm-address/" (secret) } { (hidden(&visit)) button { (say.t("confirm-address-do")) } }
    };
    shell::page(&visit, &Frame { title: &title, narrow: true, ..Frame::default() }, &body)
}

pub(super) async fn confirm(Path(secret): Path<String>, Posted { visit, .. }: Posted<Visit>) -> Response {
    let say = &visit.say;
    if visit.here.state.address_rates.take(visit.here.address, 5).is_err() {
        return front::not_found().await.into_response();
    }
    let title = say.t("confirm-address");
    let hash = hamlet_identity::hash(&secret);
    let done = as_host(&visit, "notices", "confirm-address", json!({ "hash": base64url(&hash) })).await;
    let (status, said) = match done {
        Ok(_) => (StatusCode::OK, notice("good", &say.t("confirm-address-done"))),
        Err(_) => (StatusCode::NOT_FOUND, notice("bad", &say.t("confirm-address-old"))),
    };
    let body = html! { h1 { (title) } (said) p { a href="/" { (say.t("home")) } } };
    shell::page_with(&visit, status, &Frame { title: &title, narrow: true, ..Frame::default() }, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_leads_into_its_own_plugin_or_nowhere() {
        let leads = |source: &str, path: &str| leads(&json!({ "source": source, "path": path }));
        assert_eq!(leads("shop", "orders/7?x=1"), Some("/p/shop/orders/7?x=1".into()));
        assert_eq!(leads("shop", "//evil.example"), Some("/p/shop/evil.example".into()));
        assert_eq!(leads("host", "/me/tokens"), Some("/me/tokens".into()));
        for path in ["", "../till/", "a/../../me", "a b", "\\evil", "a\nb"] {
            assert_eq!(leads("shop", path), None, "{path:?}");
        }
    }
}
