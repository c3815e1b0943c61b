//! `/stewards/plugins`: what is installed, what can be, what each asks for and was granted.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{Refused, ask, items, text};
use super::catalogue::{self, Offer};
use super::home::OrNull as _;
use super::log;
use super::privacy;
use super::prove;
use super::shell::{self, Frame, hidden, notice};
use super::visit::{Member, Posted, Visit, redirect};

const PLACE: &str = "/stewards/plugins";
/// Steps of a migration in one request; a larger one goes on with the next press of the button.
const MIGRATE_STEPS_MAX: usize = 200;

fn frame(title: &str) -> Frame<'_> {
    Frame { title, place: PLACE, ..Frame::default() }
}

pub(crate) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, "").await
}

async fn shown(member: &Member, status: StatusCode, problem: &str) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    if !member.browser.steward {
        return denied(visit);
    }
    let installed = ask(visit, "plugins", "list", json!({})).await.unwrap_or_default();
    let offers = offers(visit).await;
    let new: Vec<&Offer> = offers.iter().filter(|offer| is_news(offer, &installed)).collect();
    let body = html! {
        h1 { (say.t("plugins")) }
        p class="lead" { (say.t("plugins-lead")) }
        (notice("bad", problem))
        @if !items(&installed).is_empty() {
            h2 { (say.t("plugins-installed")) }
            ul class="rows" { @for plugin in items(&installed) { (installed_row(visit, plugin)) } }
        }
        h2 { (say.t("plugins-offered")) }
        @if new.is_empty() { p class="soft" { (say.t("plugins-none-offered")) } }
        ul class="rows" { @for offer in new { (offered_row(visit, offer)) } }
    };
    shell::page_with(visit, status, &frame(&say.t("plugins")), &body)
}

/// Not what is installed in this very version.
fn is_news(offer: &Offer, installed: &Value) -> bool {
    let version = offer.manifest.version.to_string();
    !items(installed)
        .iter()
        .any(|plugin| text(plugin, "name") == offer.manifest.name && text(plugin, "version") == version)
}

fn installed_row(visit: &Visit, plugin: &Value) -> Markup {
    let say = &visit.say;
    let name = text(plugin, "name");
    html! {
        li {
            a class="grow" href={ (PLACE) "/" (name) } { (visit.plugin_title(name)) }
            span class="soft" {
                (text(plugin, "version"))
                @if text(plugin, "status") == "paused" { " · " (say.t("plugin-paused")) }
            }
        }
    }
}

fn offered_row(visit: &Visit, offer: &Offer) -> Markup {
    let say = &visit.say;
    html! {
        li {
            span class="grow" {
                (offer.title(visit)) " " span class="soft" { (offer.manifest.version) } br;
                span class="soft" {
                    @match &offer.publisher {
                        Some(publisher) => { (say.with("plugin-signed", &[("key", publisher.as_str())])) }
                        None => { (say.t("plugin-unsigned")) }
                    }
                }
            }
            form method="post" action={ (PLACE) "/stage" } {
                (hidden(visit))
                input type="hidden" name="offer" value=(offer.key);
                button { (say.t("plugin-look")) }
            }
        }
    }
}

pub(super) async fn offers(visit: &Visit) -> Vec<Offer> {
    let folders = visit.here.state.catalogue.clone();
    tokio::task::spawn_blocking(move || catalogue::offers(&folders)).await.unwrap_or_default()
}

fn denied(visit: &Visit) -> Response {
    shell::denied(visit, &frame(&visit.say.t("plugins")))
}

/// Verifies and compiles what a steward wants to look at, and shows what it asks for.
pub(crate) async fn stage(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let visit = &member.visit;
    if !member.browser.steward {
        return denied(visit);
    }
    let key = fields.text("offer").to_owned();
    let Some(offer) = offers(visit).await.into_iter().find(|offer| offer.key == key) else {
        return redirect(PLACE);
    };
    let kernel = visit.here.state.kernel.clone();
    match tokio::task::spawn_blocking(move || catalogue::stage(&kernel, &offer)).await {
        Ok(Ok(component)) => redirect(&format!("{PLACE}/plan/{component}")),
        Ok(Err(why)) => shown(&member, StatusCode::UNPROCESSABLE_ENTITY, &why).await,
        Err(_) => shown(&member, StatusCode::INTERNAL_SERVER_ERROR, &visit.say.t("host-failed")).await,
    }
}

