//! `/log`: what was done with the power of a steward, for every member to read (`hamlet:host/steward-log`).
//!
//! It says lines as sentences and filters them; what is a line and what is in it is the kernel's (`steward_log.rs`).

use std::collections::BTreeMap;

use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{ask, items, number, text};
use super::fields::Fields;
use super::groups;
use super::home::OrNull as _;
use super::shell::{self, Field, Frame, field};
use super::visit::{Member, Visit, escaped};

/// Lines a page.
const PAGE: u32 = 50;
/// The kinds of acts to choose from: the value in the query, the interfaces, the words.
const KINDS: [(&str, &[&str], &str); 6] = [
    ("", &[], "log-kind-all"),
    ("people", &["members", "groups", "invitations", "moves"], "log-kind-people"),
    ("access", &["recoveries", "sessions", "tokens", "devices"], "log-kind-access"),
    ("plugins", &["plugins", "grants", "events", "effects"], "log-kind-plugins"),
    ("moderation", &["moderation"], "log-kind-moderation"),
    ("community", &["settings", "history", "papers"], "log-kind-community"),
];

pub(crate) async fn page(member: Member) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let query = visit.path.split_once('?').map_or("", |(_, query)| query).to_owned();
    let query = Fields::parse(&query.into()).unwrap_or_default();
    let kind = query.text("kind");
    let interfaces = KINDS.iter().find(|(name, ..)| *name == kind).map_or(&[][..], |(_, of, _)| of);
    let (by, by_wrong) = party(visit, query.text("by")).await;
    let (about, about_wrong) = party(visit, query.text("about")).await;
    let before = Some(query.text("before")).filter(|before| !before.is_empty());
    let filter = json!({ "by": by, "about": about, "interfaces": interfaces });
    let order = json!({ "filter": filter, "limit": PAGE, "before": before });
    let found = ask(visit, "steward-log", "list", order).await.unwrap_or_default();
    let entries = items(found.get("entries").unwrap_or_default_ref());
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        rows.push(row(visit, entry, &mut names).await);
    }
    let unknown = say.t("log-no-such-person");
    let wrong = |wrong: bool| wrong.then_some(unknown.as_str());
    let body = html! {
        h1 { (say.t("log-title")) }
        p class="lead" { (say.t("log-lead")) }
        form method="get" action="/log" class="card" {
            div class="field" {
                label for="kind" { (say.t("log-kind")) }
                select id="kind" name="kind" {
                    @for (name, _, words) in KINDS { option value=(name) selected[name == kind] { (say.t(words)) } }
                }
            }
            div class="pair" {
                (field(&Field { name: "by", label: &say.t("log-by"), value: query.text("by"), autocomplete: "off", optional: true, error: wrong(by_wrong), ..Field::default() }))
                (field(&Field { name: "about", label: &say.t("log-about"), value: query.text("about"), autocomplete: "off", optional: true, error: wrong(about_wrong), ..Field::default() }))
            }
            button class="quiet" { (say.t("log-filter")) }
        }
        @if rows.is_empty() { p { (say.t("log-empty")) } }
        @else { ol class="rows log" reversed { @for row in rows { (row) } } }
        @if let Some(next) = found.get("next").and_then(Value::as_str) {
            p { a class="button quiet" href={ "/log?kind=" (escaped(kind)) "&by=" (escaped(query.text("by"))) "&about=" (escaped(query.text("about"))) "&before=" (next) } { (say.t("more")) } }
        }
    };
    shell::page(visit, &Frame { title: &say.t("log-title"), place: "/log", ..Frame::default() }, &body)
}

/// The party of a handle, and whether there is none although one was typed.
async fn party(visit: &Visit, handle: &str) -> (Option<String>, bool) {
    if handle.is_empty() {
        return (None, false);
    }
    match ask(visit, "members", "find", json!({ "handle": handle.to_lowercase() })).await {
        Ok(party) => (Some(text(&party, "id").to_owned()), false),
        Err(_) => (None, true),
    }
}

/// Names of parties, each asked for once.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// How a party is called; in words where it has no name any more.
    pub async fn of(&mut self, visit: &Visit, id: &str) -> String {
        if let Some(name) = self.0.get(id) {
            return name.clone();
        }
        let party = ask(visit, "members", "get", json!({ "party": id })).await.unwrap_or_default();
        let name = text(&party, "name");
        let name = if name.is_empty() { visit.say.t("log-somebody-gone") } else { name.to_owned() };
        self.0.insert(id.to_owned(), name.clone());
        name
    }
}

/// One act, as a row of a list.
pub(super) async fn row(visit: &Visit, entry: &Value, names: &mut Names) -> Markup {
    let say = &visit.say;
    let who = who(visit, entry.get("actor").unwrap_or_default_ref(), names).await;
    let whom = match text(entry, "party") {
        "" => String::new(),
        id => names.of(visit, id).await,
    };
    let at = visit.moment(number(entry, "at").unwrap_or_default());
    let reason = text(entry, "reason");
    html! {
        li { span class="grow" {
            span class="soft" { (at) } br;
            (sentence(visit, entry, &who, &whom))
            @if matches!(text(entry, "function"), "grant" | "revoke") { " " span class="soft" { (text(entry, "detail")) } }
            @if !reason.is_empty() { br; span class="reason" { (say.t("log-reason")) " " q { (reason) } } }
        } }
    }
}

