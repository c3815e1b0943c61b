//! `/stewards/health`: how the box and its plugins are, and events that could not be told.

use axum::response::Response;
use hamlet_kernel::events::Behind;
use hamlet_kernel::watch::PluginWork;
use http::StatusCode;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::super::ask::{ask, items, number, text};
use super::super::shell::{self, hidden, notice};
use super::super::visit::{Member, Posted, Visit, redirect};
use super::{beside, bytes, denied, frame};
use crate::caretaker::BoxState;

const PATH: &str = "/stewards/health";
/// With less than that free, stewards are warned: journal and copies need room.
const FREE_BYTES_MIN: u64 = 2 << 30;
/// What ends later has no end to tell of: the box's own certificate is valid until the year 4096.
const A_LIFETIME_MICROS: u64 = 100 * 366 * 24 * 3_600 * 1_000_000;
/// So long before its end, stewards are warned of a certificate.
const CERTIFICATE_MICROS_MIN: u64 = 21 * 24 * 3_600 * 1_000_000;
/// An event that waits longer than this is late.
const LATE_MICROS: u64 = 60 * 1_000_000;

pub(super) async fn page(member: Member) -> Response {
    shown(&member, StatusCode::OK, "").await
}

async fn shown(member: &Member, status: StatusCode, problem: &str) -> Response {
    let visit = &member.visit;
    let say = &visit.say;
    if !member.browser.steward {
        return denied(visit, &say.t("health"));
    }
    let state = &visit.here.state;
    let kernel = state.kernel.clone();
    let behind = beside(move || kernel.events_behind()).await.and_then(Result::ok);
    let caretaker = state.caretaker.clone();
    let here =
        beside(move || caretaker.map(|caretaker| (caretaker.look(), caretaker.copies()))).await.flatten();
    let plugins = ask(visit, "plugins", "list", json!({})).await.unwrap_or_default();
    let letters = ask(visit, "events", "list", json!({})).await.unwrap_or_default();
    let newest = here.as_ref().and_then(|(_, copies)| copies.there.last()).map(|copy| copy.made);
    let body = html! {
        h1 { (say.t("health")) }
        p class="lead" { (say.t("health-lead")) }
        (notice("bad", problem))
        (the_box(visit, here.as_ref().map(|(look, _)| look), newest))
        (worked(visit, &plugins))
        (told(visit, behind.as_deref()))
        (set_aside(visit, &letters))
    };
    shell::page_with(visit, status, &frame(&say.t("health")), &body)
}

/// Disk, certificate, copies, journal.
fn the_box(visit: &Visit, look: Option<&BoxState>, newest: Option<u64>) -> Markup {
    let say = &visit.say;
    let state = &visit.here.state;
    let now = state.kernel.now();
    let numbers = state.kernel.metrics().snapshot();
    let disk = look.and_then(|look| look.disk);
    let ends = look
        .and_then(|look| look.certificate_ends)
        .filter(|ends| *ends < now.saturating_add(A_LIFETIME_MICROS));
    let store = state.kernel.store_stats();
    html! {
        @if disk.is_some_and(|(free, _)| free < FREE_BYTES_MIN) {
            (notice("bad", &say.t("health-disk-full")))
        }
        @if ends.is_some_and(|ends| ends < now.saturating_add(CERTIFICATE_MICROS_MIN)) {
            (notice("bad", &say.t("health-certificate-ends")))
        }
        @if state.kernel.clock_suspect() { (notice("bad", &say.t("health-clock"))) }
        @if numbers.commit_failures > 0 { (notice("bad", &say.t("health-commits-failed"))) }
        h2 { (say.t("health-box")) }
        table {
            tbody {
                @if let Some((free, all)) = disk {
                    (row(&say.t("health-disk"), &say.with("health-disk-free", &[("free", &bytes(free)), ("all", &bytes(all))])))
                }
                (row(&say.t("health-data"), &bytes(store.journal_bytes + store.state_bytes)))
                @if let Some(ends) = ends { (row(&say.t("health-certificate"), &visit.day(ends))) }
                tr { th scope="row" { (say.t("health-backup")) } td {
                    @match newest {
                        Some(made) => { a href="/stewards/backups" { (visit.moment(made)) } }
                        None => { a href="/stewards/backups" { (say.t("health-no-backup")) } }
                    }
                } }
                tr { th scope="row" { (say.t("health-sequence")) } td { a href="/journal" { (state.kernel.head()) } } }
                (row(&say.t("health-commands"), &numbers.commands.to_string()))
                (row(&say.t("health-waiting"), &state.kernel.waiting().to_string()))
            }
        }
    }
}

fn row(name: &str, value: &str) -> Markup {
    html! { tr { th scope="row" { (name) } td { (value) } } }
}

