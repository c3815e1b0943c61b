//! `/stewards/start`: the last page of founding a community. On one page a steward chooses what it begins with: plugins,
//! each with what it asks for; ground rules from a few answers; her key for copies; a link for the first neighbours.
//!
//! Nothing is chosen for her: a plugin comes in because she ticked it under what it asks for, and is granted exactly what
//! stood there. It is a short way, not a power: each of these things has a page of its own, and the natives behind both
//! are the same. If it is wrong, something is granted that nobody read.

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::ask::{Refused, ask, items, text};
use super::care;
use super::catalogue::{self, Offer};
use super::fields::Fields;
use super::home::OrNull as _;
use super::invitations;
use super::plugins;
use super::prove;
use super::rules;
use super::shell::{self, Field, Frame, field, hidden, notice};
use super::visit::{Member, Posted, Visit};

/// Where it is.
pub(super) const PLACE: &str = "/stewards/start";
/// Most plugins that are offered to begin with; the others are on the page of plugins.
const STARTERS_MAX: usize = 12;
/// How many people may come in by the first link, when nothing else is said, and at most.
const NEIGHBOURS: u32 = 10;
const NEIGHBOURS_MAX: u32 = 500;
/// How long the page waits for plugins that are not compiled yet; a large one takes half a minute on a small box.
const PATIENCE: Duration = Duration::from_secs(15);

/// A plugin to begin with, compiled and looked at.
struct Starter {
    offer: Offer,
    /// Under which name it is staged.
    component: String,
    /// What installing it would mean.
    outlook: Value,
}

/// Compiles what a community may begin with, beside whatever is being done: so that nobody waits for it later.
pub(super) fn prepare(visit: &Visit) {
    let (kernel, folders) = (visit.here.state.kernel.clone(), visit.here.state.catalogue.clone());
    // What fails is said on the page itself, which tries again.
    tokio::task::spawn_blocking(move || {
        for offer in candidates(catalogue::offers(&folders)) {
            let _ = catalogue::stage(&kernel, &offer);
        }
    });
}

/// The newest version of each plugin: signed ones, or in a developer's checkout, where nothing is signed, all.
fn candidates(offers: Vec<Offer>) -> Vec<Offer> {
    let signed = offers.iter().any(|offer| offer.publisher.is_some());
    let mut found: Vec<Offer> = Vec::new();
    for offer in offers.into_iter().filter(|offer| offer.publisher.is_some() || !signed) {
        if found.len() < STARTERS_MAX && !found.iter().any(|known| known.manifest.name == offer.manifest.name)
        {
            found.push(offer);
        }
    }
    found.sort_by_key(|offer| offer.bytes);
    found
}

/// What is offered and not installed, and in words why others cannot be.
async fn starters(visit: &Visit) -> (Vec<Starter>, Vec<String>) {
    let installed = ask(visit, "plugins", "list", json!({})).await.unwrap_or_default();
    let is_installed = |name: &str| items(&installed).iter().any(|plugin| text(plugin, "name") == name);
    let mut offers = candidates(plugins::offers(visit).await);
    offers.retain(|offer| !is_installed(&offer.manifest.name));
    let (kernel, known) = (visit.here.state.kernel.clone(), offers.clone());
    let (tell, mut told) = mpsc::unbounded_channel();
    tokio::task::spawn_blocking(move || {
        known.iter().all(|offer| tell.send(catalogue::stage(&kernel, offer)).is_ok())
    });
    let until = Instant::now() + PATIENCE;
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for offer in offers {
        // One that takes longer is compiled all the same, and is there when she looks again.
        let component = match timeout_at(until, told.recv()).await {
            Ok(compiled) => compiled.unwrap_or_else(|| Err(visit.say.t("host-failed"))),
            Err(_) => Err(visit.say.t("start-late")),
        };
        let looked = match component {
            Ok(component) => {
                let outlook = ask(visit, "plugins", "plan", json!({ "component": component })).await;
                outlook.map(|outlook| (component, outlook)).map_err(|refused| refused.said(visit))
            }
            Err(why) => Err(why),
        };
        match looked {
            Ok((component, outlook)) => found.push(Starter { offer, component, outlook }),
            Err(why) => problems.push(format!("{}: {why}", offer.title(visit))),
        }
    }
    (found, problems)
}

