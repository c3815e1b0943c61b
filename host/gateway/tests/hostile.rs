//! Requests by people who mean harm, or whose tools are broken: a 4xx or a closed connection,
//! never a fault of the host, and the next one is served.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::time::{Duration, Instant};

use hamlet_gateway::{Config, ServeConfig};
use serde_json::json;
use support::{Request, Server, Town, members, unlimited};

const HOST: &str = "oakfield.example";

/// Refused, or closed without a word.
fn assert_refused(server: &Server, bytes: &[u8], what: &str) {
    if let Some(reply) = server.raw(bytes) {
        assert!((400..500).contains(&reply.status), "{what}: {reply:?}");
    }
}

fn post(body: &[u8], token: &str) -> Vec<u8> {
    let mut request = Request::post(HOST, &members("find"), &json!({})).token(token);
    request.body = Some(body.to_vec());
    request.bytes()
}

#[test]
fn a_body_is_refused_when_it_is_not_what_it_should_be() {
    let town = Town::new(HOST);
    let server = Server::start(&[&town], unlimited());
    let deep = [vec![b'['; 200_000], vec![b']'; 200_000]].concat();
    let objects = format!("{}1{}", "{\"handle\":".repeat(50_000), "}".repeat(50_000));
    let number = format!("{{\"handle\":{}}}", "9".repeat(100_000));
    let rows: [(&str, &[u8]); 15] = [
        ("half an object", b"{\"handle\": \"sol\""),
        ("no JSON", b"handle=sol"),
        ("not UTF-8", b"{\"handle\": \"\xff\xfe\"}"),
        ("a lone surrogate", b"{\"handle\": \"\\ud800\"}"),
        ("a name twice", b"{\"handle\": \"sol\", \"handle\": \"ana\"}"),
        ("two documents", b"{\"handle\": \"sol\"} {}"),
        ("NUL", b"\0\0\0\0"),
        ("deep lists", &deep),
        ("deep objects", objects.as_bytes()),
        ("a long number", number.as_bytes()),
        ("a list", b"[\"sol\"]"),
        ("a text", b"\"sol\""),
        ("null", b"null"),
        ("a byte order mark", b"\xef\xbb\xbf{\"handle\": \"sol\"}"),
        ("NaN", b"{\"handle\": NaN}"),
    ];
    for (what, body) in rows {
        let reply = server.raw(&post(body, &town.steward)).expect(what);
        assert_eq!(reply.status, 400, "{what}: {reply:?}");
        reply.problem();
        assert!(reply.body.len() < 2_000, "{what}: an answer does not repeat what it was sent");
    }
    // Longer than any key of the store: still only somebody who is not there.
    let long = "x".repeat(500_000);
    let list = json!({ "filter": { "group": long }, "limit": 5 });
    let listed = server.send(&Request::post(HOST, &members("list"), &list).token(&town.steward));
    assert_eq!((listed.status, &listed.json()["parties"]), (200, &json!([])));
    let found =
        server.send(&Request::post(HOST, &members("find"), &json!({ "handle": long })).token(&town.steward));
    assert_eq!((found.status, found.case()), (404, "no-such-party".into()));
    let xml = Request::post(HOST, &members("find"), &json!({}))
        .token(&town.steward)
        .header("Content-Type", "text/xml");
    assert_eq!(server.send(&xml).case(), "not-json");
}

