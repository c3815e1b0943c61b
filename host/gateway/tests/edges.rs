//! What surrounds calls: communities apart, rates, health, numbers, headers, the page, OpenAPI.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/python.rs"]
mod python;
mod support;

use std::collections::BTreeSet;

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
}

/// Reads the text as Prometheus' own client does, and looks at what its parser leaves alone.
const READ_METRICS: &str = "
import sys
from prometheus_client.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(open(sys.argv[1]).read()))
assert len({family.name for family in families}) == len(families), 'a name comes twice'
for family in families:
    assert family.documentation and family.type in ('counter', 'gauge', 'histogram'), family
    assert family.samples, family
    if family.type != 'histogram': continue
    buckets = [s for s in family.samples if s.name.endswith('_bucket')]
    counts = [s.value for s in buckets]
    bounds = [float(s.labels['le']) for s in buckets]
    assert counts == sorted(counts) and bounds == sorted(bounds) and bounds[-1] == float('inf'), family
    rest = {s.name.removeprefix(family.name): s.value for s in family.samples if s not in buckets}
    assert rest.keys() == {'_sum', '_count'} and rest['_count'] == counts[-1], family
print(sum(len(family.samples) for family in families), 'samples of', len(families), 'families')
";

/// By a parser that is not ours: PyPI `prometheus-client`, put under `target/` once.
#[test]
fn the_numbers_are_prometheus_text_when_somebody_else_reads_them() {
    let town = Town::new(HOST);
    let server = Server::start(&[&town], unlimited());
    person(&server, &town, "ana", &whole());
    let reply = server.send(&Request::get(HOST, "/metrics"));
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("metrics.txt");
    let python = python::with("prometheus_client", "prometheus-client==0.21.1");
    let parsed = |text: &str| {
        std::fs::write(&file, text).unwrap();
        python::looks(&python, &["-c", READ_METRICS], &file)
    };
    let text = reply.text();
    let (read, said) = parsed(&text);
    assert!(read && said.contains("samples of"), "{said}");
    // It does look: a bucket that shrinks, a help that is missing, a line that is no sample.
    let shrunk = text.replace("le=\"+Inf\"} ", "le=\"+Inf\"} -");
    let helpless = text.replace("# HELP hamlet_sequence", "# HILP hamlet_sequence");
    let broken = text.replace("{status=\"2xx\"}", "{status=\"2xx}");
    for spoilt in [shrunk, helpless, broken] {
        assert_ne!(spoilt, text);
        assert!(!parsed(&spoilt).0, "{spoilt}");
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
    let set = Request::post(HOST, "/api/host/settings@0.1.0/set", &set).token(&town.steward);
    assert_eq!(server.send(&set).status, 200);
    let reply = server.send(&Request::get(HOST, "/developers"));
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let page = reply.text();
    assert!(
        page.contains("<h1>Oakfield &lt;b&gt;</h1>") && page.contains("By the &quot;river&quot;"),
        "{page}"
    );
    for shown in [
        "<!doctype html>\n<html lang=\"en\">",
        "<title>Oakfield &lt;b&gt;</title>",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">",
        "give-mandate",
        "hamlet call host",
        "/api/openapi.json",
        "http://oakfield.example/api/host/",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    for never in ["<script", "style=\"", "javascript:", "onclick", "<iframe", "@import"] {
        assert!(!page.contains(never), "{never}");
    }
    assert_balanced(&page);
    assert_no_level_is_skipped(&page);
    // All that the page fetches or leads to is here, answers, and is what it says.
    let targets: BTreeSet<&str> = ["href=\"", "src=\"", "action=\""]
        .iter()
        .flat_map(|name| page.split(name).skip(1))
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(targets.len() >= 6, "{targets:?}");
    for target in targets {
        if let Some(id) = target.strip_prefix('#') {
            assert!(page.contains(&format!("id=\"{id}\"")), "{target}");
            continue;
        }
        assert!(target.starts_with('/') && !target.starts_with("//"), "{target} is elsewhere");
        assert_eq!(server.send(&Request::get(HOST, target)).status, 200, "{target}");
    }
    let style = server.send(&Request::get(HOST, "/style.css"));
    assert_eq!(style.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(style.text().contains("prefers-color-scheme: dark"));
    assert_eq!(server.send(&Request::get(HOST, "/icon.svg")).header("content-type"), Some("image/svg+xml"));
}

/// One `h1`, and no heading more than one level below the one before it.
fn assert_no_level_is_skipped(page: &str) {
    let levels: Vec<u32> =
        page.split("<h").skip(1).filter_map(|rest| rest.chars().next()?.to_digit(10)).collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "{levels:?}");
    assert_eq!(levels.first(), Some(&1), "{levels:?}");
    assert!(levels.windows(2).all(|two| two[1] <= two[0] + 1), "{levels:?}");
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
    let python = python::with("openapi_spec_validator", "openapi-spec-validator==0.7.2");
    let validated = |document: &[u8]| {
        std::fs::write(&file, document).unwrap();
        python::looks(&python, &["-m", "openapi_spec_validator"], &file)
    };
    let (valid, said) = validated(&reply.body);
    assert!(valid, "{said}");
    // It does look: the same document with one member spoilt is refused.
    let mut spoilt = reply.json();
    spoilt["paths"]["/api/batch"]["post"]["responses"] = json!("none");
    assert!(!validated(spoilt.to_string().as_bytes()).0);
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
