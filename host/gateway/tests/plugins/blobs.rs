//! `POST /api/blobs`: what a member's tool sends is there for a plugin, and for nobody without a token (J5).

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use hamlet_gateway::Config;
use hamlet_kernel::KernelConfig;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Request, Server, TestClock, Town, person, unlimited, whole};
use crate::{HOST, activate, built, post};

fn started(config: Config) -> (TempDir, Town, Server) {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::new();
    let mut kernel = KernelConfig::in_dir(folder.path().join("community"));
    kernel.clock = std::sync::Arc::new(clock.clone());
    let town = Town::open(HOST, kernel, clock);
    let server = Server::start(&[&town], config);
    (folder, town, server)
}

fn upload(bytes: Vec<u8>) -> Request<'static> {
    let request = Request { method: "POST", path: "/api/blobs".into(), host: HOST, ..Request::default() };
    Request { body: Some(bytes), ..request }.header("Content-Type", "image/png")
}

fn files(folder: &TempDir) -> usize {
    let blobs = folder.path().join("community/blobs");
    let drawers = std::fs::read_dir(blobs).unwrap().map(|entry| entry.unwrap().path());
    drawers.map(|drawer| std::fs::read_dir(drawer).unwrap().count()).sum()
}

#[test]
fn j5_what_a_member_sends_is_read_and_held_by_a_plugin_under_the_hash_that_was_answered() {
    let (folder, town, server) = started(unlimited());
    let package = built("host/kernel/tests/guests/first-alone", folder.path().join("built")).package;
    let component = town.kernel.stage(&package).unwrap();
    assert_eq!(activate(&server, &town, &component).status, 200);
    let (_, ana) = person(&server, &town, "ana", &whole());
    // Larger than any body that a function takes, and than the pieces in which it comes.
    let mut picture = b"a picture of a goat ".repeat(200_000);
    picture.truncate(3_999_999);
    let reply = server.send(&upload(picture.clone()).token(&ana));
    assert_eq!(reply.status, 200, "{reply:?}");
    let hash = blake3::hash(&picture);
    assert_eq!(reply.json()["length"], "3999999");
    assert_eq!(reply.json()["hash"].as_str().unwrap().len(), 43, "32 bytes as base64url");
    let hex = hash.to_hex();
    let script = format!("hold {hex}; blob {hex} 20 9; blob {hex} 3999990 99; release {hex}");
    let held = post(&server, "/api/first/first@0.1.0/run", &json!({ "script": script }), &ana);
    assert_eq!(held.json(), "ok,3999999:a picture,3999999:of a goat,true", "{held:?}");
    let again = server.send(&upload(picture).token(&ana));
    assert_eq!((again.json(), files(&folder)), (reply.json(), 1), "the same is one file");
}

#[test]
fn w6_a_blob_is_taken_in_only_with_a_token_whose_scope_admits_it() {
    let (folder, town, server) = started(unlimited());
    let stranger = server.send(&upload(b"x".to_vec()));
    assert_eq!((stranger.status, stranger.case()), (401, "denied".into()));
    for (handle, functions, read_only, expected) in [
        ("ana", vec!["host/blobs/put"], false, 200),
        ("ben", vec!["host/*/*"], false, 200),
        ("cleo", vec!["till/*/*"], false, 403),
        ("dan", vec![], true, 403),
    ] {
        let scope = json!({ "functions": functions, "read-only": read_only, "bulk": false });
        let (_, token) = person(&server, &town, handle, &scope);
        assert_eq!(server.send(&upload(b"x".to_vec()).token(&token)).status, expected, "{handle}");
    }
    let get = Request::get(HOST, "/api/blobs").token(&town.steward);
    assert_eq!(server.send(&get).status, 405);
    assert_eq!(files(&folder), 1);
}

#[test]
fn j5_a_body_that_is_too_large_ends_early_or_stops_coming_leaves_nothing() {
    let config = Config { body_timeout: Duration::from_millis(300), ..unlimited() };
    let (folder, town, server) = started(config);
    let head = |length: u64| {
        let token = &town.steward;
        format!(
            "POST /api/blobs HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let large = server.raw(head((1 << 30) + 1).as_bytes()).unwrap();
    assert_eq!((large.status, large.case()), (413, "body-too-large".into()));
    let silent = server.raw(format!("{}half", head(100)).as_bytes()).unwrap();
    assert_eq!((silent.status, silent.case()), (408, "body-timeout".into()));
    let mut leaving = TcpStream::connect(server.address).unwrap();
    leaving.write_all(format!("{}half", head(100)).as_bytes()).unwrap();
    drop(leaving);
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(files(&folder), 0, "neither under a hash nor half");
    assert_eq!(server.send(&upload(b"whole".to_vec()).token(&town.steward)).status, 200);
    assert_eq!(files(&folder), 1);
}

#[test]
fn c6_a_blob_about_a_member_is_sealed_for_her_by_whoever_acts_for_her_and_goes_when_she_is_erased() {
    let (folder, town, server) = started(unlimited());
    let package = built("host/kernel/tests/guests/first-alone", folder.path().join("built")).package;
    let component = town.kernel.stage(&package).unwrap();
    assert_eq!(activate(&server, &town, &component).status, 200);
    let (ana, ana_token) = person(&server, &town, "ana", &whole());
    let (_, bea_token) = person(&server, &town, "bea", &whole());
    let upload_for = |party: &str, token: &str| {
        let mut request = upload(b"behind the mill with two goats".to_vec());
        request.path = format!("/api/blobs?party={party}");
        server.send(&Request { token: Some(token), ..request })
    };
    assert_eq!(upload_for(&ana, &bea_token).case(), "denied");
    assert_eq!(upload_for("x", &ana_token).case(), "arguments-invalid");
    assert_eq!(upload_for(&"0".repeat(32), &town.steward).case(), "no-such-party");
    let kept = upload_for(&ana, &ana_token);
    assert_eq!(kept.json()["length"], "30", "{kept:?}");
    let hash = kept.json()["hash"].as_str().unwrap().to_owned();
    let hash = hex_of(&hash);
    let script = format!("hold {hash}; blob {hash} 7 8");
    let read = post(&server, "/api/first/first@0.1.0/run", &json!({ "script": script }), &ana_token);
    assert_eq!(read.json(), "ok,30:the mill", "{read:?}");
    let erase = post(&server, &crate::support::members("erase"), &json!({ "party": ana }), &ana_token);
    assert_eq!(erase.status, 200, "{erase:?}");
    let script = format!("blob {hash} 7 8");
    let read = post(&server, "/api/first/first@0.1.0/run", &json!({ "script": script }), &bea_token);
    assert!(!read.text().contains("mill"), "{read:?}");
    assert_eq!(upload_for(&ana, &town.steward).case(), "erased");
}

/// The hex digits of bytes in base64url.
fn hex_of(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
