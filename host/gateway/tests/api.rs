//! Calls end to end: over TCP, through a kernel, into its native providers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::time::Duration;

use hamlet_identity::Secret;
use serde_json::{Value, json};
use support::{
    FIRST, NEW_YEAR, Reply, Request, Server, Town, add, members, order, person, purses, tokens, unlimited,
    whole,
};
use uuid::{NoContext, Timestamp, Uuid};

const HOST: &str = "oakfield.example";

fn started() -> (Town, Server) {
    let town = Town::new(HOST);
    let server = Server::start(&[&town], unlimited());
    (town, server)
}

/// An idempotency key of the town's now.
fn key() -> String {
    Uuid::new_v7(Timestamp::from_unix(NoContext, NEW_YEAR / 1_000_000, 0)).to_string()
}

fn find(server: &Server, handle: &str, token: &str) -> Reply {
    server.send(&Request::get(HOST, &format!("{}?handle={handle}", members("find"))).token(token))
}

#[test]
fn a_command_changes_and_a_query_shows_it_when_posted_or_gotten() {
    let (town, server) = started();
    let id = add(&server, &town, "household", "mill");
    assert_eq!(id.len(), 32, "C5: an id is 32 hex digits");
    let gotten = find(&server, "mill", &town.steward);
    assert_eq!(gotten.status, 200);
    let posted = Request::post(HOST, &members("find"), &json!({ "handle": "mill" })).token(&town.steward);
    let posted = server.send(&posted);
    assert_eq!(posted.json(), gotten.json());
    let party = gotten.json();
    assert_eq!(
        (&party["id"], &party["kind"], &party["status"]),
        (&json!(id), &json!("household"), &json!("active"))
    );
    assert_eq!(party["since"], json!(NEW_YEAR.to_string()), "C4: u64 is a string in answers");
    assert_eq!(gotten.header("content-type"), Some("application/json"));
    assert_eq!(gotten.header("cache-control"), Some("no-store"));
    // A function that gives nothing answers null.
    let rename = Request::post(HOST, &members("rename"), &json!({ "party": id, "name": "Mill 3" }));
    let renamed = server.send(&rename.token(&town.steward));
    assert_eq!((renamed.status, renamed.json()), (200, Value::Null));
}

#[test]
fn an_err_is_a_problem_that_names_its_case() {
    let (town, server) = started();
    let reply = find(&server, "nobody", &town.steward);
    assert_eq!(reply.status, 404);
    let problem = reply.problem();
    assert_eq!(problem["type"], "/problems/host/members@0.1.0/find/no-such-party");
    assert_eq!((&problem["case"], &problem["title"]), (&json!("no-such-party"), &json!("No such party")));
    assert_eq!(problem["detail"], "There is no such party.", "the case's own doc comment");
    let add = |handle: &str| {
        let body = json!({ "kind": "person", "handle": handle, "name": "X" });
        server.send(&Request::post(HOST, &members("add"), &body).token(&town.steward))
    };
    assert_eq!((add("-").status, add("-").case()), (422, "handle-invalid".into()));
    assert_eq!((add("sol").status, add("sol").case()), (409, "handle-taken".into()));
    let scope = json!({ "functions": ["nonsense"], "read-only": false, "bulk": false });
    let body = order(None, &Secret::new().unwrap(), &scope, None);
    let reply = server.send(&Request::post(HOST, &tokens("create"), &body).token(&town.steward));
    assert_eq!(
        (reply.status, &reply.problem()["value"]),
        (422, &json!("nonsense")),
        "with what the case carries"
    );
}

