//! That somebody puts up nothing for a while: a card on her page, for stewards and herself.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::super::ask::{ask, number, text};
use super::super::home::party as me;
use super::super::members;
use super::super::shell::{Field, field, hidden};
use super::super::visit::{Member, Posted};
use super::{reason, said};

/// For how long, where a steward says nothing else, in days.
const DAYS: &str = "7";

/// Whether this person is muted, and by whom it can be changed; nothing for others.
pub(in super::super) async fn card(member: &Member, handle: &str, party: &Value) -> Markup {
    let visit = &member.visit;
    let say = &visit.say;
    let own = text(party, "id") == me(visit);
    if text(party, "kind") != "person" || !(member.browser.steward || own) {
        return html! {};
    }
    let muted = ask(visit, "moderation", "muted", json!({ "person": text(party, "id") })).await;
    let muted = muted.ok().filter(|muted| !muted.is_null());
    let to = format!("/members/{handle}/mute");
    let until = muted.as_ref().map(|muted| visit.day(number(muted, "until").unwrap_or_default()));
    html! {
        @if let (Some(muted), Some(until)) = (&muted, &until) {
            section class="card" {
                h2 { (say.t("mute-title")) }
                p { (say.with("mute-is", &[("day", until), ("reason", text(muted, "reason"))])) }
                @if member.browser.steward && !own {
                    form method="post" action=(to) {
                        (hidden(visit)) input type="hidden" name="lift" value="yes";
                        (reason(visit, "why-lift", "mute-lift-why"))
                        button class="quiet" { (say.t("mute-lift")) }
                    }
                }
            }
        } @else if member.browser.steward && !own {
            details {
                summary { (say.t("mute-title")) }
                p { (say.t("mute-about")) }
                form method="post" action=(to) {
                    (hidden(visit))
                    (field(&Field { name: "days", label: &say.t("mute-days"), value: DAYS, digits: true, autocomplete: "off", ..Field::default() }))
                    (reason(visit, "why-mute", "mute-why"))
                    button class="danger" { (say.t("mute-do")) }
                }
            }
        }
    }
}

pub(super) async fn set(
    Path(handle): Path<String>,
    Posted { visit: member, fields }: Posted<Member>,
) -> Response {
    let reason = fields.text("reason");
    if !fields.text("lift").is_empty() {
        let order = |person: &str| json!({ "person": person, "reason": reason });
        return members::change(&member, &handle, ("moderation", "unmute"), order, said).await;
    }
    let days = fields.text("days").parse::<u32>().unwrap_or(0);
    let order = |person: &str| json!({ "person": person, "days": days, "reason": reason });
    members::change(&member, &handle, ("moderation", "mute"), order, said).await
}
