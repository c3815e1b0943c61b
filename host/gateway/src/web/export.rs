//! `/me/export`: everything that is held about a member, to read and to take along, as a page and as JSON.
//!
//! The host's own functions are asked as she herself, so that she gets no more than she may see; then every plugin that
//! exports `hamlet:host/about`. What no function shows is not in it: files of others, logs of the box (which hold no
//! names), and plugins that do not say what they hold are named as such.

use std::collections::{BTreeMap, BTreeSet};

use axum::response::{IntoResponse as _, Response};
use hamlet_pages::forms::{names_instant, names_party, words};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::ask::{Order, ask, ask_plugin, items};
use super::home::{OrNull as _, party};
use super::log;
use super::prove;
use super::shell::{self, Frame};
use super::visit::{Member, Visit};

/// The interface by which a plugin says what it holds.
const ABOUT: &str = "hamlet:host/about@";
/// Pages asked for of one plugin, or of the steward log.
const PAGES_MAX: usize = 100;
/// Parties whose names are looked up.
const PARTIES_MAX: usize = 300;

/// The host's own parts: the name in the file, the words for it, interface, function, and the arguments for a party.
type Part = (&'static str, &'static str, &'static str, &'static str, fn(&str) -> Value);
const PARTS: [Part; 9] = [
    ("party", "export-party", "members", "get", |me| json!({ "party": me })),
    ("profile", "export-profile", "profiles", "get", |me| json!({ "party": me })),
    ("groups", "export-groups", "members", "groups", |me| json!({ "party": me })),
    ("mandates", "export-mandates", "members", "mandates", |me| json!({ "person": me })),
    ("mandates-for-me", "export-mandates-for-me", "members", "mandates", |me| json!({ "party": me })),
    ("ways-in", "export-ways-in", "credentials", "get", |_| json!({})),
    ("browsers", "export-browsers", "sessions", "list", |_| json!({})),
    ("tokens", "export-tokens", "tokens", "list", |_| json!({})),
    ("grants", "export-grants", "grants", "list", |_| json!({})),
];

pub(crate) async fn page(member: Member) -> Response {
    if let Some(response) = prove::first(&member).await {
        return response;
    }
    let visit = &member.visit;
    let say = &visit.say;
    let held = all(visit).await;
    let known = parties(visit, &held).await;
    let silent = items(held.get("plugins-that-do-not-say").unwrap_or_default_ref());
    let section = |name: &str, words: &str| {
        html! { section class="card" { h2 { (say.t(words)) } (value(visit, &known, held.get(name).unwrap_or_default_ref())) } }
    };
    let body = html! {
        h1 { (say.t("export-title")) }
        p class="lead" { (say.t("export-lead")) }
        p { a class="button" href="/me/export.json" download { (say.t("export-download")) } }
        @for (name, words, ..) in PARTS { (section(name, words)) }
        (acts(visit, &held, "steward-log-about-me", "export-log-about").await)
        (acts(visit, &held, "steward-log-by-me", "export-log-by").await)
        @for plugin in items(held.get("plugins").unwrap_or_default_ref()) {
            section class="card" { h2 { (super::ask::text(plugin, "title")) } (value(visit, &known, plugin.get("held").unwrap_or_default_ref())) }
        }
        @if !silent.is_empty() {
            p class="notice" { (say.t("export-silent")) " " (silent.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")) }
        }
        p { a href="/me" { (say.t("back")) } }
    };
    let frame = Frame { title: &say.t("export-title"), place: "/me", ..Frame::default() };
    shell::page_with(visit, StatusCode::OK, &frame, &body)
}

/// The same as a file.
pub(crate) async fn file(member: Member) -> Response {
    // Back to the page: a browser that was sent on to a file would leave her before an empty window.
    if let Some(response) = prove::first_from(&member, "/me/export").await {
        return response;
    }
    let held = all(&member.visit).await;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"about-me.json\"")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, format!("{:#}\n", Value::Object(held))).into_response()
}

async fn all(visit: &Visit) -> Map<String, Value> {
    let me = party(visit);
    let mut held = Map::new();
    held.insert("community".into(), json!(visit.community.name));
    held.insert("made".into(), json!(visit.moment(visit.here.state.kernel.now())));
    for (name, _, interface, function, arguments) in PARTS {
        let answer = ask(visit, interface, function, arguments(&me)).await;
        let answer = answer.unwrap_or_else(|refused| json!({ "refused": refused.sentence }));
        held.insert(name.to_owned(), answer);
    }
    held.insert(
        "steward-log-about-me".into(),
        entries(visit, json!({ "about": me, "interfaces": [] })).await,
    );
    held.insert("steward-log-by-me".into(), entries(visit, json!({ "by": me, "interfaces": [] })).await);
    let (said, silent) = of_plugins(visit, &me).await;
    held.insert("plugins".into(), Value::Array(said));
    held.insert("plugins-that-do-not-say".into(), Value::Array(silent));
    held
}