#[test]
fn a_repeat_with_the_same_key_answers_the_same_and_runs_once() {
    let (town, server) = started();
    let key = key();
    let body = json!({ "kind": "person", "handle": "ana", "name": "Ana" });
    let request =
        Request::post(HOST, &members("add"), &body).token(&town.steward).header("Idempotency-Key", &key);
    let (first, second) = (server.send(&request), server.send(&request));
    assert_eq!((first.status, second.status), (200, 200), "{second:?}");
    assert_eq!(first.json(), second.json(), "X1");
    assert_eq!(
        (first.header("idempotency-replayed"), second.header("idempotency-replayed")),
        (None, Some("true"))
    );
    let other = json!({ "kind": "person", "handle": "ben", "name": "Ben" });
    let other = Request::post(HOST, &members("add"), &other).token(&town.steward);
    let reused = server.send(&other.clone().header("Idempotency-Key", format!("\"{key}\"")));
    assert_eq!((reused.status, reused.case()), (409, "key-reused".into()), "quotes are the IETF draft's");
    for bad in ["nonsense", "", &Uuid::nil().to_string()] {
        let reply = server.send(&other.clone().header("Idempotency-Key", bad));
        assert_eq!((reply.status, reply.case()), (400, "key-invalid".into()), "{bad:?}");
    }
}

#[test]
fn a_query_sees_ones_own_write_when_given_its_sequence() {
    let (town, server) = started();
    let body = json!({ "kind": "person", "handle": "ana", "name": "Ana" });
    let added = server.send(&Request::post(HOST, &members("add"), &body).token(&town.steward));
    let sequence = added.header("hamlet-sequence").unwrap().to_owned();
    let query = Request::get(HOST, &format!("{}?handle=ana", members("find"))).token(&town.steward);
    let reply = server.send(&query.clone().header("Hamlet-Sequence", &sequence));
    assert_eq!(reply.status, 200, "T6");
    assert!(reply.header("hamlet-sequence").unwrap().parse::<u64>().unwrap() >= sequence.parse().unwrap());
    let soon = (sequence.parse::<u64>().unwrap() + 1_000).to_string();
    let late = server.send(&query.clone().header("Hamlet-Sequence", &soon));
    assert_eq!((late.status, late.case()), (409, "sequence-timeout".into()));
    assert!(late.header("retry-after").is_some());
    for far in ["999999", "18446744073709551615"] {
        let far = server.send(&query.clone().header("Hamlet-Sequence", far));
        assert_eq!((far.status, far.case()), (409, "sequence-unknown".into()), "no host can have had it");
        assert!(far.header("retry-after").is_none());
        let detail = far.problem()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("the newest is"), "{detail}");
    }
    let bad = server.send(&query.header("Hamlet-Sequence", "soon"));
    assert_eq!((bad.status, bad.case()), (400, "header-invalid".into()));
}

#[test]
fn a_dry_run_says_what_would_happen_and_keeps_nothing() {
    let (town, server) = started();
    let body = json!({ "kind": "person", "handle": "ana", "name": "Ana" });
    let request = Request::post(HOST, &members("add"), &body).token(&town.steward);
    let reply = server.send(&request.clone().header("Hamlet-Dry-Run", "1"));
    assert_eq!(reply.status, 200, "{reply:?}");
    let tried = reply.json();
    assert_eq!(tried["ok"].as_str().unwrap().len(), 32);
    assert_eq!((&tried["events"], &tried["needs"]), (&json!([]), &json!([])));
    assert_eq!(find(&server, "ana", &town.steward).case(), "no-such-party");
    assert_eq!(server.send(&request).status, 200);
    let again = server.send(&request.header("Hamlet-Dry-Run", "1"));
    assert_eq!(again.json()["problem"]["case"], "handle-taken");
}

