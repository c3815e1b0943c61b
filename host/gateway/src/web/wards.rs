//! Who is under age: a line on a person's page for her guardian and for stewards, and what she herself is told.
//!
//! It asks and shows; who may say a year, and what somebody under age may not do, is decided behind (`guardians`, and the
//! kernel at each call).

use axum::extract::Path;
use axum::response::Response;
use hamlet_reflect::Id;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{Refused, as_host, ask, text};
use super::home::party as me;
use super::members;
use super::shell::{Field, field, hidden};
use super::visit::{Member, Posted, Visit};

/// The age from which somebody acts alone; 0: everybody does.
pub(super) async fn age(visit: &Visit) -> u64 {
    ask(visit, "guardians", "age", json!({})).await.ok().and_then(|age| age.as_u64()).unwrap_or(0)
}

/// The line for the year of birth on a page where somebody comes in; nothing where the community set no age.
pub(super) async fn asked(visit: &Visit, typed: &str, error: Option<&str>) -> Markup {
    let age = age(visit).await;
    let help = visit.say.with("born-help", &[("age", &age.to_string())]);
    html! {
        @if age > 0 {
            (field(&Field { name: "born", label: &visit.say.t("born"), help: &help, kind: "number", value: typed, autocomplete: "bday-year", error, ..Field::default() }))
        }
    }
}

/// What somebody under age is told on her home page; nothing for others.
pub(super) async fn told(visit: &Visit) -> Markup {
    let ward = is_ward(visit, &me(visit)).await;
    let age = if ward { age(visit).await.to_string() } else { String::new() };
    html! { @if ward { p class="notice" { (visit.say.with("ward-you", &[("age", &age)])) } } }
}

async fn is_ward(visit: &Visit, person: &str) -> bool {
    ask(visit, "guardians", "ward", json!({ "person": person })).await == Ok(Value::Bool(true))
}

/// Looks at sign-in whether somebody has reached the age since. What fails leaves her under it: the safe side.
pub(super) async fn review(visit: &Visit, person: Id) {
    let order = json!({ "person": person.to_string() });
    if as_host(visit, "guardians", "ward", order.clone()).await == Ok(Value::Bool(true)) {
        let _still = as_host(visit, "guardians", "review", order).await;
    }
}

/// Whether this person is under age, and her year of birth, for her guardian and stewards; nothing for others, or where
/// no age is set.
pub(super) async fn card(member: &Member, handle: &str, party: &Value) -> Markup {
    let visit = &member.visit;
    let say = &visit.say;
    let id = text(party, "id");
    let age = age(visit).await;
    if age == 0 || text(party, "kind") != "person" {
        return html! {};
    }
    let born = ask(visit, "guardians", "born", json!({ "person": id })).await;
    // Only she herself and her guardian are told the year.
    if born.is_err() && !member.browser.steward {
        return html! {};
    }
    let ward = is_ward(visit, id).await;
    let year = born.as_ref().ok().and_then(Value::as_u64).map(|year| year.to_string());
    let own = me(visit) == id;
    html! {
        section class="card" {
            h2 { (say.t("ward-title")) }
            p { (say.with(if ward { "ward-is" } else { "ward-is-not" }, &[("age", &age.to_string())])) }
            @if let Some(year) = &year { p { (say.t("born")) ": " (year) } }
            @if !own || year.is_none() {
                form method="post" action={ "/members/" (handle) "/born" } {
                    (hidden(visit))
                    (field(&Field { name: "born", label: &say.t("born"), kind: "number", value: year.as_deref().unwrap_or_default(), autocomplete: "off", ..Field::default() }))
                    button class="quiet" { (say.t("save")) }
                }
            }
        }
    }
}

pub(crate) async fn set_born(
    Path(handle): Path<String>,
    Posted { visit: member, fields }: Posted<Member>,
) -> Response {
    let year = fields.text("born").parse::<u32>().unwrap_or(0);
    let order = |person: &str| json!({ "person": person, "year": year });
    let said = |visit: &Visit, refused: &Refused| match refused.case.as_str() {
        "not-yours" => visit.say.t("ward-not-yours"),
        _ => refused.said(visit),
    };
    members::change(&member, &handle, ("guardians", "set-born"), order, said).await
}
