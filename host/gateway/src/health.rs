//! `/healthz` for whoever watches the box, `/metrics` for its graphs.

use axum::Extension;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use hamlet_store::Rows as _;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::call::json_response;
use crate::caller::Caller;
use crate::front::Here;
use crate::metrics;
use crate::problem::Problem;

const PROMETHEUS_TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Well means: a row was read from the store just now.
pub(crate) async fn healthz(Extension(here): Extension<Here>) -> Response {
    let kernel = here.state.kernel.clone();
    let room = kernel.room(hamlet_identity::ROOM);
    let read = tokio::task::spawn_blocking(move || {
        kernel.read(|snapshot| {
            if let Some(room) = room {
                snapshot.get(room, b"c")?;
            }
            Ok::<_, hamlet_store::StoreError>(snapshot.sequence())
        })
    });
    match read.await {
        Ok(Ok(sequence)) => json_response(&json!({ "status": "ok", "sequence": sequence.to_string() })),
        Ok(Err(error)) => unwell(&error.to_string()),
        Err(error) => unwell(&error.to_string()),
    }
}

fn unwell(why: &str) -> Response {
    tracing::error!(why, "the store cannot be read");
    let detail = "The store cannot be read. The host's log says more.";
    Problem::host(StatusCode::SERVICE_UNAVAILABLE, "unwell", "The host is not well", detail).into_response()
}

/// For a steward's token, or from the box itself.
pub(crate) async fn metrics(Extension(here): Extension<Here>, request: Request) -> Response {
    if !here.local {
        match Caller::find(&here, request.headers(), 1) {
            Ok(caller) if caller.is_steward() => {}
            Ok(caller) => {
                let signed_in = caller.session.is_some();
                let denied = hamlet_kernel::CallError::denied("the numbers are for stewards");
                return crate::refusal::from_call_error(&denied, signed_in).into_response();
            }
            Err(problem) => return problem.into_response(),
        }
    }
    let text = metrics::render(&here.state.counters, &here.state.kernel);
    ([(CONTENT_TYPE, PROMETHEUS_TEXT)], text).into_response()
}
