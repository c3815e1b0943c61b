//! `/`: for a member what there is to do, for a stranger where she is and how to come in.

use axum::response::Response;
use maud::{Markup, html};
use serde_json::json;

use super::ask::{ask, items, text};
use super::shell::{self, Frame};
use super::visit::Visit;
use super::{demo, moderation, name, phone, recoveries, start, wards};

pub(crate) async fn page(visit: Visit) -> Response {
    if visit.here.state.setup.as_ref().is_some_and(|setup| setup.is_open(&visit.here.state.kernel)) {
        return shell::page(&visit, &frame(&visit.community.name), &unfounded(&visit));
    }
    let body = match &visit.browser {
        Some(_) => member(&visit).await,
        None => stranger(&visit),
    };
    shell::page(&visit, &frame(&visit.community.name), &body)
}

fn frame(title: &str) -> Frame<'_> {
    Frame { title, place: "/", ..Frame::default() }
}

fn unfounded(visit: &Visit) -> Markup {
    html! { h1 { (visit.say.t("unfounded-title")) } p class="lead" { (visit.say.t("unfounded-lead")) } }
}

fn stranger(visit: &Visit) -> Markup {
    let (say, community) = (&visit.say, &visit.community);
    html! {
        h1 { (community.name) }
        @if !community.place.is_empty() { p class="lead" { (community.place) } }
        p { (say.t("stranger-lead")) }
        p { a class="button" href="/sign-in" { (say.t("sign-in")) } }
        @if !visit.resting().is_empty() { p { a class="button quiet" href=(phone::PLACE) { (say.t("phone-title")) } } }
        @if demo::is_demo(visit) { (demo::personas(visit)) }
        @else { p class="soft" { (say.t("stranger-invitation")) } }
    }
}

async fn member(visit: &Visit) -> Markup {
    let say = &visit.say;
    let me = ask(visit, "members", "get", json!({ "party": party(visit) })).await.unwrap_or_default();
    let ways = ask(visit, "credentials", "get", json!({})).await.unwrap_or_default();
    let steward = visit.browser.as_ref().is_some_and(|browser| browser.steward);
    let filter = json!({ "filter": { "group": hamlet_identity::STEWARDS }, "limit": 3 });
    let stewards = ask(visit, "members", "list", filter).await.unwrap_or_default();
    let alone = items(stewards.get("parties").unwrap_or_default_ref()).len() == 1;
    let plugins = visit.plugins_with_pages();
    let warning = recoveries::warning(visit).await;
    let ward = wards::told(visit).await;
    html! {
        h1 { (say.with("hello", &[("name", text(&me, "name"))])) }
        (warning)
        (name::warning(visit))
        (name::moved(visit))
        (ward)
        @if demo::is_demo(visit) { (demo::personas(visit)) }
        @else if !has_way_in(&ways) {
            div class="notice bad" {
                p { (say.t("no-way-in")) }
                a class="button" href="/me/secure" { (say.t("secure-account")) }
            }
        }
        @if alone { p class="notice" { (say.t(if steward { "only-steward-you" } else { "only-steward" })) } }
        @if plugins.is_empty() {
            div class="card" {
                h2 { (say.t("no-plugins-title")) }
                p { (say.t(if steward { "no-plugins-steward" } else { "no-plugins-member" })) }
                @if steward { a class="button" href=(start::PLACE) { (say.t("start-title")) } }
            }
        }
        ul class="cards" {
            @for plugin in &plugins {
                li { a class="card" href=(plugin.path) { h2 class="h3" { (plugin.title) } } }
            }
            li { a class="card" href="/members" { h2 class="h3" { (say.t("members")) } p class="soft" { (say.t("members-about")) } } }
            li { a class="card" href="/groups" { h2 class="h3" { (say.t("groups")) } p class="soft" { (say.t("groups-about")) } } }
            li { a class="card" href="/rules" { h2 class="h3" { (say.t("rules-title")) } p class="soft" { (say.t("rules-about")) } } }
            li { a class="card" href="/log" { h2 class="h3" { (say.t("log-title")) } p class="soft" { (say.t("log-about-short")) } } }
            @if steward {
                li { a class="card" href="/stewards/invitations" {
                    h2 class="h3" { (say.t("invitations")) } p class="soft" { (say.t("invitations-about")) }
                } }
                li { a class="card" href="/stewards/move-in" { h2 class="h3" { (say.t("move-title")) } p class="soft" { (say.t("move-about")) } } }
                li { a class="card" href="/stewards/devices" { h2 class="h3" { (say.t("devices")) } p class="soft" { (say.t("devices-about")) } } }
                li { a class="card" href=(moderation::STEWARDS) { h2 class="h3" { (say.t("moderation")) } p class="soft" { (say.t("moderation-about")) } } }
                li { a class="card" href="/stewards/hand-over" { h2 class="h3" { (say.t("hand-over")) } p class="soft" { (say.t("hand-over-about")) } } }
                li { a class="card" href="/stewards/name" {
                    h2 class="h3" { (say.t("name-title")) } p class="soft" { (say.t("name-about")) }
                } }
            }
            li { a class="card" href="/me" { h2 class="h3" { (say.t("me-title")) } p class="soft" { (say.t("me-about")) } } }
        }
    }
}

/// Whether she can sign in again by what `credentials.get` says.
pub(crate) fn has_way_in(ways: &serde_json::Value) -> bool {
    let set = |name: &str| ways.get(name).is_some_and(|value| !value.is_null());
    set("password") || !items(ways.get("passkeys").unwrap_or_default_ref()).is_empty()
}

/// Her id as JSON has it.
pub(crate) fn party(visit: &Visit) -> String {
    visit.browser.as_ref().map_or_else(String::new, |browser| browser.person.to_string())
}

/// Where an answer has no such member.
pub(crate) trait OrNull<'a> {
    fn unwrap_or_default_ref(self) -> &'a serde_json::Value;
}

impl<'a> OrNull<'a> for Option<&'a serde_json::Value> {
    fn unwrap_or_default_ref(self) -> &'a serde_json::Value {
        self.unwrap_or(&serde_json::Value::Null)
    }
}
