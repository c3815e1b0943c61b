//! Many calls in one request.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use serde_json::{Value, json};
use support::{Reply, Request, Server, Town, members, unlimited};

const HOST: &str = "oakfield.example";

fn started() -> (Town, Server) {
    let town = Town::new(HOST);
    let server = Server::start(&[&town], unlimited());
    (town, server)
}

fn call(function: &str, arguments: &Value) -> Value {
    json!({ "plugin": "host", "interface": "members@0.1.0", "function": function, "arguments": arguments })
}

fn add(handle: &str) -> Value {
    call("add", &json!({ "kind": "person", "handle": handle, "name": "X" }))
}

fn find(handle: &str) -> Value {
    call("find", &json!({ "handle": handle }))
}

fn send(town: &Town, server: &Server, mode: &str, calls: &[Value]) -> Reply {
    let body = json!({ "mode": mode, "calls": calls });
    server.send(&Request::post(HOST, "/api/batch", &body).token(&town.steward))
}

#[test]
fn each_call_is_answered_for_itself_and_in_order() {
    let (town, server) = started();
    let calls = [
        find("ana"),
        add("ana"),
        find("ana"),
        add("ana"),
        json!({ "plugin": "shop", "interface": "stall@0.1.0", "function": "sell" }),
        add("ben"),
    ];
    let reply = send(&town, &server, "each", &calls);
    assert_eq!(reply.status, 200, "{reply:?}");
    let answers = reply.json()["answers"].as_array().unwrap().clone();
    assert_eq!(answers.len(), calls.len());
    assert_eq!(answers[0]["problem"]["case"], "no-such-party");
    let id = answers[1]["ok"].as_str().unwrap();
    assert_eq!(answers[2]["ok"]["id"], id, "a query sees the commands before it");
    assert_eq!(answers[3]["problem"]["case"], "handle-taken");
    assert_eq!(answers[4]["problem"]["type"], "/problems/no-such-plugin");
    assert_eq!(answers[5]["ok"].as_str().unwrap().len(), 32);
    assert!(reply.header("hamlet-sequence").is_some());
}

#[test]
fn a_thousand_calls_keep_their_order() {
    let (town, server) = started();
    let calls: Vec<_> = (0..1_000).map(|number| add(&format!("p{number}"))).collect();
    let reply = send(&town, &server, "each", &calls);
    let answers = reply.json()["answers"].as_array().unwrap().clone();
    assert_eq!(answers.len(), 1_000);
    for (number, answer) in answers.iter().enumerate().step_by(97) {
        let found = server
            .send(&Request::get(HOST, &format!("{}?handle=p{number}", members("find"))).token(&town.steward));
        assert_eq!(found.json()["id"], answer["ok"], "{number}");
    }
    let calls: Vec<_> = (0..1_001).map(|number| add(&format!("q{number}"))).collect();
    let refused = send(&town, &server, "each", &calls);
    assert_eq!((refused.status, refused.case()), (400, "too-many-calls".into()));
}

#[test]
fn all_are_undone_when_one_is_refused() {
    let (town, server) = started();
    let reply = send(&town, &server, "all", &[add("ana"), add("ben"), add("sol"), add("cat")]);
    assert_eq!(reply.status, 409, "{reply:?}");
    let problem = reply.problem();
    assert_eq!((&problem["index"], &problem["case"]), (&json!(2), &json!("handle-taken")));
    let gone = send(&town, &server, "each", &[find("ana"), find("ben"), find("cat")]).json();
    for answer in gone["answers"].as_array().unwrap() {
        assert_eq!(answer["problem"]["case"], "no-such-party");
    }
    let reply = send(&town, &server, "all", &[add("ana"), add("ben")]);
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.json()["answers"].as_array().unwrap().len(), 2);
    let there = send(&town, &server, "each", &[find("ana"), find("ben")]).json();
    assert!(there["answers"].as_array().unwrap().iter().all(|answer| answer["ok"].is_object()));
}

#[test]
fn a_batch_that_is_not_one_is_refused_by_name() {
    let (town, server) = started();
    let rows = [
        (json!({ "mode": "some", "calls": [] }), 400, "json-invalid"),
        (json!({ "calls": [] }), 400, "json-invalid"),
        (json!({ "mode": "all", "calls": [{ "plugin": "host" }] }), 400, "json-invalid"),
        (json!({ "mode": "each", "calls": [find("sol"), 7] }), 400, "json-invalid"),
        (json!({ "mode": "all", "calls": [call("add", &json!({}))] }), 400, "arguments-invalid"),
    ];
    for (body, status, case) in rows {
        let reply = server.send(&Request::post(HOST, "/api/batch", &body).token(&town.steward));
        assert_eq!((reply.status, reply.case()), (status, case.into()), "{body}");
    }
    for mode in ["each", "all"] {
        let empty = send(&town, &server, mode, &[]);
        assert_eq!((empty.status, empty.json()), (200, json!({ "answers": [] })), "{mode}");
    }
}