#[test]
fn a_head_is_refused_when_it_is_not_what_it_should_be() {
    let town = Town::new(HOST);
    let server = Server::start(&[&town], unlimited());
    let headers = "X-Header: x\r\n".repeat(200);
    let long = "x".repeat(100_000);
    let rows = [
        ("no host", "GET / HTTP/1.1\r\n\r\n".to_owned()),
        ("two hosts", format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nHost: other.example\r\n\r\n")),
        ("two equal hosts", format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nHost: {HOST}\r\n\r\n")),
        ("two names", format!("GET http://other.example/ HTTP/1.1\r\nHost: {HOST}\r\n\r\n")),
        ("another host", "GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n".to_owned()),
        ("a host with a path", format!("GET / HTTP/1.1\r\nHost: {HOST}/../x\r\n\r\n")),
        ("many headers", format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n{headers}\r\n")),
        ("a long header", format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nX-Long: {long}\r\n\r\n")),
        ("a long path", format!("GET /{long} HTTP/1.1\r\nHost: {HOST}\r\n\r\n")),
        (
            "no length",
            format!("POST {} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: -1\r\n\r\n", members("find")),
        ),
        (
            "two lengths",
            format!(
                "POST {} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
                members("find")
            ),
        ),
        (
            "length and chunks",
            format!(
                "POST {} HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                members("find")
            ),
        ),
        (
            "a bad chunk",
            format!(
                "POST {} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
                members("find"),
                town.steward
            ),
        ),
        ("another protocol", "\x16\x03\x01\x02\x00\x01\x00\x01\x00".to_owned()),
        ("no protocol", "hello\r\n\r\n".to_owned()),
        ("a bad path", format!("GET /api/%ff%fe/x@1/y HTTP/1.1\r\nHost: {HOST}\r\n\r\n")),
        ("dots", format!("GET /api/../../etc/passwd HTTP/1.1\r\nHost: {HOST}\r\n\r\n")),
        (
            "a bad query",
            format!(
                "GET {}?handle=%ff%zz&&&=== HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {}\r\n\r\n",
                members("find"),
                town.steward
            ),
        ),
    ];
    for (what, request) in rows {
        assert_refused(&server, request.as_bytes(), what);
    }
    let token = "\u{e9}".repeat(10);
    let odd = Request::get(HOST, &members("find")).header("Authorization", format!("Bearer {token}"));
    assert_refused(&server, &odd.bytes(), "a token that is not ASCII");
    assert_eq!(server.send(&Request::get(HOST, "/healthz")).status, 200, "and the next is served");
}

#[test]
fn a_slow_client_is_sent_away_and_does_not_hold_others_up() {
    let town = Town::new(HOST);
    let config = Config { body_timeout: Duration::from_millis(300), ..unlimited() };
    let limits = ServeConfig { head_timeout: Duration::from_millis(300), ..ServeConfig::default() };
    let server = Server::start_with(&[&town], config, limits);
    let begun = Instant::now();
    let half = format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n");
    assert_refused(&server, half.as_bytes(), "half a head");
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {}\r\nContent-Length: 100\r\n\r\n{{",
        members("find"),
        town.steward
    );
    let reply = server.raw(request.as_bytes()).expect("an answer");
    assert_eq!((reply.status, reply.case()), (408, "body-timeout".into()));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

/// Well-made requests with bytes changed at random: whatever comes back, it is no fault.
#[test]
fn a_request_never_makes_the_host_fail_when_bytes_are_changed() {
    let town = Town::new(HOST);
    // Some changes leave a request that never ends: both sides should not wait long for the rest.
    let config = Config { body_timeout: Duration::from_millis(100), ..unlimited() };
    let limits = ServeConfig { head_timeout: Duration::from_millis(100), ..ServeConfig::default() };
    let server = Server::start_with(&[&town], config, limits);
    let body = json!({ "filter": { "kind": "person", "group": null }, "limit": 5, "cursor": null });
    let whole = Request::post(HOST, &members("list"), &body).token(&town.steward).bytes();
    assert_eq!(server.raw(&whole).unwrap().status, 200);
    // xorshift: the same changes in each run.
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let body_at = whole.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    for round in 0..600 {
        let mut bytes = whole.clone();
        for _ in 0..=random(3) {
            // Half of the changes in the body, where the length stays right.
            let at =
                if round % 2 == 0 { body_at + random(bytes.len() - body_at) } else { random(bytes.len()) };
            bytes[at] = u8::try_from(random(256)).unwrap();
        }
        // A broken length would only make both sides wait.
        bytes.extend_from_slice(&[b' '; 64]);
        if let Some(reply) = server.raw(&bytes) {
            assert!(reply.status < 500, "round {round}: {reply:?}\n{}", String::from_utf8_lossy(&bytes));
        }
    }
}
