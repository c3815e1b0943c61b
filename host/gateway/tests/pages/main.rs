//! Plugins' pages and forms through the real gateway and kernel: what a browser gets, and what it may send (P1, W2, X1).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../support/mod.rs"]
mod support;

mod forms;
mod frames;
mod people;
mod shown;

use std::path::Path;
use std::sync::LazyLock;

use hamlet_bundle::{BuildOptions, Package};
use hamlet_reflect::Id;
use serde_json::json;
use support::{Reply, Request, Server, Town, person, unlimited, whole};

pub(crate) const HOST: &str = "oakfield.example";

/// The guests, built once for all tests.
static GUESTS: LazyLock<[Package; 2]> = LazyLock::new(|| ["till", "speaker"].map(built));

fn built(name: &str) -> Package {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guests");
    let out = tempfile::tempdir().unwrap();
    let options = BuildOptions { out: Some(out.path().to_owned()), ..BuildOptions::default() };
    hamlet_bundle::build(&guests.join(name), &options, &mut |_| {}).unwrap().package
}

/// A town in which plugins speak, with Ana signed in.
pub(crate) struct Place {
    pub(crate) town: Town,
    pub(crate) server: Server,
    pub(crate) ana: Id,
    pub(crate) cookie: String,
}

impl Place {
    pub(crate) fn open() -> Self {
        let town = Town::new(HOST);
        let server = Server::start(&[&town], unlimited());
        for package in GUESTS.iter() {
            let hash = town.kernel.stage(package).unwrap();
            let body = json!({ "component": hash, "granting": "all" });
            let request = Request::post(HOST, "/api/host/plugins@0.1.0/activate", &body).token(&town.steward);
            let reply = server.send(&request);
            assert_eq!(reply.status, 200, "{reply:?}");
        }
        let (ana, _) = person(&server, &town, "ana", &whole());
        let ana: Id = ana.parse().unwrap();
        let cookie = town.session(ana, "test");
        Self { town, server, ana, cookie }
    }

    /// A page as Ana's browser asks for it.
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.server.send(
            &Request::get(HOST, path).header("Cookie", self.cookie.as_str()).header("Accept", "text/html"),
        )
    }

    /// The same as a stranger's.
    pub(crate) fn stranger(&self, path: &str) -> Reply {
        self.server.send(&Request::get(HOST, path).header("Accept", "text/html"))
    }

    /// A form as Ana's browser sends it.
    pub(crate) fn send(&self, path: &str, fields: &[(String, String)]) -> Reply {
        self.send_with(path, fields, "same-origin")
    }

    pub(crate) fn send_with(&self, path: &str, fields: &[(String, String)], site: &str) -> Reply {
        let request = Request::form(HOST, path, fields);
        self.server.send(&request.header("Cookie", self.cookie.as_str()).header("Sec-Fetch-Site", site))
    }

    /// The form on a page: where it posts to and what it would send as it stands, with some fields filled in.
    #[expect(clippy::unused_self, reason = "a form is of the place whose page it is on")]
    pub(crate) fn form(&self, html: &str, fill: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
        // The last form of a page is the shell's own, for the language.
        let from = html.find("action=\"/p/").expect("a form");
        let html = &html[html[..from].rfind("<form").unwrap()..];
        let html = &html[..html.find("</form>").unwrap()];
        let path = between(html, "action=\"", "\"").to_owned();
        let mut fields = Vec::new();
        for control in html.split("<input").skip(1) {
            let control = &control[..control.find('>').unwrap()];
            let name = unescaped(between(control, "name=\"", "\""));
            let value = if control.contains("value=\"") {
                unescaped(between(control, "value=\"", "\""))
            } else {
                String::new()
            };
            if !fill.iter().any(|(known, _)| *known == name) {
                fields.push((name, value));
            }
        }
        fields.extend(fill.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        (path, fields)
    }
}

pub(crate) fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let from = text.find(before).unwrap_or_else(|| panic!("{before} in {text}")) + before.len();
    let end = text[from..].find(after).unwrap_or_else(|| panic!("{after} in {text}"));
    &text[from..from + end]
}

pub(crate) fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&#96;", "`")
        .replace("&amp;", "&")
}
