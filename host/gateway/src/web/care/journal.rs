//! `/journal`: what was done here, newest first, from the log of leaves (J3).
//!
//! A member sees what was done in her name. A steward sees everything that was done, and of whom only in functions of
//! the host: who let somebody in, who installed what. That somebody used a plugin, and when, is hers alone: the hour of
//! a ballot says much about it.

use std::collections::HashMap;

use axum::response::Response;
use hamlet_kernel::catalogue::HOST;
use hamlet_kernel::watch::{Done, Wanted};
use hamlet_kernel::{Actor, Catalogue};
use hamlet_proof::Leaf;
use hamlet_reflect::Id;
use http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use serde_json::json;

use super::super::ask::{ask, items, text};
use super::super::fields::Fields;
use super::super::home::OrNull as _;
use super::super::shell::{self, Field, Frame, field, notice};
use super::super::visit::{Member, Visit, escaped};
use super::beside;
use crate::sentence::sentence;

/// Entries of one page.
const PAGE: usize = 50;
/// Persons whose names are looked up, and how many at a time.
const PERSONS_MAX: usize = 2_000;
const PERSONS_AT_ONCE: usize = 200;

/// Who a pseudonym of the log is.
#[derive(Debug, Clone)]
pub(super) enum Who {
    /// Whoever looks.
    Viewer,
    /// Somebody else, by her handle.
    Person(String),
    /// A plugin by itself: a schedule or an event.
    Plugin(String),
    /// Whoever holds the box, or the host by itself.
    Host,
    /// Somebody who is not named here.
    Member,
}

impl Who {
    pub fn said(&self, visit: &Visit) -> String {
        let say = &visit.say;
        match self {
            Self::Viewer => say.t("journal-you"),
            Self::Person(handle) => handle.clone(),
            Self::Plugin(name) => say.with("journal-by-plugin", &[("plugin", name)]),
            Self::Host => say.t("journal-by-host"),
            Self::Member => say.t("journal-somebody"),
        }
    }
}

/// What is asked for.
struct Asked {
    plugin: String,
    function: String,
    person: String,
    from: Option<u64>,
    until: Option<u64>,
    before: Option<(u64, u32)>,
    fields: Fields,
}

impl Asked {
    fn of(visit: &Visit) -> Self {
        let query = visit.path.split_once('?').map_or("", |(_, query)| query).to_owned();
        let fields = Fields::parse(&query.into()).unwrap_or_default();
        let zone = TimeZone::get(&visit.community.zone).unwrap_or(TimeZone::UTC);
        let start = |text: &str, add: i64| {
            let date: Date = text.parse().ok()?;
            let date = date.checked_add(jiff::Span::new().days(add)).ok()?;
            u64::try_from(date.to_zoned(zone.clone()).ok()?.timestamp().as_microsecond()).ok()
        };
        let before = fields.text("before").split_once('.');
        Self {
            plugin: fields.text("plugin").to_owned(),
            function: fields.text("function").to_lowercase(),
            person: fields.text("person").to_owned(),
            from: start(fields.text("from"), 0),
            until: start(fields.text("to"), 1),
            before: before.and_then(|(sequence, at)| Some((sequence.parse().ok()?, at.parse().ok()?))),
            fields,
        }
    }

    /// The same with another place to go on from.
    fn older(&self, (sequence, command): (u64, u32)) -> String {
        let mut link = format!("/journal?before={sequence}.{command}");
        for name in ["plugin", "function", "person", "from", "to"] {
            let value = self.fields.text(name);
            if !value.is_empty() {
                link.extend(["&", name, "=", &escaped(value)]);
            }
        }
        link
    }
}

/// Whoever is named here, by pseudonym.
pub(super) async fn people(visit: &Visit, steward: bool) -> HashMap<Vec<u8>, Who> {
    let kernel = &visit.here.state.kernel;
    let mut known = HashMap::new();
    known.insert(kernel.pseudonym_of(&Actor::Console), Who::Host);
    for name in kernel.catalogue().plugins.keys() {
        known.insert(kernel.pseudonym_of(&Actor::Plugin(name.clone())), Who::Plugin(name.to_string()));
    }
    if steward {
        let mut cursor: Option<String> = None;
        for _ in 0..PERSONS_MAX / PERSONS_AT_ONCE {
            let order = json!({ "filter": { "kind": "person" }, "limit": PERSONS_AT_ONCE, "cursor": cursor });
            let Ok(page) = ask(visit, "members", "list", order).await else { break };
            for party in items(page.get("parties").unwrap_or_default_ref()) {
                if let Ok(id) = text(party, "id").parse::<Id>() {
                    let handle = text(party, "handle").to_owned();
                    known.insert(kernel.pseudonym_of(&Actor::Person(id)), Who::Person(handle));
                }
            }
            cursor = page.get("next").and_then(|next| next.as_str()).map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
    }
    known.insert(kernel.pseudonym_of(&visit.actor()), Who::Viewer);
    known
}

/// Who did this, as far as it is shown.
pub(super) fn who(known: &HashMap<Vec<u8>, Who>, leaf: &Leaf) -> Who {
    match known.get(&leaf.caller) {
        Some(Who::Person(_)) if &*leaf.plugin != HOST => Who::Member,
        Some(who) => who.clone(),
        None => Who::Member,
    }
}

/// What a function does, in the first sentence of its contract; else its name.
pub(super) fn what(catalogue: &Catalogue, leaf: &Leaf) -> String {
    let plugin = catalogue.plugins.get(&leaf.plugin);
    let mut named = plugin.into_iter().flat_map(|plugin| &plugin.functions);
    let found = named.find(|callable| callable.function.name == *leaf.function);
    let docs = found.map(|callable| sentence(&callable.function.docs).replace('`', "")).unwrap_or_default();
    // What follows the first sentence is for those who call it.
    match docs.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None if docs.is_empty() => leaf.function.to_string(),
        None => docs,
    }
}

