//! The frame around every page: head, the community's name, the way around, what is said at the end.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::guard::CSRF;
use super::visit::Visit;
use super::{care, demo};
use crate::problem::Shown;

/// No script but our own, no style but our own, nothing from elsewhere, no frame around us, no form to elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What a page is, besides its body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame<'a> {
    /// Of the page, without the community's name.
    pub title: &'a str,
    /// Its part of the way around: the path of the entry that is marked.
    pub place: &'a str,
    /// A page that nobody needs the way around on: signing in, setting up.
    pub narrow: bool,
    /// Names of our scripts that it needs.
    pub scripts: &'a [&'a str],
    /// The plugin whose frame is on it.
    pub framed: Option<&'a str>,
}

/// A page.
pub(crate) fn page(visit: &Visit, frame: &Frame<'_>, body: &Markup) -> Response {
    page_with(visit, StatusCode::OK, frame, body)
}

/// What who may not see a page sees in its place.
pub(crate) fn denied(visit: &Visit, frame: &Frame<'_>) -> Response {
    let body = html! { h1 { (frame.title) } (notice("bad", &visit.say.t("refused-denied"))) };
    page_with(visit, StatusCode::FORBIDDEN, frame, &body)
}

/// Why what was asked for was not done, and the way back. `place`: which entry of the navigation it belongs to.
pub(crate) fn not_done(visit: &Visit, place: &str, back: &str, words: &str) -> Response {
    let title = visit.say.t("not-done");
    let body = html! {
        h1 { (title) } (notice("bad", words)) p { a href=(back) { (visit.say.t("back")) } }
    };
    let frame = Frame { title: &title, place, ..Frame::default() };
    page_with(visit, StatusCode::UNPROCESSABLE_ENTITY, &frame, &body)
}

/// A page with another status: what was typed is not right.
pub(crate) fn page_with(visit: &Visit, status: StatusCode, frame: &Frame<'_>, body: &Markup) -> Response {
    let say = &visit.say;
    let community = &visit.community.name;
    let document = html! {
        (DOCTYPE)
        html lang=(say.tag()) dir=(say.direction()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (frame.title) @if frame.title != community { " · " (community) } }
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                link rel="apple-touch-icon" href="/assets/touch-180.png";
                link rel="manifest" href="/manifest.webmanifest";
                link rel="stylesheet" href="/assets/pages.css";
                @if frame.place.starts_with("/p/") { link rel="stylesheet" href="/assets/plugin.css"; }
                @for script in frame.scripts { script src={ "/assets/" (script) ".js" } defer {} }
                (care::kept::head(visit))
            }
            body class=@if frame.narrow { "narrow" } @else { "wide" } {
                a class="skip" href="#main" { (say.t("skip-to-content")) }
                (care::kept::offline_line(visit))
                (demo::banner(visit))
                (header(visit, frame))
                main id="main" tabindex="-1" { (body) }
                (footer(visit))
                (care::kept::differs(visit))
            }
        }
    };
    let policy = match frame.framed {
        // What a frame may show is said here, so that its own script cannot take it anywhere else.
        Some(plugin) => format!("{POLICY}; frame-src {}", super::plugin::static_place(visit, plugin)),
        None => POLICY.to_owned(),
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(POLICY))),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let mut response = (status, headers, document.into_string()).into_response();
    // What may be looked at later without a connection: no page with a secret or a password on it is wide.
    let whose = care::kept::whose(visit).filter(|_| status == StatusCode::OK && !frame.narrow);
    if let Some(whose) = whose.and_then(|whose| HeaderValue::from_str(&whose).ok()) {
        response.headers_mut().insert(care::kept::HAMLET_KEEP, whose);
    }
    response
}

/// Plugins that are on the line under the name; more of them are in the menu.
const PLUGINS_SHOWN: usize = 2;

/// The name, and the way around: one line of what is used every day, and a menu with the rest, which opens without a
/// script and by keyboard.
fn header(visit: &Visit, frame: &Frame<'_>) -> Markup {
    let say = &visit.say;
    html! {
        header class="top" {
            a class="brand" href="/" { (PreEscaped(crate::page::ICON)) span { (visit.community.name) } }
            @if visit.browser.is_some() {
                @if !frame.narrow { (ways(visit, frame)) }
            } @else if !frame.narrow {
                nav aria-label=(say.t("way-around")) { ul { (entry(frame, "/sign-in", &say.t("sign-in"))) } }
            }
        }
    }
}

