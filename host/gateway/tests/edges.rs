//! What surrounds calls: communities apart, rates, health, numbers, headers, the page, OpenAPI.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use hamlet_gateway::{Config, Rate};
use serde_json::{Value, json};
use support::{Request, Server, Town, members, person, unlimited, whole};

const HOST: &str = "oakfield.example";
const OTHER: &str = "elmside.example";

#[test]
fn a_token_of_one_community_is_nobody_in_another() {
    let (oakfield, elmside) = (Town::new(HOST), Town::new(OTHER));
    let server = Server::start(&[&oakfield, &elmside], unlimited());
    let find = |host: &'static str, token: &str| {
        server.send(&Request::get(host, &format!("{}?handle=sol", members("find"))).token(token))
    };
    for (town, host) in [(&oakfield, HOST), (&elmside, OTHER)] {
        let reply = find(host, &town.steward);
        assert_eq!(reply.json()["id"], town.founded.steward.to_string(), "each has a Sol of its own");
    }
    // In either order, so that no cache lets one in.
    assert_eq!(find(OTHER, &oakfield.steward).case(), "token-unknown");
    assert_eq!(find(HOST, &elmside.steward).case(), "token-unknown");
    person(&server, &oakfield, "ana", &whole());
    let ana = Request::get(OTHER, &format!("{}?handle=ana", members("find"))).token(&elmside.steward);
    assert_eq!(server.send(&ana).case(), "no-such-party");
    // The same idempotency key is two keys.
    let unknown = server.send(&Request::get("ashby.example", "/"));
    assert_eq!((unknown.status, unknown.case()), (421, "unknown-host".into()));
    assert!(!unknown.text().contains("oakfield"), "nobody learns who else is here");
}

#[test]
fn the_numbers_of_one_community_say_nothing_of_another() {
    let (oakfield, elmside) = (Town::new(HOST), Town::new(OTHER));
    let server = Server::start(&[&oakfield, &elmside], unlimited());
    let numbers = |host: &'static str| server.send(&Request::get(host, "/metrics")).text();
    let queries = |text: &str| -> u64 {
        text.lines().find_map(|line| line.strip_prefix("hamlet_queries_total ")).unwrap().parse().unwrap()
    };
    let (before, other_before) = (queries(&numbers(HOST)), queries(&numbers(OTHER)));
    for _ in 0..5 {
        let find = Request::get(HOST, &format!("{}?handle=sol", members("find")));
        assert_eq!(server.send(&find.token(&oakfield.steward)).status, 200);
    }
    let text = numbers(HOST);
    assert_eq!(queries(&text), before + 5);
    assert_eq!(queries(&numbers(OTHER)), other_before);
    assert!(!text.contains("elmside") && !numbers(OTHER).contains("oakfield"));
    assert_prometheus(&text);
}

/// The text format: comments, then `name{labels} number`; histograms grow and end in their count.
fn assert_prometheus(text: &str) {
    let mut last: Option<(String, f64)> = None;
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            assert!(comment.starts_with("HELP ") || comment.starts_with("TYPE "), "{line}");
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
        let bare = name.split('{').next().unwrap();
        assert!(bare.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
        assert!(
            text.contains(&format!(
                "# TYPE {} ",
                bare.trim_end_matches("_bucket").trim_end_matches("_sum").trim_end_matches("_count")
            )),
            "{line}"
        );
        if let Some((known, before)) = &last
            && bare.ends_with("_bucket")
            && known == bare
        {
            assert!(value >= *before, "{line}");
        }
        last = Some((bare.to_owned(), value));
    }
}

#[test]
fn the_numbers_are_shown_to_stewards_and_to_the_box_itself() {
    let town = Town::new(HOST);
    let server = Server::start(&[&town], unlimited());
    let (_, ana) = person(&server, &town, "ana", &whole());
    let metrics = Request::get(HOST, "/metrics");
    assert_eq!(server.send(&metrics).status, 200, "loopback");
    for name in ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"] {
        let outside = metrics.clone().header(name, "203.0.113.7");
        assert_eq!(server.send(&outside).status, 401, "{name}");
        assert_eq!(server.send(&outside.clone().token(&ana)).status, 403, "{name}");
        assert_eq!(server.send(&outside.token(&town.steward)).status, 200, "{name}");
    }
}

