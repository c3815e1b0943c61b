//! `/moderation/{plugin}/{name}`: one thing that a member put up.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::super::ask::{Order, Refused, all, ask, number, text};
use super::super::home::{OrNull as _, party};
use super::super::join::base64url;
use super::super::log::Names;
use super::super::prove;
use super::super::shell::{self, Frame, notice};
use super::super::visit::{Member, Posted, Visit, redirect};
use super::{STEWARDS, act_form, content_of, hiding_of, party_in, place, quoted, said};

/// A thing as whoever looks may see it.
struct Thing {
    plugin: String,
    name: String,
    /// Where it is spoken of.
    place: String,
    /// What it says; none: not to her.
    content: Option<Value>,
    /// Null: it is not hidden.
    hiding: Value,
}

impl Thing {
    /// None: there is none that she may know of.
    async fn of(visit: &Visit, plugin: &str, name: &str) -> Option<Self> {
        let place = place(plugin, name)?;
        let content = content_of(visit, plugin, name).await;
        let mut hiding = hiding_of(visit, plugin, name, false).await;
        if hiding.is_null() && content.is_some() {
            // To her the plugin says that there is something: so she is told why she does not see it, and no more.
            hiding = hiding_of(visit, plugin, name, true).await;
            if let Some(hiding) = hiding.as_object_mut() {
                hiding.insert("appeal".to_owned(), Value::Null);
            }
        }
        let thing = Self { plugin: plugin.to_owned(), name: name.to_owned(), place, content, hiding };
        (thing.content.is_some() || thing.is_hidden()).then_some(thing)
    }

    fn is_hidden(&self) -> bool {
        !self.hiding.is_null()
    }

    fn flag(&self, name: &str) -> bool {
        self.hiding.get(name) == Some(&Value::Bool(true))
    }

    fn author(&self) -> Option<&str> {
        let content = self.content.as_ref().map(|content| text(content, "author"));
        content.or_else(|| party_in(&self.hiding, "author"))
    }

    /// The page where it stands.
    fn page(&self) -> String {
        let path = self.content.as_ref().map_or("", |content| text(content, "path"));
        hamlet_pages::sanitize::inside(&self.plugin, path).unwrap_or_else(|| format!("/p/{}/", self.plugin))
    }
}

pub(super) async fn page(Path((plugin, name)): Path<(String, String)>, member: Member) -> Response {
    match Thing::of(&member.visit, &plugin, &name).await {
        Some(thing) => shown(&member, &thing, StatusCode::OK, html! {}).await,
        None => crate::front::not_found().await.into_response(),
    }
}

async fn shown(member: &Member, thing: &Thing, status: StatusCode, top: Markup) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let title = say.t(if thing.is_hidden() { "moderation-is-hidden" } else { "moderation-report" });
    let mut names = Names::default();
    let author = match thing.author() {
        Some(author) => names.of(visit, author).await,
        None => String::new(),
    };
    let about = if thing.is_hidden() {
        about_hiding(visit, thing, &mut names).await
    } else {
        html! {}
    };
    let is_own = thing.author() == Some(party(visit).as_str());
    let body = html! {
        h1 { (title) }
        (top)
        p class="lead" { (visit.plugin_title(&thing.plugin)) @if !author.is_empty() { " · " (author) } }
        @if let Some(content) = &thing.content { @if !text(content, "text").is_empty() { (quoted(content)) } p { a href=(thing.page()) { (say.t("moderation-where")) } } }
        (about)
        @if !thing.is_hidden() && is_own { p { (say.t("moderation-own")) } }
        @if !thing.is_hidden() && !is_own {
            section class="card" {
                p { (say.t("moderation-report-about")) }
                (act_form(visit, &thing.place, "report", "why-report", ["moderation-report-why", "moderation-report-send"], ""))
            }
        }
        @if member.browser.steward { (for_stewards(visit, thing)) }
    };
    let frame = Frame { title: &title, place: STEWARDS, ..Frame::default() };
    shell::page_with(visit, status, &frame, &body)
}

/// Why, by whom and when it was hidden, and the appeal.
async fn about_hiding(visit: &Visit, thing: &Thing, names: &mut Names) -> Markup {
    let say = &visit.say;
    let hiding = &thing.hiding;
    let by = match party_in(hiding, "by") {
        Some(by) => names.of(visit, by).await,
        None => say.t("log-by-decision"),
    };
    let day = visit.day(number(hiding, "at").unwrap_or_default());
    let appeal = hiding.get("appeal").unwrap_or_default_ref();
    html! {
        section class="card" {
            p { (super::said_hidden(visit, hiding)) }
            p class="soft" { (say.with("moderation-hidden-by", &[("by", &by), ("day", &day)])) }
            @if thing.flag("erased") { p { (say.t("moderation-erased")) } }
            details { summary { (say.t("moderation-hash")) } p { code { (text(hiding, "hash")) } } p class="help" { (say.t("moderation-hash-about")) } }
        }
        @if !appeal.is_null() {
            section class="card" {
                h2 { (say.t("moderation-appeal")) }
                @if !text(appeal, "reason").is_empty() { blockquote class="quoted" { (text(appeal, "reason")) } }
                p { (say.t(if appeal.get("refused") == Some(&Value::Bool(true)) { "moderation-appeal-refused" } else { "moderation-appeal-waits" })) }
            }
        } @else if thing.flag("mine") && !thing.flag("erased") {
            section class="card" {
                h2 { (say.t("moderation-appeal")) }
                p { (say.t("moderation-appeal-about")) }
                (act_form(visit, &thing.place, "appeal", "why-appeal", ["moderation-appeal-why", "moderation-appeal-send"], ""))
            }
        }
    }
}

