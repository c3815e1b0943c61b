//! E-mail: with a real server, aiosmtpd of PyPI, that the test starts.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use hamlet_identity::Identity;
use hamlet_kernel::{Actor, Kernel, KernelConfig};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Place, built, python};

/// How often a test looks whether something has come; it looks twice a second.
const LOOKS: u32 = 60;

/// A mail server that keeps what it gets in a maildir.
struct Server {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Server {
    fn start() -> Self {
        let python = python::with("aiosmtpd", "aiosmtpd==1.4.6");
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(python)
            .args(["-m", "aiosmtpd", "-n", "-l", &format!("127.0.0.1:{port}")])
            .args(["-c", "aiosmtpd.handlers.Mailbox"])
            .arg(folder.path().join("mail"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, port, folder };
        wait_for("the mail server", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        server
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder)
            .map_or_else(|_| Vec::new(), |entries| entries.map(|it| it.unwrap().path()).collect())
    }

    /// The letters that have come, decoded as far as these tests need.
    fn letters(&self) -> Vec<String> {
        Self::files(&self.folder.path().join("mail/new"))
            .iter()
            .map(|path| {
                fs::read_to_string(path).unwrap().replace("\r\n", "\n").replace("=\n", "").replace("=3D", "=")
            })
            .collect()
    }

    /// The letter with this in it, once it has come.
    fn letter(&self, with: &str) -> String {
        wait_for(with, || self.letters().into_iter().find(|letter| letter.contains(with)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..LOOKS {
        if let Some(found) = look() {
            return found;
        }
        thread::sleep(Duration::from_millis(500));
    }
    panic!("{what} did not come");
}

/// Sol names the mail server.
fn set(place: &Place, port: u16) {
    let port = port.to_string();
    let fields = [
        ("name", "127.0.0.1"),
        ("port", port.as_str()),
        ("security", "plain"),
        ("account", ""),
        ("password", ""),
        ("sender", "oak@oakfield.example"),
        ("do", "save"),
    ];
    let reply = place.send(&place.sol, "/stewards/mail", &fields);
    assert_eq!(reply.status, 303, "{}", reply.text());
}

/// The link in the letter that asks for a confirmation.
fn link(letter: &str) -> String {
    let at = letter.find("/confirm-address/").expect("a link");
    letter[at..]
        .split(|letter: char| letter.is_whitespace() || letter == '"' || letter == '<')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn an_address_gets_one_link_and_only_once_that_was_opened_gets_notices() {
    let server = Server::start();
    let place = Place::open();
    place.install(&built("host/gateway/tests/guests/bell"), &json!("all"));
    set(&place, server.port);
    assert!(place.send(&place.sol, "/stewards/mail/try", &[]).text().contains("The server answers"));
    assert_eq!(place.send(&place.ana, "/me/inbox/address", &[("email", "no address")]).status, 422);
    assert_eq!(place.send(&place.ana, "/me/inbox/address", &[("email", "ana@oakfield.example")]).status, 303);
    let asks = server.letter("Please confirm your address");
    assert!(
        asks.contains("To: ana@oakfield.example") && asks.contains("Auto-Submitted: auto-generated"),
        "{asks}"
    );
    assert!(asks.contains("multipart/alternative") && asks.contains("text/html"), "{asks}");
    // Until she confirms, nothing else goes there.
    place.send(&place.ana, "/me/inbox/choose", &[("topic", "bell/visit"), ("way", "email")]);
    let ring = |title: &str| {
        let body =
            json!({ "to": place.ana.id.to_string(), "topic": "visit", "title": title, "path": "door" });
        assert_eq!(place.call(&place.ana, "/api/bell/ringing@0.1.0/ring", &body).status, 200);
    };
    ring("Too early");
    let link = link(&asks);
    let looked = place.get(&place.ana, &link);
    assert!(looked.text().contains("Is this address yours?"), "looking confirms nothing");
    assert!(place.page(&place.ana, "/me/inbox").contains("A link was sent to ana@oakfield.example"));
    assert!(place.post(None, &link, &[]).text().contains("The address is confirmed."));
    assert_eq!(place.post(None, &link, &[]).status, 404, "a link works once");
    // A title cannot become another header, nor another receiver.
    ring("Ring\r\nBcc: eve@evil.example\r\n\r\n<b>now</b>");
    let came = server.letter("Somebody is at the door.");
    assert!(!came.lines().any(|line| line.starts_with("Bcc:")), "{came}");
    assert!(
        came.contains("http://oakfield.example/p/bell/door") && !came.contains("<b>now</b></h1>"),
        "{came}"
    );
    assert!(server.letters().iter().all(|letter| !letter.contains("Too early")));
    let page = place.page(&place.sol, "/stewards/mail");
    assert!(page.contains("The last e-mail left on"), "{page}");
}

/// What is due, by the titles of the notices in it.
fn due(place: &Place) -> Vec<Vec<String>> {
    let titles = |letter: &Value| {
        let notices = letter["notices"].as_array().unwrap().iter();
        notices.map(|notice| notice["title"].as_str().unwrap().to_owned()).collect()
    };
    place.host("notices", "due", &json!({})).as_array().unwrap().iter().map(titles).collect()
}

#[test]
fn what_is_gathered_comes_as_one_letter_at_its_hour_and_nothing_but_safety_comes_in_quiet_hours() {
    let server = Server::start();
    let place = Place::open();
    place.install(&built("host/gateway/tests/guests/bell"), &json!("all"));
    set(&place, server.port);
    place.send(&place.ana, "/me/inbox/address", &[("email", "ana@oakfield.example")]);
    let asks = server.letter("Please confirm your address");
    assert!(place.post(None, &link(&asks), &[]).text().contains("The address is confirmed."));
    let choose = |topic: &str, way: &str| {
        place.send(&place.ana, "/me/inbox/choose", &[("topic", topic), ("way", way)]).status
    };
    let times = |digest: &str, begins: &str, ends: &str| {
        let fields = [("digest", digest), ("begins", begins), ("ends", ends)];
        place.send(&place.ana, "/me/inbox/times", &fields)
    };
    let ring = |title: &str| {
        let body =
            json!({ "to": place.ana.id.to_string(), "topic": "visit", "title": title, "path": "door" });
        assert_eq!(place.call(&place.ana, "/api/bell/ringing@0.1.0/ring", &body).status, 200);
    };
    assert_eq!(choose("host/security", "digest"), 422, "what is about safety does not wait");
    assert_eq!(choose("bell/visit", "digest"), 303);
    for (digest, begins, ends) in [("24", "", ""), ("9", "7", "7"), ("9", "22", ""), ("", "", "")] {
        assert_eq!(times(digest, begins, ends).status, 422, "{digest} {begins} {ends}");
    }
    assert_eq!(times("9", "22", "7").status, 303);
    let page = place.page(&place.ana, "/me/inbox");
    assert!(page.contains("<option value=\"22\" selected>22:00</option>"), "{page}");
    // It is midnight. At nine there is one letter of two; what is told then is for another one.
    ring("First");
    ring("Second & last");
    place.host("notices", "set-mail", &json!({ "server": null, "password": null }));
    assert_eq!(due(&place), Vec::<Vec<String>>::new());
    place.town.clock.forward(Duration::from_hours(9));
    assert_eq!(due(&place), [["First", "Second & last"]]);
    set(&place, server.port);
    ring("Third");
    let came = server.letter("2 notices from ");
    assert!(came.contains("Second &amp; last</h2>"), "{came}");
    assert!(came.contains("First\n\n") && !came.contains("Third"), "{came}");
    // At eleven at night an e-mail waits until seven; what is about the safety of her account does not.
    assert_eq!(choose("bell/visit", "email"), 303);
    place.town.clock.forward(Duration::from_hours(14));
    ring("Late");
    place.town.session(place.ana.id, "Safari · iPhone");
    server.letter("You signed in from a new browser");
    let has = |what: &str| server.letters().iter().any(|letter| letter.contains(what));
    assert!(!has("Late"));
    place.town.clock.forward(Duration::from_hours(8));
    server.letter("Subject: Late");
    assert!(!has("Third"));
    place.town.clock.forward(Duration::from_hours(2));
    server.letter("Subject: Third");
}

#[test]
fn a_letter_that_no_server_takes_waits_and_goes_out_when_one_does() {
    let place = Place::open();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    set(&place, nobody);
    place.send(&place.ana, "/me/inbox/address", &[("email", "ana@oakfield.example")]);
    let failed = wait_for("the failure", || {
        let page = place.page(&place.sol, "/stewards/mail");
        page.contains("The last e-mail was not taken").then_some(page)
    });
    assert!(failed.contains("E-mails that wait: 1"), "{failed}");
    let server = Server::start();
    set(&place, server.port);
    // It is tried again after a minute, and not before.
    assert_eq!(place.host("notices", "due", &json!({})), json!([]));
    place.town.clock.forward(Duration::from_secs(61));
    server.letter("Please confirm your address");
    wait_for("the end of the queue", || {
        (place.host("notices", "mail", &json!({}))["waiting"] == json!(0)).then_some(())
    });
}

#[test]
fn a_password_goes_to_its_own_server_and_never_out() {
    let place = Place::open();
    let server = |name: &str, security: &str, account: &str| {
        json!({ "name": name, "port": 465, "security": security, "account": account,
                "sender": "oak@oakfield.example", "pages": "https://oakfield.example" })
    };
    let set = |server: Value, password: Option<&str>| {
        let body = json!({ "server": server, "password": password });
        place.call(&place.sol, "/api/host/notices@0.1.0/set-mail", &body)
    };
    assert_eq!(set(server("smtp.example.org", "tls", "oak"), Some("plum lantern")).status, 200);
    assert_eq!(place.host("notices", "password", &json!({})), json!("plum lantern"));
    let page = place.page(&place.sol, "/stewards/mail");
    assert!(page.contains("smtp.example.org") && !page.contains("plum lantern"), "{page}");
    // The same server keeps it; another one does not get it.
    assert_eq!(set(server("smtp.example.org", "starttls", "oak"), None).status, 200);
    assert_eq!(place.host("notices", "password", &json!({})), json!("plum lantern"));
    assert_eq!(set(server("smtp.evil.example", "tls", "oak"), None).status, 200);
    assert_eq!(place.host("notices", "password", &json!({})), json!(""));
    // In the clear only to this very box.
    assert_eq!(set(server("smtp.example.org", "plain", "oak"), None).case(), "invalid");
    assert_eq!(set(server("", "tls", "oak"), None).case(), "invalid");
}

#[test]
fn letters_that_wait_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let open = || {
        let mut config = KernelConfig::in_dir(folder.path());
        Identity::new().register(&mut config);
        Kernel::open(config).unwrap()
    };
    let kernel = open();
    let founding = hamlet_identity::Founding {
        commons_handle: "commons".into(),
        commons_name: "All of us".into(),
        handle: "sol".into(),
        name: "Sol".into(),
        token: None,
    };
    let sol = hamlet_identity::found(&kernel, &founding).unwrap().steward.to_string();
    let ask = |kernel: &Kernel, function: &str, arguments: Value| {
        kernel.call_json(Actor::Console, "host", "notices", function, &arguments).unwrap().unwrap()
    };
    let hash = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([7; 32]);
    ask(
        &kernel,
        "ask-address",
        json!({
            "person": sol, "email": "sol@oakfield.example", "link": "https://oakfield.example/x", "hash": hash,
        }),
    );
    kernel.shutdown();
    drop(kernel);
    let kernel = open();
    let due = ask(&kernel, "due", json!({}));
    assert_eq!(due[0]["email"], "sol@oakfield.example");
    // After the last try it is given up, and a link that is too old confirms nothing.
    for _ in 0..8 {
        ask(&kernel, "not-sent", json!({ "letter": due[0]["id"], "why": "no", "for-good": false }));
    }
    assert_eq!(ask(&kernel, "mail", json!({}))["waiting"], 0);
    kernel.shutdown();
}