/// What activating it would mean, and the button.
pub(crate) async fn plan(Path(component): Path<String>, member: Member) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let outlook = match ask(visit, "plugins", "plan", json!({ "component": component })).await {
        Ok(outlook) => outlook,
        Err(refused) => return refusal(visit, &refused),
    };
    let staged = visit.here.state.kernel.staged(&component);
    let title = staged.as_ref().map_or(text(&outlook, "name"), |staged| visit.in_words(&staged.manifest));
    let asks = items(outlook.get("asks").unwrap_or_default_ref());
    let body = html! {
        h1 { (title) " " span class="soft" { (text(&outlook, "to")) } }
        @if let Some(publisher) = outlook.get("publisher").and_then(Value::as_str) {
            p class="soft" { (say.with("plugin-signed", &[("key", publisher)])) }
        } @else { p class="notice" { (say.t("plugin-unsigned-warning")) } }
        section class="card" {
            h2 { (say.t("plugin-means")) }
            ul { @for sentence in items(outlook.get("sentences").unwrap_or_default_ref()) { li { (sentence.as_str().unwrap_or_default()) } } }
        }
        @if let Some(staged) = &staged {
            section class="card" { h2 { (say.t("privacy-data")) } (privacy::declared(visit, &staged.manifest)) }
        }
        form method="post" action={ (PLACE) "/activate" } {
            (hidden(visit))
            input type="hidden" name="component" value=(component);
            @for ask in asks { input type="hidden" name="key" value=(text(ask, "key")); }
            (log::reason(visit, "reason"))
            button { (say.t(if asks.is_empty() { "plugin-install" } else { "plugin-install-and-grant" })) }
            " " a class="button quiet" href=(PLACE) { (say.t("back")) }
        }
    };
    shell::page(visit, &frame(title), &body)
}

fn refusal(visit: &Visit, refused: &Refused) -> Response {
    shell::not_done(visit, PLACE, PLACE, &refused.said(visit))
}

/// Grants what was shown and nothing else, and makes it answer.
pub(crate) async fn activate(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let visit = &member.visit;
    let component = fields.text("component");
    if let Some(response) = prove::first_from(&member, &format!("{PLACE}/plan/{component}")).await {
        return response;
    }
    let order = json!({ "component": component, "granting": { "these": fields.all("key") } });
    let plugin = match ask(visit, "plugins", "activate", order).await {
        Ok(plugin) => plugin,
        Err(refused) => return refusal(visit, &refused),
    };
    let name = text(&plugin, "name").to_owned();
    if plugin.get("moving-to").is_some_and(|to| !to.is_null())
        && let Err(refused) = migrate(visit, &name).await
    {
        return refusal(visit, &refused);
    }
    redirect(&format!("{PLACE}/{name}"))
}

/// Moves an upgraded plugin's data (J4); what fails changes nothing, and is given up.
async fn migrate(visit: &Visit, name: &str) -> Result<(), Refused> {
    let order = json!({ "name": name });
    let moved = async {
        for _ in 0..MIGRATE_STEPS_MAX {
            let progress = ask(visit, "plugins", "migrate", order.clone()).await?;
            if progress.get("caught-up") == Some(&Value::Bool(true)) {
                break;
            }
        }
        ask(visit, "plugins", "switch-over", order.clone()).await
    };
    match moved.await {
        Ok(_) => Ok(()),
        Err(refused) => {
            // Its own failure would not say more than the first.
            let _given_up = ask(visit, "plugins", "cancel-migration", order).await;
            Err(refused)
        }
    }
}

