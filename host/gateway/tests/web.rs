//! The pages for people over HTTP: cookies, the guard of what is posted, what strangers and members get.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use hamlet_reflect::Id;
use serde_json::{Value, json};
use support::{Reply, Request, Server, Town, base64url, person, unlimited, whole};

const HOST: &str = "oakfield.example";
const PASSWORD: &str = "plum lantern of March";

fn started() -> (Town, Server) {
    let town = Town::new(HOST);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let set = town.identity.set_password(&town.kernel, town.founded.steward, PASSWORD.into(), &[]);
    runtime.block_on(set).unwrap();
    let server = Server::start(&[&town], unlimited());
    (town, server)
}

/// A form as a browser of this origin sends it.
fn form<'a>(path: &str, fields: &[(&str, &str)]) -> Request<'a> {
    Request::form(HOST, path, fields).header("Sec-Fetch-Site", "same-origin")
}

/// The value of the session's cookie, which is as it must be.
fn cookie(reply: &Reply) -> String {
    let cookies = reply.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value);
    let session = cookies.into_iter().find(|cookie| cookie.starts_with("__Host-hamlet=")).expect("a session");
    for part in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Max-Age="] {
        assert!(session.contains(part), "{part}: {session}");
    }
    assert!(!session.contains("Domain"), "{session}");
    session.split(';').next().unwrap().to_owned()
}

fn sign_in(server: &Server) -> String {
    let reply = server.send(&form("/sign-in", &[("handle", "sol"), ("password", PASSWORD), ("to", "/me")]));
    assert_eq!((reply.status, reply.header("location")), (303, Some("/me/secure/app")), "{reply:?}");
    cookie(&reply)
}

fn csrf(page: &str) -> String {
    page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

fn get(server: &Server, path: &str, cookie: &str) -> Reply {
    server.send(&Request::get(HOST, path).header("Cookie", cookie).header("Accept", "text/html"))
}

#[test]
fn a_member_signs_in_sees_her_pages_and_signs_out() {
    let (_town, server) = started();
    let stranger = get(&server, "/me?x=1", "");
    assert_eq!((stranger.status, stranger.header("location")), (303, Some("/sign-in?to=%2Fme%3Fx%3D1")));
    let wrong = server.send(&form("/sign-in", &[("handle", "sol"), ("password", "wrong wrong wrong")]));
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.text().contains("Name, password or code is not right.") && wrong.header("set-cookie").is_none()
    );
    let cookie = sign_in(&server);
    let page = get(&server, "/me", &cookie);
    assert_eq!(page.status, 200);
    assert!(page.text().contains("This browser"), "{}", page.text());
    let token = csrf(&page.text());
    let out = server.send(&form("/sign-out", &[("csrf", &token)]).header("Cookie", cookie.clone()));
    assert_eq!(out.status, 303);
    assert!(
        out.header("set-cookie").unwrap().contains("Max-Age=0") && out.header("clear-site-data").is_some()
    );
    assert_eq!(get(&server, "/me", &cookie).status, 303, "the cookie is worth nothing now");
}

#[test]
fn a_post_from_elsewhere_or_without_her_token_changes_nothing() {
    let (_town, server) = started();
    let cookie = sign_in(&server);
    let token = csrf(&get(&server, "/me", &cookie).text());
    let rename = |token: &str| {
        form("/me/name", &[("csrf", token), ("name", "Mallory")]).header("Cookie", cookie.clone())
    };
    let elsewhere = |name: &str, value: &str| {
        let mut request = rename(&token);
        request.headers.retain(|(known, _)| *known != "Sec-Fetch-Site");
        request.headers.push(("X-Ignored", String::new()));
        request.headers.push((if name == "Origin" { "Origin" } else { "Sec-Fetch-Site" }, value.to_owned()));
        request
    };
    let other = "0".repeat(64);
    for (what, request) in [
        ("no token", rename("")),
        ("another's token", rename(&other)),
        ("another site", elsewhere("Sec-Fetch-Site", "cross-site")),
        ("a sister site", elsewhere("Sec-Fetch-Site", "same-site")),
        ("another origin", elsewhere("Origin", "https://evil.example")),
    ] {
        let reply = server.send(&request);
        assert_eq!(reply.status, 403, "{what}: {reply:?}");
        assert!(reply.text().contains("Sent from elsewhere"), "{what}");
    }
    assert!(!get(&server, "/me", &cookie).text().contains("Mallory"));
    assert_eq!(server.send(&rename(&token)).status, 303);
    assert!(get(&server, "/me", &cookie).text().contains("Mallory"));
}

#[test]
fn signing_in_leads_nowhere_else() {
    let (_town, server) = started();
    for to in [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=y",
    ] {
        let cookie = sign_in(&server);
        let token = csrf(&get(&server, "/prove", &cookie).text());
        let fields = [("csrf", token.as_str()), ("password", PASSWORD), ("to", to)];
        let reply = server.send(&form("/prove", &fields).header("Cookie", cookie));
        assert_eq!((reply.status, reply.header("location")), (303, Some("/")), "{to}");
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("to", to).finish();
        let page = get(&server, &format!("/sign-in?{query}"), "");
        assert!(page.text().contains("name=\"to\" value=\"/\""), "{to}");
    }
}