#[test]
fn a_path_or_method_that_is_not_there_is_a_problem() {
    let (town, server) = started();
    let rows = [
        ("GET", "/api/host/members@0.1.0/add", 405, "method-not-allowed"),
        ("DELETE", "/api/host/members@0.1.0/find", 405, "method-not-allowed"),
        ("GET", "/api/batch", 405, "method-not-allowed"),
        ("POST", "/", 405, "method-not-allowed"),
        ("GET", "/nowhere", 404, "not-found"),
        ("POST", "/api/host", 404, "not-found"),
        ("POST", "/api/host/members@0.1.0/find/more", 404, "not-found"),
        ("POST", "/api/shop/stall@0.1.0/sell", 404, "no-such-plugin"),
        ("POST", "/api/host/members@0.1.0/fly", 404, "no-such-function"),
        ("POST", "/api/host/members@9.9.9/find", 404, "no-such-function"),
        ("POST", "/api/host/members/find", 404, "no-such-function"),
    ];
    for (method, path, status, case) in rows {
        let request = Request {
            method,
            path: path.into(),
            host: HOST,
            token: Some(&town.steward),
            ..Request::default()
        };
        let reply = server.send(&request);
        assert_eq!((reply.status, reply.case()), (status, case.into()), "{method} {path}");
    }
    let add = Request {
        method: "GET",
        path: members("add"),
        host: HOST,
        token: Some(&town.steward),
        ..Request::default()
    };
    assert_eq!(server.send(&add).header("allow"), Some("POST"));
}

#[test]
fn arguments_that_do_not_fit_are_named_with_their_place() {
    let (town, server) = started();
    let rows = [
        (json!({ "kind": "person", "handle": "ana" }), "name"),
        (json!({ "kind": "person", "handle": "ana", "name": 7 }), "name"),
        (json!({ "kind": "pirate", "handle": "ana", "name": "A" }), "kind"),
        (json!({ "kind": "person", "handle": "ana", "name": "A", "hat": 1 }), "hat"),
        (json!([1, 2, 3]), "object"),
    ];
    for (body, place) in rows {
        let reply = server.send(&Request::post(HOST, &members("add"), &body).token(&town.steward));
        assert_eq!((reply.status, reply.case()), (400, "arguments-invalid".into()), "{body}");
        assert!(reply.problem()["detail"].as_str().unwrap().contains(place), "{}", reply.problem());
    }
    let query =
        server.send(&Request::get(HOST, &format!("{}?handel=sol", members("find"))).token(&town.steward));
    assert_eq!((query.status, query.case()), (400, "arguments-invalid".into()));
}

#[test]
fn a_body_that_names_something_twice_is_refused_with_its_place() {
    let (town, server) = started();
    let order = r#"{"order": {"hash": "x", "label": "a", "scope": {"bulk": true, "bulk": false}}}"#;
    let batch = r#"{"mode": "each", "calls": [{"plugin": "host", "interface": "members@0.1.0",
        "function": "find", "arguments": {"handle": "sol", "handle": "ana"}}]}"#;
    let rows = [
        (
            tokens("create"),
            order,
            "order.scope",
            "The body cannot be read: order.scope: \"bulk\" comes twice.",
        ),
        (
            members("find"),
            r#"{"handle": "sol", "handle": "ana"}"#,
            "",
            "The body cannot be read: \"handle\" comes twice.",
        ),
        (
            "/api/batch".to_owned(),
            batch,
            "calls[0].arguments",
            "The body cannot be read: calls[0].arguments: \"handle\" comes twice.",
        ),
    ];
    for (path, body, place, detail) in rows {
        let body = Some(body.as_bytes().to_vec());
        let request = Request { method: "POST", path, host: HOST, body, ..Request::default() };
        let reply = server.send(&request.token(&town.steward));
        assert_eq!((reply.status, reply.case()), (400, "json-invalid".into()));
        let problem = reply.problem();
        assert_eq!((&problem["path"], &problem["detail"]), (&json!(place), &json!(detail)));
    }
    // The same in a query string: neither of the two is taken.
    let twice = format!("{}?handle=sol&handle=ana", members("find"));
    let twice = server.send(&Request::get(HOST, &twice).token(&town.steward));
    assert_eq!((twice.status, twice.case()), (400, "arguments-invalid".into()));
    assert!(twice.problem()["detail"].as_str().unwrap().contains("handle"));
}

