//! Moderation of what members put up, drawn by the host for any plugin (`hamlet:host/moderation`).
//!
//! | path | what |
//! |---|---|
//! | `/moderation/{plugin}/{name}` | one thing: reporting it, why it is hidden, the appeal, what stewards do with it (`thing`) |
//! | `/stewards/moderation` | what was reported, what is hidden, what newcomers may put up (`stewards`) |
//! | `/members/{handle}/mute` | that somebody puts up nothing for a while (`muted`) |
//!
//! What a thing says is asked of its plugin, as whoever looks. It decides nothing: who may do what is the native's and
//! the plugin's.

mod muted;
mod stewards;
mod thing;

use std::collections::HashMap;

use axum::Router;
use axum::routing::{get, post};
use hamlet_pages::draw::Hidden;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::ask::{Order, Refused, as_host, ask, ask_plugin, items, text};
use super::home::OrNull as _;
use super::shell::hidden;
use super::visit::Visit;

pub(super) use muted::card;

/// What was reported, what is hidden.
pub(super) const STEWARDS: &str = "/stewards/moderation";
/// Longest reason in bytes.
const REASON_BYTES_MAX: usize = 1_000;

pub(super) fn router() -> Router {
    Router::new()
        .route("/moderation/{plugin}/{*name}", get(thing::page).post(thing::act))
        .route(STEWARDS, get(stewards::page).post(stewards::set_limits))
        .route("/members/{handle}/mute", post(muted::set))
}

/// The page about a thing; none: that is no name of one.
pub(super) fn place(plugin: &str, name: &str) -> Option<String> {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'/');
    (!name.is_empty() && name.bytes().all(known)).then(|| format!("/moderation/{plugin}/{name}"))
}

/// Which of these things of a plugin are hidden. The plugin names them to whoever looks: so she may know of them.
pub(super) async fn hidden_among(visit: &Visit, plugin: &str, names: &[String]) -> HashMap<String, Hidden> {
    if names.is_empty() {
        return HashMap::new();
    }
    let order = json!({ "plugin": plugin, "names": names });
    let about = as_host(visit, "moderation", "about", order.clone()).await.unwrap_or_default();
    // The author and stewards are told themselves, and see what was hidden.
    let told = match visit.browser {
        Some(_) => ask(visit, "moderation", "about", order).await.unwrap_or_default(),
        None => Value::Null,
    };
    let shown = |place: usize| items(&told).get(place).is_some_and(|told| !told.is_null());
    let one = |(place, (name, hiding)): (usize, (&String, &Value))| {
        let hiding = Some(hiding).filter(|hiding| !hiding.is_null())?;
        Some((name.clone(), Hidden { said: said_hidden(visit, hiding), shown: shown(place) }))
    };
    names.iter().zip(items(&about)).enumerate().filter_map(one).collect()
}

/// That something is hidden and, to members, why, in a sentence.
fn said_hidden(visit: &Visit, hiding: &Value) -> String {
    let reason = visit.browser.as_ref().map_or("", |_| text(hiding, "reason"));
    let words = if reason.is_empty() { "moderation-hidden" } else { "moderation-hidden-why" };
    visit.say.with(words, &[("reason", reason)])
}

/// What a plugin says of a thing, as whoever looks may see it.
async fn content_of(visit: &Visit, plugin: &str, name: &str) -> Option<Value> {
    let order =
        Order { plugin, interface: "moderated", function: "content", arguments: json!({ "name": name }) };
    ask_plugin(visit, order).await.ok().filter(|content| !content.is_null())
}

/// What is known of a thing's hiding, as the host is told or as whoever looks is; null: it is not hidden, or not for her to
/// know.
async fn hiding_of(visit: &Visit, plugin: &str, name: &str, is_host: bool) -> Value {
    let order = json!({ "plugin": plugin, "names": [name] });
    let about = if is_host {
        as_host(visit, "moderation", "about", order).await
    } else {
        ask(visit, "moderation", "about", order).await
    };
    about.ok().and_then(|about| items(&about).first().cloned()).unwrap_or_default()
}

/// A form with a reason, which has to be given, and one button. `id` is unique on the page.
fn act_form(visit: &Visit, to: &str, act: &str, id: &str, words: [&str; 2], class: &str) -> Markup {
    let [label, button] = words;
    html! {
        form method="post" action=(to) {
            (hidden(visit))
            input type="hidden" name="act" value=(act);
            (reason(visit, id, label))
            button class=(class) { (visit.say.t(button)) }
        }
    }
}

/// The lines for a reason.
fn reason(visit: &Visit, id: &str, label: &str) -> Markup {
    html! {
        div class="field" {
            label for=(id) { (visit.say.t(label)) }
            textarea id=(id) name="reason" rows="3" maxlength=(REASON_BYTES_MAX) required {}
        }
    }
}

/// What a plugin's thing says, as it was typed.
fn quoted(content: &Value) -> Markup {
    html! { blockquote class="quoted" { @for line in text(content, "text").lines() { (line) br; } } }
}

/// Why it was not done, in her language.
fn said(visit: &Visit, refused: &Refused) -> String {
    let words = match refused.case.as_str() {
        "reason-invalid" => "moderation-refused-reason",
        "hidden-already" => "moderation-refused-hidden",
        "not-hidden" => "moderation-refused-not-hidden",
        "no-appeal" => "moderation-refused-no-appeal",
        "another-steward-needed" => "moderation-refused-another",
        "days-invalid" => "moderation-refused-days",
        "too-many" => "moderation-refused-many",
        "is-steward" => "moderation-refused-steward",
        _ => return refused.said(visit),
    };
    visit.say.t(words)
}

/// The party of an answer's optional field.
fn party_in<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).unwrap_or_default_ref().as_str()
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn a_thing_has_a_page_and_nothing_else_has() {
        assert_eq!(place("shop", "order/7"), Some("/moderation/shop/order/7".into()));
        for bad in ["", "a b", "a?b", "A", "a\"b", "..%2f", "<"] {
            assert_eq!(place("shop", bad), None, "{bad:?}");
        }
    }
}