pub(super) async fn page(member: Member) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let steward = member.browser.steward;
    let asked = Asked::of(visit);
    let known = people(visit, steward).await;
    let kernel = visit.here.state.kernel.clone();
    let done = {
        let me = kernel.pseudonym_of(&visit.actor());
        let wanted = known
            .iter()
            .find(|(_, who)| matches!(who, Who::Person(handle) if *handle == asked.person))
            .map(|(pseudonym, _)| pseudonym.clone());
        let own = asked.person == member.browser.handle;
        let (plugin, function, person) = (asked.plugin.clone(), asked.function.clone(), asked.person.clone());
        let (from, until, before) = (asked.from, asked.until, asked.before);
        beside(move || {
            let only = |leaf: &Leaf| {
                let mine = leaf.caller == me;
                let seen = mine || steward;
                let person = person.is_empty()
                    || (own && mine)
                    || (&*leaf.plugin == HOST && wanted.as_ref() == Some(&leaf.caller));
                seen && person
                    && (plugin.is_empty() || *leaf.plugin == plugin)
                    && (function.is_empty() || leaf.function.contains(&function))
            };
            kernel.done(&Wanted { before, from, until, limit: PAGE, only: Some(&only) })
        })
        .await
    };
    let title = say.t("journal");
    let (status, list) = match done {
        Some(Ok(done)) => (StatusCode::OK, entries(visit, &asked, &known, &done)),
        Some(Err(error)) => {
            tracing::error!(%error, "the journal cannot be shown");
            (StatusCode::INTERNAL_SERVER_ERROR, notice("bad", &say.t("host-failed")))
        }
        None => (StatusCode::INTERNAL_SERVER_ERROR, notice("bad", &say.t("host-failed"))),
    };
    let body = html! {
        h1 { (title) }
        p class="lead" { (say.t(if steward { "journal-lead-steward" } else { "journal-lead" })) }
        (filters(visit, &asked, steward))
        (list)
    };
    shell::page_with(visit, status, &Frame { title: &title, place: "/me", ..Frame::default() }, &body)
}

fn filters(visit: &Visit, asked: &Asked, steward: bool) -> Markup {
    let say = &visit.say;
    let catalogue = visit.here.state.kernel.catalogue();
    let typed = |name: &str| asked.fields.text(name);
    html! {
        details open[asked.fields.text("before").is_empty() && ["plugin", "function", "person", "from", "to"].iter().any(|name| !typed(name).is_empty())] {
            summary { (say.t("journal-filter")) }
            form method="get" action="/journal" class="card" {
                div class="field" {
                    label for="plugin" { (say.t("journal-plugin")) }
                    select id="plugin" name="plugin" {
                        option value="" { (say.t("journal-all")) }
                        @for plugin in catalogue.plugins.values() {
                            option value=(plugin.name) selected[*plugin.name == *asked.plugin] {
                                @if &*plugin.name == HOST { (say.t("journal-host")) } @else { (visit.title_of(plugin)) }
                            }
                        }
                    }
                }
                (field(&Field { name: "function", label: &say.t("journal-function"), help: &say.t("journal-function-help"), value: typed("function"), autocomplete: "off", optional: true, ..Field::default() }))
                @if steward {
                    (field(&Field { name: "person", label: &say.t("journal-person"), help: &say.t("journal-person-help"), value: typed("person"), autocomplete: "off", optional: true, ..Field::default() }))
                }
                div class="pair" {
                    (field(&Field { name: "from", label: &say.t("journal-from"), kind: "date", value: typed("from"), optional: true, ..Field::default() }))
                    (field(&Field { name: "to", label: &say.t("journal-to"), kind: "date", value: typed("to"), optional: true, ..Field::default() }))
                }
                button { (say.t("journal-look")) }
            }
        }
    }
}

fn entries(visit: &Visit, asked: &Asked, known: &HashMap<Vec<u8>, Who>, done: &Done) -> Markup {
    let say = &visit.say;
    let catalogue = visit.here.state.kernel.catalogue();
    html! {
        @if done.commands.is_empty() { p { (say.t(if done.next.is_some() { "journal-none-yet" } else { "journal-none" })) } }
        ul class="rows" {
            @for leaf in &done.commands {
                li {
                    span class="grow" {
                        (what(&catalogue, leaf)) br;
                        span class="soft" {
                            (visit.moment(leaf.time)) " · " (who(known, leaf).said(visit)) " · "
                            (plugin_title(visit, leaf)) " · " (leaf.function)
                        }
                    }
                    a href={ "/journal/" (leaf.sequence) "/" (leaf.index) } {
                        (say.t("journal-proof")) span class="unseen" { " " (leaf.sequence) "/" (leaf.index) }
                    }
                }
            }
        }
        @if let Some(next) = done.next { p { a class="button quiet" href=(asked.older(next)) rel="next" { (say.t("journal-older")) } } }
    }
}

pub(super) fn plugin_title(visit: &Visit, leaf: &Leaf) -> String {
    if &*leaf.plugin == HOST { visit.say.t("journal-host") } else { visit.plugin_title(&leaf.plugin) }
}