#[test]
fn a_client_waits_when_she_asks_too_often() {
    let town = Town::new(HOST);
    let rate = Some(Rate { per_second: 1, burst: 3 });
    let server =
        Server::start(&[&town], Config { token_rate: rate, address_rate: rate, ..Config::default() });
    let find = Request::get(HOST, &format!("{}?handle=sol", members("find")));
    for _ in 0..3 {
        assert_eq!(server.send(&find.clone().token(&town.steward)).status, 200);
    }
    let refused = server.send(&find.clone().token(&town.steward));
    assert_eq!((refused.status, refused.case()), (429, "too-many-requests".into()));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3).contains(&wait), "{wait}");
    // Who guesses tokens pays with her address, not with anybody's token.
    let guesses = (0..5).map(|guess| {
        let token = format!("hamlet_{guess:064}");
        server.send(&find.clone().token(&token)).status
    });
    assert_eq!(guesses.collect::<Vec<_>>(), [401, 401, 401, 429, 429]);
    // Health is for machines that watch: never refused.
    for _ in 0..10 {
        assert_eq!(server.send(&Request::get(HOST, "/healthz")).status, 200);
    }
}

#[test]
fn a_batch_pays_for_each_of_its_calls() {
    let town = Town::new(HOST);
    let rate = Some(Rate { per_second: 1, burst: 10 });
    let server = Server::start(&[&town], Config { token_rate: rate, ..Config::default() });
    let call = json!({ "plugin": "host", "interface": "members@0.1.0", "function": "find", "arguments": { "handle": "sol" } });
    let batch = Request::post(HOST, "/api/batch", &json!({ "mode": "each", "calls": vec![call; 9] }));
    assert_eq!(server.send(&batch.clone().token(&town.steward)).status, 200);
    assert_eq!(server.send(&batch.token(&town.steward)).case(), "too-many-requests");
}

#[test]
fn health_is_a_real_read() {
    let town = Town::new(HOST);
    let server = Server::start(&[&town], unlimited());
    let reply = server.send(&Request::get(HOST, "/healthz"));
    assert_eq!((reply.status, &reply.json()["status"]), (200, &json!("ok")));
    assert_eq!(reply.json()["sequence"], town.kernel.head().to_string());
}

#[test]
fn every_answer_has_a_request_id_and_strict_headers() {
    let town = Town::new(HOST);
    let server = Server::start(&[&town], unlimited());
    for path in ["/", "/style.css", "/nowhere", "/healthz", &members("find"), "/api/openapi.json"] {
        let reply = server.send(&Request::get(HOST, path));
        assert!(reply.header("x-request-id").is_some_and(|id| id.len() >= 8), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{path}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
    }
    let mine = server.send(&Request::get(HOST, "/healthz").header("X-Request-Id", "from-my-tool.7"));
    assert_eq!(mine.header("x-request-id"), Some("from-my-tool.7"));
    let odd = server.send(&Request::get(HOST, "/healthz").header("X-Request-Id", "a b<c>"));
    assert_ne!(odd.header("x-request-id"), Some("a b<c>"));
}

#[test]
fn the_page_shows_what_exists_and_runs_nothing() {
    let town = Town::new(HOST);
    let server = Server::start(&[&town], unlimited());
    let set = json!({ "community": { "name": "Oakfield <b>", "place": "By the \"river\"", "zone": "Europe/Madrid", "language": "en" } });
    if town.kernel.function("host", "settings", "set").is_some() {
        let set = Request::post(HOST, "/api/host/settings@0.1.0/set", &set).token(&town.steward);
        assert_eq!(server.send(&set).status, 200);
    }
    let reply = server.send(&Request::get(HOST, "/"));
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let page = reply.text();
    assert!(
        page.contains("<h1>Oakfield &lt;b&gt;</h1>") && page.contains("By the &quot;river&quot;"),
        "{page}"
    );
    for shown in ["give-mandate", "hamlet call host", "/api/openapi.json", "width=device-width"] {
        assert!(page.contains(shown), "{shown}");
    }
    for never in ["<script", "style=\"", "javascript:", "http://cdn", "onclick"] {
        assert!(!page.contains(never), "{never}");
    }
    assert_balanced(&page);
    let style = server.send(&Request::get(HOST, "/style.css"));
    assert_eq!((style.status, style.header("content-type")), (200, Some("text/css; charset=utf-8")));
    assert!(style.text().contains("prefers-color-scheme: dark"));
}

/// Every element that is opened is closed, in order.
fn assert_balanced(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in page.split('<').skip(1) {
        let name = tag.split(['>', ' ']).next().unwrap();
        match name.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed), "at </{closed}>"),
            None if ["!doctype", "meta", "link"].contains(&name) => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn openapi_describes_every_function_and_refers_to_nothing_that_is_not_there() {
    let town = Town::new(HOST);
    let server = Server::start(&[&town], unlimited());
    let reply = server.send(&Request::get(HOST, "/api/openapi.json"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    let document = reply.json();
    assert_eq!(document["openapi"], "3.1.0");
    let catalogue = town.kernel.catalogue();
    let functions: Vec<_> = catalogue.plugins.values().flat_map(|plugin| &plugin.functions).collect();
    assert!(functions.len() >= 15);
    for callable in functions {
        let path = format!(
            "/api/{}/{}@{}/{}",
            callable.plugin, callable.interface.short, callable.interface.version, callable.function.name
        );
        let post = &document["paths"][&path]["post"];
        assert!(post["description"].as_str().unwrap().contains(callable.function.docs.trim()), "{path}");
        assert!(post["responses"]["200"].is_object(), "{path}");
    }
    let find = &document["paths"]["/api/host/members@0.1.0/find"];
    assert_eq!(find["get"]["parameters"][1]["name"], "handle");
    assert!(
        find["post"]["responses"]["404"]["description"].as_str().unwrap().contains("There is no such party.")
    );
    assert!(document["paths"]["/api/host/members@0.1.0/add"]["get"].is_null(), "commands are not gotten");
    let mut references = BTreeSet::new();
    collect_references(&document, &mut references);
    assert!(references.len() > 10);
    for reference in references {
        assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
    }
    let mut ids = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{}", operation["operationId"]);
        }
    }
}

fn collect_references<'a>(value: &'a Value, into: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(members) => {
            into.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| collect_references(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, into)),
        _ => {}
    }
}

