//! Copies as a steward makes them in a browser, on a box that was just set up: key, copy, download, trial, plan.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use crate::common::{HAMLET, Place, free_address};

/// A host that was just set up, with its steward's browser.
struct Steading {
    child: Child,
    url: String,
    cookie: String,
}

impl Drop for Steading {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer: status, where it leads, its body.
struct Reply {
    status: u16,
    cookie: String,
    body: Vec<u8>,
}

impl Reply {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Steading {
    fn set_up(place: &Place) -> Self {
        let (listen, https) = (free_address(), free_address());
        let mut child = Command::new(HAMLET)
            .arg("--home")
            .arg(place.path("home"))
            .args(["setup", "--listen", &listen, "--https", &https])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (mut link, mut code) = (String::new(), String::new());
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap) {
            if let Some(at) = line.find("/setup/") {
                line[at..].clone_into(&mut link);
            } else if let Some(said) = line.strip_prefix("and type this code there: ") {
                said.clone_into(&mut code);
            } else if line.starts_with("listening at") {
                break;
            }
        }
        let mut here = Self { child, url: format!("http://{listen}"), cookie: String::new() };
        let founded = here.post(
            &link,
            &[
                ("code", &code),
                ("community", "Oak Street"),
                ("place", ""),
                ("zone", "UTC"),
                ("name", "Ada"),
                ("handle", "ada"),
            ],
        );
        assert_eq!(founded.status, 303, "{}", founded.text());
        here.cookie = founded.cookie;
        here
    }

    fn agent() -> ureq::Agent {
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into()
    }

    fn taken(mut response: ureq::http::Response<ureq::Body>) -> Reply {
        let cookies =
            response.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
        let cookie = cookies.map(|cookie| cookie.split(';').next().unwrap().to_owned());
        let cookie = cookie.rev().find(|cookie| cookie.starts_with("__Host-hamlet=")).unwrap_or_default();
        let mut body = Vec::new();
        response.body_mut().as_reader().read_to_end(&mut body).unwrap();
        Reply { status: response.status().as_u16(), cookie, body }
    }

    fn get(&self, path: &str) -> Reply {
        let request = Self::agent().get(format!("{}{path}", self.url)).header("Accept", "text/html");
        Self::taken(request.header("Cookie", &self.cookie).call().unwrap())
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let csrf = if self.cookie.is_empty() {
            String::new()
        } else {
            let page = self.get("/me").text();
            page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        let fields = fields.iter().copied().chain([("csrf", csrf.as_str())]);
        let request = Self::agent().post(format!("{}{path}", self.url)).header("Accept", "text/html");
        let request = request.header("Cookie", &self.cookie).header("Sec-Fetch-Site", "same-origin");
        Self::taken(request.send_form(fields).unwrap())
    }
}

#[test]
fn a_steward_makes_a_key_a_copy_and_tries_it_out_without_a_terminal() {
    let place = Place::empty();
    let here = Steading::set_up(&place);
    let health = here.get("/stewards/health").text();
    assert!(
        health.contains(" free of ") && health.contains("none yet") && !health.contains("Certificate ends"),
        "{health}"
    );
    let none = here.get("/stewards/backups").text();
    assert!(
        none.contains("no copy can be made. Make your key now") && !none.contains("/stewards/backups/make"),
        "{none}"
    );
    assert_eq!(here.post("/stewards/backups/make", &[]).status, 422);

    // The key is on the sheet, and nowhere else.
    let sheet = here.post("/stewards/backups/key", &[]).text();
    let at = sheet.find("AGE-SECRET-KEY-1").expect("the secret");
    let secret = sheet[at..].split('<').next().unwrap().to_owned();
    assert!(sheet.contains("Recovery sheet for copies") && sheet.contains(">age1"), "{sheet}");
    assert!(!here.get("/stewards/backups").text().contains("AGE-SECRET-KEY-1Q"));

    let made = here.post("/stewards/backups/make", &[]).text();
    assert!(made.contains("The backup is") && made.contains("Made."), "{made}");
    let file = made.split("/stewards/backups/get/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let keys = made.split("/stewards/backups/get/").find(|part| part.contains(".keys.age\""));
    let keys = keys.unwrap().split('"').next().unwrap().to_owned();
    for name in [&file, &keys] {
        let copy = here.get(&format!("/stewards/backups/get/{name}"));
        assert!(copy.status == 200 && copy.body.starts_with(b"age-encryption.org/v1\n"), "{name}");
        assert_eq!(copy.body, fs::read(place.path("home/backups").join(name)).unwrap());
    }
    for other in ["community.toml", "..%2Fcommunity.toml", "..%2Fkeys%2Fhost.key", &format!("{file}.sha256")]
    {
        assert_eq!(here.get(&format!("/stewards/backups/get/{other}")).status, 404, "{other}");
    }

    // What cannot be opened is said, and what is whole is said.
    let other = "AGE-SECRET-KEY-1QYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQSZQGPQYQS0WW4LZ";
    for wrong in [other, "", "hunter2"] {
        let tried = here.post("/stewards/backups/try", &[("file", &file), ("secret", wrong)]);
        assert_eq!(tried.status, 422, "{}", tried.text());
    }
    let tried = here.post("/stewards/backups/try", &[("file", &file), ("secret", &secret)]);
    let said = tried.text();
    assert!(tried.status == 200 && said.contains("The backup is good. Its hash fits."), "{said}");
    assert!(said.contains("Tried out, and good.") && said.contains("Tried out, and not good."), "{said}");
    assert!(!said.contains(&secret), "it is not shown again");
    let journal = here.get("/journal?function=noted").text();
    assert!(journal.contains("the host"), "{journal}");

    // The plan is hers to change, and the newest copy is seen.
    assert_eq!(here.post("/stewards/backups/plan", &[("every", "x"), ("keep", "3")]).status, 422);
    assert_eq!(here.post("/stewards/backups/plan", &[("every", "6"), ("keep", "3")]).status, 303);
    let planned = here.get("/stewards/backups").text();
    assert!(planned.contains("name=\"every\" type=\"number\" value=\"6\""), "{planned}");
    assert!(!here.get("/stewards/health").text().contains("none yet"));
    let left = fs::read_dir(place.path("home/backups")).unwrap().count();
    assert!(left <= 4, "the trial left nothing behind: {left}");
}
