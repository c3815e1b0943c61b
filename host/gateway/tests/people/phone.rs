//! Several people on one phone: what rests opens nothing, a PIN opens it and proves nothing else, and few are tried.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use hamlet_reflect::Id;

use super::support::{Reply, Request, Server, Town, person, whole};
use super::{HOST, start, village};

/// A browser that keeps its cookies, as browsers do.
struct Phone<'a> {
    server: &'a Server,
    cookies: RefCell<BTreeMap<String, String>>,
}

impl<'a> Phone<'a> {
    fn of(server: &'a Server) -> Self {
        Self { server, cookies: RefCell::default() }
    }

    /// Somebody comes in by the whole way.
    fn signs_in(&self, town: &Town, person: Id) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let begun =
            runtime.block_on(town.identity.begin_session(&town.kernel, person, "phone", None)).unwrap();
        self.cookies.borrow_mut().insert("__Host-hamlet".into(), begun.reveal().into());
    }

    fn cookie(&self, name: &str) -> String {
        self.cookies.borrow().get(name).cloned().unwrap_or_default()
    }

    fn send(&self, request: Request<'_>) -> Reply {
        let cookies = self.cookies.borrow();
        let sent: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        drop(cookies);
        let request = request.header("Accept", "text/html").header("Cookie", sent.join("; "));
        let reply = self.server.send(&request);
        for (name, value) in &reply.headers {
            if !name.eq_ignore_ascii_case("set-cookie") {
                continue;
            }
            let (name, rest) = value.split_once('=').unwrap();
            let (kept, attributes) = rest.split_once(';').unwrap();
            let mut cookies = self.cookies.borrow_mut();
            if attributes.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                assert!(attributes.contains("HttpOnly") && attributes.contains("Secure"), "{value}");
                cookies.insert(name.into(), kept.into());
            }
        }
        reply
    }

    fn get(&self, path: &str) -> Reply {
        self.send(Request::get(HOST, path))
    }

    fn page(&self) -> String {
        self.get("/phone").text()
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let page = self.page();
        let csrf = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let fields = [fields, &[("csrf", csrf.unwrap_or_default())]].concat();
        self.send(Request::form(HOST, path, &fields).header("Sec-Fetch-Site", "same-origin"))
    }

    /// Types a PIN under the first of those who rest.
    fn takes_up(&self, pin: &str) -> Reply {
        let page = self.page();
        let session = page.split("name=\"session\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        self.post("/phone/take-up", &[("session", session), (&format!("pin-{session}"), pin)])
    }
}

/// Ana rests behind her PIN, and nobody is signed in.
fn laid_aside(phone: &Phone<'_>, town: &Town, ana: Id) {
    phone.signs_in(town, ana);
    assert_eq!(phone.post("/phone/lay-aside", &[]).status, 422, "she has no PIN yet");
    for wrong in ["1234", "7777", "258", "abcd"] {
        assert_eq!(phone.post("/phone/pin", &[("pin", wrong)]).status, 422, "{wrong}");
    }
    assert_eq!(phone.post("/phone/pin", &[("pin", "2580")]).status, 303);
    let laid = phone.post("/phone/lay-aside", &[]);
    assert_eq!((laid.status, laid.header("clear-site-data")), (303, Some("\"cache\"")));
    assert_eq!(phone.cookie("__Host-hamlet"), "");
}

#[test]
fn what_rests_opens_nothing_and_a_pin_opens_it() {
    let (town, server, ana) = village(start);
    let (ben, _) = person(&server, &town, "ben", &whole());
    let phone = Phone::of(&server);
    laid_aside(&phone, &town, ana);
    assert_eq!(phone.get("/me").status, 303, "nobody is signed in");
    // Whoever copies her cookie to where it was has nothing of it.
    let resting = phone.cookie("__Host-hamlet-resting");
    phone.cookies.borrow_mut().insert("__Host-hamlet".into(), resting.clone());
    assert_eq!(phone.get("/me").status, 303);
    phone.signs_in(&town, ben.parse().unwrap());
    assert!(phone.page().contains("Choose a PIN of your own first"));
    assert_eq!(phone.post("/phone/pin", &[("pin", "90417")]).status, 303);
    assert_eq!(phone.takes_up("2580").status, 303);
    assert_eq!(phone.cookie("__Host-hamlet"), resting, "it is the very session");
    let page = phone.get("/me").text();
    assert!(page.contains("value=\"ana\""), "her name is in its field: {page}");
    // Ben rests now, behind his own.
    assert!(phone.page().contains("Go on as ben"), "{}", phone.page());
    assert_eq!(phone.takes_up("2580").status, 422, "Ana's PIN is not Ben's");
    assert_eq!(phone.takes_up("90417").status, 303);
    // Signing out ends one; forgetting the others ends them.
    assert_eq!(phone.post("/phone/forget", &[]).status, 303);
    assert_eq!(phone.cookie("__Host-hamlet-resting"), "");
    phone.cookies.borrow_mut().insert("__Host-hamlet-resting".into(), resting);
    assert!(!phone.page().contains("Go on as"), "it has ended: its cookie is worth nothing");
}

#[test]
fn five_wrong_pins_end_a_session_and_a_right_one_proves_nothing() {
    let (town, server, ana) = village(start);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let set = town.identity.set_password(&town.kernel, ana, "plum lantern of March".into(), &[]);
    runtime.block_on(set).unwrap();
    let phone = Phone::of(&server);
    laid_aside(&phone, &town, ana);
    assert_eq!(phone.takes_up("2580").status, 303);
    let asked = phone.get("/me/export");
    assert_eq!(
        (asked.status, asked.header("location")),
        (303, Some("/prove?to=%2Fme%2Fexport")),
        "no fresh proof"
    );
    assert_eq!(phone.post("/phone/lay-aside", &[]).status, 303, "the PIN is kept");
    for left in ["4 tries", "3 tries", "2 tries", "One more"] {
        let refused = phone.takes_up("2581");
        assert_eq!(refused.status, 422);
        assert!(refused.text().contains(left), "{left}: {}", refused.text());
    }
    let ended = phone.takes_up("2581");
    assert_eq!(ended.status, 422);
    assert!(ended.text().contains("signed out of the phone now") && !ended.text().contains("Go on as"));
    // A session that rests ends like any other when nobody uses it.
    laid_aside(&phone, &town, ana);
    town.clock.forward(Duration::from_hours(24 * 15));
    assert!(!phone.page().contains("Go on as"));
}
