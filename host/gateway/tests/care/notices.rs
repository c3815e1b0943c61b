//! The inbox: who may send what to whom, and what each wants.

use serde_json::json;

use crate::{Place, built};

const BELL: &str = "host/gateway/tests/guests/bell";

fn ring(place: &Place, to: &str, topic: &str, title: &str, path: &str) -> crate::support::Reply {
    let body = json!({ "to": to, "topic": topic, "title": title, "path": path });
    place.call(&place.ana, "/api/bell/ringing@0.1.0/ring", &body)
}

#[test]
fn a_plugin_tells_a_member_who_reads_it_and_forgets_it() {
    let place = Place::open();
    place.install(&built(BELL), &json!("all"));
    let to = place.sol.id.to_string();
    assert_eq!(ring(&place, &to, "visit", "Ana <b>rings</b>", "../../me").json(), json!(1));
    assert_eq!(ring(&place, &to, "visit", "Again", "door").json(), json!(1));
    let page = place.page(&place.sol, "/me/inbox");
    assert!(page.contains("Inbox (2)") && page.contains("Ana &lt;b&gt;rings&lt;/b&gt;"), "{page}");
    assert!(page.contains("href=\"/p/bell/door\"") && !page.contains("href=\"/me\">Look"), "{page}");
    assert!(!place.page(&place.ana, "/me/inbox").contains("Again"));
    assert_eq!(place.send(&place.sol, "/me/inbox/read", &[]).status, 303);
    let page = place.page(&place.sol, "/me/inbox");
    assert!(!page.contains("Inbox (") && page.contains("Again"), "{page}");
    // The clock stands still here, and notices of one instant come in any order.
    let row = page.split("<li").find(|row| row.contains("Again")).unwrap();
    let id = row.split("name=\"notice\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    // Nobody forgets another's.
    assert_eq!(place.send(&place.ana, "/me/inbox/forget", &[("notice", &id)]).status, 422);
    assert_eq!(place.send(&place.sol, "/me/inbox/forget", &[("notice", &id)]).status, 303);
    assert!(!place.page(&place.sol, "/me/inbox").contains("Again"));
}

#[test]
fn w6_a_plugin_that_was_not_granted_notices_sends_none() {
    let place = Place::open();
    place.install(&built(BELL), &json!("all"));
    let key = json!({ "name": "bell", "key": "import hamlet:host/notices@0.1.0" });
    assert_eq!(place.call(&place.sol, "/api/host/plugins@0.1.0/revoke", &key).status, 200);
    let denied = ring(&place, &place.sol.id.to_string(), "visit", "Hello", "");
    assert_eq!(denied.status, 403, "{denied:?}");
    assert!(!place.page(&place.sol, "/me/inbox").contains("Hello"));
}

#[test]
fn w1_no_member_sends_a_notice_and_none_reads_the_post() {
    let place = Place::open();
    let to = place.sol.id.to_string();
    let notice = json!({ "to": to, "topic": "visit", "title": "Hello", "text": "", "path": "" });
    for (function, body) in [
        ("send", notice),
        ("due", json!({})),
        ("password", json!({})),
        ("sent", json!({ "letter": to })),
        ("mail", json!({})),
        ("set-mail", json!({ "server": null, "password": null })),
    ] {
        let path = format!("/api/host/notices@0.1.0/{function}");
        assert_eq!(place.call(&place.ana, &path, &body).status, 403, "{function}");
    }
    for function in ["send", "due", "password"] {
        let path = format!("/api/host/notices@0.1.0/{function}");
        let body = json!({ "to": to, "topic": "visit", "title": "Hello", "text": "", "path": "" });
        let body = if function == "send" { body } else { json!({}) };
        assert_eq!(place.call(&place.sol, &path, &body).status, 403, "{function} by a steward");
    }
}

#[test]
fn a_plugin_is_held_to_its_topics_its_lengths_and_twenty_a_day() {
    let place = Place::open();
    place.install(&built(BELL), &json!("all"));
    let to = place.sol.id.to_string();
    let refused = |topic: &str, title: &str, path: &str| ring(&place, &to, topic, title, path).text();
    assert!(refused("weather", "Hello", "").contains("NoSuchTopic"));
    assert!(refused("visit", " ", "").contains("TooLong"));
    assert!(refused("visit", &"x".repeat(121), "").contains("TooLong"));
    assert!(refused("visit", "Hello", &"x".repeat(201)).contains("TooLong"));
    assert!(ring(&place, &"0".repeat(32), "visit", "Hello", "").text().contains("NoSuchParty"));
    for _ in 0..20 {
        assert_eq!(ring(&place, &to, "visit", "Hello", "").status, 200);
    }
    assert!(refused("visit", "Hello", "").contains("TooMany"));
    // Another person, or another day, is another count.
    assert_eq!(ring(&place, &place.ana.id.to_string(), "visit", "Hello", "").status, 200);
    place.town.clock.forward(std::time::Duration::from_hours(24));
    assert_eq!(ring(&place, &to, "visit", "Hello", "").status, 200);
}

#[test]
fn what_a_member_turned_off_does_not_come_and_what_is_about_safety_cannot_be() {
    let place = Place::open();
    place.install(&built(BELL), &json!("all"));
    let page = place.page(&place.sol, "/me/inbox");
    assert!(page.contains("The bell: Somebody is at the door"), "{page}");
    let choose = |topic: &str, way: &str| {
        place.send(&place.sol, "/me/inbox/choose", &[("topic", topic), ("way", way)]).status
    };
    assert_eq!(choose("bell/visit", "none"), 303);
    let to = place.sol.id.to_string();
    assert_eq!(ring(&place, &to, "visit", "Hello", "").json(), json!(0));
    assert_eq!(choose("host/security", "none"), 422);
    assert_eq!(choose("bell/weather", "none"), 422);
    let before = place.page(&place.sol, "/me/inbox");
    assert!(!before.contains("Hello"), "{before}");
}

#[test]
fn who_signs_in_from_another_browser_or_makes_a_token_is_told() {
    let place = Place::open();
    let second = place.town.session(place.ana.id, "Safari · iPhone");
    assert!(second.starts_with("__Host-hamlet="));
    let page = place.page(&place.ana, "/me/inbox");
    assert!(page.contains("You signed in from a new browser: Safari · iPhone"), "{page}");
    assert!(page.contains("A token for your tools was made: a tool"), "{page}");
    // The name of a browser says nothing: another of the same name is news too. One that has her mark is none, and a
    // mark of somebody else's does not help.
    place.town.session(place.ana.id, "Safari · iPhone");
    let told = || place.page(&place.ana, "/me/inbox").matches("<strong>You signed in").count();
    assert_eq!(told(), 2);
    let (kernel, identity) = (&place.town.kernel, &place.town.identity);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (whose, expected) in [(place.ana.id, 2), (place.sol.id, 3)] {
        let mark = identity.mark(kernel, whose, None).unwrap();
        let browser = ("Edge · Windows", Some(mark.as_str()));
        runtime.block_on(identity.begin_session_in(kernel, place.ana.id, browser, None)).unwrap();
        assert_eq!(told(), expected);
    }
    // Her own first token is what founded the community.
    assert!(!place.page(&place.sol, "/me/inbox").contains("A token for your tools was made"));
    // In her language.
    let cookie = format!("{}; hamlet-language=es", place.ana.cookie);
    let hers = crate::Person { cookie, id: place.ana.id, token: String::new() };
    assert!(place.page(&hers, "/me/inbox").contains("Entraste desde un navegador nuevo: Safari · iPhone"));
}

#[test]
fn an_inbox_keeps_the_newest_two_hundred() {
    let place = Place::open();
    let to = place.ana.id.to_string();
    for number in 0..205 {
        // Those of one moment have no order.
        place.town.clock.forward(std::time::Duration::from_millis(2));
        place.host(
            "notices",
            "send",
            &json!({
                "to": to, "topic": "care", "title": format!("Number {number}."), "text": "", "path": "",
            }),
        );
    }
    let page = place.page(&place.ana, "/me/inbox");
    assert_eq!(page.matches("<strong>Number ").count(), 200);
    assert!(page.contains("Number 204.") && !page.contains("<strong>Number 4."), "{page}");
    assert!(page.contains("Inbox (200)"), "the count is of those that are there");
}
