//! `POST /api/stage/{name}`: takes in a plugin that lies in the community's `incoming` folder (W6): a signed bundle
//! (`plugin.hamlet`, whose signature is verified here), or the files of a build, unsigned.
//!
//! The files come over the box's own disk, not over HTTP: only who can write there can hand one over, and
//! only a steward can have it taken in. Verifying and compiling happen here, beside the sequencer;
//! `host/plugins.activate` with the hash that this answers makes it the installed plugin.

use std::io::ErrorKind;

use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use hamlet_bundle::LoadError;
use hamlet_kernel::{CallError, Kernel, StageError};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::call::json_response;
use crate::caller::Caller;
use crate::front::Here;
use crate::problem::Problem;
use crate::refusal;

/// The name of a signed bundle in a folder that is handed over.
pub const HANDED_BUNDLE: &str = "plugin.hamlet";
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
    if !plain {
        return Err(refused(&format!("A folder's name is 1 to {NAME_BYTES_MAX} letters and digits.")));
    }
    let folder = here.state.incoming.as_ref().map(|incoming| incoming.join(name));
    let Some(folder) = folder.filter(|folder| folder.is_dir()) else {
        return Err(refused("There is no such folder to take a plugin from."));
    };
    let kernel = here.state.kernel.clone();
    let staged = tokio::task::spawn_blocking(move || {
        let staged = staged(&kernel, &folder);
        // Whoever tries again hands it over again: what was refused must not stay for ever.
        if let Err(error) = std::fs::remove_dir_all(&folder) {
            tracing::warn!(%error, folder = %folder.display(), "what was handed over could not be deleted");
        }
        staged
    });
    match staged.await {
        Ok(staged) => staged.map_err(|why| refused(&why)),
        Err(error) => Err(refusal::from_call_error(&CallError::internal(error.to_string()), true)),
    }
}

/// Stages what lies in a folder, as a bundle if there is one.
fn staged(kernel: &Kernel, folder: &std::path::Path) -> Result<String, String> {
    let bundle = folder.join(HANDED_BUNDLE);
    if bundle.is_file() {
        let bytes = hamlet_bundle::read_bundle(&bundle).map_err(|error| unreadable(&error))?;
        return kernel.stage_bundle(&bytes).map_err(|error| not_staged(&error));
    }
    let package = hamlet_bundle::load(folder).map_err(|error| unreadable(&error))?;
    kernel.stage(&package).map_err(|error| not_staged(&error))
}

/// What is wrong with a package's files. Names files, not where this box keeps them.
fn unreadable(error: &LoadError) -> String {
    let file = |path: &std::path::Path| path.file_name().unwrap_or_default().display().to_string();
    match error {
        LoadError::Read { path, source } if source.kind() == ErrorKind::NotFound => {
            format!("`{}` is missing: this is not what `hamlet plugin build` leaves.", file(path))
        }
        LoadError::Read { path, source } => format!("`{}` cannot be read: {source}.", file(path)),
        LoadError::TooLarge { path, bytes_max } => {
            format!("`{}` has more than {bytes_max} bytes.", file(path))
        }
        LoadError::NotText { path } => format!("`{}` is not UTF-8 text.", file(path)),
        LoadError::Manifest { path, source } => format!("`{}`: {source}.", file(path)),
        LoadError::Static(error) => format!("{error}."),
    }
}

fn not_staged(error: &StageError) -> String {
    match error {
        StageError::Refused(why) => format!("{}.", why.trim_end_matches('.')),
        StageError::File { error, .. } => {
            tracing::error!(%error, "a plugin could not be kept");
            "The host could not keep it. Its log says more.".to_owned()
        }
        error => format!("{error}."),
    }
}

fn refused(why: &str) -> Problem {
    Problem::host(StatusCode::UNPROCESSABLE_ENTITY, "not-staged", "The plugin was not taken in", why)
}
