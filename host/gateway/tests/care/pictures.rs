//! Pictures of plugins: what the plugin holds, by its first bytes, for whom it is (J5, C6).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hamlet_kernel::KernelConfig;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Request, TestClock, Town};
use crate::{HOST, Person, Place, built};

fn open() -> (TempDir, Place) {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::new();
    let mut kernel = KernelConfig::in_dir(folder.path().join("community"));
    kernel.clock = std::sync::Arc::new(clock.clone());
    let place = Place::of(Town::open(HOST, kernel, clock));
    place.install(&built("host/kernel/tests/guests/first-alone"), &json!("all"));
    (folder, place)
}

/// Puts bytes and lets the plugin hold them; the hash in hex.
fn held(place: &Place, who: &Person, bytes: &[u8], query: &str) -> String {
    let request =
        Request { method: "POST", path: format!("/api/blobs{query}"), host: HOST, ..Request::default() };
    let reply = place.server.send(&Request { body: Some(bytes.to_vec()), ..request }.token(&who.token));
    assert_eq!(reply.status, 200, "{reply:?}");
    let hash = URL_SAFE_NO_PAD.decode(reply.json()["hash"].as_str().unwrap()).unwrap();
    let hex = blake3::Hash::from_bytes(hash.try_into().unwrap()).to_hex().to_string();
    let script = json!({ "script": format!("hold {hex}") });
    assert_eq!(place.call(who, "/api/first/first@0.1.0/run", &script).status, 200);
    hex
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nwhatever follows";

#[test]
fn j5_a_picture_that_the_plugin_holds_is_shown_with_the_type_of_its_bytes() {
    let (_folder, place) = open();
    let hash = held(&place, &place.ana, PNG, "");
    let shown = place.get(&place.sol, &format!("/p/first/blob/{hash}"));
    assert_eq!((shown.status, shown.body.as_slice()), (200, PNG), "{shown:?}");
    assert_eq!(shown.header("content-type"), Some("image/png"));
    assert_eq!(shown.header("x-content-type-options"), Some("nosniff"));
    assert!(shown.header("cache-control").unwrap().contains("immutable"));
    assert!(shown.header("content-security-policy").unwrap().contains("sandbox"));
    // Not to a stranger, not under another plugin's name, not what nobody holds.
    let stranger = place.server.send(&Request::get(HOST, &format!("/p/first/blob/{hash}")));
    assert_eq!(stranger.status, 404);
    for path in
        [format!("/p/other/blob/{hash}"), format!("/p/host/blob/{hash}"), "/p/first/blob/xyz".to_owned()]
    {
        assert_eq!(place.get(&place.ana, &path).status, 404, "{path}");
    }
    let release = json!({ "script": format!("release {hash}") });
    place.call(&place.ana, "/api/first/first@0.1.0/run", &release);
    assert_eq!(place.get(&place.ana, &format!("/p/first/blob/{hash}")).status, 404);
}

#[test]
fn p1_what_is_a_program_is_no_picture() {
    let (_folder, place) = open();
    for bytes in [
        &b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"[..],
        b"<html><script>alert(1)</script>",
        b"",
    ] {
        let hash = held(&place, &place.ana, bytes, "");
        assert_eq!(place.get(&place.ana, &format!("/p/first/blob/{hash}")).status, 404);
    }
}

#[test]
fn c6_a_picture_about_a_party_is_shown_to_whoever_acts_for_it_alone() {
    let (_folder, place) = open();
    let hash = held(&place, &place.ana, PNG, &format!("?party={}", place.ana.id));
    let path = format!("/p/first/blob/{hash}");
    assert_eq!(place.get(&place.ana, &path).body, PNG);
    assert_eq!(place.get(&place.sol, &path).status, 404, "a steward neither");
}
