//! A page that a plugin renders: asked for as whoever looks, sanitised, drawn, put into the shell.

use axum::response::{IntoResponse as _, Response};
use hamlet_kernel::catalogue::HOST;
use hamlet_kernel::{CallError, Callable};
use hamlet_pages::forms::{Field, FieldError, fill};
use hamlet_pages::{Element, Fragment, bare, draw, sanitize, sanitize::inside};
use http::{HeaderValue, StatusCode, header::SET_COOKIE};
use maud::{Markup, PreEscaped, html};
use wasmtime::component::Val;

use super::super::shell::{self, Frame, notice};
use super::super::visit::{Visit, escaped, redirect};
use super::viewer::Sight;
use super::{function, limit, missing};
use crate::problem::Problem;
use crate::refusal;

/// The interface by which a plugin shows pages.
pub(crate) const PAGES: &str = "hamlet:host/pages@0.1.0";
/// Most parameters of a query that a plugin is given.
const PARAMETERS_MAX: usize = 100;
/// Entries of a plugin's way around that are shown.
const ENTRIES_MAX: usize = 12;
/// Longest title, in characters.
const TITLE_MAX: usize = 120;
/// The cookie that says, once, that something was done, and from which sequence on it is seen (T6).
const DONE: &str = "__Host-hamlet-done";
/// Behind the sequence: what was asked for was not done, and the host says nothing.
const QUIET: char = 'q';
/// The script of a plugin's own frame.
const FRAME: &str = "frame";
/// What a page has where it needs a script, and the script. A word of the plugin's own that looks like it loads one that
/// then finds nothing to do.
const SCRIPTS: [(&str, &str); 5] = [
    (" data-frame=", FRAME),
    (" data-live", "live"),
    (" data-scan", "scan"),
    (" data-share", "share"),
    (" data-picture", "picture"),
];

/// A page as a plugin gave it.
struct Given {
    title: String,
    html: String,
    navigation: Vec<(String, String)>,
}

/// What became of a form on a page that is shown again.
#[derive(Default)]
pub(super) struct Again<'a> {
    /// Which of the page's forms.
    pub form: usize,
    /// What it named.
    pub function: Option<&'a Callable>,
    /// What was typed.
    pub typed: &'a [Field],
    /// What is wrong.
    pub errors: &'a [FieldError],
}

/// `GET` of a page.
pub(super) async fn page(visit: &Visit, plugin: &str, path: &str) -> Result<Response, Response> {
    limit(visit)?;
    let query = visit.path.split_once('?').map_or("", |(_, query)| query);
    shown(visit, plugin, path, query, None).await
}

/// A page of the plugin; `again`: with a form as it was sent, and what is wrong with it.
pub(super) async fn shown(
    visit: &Visit,
    plugin: &str,
    path: &str,
    query: &str,
    again: Option<Again<'_>>,
) -> Result<Response, Response> {
    let catalogue = visit.here.state.kernel.catalogue();
    let info =
        catalogue.plugins.get(plugin).filter(|info| info.active && plugin != HOST).ok_or_else(missing)?;
    if !info.interfaces.iter().any(|interface| interface.id == PAGES) {
        // One without pages is what it can do.
        return if path.is_empty() { Ok(redirect(&format!("/p/{plugin}/call"))) } else { Err(missing()) };
    }
    let given = ask(visit, plugin, path, query).await?;
    let mut page = sanitize(&given.html, plugin).map_err(|error| {
        tracing::warn!(%plugin, %error, "a plugin's page cannot be shown");
        let detail = "What the plugin gave cannot be shown. Tell a steward; the host's log says why.";
        Problem::host(StatusCode::BAD_GATEWAY, "page-invalid", "This page cannot be shown", detail)
            .into_response()
    })?;
    let mut status = StatusCode::OK;
    if let Some(again) = again {
        status = StatusCode::UNPROCESSABLE_ENTITY;
        refill(&mut page, &again, visit, plugin);
    }
    let here = address(plugin, path, query);
    let drawn = Sight::new(visit).draw(plugin, &here, &page).await;
    let scripts: Vec<&str> =
        SCRIPTS.iter().filter(|(mark, _)| drawn.contains(mark)).map(|(_, script)| *script).collect();
    let framed = scripts.contains(&FRAME).then_some(plugin);
    let body = html! {
        (around(plugin, visit.title_of(info), path, &given.navigation))
        h1 { (given.title) }
        (done(visit))
        // What is below is the plugin's: no attribute of it is ever obeyed by a script of the host.
        div class="plugin" hx-disable { (PreEscaped(drawn)) }
        p class="plugin-end" { a href={ "/p/" (plugin) "/" (super::CALL) } { (visit.say.t("plugin-functions")) } }
    };
    let place = format!("/p/{plugin}/");
    let frame = Frame { title: &given.title, place: &place, scripts: &scripts, framed, ..Frame::default() };
    let mut response = shell::page_with(visit, status, &frame, &body);
    if sequence(visit).is_some() {
        set_done(&mut response, "", 0);
    }
    Ok(response)
}

/// Puts the form that was sent back into its page. When the page has changed meanwhile and has no such form, the
/// host's own form of the function is put at its top: what was typed is not lost.
fn refill(page: &mut Fragment, again: &Again<'_>, visit: &Visit, plugin: &str) {
    let catalogue = visit.here.state.kernel.catalogue();
    let same = |form: &Element| {
        let action = form.get("action").unwrap_or_default();
        let (interface, name) = action.rsplit_once('.').unwrap_or(("", action));
        let found = catalogue.find(plugin, interface, name).ok();
        found.zip(again.function).is_some_and(|(found, function)| {
            found.function.name == function.function.name && found.interface.id == function.interface.id
        })
    };
    let mut forms = draw::post_forms(page);
    let at = Some(again.form).filter(|at| forms.get(*at).is_some_and(|form| same(form)));
    match at.or_else(|| forms.iter().position(|form| same(form))) {
        Some(at) => {
            if let Some(form) = forms.get_mut(at) {
                fill(form, again.typed, again.errors);
            }
        }
        None => {
            if let Some(function) = again.function {
                let form = function::form(visit, function, again.typed, again.errors);
                page.nodes.insert(0, form.into());
            }
        }
    }
}