/// One installed plugin: what it may, and how to stop it.
pub(crate) async fn one(Path(name): Path<String>, member: Member) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let installed = ask(visit, "plugins", "list", json!({})).await.unwrap_or_default();
    let Some(plugin) = items(&installed).iter().find(|plugin| text(plugin, "name") == name) else {
        return crate::front::not_found().await.into_response();
    };
    let requests = match ask(visit, "plugins", "requests", json!({ "name": name })).await {
        Ok(requests) => requests,
        Err(refused) => return refusal(visit, &refused),
    };
    let title = visit.plugin_title(&name);
    let paused = text(plugin, "status") == "paused";
    let body = html! {
        h1 { (title) " " span class="soft" { (text(plugin, "version")) } }
        p class="lead" {
            @match plugin.get("publisher").and_then(Value::as_str) {
                Some(publisher) => { (say.with("plugin-signed", &[("key", publisher)])) }
                None => { (say.t("plugin-unsigned")) }
            }
        }
        @if paused { p class="notice" { (say.t("plugin-paused-about")) } }
        section class="card" {
            h2 { (say.t("plugin-may")) }
            ul class="rows" { @for request in items(&requests) { (request_row(visit, &name, request)) } }
        }
        form method="post" action={ (PLACE) "/" (name) "/status" } {
            (hidden(visit))
            input type="hidden" name="status" value=(if paused { "active" } else { "paused" });
            (log::reason(visit, "reason-status"))
            button class="quiet" { (say.t(if paused { "plugin-resume" } else { "plugin-pause" })) }
        }
        @if let Some(previous) = plugin.get("previous").and_then(Value::as_str) {
            (going_back(visit, &name, previous).await)
        }
        p { a href=(PLACE) { (say.t("plugins")) } }
    };
    shell::page(visit, &frame(&title), &body)
}

fn request_row(visit: &Visit, name: &str, request: &Value) -> Markup {
    let say = &visit.say;
    let given = request.get("given").is_some_and(|given| !given.is_null());
    let revocable = request.get("revocable") == Some(&Value::Bool(true));
    html! {
        li {
            span class="grow" {
                (text(request, "sentence"))
                @if !given { br; strong { (say.t("plugin-not-granted")) } }
            }
            @if revocable || !given {
                form method="post" action={ (PLACE) "/" (name) "/grant" } {
                    (hidden(visit))
                    input type="hidden" name="key" value=(text(request, "key"));
                    input type="hidden" name="give" value=(if given { "no" } else { "yes" });
                    button class=(if given { "danger" } else { "quiet" }) { (say.t(if given { "take-back" } else { "grant" })) }
                }
            }
        }
    }
}

async fn going_back(visit: &Visit, name: &str, previous: &str) -> Markup {
    let say = &visit.say;
    let lost = ask(visit, "plugins", "roll-back-plan", json!({ "name": name })).await.unwrap_or_default();
    html! {
        section class="card" {
            h2 { (say.with("plugin-previous", &[("version", previous)])) }
            ul { @for sentence in items(&lost) { li { (sentence.as_str().unwrap_or_default()) } } }
            form method="post" action={ (PLACE) "/" (name) "/roll-back" } { (hidden(visit)) (log::reason(visit, "reason-back")) button class="danger" { (say.with("plugin-roll-back", &[("version", previous)])) } }
            form method="post" action={ (PLACE) "/" (name) "/confirm" } { (hidden(visit)) button class="quiet" { (say.t("plugin-confirm")) } }
        }
    }
}

pub(crate) async fn set_status(
    Path(name): Path<String>,
    Posted { visit, fields }: Posted<Member>,
) -> Response {
    let order = json!({ "name": name, "status": fields.text("status") });
    change(&visit, &name, "set-status", order).await
}

pub(crate) async fn grant(Path(name): Path<String>, Posted { visit, fields }: Posted<Member>) -> Response {
    let function = if fields.text("give") == "yes" { "grant" } else { "revoke" };
    let order = json!({ "name": name, "key": fields.exact("key") });
    change(&visit, &name, function, order).await
}

pub(crate) async fn roll_back(Path(name): Path<String>, Posted { visit, .. }: Posted<Member>) -> Response {
    change(&visit, &name, "roll-back", json!({ "name": name })).await
}

pub(crate) async fn confirm(Path(name): Path<String>, Posted { visit, .. }: Posted<Member>) -> Response {
    change(&visit, &name, "confirm", json!({ "name": name })).await
}

async fn change(member: &Member, name: &str, function: &str, order: Value) -> Response {
    let place = format!("{PLACE}/{name}");
    if let Some(response) = prove::first_from(member, &place).await {
        return response;
    }
    match ask(&member.visit, "plugins", function, order).await {
        Ok(_) => redirect(&place),
        Err(refused) => refusal(&member.visit, &refused),
    }
}