#[test]
fn every_page_is_strict_and_runs_only_our_script() {
    let (_town, server) = started();
    let cookie = sign_in(&server);
    let pages = [
        "/",
        "/sign-in",
        "/sign-in/recovery",
        "/me",
        "/me/secure",
        "/members",
        "/members/sol",
        "/prove",
        "/stewards/invitations",
        "/stewards/plugins",
        "/log",
        "/groups",
        "/groups/stewards",
        "/rules",
        "/me/profile",
        "/me/privacy",
        "/me/export",
        "/me/leave",
        "/stewards/rules",
        "/stewards/start",
        "/stewards/devices",
        "/stewards/hand-over",
        "/stewards/move-in",
        "/stewards",
        "/stewards/health",
        "/stewards/backups",
        "/stewards/mail",
        "/journal",
        "/me/inbox",
        "/offline",
        "/nowhere",
        "/join/some-secret",
    ];
    for path in pages {
        for cookie in [cookie.as_str(), ""] {
            let page = get(&server, path, cookie);
            let policy = page.header("content-security-policy").unwrap_or_default().to_owned();
            assert!(
                policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
                "{path}: {policy}"
            );
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
            assert_eq!(page.header("x-content-type-options"), Some("nosniff"), "{path}");
            let text = page.text();
            for never in [" style=", "onclick", "onload", "javascript:", "<iframe"] {
                assert!(!text.contains(never), "{path}: {never}");
            }
            let scripts: Vec<_> =
                text.match_indices("<script").map(|(at, _)| &text[at..(at + 42).min(text.len())]).collect();
            assert!(
                scripts.iter().all(|script| {
                    ["pages", "care"]
                        .iter()
                        .any(|name| script.starts_with(&format!("<script src=\"/assets/{name}.js\" defer>")))
                }),
                "{path}: {scripts:?}"
            );
        }
    }
    let first = get(&server, "/sign-in", "").body.len();
    let (style, script) = (get(&server, "/assets/pages.css", ""), get(&server, "/assets/pages.js", ""));
    let more = get(&server, "/assets/care.js", "").body.len() + get(&server, "/sw.js", "").body.len();
    assert!(script.body.len() + more < 30_000, "our scripts are small");
    assert!(first + style.body.len() + script.body.len() + more < 100_000, "the first page is light");
}

#[test]
fn a_name_is_shown_as_text_wherever_it_stands() {
    let (town, server) = started();
    let cookie = sign_in(&server);
    let token = csrf(&get(&server, "/me", &cookie).text());
    let evil = "<img src=x onerror=alert(1)>\"'&";
    let reply =
        server.send(&form("/me/name", &[("csrf", &token), ("name", evil)]).header("Cookie", cookie.clone()));
    assert_eq!(reply.status, 303);
    let set =
        json!({ "community": { "name": "<b>Oak</b>", "place": "<i>", "zone": "UTC", "language": "en" } });
    server.send(&Request::post(HOST, "/api/host/settings@0.1.0/set", &set).token(&town.steward));
    for path in ["/", "/me", "/members", "/members/sol", "/sign-in", "/join/x", "/manifest.webmanifest"] {
        let text = get(&server, path, &cookie).text();
        assert!(
            !text.contains("<img src=x") && (path.ends_with("manifest") || !text.contains("<b>Oak")),
            "{path}"
        );
    }
}

#[test]
fn a_session_is_no_token_and_a_token_is_no_session() {
    let (town, server) = started();
    let cookie = sign_in(&server);
    let secret = cookie.split_once('=').unwrap().1;
    let order = json!({ "handle": "sol" });
    let with_session = Request::post(HOST, &support::members("find"), &order).token(secret);
    assert_eq!(server.send(&with_session).status, 401, "a cookie's text opens no tool");
    let by_cookie = Request::post(HOST, &support::members("find"), &order).header("Cookie", cookie.clone());
    assert_eq!(server.send(&by_cookie).status, 401, "the interface for tools takes no cookies");
    let as_cookie = get(&server, "/me", &format!("__Host-hamlet={}", town.steward));
    assert_eq!(as_cookie.status, 303, "a token is no cookie");
}

