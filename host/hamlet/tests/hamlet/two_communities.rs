//! `hamlet run A B`: one process, two communities, told apart by host name. Nothing of one shows in the
//! other: no token, no member, no key, no plugin, no document, no number, no line of the log.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use hamlet_bundle::BuildOptions;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{self, HAMLET};

/// A community: its folder, its host name, its first steward's token.
struct Home {
    dir: PathBuf,
    host: &'static str,
    token: String,
}

impl Home {
    fn found(root: &Path, host: &'static str, name: &str, steward: &str) -> Self {
        let dir = root.join(host);
        // Nothing listens at port 1: until the host runs, the command line works on the folder.
        hamlet(
            &dir,
            &["init", "--name", name, "--host", host, "--listen", "127.0.0.1:1", "--steward", steward, name],
        );
        let session = fs::read_to_string(dir.join("cli.toml")).unwrap();
        let session: toml::Table = session.parse().unwrap();
        let token = session["tokens"][steward].as_str().unwrap().to_owned();
        Self { dir, host, token }
    }

    /// The images of compiled code in its folder.
    fn images(&self) -> usize {
        let images = fs::read_dir(self.dir.join("cache")).into_iter().flatten();
        images
            .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "cwasm"))
            .count()
    }
}

fn hamlet(home: &Path, arguments: &[&str]) {
    let ended = Command::new(HAMLET).arg("--home").arg(home).args(arguments).output().unwrap();
    assert!(ended.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
}

/// The running host of both.
struct Host {
    running: common::Host,
    log: PathBuf,
}

impl Host {
    fn run(root: &Path, homes: [&Home; 2]) -> Self {
        let log = root.join("log");
        let mut command = Command::new(HAMLET);
        command.arg("run").args(homes.map(|home| home.dir.as_os_str())).args(["--listen", "127.0.0.1:0"]);
        command.env("HAMLET_LOG", "debug").stderr(File::create(&log).unwrap());
        Self { running: common::Host::start(&mut command), log }
    }

    fn send(&self, host: &str, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Answer {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let url = format!("{}{path}", self.running.url);
        let mut answer = match body {
            None => {
                let request = agent.get(&url).header("Host", host);
                headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).call()
            }
            Some(body) => {
                let request =
                    agent.post(&url).header("Host", host).header("Content-Type", "application/json");
                let request =
                    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
                request.send(body.to_string())
            }
        }
        .unwrap();
        Answer { status: answer.status().as_u16(), text: answer.body_mut().read_to_string().unwrap() }
    }

    /// A call in the community `at`, with a token, and with a request id that names the community.
    fn call(&self, at: &Home, token: &str, function: &str, arguments: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", &*bearer), ("X-Request-Id", at.host)];
        self.send(at.host, &format!("/api/{function}"), Some(arguments), &headers)
    }

    fn metrics(&self, at: &Home) -> String {
        let answer = self.send(at.host, "/metrics", None, &[]);
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.text
    }

    /// How many commands a community has run.
    fn commands(&self, at: &Home) -> u64 {
        let text = self.metrics(at);
        let line = text.lines().find_map(|line| line.strip_prefix("hamlet_commands_total "));
        line.unwrap().parse().unwrap()
    }
}

struct Answer {
    status: u16,
    text: String,
}

impl Answer {
    /// The status, and the case of a problem.
    fn case(&self) -> (u16, String) {
        let document: Value = serde_json::from_str(&self.text).unwrap_or_default();
        let kind = document["type"].as_str().unwrap_or_default();
        (self.status, kind.rsplit('/').next().unwrap_or_default().to_owned())
    }
}

fn person(handle: &str) -> Value {
    json!({ "kind": "person", "handle": handle, "name": handle })
}

const ADD: &str = "host/members@0.1.0/add";
const FIND: &str = "host/members@0.1.0/find";
const LOOK: &str = "first/first@0.1.0/look";

/// One plugin in Oak Street alone, then both served by one process.
fn village() -> (TempDir, Home, Home, Host) {
    let root = tempfile::tempdir().unwrap();
    let oak = Home::found(root.path(), "oak.example", "Oak Street", "ada");
    let elm = Home::found(root.path(), "elm.example", "Elm Row", "grace");
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernel/tests/guests/first-alone");
    let options = BuildOptions { out: Some(root.path().join("built")), ..BuildOptions::default() };
    let built = hamlet_bundle::build(&guest, &options, &mut |_| {}).unwrap();
    hamlet(&oak.dir, &["plugin", "install", "--grant", built.dir.to_str().unwrap()]);
    let host = Host::run(root.path(), [&oak, &elm]);
    (root, oak, elm, host)
}

#[test]
fn nothing_crosses_when_one_host_serves_two_communities() {
    let (_root, oak, elm, host) = village();

    // A token of one is nobody in the other, before and after it was shown where it is good.
    let find = |at: &Home, token: &str, handle: &str| {
        host.call(at, token, FIND, &json!({ "handle": handle })).case()
    };
    let nobody = (401, "token-unknown".to_owned());
    for _ in 0..2 {
        assert_eq!(find(&elm, &oak.token, "grace"), nobody);
        assert_eq!(find(&oak, &oak.token, "ada").0, 200);
        assert_eq!(find(&oak, &elm.token, "ada"), nobody);
        assert_eq!(find(&elm, &elm.token, "grace").0, 200);
    }

    // Neither members nor idempotency keys: the same key is another key over there.
    let key = uuid::Uuid::now_v7().to_string();
    let keyed = |at: &Home, handle: &str| {
        let bearer = format!("Bearer {}", at.token);
        let headers = [("Authorization", &*bearer), ("Idempotency-Key", &*key), ("X-Request-Id", at.host)];
        host.send(at.host, &format!("/api/{ADD}"), Some(&person(handle)), &headers).case()
    };
    assert_eq!((keyed(&oak, "linus").0, keyed(&elm, "barbara").0), (200, 200));
    assert_eq!(keyed(&oak, "barbara").1, "key-reused", "it holds where it was used");
    assert_eq!(host.call(&oak, &oak.token, ADD, &person("edsger")).status, 200);
    assert_eq!(find(&oak, &oak.token, "edsger").0, 200);
    assert_eq!(find(&elm, &elm.token, "edsger").1, "no-such-party");

    // Numbers: commands in Oak Street are none in Elm Row.
    let before = (host.commands(&oak), host.commands(&elm));
    for number in 0..5 {
        assert_eq!(host.call(&oak, &oak.token, ADD, &person(&format!("child-{number}"))).status, 200);
    }
    assert_eq!((host.commands(&oak), host.commands(&elm)), (before.0 + 5, before.1));
    for (one, other) in [(&oak, &elm), (&elm, &oak)] {
        assert!(!host.metrics(one).contains(other.host));
    }

    // Plugins, the documents that are made of them and kept, and compiled code.
    let look = json!({ "script": "now" });
    assert_eq!(host.call(&oak, &oak.token, LOOK, &look).status, 200);
    assert_eq!(host.call(&elm, &elm.token, LOOK, &look).case(), (404, "no-such-plugin".to_owned()));
    for _ in 0..2 {
        let document = |at: &Home| host.send(at.host, "/api/openapi.json", None, &[]).text;
        assert!(document(&oak).contains("/api/first/"));
        assert!(!document(&elm).contains("/api/first/"));
    }
    assert_eq!((oak.images(), elm.images()), (1, 0));
    for (at, own, other) in [(&oak, "Oak Street", "Elm Row"), (&elm, "Elm Row", "Oak Street")] {
        let page = host.send(at.host, "/", None, &[]).text;
        assert!(page.contains(own) && !page.contains(other), "{page}");
    }

    // The log: each line of a request is of the community that was asked, and no line holds a token.
    let log = fs::read_to_string(&host.log).unwrap();
    for (one, other) in [(&oak, &elm), (&elm, &oak)] {
        let community = format!("\"community\":\"{}\"", one.host);
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(&community)).collect();
        assert!(lines.len() > 4, "{} lines of {}:\n{log}", lines.len(), one.host);
        let crossed: Vec<_> = lines.iter().filter(|line| line.contains(other.host)).collect();
        assert!(crossed.is_empty(), "{crossed:?}");
        assert!(!log.contains(&one.token));
    }
}

#[test]
fn a_host_name_that_nobody_has_is_answered_with_a_sentence() {
    let (_root, oak, elm, host) = village();
    // With two communities the bare address is nobody's: which one would it be?
    for name in ["birch.example", "127.0.0.1", "localhost", "oak.example.evil.example"] {
        let answer = host.send(name, "/", None, &[]);
        assert_eq!(answer.case(), (421, "unknown-host".to_owned()), "{name}");
        assert!(answer.text.contains("No community is reached by this host name here."), "{}", answer.text);
        assert!(!answer.text.contains(oak.host) && !answer.text.contains(elm.host), "{}", answer.text);
    }
    // Port, capitals and a final dot are the same name.
    for name in ["oak.example:8750", "OAK.example", "oak.example."] {
        assert_eq!(host.send(name, "/", None, &[]).status, 200, "{name}");
    }
}
