//! J3 over HTTP: checkpoints and consistency for anybody, receipts for whoever gave the command; a Python script
//! with none of our code agrees.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::path::Path;
use std::process::Command;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hamlet_kernel::KernelConfig;
use hamlet_proof::receipt::Shown;
use hamlet_proof::{Checkpoint, Consistency, Receipt, Verifier};
use serde_json::json;
use support::{NEW_YEAR, Reply, Request, Server, TestClock, Town, add, members, person, unlimited, whole};
use uuid::{NoContext, Timestamp, Uuid};

const HOST: &str = "oakfield.example";

fn started() -> (Town, Server) {
    let clock = TestClock::new();
    let mut config = KernelConfig::in_memory();
    config.clock = std::sync::Arc::new(clock.clone());
    config.log_name = "oakfield.example/log".into();
    let town = Town::open(HOST, config, clock);
    let server = Server::start(&[&town], unlimited());
    (town, server)
}

fn get(server: &Server, path: &str) -> Reply {
    server.send(&Request::get(HOST, &format!("/api/proofs/{path}")))
}

fn verifier(server: &Server) -> Verifier {
    get(server, "key").text().trim_end().parse().unwrap()
}

/// What a command's answer says of its receipt.
fn place(reply: &Reply) -> String {
    let (sequence, command) = reply.header("hamlet-receipt").unwrap().split_once('/').unwrap();
    format!("receipt?sequence={sequence}&command={command}")
}

fn rename(server: &Server, token: &str, party: &str, name: &str, key: bool) -> Reply {
    let mut request = Request::post(HOST, &members("rename"), &json!({ "party": party, "name": name }));
    if key {
        let key = Uuid::new_v7(Timestamp::from_unix(NoContext, NEW_YEAR / 1_000_000, 0)).to_string();
        request = request.header("Idempotency-Key", key);
    }
    let reply = server.send(&request.token(token));
    assert_eq!(reply.status, 200, "{reply:?}");
    reply
}

#[test]
fn j3_anybody_gets_key_and_checkpoint_and_sees_that_the_log_only_grew() {
    let (town, server) = started();
    let key = verifier(&server);
    assert_eq!(key.name(), "oakfield.example/log");
    let first = get(&server, "checkpoint");
    assert_eq!(first.header("content-type"), Some("text/plain; charset=utf-8"));
    let old = Checkpoint::open(&first.text(), &key).unwrap();
    let added = server.send(
        &Request::post(
            HOST,
            &members("add"),
            &json!({ "kind": "household", "handle": "mill", "name": "Mill" }),
        )
        .token(&town.steward),
    );
    let sent = STANDARD.decode(added.header("hamlet-checkpoint").unwrap()).unwrap();
    Checkpoint::open(&String::from_utf8(sent).unwrap(), &key).unwrap();
    let mut request = Request::post(HOST, "/api/proofs/consistency", &json!(null));
    request.body = Some(first.body.clone());
    let grown = server.send(&request.clone().header("Content-Type", "text/plain"));
    assert_eq!(grown.status, 200, "{grown:?}");
    let (before, after) = Consistency::from_json(&grown.text()).unwrap().verify(&key).unwrap();
    assert_eq!(before, old);
    assert!(after.size > old.size);
    for (body, case) in
        [("nonsense".to_owned(), "checkpoint-invalid"), (forged(&first.text()), "checkpoint-invalid")]
    {
        request.body = Some(body.into_bytes());
        assert_eq!(server.send(&request).case(), case);
    }
}

/// The same note by another key of the same name.
fn forged(note: &str) -> String {
    let signer = hamlet_proof::Signer::generate("oakfield.example/log").unwrap();
    let size = note.lines().nth(1).unwrap().parse().unwrap();
    Checkpoint::new(signer.name(), size, hamlet_proof::Hash([7; 32])).sign(&signer).unwrap()
}

