//! How fast the gateway is with a provider that does little: `cargo run --release --example speed`.
//!
//! It needs `wrk`. Client and host share the cores, so the numbers are below what a network shows.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::path::Path;
use std::process::Command;

use hamlet_kernel::KernelConfig;
use support::{Request, Server, TestClock, Town, purses, unlimited};

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = KernelConfig::in_dir(folder.path());
    config.limits.background = false;
    let town = Town::open("127.0.0.1", config, TestClock::new());
    let server = Server::start(&[&town], unlimited());
    let owner = town.founded.commons.to_string();
    let left = format!("{}?owner={owner}", purses("left"));
    assert_eq!(server.send(&Request::get("127.0.0.1", &left)).status, 200);

    let token = format!("Authorization: Bearer {}", town.steward);
    run(&server, "a page of nothing (404)", "/nowhere", &[]);
    run(&server, "health", "/healthz", &[]);
    run(&server, "query, nobody signed in", &left, &[]);
    run(&server, "query with a token", &left, &["-H", &token]);

    let script = folder.path().join("pay.lua");
    let body = format!(r#"{{\"payer\":\"{owner}\",\"amount\":1}}"#);
    let lua = format!(
        "wrk.method = \"POST\"\nwrk.body = \"{body}\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\n"
    );
    std::fs::write(&script, lua).unwrap();
    let script = script.to_str().unwrap();
    run(&server, "durable command", &purses("pay"), &["-H", &token, "-s", script]);
    let now = town.kernel.metrics().snapshot();
    println!("commands {}, batches {}", now.commands, now.batches);
}

fn run(server: &Server, what: &str, path: &str, more: &[&str]) {
    let url = format!("http://{}{path}", server.address);
    let wrk = if Path::new("/usr/bin/wrk").exists() { "/usr/bin/wrk" } else { "wrk" };
    let out =
        Command::new(wrk).args(["-t2", "-c64", "-d4s", "--latency"]).args(more).arg(url).output().unwrap();
    let text = String::from_utf8_lossy(&out.stdout);
    println!("\n== {what}");
    for line in text.lines().filter(|line| {
        ["50%", "99%", "Requests/sec", "Non-2xx", "Socket errors"].iter().any(|word| line.contains(word))
    }) {
        println!("{line}");
    }
}
