//! A demo: anybody may look around as one of its personas, without a password. A community of real people has none.

use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};

use super::shell::hidden;
use super::visit::{Posted, Visit, failed};

/// What stands above every page of a demo.
pub(crate) fn banner(visit: &Visit) -> Markup {
    html! { @if is_demo(visit) { aside class="banner" aria-label=(visit.say.t("demo-banner-title")) { (visit.say.t("demo-banner")) } } }
}

pub(crate) fn is_demo(visit: &Visit) -> bool {
    !visit.here.state.personas.is_empty()
}

/// The people as whom one may look around.
pub(crate) fn personas(visit: &Visit) -> Markup {
    let say = &visit.say;
    html! {
        h2 { (say.t("demo-look-around")) }
        ul class="cards" {
            @for persona in &visit.here.state.personas {
                li class="card" {
                    h3 { (persona.handle) }
                    p { (persona.about) }
                    form method="post" action={ "/demo/" (persona.handle) } {
                        (hidden(visit))
                        button { (say.with("demo-be", &[("handle", persona.handle.as_str())])) }
                    }
                }
            }
        }
    }
}

pub(crate) async fn look_around(Path(handle): Path<String>, Posted { visit, .. }: Posted<Visit>) -> Response {
    let state = &visit.here.state;
    let known = state.personas.iter().any(|persona| persona.handle == handle);
    let person = if known { state.identity.person(&state.kernel, &handle).ok().flatten() } else { None };
    let Some(person) = person else { return crate::front::not_found().await.into_response() };
    visit.signed_in(person, "/").await.unwrap_or_else(|error| failed(&error).into_response())
}
