//! What the community says and decides about itself: groups, devices, ground rules, who sees what, the hand-over.

use serde_json::json;

use super::support::{Request, person, whole};
use super::{Browser, HOST, start, village};

#[test]
fn a_group_says_what_it_is_for_who_is_in_it_and_what_it_may_do() {
    let (town, server, ana) = village(start);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let ana = Browser::of(&town, &server, ana);
    let set = sol.post(
        "/groups",
        &[("name", "bakers"), ("purpose", "Bakes <bread> on Fridays"), ("reason", "asked for")],
    );
    assert_eq!((set.status, set.header("location")), (303, Some("/groups/bakers")), "{}", set.text());
    let page = ana.text("/groups/bakers");
    assert!(page.contains("Bakes &lt;bread&gt; on Fridays") && page.contains("Nobody."), "{page}");
    assert!(!page.contains("Come in"), "it is not open: {page}");
    assert_eq!(ana.post("/groups/bakers/join", &[]).status, 422);
    assert_eq!(ana.post("/groups", &[("name", "mine"), ("purpose", "x")]).status, 422, "she is no steward");
    sol.post("/groups", &[("name", "bakers"), ("purpose", "Bakes"), ("open", "yes")]);
    assert_eq!(ana.post("/groups/bakers/join", &[]).status, 303);
    let page = ana.text("/groups/bakers");
    assert!(page.contains("href=\"/members/ana\"") && page.contains("Leave this group"), "{page}");
    assert_eq!(ana.post("/groups/bakers/leave", &[]).status, 303);
    assert!(ana.text("/groups/bakers").contains("Come in"));
    let log = ana.text("/log?kind=people");
    assert!(log.contains("ana came into the open group “bakers”.") && log.contains("asked for"), "{log}");
    // What stewards may do is read from the functions that admit them.
    let stewards = ana.text("/groups/stewards");
    assert!(stewards.contains("In the community") && stewards.contains("Adds a party"), "{stewards}");
    // Nobody becomes a steward by herself.
    let open = json!({ "name": "stewards", "purpose": "", "joining": "open" });
    let set = Request::post(HOST, "/api/host/groups@0.1.0/set", &open).token(&town.steward);
    assert_eq!(server.send(&set).case(), "stewards-never-open");
    assert_eq!(ana.post("/groups/stewards/join", &[]).status, 422);
    assert_eq!(ana.get("/stewards/devices").status, 403);
}