#[test]
fn a_member_who_is_no_steward_gets_no_stewards_page_and_one_who_leaves_is_out() {
    let (town, server) = started();
    let (ana, _token) = person(&server, &town, "ana", &whole());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let person = Id(u128::from_str_radix(&ana, 16).unwrap());
    let begun = town.identity.begin_session(&town.kernel, person, "test", None);
    let cookie = format!("__Host-hamlet={}", runtime.block_on(begun).unwrap().reveal());
    assert_eq!(get(&server, "/me", &cookie).status, 200);
    assert_eq!(get(&server, "/stewards/plugins", &cookie).status, 403);
    let invitations = get(&server, "/stewards/invitations", &cookie).text();
    assert!(
        invitations.contains("You may not do this.") && !invitations.contains("<h2>Invite"),
        "{invitations}"
    );
    let token = csrf(&get(&server, "/me", &cookie).text());
    let order =
        form("/stewards/invitations", &[("csrf", &token), ("uses", "1"), ("days", "7"), ("label", "")]);
    assert_eq!(server.send(&order.header("Cookie", cookie.clone())).status, 422);
    let remove =
        Request::post(HOST, &support::members("remove"), &json!({ "party": ana })).token(&town.steward);
    assert_eq!(server.send(&remove).status, 200);
    assert_eq!(get(&server, "/me", &cookie).status, 303);
}

#[test]
fn a_password_alone_leads_to_the_authenticator_app() {
    let (_town, server) = started();
    let cookie = sign_in(&server);
    let page = get(&server, "/me/secure/app", &cookie);
    assert!(page.status == 200 && page.text().contains("<svg"), "with the code to scan: {}", page.text());
}

#[test]
fn a_link_shows_the_page_of_whom_it_is_for_and_ends_who_else_was_here() {
    let (town, server) = started();
    let (_ana, token) = person(&server, &town, "ana", &whole());
    let ana = server
        .send(&Request::post(HOST, &support::members("find"), &json!({ "handle": "ana" })).token(&token))
        .json();
    let link = |by: &str, person: Value| {
        let secret = hamlet_gateway::new_link().unwrap();
        let hash = base64url(&hamlet_identity::hash(&secret));
        let order = json!({ "order": {
            "hash": hash, "label": "", "uses": 1, "groups": [],
            "expires": (town.kernel.now() + 1_000_000_000).to_string(), "person": person,
        } });
        let made = server.send(&Request::post(HOST, "/api/host/invitations@0.1.0/create", &order).token(by));
        assert_eq!(made.status, 200, "{made:?}");
        format!("/join/{secret}")
    };
    let newcomers = get(&server, &link(&town.steward, Value::Null), "");
    assert!(newcomers.status == 200 && newcomers.text().contains("name=\"handle\""));
    let hers = link(&token, ana["id"].clone());
    let sols = sign_in(&server);
    let page = get(&server, &hers, &sols).text();
    assert!(page.contains("ana") && !page.contains("name=\"handle\""), "nothing to type: {page}");
    assert!(page.contains("Somebody is signed in in this browser"), "{page}");
    let token = csrf(&page);
    let came = server.send(&form(&hers, &[("csrf", &token)]).header("Cookie", sols.clone()));
    assert_eq!((came.status, came.header("location")), (303, Some("/me/secure")), "{came:?}");
    assert!(get(&server, "/me", &self::cookie(&came)).text().contains("ana"));
    assert_eq!(get(&server, "/me", &sols).status, 303, "who was here before is not any more");
    for path in [hers.as_str(), "/join/x", &format!("/join/{}", "x".repeat(100))] {
        let useless = get(&server, path, "");
        assert!(useless.status == 404 && useless.text().contains("lets nobody in"), "{path}");
    }
}

#[test]
fn a_form_that_is_too_large_or_has_too_many_fields_is_refused() {
    let (_town, server) = started();
    let long = "x".repeat(70_000);
    assert_eq!(server.send(&form("/sign-in", &[("handle", &long)])).status, 413);
    let many: Vec<(&str, &str)> = (0..600).map(|_| ("a", "1")).collect();
    assert_eq!(server.send(&form("/sign-in", &many)).status, 413);
}

#[test]
fn what_is_dangerous_asks_for_a_fresh_proof() {
    let (town, server) = started();
    let cookie = sign_in(&server);
    assert_eq!(get(&server, "/me/secure/password", &cookie).status, 200, "she just signed in");
    town.clock.forward(std::time::Duration::from_mins(11));
    let later = get(&server, "/me/secure/password", &cookie);
    assert_eq!((later.status, later.header("location")), (303, Some("/prove?to=%2Fme%2Fsecure%2Fpassword")));
    let token = csrf(&get(&server, "/prove", &cookie).text());
    let prove = |password: &str| {
        let fields = [("csrf", token.as_str()), ("password", password), ("to", "/me/secure/password")];
        server.send(&form("/prove", &fields).header("Cookie", cookie.clone()))
    };
    assert_eq!(prove("not it at all").status, 422);
    let proved = prove(PASSWORD);
    assert_eq!((proved.status, proved.header("location")), (303, Some("/me/secure/password")));
    let new = self::cookie(&proved);
    assert_ne!(new, cookie, "rotated");
    assert_eq!(get(&server, "/me/secure/password", &new).status, 200);
    assert_eq!(get(&server, "/me", &cookie).status, 303, "the old cookie is worth nothing now");
}
