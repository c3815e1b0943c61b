//! Who is under age: sees what is hers, and does nothing alone.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Reply, Request, Server, Town, person, purses, whole};
use super::{Browser, HOST, start, village};

fn call(server: &Server, token: &str, path: &str, body: &Value) -> Reply {
    server.send(&Request::post(HOST, path, body).token(token))
}

fn guardians(function: &str) -> String {
    format!("/api/host/guardians@0.1.0/{function}")
}

/// Where sixteen is the age, Kim of 2015, her token, and her mother's.
fn with_a_child() -> (Town, Server, (String, String), (String, String)) {
    let (town, server, _) = village(start);
    let kim = person(&server, &town, "kim", &whole());
    let eva = person(&server, &town, "eva", &whole());
    assert_eq!(
        call(&server, &eva.1, &guardians("set-age"), &json!({ "years": 16 })).status,
        403,
        "no steward"
    );
    assert_eq!(
        call(&server, &town.steward, &guardians("set-age"), &json!({ "years": 31 })).case(),
        "age-invalid"
    );
    assert_eq!(call(&server, &town.steward, &guardians("set-age"), &json!({ "years": 16 })).status, 200);
    let born = json!({ "person": kim.0, "year": 2015 });
    assert_eq!(
        call(&server, &eva.1, &guardians("set-born"), &born).case(),
        "not-yours",
        "not her guardian yet"
    );
    // She signs in by herself: a steward makes nobody a child. Whoever holds the box, and decisions, may.
    assert_eq!(call(&server, &town.steward, &guardians("set-born"), &born).case(), "not-yours");
    let console = hamlet_kernel::Actor::Console;
    town.kernel.call_json(console, "host", "guardians", "set-born", &born).unwrap().unwrap();
    (town, server, kim, eva)
}

#[test]
fn w1_a_child_sees_what_is_hers_and_changes_nothing_alone() {
    let (town, server, (kim, token), _) = with_a_child();
    let ask = |path: &str, body: &Value| call(&server, &token, path, body);
    assert_eq!(ask(&purses("left"), &json!({ "owner": kim })).status, 200);
    assert_eq!(ask(&purses("statement"), &json!({ "owner": kim })).json(), json!([]));
    let host = |name: &str| format!("/api/host/{name}");
    for (path, body) in [
        (purses("pay"), json!({ "payer": kim, "amount": 5 })),
        (host("members@0.1.0/rename"), json!({ "party": kim, "name": "Kim the First" })),
        (host("members@0.1.0/leave"), json!({ "party": kim })),
        (host("members@0.1.0/give-mandate"), json!({ "person": kim, "party": kim, "mandate": "guardian" })),
        (guardians("set-born"), json!({ "person": kim, "year": 1990 })),
        (guardians("set-age"), json!({ "years": 0 })),
    ] {
        let denied = ask(&path, &body);
        assert_eq!((denied.status, denied.case()), (403, "denied".into()), "{path}");
        assert!(denied.text().contains("guardian does it for her"), "{path}: {}", denied.text());
    }
    // A list of calls is no way around.
    let batch = json!({ "calls": [{ "plugin": "host", "interface": "purses@0.1.0", "function": "pay",
        "arguments": { "payer": kim, "amount": 5 } }] });
    assert!(!ask("/api/batch", &batch).text().contains("999999995"));
    // In her browser: she looks, chooses who sees how to reach her, and signs out; no more.
    let browser = Browser::of(&town, &server, kim.parse().unwrap());
    assert!(browser.text("/").contains("You are younger than 16"));
    assert_eq!(browser.post("/me/profile", &[("phone", "1"), ("phone-seen-by", "members")]).status, 303);
    assert_ne!(browser.post("/me/name", &[("name", "Kim the First")]).status, 303);
    assert!(!browser.text("/me").contains("Kim the First"));
    assert_eq!(browser.post("/sign-out", &[]).status, 303);
    assert_eq!(
        ask(&purses("left"), &json!({ "owner": kim })).json(),
        json!("1000000000"),
        "nothing was paid"
    );
}