fn for_stewards(visit: &Visit, thing: &Thing) -> Markup {
    let say = &visit.say;
    let to = thing.place.as_str();
    let appeal = thing.hiding.get("appeal").unwrap_or_default_ref();
    let waits = !appeal.is_null() && appeal.get("refused") == Some(&Value::Bool(false));
    html! {
        section class="card" {
            h2 { (say.t("for-stewards")) }
            @if !thing.is_hidden() {
                (act_form(visit, to, "hide", "why-hide", ["moderation-hide-why", "moderation-hide"], ""))
                details {
                    summary { (say.t("moderation-dismiss")) }
                    (act_form(visit, to, "dismiss", "why-dismiss", ["moderation-dismiss-why", "moderation-dismiss"], "quiet"))
                }
            } @else if !thing.flag("erased") {
                (act_form(visit, to, "show", "why-show", ["moderation-show-why", "moderation-show"], ""))
                @if waits { (act_form(visit, to, "uphold", "why-uphold", ["moderation-uphold-why", "moderation-uphold"], "quiet")) }
                @if thing.content.is_some() {
                    details {
                        summary { (say.t("moderation-erase")) }
                        p { (say.t("moderation-erase-about")) }
                        (act_form(visit, to, "erase", "why-erase", ["moderation-erase-why", "moderation-erase"], "danger"))
                    }
                }
            }
            p { a href=(STEWARDS) { (say.t("moderation")) } }
        }
    }
}

/// What is done with it.
pub(super) async fn act(
    Path((plugin, name)): Path<(String, String)>,
    Posted { visit: member, fields }: Posted<Member>,
) -> Response {
    let visit = &member.visit;
    let Some(thing) = Thing::of(visit, &plugin, &name).await else {
        return crate::front::not_found().await.into_response();
    };
    let reason = fields.text("reason");
    let done = match fields.text("act") {
        "hide" => hide(visit, &thing, reason).await,
        "erase" => {
            if let Some(response) = prove::first_from(&member, &thing.place).await {
                return response;
            }
            erase(visit, &thing, reason).await
        }
        act @ ("report" | "dismiss" | "show" | "appeal" | "uphold") => {
            simple(visit, &thing, act, reason).await
        }
        _ => return redirect(&thing.place),
    };
    match done {
        Err(refused) => {
            let top = notice("bad", &said(visit, &refused));
            shown(&member, &thing, StatusCode::UNPROCESSABLE_ENTITY, top).await
        }
        Ok(()) if fields.text("act") == "report" => thanks(visit, &thing),
        Ok(()) if fields.text("act") == "dismiss" => redirect(STEWARDS),
        Ok(()) => redirect(&thing.place),
    }
}

/// A function that takes the thing and a reason.
async fn simple(visit: &Visit, thing: &Thing, function: &str, reason: &str) -> Result<(), Refused> {
    let order = json!({ "plugin": thing.plugin, "name": thing.name, "reason": reason });
    ask(visit, "moderation", function, order).await.map(drop)
}

/// Hides what she has just seen: the hash is of this text.
async fn hide(visit: &Visit, thing: &Thing, reason: &str) -> Result<(), Refused> {
    let shown = thing.content.as_ref().map_or("", |content| text(content, "text"));
    let hash = base64url(blake3::hash(shown.as_bytes()).as_bytes());
    let order = json!({
        "plugin": thing.plugin, "name": thing.name, "author": thing.author(), "hash": hash, "reason": reason,
    });
    ask(visit, "moderation", "hide", order).await.map(drop)
}

/// Both halves in one transaction.
async fn erase(visit: &Visit, thing: &Thing, reason: &str) -> Result<(), Refused> {
    let note = Order {
        plugin: "host",
        interface: "moderation",
        function: "note-erased",
        arguments: json!({ "plugin": thing.plugin, "name": thing.name, "reason": reason }),
    };
    let erase = Order {
        plugin: &thing.plugin,
        interface: "moderated",
        function: "erase",
        arguments: json!({ "name": thing.name }),
    };
    all(visit, vec![note, erase]).await.map_err(|(_, refused)| refused)
}

fn thanks(visit: &Visit, thing: &Thing) -> Response {
    let say = &visit.say;
    let title = say.t("moderation-thanks");
    let body = html! {
        h1 { (title) } p { (say.t("moderation-thanks-about")) }
        p { a href=(thing.page()) { (say.t("back")) } }
    };
    shell::page(visit, &Frame { title: &title, ..Frame::default() }, &body)
}
