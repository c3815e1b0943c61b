//! Members' affairs over HTTP with the real kernel: the steward log, profiles, leaving, what is held about whom.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

#[path = "people/log.rs"]
mod log;
#[path = "people/moves.rs"]
mod moves;
#[path = "people/moving.rs"]
mod moving;
#[path = "people/own.rs"]
mod own;
#[path = "people/phone.rs"]
mod phone;
#[path = "people/together.rs"]
mod together;
#[path = "people/wards.rs"]
mod wards;

use hamlet_reflect::Id;
use serde_json::json;
use support::{Reply, Request, Server, Town, person, unlimited};

pub(crate) const HOST: &str = "oakfield.example";

/// Somebody in her browser.
pub(crate) struct Browser<'a> {
    server: &'a Server,
    cookie: String,
    csrf: String,
}

impl<'a> Browser<'a> {
    /// Signed in as a person, with a session that was just begun.
    pub(crate) fn of(town: &Town, server: &'a Server, person: Id) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let begun = town.identity.begin_session(&town.kernel, person, "test", None);
        let cookie = format!("__Host-hamlet={}", runtime.block_on(begun).unwrap().reveal());
        let mut browser = Self { server, cookie, csrf: String::new() };
        let page = browser.get("/me").text();
        browser.csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().into();
        browser
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        let request =
            Request::get(HOST, path).header("Cookie", self.cookie.clone()).header("Accept", "text/html");
        self.server.send(&request)
    }

    pub(crate) fn text(&self, path: &str) -> String {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.text()
    }

    /// A form of a page of hers.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let request = Request::form(HOST, path, &[fields, &[("csrf", &self.csrf)]].concat());
        self.server
            .send(&request.header("Sec-Fetch-Site", "same-origin").header("Cookie", self.cookie.clone()))
    }

    pub(crate) fn send(&self, path: &str, kind: &str, body: Vec<u8>) -> Reply {
        let request =
            Request { method: "POST", path: path.into(), host: HOST, body: Some(body), ..Request::default() };
        let request = request
            .header("Content-Type", kind)
            .header("Sec-Fetch-Site", "same-origin")
            .header("Accept", "text/html")
            .header("Cookie", self.cookie.clone());
        self.server.send(&request)
    }
}

/// A town with its steward Sol and a member Ana, who each sit at a browser.
pub(crate) fn village(server_of: impl FnOnce(&Town) -> Server) -> (Town, Server, Id) {
    let town = Town::new(HOST);
    let server = server_of(&town);
    let scope = json!({ "functions": [], "read-only": false, "bulk": false });
    let (ana, _token) = person(&server, &town, "ana", &scope);
    let ana = ana.parse().unwrap();
    (town, server, ana)
}

pub(crate) fn start(town: &Town) -> Server {
    Server::start(&[town], unlimited())
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    let json = hamlet_reflect::json::from_val(
        &hamlet_reflect::Type::Bytes,
        &wasmtime::component::Val::List(bytes.iter().copied().map(wasmtime::component::Val::U8).collect()),
    );
    json.as_str().unwrap().to_owned()
}
