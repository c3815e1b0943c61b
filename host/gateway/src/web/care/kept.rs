//! What browsers keep: the newest checkpoint that each saw (`care.js`), and pages to read without a connection
//! (`sw.js`). Here is what a page must hold for both, the worker itself, and the page that it shows when there is none.
//!
//! A page says by `Hamlet-Keep` that it may be kept, and for which session: one that holds a secret, or that somebody
//! types a password into, never does. If it is wrong, the next person at a browser reads what the last one saw.

use std::fmt::Write as _;

use axum::response::{IntoResponse as _, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderName, HeaderValue};
use maud::{Markup, html};

use super::super::shell::{self, Frame};
use super::super::visit::Visit;

/// Which pages may be kept, and whose they are.
pub(crate) const HAMLET_KEEP: HeaderName = HeaderName::from_static("hamlet-keep");
/// Where the page is that is shown without a connection.
const OFFLINE: &str = "/offline";
const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");

/// A name of this session for what is kept: it opens nothing, and the next session has another.
pub(crate) fn whose(visit: &Visit) -> Option<String> {
    let browser = visit.browser.as_ref()?;
    let name = blake3::derive_key("hamlet 2026 pages that a browser keeps", &browser.hash);
    let mut text = String::with_capacity(16);
    for byte in name.iter().take(8) {
        // Writing into a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}

/// In the head of every page: the newest checkpoint and the key that signs it, and whose page it is.
pub(crate) fn head(visit: &Visit) -> Markup {
    let kernel = &visit.here.state.kernel;
    html! {
        @if let Some(note) = kernel.recent_checkpoint() {
            meta name="hamlet-checkpoint" content=(STANDARD.encode(&*note));
            meta name="hamlet-key" content=(kernel.log_verifier());
        }
        @if visit.path == OFFLINE { meta name="hamlet-offline" content="yes"; }
        @if let Some(whose) = whose(visit) { meta name="hamlet-person" content=(whose); }
        script src="/assets/care.js" defer {}
    }
}

/// At the top of every page: that it is an old one, shown without a connection.
pub(crate) fn offline_line(visit: &Visit) -> Markup {
    html! { p class="banner" role="status" id="offline" hidden { (visit.say.t("offline-line")) " " time id="offline-since" {} } }
}

/// At the end of every page: what is shown in its place when history does not continue what this browser saw.
pub(crate) fn differs(visit: &Visit) -> Markup {
    let say = &visit.say;
    html! {
        section id="history-differs" class="notice red" role="alert" hidden {
            p class="h1" role="heading" aria-level="1" { (say.t("differs")) }
            p { (say.t("differs-lead")) }
            p { (say.t("differs-do")) }
            p { (say.t("differs-restore")) }
            label for="differs-evidence" { (say.t("differs-evidence")) }
            textarea id="differs-evidence" rows="7" readonly {}
            button type="button" { (say.t("differs-anew")) }
        }
    }
}

/// The worker. At the root, because it keeps pages of the whole origin.
pub(super) async fn worker() -> Response {
    let headers = [
        (CONTENT_TYPE, SCRIPT),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        // A worker obeys the policy of its own script: it fetches from this origin, and does nothing else.
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; connect-src 'self'")),
    ];
    (headers, include_str!("sw.js")).into_response()
}

/// What is shown without a connection in place of a page that was never seen.
pub(super) async fn offline(visit: Visit) -> Response {
    let say = &visit.say;
    let title = say.t("offline");
    let body = html! { h1 { (title) } p { (say.t("offline-lead")) } p { a class="button" href="/" { (say.t("home")) } } };
    // Kept for everybody at this browser: nobody's name is on it.
    let nobody = Visit { browser: None, ..visit.clone() };
    shell::page(&nobody, &Frame { title: &title, narrow: true, ..Frame::default() }, &body)
}

#[cfg(test)]
mod tests {
    const CARE: &str = include_str!("care.js");
    const WORKER: &str = include_str!("sw.js");

    #[test]
    fn our_scripts_evaluate_nothing_write_no_markup_and_fetch_nothing_from_elsewhere() {
        for never in [
            "http:",
            "https:",
            "eval(",
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "Function(",
            "importScripts",
            "document.write",
        ] {
            assert!(!CARE.contains(never) && !WORKER.contains(never), "{never}");
        }
        assert!(CARE.len() + WORKER.len() < 12_000);
    }
}