/// The key that a page shows once.
fn key(page: &str) -> String {
    page.split("class=\"code\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

#[test]
fn w1_a_device_does_what_its_scope_names_where_devices_are_admitted_and_nothing_else() {
    let (town, server, _) = village(start);
    let sol = Browser::of(&town, &server, town.founded.steward);
    for bad in ["", "*/*/*", "shop"] {
        let made = sol.post("/stewards/devices", &[("name", "meter 3"), ("functions", bad), ("days", "30")]);
        assert_eq!(made.status, 422, "{bad:?}");
    }
    let made = sol.post(
        "/stewards/devices",
        &[("name", "meter 3"), ("functions", "host/purses/* host/members/*"), ("days", "30")],
    );
    assert_eq!(made.status, 200, "{}", made.text());
    let token = key(&made.text());
    let page = sol.text("/stewards/devices");
    assert!(page.contains("meter 3") && page.contains("not used since") && !page.contains(&token), "{page}");
    // Known, but nobody: what admits members and stewards does not admit it.
    let call =
        |path: &str, body: &serde_json::Value| server.send(&Request::post(HOST, path, body).token(&token));
    for (function, body) in [
        ("list", json!({ "filter": {}, "limit": 1 })),
        ("add", json!({ "kind": "person", "handle": "eve", "name": "Eve" })),
    ] {
        let refused = call(&format!("/api/host/members@0.1.0/{function}"), &body);
        assert_eq!((refused.status, refused.case().as_str()), (403, "denied"), "{function}");
    }
    let outside = call("/api/host/settings@0.1.0/get", &json!({}));
    assert_eq!((outside.status, outside.case().as_str()), (403, "scope"));
    assert!(sol.text("/stewards/devices").contains("Last used"), "its last use is shown");
    // It opens no pages.
    let page = server.send(
        &Request::get(HOST, "/me")
            .header("Cookie", format!("__Host-hamlet={token}"))
            .header("Accept", "text/html"),
    );
    assert_eq!(page.status, 303);
    let id = sol.text("/stewards/devices");
    let id = id.split("name=\"device\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(sol.post("/stewards/devices/revoke", &[("device", &id)]).status, 303);
    assert_eq!(call("/api/host/settings@0.1.0/get", &json!({})).status, 401, "worth nothing at once");
    let log = sol.text("/log?kind=access");
    assert!(log.contains("let in the device “meter 3”.") && log.contains("took back the key"), "{log}");
}

#[test]
fn new_ground_rules_are_shown_once_before_the_next_act() {
    let (town, server, ana) = village(start);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let ana = Browser::of(&town, &server, ana);
    assert!(ana.text("/rules").contains("has not written its ground rules yet"));
    assert_eq!(ana.post("/me/name", &[("name", "Ana")]).status, 303);
    let answers = [("responsible", "Oakfield e.V."), ("contact", "<box>"), ("age", "14"), ("unit", "Leaf")];
    let draft = sol.post("/stewards/rules/draft", &answers).text();
    for part in
        ["Oakfield e.V.", "&lt;box&gt;", "younger than 14", "Leaf counts", "a draft that a program wrote"]
    {
        assert!(draft.contains(part), "{part}: {draft}");
    }
    assert_eq!(ana.post("/stewards/rules", &[("text-rules", "I rule")]).status, 403, "she is no steward");
    let texts =
        [("text-rules", "Be kind.\r\n\r\nKeep your word."), ("text-privacy", "Little."), ("text-credit", "")];
    assert_eq!(sol.post("/stewards/rules", &texts).status, 303);
    // Anybody reads them before she joins.
    let stranger = server.send(&Request::get(HOST, "/rules").header("Accept", "text/html")).text();
    assert!(stranger.contains("<p>Be kind.</p><p>Keep your word.</p>"), "{stranger}");
    // What she sends is held until she has seen them; looking and going are not.
    assert_eq!(ana.get("/me").status, 200);
    let held = ana.post("/me/name", &[("name", "Ana Luz")]);
    let page = held.text();
    assert_eq!(held.status, 409, "{page}");
    assert!(page.contains("Keep your word.") && page.contains("action=\"/me/name\""), "{page}");
    assert!(page.contains("name=\"name\" value=\"Ana Luz\""), "what she typed waits in the page: {page}");
    assert!(!ana.text("/me").contains("Ana Luz"), "it was not done");
    assert!(ana.text("/rules").contains("I have read it and go on"));
    // A file cannot wait in a page, and what is sent from elsewhere is not shown as hers.
    let file = ana.send("/me/profile/picture", "multipart/form-data; boundary=x", b"--x--".to_vec());
    assert_eq!((file.status, file.header("location")), (303, Some("/rules?file")));
    assert!(ana.text("/rules?file").contains("send it again"));
    let forged = ana.send("/me/name", "application/x-www-form-urlencoded", b"name=Evil&csrf=0".to_vec());
    assert_eq!(forged.status, 403);
    assert!(!forged.text().contains("value=\"Evil\""));
    // With another number than that of the newest she is shown that one again.
    assert_eq!(ana.post("/me/name", &[("name", "Ana Luz"), ("rules-seen", "2")]).status, 409);
    assert_eq!(
        ana.post("/rules/accept", &[("number", "2")]).header("location"),
        Some("/rules"),
        "not the newest"
    );
    assert_eq!(ana.post("/rules/accept", &[("number", "1")]).header("location"), Some("/"));
    ana.post("/me/name", &[("name", "Ana Luz")]);
    assert!(ana.text("/me").contains("Ana Luz"));
    // Who wrote them has seen them; the next version is shown again.
    assert_eq!(sol.post("/me/name", &[("name", "Sol")]).header("location"), Some("/me"));
    sol.post("/stewards/rules", &[("text-rules", "Be kind. Bring cake.")]);
    assert!(ana.post("/me/name", &[("name", "Ana de Oro")]).text().contains("Bring cake."));
    // Read, and what she sent is done at once: nothing has to be typed again.
    let done = ana.post("/me/name", &[("name", "Ana de Oro"), ("rules-seen", "2")]);
    assert_eq!((done.status, done.header("location")), (303, Some("/me")), "{}", done.text());
    assert!(ana.text("/me").contains("Ana de Oro"));
    assert!(ana.text("/log").contains("published new ground rules"));
    let earlier = json!({ "number": 1 });
    let ben = person(&server, &town, "ben", &whole()).1;
    let read = Request::post(HOST, "/api/host/papers@0.1.0/earlier", &earlier).token(&ben);
    assert_eq!(server.send(&read).json()["ground"]["privacy"], "Little.");
    // Going is never held back.
    assert_eq!(ana.post("/me/leave", &[("sure", "yes")]).header("location"), Some("/"));
}

#[test]
fn whoever_comes_in_is_shown_the_ground_rules_and_their_version_is_recorded() {
    let (town, server, _) = village(start);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let invite = || {
        let made = sol.post("/stewards/invitations", &[("label", "x"), ("uses", "5"), ("days", "7")]).text();
        let secret = made.split("/join/").nth(1).unwrap().split(['"', '<']).next().unwrap().to_owned();
        format!("/join/{secret}")
    };
    let link = invite();
    let page = |path: &str| server.send(&Request::get(HOST, path).header("Accept", "text/html")).text();
    assert!(!page(&link).contains("By coming in you agree"), "there are none yet");
    sol.post("/stewards/rules", &[("text-rules", "Be kind.")]);
    let shown = page(&link);
    assert!(
        shown.contains("By coming in you agree to <a href=\"/rules\">Our ground rules</a> (Version 1"),
        "{shown}"
    );
    assert!(shown.contains("name=\"rules\" value=\"1\""), "{shown}");
    let join = |handle: &str, rules: &str| {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs([("name", handle), ("handle", handle), ("rules", rules)]);
        let request = Request {
            method: "POST",
            path: link.clone(),
            host: HOST,
            body: Some(body.finish().into_bytes()),
            ..Request::default()
        };
        let request = request
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Sec-Fetch-Site", "same-origin")
            .header("Accept", "text/html");
        assert_eq!(server.send(&request).status, 303);
        let find = Request::post(HOST, "/api/host/members@0.1.0/find", &json!({ "handle": handle }));
        let found = server.send(&find.token(&town.steward)).json();
        Browser::of(&town, &server, found["id"].as_str().unwrap().parse().unwrap())
    };
    // Who had them before her eyes is not shown them again; who had others is, before her first act.
    let ben = join("ben", "1");
    assert_eq!(ben.post("/me/name", &[("name", "Ben N.")]).status, 303);
    for (handle, rules) in [("cleo", "7"), ("dan", ""), ("eve", "one")] {
        assert_eq!(join(handle, rules).post("/me/name", &[("name", "X")]).status, 409, "{rules}");
    }
}

#[test]
fn what_hangs_on_one_person_is_for_stewards_and_sealed() {
    let (town, server, ana) = village(start);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let ana = Browser::of(&town, &server, ana);
    assert_eq!(ana.get("/stewards/hand-over").status, 403);
    assert_eq!(ana.post("/stewards/hand-over", &[("notes", "x")]).status, 403);
    let page = sol.text("/stewards/hand-over");
    assert!(
        page.contains("Only Sol is a steward.") && page.contains("The box: where does it stand"),
        "{page}"
    );
    let notes = "Key of the cellar: Ben\r\n<b>domain</b>: Ana pays";
    assert_eq!(sol.post("/stewards/hand-over", &[("notes", notes)]).status, 303);
    let page = sol.text("/stewards/hand-over");
    assert!(page.contains("Key of the cellar: Ben\n&lt;b&gt;domain&lt;/b&gt;"), "{page}");
    let long = "x".repeat(16_001);
    assert_eq!(sol.post("/stewards/hand-over", &[("notes", &long)]).status, 422);
    assert!(!ana.text("/log").contains("cellar"));
}

#[test]
fn she_is_told_who_sees_what_about_her() {
    let (town, server, ana) = village(start);
    let ana = Browser::of(&town, &server, ana);
    let page = ana.text("/me/privacy");
    for part in ["Telephone, e-mail, address", "whom you choose for each", "every member"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    drop(town);
    let stranger = server.send(&Request::get(HOST, "/me/privacy").header("Accept", "text/html"));
    assert_eq!(stranger.status, 303);
}

#[test]
fn who_was_let_back_in_is_told_for_seven_days() {
    let (town, server, ana_id) = village(start);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let (ben, cleo) = (person(&server, &town, "ben", &whole()), person(&server, &town, "cleo", &whole()));
    let begun = sol.post("/members/ana/recover", &[("reason", "lost her telephone")]);
    assert_eq!(begun.status, 303, "{}", begun.text());
    let list = Request::post(HOST, "/api/host/recoveries@0.1.0/list", &json!({})).token(&ben.1);
    let recovery = server.send(&list).json()[0]["id"].as_str().unwrap().to_owned();
    // One steward besides her: two ordinary members confirm.
    for token in [&ben.1, &cleo.1] {
        let confirm =
            Request::post(HOST, "/api/host/recoveries@0.1.0/confirm", &json!({ "recovery": recovery }));
        assert_eq!(server.send(&confirm.token(token)).status, 200);
    }
    town.clock.forward(std::time::Duration::from_hours(49));
    let made = Browser::of(&town, &server, town.founded.steward)
        .post("/recoveries/finish", &[("recovery", &recovery)]);
    assert_eq!(made.status, 200, "{}", made.text());
    let page = made.text();
    let secret = page.split("/join/").nth(1).unwrap().split(['"', '<', '&', ' ']).next().unwrap().to_owned();
    let hash = hamlet_identity::Identity::hash_of(&secret);
    let claim = json!({ "hash": super::base64url(&hash) });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let catalogue = town.kernel.catalogue();
    let callable = catalogue.find("host", "invitations", "claim").unwrap();
    let values = hamlet_reflect::json::arguments(&callable.function, &claim).unwrap();
    let call = hamlet_kernel::Call::new(
        hamlet_kernel::Actor::Console,
        "host",
        &callable.interface.id,
        "claim",
        values,
    );
    runtime.block_on(town.kernel.call(call)).unwrap().result.unwrap();
    let ana = Browser::of(&town, &server, ana_id);
    assert!(ana.text("/").contains("You were let back in a short while ago."));
    let recent = |token: &str| {
        let ask = Request::post(
            HOST,
            "/api/host/recoveries@0.1.0/recent",
            &json!({ "person": ana_id.to_string() }),
        );
        server.send(&ask.token(token)).json()
    };
    assert!(recent(&ben.1).is_string());
    let log = ana.text("/log?kind=access");
    for line in ["began to let ana back in", "confirmed that ana", "made the link", "lost her telephone"] {
        assert!(log.contains(line), "{line}: {log}");
    }
    town.clock.forward(std::time::Duration::from_hours(24 * 7));
    assert!(recent(&ben.1).is_null(), "after seven days it is over");
    let ana = Browser::of(&town, &server, ana_id);
    assert!(!ana.text("/").contains("You were let back in a short while ago."));
}

#[test]
fn a_child_acts_through_a_guardian_whom_a_steward_names_once() {
    let (town, server, ana) = village(start);
    let (ben, _token) = person(&server, &town, "ben", &whole());
    super::support::add(&server, &town, "person", "kid");
    let sol = Browser::of(&town, &server, town.founded.steward);
    let (ana, ben) = (Browser::of(&town, &server, ana), Browser::of(&town, &server, ben.parse().unwrap()));
    let guardian = |browser: &Browser<'_>, handle: &str| {
        browser.post(
            "/members/kid/mandates",
            &[("person", handle), ("mandate", "guardian"), ("reason", "her mother")],
        )
    };
    assert_eq!(guardian(&ben, "ben").status, 422, "nobody makes himself a guardian");
    assert_eq!(guardian(&sol, "nobody").status, 422);
    assert_eq!(guardian(&sol, "ana").status, 303);
    assert_eq!(guardian(&sol, "sol").status, 422, "a steward names the first, not the next");
    assert!(ana.text("/members/kid").contains("is the guardian"));
    assert!(
        !ben.text("/members/kid").contains("is the guardian"),
        "who acts for whom is not everybody's business"
    );
    assert!(ben.text("/log").contains("Sol let somebody act for kid."));
    // She decides for the child: who else acts for it, for example.
    assert_eq!(guardian(&ana, "ben").status, 303);
    assert!(ben.text("/members/kid").contains("is the guardian"));
    let id = ana.text("/members/kid");
    let id = id.split("name=\"person\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(ana.post("/members/kid/mandates/end", &[("person", &id)]).status, 303);
}
