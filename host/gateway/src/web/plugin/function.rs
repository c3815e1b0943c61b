//! Forms that the host makes for functions that have no page: what a plugin can do for whoever looks.

use std::collections::BTreeSet;

use axum::extract::Path;
use axum::response::Response;
use hamlet_bundle::{Access, Kind};
use hamlet_kernel::Callable;
use hamlet_kernel::catalogue::HOST;
use hamlet_pages::forms::{self, Field, FieldError, MORE};
use hamlet_pages::{Element, Fragment, Node};
use hamlet_reflect::json;
use http::StatusCode;
use maud::{PreEscaped, html};
use serde_json::{Value, json};
use wasmtime::component::Val;

use super::super::ask::{ask, items};
use super::super::home::party;
use super::super::shell::{self, Frame};
use super::super::visit::{Visit, escaped, redirect};
use super::units::units_in;
use super::viewer::{Sight, words};
use super::{CALL, callable, is_name, limit, missing, queried};
use crate::sentence::sentence;

/// `GET /p/{plugin}/call`: everything that she may do with a plugin.
pub(super) async fn index(Path(plugin): Path<String>, visit: Visit) -> Response {
    listed(&visit, &plugin).await.unwrap_or_else(|response| response)
}

async fn listed(visit: &Visit, plugin: &str) -> Result<Response, Response> {
    limit(visit)?;
    let catalogue = visit.here.state.kernel.catalogue();
    let info =
        catalogue.plugins.get(plugin).filter(|info| info.active && plugin != HOST).ok_or_else(missing)?;
    if visit.browser.is_none()
        && !info.functions.iter().any(|callable| callable.rule.access.contains(&Access::Public))
    {
        return Err(redirect(&format!("/sign-in?to={}", escaped(&visit.path))));
    }
    let groups = groups(visit).await;
    let mine: Vec<_> = info.functions.iter().filter(|callable| may(visit, &groups, callable)).collect();
    let place = format!("/p/{plugin}/");
    let body = html! {
        h1 { (visit.title_of(info)) }
        p class="lead" { (visit.say.t("plugin-functions-lead")) }
        @if mine.is_empty() { p { (visit.say.t("plugin-functions-none")) } }
        @for (title, kind) in [("plugin-changes", Kind::Command), ("plugin-asks", Kind::Query)] {
            @let some: Vec<_> = mine.iter().filter(|callable| callable.rule.kind == kind).collect();
            @if !some.is_empty() {
                h2 { (visit.say.t(title)) }
                ul class="rows" {
                    @for callable in some {
                        li { div class="grow" {
                            a href=(path_of(callable)) { (words(&callable.function.name)) }
                            p class="help" { (sentence(&callable.function.docs).replace('`', "")) }
                        } }
                    }
                }
            }
        }
    };
    let frame = Frame { title: visit.title_of(info), place: &place, ..Frame::default() };
    Ok(shell::page(visit, &frame, &body))
}

/// `GET /p/{plugin}/call/{interface}/{function}`: its form.
pub(super) async fn page(
    Path((plugin, interface, function)): Path<(String, String, String)>,
    visit: Visit,
) -> Response {
    one(&visit, &plugin, &interface, &function).await.unwrap_or_else(|response| response)
}

async fn one(visit: &Visit, plugin: &str, interface: &str, function: &str) -> Result<Response, Response> {
    limit(visit)?;
    let catalogue = visit.here.state.kernel.catalogue();
    let callable = callable(&catalogue, plugin, interface, function)?;
    if visit.browser.is_none() && !callable.rule.access.contains(&Access::Public) {
        return Err(redirect(&format!("/sign-in?to={}", escaped(&visit.path))));
    }
    // What a link or a frame fills in; she sees it, and presses.
    Ok(again(visit, &callable, &queried(visit), &[]).await)
}

/// A function's form, with what was typed and what is wrong with it.
pub(super) async fn again(
    visit: &Visit,
    callable: &Callable,
    typed: &[Field],
    errors: &[FieldError],
) -> Response {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Fragment::from(form(visit, callable, typed, errors));
    let drawn = Sight::new(visit).draw(&callable.plugin, &path_of(callable), &page).await;
    shown(visit, callable, status, &drawn)
}

/// The form that the host makes for a function.
pub(super) fn form(visit: &Visit, callable: &Callable, typed: &[Field], errors: &[FieldError]) -> Element {
    let action = format!("{}.{}", callable.interface.short, callable.function.name);
    let mut form = forms::form(&callable.function, &action, typed, &visit.say);
    // An empty form stands as it was made; `fill` would empty what has a value of its own.
    if !typed.iter().all(|(name, _)| name == MORE) || !errors.is_empty() {
        forms::fill(&mut form, typed, errors);
    }
    form
}

/// What a function gave. `about`: its arguments.
pub(super) async fn result(
    visit: &Visit,
    callable: &Callable,
    given: Option<&Val>,
    about: &Value,
) -> Response {
    let ty = match &callable.function.result {
        Some(hamlet_reflect::Type::Result { ok, .. }) => ok.as_deref(),
        other => other.as_ref(),
    };
    let value = ty.zip(given).map_or(Value::Null, |(ty, given)| json::from_val(ty, given));
    let units = units_in(visit, &callable.plugin, &[&value, about]).await;
    let value = forms::counted(&value, about, &units);
    let mut sight = Sight::new(visit);
    let mut nodes = forms::result(&callable.function, &value, sight.say);
    if callable.rule.kind == Kind::Command {
        let mut done = Element::new("p").text(visit.say.t("plugin-done"));
        done.set("class", "good");
        done.set("role", "status");
        nodes.insert(0, Node::Element(done));
    }
    let drawn = sight.draw(&callable.plugin, &path_of(callable), &Fragment { nodes }).await;
    shown(visit, callable, StatusCode::OK, &drawn)
}

fn shown(visit: &Visit, callable: &Callable, status: StatusCode, drawn: &str) -> Response {
    let title = words(&callable.function.name);
    let place = format!("/p/{}/", callable.plugin);
    let body = html! {
        h1 { (title) }
        @for paragraph in callable.function.docs.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
            p class="soft" { (paragraph.replace('`', "")) }
        }
        div class="plugin" hx-disable { (PreEscaped(drawn.to_owned())) }
        p class="plugin-end" { a href={ "/p/" (callable.plugin) "/" (CALL) } { (visit.say.t("plugin-functions")) } }
    };
    let frame = Frame { title: &title, place: &place, ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

fn path_of(callable: &Callable) -> String {
    format!("/p/{}/{CALL}/{}/{}", callable.plugin, callable.interface.short, callable.function.name)
}

/// The function that a path names as [`path_of`] writes it.
pub(super) fn named(path: &str) -> Option<(&str, &str)> {
    let (interface, function) = path.strip_prefix(CALL)?.strip_prefix('/')?.split_once('/')?;
    (is_name(interface) && is_name(function)).then_some((interface, function))
}

async fn groups(visit: &Visit) -> BTreeSet<String> {
    let groups = ask(visit, "members", "groups", json!({ "party": party(visit) })).await.unwrap_or_default();
    items(&groups).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether a function admits her; what is shown decides nothing (W1).
fn may(visit: &Visit, groups: &BTreeSet<String>, callable: &Callable) -> bool {
    let signed_in = visit.browser.is_some();
    // What the host itself calls is not for people.
    if callable.interface.id.starts_with("hamlet:host/") {
        return false;
    }
    callable.rule.access.iter().any(|access| match access {
        Access::Public => true,
        Access::Member => signed_in,
        Access::Group(group) => groups.contains(group.as_str()),
        _ => false,
    })
}
