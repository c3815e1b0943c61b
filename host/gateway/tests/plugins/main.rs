//! What needs real components: taking them in, their events, their log lines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../support/mod.rs"]
mod support;

mod blobs;
mod events;
mod stage;

use std::path::{Path, PathBuf};

use hamlet_bundle::{BuildOptions, Built};
use serde_json::{Value, json};
use support::{Reply, Request, Server, Town};

const HOST: &str = "oakfield.example";

/// Builds a plugin of the checkout into `out`.
fn built(folder: &str, out: PathBuf) -> Built {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let options = BuildOptions { out: Some(out), ..BuildOptions::default() };
    hamlet_bundle::build(&folder, &options, &mut |_| {}).unwrap()
}

fn post(server: &Server, path: &str, body: &Value, token: &str) -> Reply {
    server.send(&Request::post(HOST, path, body).token(token))
}

/// Makes what was staged the installed plugin.
fn activate(server: &Server, town: &Town, hash: &str) -> Reply {
    let body = json!({ "component": hash, "granting": "all" });
    post(server, "/api/host/plugins@0.1.0/activate", &body, &town.steward)
}