/// Who did it, in words.
async fn who(visit: &Visit, actor: &Value, names: &mut Names) -> String {
    let say = &visit.say;
    let of = |name: &str| actor.get(name).and_then(Value::as_str);
    if let Some(id) = of("person") {
        return names.of(visit, id).await;
    }
    if let Some(name) = of("plugin").or_else(|| of("neighbour")) {
        return name.to_owned();
    }
    match actor.as_str() {
        Some("console") => say.t("log-by-box"),
        _ if of("decision").is_some() => say.t("log-by-decision"),
        _ if of("device").is_some() => say.t("log-by-device"),
        _ => say.t("log-somebody-gone"),
    }
}

/// What was done, as a sentence.
fn sentence(visit: &Visit, entry: &Value, who: &str, whom: &str) -> String {
    let say = &visit.say;
    let (interface, function, thing) =
        (text(entry, "interface"), text(entry, "function"), text(entry, "thing"));
    let short = interface.rsplit('/').next().unwrap_or_default().split('@').next().unwrap_or_default();
    let plugin = text(entry, "plugin");
    let words = match text(entry, "detail") {
        "paused" if short == "plugins" => Some("log-plugins-paused"),
        _ if plugin == "host" => words(short, function),
        _ => None,
    };
    let catalogue = visit.here.state.kernel.catalogue();
    let thing =
        if matches!(short, "plugins" | "grants") { visit.plugin_title(thing) } else { thing.to_owned() };
    if let Some(id) = words {
        return say.with(id, &[("who", who), ("whom", whom), ("thing", &thing)]);
    }
    // A plugin's own function: in the words of its author.
    let docs = catalogue.plugins.get(plugin).and_then(|info| {
        let interface = info.interfaces.iter().find(|known| known.id == interface)?;
        Some(groups::first_sentence(&interface.function(function)?.docs, function))
    });
    let docs = docs.unwrap_or_else(|| function.to_owned());
    say.with("log-plugin-act", &[("who", who), ("plugin", &visit.plugin_title(plugin)), ("what", &docs)])
}

/// The words for the host's own functions.
fn words(interface: &str, function: &str) -> Option<&'static str> {
    Some(match (interface, function) {
        ("members", "add") => "log-members-add",
        ("members", "remove") => "log-members-remove",
        ("members", "rename") => "log-members-rename",
        ("members", "erase") => "log-members-erase",
        ("members", "join-group") => "log-members-join-group",
        ("members", "leave-group") => "log-members-leave-group",
        ("members", "give-mandate") => "log-members-give-mandate",
        ("invitations", "create") => "log-invitations-create",
        ("invitations", "revoke") => "log-invitations-revoke",
        ("invitations", "redeem" | "claim") => "log-invitations-used",
        ("tokens", "create") => "log-tokens-create",
        ("tokens", "revoke") => "log-tokens-revoke",
        ("sessions", "end") => "log-sessions-end",
        ("recoveries", "begin") => "log-recoveries-begin",
        ("recoveries", "confirm") => "log-recoveries-confirm",
        ("recoveries", "cancel") => "log-recoveries-cancel",
        ("recoveries", "finish") => "log-recoveries-finish",
        ("plugins", "activate") => "log-plugins-activate",
        ("plugins", "switch-over") => "log-plugins-switch-over",
        ("plugins", "cancel-migration") => "log-plugins-cancel-migration",
        ("plugins", "roll-back") => "log-plugins-roll-back",
        ("plugins", "confirm") => "log-plugins-confirm",
        ("plugins", "set-status") => "log-plugins-set-status",
        ("plugins", "uninstall") => "log-plugins-uninstall",
        ("plugins", "grant") => "log-plugins-grant",
        ("plugins", "revoke") => "log-plugins-revoke",
        ("grants", "give") => "log-grants-give",
        ("grants", "revoke") => "log-grants-revoke",
        ("settings", "set") => "log-settings-set",
        ("history", "restored") => "log-history-restored",
        ("effects", "set-dispatcher") => "log-effects-set-dispatcher",
        ("groups", "set") => "log-groups-set",
        ("groups", "join") => "log-groups-join",
        ("devices", "create") => "log-devices-create",
        ("devices", "revoke") => "log-devices-revoke",
        ("moves", "bring") => "log-moves-bring",
        ("moves", "undo") => "log-moves-undo",
        ("papers", "publish") => "log-papers-publish",
        ("guardians", "set-age") => "log-guardians-set-age",
        ("guardians", "set-born") => "log-guardians-set-born",
        ("moderation", "hide") => "log-moderation-hide",
        ("moderation", "show") => "log-moderation-show",
        ("moderation", "dismiss") => "log-moderation-dismiss",
        ("moderation", "uphold") => "log-moderation-uphold",
        ("moderation", "note-erased") => "log-moderation-erased",
        ("moderation", "mute") => "log-moderation-mute",
        ("moderation", "unmute") => "log-moderation-unmute",
        ("moderation", "set-limits") => "log-moderation-limits",
        ("events", "send-again" | "drop") => "log-events-letter",
        _ => return None,
    })
}

/// The line for a reason on a form of a steward's; `id` is unique on the page.
pub(crate) fn reason(visit: &Visit, id: &str) -> Markup {
    let say = &visit.say;
    html! {
        div class="field" {
            label for=(id) { (say.t("reason")) }
            p class="help" id={ (id) "-help" } { (say.t("reason-help")) }
            input id=(id) name="reason" type="text" maxlength="500" autocomplete="off" aria-describedby={ (id) "-help" };
        }
    }
}
