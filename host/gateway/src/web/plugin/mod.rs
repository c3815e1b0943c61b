//! `/p/{plugin}/…`: the pages that plugins speak, and the forms on them (P1, W2).
//!
//! | path | what |
//! |---|---|
//! | `GET /p/{plugin}/{path}` | what the plugin renders for whoever looks, made safe and drawn (`hamlet_pages`) |
//! | `GET /p/{plugin}/call` | what she may do with the plugin, with a form for each function |
//! | `GET /p/{plugin}/call/{interface}/{function}` | that form |
//! | `GET /p/{plugin}/file/{interface}/{function}` | what a query gives, saved as a file |
//! | `GET /p/{plugin}/static/{path}` | a file that travels with the plugin, for its frame |
//! | `GET /p/{plugin}/live` | that something happened, for pages that renew themselves |
//! | `POST /p/{plugin}/frame/{interface}/{function}` | what that frame asks |
//! | `POST /p/{plugin}/do/{interface}/{function}` | a form was sent |
//!
//! `render` asks the plugin and puts its page into the shell, `act` takes a form, `confirm` is the page of W2, which no
//! plugin can draw over, `function` the forms that the host makes itself, `viewer` who
//! looks, `units` in what a plugin's numbers count, `refused` how it says what it refuses, `file` what is saved, `files` pictures that are sent,
//! `statics` a plugin's own files in their frame, `live` what renews itself.
//!
//! It decides no right: the plugin is called as whoever is signed in, like by her token over the API. If it is wrong,
//! a form does something else than the page said, or twice.

mod act;
mod confirm;
mod file;
mod files;
mod function;
mod live;
mod refused;
mod render;
mod statics;
mod units;
mod viewer;

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use hamlet_kernel::catalogue::HOST;
use hamlet_kernel::{Callable, Catalogue};
use hamlet_pages::{bare, forms};

pub(super) use render::PAGES;
pub(super) use statics::place as static_place;

use super::visit::{Visit, redirect};
use crate::problem::Problem;
use crate::{front, refusal};

/// Places below a plugin's root that are the host's.
const CALL: &str = "call";
const DO: &str = "do";

pub(super) fn router() -> Router {
    Router::new()
        .route("/p/{plugin}", get(root))
        .route("/p/{plugin}/", get(first))
        .route("/p/{plugin}/file/{interface}/{function}", get(file::save))
        .route("/p/{plugin}/static/{*path}", get(statics::file))
        .route("/p/{plugin}/frame/{interface}/{function}", post(statics::asked))
        .route("/p/{plugin}/live", get(live::listen))
        .route("/p/{plugin}/call", get(function::index))
        .route("/p/{plugin}/call/{interface}/{function}", get(function::page))
        .route("/p/{plugin}/do/{interface}/{function}", post(act::act))
        .route("/p/{plugin}/{*path}", get(other))
}

async fn root(Path(plugin): Path<String>) -> Response {
    if is_name(&plugin) {
        redirect(&format!("/p/{plugin}/"))
    } else {
        front::not_found().await.into_response()
    }
}

async fn first(Path(plugin): Path<String>, visit: Visit) -> Response {
    render::page(&visit, &plugin, "").await.unwrap_or_else(|response| response)
}

async fn other(Path((plugin, path)): Path<(String, String)>, visit: Visit) -> Response {
    render::page(&visit, &plugin, &path).await.unwrap_or_else(|response| response)
}

/// Whether a frame asks something there: it changes nothing (`statics`).
pub(super) fn is_asked_by_frame(path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    (parts.next(), parts.nth(1)) == (Some("p"), Some("frame"))
}

/// Whether a word can name a plugin, an interface or a function.
fn is_name(word: &str) -> bool {
    (1..=64).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The function of a plugin that a path names. The host's own functions have pages of their own.
#[expect(clippy::result_large_err, reason = "what is refused is a page that is ready to be sent, and rare")]
fn callable(
    catalogue: &Catalogue,
    plugin: &str,
    interface: &str,
    function: &str,
) -> Result<Arc<Callable>, Response> {
    if plugin == HOST || ![plugin, interface, function].into_iter().all(is_name) {
        return Err(missing());
    }
    let found = catalogue.find(plugin, interface, function).cloned();
    found.map_err(|error| refusal::from_call_error(&error, true).into_response())
}

/// What the query of the path that was asked for fills in of a form.
fn queried(visit: &Visit) -> Vec<forms::Field> {
    let query = visit.path.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes())
        .take(forms::FIELDS_MAX)
        .map(|(name, value)| (bare(&name).to_owned(), value.into_owned()))
        .collect()
}

fn missing() -> Response {
    let detail = "Nothing is here. Go back to the page before, or to the first page.";
    Problem::host(http::StatusCode::NOT_FOUND, "not-found", "Nothing is here", detail).into_response()
}

/// Takes one from what one person, or one address that is not signed in, may ask in a moment.
#[expect(clippy::result_large_err, reason = "what is refused is a page that is ready to be sent, and rare")]
fn limit(visit: &Visit) -> Result<(), Response> {
    let state = &visit.here.state;
    let taken = match &visit.browser {
        Some(browser) => state.token_rates.take(browser.person, 1),
        None => state.address_rates.take(visit.here.address, 1),
    };
    taken.map_err(|wait| {
        state.counters.count_limited();
        let detail = "This is more than one person may ask at once. Wait a moment and try again.";
        let problem = Problem::host(
            http::StatusCode::TOO_MANY_REQUESTS,
            "too-many-requests",
            "Too many requests",
            detail,
        );
        problem.retry_after(wait).into_response()
    })
}
