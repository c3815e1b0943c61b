//! `POST /api/stage/{name}`, and what a plugin that came in by it writes into the log.

use std::fs;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;
use tracing_subscriber::filter::LevelFilter;

use crate::support::{Request, Server, Town, person, unlimited, whole};
use crate::{HOST, activate, built, post};

/// A town with a folder for what is handed over, and a built plugin that does what scripts say.
fn started() -> (TempDir, Town, Server) {
    let folder = tempfile::tempdir().unwrap();
    let mut town = Town::new(HOST);
    let incoming = folder.path().join("incoming");
    fs::create_dir(&incoming).unwrap();
    built("host/kernel/tests/guests/first-alone", folder.path().join("built"));
    town.incoming = Some(incoming);
    let server = Server::start(&[&town], unlimited());
    (folder, town, server)
}

/// Copies the built plugin to where the host takes it from.
fn hand_over(folder: &TempDir, name: &str) {
    let to = folder.path().join("incoming").join(name);
    fs::create_dir(&to).unwrap();
    for entry in fs::read_dir(folder.path().join("built")).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_plugin_is_taken_in_when_a_steward_asks_and_by_nobody_else() {
    let (folder, town, server) = started();
    let (_, ana) = person(&server, &town, "ana", &whole());
    hand_over(&folder, "one");
    let stage = Request::post(HOST, "/api/stage/one", &Value::Null);
    let stranger = server.send(&stage);
    assert_eq!((stranger.status, stranger.case()), (401, "denied".into()));
    let member = server.send(&stage.clone().token(&ana));
    assert_eq!((member.status, member.case()), (403, "denied".into()));
    assert!(folder.path().join("incoming/one").exists(), "nothing was taken");

    let steward = server.send(&stage.clone().token(&town.steward));
    assert_eq!(steward.status, 200, "{steward:?}");
    let hash = steward.json()["component"].as_str().unwrap().to_owned();
    assert!(!folder.path().join("incoming/one").exists(), "what was taken in is cleared away");
    let run = |script: &str| {
        let body = json!({ "script": script });
        post(&server, "/api/first/first@0.1.0/run", &body, &town.steward)
    };
    assert_eq!(run("set a b").case(), "no-such-plugin", "staged is not installed");
    let activated = activate(&server, &town, &hash);
    assert_eq!(activated.status, 200, "{activated:?}");
    assert_eq!(run("set a b; get a").json(), json!("ok,b"));
    let refused = run("fail no flour left");
    assert_eq!((refused.status, refused.case()), (422, "error".into()));
    assert_eq!(refused.problem()["detail"], "`run` refused this: no flour left.");
    let again = server.send(&stage.token(&town.steward));
    assert_eq!(again.problem()["detail"], "There is no such folder to take a plugin from.");
}

#[test]
fn a_name_that_leads_elsewhere_or_a_package_that_is_not_whole_is_refused_in_a_sentence() {
    let (folder, town, server) = started();
    let stage = |name: &str| post(&server, &format!("/api/stage/{name}"), &Value::Null, &town.steward);
    // Beside the folder lies a package that would do.
    for name in
        ["..%2Fbuilt", "%2e%2e", "..", "a%2F..%2F..%2Fbuilt", "built.", "a%00b", "%C3%A9", &"a".repeat(65)]
    {
        let reply = stage(name);
        assert_eq!((reply.status, reply.case()), (422, "not-staged".into()), "{name}");
        assert_eq!(reply.problem()["detail"], "A folder's name is 1 to 64 letters and digits.", "{name}");
    }
    for path in ["", "../built", "a/b"] {
        assert_eq!(stage(path).status, 404, "{path:?} is no such path");
    }
    assert!(folder.path().join("built").exists(), "nothing was taken from beside the folder");

    let incoming = folder.path().join("incoming");
    let spoilt = |name: &str, file: &str, content: Option<&[u8]>| {
        hand_over(&folder, name);
        match content {
            Some(content) => fs::write(incoming.join(name).join(file), content).unwrap(),
            None => fs::remove_file(incoming.join(name).join(file)).unwrap(),
        }
        let reply = stage(name);
        assert_eq!((reply.status, reply.case()), (422, "not-staged".into()), "{name}");
        assert!(!incoming.join(name).exists(), "{name} does not stay for ever");
        let detail = reply.problem()["detail"].as_str().unwrap().to_owned();
        let at = folder.path().to_string_lossy().into_owned();
        assert!(!detail.contains(&at), "{detail} says where the box keeps its files");
        assert!(detail.ends_with('.'), "{detail}");
        detail
    };
    let missing = spoilt("a1", "first.wasm", None);
    assert_eq!(missing, "`first.wasm` is missing: this is not what `hamlet plugin build` leaves.");
    assert!(spoilt("a2", "plugin.toml", None).starts_with("`plugin.toml` is missing"));
    assert!(spoilt("a3", "plugin.toml", Some(b"name = 7")).starts_with("`plugin.toml`: "));
    assert!(spoilt("a4", "plugin.toml", Some(b"\xff")).contains("not UTF-8"));
    assert!(spoilt("a5", "first.wasm", Some(b"\0asm")).len() > 10);
    assert!(spoilt("a6", "first.wit.wasm", Some(b"")).len() > 10);
    // After all that, the whole one is still taken.
    hand_over(&folder, "a7");
    assert_eq!(stage("a7").status, 200);
}

/// Log lines, kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_plugins_log_line_names_the_request_that_it_was_written_in() {
    let lines = Lines::default();
    let writer = lines.clone();
    tracing_subscriber::fmt()
        .json()
        .with_max_level(LevelFilter::INFO)
        .with_writer(move || writer.clone())
        .init();
    let (folder, town, server) = started();
    hand_over(&folder, "one");
    let hash = post(&server, "/api/stage/one", &Value::Null, &town.steward).json();
    assert_eq!(activate(&server, &town, hash["component"].as_str().unwrap()).status, 200);
    // A command on the sequencer's thread, a query on another.
    for (function, id) in [("run", "from-my-tool.7"), ("look", "from-my-tool.8")] {
        let body = json!({ "script": format!("log said-by-{function}") });
        let call = Request::post(HOST, &format!("/api/first/first@0.1.0/{function}"), &body);
        let reply = server.send(&call.token(&town.steward).header("X-Request-Id", id));
        assert_eq!((reply.json(), reply.header("x-request-id")), (json!("ok"), Some(id)));
    }
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let written: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_plugins: Vec<_> = written
        .iter()
        .filter(|line| line["target"] == "plugin")
        .map(|line| {
            let field = |name: &str| line["fields"][name].as_str().unwrap_or_default();
            (field("plugin"), field("function"), field("request"), field("message"))
        })
        .collect();
    assert_eq!(
        of_plugins,
        [
            ("first", "run", "from-my-tool.7", "said-by-run"),
            ("first", "look", "from-my-tool.8", "said-by-look")
        ]
    );
}