/// By a validator that is not ours: PyPI `openapi-spec-validator`, put under `target/` once.
#[test]
fn openapi_is_valid_when_somebody_else_looks() {
    let town = Town::new(HOST);
    let server = Server::start(&[&town], unlimited());
    let reply = server.send(&Request::get(HOST, "/api/openapi.json"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, &reply.body).unwrap();
    let python = validator();
    let checked = Command::new(&python).args(["-m", "openapi_spec_validator"]).arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}{}", String::from_utf8_lossy(&checked.stderr));
    // It does look: the same document with one member spoilt is refused.
    let mut spoilt = reply.json();
    spoilt["paths"]["/api/batch"]["post"]["responses"] = json!("none");
    std::fs::write(&file, spoilt.to_string()).unwrap();
    let refused = Command::new(&python).args(["-m", "openapi_spec_validator"]).arg(&file).output().unwrap();
    assert!(!refused.status.success());
}

/// The Python of a virtual environment that has the validator.
fn validator() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openapi-validator");
    let python = folder.join("bin/python");
    let has = |python: &Path| {
        python.exists()
            && Command::new(python)
                .args(["-c", "import openapi_spec_validator"])
                .status()
                .is_ok_and(|status| status.success())
    };
    if !has(&python) {
        let made =
            Command::new("python3").args(["-m", "venv"]).arg(&folder).output().expect("python3 is installed");
        assert!(made.status.success(), "python3 -m venv: {}", String::from_utf8_lossy(&made.stderr));
        let install = ["-m", "pip", "install", "--quiet", "openapi-spec-validator==0.7.2"];
        let installed = Command::new(&python).args(install).output().unwrap();
        assert!(installed.status.success(), "pip: {}", String::from_utf8_lossy(&installed.stderr));
    }
    python
}

#[test]
fn a_tool_reads_the_types_of_the_host() {
    let town = Town::new(HOST);
    let server = Server::start(&[&town], unlimited());
    let reply = server.send(&Request::get(HOST, "/api/host/package.wasm"));
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/wasm")));
    let world = hamlet_reflect::decode(&reply.body).unwrap();
    let members = world.export("hamlet:host/members@0.1.0").unwrap();
    assert_eq!(members.function("find").unwrap().docs.trim(), "The party with this handle.");
    assert_eq!(server.send(&Request::get(HOST, "/api/shop/package.wasm")).case(), "no-such-plugin");
}

#[test]
fn events_are_not_for_strangers() {
    let town = Town::new(HOST);
    let server = Server::start(&[&town], unlimited());
    let stranger = server.send(&Request::get(HOST, "/api/events"));
    assert_eq!((stranger.status, stranger.case()), (401, "denied".into()));
    let member = server.send(&Request::get(HOST, "/api/events").token(&town.steward));
    assert_eq!((member.status, member.header("content-type")), (200, Some("text/event-stream")));
}
