//! The page of W2: what would be done with her will, at whatever depth, before it is done.
//!
//! Drawn by the host alone, outside any plugin's markup: a provider's sentence is text in quotes, said to be the
//! provider's. The code that it carries is good once, for exactly these needs.

use axum::response::Response;
use futures_util::future::join_all;
use hamlet_kernel::Need;
use hamlet_pages::PREFIX;
use hamlet_pages::draw::written_money;
use hamlet_pages::forms::Unit;
use maud::html;

use super::super::shell::{self, Frame, hidden};
use super::super::visit::Visit;
use super::DO;
use super::act::Sent;
use super::units::unit_of;
use super::viewer::{Sight, words};

/// Fields of the host's that go along.
const KEPT: [&str; 4] = ["key", "page", "form", "return"];

pub(super) async fn page(visit: &Visit, sent: &Sent, needs: &[Need], code: &str) -> Response {
    let mut sight = Sight::new(visit);
    sight.learn(needs.iter().map(|need| need.owner).collect()).await;
    let counted = join_all(needs.iter().map(|need| unit_of(visit, &need.provider, &need.thing))).await;
    let say = &visit.say;
    let person = visit.browser.as_ref().map(|browser| browser.person);
    let callable = &sent.callable;
    let action =
        format!("/p/{}/{DO}/{}/{}", callable.plugin, callable.interface.short, callable.function.name);
    let title = say.t("confirm-title");
    let asks = say.with(
        "confirm-lead",
        &[("plugin", &visit.plugin_title(&callable.plugin)), ("act", &words(&callable.function.name))],
    );
    let body = html! {
        h1 { (title) }
        p class="lead" { (asks) }
        ul class="cards" {
            @for (need, unit) in needs.iter().zip(&counted) {
                li class="card" {
                    h2 { (plain(&need.sentence)) }
                    dl {
                        dt { (say.t("confirm-whose")) }
                        dd {
                            @if person == Some(need.owner) { (say.t("confirm-yours")) }
                            @else { (sight.name(need.owner).unwrap_or("?")) }
                        }
                        dt { (say.t("confirm-kind")) }
                        dd { (words(&need.kind)) }
                        @if let Some(amount) = need.amount {
                            dt { @if unit.is_some() { (say.t("confirm-money")) } @else { (say.t("confirm-amount")) } }
                            // This is what is held to; the provider's sentence is only words.
                            dd { (written_money(amount.into(), unit.as_ref().map_or(0, Unit::scale), sight.say))
                                @if let Some(unit) = unit { "\u{a0}" (unit.symbol()) } }
                        }
                        dt { (say.t("confirm-by")) }
                        dd { (visit.plugin_title(&need.provider)) }
                    }
                }
            }
        }
        form method="post" action=(action) {
            (hidden(visit))
            @for name in KEPT {
                @if !sent.host(name).is_empty() { input type="hidden" name=(name) value=(sent.host(name)); }
            }
            input type="hidden" name="code" value=(code);
            @for (name, value) in &sent.typed {
                input type="hidden" name={ (PREFIX) (name) } value=(value);
            }
            button { (say.t("confirm-yes")) }
        }
        p { a class="button quiet" href=(sent.page()) { (say.t("confirm-no")) } }
        p class="help" { (say.t("confirm-help")) }
    };
    shell::page(visit, &Frame { title: &title, narrow: true, ..Frame::default() }, &body)
}

/// A plugin's sentence on one line.
fn plain(sentence: &str) -> String {
    sentence.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(300).collect()
}