#[test]
fn a_guardian_acts_for_a_child_and_only_both_of_them_know_the_year() {
    let (town, server, (kim, _), (eva, token)) = with_a_child();
    let give = |mandate: &str| json!({ "person": eva, "party": kim, "mandate": mandate });
    let denied =
        call(&server, &town.steward, "/api/host/members@0.1.0/give-mandate", &give("representative"));
    assert_eq!(denied.case(), "no-mandate", "a guardian only");
    let adult = json!({ "person": kim, "party": eva, "mandate": "guardian" });
    let denied = call(&server, &town.steward, "/api/host/members@0.1.0/give-mandate", &adult);
    assert_eq!(denied.case(), "no-mandate", "nobody else's");
    let give = give("guardian");
    assert_eq!(call(&server, &town.steward, "/api/host/members@0.1.0/give-mandate", &give).status, 200);
    let pay = call(&server, &token, &purses("pay"), &json!({ "payer": kim, "amount": 5 }));
    assert_eq!(pay.json(), json!("999999995"));
    let whose = json!({ "person": kim });
    assert_eq!(call(&server, &token, &guardians("born"), &whose).json(), json!(2015));
    assert_eq!(call(&server, &town.steward, &guardians("born"), &whose).case(), "not-yours");
    let page = Browser::of(&town, &server, eva.parse().unwrap()).text("/members/kim");
    assert!(page.contains("Younger than 16") && page.contains("2015"), "{page}");
    let steward = Browser::of(&town, &server, town.founded.steward);
    let page = steward.text("/members/kim");
    assert!(page.contains("Younger than 16") && !page.contains("2015"), "{page}");
    let log = steward.text("/log");
    assert!(log.contains("set the age from which") && log.contains("in which year"), "{log}");
    let refused = steward.post("/members/kim/born", &[("born", "2014")]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("a steward does not"), "{}", refused.text());
    let eva = Browser::of(&town, &server, eva.parse().unwrap());
    for (year, expected) in [("1700", 422), ("2999", 422), ("x", 422), ("2014", 303)] {
        assert_eq!(eva.post("/members/kim/born", &[("born", year)]).status, expected, "{year}");
    }
    // Of one who never had a way in, a steward says it.
    super::support::add(&server, &town, "person", "pip");
    assert_eq!(steward.post("/members/pip/born", &[("born", "2018")]).status, 303);
    assert!(steward.text("/members/pip").contains("Younger than 16"));
}

#[test]
fn somebody_says_her_own_year_once_and_reaches_the_age_at_a_sign_in() {
    let (town, server, (kim, token), (eva, hers)) = with_a_child();
    let own = |year: u32| json!({ "person": eva, "year": year });
    assert_eq!(call(&server, &hers, &guardians("set-born"), &own(1990)).status, 200);
    assert_eq!(call(&server, &hers, &guardians("set-born"), &own(1980)).case(), "not-yours", "said once");
    assert_eq!(call(&server, &hers, &purses("pay"), &json!({ "payer": eva, "amount": 5 })).status, 200);
    let itself = json!({ "person": town.founded.steward.to_string(), "year": 1990 });
    assert_eq!(call(&server, &town.steward, &guardians("set-born"), &itself).status, 200);
    assert_eq!(call(&server, &town.steward, &guardians("set-born"), &itself).case(), "not-yours");
    let review = || {
        let order = json!({ "person": kim });
        let console = hamlet_kernel::Actor::Console;
        town.kernel.call_json(console, "host", "guardians", "review", &order).unwrap().unwrap()
    };
    let pay = || call(&server, &token, &purses("pay"), &json!({ "payer": kim, "amount": 5 })).status;
    for (years, ward) in [(4, true), (1, false)] {
        town.clock.forward(Duration::from_hours(24 * 365 * years + 48));
        town.kernel.confirm_clock();
        assert_eq!((review(), pay()), (json!(ward), if ward { 403 } else { 200 }));
    }
    // A community that gives the age up has no children.
    assert_eq!(call(&server, &town.steward, &guardians("set-age"), &json!({ "years": 0 })).status, 200);
    assert!(!Browser::of(&town, &server, kim.parse().unwrap()).text("/").contains("You are younger"));
    assert_eq!(call(&server, &token, &guardians("review"), &json!({ "person": kim })).status, 403);
}

#[test]
fn where_an_age_is_set_nobody_comes_in_without_a_year() {
    let (town, server, _, _) = with_a_child();
    let sol = Browser::of(&town, &server, town.founded.steward);
    let made = sol.post("/stewards/invitations", &[("label", "x"), ("uses", "5"), ("days", "7")]).text();
    let secret = made.split("/join/").nth(1).unwrap().split(['"', '<']).next().unwrap().to_owned();
    let link = format!("/join/{secret}");
    let page = server.send(&Request::get(HOST, &link).header("Accept", "text/html")).text();
    assert!(page.contains("Year of birth") && page.contains("younger than 16"), "{page}");
    let join = |handle: &str, born: &str| {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs([("name", handle), ("handle", handle), ("born", born)]);
        let body = Some(body.finish().into_bytes());
        let request = Request { method: "POST", path: link.clone(), host: HOST, body, ..Request::default() };
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        server.send(&request.header("Sec-Fetch-Site", "same-origin").header("Accept", "text/html"))
    };
    for born in ["", "15", "2999", "-2015", "two thousand"] {
        let refused = join("lia", born);
        assert_eq!(refused.status, 422, "{born}");
        assert!(refused.text().contains("Write the year of birth with four digits."), "{born}");
    }
    assert_eq!(join("lia", "2016").status, 303);
    assert_eq!(join("leo", "1986").status, 303);
    let ward = |handle: &str| {
        let find = json!({ "handle": handle });
        let found = call(&server, &town.steward, "/api/host/members@0.1.0/find", &find).json();
        call(&server, &town.steward, &guardians("ward"), &json!({ "person": found["id"] })).json()
    };
    assert_eq!((ward("lia"), ward("leo")), (json!(true), json!(false)));
}
