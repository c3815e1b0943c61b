//! Who acts for whom, on a party's page: a household's people, a child's guardian, somebody at a desk for one who has no
//! device. Who may see and change it is `members`' business; this asks and shows.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{Refused, ask, items, text};
use super::home::party as me;
use super::log::{self, Names};
use super::members;
use super::shell::{Field, field, hidden};
use super::visit::{Member, Posted, Visit};

/// The rights, and the words for them.
const RIGHTS: [(&str, &str); 3] = [
    ("representative", "mandate-representative"),
    ("guardian", "mandate-guardian"),
    ("clerk", "mandate-clerk"),
];

/// Who acts for this party, and how to change it, for whoever may see that; nothing for others.
pub(crate) async fn card(member: &Member, handle: &str, party: &Value) -> Markup {
    let visit = &member.visit;
    let say = &visit.say;
    let id = text(party, "id");
    if text(party, "kind") == "commons" {
        return html! {};
    }
    let found = ask(visit, "members", "mandates", json!({ "party": id })).await.unwrap_or_default();
    let entries = items(&found);
    let own = me(visit);
    let mine = entries.iter().find(|entry| text(entry, "person") == own);
    let decides = own == id || mine.is_some_and(|entry| text(entry, "mandate") != "clerk");
    if !decides && !member.browser.steward && mine.is_none() {
        return html! {};
    }
    let mut names = Names::default();
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let person = text(entry, "person");
        let name = names.of(visit, person).await;
        let may_end = decides || person == own;
        rows.push(html! {
            li {
                span class="grow" { (name) " " span class="soft" { (right(visit, text(entry, "mandate"))) } }
                @if may_end {
                    form method="post" action={ "/members/" (handle) "/mandates/end" } {
                        (hidden(visit))
                        input type="hidden" name="person" value=(person);
                        button class="danger" { (say.t("mandate-end")) }
                    }
                }
            }
        });
    }
    // A steward gives the very first one only; more would let stewards take what is another's.
    let may_give = decides || (member.browser.steward && entries.is_empty());
    html! {
        section class="card" {
            h2 { (say.t("mandates")) }
            p { (say.t("mandates-about")) }
            @if rows.is_empty() { p { (say.t("mandates-none")) } } @else { ul class="rows" { @for row in rows { (row) } } }
            @if may_give {
                form method="post" action={ "/members/" (handle) "/mandates" } {
                    (hidden(visit))
                    (field(&Field { name: "person", label: &say.t("mandate-person"), help: &say.t("mandate-person-help"), autocomplete: "off", ..Field::default() }))
                    div class="field" {
                        label for="mandate" { (say.t("mandate-right")) }
                        select id="mandate" name="mandate" { @for (value, words) in RIGHTS { option value=(value) { (say.t(words)) } } }
                    }
                    (log::reason(visit, "reason-mandate"))
                    button class="quiet" { (say.t("mandate-give")) }
                }
            }
        }
    }
}

fn right(visit: &Visit, label: &str) -> String {
    let words = RIGHTS.iter().find(|(value, _)| *value == label).map(|(_, words)| *words);
    words.map_or_else(|| label.to_owned(), |words| visit.say.t(words))
}

pub(crate) async fn give(
    Path(handle): Path<String>,
    Posted { visit: member, fields }: Posted<Member>,
) -> Response {
    let visit = &member.visit;
    let person = json!({ "handle": fields.text("person").to_lowercase() });
    let Ok(person) = ask(visit, "members", "find", person).await else {
        return members::not_done(visit, &handle, &visit.say.t("log-no-such-person"));
    };
    let person = text(&person, "id").to_owned();
    change(&member, &handle, "give-mandate", &person, Some(fields.text("mandate"))).await
}

pub(crate) async fn end(
    Path(handle): Path<String>,
    Posted { visit: member, fields }: Posted<Member>,
) -> Response {
    change(&member, &handle, "withdraw-mandate", fields.text("person"), None).await
}

/// Who may act for somebody may empty her account: that asks for a fresh proof.
async fn change(
    member: &Member,
    handle: &str,
    function: &str,
    person: &str,
    mandate: Option<&str>,
) -> Response {
    let order = |party: &str| {
        let mut order = json!({ "person": person, "party": party });
        if let (Some(mandate), Some(order)) = (mandate, order.as_object_mut()) {
            order.insert("mandate".into(), json!(mandate));
        }
        order
    };
    members::change(member, handle, ("members", function), order, said).await
}

/// Words for what these functions refuse.
fn said(visit: &Visit, refused: &Refused) -> String {
    let say = &visit.say;
    match refused.case.as_str() {
        "no-mandate" => say.t("mandate-not-yours"),
        "mandate-invalid" => say.t("mandate-invalid"),
        _ => refused.said(visit),
    }
}
