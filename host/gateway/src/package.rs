//! `/api/{plugin}/package.wasm`: a plugin's WIT with its docs, in binary form (C3), for tools that
//! read types, such as `hamlet call`. Of `host`: the native interfaces.

use std::fmt::Write as _;
use std::path::Path;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hamlet_kernel::catalogue::HOST;
use hamlet_kernel::{CallError, PluginInfo};
use hamlet_reflect::Sources;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use include_dir::{Dir, include_dir};

use crate::front::Here;
use crate::problem::Problem;
use crate::refusal;

/// The last part of the path.
pub(crate) const FILE: &str = "package.wasm";

const WASM: HeaderValue = HeaderValue::from_static("application/wasm");

static HOST_WIT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../wit/host");

/// What every interface of the host itself begins with.
const HOST_PACKAGE: &str = "hamlet:host/";

pub(crate) fn package(here: &Here, plugin: &str) -> Result<Response, Problem> {
    let catalogue = here.state.kernel.catalogue();
    let refused = |error: CallError| refusal::from_call_error(&error, true);
    let Some(info) = catalogue.plugins.get(plugin) else {
        return Err(refused(CallError::NoSuchPlugin { plugin: plugin.to_owned() }));
    };
    let bytes = if plugin == HOST {
        here.state.host_package.get(catalogue.generation, || {
            host_package(info).unwrap_or_else(|error| {
                tracing::error!(error, "the host's own contracts cannot be described");
                Vec::new()
            })
        })
    } else {
        let staged = here.state.kernel.staged(&info.component);
        let staged = staged.ok_or_else(|| {
            refused(CallError::Unavailable {
                plugin: info.name.clone(),
                why: "its package is not here".into(),
            })
        })?;
        Bytes::copy_from_slice(&staged.wit)
    };
    Ok(([(CONTENT_TYPE, WASM)], bytes).into_response())
}

/// A world that exports what the host's natives provide.
fn host_package(info: &PluginInfo) -> Result<Vec<u8>, String> {
    let mut texts: Vec<(&str, &str)> = HOST_WIT
        .files()
        .filter_map(|file| Some((file.path().file_name()?.to_str()?, file.contents_utf8()?)))
        // Worlds name packages that are not here.
        .filter(|(name, _)| {
            Path::new(name).extension().is_some_and(|kind| kind == "wit") && *name != "world.wit"
        })
        .collect();
    let package = texts.first().and_then(|(_, text)| text.lines().next()).unwrap_or_default();
    let mut world = format!("{package}\n\n/// What the host itself provides.\nworld natives {{\n");
    for interface in info.interfaces.iter().filter(|interface| interface.id.starts_with(HOST_PACKAGE)) {
        // Writing into a `String` cannot fail.
        let _ = writeln!(world, "    export {};", interface.short);
    }
    world.push_str("}\n");
    texts.push(("natives.wit", &world));
    let sources = Sources::from_texts(&texts).map_err(|error| error.to_string())?;
    sources.encode(Some("natives")).map_err(|error| error.to_string())
}
