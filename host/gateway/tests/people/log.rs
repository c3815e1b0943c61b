//! The steward log: every act of a steward leaves a line that every member reads and nobody takes away.

use serde_json::json;

use super::support::{Request, members};
use super::{Browser, HOST, start, village};

#[test]
fn w6_what_a_steward_does_is_read_by_every_member_with_name_and_reason() {
    let (town, server, ana) = village(start);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let ana = Browser::of(&town, &server, ana);
    let joined =
        sol.post("/members/ana/groups", &[("group", "bakers"), ("reason", "She <bakes> on Fridays")]);
    assert_eq!(joined.status, 303, "{}", joined.text());
    let log = ana.text("/log");
    assert!(log.contains("Sol put ana into the group “bakers”."), "{log}");
    assert!(log.contains("She &lt;bakes&gt; on Fridays"), "{log}");
    assert!(log.contains("added ana."), "her admission is there too: {log}");
    assert!(log.contains("The host"), "and how the community was founded: {log}");
    // Filters.
    let plugins = ana.text("/log?kind=plugins");
    assert!(plugins.contains("There is nothing here."), "{plugins}");
    let by_ana = ana.text("/log?by=ana");
    assert!(by_ana.contains("There is nothing here."), "{by_ana}");
    let about_ana = ana.text("/log?kind=people&about=ana&by=sol");
    assert!(about_ana.contains("bakers") && !about_ana.contains("The host"), "{about_ana}");
    assert!(ana.text("/log?by=nobody-here").contains("Nobody has this short name."));
    // What is refused leaves no line, and neither does what she does for herself.
    let before = ana.text("/log").matches("<li>").count();
    assert_eq!(sol.post("/members/ana/groups", &[("group", "NO"), ("reason", "x")]).status, 422);
    assert_eq!(ana.post("/me/name", &[("name", "Ana Luz")]).status, 303);
    assert_eq!(ana.text("/log").matches("<li>").count(), before);
    // A stranger does not read it.
    let stranger = server.send(&Request::get(HOST, "/log").header("Accept", "text/html"));
    assert_eq!(stranger.status, 303);
}

#[test]
fn w6_no_function_changes_the_log_and_a_reason_goes_with_whom_it_was_about() {
    let (town, server, ana) = village(start);
    let sol = Browser::of(&town, &server, town.founded.steward);
    let call = |function: &str| {
        let path = format!("/api/host/steward-log@0.1.0/{function}");
        server.send(&Request::post(HOST, &path, &json!({})).token(&town.steward)).status
    };
    for function in ["add", "delete", "clear", "set"] {
        assert_eq!(call(function), 404, "{function}");
    }
    let remove = json!({ "party": ana.to_string() });
    let request = Request::post(HOST, &members("remove"), &remove).token(&town.steward);
    assert_eq!(server.send(&request.header("Hamlet-Reason", "moved to Lima")).status, 200);
    let log = sol.text("/log");
    assert!(log.contains("ended the membership of ana") && log.contains("moved to Lima"), "{log}");
    let request = Request::post(HOST, &members("erase"), &remove).token(&town.steward);
    assert_eq!(server.send(&request).status, 200);
    let log = sol.text("/log");
    assert!(log.contains("ended the membership of somebody who has gone"), "{log}");
    assert!(!log.contains("moved to Lima"), "{log}");
}