#[test]
fn j3_a_receipt_is_for_whoever_gave_the_command_and_a_steward_sees_its_leaf_only() {
    let (town, server) = started();
    let key = verifier(&server);
    let (ana, ana_token) = person(&server, &town, "ana", &whole());
    let (_, bea_token) = person(&server, &town, "bea", &whole());
    let renamed = rename(&server, &ana_token, &ana, "Ana Marker", true);
    let path = format!("/api/proofs/{}", place(&renamed));
    let hers = server.send(&Request::get(HOST, &path).token(&ana_token));
    assert_eq!(hers.status, 200, "{hers:?}");
    let receipt = Receipt::from_json(&hers.text()).unwrap();
    receipt.verify(&key).unwrap();
    assert_eq!((&*receipt.leaf.plugin, receipt.items.len()), ("host", 3));
    assert!(receipt.leaf.function.contains("rename"), "{}", receipt.leaf.function);
    // Arguments, result, and the row of her idempotency key: no row of the register.
    let rows = receipt.items.iter().filter(|item| matches!(item.shown, Shown::Row { .. })).count();
    assert_eq!(rows, 1);
    assert!(receipt.leaf.items > 3, "the others are there and stay hidden");
    assert!(!hers.text().contains("Marker") && !hers.text().contains(&ana), "no personal data in a leaf");
    let steward = server.send(&Request::get(HOST, &path).token(&town.steward));
    let bare = Receipt::from_json(&steward.text()).unwrap();
    bare.verify(&key).unwrap();
    assert_eq!((bare.items.len(), bare.leaf), (0, receipt.leaf));
    assert_eq!(server.send(&Request::get(HOST, &path).token(&bea_token)).case(), "no-such-command");
    assert_eq!(server.send(&Request::get(HOST, &path)).status, 401);
    let nothing = Request::get(HOST, "/api/proofs/receipt?sequence=99999&command=0").token(&ana_token);
    assert_eq!(server.send(&nothing).case(), "no-such-command");
    for query in [
        "",
        "sequence=1",
        "sequence=x&command=0",
        "sequence=1&command=0&more=1",
        "sequence=1&sequence=1&command=0",
    ] {
        let asked = Request::get(HOST, &format!("/api/proofs/receipt?{query}")).token(&ana_token);
        assert_eq!(server.send(&asked).case(), "arguments-invalid", "{query}");
    }
}

#[test]
fn j3_every_command_of_a_batch_has_a_receipt_of_its_own() {
    let (town, server) = started();
    let key = verifier(&server);
    let places: Vec<String> = std::thread::scope(|scope| {
        let adding = (0..8).map(|number| {
            let (server, town) = (&server, &town);
            scope.spawn(move || {
                let body = json!({ "kind": "household", "handle": format!("house-{number}"), "name": "X" });
                let reply = server.send(&Request::post(HOST, &members("add"), &body).token(&town.steward));
                assert_eq!(reply.status, 200, "{reply:?}");
                place(&reply)
            })
        });
        adding.collect::<Vec<_>>().into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut numbers = std::collections::BTreeSet::new();
    for place in places {
        let reply = server.send(&Request::get(HOST, &format!("/api/proofs/{place}")).token(&town.steward));
        let receipt = Receipt::from_json(&reply.text()).unwrap();
        receipt.verify(&key).unwrap();
        assert!(receipt.leaf.function.contains("add"), "{}", receipt.leaf.function);
        numbers.insert(receipt.number);
    }
    assert_eq!(numbers.len(), 8);
}

#[test]
fn j3_a_script_in_python_without_our_code_accepts_what_was_fetched_and_nothing_else() {
    let (town, server) = started();
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proof/verify/hamlet-verify.py");
    let key = get(&server, "key").text().trim_end().to_owned();
    let first = get(&server, "checkpoint").text();
    let ana = add(&server, &town, "person", "ana");
    let renamed = rename(&server, &town.steward, &ana, "Ana", true);
    let receipt =
        server.send(&Request::get(HOST, &format!("/api/proofs/{}", place(&renamed))).token(&town.steward));
    let mut since = Request::post(HOST, "/api/proofs/consistency", &json!(null));
    since.body = Some(first.clone().into_bytes());
    let grown = server.send(&since).text();
    let checked = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let ran = Command::new("python3").arg(&script).args(["--key", &key]).arg(file).output().unwrap();
        (ran.status.success(), String::from_utf8_lossy(&ran.stdout).into_owned())
    };
    let receipt = receipt.text();
    for (name, text) in [("checkpoint", &first), ("receipt.json", &receipt), ("grown.json", &grown)] {
        let (accepted, said) = checked(name, text);
        assert!(accepted, "{name}: {said}");
    }
    let digest = receipt.find("\"digest\": \"").unwrap() + 11;
    let other = if receipt.as_bytes()[digest] == b'A' { "B" } else { "A" };
    let mut changed = receipt.clone();
    changed.replace_range(digest..=digest, other);
    let (accepted, said) = checked("changed.json", &changed);
    assert!(!accepted && said.contains("does not belong to the command"), "{said}");
}
