//! A plugin's static files and what its frame may ask: with her rights, for that plugin alone, and no command by itself.

use hamlet_bundle::StaticFile;
use serde_json::{Value, json};

use crate::support::{Reply, Request};
use crate::{HOST, Place, between, text};

/// The speaker with a static file.
fn place() -> Place {
    let place = Place::open();
    let package = crate::built("speaker");
    let manifest =
        format!("{}\n[static]\n", package.manifest_text).replace("0.1.0\"\ntitle", "0.2.0\"\ntitle");
    let file = |path: &str, kind: &str, text: &str| StaticFile {
        path: path.into(),
        content_type: kind.into(),
        bytes: text.into(),
    };
    let files = vec![
        file("view.html", "text/html; charset=utf-8", "<script src=\"deep/view.js\"></script>"),
        file("deep/view.js", "text/javascript; charset=utf-8", "1"),
    ];
    let package = hamlet_bundle::Package {
        manifest: hamlet_bundle::Manifest::parse(&manifest).unwrap(),
        manifest_text: manifest,
        files,
        ..package
    };
    let hash = place.town.kernel.stage(&package).unwrap();
    let body = json!({ "component": hash, "granting": "all" });
    let request = Request::post(HOST, "/api/host/plugins@0.1.0/activate", &body).token(&place.town.steward);
    assert_eq!(place.server.send(&request).status, 200);
    place
}

/// What a frame asks, by the page around it.
fn asks(place: &Place, path: &str, given: &Value, site: &str, token: &str) -> Reply {
    let request = Request::post(HOST, path, given)
        .header("Cookie", place.cookie.as_str())
        .header("Sec-Fetch-Site", site)
        .header("X-Hamlet-Csrf", token);
    place.server.send(&request)
}

#[test]
fn a_static_file_is_served_with_an_opaque_origin_and_no_network() {
    let place = place();
    for (path, kind) in
        [("view.html", "text/html; charset=utf-8"), ("deep/view.js", "text/javascript; charset=utf-8")]
    {
        let reply = place.stranger(&format!("/p/speaker/static/{path}"));
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(kind)), "{path}");
        let policy = reply.header("content-security-policy").unwrap();
        for part in [
            "sandbox allow-scripts;",
            "default-src 'none'",
            "connect-src 'none'",
            "form-action 'none'",
            "/p/speaker/static/",
        ] {
            assert!(policy.contains(part), "{part}: {policy}");
        }
        assert!(!policy.contains("allow-same-origin") && !policy.contains("allow-top"), "{policy}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert!(reply.header("set-cookie").is_none());
    }
    for nothing in
        ["", "nothing.js", "deep", "../plugin.toml", "..%2fplugin.toml", "static.list", "deep/../view.html"]
    {
        assert_eq!(place.get(&format!("/p/speaker/static/{nothing}")).status, 404, "{nothing}");
    }
    assert_eq!(place.get("/p/till/static/view.html").status, 404, "another plugin has none");
}

#[test]
fn a_page_holds_a_frame_to_the_static_files_of_its_plugin() {
    let place = place();
    let echo = |html: &str| {
        let query: String = form_urlencoded::byte_serialize(html.as_bytes()).collect();
        place.get(&format!("/p/speaker/echo?html={query}"))
    };
    let reply = echo("<h-frame src=\"static/view.html\" title=\"A view\" height=\"200\"></h-frame>");
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.ends_with(&format!("frame-src http://{HOST}/p/speaker/static/")), "{policy}");
    let html = text(&reply);
    let frame = between(&html, "<iframe", ">");
    for part in ["sandbox=\"allow-scripts\"", "src=\"/p/speaker/static/view.html\"", "title=\"A view\""] {
        assert!(frame.contains(part), "{part}: {frame}");
    }
    assert!(html.contains("/assets/frame.js"));
    for hostile in [
        "<h-frame src=\"https://evil.example/\" title=x></h-frame>",
        "<h-frame src=\"../till/static/view.html\" title=x></h-frame>",
        "<h-frame src=\"static/../form\" title=x></h-frame>",
        "<h-frame src=\"javascript:alert(1)\" title=x></h-frame>",
        "<h-frame src=\"static/view.html\"></h-frame>",
        "<h-frame srcdoc=\"<script>1</script>\" title=x></h-frame>",
        "<iframe src=\"static/view.html\"></iframe>",
    ] {
        let reply = echo(hostile);
        assert!(!text(&reply).contains("<iframe"), "{hostile}");
        assert!(!reply.header("content-security-policy").unwrap().contains("frame-src"), "{hostile}");
    }
}

#[test]
fn w1_a_frame_asks_with_her_rights_and_no_command_is_done_by_itself() {
    let place = place();
    let token = between(&text(&place.get("/p/speaker/")), "name=\"csrf\" value=\"", "\"").to_owned();
    let said = "/p/speaker/frame/speaking/said";
    let reply = asks(&place, said, &json!({}), "same-origin", &token);
    assert_eq!((reply.status, reply.json()), (200, json!({ "ok": [] })), "{}", reply.text());
    // A frame itself is of another origin, and has no token.
    assert_eq!(asks(&place, said, &json!({}), "cross-site", &token).status, 403);
    assert_eq!(asks(&place, said, &json!({}), "same-origin", "").status, 403);
    assert_eq!(asks(&place, said, &json!({}), "same-origin", &"0".repeat(64)).status, 403);
    // A command is the host's form, filled in; whatever it is, nothing is done.
    let line = json!({ "id": "0".repeat(32), "line": { "text": "a&b=\"c\"", "times": 1 }, "mood": "calm" });
    let reply = asks(&place, "/p/speaker/frame/speaking/say", &line, "same-origin", &token).json();
    let page = reply["page"].as_str().unwrap();
    assert!(page.starts_with("/p/speaker/call/speaking/say?"), "{page}");
    let form = text(&place.get(page));
    assert!(form.contains("\na&amp;b=&quot;c&quot;</textarea>"), "{form}");
    assert!(text(&place.get("/p/speaker/done")).contains("Said so far: 0"));
    let tags = json!({ "tags": ["Bread & honey"] });
    let reply = asks(&place, "/p/speaker/frame/speaking/say", &tags, "same-origin", &token).json();
    let form = text(&place.get(reply["page"].as_str().unwrap()));
    assert!(form.contains("Bread &amp; honey"), "a list is filled in too: {form}");
    // What she may not do she may not do from here either; other plugins and the host are not there.
    let hush = asks(&place, "/p/speaker/frame/speaking/hush", &json!({}), "same-origin", &token).json();
    assert_ne!(place.get(hush["page"].as_str().unwrap()).status, 500);
    for (path, given) in [
        ("/p/host/frame/members/list", json!({})),
        ("/p/speaker/frame/members/list", json!({})),
        ("/p/speaker/frame/speaking/nothing", json!({})),
        (said, json!([1])),
        (said, json!({ "more": 1 })),
        ("/p/speaker/frame/speaking/say", json!(["x"])),
    ] {
        let reply = asks(&place, path, &given, "same-origin", &token);
        assert!((400..500).contains(&reply.status), "{path} {given}: {}", reply.status);
    }
    // A stranger's page may ask what strangers may.
    let request = Request::post(HOST, said, &json!({})).header("Sec-Fetch-Site", "same-origin");
    assert_eq!(place.server.send(&request).json(), json!({ "ok": [] }));
    let held = Request::post(HOST, "/p/speaker/frame/about/held", &json!({ "party": place.ana.to_string() }));
    assert_eq!(place.server.send(&held.header("Sec-Fetch-Site", "same-origin")).status, 401);
}
