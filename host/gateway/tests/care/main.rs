//! The pages of those who care for the box, through the real gateway and kernel.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/python.rs"]
#[allow(dead_code, reason = "shared with other tests")]
mod python;

mod box_pages;
mod journal;
mod notices;
mod pictures;
mod post;
mod start;

use std::path::Path;

use hamlet_bundle::{BuildOptions, Package};
use hamlet_reflect::Id;
use serde_json::{Value, json};
use support::{Reply, Request, Server, Town, person, unlimited, whole};

pub(crate) const HOST: &str = "oakfield.example";

/// Builds a plugin of the checkout.
pub(crate) fn built(folder: &str) -> Package {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let out = tempfile::tempdir().unwrap();
    let options = BuildOptions { out: Some(out.path().to_owned()), ..BuildOptions::default() };
    hamlet_bundle::build(&folder, &options, &mut |_| {}).unwrap().package
}

/// A town with Ana, a member, and Sol, the steward, each with a browser.
pub(crate) struct Place {
    pub(crate) town: Town,
    pub(crate) server: Server,
    pub(crate) ana: Person,
    pub(crate) sol: Person,
}

pub(crate) struct Person {
    pub(crate) id: Id,
    pub(crate) cookie: String,
    pub(crate) token: String,
}

impl Place {
    pub(crate) fn open() -> Self {
        Self::of(Town::new(HOST))
    }

    pub(crate) fn of(town: Town) -> Self {
        let server = Server::start(&[&town], unlimited());
        let (id, token) = person(&server, &town, "ana", &whole());
        let id: Id = id.parse().unwrap();
        let ana = Person { id, cookie: town.session(id, "Firefox · Linux"), token };
        let id = town.founded.steward;
        let sol = Person { id, cookie: town.session(id, "Firefox · Linux"), token: town.steward.clone() };
        Self { town, server, ana, sol }
    }

    pub(crate) fn get(&self, who: &Person, path: &str) -> Reply {
        let request = Request::get(HOST, path).header("Accept", "text/html");
        self.server.send(&request.header("Cookie", who.cookie.as_str()))
    }

    /// The text of a page that is there.
    pub(crate) fn page(&self, who: &Person, path: &str) -> String {
        let reply = self.get(who, path);
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.text()
    }

    /// A form as a browser sends it, with what every form of hers carries.
    pub(crate) fn send(&self, who: &Person, path: &str, fields: &[(&str, &str)]) -> Reply {
        let csrf = self.page(who, "/me");
        let csrf = csrf.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
        self.post(Some(who), path, &[&[("csrf", csrf)], fields].concat())
    }

    pub(crate) fn post(&self, who: Option<&Person>, path: &str, fields: &[(&str, &str)]) -> Reply {
        let request = Request::form(HOST, path, fields).header("Sec-Fetch-Site", "same-origin");
        let request = match who {
            Some(who) => request.header("Cookie", who.cookie.as_str()),
            None => request,
        };
        self.server.send(&request)
    }

    /// A call by a token over the API; its answer.
    pub(crate) fn call(&self, who: &Person, path: &str, body: &Value) -> Reply {
        self.server.send(&Request::post(HOST, path, body).token(&who.token))
    }

    /// Installs a plugin with these of its requests granted.
    pub(crate) fn install(&self, package: &Package, granting: &Value) {
        let hash = self.town.kernel.stage(package).unwrap();
        let body = json!({ "component": hash, "granting": granting });
        let reply = self.call(&self.sol, "/api/host/plugins@0.1.0/activate", &body);
        assert_eq!(reply.status, 200, "{reply:?}");
    }

    /// As the host itself.
    pub(crate) fn host(&self, interface: &str, function: &str, arguments: &Value) -> Value {
        let console = hamlet_kernel::Actor::Console;
        self.town.kernel.call_json(console, "host", interface, function, arguments).unwrap().unwrap()
    }
}