fn ways(visit: &Visit, frame: &Frame<'_>) -> Markup {
    let say = &visit.say;
    let plugins = visit.plugins_with_pages();
    let (shown, more) = plugins.split_at(plugins.len().min(PLUGINS_SHOWN));
    let steward = visit.browser.as_ref().is_some_and(|browser| browser.steward);
    let mut rest: Vec<(&str, String)> =
        more.iter().map(|plugin| (plugin.path.as_str(), plugin.title.clone())).collect();
    rest.push(("/members", say.t("members")));
    rest.push(("/groups", say.t("groups")));
    if steward {
        rest.push(("/stewards/invitations", say.t("invitations")));
        rest.push(("/stewards/plugins", say.t("plugins")));
        rest.push(("/stewards", say.t("care")));
    }
    rest.push(("/me", say.t("me-title")));
    let inside = rest.iter().find(|(path, _)| *path == frame.place);
    html! {
        nav class="ways" aria-label=(say.t("way-around")) {
            ul {
                (entry(frame, "/", &say.t("home")))
                @for plugin in shown { (entry(frame, &plugin.path, &plugin.title)) }
                (entry(frame, "/me/inbox", &inbox(visit)))
            }
            details class="menu" {
                summary class=@if inside.is_some() { "here" } @else { "" } { (say.t("menu")) }
                ul { @for (path, name) in &rest { (entry(frame, path, name)) } }
            }
        }
    }
}

fn entry(frame: &Frame<'_>, path: &str, name: &str) -> Markup {
    html! { li { a href=(path) aria-current=[(frame.place == path).then_some("page")] { (name) } } }
}

/// The way to her notices, with how many are new.
fn inbox(visit: &Visit) -> String {
    match care::unread(visit) {
        0 => visit.say.t("inbox"),
        unread => visit.say.with("inbox-unread", &[("number", &unread.to_string())]),
    }
}

fn footer(visit: &Visit) -> Markup {
    let say = &visit.say;
    let present = say.tag();
    html! {
        footer {
            form class="language" method="post" action="/language" {
                (hidden(visit))
                input type="hidden" name="to" value=(visit.path);
                label for="language" { (say.t("language")) }
                select id="language" name="language" {
                    @for (tag, name) in visit.here.state.words.choices() {
                        option value=(tag) lang=(tag) selected[tag == present] { (name) }
                    }
                }
                button class="quiet" { (say.t("choose")) }
            }
            @if visit.browser.is_some() { p { a href="/journal" { (say.t("journal")) } } }
            p { a href="/developers" { (say.t("for-developers")) } }
        }
    }
}

/// What every form of somebody who is signed in carries.
pub(crate) fn hidden(visit: &Visit) -> Markup {
    html! { @if visit.browser.is_some() { input type="hidden" name=(CSRF) value=(visit.csrf()); } }
}

/// One line to type in.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Field<'a> {
    pub name: &'a str,
    pub label: &'a str,
    /// Said below the label.
    pub help: &'a str,
    pub kind: &'a str,
    pub value: &'a str,
    pub autocomplete: &'a str,
    /// Why what was typed is not right.
    pub error: Option<&'a str>,
    pub optional: bool,
    /// Nothing but digits: a phone shows these keys at once.
    pub digits: bool,
}

/// A line to type in, with its label, its help and what is wrong with it.
pub(crate) fn field(field: &Field<'_>) -> Markup {
    let help = (!field.help.is_empty()).then(|| format!("{}-help", field.name));
    let error = field.error.map(|_| format!("{}-error", field.name));
    let about: Vec<&str> = [help.as_deref(), error.as_deref()].into_iter().flatten().collect();
    let about = (!about.is_empty()).then(|| about.join(" "));
    let plain = matches!(field.kind, "password" | "email") || field.autocomplete == "username";
    html! {
        div class=@if field.error.is_some() { "field wrong" } @else { "field" } {
            label for=(field.name) { (field.label) }
            @if let Some(id) = &help { p class="help" id=(id) { (field.help) } }
            input id=(field.name) name=(field.name) type=(if field.kind.is_empty() { "text" } else { field.kind })
                value=(field.value) autocomplete=[(!field.autocomplete.is_empty()).then_some(field.autocomplete)]
                inputmode=[field.digits.then_some("numeric")]
                autocapitalize=[plain.then_some("none")] spellcheck=[plain.then_some("false")]
                aria-describedby=[about] aria-invalid=[field.error.map(|_| "true")] required[!field.optional];
            @if let (Some(id), Some(error)) = (&error, field.error) { p class="error" id=(id) { (error) } }
        }
    }
}

/// Something that went wrong or well, above a form; read out at once.
pub(crate) fn notice(kind: &'static str, text: &str) -> Markup {
    html! { @if !text.is_empty() { p class={ "notice " (kind) } role=(if kind == "bad" { "alert" } else { "status" }) { (text) } } }
}

/// A problem as a page, where a browser asked for one.
pub(crate) fn problem(visit: &Visit, shown: &Shown) -> Response {
    let body = html! { h1 { (shown.title) } p { (shown.detail) } p { a href="/" { (visit.say.t("home")) } } };
    page_with(visit, shown.status, &Frame { title: &shown.title, narrow: true, ..Frame::default() }, &body)
}
