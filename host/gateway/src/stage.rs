//! `POST /api/stage/{name}`: takes in a built plugin that lies in the community's `incoming` folder (W6).
//!
//! The files come over the box's own disk, not over HTTP: only who can write there can hand one over, and
//! only a steward can have it taken in. Verifying and compiling happen here, beside the sequencer;
//! `host/plugins.activate` with the hash that this answers makes it the installed plugin.

use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use hamlet_kernel::CallError;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::call::json_response;
use crate::caller::Caller;
use crate::front::Here;
use crate::problem::Problem;
use crate::refusal;

/// Longest name of a folder.
const NAME_BYTES_MAX: usize = 64;

pub(crate) async fn stage(
    Extension(here): Extension<Here>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    match taken_in(&here, &name, &headers).await {
        Ok(hash) => json_response(&json!({ "component": hash })),
        Err(problem) => problem.into_response(),
    }
}

async fn taken_in(here: &Here, name: &str, headers: &HeaderMap) -> Result<String, Problem> {
    let caller = Caller::find(here, headers, 1)?;
    if !caller.is_steward() {
        let denied = CallError::denied("plugins are taken in by stewards");
        return Err(refusal::from_call_error(&denied, caller.session.is_some()));
    }
    // A plain name: nothing that leads out of the folder.
    let plain = !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let Some(folder) = here.state.incoming.as_ref().filter(|_| plain).map(|incoming| incoming.join(name))
    else {
        return Err(refused("There is no such folder to take a plugin from."));
    };
    let kernel = here.state.kernel.clone();
    let staged = tokio::task::spawn_blocking(move || {
        let package = hamlet_bundle::load(&folder).map_err(|error| error.to_string())?;
        let hash = kernel.stage(package).map_err(|error| error.to_string())?;
        if let Err(error) = std::fs::remove_dir_all(&folder) {
            tracing::warn!(%error, folder = %folder.display(), "what was taken in could not be deleted");
        }
        Ok::<_, String>(hash)
    });
    match staged.await {
        Ok(staged) => staged.map_err(|why| refused(&why)),
        Err(error) => Err(refusal::from_call_error(&CallError::internal(error.to_string()), true)),
    }
}

fn refused(why: &str) -> Problem {
    Problem::host(StatusCode::UNPROCESSABLE_ENTITY, "not-staged", "The plugin was not taken in", why)
}
