//! `/me/privacy`: who sees what about me: the host's own data, and what each plugin declares (`[[about-people]]`).
//!
//! The host's own part is fixed and shown by tests; a plugin's is its author's word, and is said to be.

use axum::response::Response;
use hamlet_bundle::{Manifest, Reader};
use maud::{Markup, html};

use super::shell::{self, Frame};
use super::visit::{Member, Visit};

/// What the host itself keeps about people, and the words for who sees it.
const OWN: [(&str, &str); 9] = [
    ("own-name", "seen-members"),
    ("own-groups", "seen-members"),
    ("own-contact", "seen-as-chosen"),
    ("own-picture", "seen-members"),
    ("own-ways-in", "seen-self"),
    ("own-mandates", "seen-party-stewards"),
    ("own-born", "seen-party"),
    ("own-log", "seen-members"),
    ("own-acts", "seen-box"),
];

pub(crate) async fn page(member: Member) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    let catalogue = visit.here.state.kernel.catalogue();
    let plugins = catalogue.plugins.values().filter(|plugin| plugin.manifest.is_some());
    let body = html! {
        h1 { (say.t("privacy-title")) }
        p class="lead" { (say.t("privacy-lead")) }
        section class="card" {
            h2 { (say.t("privacy-host")) }
            dl { @for (what, who) in OWN { dt { (say.t(what)) } dd { (say.t(who)) } } }
            p { a href="/me/profile" { (say.t("profile-title")) } }
        }
        @for plugin in plugins {
            section class="card" {
                h2 { (visit.title_of(plugin)) }
                @if let Some(manifest) = &plugin.manifest { (declared(visit, manifest)) }
            }
        }
        p { (say.t("privacy-more")) " " a href="/me/export" { (say.t("export-title")) } " · " a href="/log" { (say.t("log-title")) } }
    };
    shell::page(visit, &Frame { title: &say.t("privacy-title"), place: "/me", ..Frame::default() }, &body)
}

/// What a plugin keeps about people and who sees it, in its author's words.
pub(crate) fn declared(visit: &Visit, manifest: &Manifest) -> Markup {
    let say = &visit.say;
    html! {
        @if manifest.about_people.is_empty() { p { (say.t("privacy-not-said")) } }
        @else {
            dl {
                @for data in &manifest.about_people {
                    dt { (data.what_in(&say.tag())) }
                    dd { (data.seen_by.iter().map(|reader| words(visit, reader)).collect::<Vec<_>>().join(", ")) }
                }
            }
            p class="soft" { (say.t("privacy-authors-word")) }
        }
    }
}

fn words(visit: &Visit, reader: &Reader) -> String {
    let say = &visit.say;
    match reader {
        Reader::Myself => say.t("seen-self"),
        Reader::Party => say.t("seen-party"),
        Reader::Counterparties => say.t("seen-counterparties"),
        Reader::Group(name) => say.with("seen-group", &[("group", name)]),
        Reader::Members => say.t("seen-members"),
        Reader::Public => say.t("seen-public"),
    }
}
