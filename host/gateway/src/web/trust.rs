//! `/trust`: how somebody tells her phone once to believe the box's own authority, for a name on a network without the
//! internet. Open to anybody: it is the first thing that a newcomer's phone needs.
//!
//! What she installs can vouch for this one name and nothing else; the page says so, and shows the fingerprint that a
//! steward reads to her from another screen. If it is wrong, phones believe somebody who is not this box.

use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use maud::html;

use super::name;
use super::shell::{self, Frame};
use super::visit::Visit;
use crate::front;
use crate::reach::Root;

/// Where it is.
pub(super) const PLACE: &str = "/trust";
/// For which phones and computers there are steps: the words for what it is, and for the steps.
const STEPS: [(&str, &str); 4] = [
    ("Android", "trust-android"),
    ("iPhone, iPad", "trust-ios"),
    ("Windows, macOS", "trust-desk"),
    ("Firefox", "trust-firefox"),
];

fn root(visit: &Visit) -> Option<Root> {
    visit.here.state.reach.as_ref()?.root()
}

pub(crate) async fn page(visit: Visit) -> Response {
    let (Some(root), Some(reached)) = (root(&visit), name::reached(&visit)) else {
        return front::not_found().await.into_response();
    };
    let say = &visit.say;
    let title = say.t("trust-title");
    let body = html! {
        h1 { (title) }
        p class="lead" { (say.with("trust-lead", &[("name", &reached.name)])) }
        ol {
            li { (say.t("trust-get")) p { a class="button" href={ (PLACE) "/authority.crt" } download { (say.t("trust-download")) } } }
            li { (say.t("trust-compare")) p { code { (root.fingerprint) } } }
            li {
                (say.t("trust-install"))
                @for (system, words) in STEPS { details { summary { (system) } p { (say.t(words)) } } }
            }
            li { (say.t("trust-open")) p { a href=(reached.url) { (reached.url) } } }
        }
        p class="soft" { (say.with("trust-limits", &[("name", &reached.name)])) }
    };
    shell::page(&visit, &Frame { title: &title, narrow: true, ..Frame::default() }, &body)
}

/// The certificate itself, as phones take it.
pub(crate) async fn file(visit: Visit) -> Response {
    let Some(root) = root(&visit) else { return front::not_found().await.into_response() };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/x-x509-ca-cert")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"authority.crt\"")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, root.der).into_response()
}