#[test]
fn a_token_is_nobody_when_unknown_revoked_expired_or_its_owner_left() {
    let (town, server) = started();
    let anonymous = server.send(&Request::get(HOST, &format!("{}?handle=sol", members("find"))));
    assert_eq!((anonymous.status, anonymous.case()), (401, "denied".into()));
    assert_eq!(anonymous.header("www-authenticate"), Some("Bearer"));
    let unknown = Secret::new().unwrap();
    for bad in [unknown.reveal(), "hamlet_", "x", &"y".repeat(5_000)] {
        let reply = find(&server, "sol", bad);
        assert_eq!((reply.status, reply.case()), (401, "token-unknown".into()), "{bad}");
    }
    let basic = Request::get(HOST, &members("find")).header("Authorization", "Basic c29sOnNvbA==");
    assert_eq!(server.send(&basic).case(), "token-invalid");

    let (ana, token) = person(&server, &town, "ana", &whole());
    assert_eq!(find(&server, "sol", &token).status, 200);
    let listed = server.send(&Request::get(HOST, &tokens("list")).token(&token)).json();
    assert_eq!(listed[0]["last-used"], json!(NEW_YEAR.to_string()));
    let revoke = Request::post(HOST, &tokens("revoke"), &json!({ "token": listed[0]["id"] }));
    assert_eq!(server.send(&revoke.token(&token)).status, 200);
    assert_eq!(find(&server, "sol", &token).case(), "token-unknown", "at once");
    let _ = ana;

    let (ben, token) = person(&server, &town, "ben", &whole());
    assert_eq!(find(&server, "sol", &token).status, 200);
    let remove = Request::post(HOST, &members("remove"), &json!({ "party": ben })).token(&town.steward);
    assert_eq!(server.send(&remove).status, 200);
    assert_eq!(find(&server, "sol", &token).case(), "token-unknown", "at once");

    let cat = add(&server, &town, "person", "cat");
    let secret = Secret::new().unwrap();
    let body = order(Some(&cat), &secret, &whole(), Some(NEW_YEAR + 60_000_000));
    assert_eq!(server.send(&Request::post(HOST, &tokens("create"), &body).token(&town.steward)).status, 200);
    assert_eq!(find(&server, "sol", secret.reveal()).status, 200);
    town.clock.forward(Duration::from_secs(61));
    assert_eq!(find(&server, "sol", secret.reveal()).case(), "token-expired");
}

#[test]
fn a_scope_narrows_and_never_widens() {
    let (town, server) = started();
    let narrow = json!({ "functions": ["host/members/find"], "read-only": false, "bulk": false });
    let (_, token) = person(&server, &town, "ana", &narrow);
    assert_eq!(find(&server, "sol", &token).status, 200);
    let get = Request::post(HOST, &members("get"), &json!({ "party": town.founded.steward.to_string() }));
    assert_eq!(server.send(&get.token(&token)).case(), "scope");
    // Not even to make herself a wider one.
    let wider = order(None, &Secret::new().unwrap(), &whole(), None);
    let wider = server.send(&Request::post(HOST, &tokens("create"), &wider).token(&token));
    assert_eq!((wider.status, wider.case()), (403, "scope".into()));

    let reader = json!({ "functions": [], "read-only": true, "bulk": false });
    let (ben, token) = person(&server, &town, "ben", &reader);
    assert_eq!(find(&server, "sol", &token).status, 200);
    let rename = Request::post(HOST, &members("rename"), &json!({ "party": ben, "name": "B" })).token(&token);
    assert_eq!(server.send(&rename).case(), "scope");

    // A whole scope is still only its owner's rights.
    let (_, token) = person(&server, &town, "cat", &whole());
    let body = json!({ "kind": "person", "handle": "dan", "name": "Dan" });
    let denied = server.send(&Request::post(HOST, &members("add"), &body).token(&token));
    assert_eq!((denied.status, denied.case()), (403, "denied".into()), "W1");
}

