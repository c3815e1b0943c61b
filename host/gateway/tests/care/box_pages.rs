//! How the box is, its copies, its mail server: for stewards, and for nobody else.

use serde_json::json;

use crate::{Place, built};

#[test]
fn pages_of_the_box_are_for_stewards_alone() {
    let place = Place::open();
    for path in
        ["/stewards", "/stewards/health", "/stewards/backups", "/stewards/backups/key", "/stewards/mail"]
    {
        let denied = place.get(&place.ana, path);
        assert_eq!(denied.status, 403, "{path}");
        assert!(denied.text().contains("You may not do this."), "{path}");
    }
    for (path, fields) in [
        ("/stewards/backups/make", vec![]),
        ("/stewards/backups/try", vec![("file", "x"), ("secret", "y")]),
        ("/stewards/backups/key", vec![]),
        ("/stewards/mail", vec![("name", "localhost")]),
        ("/stewards/mail/try", vec![]),
    ] {
        assert_eq!(place.send(&place.ana, path, &fields).status, 403, "{path}");
    }
    let plan = place.send(&place.ana, "/stewards/backups/plan", &[("every", "0"), ("keep", "1")]);
    assert_ne!(plan.status, 303);
    let letter = [("emitter", "a"), ("subscriber", "b"), ("number", "1"), ("do", "drop")];
    assert_ne!(place.send(&place.ana, "/stewards/health/letter", &letter).status, 303);
    assert_eq!(place.get(&place.ana, "/stewards/backups/get/x.age").status, 403);
    let index = place.page(&place.sol, "/stewards");
    for page in ["/stewards/health", "/stewards/backups", "/stewards/mail", "/journal"] {
        assert!(index.contains(&format!("href=\"{page}\"")), "{page}");
    }
}

#[test]
fn health_says_how_often_each_plugin_was_called_and_how_that_went() {
    let place = Place::open();
    place.install(&built("host/gateway/tests/guests/bell"), &json!("all"));
    assert!(place.page(&place.sol, "/stewards/health").contains("not used since the start"));
    let ring = |to: &str, topic: &str| {
        let body = json!({ "to": to, "topic": topic, "title": "Hello", "path": "" });
        place.call(&place.ana, "/api/bell/ringing@0.1.0/ring", &body).status
    };
    assert_eq!(ring(&place.ana.id.to_string(), "visit"), 200);
    assert_ne!(ring(&place.ana.id.to_string(), "weather"), 200);
    let page = place.page(&place.sol, "/stewards/health");
    assert!(page.contains("2 calls, 1 refused, 0 failed"), "{page}");
    assert!(page.contains("The bell") && page.contains("of 1.0 MB"), "{page}");
    assert!(page.contains("Every plugin has heard") && page.contains("There is none."), "{page}");
    let head = place.town.kernel.head().to_string();
    assert!(page.contains(&format!("<a href=\"/journal\">{head}</a>")), "{page}");
}

#[test]
fn without_a_caretaker_the_page_of_copies_says_so() {
    let place = Place::open();
    let page = place.get(&place.sol, "/stewards/backups");
    assert_eq!(page.status, 404);
    assert!(page.text().contains("without a place for copies"));
}