/// Each plugin's calls, errors, time and storage, since the host was started.
fn worked(visit: &Visit, plugins: &Value) -> Markup {
    let say = &visit.say;
    let work = visit.here.state.kernel.plugin_work();
    let of = |name: &str| work.iter().find(|work| &*work.plugin == name);
    html! {
        h2 { (say.t("health-plugins")) }
        p class="soft" { (say.t("health-plugins-about")) }
        @if items(plugins).is_empty() { p { (say.t("health-no-plugins")) } }
        ul class="rows" {
            @for plugin in items(plugins) {
                @let name = text(plugin, "name");
                li {
                    span class="grow" {
                        a href={ "/stewards/plugins/" (name) } { (visit.plugin_title(name)) }
                        @if text(plugin, "status") == "paused" { " · " (say.t("plugin-paused")) }
                        br;
                        span class="soft" { (worked_of(visit, of(name))) }
                    }
                    span { (stored(visit, plugin)) }
                }
            }
        }
    }
}

fn worked_of(visit: &Visit, work: Option<&PluginWork>) -> String {
    let say = &visit.say;
    let Some(work) = work.filter(|work| work.calls > 0) else { return say.t("health-not-called") };
    // Tenths of a millisecond.
    let mean = work.micros / work.calls / 100;
    say.with(
        "health-worked",
        &[
            ("calls", &work.calls.to_string()),
            ("refused", &work.refused.to_string()),
            ("failed", &work.failed.to_string()),
            ("mean", &format!("{}.{}", mean / 10, mean % 10)),
        ],
    )
}

fn stored(visit: &Visit, plugin: &Value) -> String {
    let of = |name| bytes(number(plugin, name).unwrap_or_default());
    visit.say.with("health-stored", &[("stored", &of("stored")), ("quota", &of("quota"))])
}

/// Subscribers that have not had all events.
fn told(visit: &Visit, behind: Option<&[Behind]>) -> Markup {
    let say = &visit.say;
    let now = visit.here.state.kernel.now();
    html! {
        h2 { (say.t("health-events")) }
        @match behind {
            None => { (notice("bad", &say.t("host-failed"))) }
            Some([]) => { p { (say.t("health-events-well")) } }
            Some(behind) => {
                ul class="rows" {
                    @for line in behind {
                        li {
                            span class="grow" { (line.emitter) " → " (line.subscriber) }
                            span class=@if now.saturating_sub(line.since) > LATE_MICROS { "error" } @else { "soft" } {
                                (say.with("health-events-behind", &[("events", &line.events.to_string()), ("since", &visit.moment(line.since))]))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Events whose handler failed too often (E2).
fn set_aside(visit: &Visit, letters: &Value) -> Markup {
    let say = &visit.say;
    html! {
        h2 { (say.t("health-letters")) }
        @if items(letters).is_empty() { p { (say.t("health-letters-none")) } }
        @else { p class="soft" { (say.t("health-letters-about")) } }
        @for letter in items(letters) {
            section class="card" {
                h3 { (text(letter, "emitter")) " → " (text(letter, "subscriber")) }
                p { (say.with("health-letter", &[
                    ("function", text(letter, "function")),
                    ("number", &number(letter, "number").unwrap_or_default().to_string()),
                    ("emitted", &visit.moment(number(letter, "emitted").unwrap_or_default())),
                    ("failures", &number(letter, "failures").unwrap_or_default().to_string()),
                ])) }
                p { code { (text(letter, "why")) } }
                @if letter.get("sending") == Some(&Value::Bool(true)) { p class="soft" { (say.t("health-letter-sending")) } }
                form method="post" action={ (PATH) "/letter" } {
                    (hidden(visit))
                    input type="hidden" name="emitter" value=(text(letter, "emitter"));
                    input type="hidden" name="subscriber" value=(text(letter, "subscriber"));
                    input type="hidden" name="number" value=(number(letter, "number").unwrap_or_default());
                    button name="do" value="send" class="quiet" { (say.t("health-letter-send")) }
                    button name="do" value="drop" class="danger" { (say.t("health-letter-drop")) }
                }
            }
        }
    }
}

/// Sends one again, or drops it.
pub(super) async fn letter(Posted { visit: member, fields }: Posted<Member>) -> Response {
    let order = json!({
        "emitter": fields.text("emitter"), "subscriber": fields.text("subscriber"), "number": fields.text("number"),
    });
    let function = if fields.text("do") == "drop" { "drop" } else { "send-again" };
    match ask(&member.visit, "events", function, order).await {
        Ok(_) => redirect(PATH),
        Err(refused) => shown(&member, StatusCode::UNPROCESSABLE_ENTITY, &refused.said(&member.visit)).await,
    }
}