#[test]
fn a_large_body_is_taken_when_the_token_is_for_bulk() {
    let (town, server) = started();
    let (_, small) = person(&server, &town, "ana", &whole());
    let bulk = json!({ "functions": [], "read-only": false, "bulk": true });
    let (_, large) = person(&server, &town, "ben", &bulk);
    let body = json!({ "handle": "x".repeat(2 << 20) });
    let post = Request::post(HOST, &members("find"), &body);
    let refused = server.send(&post.clone().token(&small));
    assert_eq!((refused.status, refused.case()), (413, "body-too-large".into()));
    assert_eq!(server.send(&post.token(&large)).case(), "no-such-party");
    let body = json!({ "handle": "x".repeat(9 << 20) });
    let refused = server.send(&Request::post(HOST, &members("find"), &body).token(&large));
    assert_eq!(refused.status, 413);
}

/// The test of the issue: two of one household pay from one purse, the statement names who did, and
/// the one who moves out loses the mandate at once.
#[test]
fn two_of_a_household_pay_from_one_purse_and_the_one_who_moves_out_does_not() {
    let (town, server) = started();
    let mill = add(&server, &town, "household", "mill");
    let (ana, anas) = person(&server, &town, "ana", &whole());
    let (ben, bens) = person(&server, &town, "ben", &whole());
    let (_, cats) = person(&server, &town, "cat", &whole());
    let post =
        |path: String, body: Value, token: &str| server.send(&Request::post(HOST, &path, &body).token(token));
    let give = |person: &str| json!({ "person": person, "party": mill, "mandate": "representative" });
    let pay = |token: &str, amount: u64| {
        post(purses("pay"), json!({ "payer": mill, "amount": amount.to_string() }), token)
    };
    assert_eq!(post(members("give-mandate"), give(&ana), &town.steward).status, 200);
    assert_eq!(post(members("give-mandate"), give(&ben), &anas).status, 200);
    assert_eq!(pay(&anas, 300).json(), json!((FIRST - 300).to_string()));
    assert_eq!(pay(&bens, 200).json(), json!((FIRST - 500).to_string()));
    for stranger in [&cats, &town.steward] {
        let refused = pay(stranger, 1);
        assert_eq!((refused.status, refused.case()), (403, "no-mandate".into()), "the steward neither");
    }
    let out = json!({ "person": ben, "party": mill });
    assert_eq!(post(members("withdraw-mandate"), out, &anas).status, 200);
    assert_eq!(pay(&bens, 100).case(), "no-mandate", "at once");
    assert_eq!(pay(&anas, 100).status, 200);
    let statement = server
        .send(&Request::get(HOST, &format!("{}?owner={mill}", purses("statement"))).token(&anas))
        .json();
    assert_eq!(
        statement,
        json!([
            { "amount": "300", "by": ana }, { "amount": "200", "by": ben }, { "amount": "100", "by": ana },
        ])
    );
    let too_much = pay(&anas, FIRST);
    assert_eq!((too_much.status, too_much.case()), (422, "exceeds-limit".into()));
    assert_eq!(too_much.problem()["value"], json!((FIRST - 600).to_string()));
    let sentence = format!("There is not enough in the purse; what there is: {}.", FIRST - 600);
    assert_eq!(too_much.problem()["detail"], sentence, "the case's own words with what it carries");
    assert_eq!(too_much.problem()["type"], "/problems/host/purses@0.1.0/pay/exceeds-limit");
}

#[test]
fn a_public_function_answers_when_nobody_is_signed_in() {
    let (_town, server) = started();
    let left = Request::get(HOST, &format!("{}?owner={:032x}", purses("left"), 7));
    assert_eq!(server.send(&left).json(), json!(FIRST.to_string()));
}