pub(crate) async fn page(member: Member) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let title = say.t("start-title");
    if !member.browser.steward {
        return shell::denied(visit, &frame(&title));
    }
    let (starters, problems) = starters(visit).await;
    let ground = ask(visit, "papers", "current", json!({})).await.unwrap_or_default();
    let body = html! {
        h1 { (title) }
        p class="lead" { (say.t("start-lead")) }
        form method="post" action=(PLACE) {
            (hidden(visit))
            section class="card" {
                h2 { (say.t("start-plugins")) }
                @if starters.is_empty() && problems.is_empty() { p { (say.t("start-plugins-none")) } }
                @for starter in &starters { (choice(visit, starter)) }
                @for problem in &problems { p class="soft" { (problem) } }
            }
            section class="card" {
                h2 { (say.t("rules-title")) }
                @if ground.is_null() {
                    p { (say.t("start-rules")) }
                    (rules::questions(visit, &Fields::default()))
                } @else { p { a href="/rules" { (rules::which(visit, &ground)) } } }
            }
            (copies(visit).await)
            section class="card" {
                h2 { (say.t("start-invite")) }
                input type="hidden" name="links" value=(links(visit).await);
                (field(&Field { name: "neighbours", label: &say.t("start-invite-uses"), help: &say.t("start-invite-help"), kind: "number", value: &NEIGHBOURS.to_string(), ..Field::default() }))
            }
            button { (say.t("start-begin")) } " " a class="button quiet" href="/" { (say.t("start-later")) }
        }
    };
    shell::page(visit, &frame(&title), &body)
}

fn frame(title: &str) -> Frame<'_> {
    // Narrow: nothing of it is kept for looking at it later without a connection.
    Frame { title, narrow: true, scripts: &["pages"], ..Frame::default() }
}

/// One plugin: what it asks for, and a box to tick. What is granted is what stands here.
fn choice(visit: &Visit, starter: &Starter) -> Markup {
    let say = &visit.say;
    let id = format!("plugin-{}", starter.offer.manifest.name);
    let title = starter.offer.title(visit);
    let asks = items(starter.outlook.get("asks").unwrap_or_default_ref());
    html! {
        fieldset {
            legend { (title) " " span class="soft" { (starter.offer.manifest.version) } }
            @match &starter.offer.publisher {
                Some(key) => { p class="soft" { (say.with("plugin-signed", &[("key", key.as_str())])) } }
                None => { p class="notice" { (say.t("plugin-unsigned-warning")) } }
            }
            @if !asks.is_empty() {
                p { (say.t("start-asks")) }
                ul { @for ask in asks { li { (text(ask, "sentence")) } } }
            }
            details {
                summary { (say.t("plugin-means")) }
                ul { @for sentence in items(starter.outlook.get("sentences").unwrap_or_default_ref()) { li { (sentence.as_str().unwrap_or_default()) } } }
            }
            @for ask in asks {
                input type="hidden" name={ "key-" (starter.component) } value=(text(ask, "key"));
            }
            div class="field tick" {
                input type="checkbox" id=(id) name="plugin" value=(starter.component);
                label for=(id) { (say.with("start-bring", &[("title", title)])) }
            }
        }
    }
}

/// Where copies go, and her key for them.
async fn copies(visit: &Visit) -> Markup {
    let say = &visit.say;
    let Some(caretaker) = visit.here.state.caretaker.clone() else { return html! {} };
    let copies = care::beside(move || caretaker.copies()).await.unwrap_or_default();
    let (hours, keep) = (copies.every_hours.to_string(), copies.keep.to_string());
    html! {
        section class="card" {
            h2 { (say.t("start-copies")) }
            p { (say.with("start-copies-plan", &[("hours", &hours), ("keep", &keep), ("folder", &copies.folder)])) }
            @if copies.same_disk { p class="soft" { (say.t("start-copies-same-disk")) } }
            @if copies.recipients == 0 {
                p { (say.t("backup-key-lead")) " " (say.t("backup-key-once")) }
                div class="field tick" {
                    input type="checkbox" id="copies" name="copies" value="yes" checked;
                    label for="copies" { (say.t("start-copies-key")) }
                }
            }
        }
    }
}

pub(crate) async fn begin(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let title = say.with("start-done", &[("community", &visit.community.name)]);
    if !member.browser.steward {
        return shell::denied(visit, &frame(&say.t("start-title")));
    }
    if let Some(response) = prove::first_from(&member, PLACE).await {
        return response;
    }
    let mut problems = bring_in(visit, &fields).await;
    let written = write_rules(visit, &fields).await;
    // The page of what was done, loaded again, sends this once more: that makes no second key and no second link.
    let key = match fields.text("copies") {
        "yes" if has_no_key(visit).await => Some(care::backup_sheet(&member).await),
        _ => None,
    };
    let links = links(visit).await;
    let uses = fields.text("neighbours").parse().unwrap_or(0).min(NEIGHBOURS_MAX);
    let link = match uses {
        0 => None,
        _ if fields.text("links").parse().is_ok_and(|known: usize| known < links) => None,
        uses => Some(invitations::for_newcomers(visit, &say.t("start-invite"), uses).await),
    };
    problems.extend(written.err());
    let (key, link) = (or_problem(key, &mut problems), or_problem(link, &mut problems));
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let pages = visit.plugins_with_pages();
    let body = html! {
        h1 { (title) }
        @for problem in &problems { (notice("bad", problem)) }
        @if let Some(key) = key { div class="sheet" { h2 { (say.t("backup-sheet")) } (key) } }
        @if let Some(link) = link { div class="sheet" { (invitations::made(visit, &link)) } }
        @if written_any(visit).await { p { (say.t("start-rules-there")) " " a href="/rules" { (say.t("rules-title")) } } }
        section class="noprint" {
            h2 { (say.t("start-next")) }
            p {
                button class="quiet" type="button" data-print hidden { (say.t("print")) } " "
                @for page in &pages { a class="button" href=(page.path) { (page.title) } " " }
                a class="button quiet" href="/" { (say.t("home")) }
            }
        }
    };
    shell::page_with(visit, status, &frame(&title), &body)
}