/// The lines of the steward log that a filter admits.
async fn entries(visit: &Visit, filter: Value) -> Value {
    let mut entries = Vec::new();
    let mut before = Value::Null;
    for _ in 0..PAGES_MAX {
        let order = json!({ "filter": filter, "limit": 0, "before": before });
        let page = ask(visit, "steward-log", "list", order).await.unwrap_or_default();
        entries.extend_from_slice(items(page.get("entries").unwrap_or_default_ref()));
        before = page.get("next").cloned().unwrap_or_default();
        if before.is_null() {
            break;
        }
    }
    Value::Array(entries)
}

/// Lines of the steward log, as its own page shows them.
async fn acts(visit: &Visit, held: &Map<String, Value>, name: &str, words: &str) -> Markup {
    let entries = items(held.get(name).unwrap_or_default_ref());
    let mut names = log::Names::default();
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        rows.push(log::row(visit, entry, &mut names).await);
    }
    html! {
        section class="card" {
            h2 { (visit.say.t(words)) }
            @if rows.is_empty() { span class="soft" { "—" } }
            @else { ol class="rows log" reversed { @for row in rows { (row) } } }
        }
    }
}

/// What plugins say that they hold, and the titles of those that do not say.
async fn of_plugins(visit: &Visit, me: &str) -> (Vec<Value>, Vec<Value>) {
    let catalogue = visit.here.state.kernel.catalogue();
    let (mut said, mut silent) = (Vec::new(), Vec::new());
    for plugin in catalogue.plugins.values().filter(|plugin| &*plugin.name != "host") {
        let about = plugin.interfaces.iter().find(|interface| interface.id.starts_with(ABOUT));
        match about {
            Some(interface) if plugin.active => {
                let held = held_by(visit, &plugin.name, &interface.id, me).await;
                said.push(json!({ "plugin": &*plugin.name, "title": visit.title_of(plugin), "held": held }));
            }
            _ => silent.push(json!(visit.title_of(plugin))),
        }
    }
    (said, silent)
}

async fn held_by(visit: &Visit, plugin: &str, interface: &str, me: &str) -> Vec<Value> {
    let mut held = Vec::new();
    let mut cursor = Value::Null;
    for _ in 0..PAGES_MAX {
        let Some(page) = page_of(visit, plugin, interface, &json!({ "party": me, "cursor": cursor })).await
        else {
            // She is to see that something is missing.
            held.push(json!({ "what": visit.say.t("export-failed") }));
            break;
        };
        held.extend_from_slice(items(page.get("items").unwrap_or_default_ref()));
        cursor = page.get("next").cloned().unwrap_or_default();
        if cursor.is_null() {
            break;
        }
    }
    held
}

async fn page_of(visit: &Visit, plugin: &str, interface: &str, arguments: &Value) -> Option<Value> {
    ask_plugin(visit, Order { plugin, interface, function: "held", arguments: arguments.clone() }).await.ok()
}

/// Before September 2001 nobody was a member: a smaller number is something else.
const MOMENT_MIN: u64 = 1_000_000_000_000_000;

/// What the parties are called that stand in the file by their ids.
async fn parties(visit: &Visit, held: &Map<String, Value>) -> BTreeMap<String, String> {
    let mut ids = BTreeSet::new();
    held.values().for_each(|value| collect(value, &mut ids));
    let (mut names, mut known) = (log::Names::default(), BTreeMap::new());
    for id in ids.into_iter().take(PARTIES_MAX) {
        let name = names.of(visit, &id).await;
        known.insert(id, name);
    }
    known
}

fn collect(value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| collect(value, ids)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value.as_str() {
                    Some(id) if names_party(name) => drop(ids.insert(id.to_owned())),
                    _ => collect(value, ids),
                }
            }
        }
        _ => {}
    }
}

/// Any value of the file, for reading. `known`: what parties are called.
fn value(visit: &Visit, known: &BTreeMap<String, String>, given: &Value) -> Markup {
    html! {
        @match given {
            Value::Null => { span class="soft" { "—" } }
            Value::Bool(flag) => { (flag) }
            Value::Number(number) => { (number) }
            Value::String(text) => { (text) }
            Value::Array(values) if values.is_empty() => { span class="soft" { "—" } }
            Value::Array(values) => { ul { @for inner in values { li { (value(visit, known, inner)) } } } }
            Value::Object(fields) => { dl { @for (name, inner) in fields { dt { (words(name)) } dd { (field(visit, known, name, inner)) } } } }
        }
    }
}

/// A field's value: a moment is a day and an hour, not a number, and a party its name.
fn field(visit: &Visit, known: &BTreeMap<String, String>, name: &str, given: &Value) -> Markup {
    let party = given.as_str().filter(|_| names_party(name)).and_then(|id| known.get(id));
    if let Some(party) = party {
        return html! { (party) };
    }
    let moment = Some(given.as_str().unwrap_or_default())
        .filter(|_| names_instant(name))
        .and_then(|text| text.parse::<u64>().ok())
        .filter(|moment| *moment >= MOMENT_MIN);
    match moment {
        Some(moment) => html! { (visit.moment(moment)) },
        None => value(visit, known, given),
    }
}
