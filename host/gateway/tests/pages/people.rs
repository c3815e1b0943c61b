//! What the host asks of plugins about people: what they hold, who sees it, what of them is a steward's act.

use hamlet_kernel::{Actor, Call};
use serde_json::json;

use crate::support::Request;
use crate::{HOST, Place, text};

#[test]
fn what_a_plugin_holds_about_her_is_in_her_export() {
    let place = Place::open();
    let page = text(&place.get("/me/export"));
    assert!(page.contains("The &lt;speaker&gt;") && page.contains("Bought &lt;things&gt;"), "{page}");
    assert!(page.contains("do not say by themselves"), "the till does not say: {page}");
    let held = place.get("/me/export.json").json();
    let speaker =
        held["plugins"].as_array().unwrap().iter().find(|plugin| plugin["plugin"] == "speaker").unwrap();
    let items = speaker["held"].as_array().unwrap();
    assert_eq!(items.iter().map(|item| &item["what"]).collect::<Vec<_>>(), ["Said", "Bought <things>"]);
    assert_eq!(items[0]["text"], "0 lines");
}

#[test]
fn who_sees_what_is_shown_to_members_and_before_it_is_installed() {
    let place = Place::open();
    let page = text(&place.get("/me/privacy"));
    for part in ["What you &lt;said&gt;", "anybody, members or not", "you, the group “bakers”"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(
        page.contains("This plugin does not say what it keeps about people"),
        "the till does not say: {page}"
    );
    let package = crate::built("speaker");
    let hash = place.town.kernel.stage(&package).unwrap();
    let cookie = place.town.session(place.town.founded.steward, "test");
    let plan = Request::get(HOST, &format!("/stewards/plugins/plan/{hash}"));
    let plan = place.server.send(&plan.header("Cookie", cookie).header("Accept", "text/html"));
    // Of the same version there is no plan; of a new one there is. Either way nothing is installed by looking.
    assert!(plan.status == 422 || text(&plan).contains("What you bought"), "{}", text(&plan));
}

#[test]
fn w6_a_plugins_command_for_stewards_alone_is_in_the_log_and_a_members_is_not() {
    let place = Place::open();
    let hush = Request::post(HOST, "/api/speaker/speaking@0.1.0/hush", &json!({})).token(&place.town.steward);
    assert_eq!(place.server.send(&hush.header("Hamlet-Reason", "it is late")).status, 200);
    let (path, fields) = crate::forms::say(&place, "Good morning", "1");
    assert_eq!(place.send(&path, &fields).status, 303);
    let log = text(&place.get("/log"));
    assert!(
        log.contains("Sol · The &lt;speaker&gt;: For stewards alone.") && log.contains("it is late"),
        "{log}"
    );
    assert!(log.contains("installed or upgraded The &lt;speaker&gt;"), "{log}");
    assert!(!log.contains("Says a line"), "{log}");
    assert!(!text(&place.get("/log?kind=people")).contains("For stewards alone"));
}

#[test]
fn a_plugin_is_told_who_was_let_back_in_lately() {
    let place = Place::open();
    let told = |path: &str| text(&place.get(path));
    assert!(told("/p/speaker/recovered").contains("<p>None</p>"));
    // As the host does it when the link of a recovery is used.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let call = |actor: Actor, interface: &str, function: &str, arguments: serde_json::Value| {
        let catalogue = place.town.kernel.catalogue();
        let callable = catalogue.find("host", interface, function).unwrap();
        let values = hamlet_reflect::json::arguments(&callable.function, &arguments).unwrap();
        let call = Call::new(actor, "host", &callable.interface.id, function, values);
        let answer = runtime.block_on(place.town.kernel.call(call)).unwrap();
        hamlet_kernel::answer_to_json(callable, &answer).unwrap()
    };
    let sol = place.town.founded.steward;
    let add = |handle: &str| {
        let body = json!({ "kind": "person", "handle": handle, "name": handle });
        call(Actor::Console, "members", "add", body).as_str().unwrap().parse().unwrap()
    };
    let (ben, cleo) = (add("ben"), add("cleo"));
    let recovery =
        call(Actor::Person(sol), "recoveries", "begin", json!({ "person": place.ana.to_string() }));
    for person in [ben, cleo] {
        call(Actor::Person(person), "recoveries", "confirm", json!({ "recovery": recovery }));
    }
    place.town.clock.forward(std::time::Duration::from_hours(49));
    let hash = "A".repeat(43);
    let expires = (place.town.kernel.now() + 1_000_000_000).to_string();
    let finish = json!({ "recovery": recovery, "hash": hash, "expires": expires });
    call(Actor::Person(sol), "recoveries", "finish", finish);
    call(Actor::Console, "invitations", "claim", json!({ "hash": hash }));
    let cookie = place.town.session(place.ana, "test");
    let ask = || {
        let request = Request::get(HOST, "/p/speaker/recovered").header("Cookie", cookie.clone());
        text(&place.server.send(&request.header("Accept", "text/html")))
    };
    assert!(ask().contains("<p>Some("), "{}", ask());
    place.town.clock.forward(std::time::Duration::from_hours(24 * 7));
    assert!(ask().contains("<p>None</p>"), "after seven days it is over");
}