/// What was made; what went wrong joins the others.
fn or_problem<T>(made: Option<Result<T, String>>, problems: &mut Vec<String>) -> Option<T> {
    match made? {
        Ok(made) => Some(made),
        Err(why) => {
            problems.push(why);
            None
        }
    }
}

/// How many invitations there are.
async fn links(visit: &Visit) -> usize {
    ask(visit, "invitations", "list", json!({})).await.map_or(0, |list| items(&list).len())
}

/// Whether copies are encrypted to nobody yet; also where nobody makes any, which is then said.
async fn has_no_key(visit: &Visit) -> bool {
    let Some(caretaker) = visit.here.state.caretaker.clone() else { return true };
    care::beside(move || caretaker.copies()).await.is_some_and(|copies| copies.recipients == 0)
}

async fn written_any(visit: &Visit) -> bool {
    ask(visit, "papers", "current", json!({})).await.is_ok_and(|current| !current.is_null())
}

/// The first ground rules, where somebody said who is responsible and there are none.
async fn write_rules(visit: &Visit, fields: &Fields) -> Result<(), String> {
    if fields.text("responsible").is_empty() || written_any(visit).await {
        return Ok(());
    }
    // The age that the rules name is the one that holds.
    if let Ok(age) = fields.text("age").parse::<u32>() {
        let order = json!({ "years": age });
        ask(visit, "guardians", "set-age", order).await.map_err(|refused| refused.said(visit))?;
    }
    rules::publish_draft(visit, fields).await
}

/// Installs what was ticked, granting what stood beside it. One that needs another comes after that one, whatever the
/// order on the page. What could not be done, in words.
async fn bring_in(visit: &Visit, fields: &Fields) -> Vec<String> {
    let mut waiting: Vec<(&str, Refused)> = Vec::new();
    let mut chosen = fields.all("plugin");
    chosen.truncate(STARTERS_MAX);
    loop {
        let before = chosen.len();
        waiting.clear();
        for component in chosen {
            let keys = fields.all(&format!("key-{component}"));
            let order = json!({ "component": component, "granting": { "these": keys } });
            if let Err(refused) = ask(visit, "plugins", "activate", order).await {
                waiting.push((component, refused));
            }
        }
        chosen = waiting.iter().map(|(component, _)| *component).collect();
        if chosen.is_empty() || chosen.len() == before {
            break;
        }
    }
    let kernel = &visit.here.state.kernel;
    waiting
        .iter()
        .map(|(component, refused)| match kernel.staged(component) {
            Some(staged) => format!("{}: {}", visit.in_words(&staged.manifest), refused.said(visit)),
            None => refused.said(visit),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use hamlet_bundle::Manifest;

    use super::*;

    fn offer(name: &str, version: &str, signed: bool) -> Offer {
        let written = format!("name = \"{name}\"\nversion = \"{version}\"\ntitle = \"{name}\"\n");
        Offer {
            key: String::new(),
            path: std::path::PathBuf::new(),
            manifest: Manifest::parse(&written).unwrap(),
            publisher: signed.then(String::new),
            bytes: name.len(),
        }
    }

    #[test]
    fn the_newest_signed_version_of_each_plugin_is_offered_and_unsigned_ones_only_where_none_is_signed() {
        let shown = |offers: Vec<Offer>| -> Vec<String> {
            let found = candidates(offers);
            found.iter().map(|offer| format!("{} {}", offer.manifest.name, offer.manifest.version)).collect()
        };
        let all = vec![offer("a", "2.0.0", true), offer("a", "1.0.0", true), offer("b", "1.0.0", false)];
        assert_eq!(shown(all), ["a 2.0.0"]);
        assert_eq!(
            shown(vec![offer("a", "1.0.0", false), offer("b", "1.0.0", false)]),
            ["a 1.0.0", "b 1.0.0"]
        );
        let sizes = vec![offer("large", "1.0.0", true), offer("tiny", "1.0.0", true)];
        assert_eq!(shown(sizes), ["tiny 1.0.0", "large 1.0.0"], "what is compiled first is there first");
        let many = (0..40).map(|number| offer(&format!("p{number}"), "1.0.0", true)).collect();
        assert_eq!(shown(many).len(), STARTERS_MAX);
    }
}
