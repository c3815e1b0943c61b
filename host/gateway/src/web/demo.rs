//! A demo: anybody may look around as one of its personas, without a password. A community of real people has none.
//!
//! It opens on three cards, each one step that a visitor does herself, and on the people as whom she may look around.
//! What stands on the cards is the demo's own data: the host knows no village. After the last card comes how to start a
//! community of one's own. If this were open in a real community, anybody would be anybody: everything here asks whether
//! there are personas first, which `community.toml` has for a demo only.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};

use super::shell::{self, Frame, hidden};
use super::visit::{Posted, Visit, failed, inside};
use crate::community::{Persona, TourCard};
use crate::front;

/// Where the cards and the personas stand, for whoever is signed in as one already.
const PLACE: &str = "/demo";
/// How to start one's own.
const OWN: &str = "/demo/own";

/// What stands above every page of a demo: that it is one, the way back to its cards, and the way to one's own.
pub(crate) fn banner(visit: &Visit) -> Markup {
    let say = &visit.say;
    html! {
        @if is_demo(visit) {
            aside class="banner" aria-label=(say.t("demo-banner-title")) {
                (say.t("demo-banner")) " "
                span class="links" { a href=(PLACE) { (say.t("demo-tour")) } " · " a href=(OWN) { (say.t("demo-own")) } }
            }
        }
    }
}

pub(crate) fn is_demo(visit: &Visit) -> bool {
    !visit.here.state.personas.is_empty()
}

/// The cards of the tour, and the people as whom one may look around.
pub(crate) fn personas(visit: &Visit) -> Markup {
    html! {
        @if !visit.here.state.tour.is_empty() { h2 { (visit.say.t("demo-tour-title")) } }
        (cards(visit, |title| html! { h3 { (title) } }))
    }
}

/// The same below a heading of their own; `heading` makes that of one card, a level below.
fn cards(visit: &Visit, heading: fn(&str) -> Markup) -> Markup {
    let (say, state) = (&visit.say, &visit.here.state);
    html! {
        @if !state.tour.is_empty() {
            ol class="cards tour" {
                @for (number, card) in state.tour.iter().enumerate() { (tour_card(visit, number + 1, card, heading)) }
            }
            p { (say.t("demo-tour-end")) " " a class="button quiet" href=(OWN) { (say.t("demo-own")) } }
        }
        h2 { (say.t("demo-look-around")) }
        ul class="cards" {
            @for persona in &state.personas {
                li class="card" {
                    h3 { (persona.handle) }
                    p { (persona.about.in_language(&say.tag())) }
                    (button(visit, persona, "/", &say.with("demo-be", &[("handle", persona.handle.as_str())])))
                }
            }
        }
    }
}

fn tour_card(visit: &Visit, number: usize, card: &TourCard, heading: fn(&str) -> Markup) -> Markup {
    let say = &visit.say;
    let persona = visit.here.state.personas.iter().find(|persona| persona.handle == card.handle);
    html! {
        li class="card" {
            p class="soft" { (say.with("demo-card", &[("number", &number.to_string())])) }
            (heading(card.title.in_language(&say.tag())))
            p { (card.text.in_language(&say.tag())) }
            @if let Some(persona) = persona {
                (button(visit, persona, &card.to, &say.with("demo-as", &[("handle", persona.handle.as_str())])))
            }
        }
    }
}

/// One press signs in as somebody of the demo and opens a page.
fn button(visit: &Visit, persona: &Persona, to: &str, words: &str) -> Markup {
    html! {
        form method="post" action={ "/demo/" (persona.handle) } {
            (hidden(visit))
            input type="hidden" name="to" value=(to);
            button { (words) }
        }
    }
}

/// `GET /demo`: the cards once more.
pub(crate) async fn page(visit: Visit) -> Response {
    if !is_demo(&visit) {
        return front::not_found().await.into_response();
    }
    let title = visit.say.t("demo-tour-title");
    let cards = cards(&visit, |title| html! { h2 { (title) } });
    let body = html! { h1 { (title) } p class="lead" { (visit.say.t("demo-lead")) } (cards) };
    shell::page(&visit, &Frame { title: &title, place: PLACE, ..Frame::default() }, &body)
}

/// `GET /demo/own`: how to start a community of one's own.
pub(crate) async fn own(visit: Visit) -> Response {
    if !is_demo(&visit) {
        return front::not_found().await.into_response();
    }
    let say = &visit.say;
    let title = say.t("demo-own");
    let body = html! {
        h1 { (title) }
        p class="lead" { (say.t("demo-own-lead")) }
        ol class="steps-list" {
            li { (say.t("demo-own-box")) }
            li {
                (say.t("demo-own-command"))
                p { code class="code" { "target/release/hamlet --home ~/oak-street setup" } }
            }
            li { (say.t("demo-own-link")) }
        }
        p class="soft" { (say.t("demo-own-stop")) }
        p { a class="button quiet" href=(PLACE) { (say.t("demo-tour")) } }
    };
    shell::page(&visit, &Frame { title: &title, place: OWN, ..Frame::default() }, &body)
}

/// `POST /demo/{handle}`: signs in as somebody of the demo.
pub(crate) async fn look_around(
    Path(handle): Path<String>,
    Posted { visit, fields }: Posted<Visit>,
) -> Response {
    let state = &visit.here.state;
    let known = state.personas.iter().any(|persona| persona.handle == handle);
    let person = if known { state.identity.person(&state.kernel, &handle).ok().flatten() } else { None };
    let Some(person) = person else { return front::not_found().await.into_response() };
    let to = inside(fields.text("to")).to_owned();
    visit.signed_in(person, &to).await.unwrap_or_else(|error| failed(&error).into_response())
}