/// Asks the plugin, as whoever looks.
async fn ask(visit: &Visit, plugin: &str, path: &str, query: &str) -> Result<Given, Response> {
    let parameters = form_urlencoded::parse(query.as_bytes()).take(PARAMETERS_MAX).map(|(name, value)| {
        let name = bare(&name).to_owned();
        record([("name", Val::String(name)), ("value", Val::String(value.into_owned()))])
    });
    let request = record([
        ("path", Val::String(path.trim_matches('/').to_owned())),
        ("query", Val::List(parameters.collect())),
        ("locale", Val::String(visit.say.tag())),
    ]);
    let mut call = visit.call(plugin, PAGES, "render", vec![request]);
    call.at_least = sequence(visit);
    let signed_in = visit.browser.is_some();
    let answer = visit.here.state.kernel.call(call).await.map_err(|error| match error {
        CallError::Denied { .. } if !signed_in => sign_in(visit),
        error => refusal::from_call_error(&error, signed_in).into_response(),
    })?;
    match answer.result {
        Ok(page) => page.as_ref().and_then(given).ok_or_else(missing),
        Err(Some(Val::Variant(case, why))) => Err(match (case.as_str(), why.as_deref()) {
            ("sign-in-needed", _) if !signed_in => sign_in(visit),
            ("refused", Some(Val::String(why))) => refused(visit, why),
            ("sign-in-needed", _) => refused(visit, &visit.say.t("refused-denied")),
            _ => missing(),
        }),
        Err(_) => Err(missing()),
    }
}

fn sign_in(visit: &Visit) -> Response {
    redirect(&format!("/sign-in?to={}", escaped(&visit.path)))
}

/// A plugin's own sentence why a page is not for her.
fn refused(visit: &Visit, why: &str) -> Response {
    let why: String = why.chars().filter(|letter| !letter.is_control()).take(300).collect();
    let title = visit.say.t("not-done");
    let body = html! { h1 { (title) } p { (why) } p { a href="/" { (visit.say.t("home")) } } };
    shell::page_with(
        visit,
        StatusCode::FORBIDDEN,
        &Frame { title: &title, narrow: true, ..Frame::default() },
        &body,
    )
}

fn record<const N: usize>(fields: [(&str, Val); N]) -> Val {
    Val::Record(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

fn given(page: &Val) -> Option<Given> {
    let text = |value: &Val| match value {
        Val::String(text) => Some(text.clone()),
        _ => None,
    };
    let field = |value: &Val, name: &str| match value {
        Val::Record(fields) => fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()),
        _ => None,
    };
    let Val::List(entries) = field(page, "navigation")? else { return None };
    let title: String = text(&field(page, "title")?)?.chars().take(TITLE_MAX).collect();
    Some(Given {
        title,
        html: text(&field(page, "html")?)?,
        navigation: entries
            .iter()
            .filter_map(|entry| Some((text(&field(entry, "path")?)?, text(&field(entry, "title")?)?)))
            .take(ENTRIES_MAX)
            .collect(),
    })
}

/// The plugin's way around: links inside it, and nowhere else.
fn around(plugin: &str, title: &str, path: &str, entries: &[(String, String)]) -> Markup {
    let here = format!("/p/{plugin}/{}", path.trim_matches('/'));
    let entries: Vec<(String, &String)> =
        entries.iter().filter_map(|(path, title)| Some((inside(plugin, path)?, title))).collect();
    html! {
        @if !entries.is_empty() {
            nav class="plugin-nav" aria-label=(title) {
                ul {
                    @for (path, title) in &entries {
                        @let bare = path.split(['?', '#']).next().unwrap_or_default();
                        li { a href=(path) aria-current=[(bare == here).then_some("page")] {
                            (title.chars().take(TITLE_MAX).collect::<String>())
                        } }
                    }
                }
            }
        }
    }
}

/// Path and query of a page of a plugin.
fn address(plugin: &str, path: &str, query: &str) -> String {
    let page = format!("/p/{plugin}/{}", path.trim_matches('/'));
    if query.is_empty() { page } else { format!("{page}?{query}") }
}

/// What was done last, said once.
fn done(visit: &Visit) -> Markup {
    let is_quiet = visit.cookie(DONE).is_some_and(|mark| mark.ends_with(QUIET));
    html! { @if sequence(visit).is_some() && !is_quiet { (notice("good", &visit.say.t("plugin-done"))) } }
}

fn sequence(visit: &Visit) -> Option<u64> {
    // One that was not reached yet is of another time: a restored community begins anew.
    visit
        .cookie(DONE)?
        .trim_end_matches(QUIET)
        .parse()
        .ok()
        .filter(|sequence| *sequence <= visit.here.state.kernel.head())
}

/// What is remembered: the sequence, and whether the page says itself what became of it.
pub(super) fn done_mark(sequence: u64, is_quiet: bool) -> String {
    if is_quiet { format!("{sequence}{QUIET}") } else { sequence.to_string() }
}

/// Remembers for the next page that something was done, or forgets it.
pub(super) fn set_done(response: &mut Response, value: &str, seconds: u32) {
    let cookie = format!("{DONE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}
